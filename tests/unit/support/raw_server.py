# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers each request with bytes, which need not be HTTP and need not end."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["RawServer"]

# A test without a limit fails instead of filling the memory of the machine.
MOST_SENT = 512 * 1024 * 1024


class RawServer:
    """Listens on the loopback address. C(answer) returns the pieces to send to each request."""

    def __init__(self, answer: Callable[[], Iterable[bytes]]) -> None:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                sent = 0
                # The client closes the connection when it has read enough.
                with contextlib.suppress(OSError):
                    line = self.rfile.readline()
                    if not line:
                        return
                    while line.strip():
                        line = self.rfile.readline()
                    for piece in answer():
                        self.wfile.write(piece)
                        sent += len(piece)
                        if sent > MOST_SENT:
                            return

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> RawServer:
        self._thread.start()
        return self

    def __exit__(self, *_exception: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)
