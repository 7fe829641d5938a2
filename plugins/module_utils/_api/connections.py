# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Connections that keep to their time-out, and know whether they came about.

To C(requests) a time-out is one for each wait: a server that sends a byte now and then is waited for without end. Here
it is one for an answer as a whole, the proxy's to CONNECT included. And an error names the proxy also where a tunnel
broke long after it was opened, with a request under way: what comes of the act of connecting is kept apart here.
"""

from __future__ import annotations

import http.client
import io
import socket
from typing import Any, Dict

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline

try:
    import requests
    import urllib3
    import urllib3.exceptions
except ImportError:
    # Whoever sends something says so: transport.py.
    pass

__all__ = ["NotConnected", "make_adapter"]


class NotConnected(Exception):
    """No connection came about, nor a tunnel, nor trust: nothing of the request was sent. The cause says why."""


class BoundedReader(io.RawIOBase):
    """What arrives at a socket, as long as the time-out that the socket has at first is not over."""

    def __init__(self, raw: Any, sock: Any) -> None:
        self._raw, self._sock = raw, sock
        self._deadline = Deadline(Clock(), sock.gettimeout())

    def readable(self) -> bool:
        """Return that it is there to be read."""
        return True

    def readinto(self, buffer: Any) -> Any:
        """Wait for some bytes, and return how many; raises socket.timeout."""
        remaining = self._deadline.remaining
        if remaining <= 0:
            raise socket.timeout("timed out")
        self._sock.settimeout(remaining)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """An answer that is whole, from its status line to its end, before the time-out is over."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        received: Any = self.fp
        self.fp = io.BufferedReader(BoundedReader(received.detach(), sock))


def make_adapter(connections: int) -> Any:
    """Return an adapter of C(requests) for as many connections at once. They raise Unconnected."""

    class Adapter(requests.adapters.HTTPAdapter):
        """Has its connections made of these classes, also those through a proxy."""

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            _bound_pools(self.poolmanager)

        def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **kwargs)
            if not known:
                _bound_pools(manager)
            return manager

    return Adapter(pool_connections=1, pool_maxsize=connections)


def _bound_pools(manager: Any) -> None:
    pools: Dict[str, Any] = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _bounded_pool(pool) for scheme, pool in pools.items()}


def _bounded_pool(pool: Any) -> Any:
    """Return a class of urllib3's pools with connections like here."""
    usual: Any = pool.ConnectionCls

    class Connection(usual):  # type: ignore[misc]
        """One that says by its error whether there was a connection at all."""

        response_class = BoundedResponse

        def connect(self) -> None:
            try:
                super().connect()
            except (OSError, ValueError, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
                raise NotConnected from error

    return type("Pool", (pool,), {"ConnectionCls": Connection})
