"""An HTTP server that does nothing but answer zeros, so that the client is what limits a benchmark.

    python -m benchmarks.null_server PORT

One thread and epoll: it finds the end of a request by its Content-Length and sends one constant answer.
"""

import json
import re
import select
import socket
import sys

BODY = json.dumps({"predictions": [[0.0] * 10]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection:
    """One client; `missing` bytes of its request are still to come."""

    def __init__(self, client: socket.socket) -> None:
        self.client, self.missing = client, 0

    def receive(self) -> bool | None:
        """Read what is there: True once a request is complete, None once the client has gone."""
        try:
            data = self.client.recv(1 << 17)
        except BlockingIOError:
            return False
        except ConnectionError:
            return None
        if not data:
            return None
        if self.missing == 0:
            head, _, body = data.partition(b"\r\n\r\n")
            length = LENGTH.search(head)
            self.missing = (int(length[1]) if length else 0) - len(body)
        else:
            self.missing -= len(data)
        complete = self.missing <= 0
        self.missing = max(self.missing, 0)
        return complete


def main(port: int) -> None:
    """Serve until the process is ended."""
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    poll, connections = select.epoll(), dict[int, Connection]()
    poll.register(listener.fileno(), select.EPOLLIN)
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                client, _ = listener.accept()
                client.setblocking(False)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[client.fileno()] = Connection(client)
                poll.register(client.fileno(), select.EPOLLIN)
            elif (complete := connections[number].receive()) is None:
                poll.unregister(number)
                connections.pop(number).client.close()
            elif complete:
                connections[number].client.sendall(ANSWER)


if __name__ == "__main__":
    main(int(sys.argv[1]))
