"""A server in a thread that answers by a script: each request gets the next line of it, the last one for ever."""

import socket
import struct
import threading
import time
from contextlib import suppress

BODY = b'{"predictions": [[1.0]]}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
RESET, HANG, HANG_UP = "reset", "hang", "hang up"
LENGTH = b"\r\nContent-Length: "


class ScriptedServer:
    """`lines` are bytes to send at once, lists of bytes to send one after another, or what to do instead."""

    def __init__(self, *lines, pause_s=0.0):
        self.lines, self.pause_s = list(lines), pause_s
        self.requests, self.connections, self.most_at_once = [], 0, 0
        self._at_once, self._lock, self._open = 0, threading.Lock(), []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # else a thread that accepts holds it open
        self._listener.close()
        self.hang_up()

    def hang_up(self):
        """Close every connection, as a server does that has waited long enough."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self.connections += 1
                    self._open.append(connection)
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with suppress(OSError), connection:
            while request := receive(connection):
                with self._lock:
                    self.requests.append(request)
                    line = self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]
                    self._at_once += 1
                    self.most_at_once = max(self.most_at_once, self._at_once)
                time.sleep(self.pause_s)
                with self._lock:
                    self._at_once -= 1
                if not answer(connection, line):
                    return


def receive(connection):
    """One whole request; None where the client has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(1 << 16)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    missing = int((head + b"\r\n").partition(LENGTH)[2].split(b"\r\n")[0] or 0) - len(body)
    while missing > 0:
        more = connection.recv(1 << 16)
        data, missing = data + more, missing - len(more)
    return data


def answer(connection, line):
    """Whether the connection goes on."""
    if line == HANG:
        time.sleep(30)
    elif line == RESET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif line == HANG_UP:
        connection.shutdown(socket.SHUT_RDWR)
    else:
        for part in [line] if isinstance(line, bytes) else line:
            connection.sendall(part)
            time.sleep(0.002 if isinstance(line, list) else 0)
        return b"Connection: close" not in line
    return False
