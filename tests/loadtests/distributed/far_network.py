"""Relay connections to an address: what comes back takes its time, and what goes there does not.

python -m tests.loadtests.distributed.far_network HOST:PORT SECONDS      prints its port
"""

import asyncio
import sys


async def main(target, back_s):
    host, _, port = target.partition(":")

    async def relay(reader, writer):
        there_reader, there = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pass_on(reader, there, 0.0), pass_on(there_reader, writer, back_s))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def pass_on(reader, writer, late_s):
    while data := await reader.read(65536):
        asyncio.get_running_loop().call_later(late_s, writer.write, data)
    asyncio.get_running_loop().call_later(late_s, writer.close)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
