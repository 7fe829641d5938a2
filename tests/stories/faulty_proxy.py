# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy in front of an emulated service that injects network faults into the requests that a test names.

It serves as an endpoint, with or without TLS, and as a proxy that opens a tunnel to any host with CONNECT. All faults
are produced with real sockets.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Callable, Optional, Union

from emulator import Emulator

CONNECT = "CONNECT"
# The requests that a registry and its token service get, by the word in the path.
REGISTRY_KINDS = {"/manifests/": "manifest", "/blobs/": "blob", "/token": "token"}
# What the proxy itself writes into the head of an answer.
OWN_HEADERS = frozenset(["connection", "content-length", "date", "server", "transfer-encoding"])
# In seconds: long enough for the other side to read what was sent before the connection breaks.
SHORT_PAUSE = 0.05
BYTE_INTERVAL = 0.1


@dataclass(frozen=True)
class Request:
    """A received request. C(target) is the target of the request line.

    C(action) is the action of the API, CONNECT for a tunnel, and for a registry as C(GET manifest).
    """

    action: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


# The port to which a request is forwarded.
Upstream = Callable[[Request], int]


class Exchange:
    """One request and its connection, for a fault to act on."""

    def __init__(
        self, connection: socket.socket, request: Request, upstream: Upstream, stopping: threading.Event
    ) -> None:
        self._connection, self.request, self._upstream, self._stopping = connection, request, upstream, stopping

    def forward(self) -> tuple[bytes, bytes]:
        """Forward the request to the emulated service, and return the head and the body of its answer."""
        request = self.request
        upstream = http.client.HTTPConnection("127.0.0.1", self._upstream(request), timeout=30)
        try:
            upstream.request(request.method, request.target, request.body, request.headers)
            response = upstream.getresponse()
            body = response.read()
        finally:
            upstream.close()
        headers = [f"{name}: {value}" for name, value in response.getheaders() if name.lower() not in OWN_HEADERS]
        return "\r\n".join([f"HTTP/1.1 {response.status} {response.reason}", *headers, ""]).encode(), body

    def send(self, data: bytes) -> None:
        """Send all of the data at once."""
        self._connection.sendall(data)

    def send_slowly(self, data: bytes) -> None:
        """Send one byte at a time until the other side closes the connection."""
        for n in range(len(data)):
            if self._stopping.wait(BYTE_INTERVAL):
                return
            self._connection.sendall(data[n : n + 1])

    def reset(self) -> None:
        """Reset the connection instead of closing it."""
        time.sleep(SHORT_PAUSE)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def half_close(self) -> None:
        """Close the sending direction of the connection only."""
        self._connection.shutdown(socket.SHUT_WR)
        self.wait_for_close()

    def wait_for_close(self) -> None:
        """Send nothing until the other side closes the connection."""
        self._connection.settimeout(SHORT_PAUSE)
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                if not self._connection.recv(4096):
                    return


def head_with_length(head: bytes, body: bytes) -> bytes:
    """Return the head of an answer, ended with the Content-Length of its body."""
    return head + f"Content-Length: {len(body)}\r\n\r\n".encode()


def reset_before_request(exchange: Exchange) -> None:
    """Reset the connection before the emulator gets the request."""
    exchange.reset()


def reset_before_answer(exchange: Exchange) -> None:
    """Forward the request, and send nothing of the answer."""
    exchange.forward()
    exchange.reset()


def reset_in_status_line(exchange: Exchange) -> None:
    """Forward the request, and send a part of the status line."""
    exchange.send(exchange.forward()[0][:11])
    exchange.reset()


def reset_in_headers(exchange: Exchange) -> None:
    """Forward the request, and send a part of the headers."""
    exchange.send(exchange.forward()[0][:-6])
    exchange.reset()


def send_half(exchange: Exchange) -> None:
    """Forward the request, and send half of the body of the answer."""
    head, body = exchange.forward()
    exchange.send(head_with_length(head, body) + body[: len(body) // 2])


def reset_in_body(exchange: Exchange) -> None:
    """Forward the request, send half of the body, and reset the connection."""
    send_half(exchange)
    exchange.reset()


def stall_before_answer(exchange: Exchange) -> None:
    """Drop the request, and never answer."""
    exchange.wait_for_close()


def stall_in_body(exchange: Exchange) -> None:
    """Forward the request, send half of the body, and then nothing."""
    send_half(exchange)
    exchange.wait_for_close()


def half_close_in_body(exchange: Exchange) -> None:
    """Forward the request, send half of the body, and close the sending direction."""
    send_half(exchange)
    exchange.half_close()


def omit_last_chunk(exchange: Exchange) -> None:
    """Forward the request, and send all of the body in chunks without the terminating chunk."""
    head, body = exchange.forward()
    exchange.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + f"{len(body):x}\r\n".encode() + body + b"\r\n")
    exchange.half_close()


def send_slow_body(exchange: Exchange) -> None:
    """Forward the request, and send the body byte by byte."""
    head, body = exchange.forward()
    exchange.send(head_with_length(head, body))
    exchange.send_slowly(body)


def send_slow_headers(exchange: Exchange) -> None:
    """Forward the request, and send endless headers byte by byte."""
    exchange.send_slowly(exchange.forward()[0] + b"X-Filler: " + b"x" * 600)


def send_endless_continue(exchange: Exchange) -> None:
    """Forward the request, and send C(100 Continue) again and again."""
    exchange.forward()
    while True:
        exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(SHORT_PAUSE)


def answer_with_page(status: str, *headers: str) -> Callable[[Exchange], None]:
    """Return a fault that answers with a page of its own, which contains the request."""

    def send_page(exchange: Exchange) -> None:
        sent = exchange.request.body[-150:].decode() + exchange.request.headers.get("Authorization", "")
        page = f"<html>{sent}</html>".encode()
        head = "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: text/html", *headers, ""])
        exchange.send(head_with_length(head.encode(), page) + page)
        # The page is all that is sent, also where the status announces a tunnel.
        exchange.half_close()

    return send_page


FAULTS: dict[str, Callable[[Exchange], None]] = {
    "reset before the request": reset_before_request,
    "reset before the answer": reset_before_answer,
    "reset in the status line": reset_in_status_line,
    "reset in a header": reset_in_headers,
    "reset in the body": reset_in_body,
    "stall": stall_before_answer,
    "stall in the body": stall_in_body,
    "half-closed in the body": half_close_in_body,
    "missing last chunk": omit_last_chunk,
    "slow body": send_slow_body,
    "slow headers": send_slow_headers,
    "endless 100 Continue": send_endless_continue,
    "answers 407": answer_with_page("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"'),
    "answers 502": answer_with_page("502 Bad Gateway"),
    "answers 302": answer_with_page("302 Found", "Location: http://127.0.0.1:9/login"),
    "answers 200 with a page": answer_with_page("200 OK"),
}


@dataclass
class ProxyFault:
    """A fault of C(FAULTS), and the calls of an action that it applies to: C(times) calls from the C(nth) on."""

    name: str
    action: str
    nth: int = 1
    times: int = 1
    seen: int = 0

    def matches(self, action: str) -> bool:
        """Count a call, and return whether the fault applies to it."""
        if action != self.action:
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


class FaultyProxy:
    """Listens on a port of the loopback address, with one thread for each connection.

    The n-th connection uses the n-th TLS context of C(contexts), later ones the last. A tunnel always uses TLS, other
    connections if C(uses_tls) is true. If C(keep_alive) is false, each connection serves one request.
    """

    def __init__(self) -> None:
        self.upstream: Optional[Upstream] = None
        self.faults: list[ProxyFault] = []
        self.contexts: list[ssl.SSLContext] = []
        self.uses_tls, self.keep_alive = False, True
        self.tunnels: list[str] = []
        self.received: list[Request] = []
        self._stopping, self._lock = threading.Event(), threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._accept_count = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="faulty-proxy", daemon=True)
        self._thread.start()

    @contextmanager
    def forward_to(self, service: Union[Emulator, Upstream], *faults: ProxyFault) -> Iterator[FaultyProxy]:
        """Forward requests to a service inside the context, and check that no connection is left open after it."""
        self.upstream = (lambda _request: service.port) if isinstance(service, Emulator) else service
        self.faults, self.tunnels, self.received, self._accept_count = list(faults), [], [], 0
        try:
            yield self
        finally:
            self.uses_tls, self.keep_alive, self.contexts = False, True, []
        until = time.monotonic() + 60
        while self._open and time.monotonic() < until:
            time.sleep(0.01)
        assert not self._open, "connections are left open"

    def stop(self) -> None:
        """Stop listening, and wait for the end of all threads."""
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in [self._thread, *self._open]:
            thread.join(60)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            self._accept_count += 1
            thread = threading.Thread(target=self._serve, args=(connection, self._accept_count), daemon=True)
            with self._lock:
                self._open[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            # Tests close connections in the middle of a request on purpose.
            with suppress(OSError), connection:
                if not self.uses_tls:
                    self._answer_all(connection, number)
                else:
                    with self._wrap_tls(connection, number) as encrypted:
                        self._answer_all(encrypted, number)
        finally:
            with self._lock:
                del self._open[threading.current_thread()]

    def _wrap_tls(self, connection: socket.socket, number: int) -> ssl.SSLSocket:
        context = self.contexts[min(number, len(self.contexts)) - 1]
        return context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True)

    def _answer_all(self, connection: socket.socket, number: int) -> None:
        for request in read_requests(connection, self._stopping):
            assert self.upstream is not None
            exchange = Exchange(connection, request, self.upstream, self._stopping)
            with self._lock:
                self.received.append(request)
                matching = [fault for fault in self.faults if fault.matches(request.action)]
            if matching:
                FAULTS[matching[0].name](exchange)
                return
            if request.action == CONNECT:
                self.tunnels.append(request.target)
                exchange.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with self._wrap_tls(connection, number) as encrypted:
                    self._answer_all(encrypted, number)
                return
            head, body = exchange.forward()
            exchange.send(head_with_length(head if self.keep_alive else head + b"Connection: close\r\n", body) + body)
            if not self.keep_alive:
                return


def name_request(method: str, target: str, headers: dict[str, str]) -> str:
    """Return the action of a request."""
    if method == CONNECT:
        return CONNECT
    kinds = [kind for word, kind in REGISTRY_KINDS.items() if word in target]
    return f"{method} {kinds[0]}" if kinds else headers.get("X-TC-Action", "")


def read_requests(connection: socket.socket, stopping: threading.Event) -> Iterator[Request]:
    """Yield the requests of a connection until the connection ends."""
    connection.settimeout(SHORT_PAUSE)
    received = b""
    while not stopping.is_set():
        head, found, rest = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name: value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:])}
        size = int(headers.get("Content-Length", "0"))
        if found and len(rest) >= size:
            method, target = lines[0].split()[:2]
            connection.settimeout(30)
            yield Request(name_request(method, target, headers), method, target, headers, rest[:size])
            connection.settimeout(SHORT_PAUSE)
            received = rest[size:]
            continue
        with suppress(TimeoutError):
            data = connection.recv(65536)
            if not data:
                return
            received += data
