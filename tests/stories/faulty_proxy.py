# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine on the way to the emulator, on which the faults of a network befall the requests that a test names.

It is an endpoint of its own, plain or encrypted, and as well a proxy that opens tunnels with CONNECT, whatever host is
asked for. Every fault is made of real sockets.
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
from typing import Callable, Optional

from emulator import Emulator

CONNECT = "CONNECT"
# So that what was sent is read before the connection breaks.
MOMENT = 0.05
DRIP = 0.1


@dataclass(frozen=True)
class Request:
    """A request as it came: its action, CONNECT for a tunnel, what its first line addresses, and its bytes."""

    action: str
    target: str
    headers: dict[str, str]
    body: bytes


class Wire:
    """One request and the connection that it came by: what a fault has to play with."""

    def __init__(self, connection: socket.socket, request: Request, emulator: Emulator, ended: threading.Event) -> None:
        self._connection, self.request, self._emulator, self._ended = connection, request, emulator, ended

    def forward(self) -> tuple[bytes, bytes]:
        """Have the emulator act, and return the head and the body of its answer."""
        upstream = http.client.HTTPConnection("127.0.0.1", self._emulator.port, timeout=30)
        try:
            upstream.request("POST", "/", self.request.body, self.request.headers)
            answer = upstream.getresponse()
            body = answer.read()
        finally:
            upstream.close()
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\nContent-Type: application/json\r\n"
        return head.encode(), body

    def send(self, data: bytes) -> None:
        """Send all of it at once."""
        self._connection.sendall(data)

    def drip(self, data: bytes) -> None:
        """Send a byte now and then, until the other side has enough of it."""
        for n in range(len(data)):
            if self._ended.wait(DRIP):
                return
            self._connection.sendall(data[n : n + 1])

    def reset(self) -> None:
        """Break the connection, so that the other side meets a reset and no end."""
        time.sleep(MOMENT)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def half_close(self) -> None:
        """Send nothing more, but stay."""
        self._connection.shutdown(socket.SHUT_WR)
        self.stay()

    def stay(self) -> None:
        """Say nothing until the other side goes."""
        self._connection.settimeout(MOMENT)
        while not self._ended.is_set():
            with suppress(TimeoutError):
                if not self._connection.recv(4096):
                    return


def sized(head: bytes, body: bytes) -> bytes:
    """Return the head of an answer that says how long its body is, with its end."""
    return head + f"Content-Length: {len(body)}\r\n\r\n".encode()


def reset_before(wire: Wire) -> None:
    """The request is lost."""
    wire.reset()


def reset_before_answer(wire: Wire) -> None:
    """The emulator acts; not a byte of its answer comes."""
    wire.forward()
    wire.reset()


def reset_in_status_line(wire: Wire) -> None:
    """The emulator acts; the answer breaks off after a few bytes."""
    wire.send(wire.forward()[0][:11])
    wire.reset()


def reset_in_headers(wire: Wire) -> None:
    """The emulator acts; the answer breaks off within a header."""
    wire.send(wire.forward()[0][:-6])
    wire.reset()


def send_half(wire: Wire) -> None:
    """Have the emulator act, and send half of the body that it answers."""
    head, body = wire.forward()
    wire.send(sized(head, body) + body[: len(body) // 2])


def reset_in_body(wire: Wire) -> None:
    """The emulator acts; half of the body comes."""
    send_half(wire)
    wire.reset()


def stall_before(wire: Wire) -> None:
    """The request is swallowed, and nothing is said."""
    wire.stay()


def stall_in_body(wire: Wire) -> None:
    """The emulator acts; half of the body comes, and then nothing."""
    send_half(wire)
    wire.stay()


def half_closed(wire: Wire) -> None:
    """The emulator acts; after half of the body the connection is closed in one direction."""
    send_half(wire)
    wire.half_close()


def truncated_chunks(wire: Wire) -> None:
    """The emulator acts; all of the body comes in chunks, but not the last chunk, which would say that it is all."""
    head, body = wire.forward()
    wire.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + f"{len(body):x}\r\n".encode() + body + b"\r\n")
    wire.half_close()


def dripping_body(wire: Wire) -> None:
    """The emulator acts; its body comes byte by byte."""
    head, body = wire.forward()
    wire.send(sized(head, body))
    wire.drip(body)


def dripping_headers(wire: Wire) -> None:
    """The emulator acts; its headers come byte by byte, without an end."""
    wire.drip(wire.forward()[0] + b"X-Filler: " + b"x" * 600)


def endless_continue(wire: Wire) -> None:
    """The emulator acts; and the answer is announced again and again."""
    wire.forward()
    while True:
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(MOMENT)


def answered(status: str, *headers: str) -> Callable[[Wire], None]:
    """Return a fault: what stands on the way answers by itself, and shows the request in its page."""

    def answer(wire: Wire) -> None:
        sent = wire.request.body[-150:].decode() + wire.request.headers.get("Authorization", "")
        page = f"<html>{sent}</html>".encode()
        head = "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: text/html", *headers, ""])
        wire.send(sized(head.encode(), page) + page)
        # A tunnel that was promised and is none: the page is all that ever comes.
        wire.half_close()

    return answer


FAULTS: dict[str, Callable[[Wire], None]] = {
    "reset before it arrived": reset_before,
    "reset before the answer": reset_before_answer,
    "reset in the status line": reset_in_status_line,
    "reset in a header": reset_in_headers,
    "reset in the body": reset_in_body,
    "stall": stall_before,
    "stall in the body": stall_in_body,
    "half-closed in the body": half_closed,
    "chunks without the last": truncated_chunks,
    "body drips": dripping_body,
    "headers drip": dripping_headers,
    "100 Continue without end": endless_continue,
    "answers 407": answered("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"'),
    "answers 502": answered("502 Bad Gateway"),
    "answers 302": answered("302 Found", "Location: http://127.0.0.1:9/login"),
    "answers 200 with a page": answered("200 OK"),
}


@dataclass
class WireFault:
    """A fault of those above, and the calls of an action that it befalls: the C(nth) and those after it."""

    name: str
    action: str
    nth: int = 1
    times: int = 1
    seen: int = 0

    def befalls(self, action: str) -> bool:
        """Count a call, and say whether it is one that the fault befalls."""
        if action != self.action:
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


class FaultyProxy:
    """Listens on a port of the loopback address, a thread for each connection.

    The n-th connection is encrypted by the n-th of C(contexts), later ones by the last; a tunnel always, any other
    where C(encrypts). With C(keeps) false there is one request a connection.
    """

    def __init__(self) -> None:
        self.emulator: Optional[Emulator] = None
        self.faults: list[WireFault] = []
        self.contexts: list[ssl.SSLContext] = []
        self.encrypts, self.keeps = False, True
        self.tunnels: list[str] = []
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._accepted = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="faulty-proxy", daemon=True)
        self._thread.start()

    @contextmanager
    def before(self, emulator: Emulator, *faults: WireFault) -> Iterator[FaultyProxy]:
        """Stand before an emulator for a while. In the end nothing may be left open."""
        self.emulator, self.faults, self.tunnels, self._accepted = emulator, list(faults), [], 0
        try:
            yield self
        finally:
            self.encrypts, self.keeps, self.contexts = False, True, []
        until = time.monotonic() + 60
        while self._open and time.monotonic() < until:
            time.sleep(0.01)
        assert not self._open, "connections are left open"

    def stop(self) -> None:
        """Stop listening, and wait for the end of all threads."""
        self._ended.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in [self._thread, *self._open]:
            thread.join(60)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection = self._listening.accept()[0]
            except OSError:
                return
            self._accepted += 1
            thread = threading.Thread(target=self._serve, args=(connection, self._accepted), daemon=True)
            with self._lock:
                self._open[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            # Whoever goes away in the middle does so as the story wants it.
            with suppress(OSError), connection:
                if not self.encrypts:
                    self._answer_all(connection, number)
                else:
                    with self._encrypted(connection, number) as encrypted:
                        self._answer_all(encrypted, number)
        finally:
            with self._lock:
                del self._open[threading.current_thread()]

    def _encrypted(self, connection: socket.socket, number: int) -> ssl.SSLSocket:
        context = self.contexts[min(number, len(self.contexts)) - 1]
        return context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True)

    def _answer_all(self, connection: socket.socket, number: int) -> None:
        for request in requests_of(connection, self._ended):
            assert self.emulator is not None
            wire = Wire(connection, request, self.emulator, self._ended)
            with self._lock:
                befalling = [fault for fault in self.faults if fault.befalls(request.action)]
            if befalling:
                FAULTS[befalling[0].name](wire)
                return
            if request.action == CONNECT:
                self.tunnels.append(request.target)
                wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with self._encrypted(connection, number) as encrypted:
                    self._answer_all(encrypted, number)
                return
            head, body = wire.forward()
            wire.send(sized(head if self.keeps else head + b"Connection: close\r\n", body) + body)
            if not self.keeps:
                return


def requests_of(connection: socket.socket, ended: threading.Event) -> Iterator[Request]:
    """Yield the requests that come by a connection, until it ends."""
    connection.settimeout(MOMENT)
    received = b""
    while not ended.is_set():
        head, found, rest = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name: value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:])}
        size = int(headers.get("Content-Length", "0"))
        if found and len(rest) >= size:
            method, target = lines[0].split()[:2]
            connection.settimeout(30)
            action = CONNECT if method == CONNECT else headers.get("X-TC-Action", "")
            yield Request(action, target, headers, rest[:size])
            connection.settimeout(MOMENT)
            received = rest[size:]
            continue
        with suppress(TimeoutError):
            data = connection.recv(65536)
            if not data:
                return
            received += data
