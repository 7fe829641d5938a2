# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Connections that enforce a timeout and report whether they were established.

The timeout of C(requests) applies to each wait, so a server that sends a byte now and then never times out. Here it
applies to each response as a whole, including the response of a proxy to CONNECT. The size of a whole response is
limited, too, because older versions of urllib3 read lines of any length between the chunks of a body. Errors of
C(requests) also name the proxy if a tunnel breaks long after it was opened, while a request is running. Failures to
connect are therefore reported separately.
"""

from __future__ import annotations

import http.client
import io
import socket
from typing import Any, Callable, Dict, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.certificates import trusting_context
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline

try:
    import requests
    import urllib3
    import urllib3.exceptions
except ImportError:
    # exchange.py reports the missing library before it is used.
    pass

__all__ = ["AnswerTooLarge", "FindPeerProblem", "NotConnected", "make_adapter"]

# C((host, address) -> the reason to send nothing to the address of a host), empty if it is allowed.
FindPeerProblem = Callable[[str, str], str]


class NotConnected(Exception):
    """Connecting, opening a tunnel or verifying the certificate failed, so nothing was sent. The cause says why."""


class AnswerTooLarge(OSError):
    """A response has more bytes than allowed, including its headers."""


class BoundedReader(io.RawIOBase):
    """Reads at most C(most) bytes from a socket, until its initial timeout has passed in total."""

    def __init__(self, raw: Any, sock: Any, most: int) -> None:
        self._raw, self._sock, self._left = raw, sock, most
        self._deadline = Deadline(Clock(), sock.gettimeout())

    def readable(self) -> bool:
        """Return true, as the base class requires."""
        return True

    def readinto(self, buffer: Any) -> Any:
        """Read some bytes and return their number. Raises socket.timeout and AnswerTooLarge."""
        remaining = self._deadline.remaining
        if remaining <= 0:
            raise socket.timeout("timed out")
        if self._left <= 0:
            raise AnswerTooLarge("the response is too large")
        self._sock.settimeout(remaining)
        count = self._raw.readinto(buffer)
        self._left -= count or 0
        return count

    def close(self) -> None:
        """Release the socket."""
        self._raw.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """A response that must be complete, from its status line to its end, within the timeout and C(most) bytes."""

    most: int

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        received: Any = self.fp
        self.fp = io.BufferedReader(BoundedReader(received.detach(), sock, self.most))


def make_adapter(connections: int, hosts: int, most: int, find_peer_problem: Optional[FindPeerProblem]) -> Any:
    """Return an adapter of C(requests) for C(connections) at once to each of C(hosts), which raise NotConnected.

    A response has at most C(most) bytes in total, before decompression.
    """

    class Adapter(requests.adapters.HTTPAdapter):
        """Creates its connections from the classes in this file, including those through a proxy."""

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            _bound_pools(self.poolmanager, most, find_peer_problem)

        def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
            """Verify certificates with a shared context, except that of a proxy which is itself reached by TLS."""
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
            if not verify or not url.lower().startswith("https:") or (conn.proxy and conn.proxy.scheme == "https"):
                return
            try:
                conn.conn_kw["ssl_context"] = trusting_context(verify)
            except OSError as error:
                raise NotConnected from error
            conn.ca_certs = conn.ca_cert_dir = None

        def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **kwargs)
            if not known:
                # The proxy decides which addresses it connects to.
                _bound_pools(manager, most, None)
            return manager

        def close(self) -> None:
            """Close all connections."""
            for manager in (self.poolmanager, *self.proxy_manager.values()):
                _close_pools(manager)
            super().close()

    return Adapter(pool_connections=hosts, pool_maxsize=connections)


def _bound_pools(manager: Any, most: int, find_peer_problem: Optional[FindPeerProblem]) -> None:
    pools: Dict[str, Any] = manager.pool_classes_by_scheme
    bounded = {scheme: _bounded_pool(pool, most, find_peer_problem) for scheme, pool in pools.items()}
    manager.pool_classes_by_scheme = bounded


def _close_pools(manager: Any) -> None:
    """Close the connections of all pools, also of pools that an error refers to: urllib3 2 keeps those open."""
    # This container has no iterator.
    for key in list(manager.pools.keys()):
        pool = manager.pools.get(key)
        if pool is not None:
            pool.close()


def _bounded_pool(pool: Any, most: int, find_peer_problem: Optional[FindPeerProblem]) -> Any:
    """Return a subclass of a urllib3 pool that uses the connections of this file."""
    usual: Any = pool.ConnectionCls

    class Connection(usual):  # type: ignore[misc]
        """A connection that raises NotConnected if it cannot be established or leads to a refused address."""

        response_class = type("Response", (BoundedResponse,), {"most": most})

        def connect(self) -> None:
            try:
                super().connect()
                problem = find_peer_problem(self.host, self.sock.getpeername()[0]) if find_peer_problem else ""
                if problem:
                    self.close()
                    raise OSError(problem)
            except (OSError, ValueError, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
                raise NotConnected from error

    return type("Pool", (pool,), {"ConnectionCls": Connection})
