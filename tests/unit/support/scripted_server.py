# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server for unit tests that answers each connection with the bytes of a script."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional


class ScriptedServer:
    """Listens on the loopback address. C(received) has what each connection has sent.

    C(pause) is the seconds between the bytes of an answer; None sends them at once.
    """

    def __init__(self, *answers: bytes, pause: Optional[float] = None) -> None:
        self.answers, self.pause, self.received = list(answers), pause, []  # type: ignore[var-annotated]
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        for answer in self.answers:
            try:
                connection = self._socket.accept()[0]
            except OSError:
                return
            with connection:
                self.received.append(self._receive(connection))
                self._send(connection, answer)

    def _receive(self, connection: socket.socket) -> bytes:
        """Return a complete request, or what arrives of something else."""
        request = connection.recv(65536)
        while request.startswith(b"POST ") and not self._is_complete(request):
            request += connection.recv(65536)
        return request

    @staticmethod
    def _is_complete(request: bytes) -> bool:
        head, _end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        return length is not None and len(body) >= int(length[1])

    def _send(self, connection: socket.socket, answer: bytes) -> None:
        try:
            for piece in [answer] if self.pause is None else [answer[n : n + 1] for n in range(len(answer))]:
                connection.sendall(piece)
                time.sleep(self.pause or 0)
        except OSError:
            # The client has given up.
            pass


@contextmanager
def serve(*answers: bytes, pause: Optional[float] = None) -> Iterator[ScriptedServer]:
    """Run a server that answers so many connections."""
    server = ScriptedServer(*answers, pause=pause)
    server._thread.start()
    try:
        yield server
    finally:
        server._socket.close()


def http_answer(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    """Return a complete response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
