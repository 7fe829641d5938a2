# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections: how many bytes of a response are read, and to which addresses something is sent."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.connections import AnswerTooLarge, BoundedReader
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import exchange, open_session, read_body
from unit.support.raw_server import RawServer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def endless() -> Iterator[socket.socket]:
    """A socket whose other end sends without end."""
    own, other = socket.socketpair()
    own.settimeout(60)

    def send() -> None:
        with contextlib.suppress(OSError):
            while True:
                other.sendall(b"0" * 65536)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    yield own
    own.close()
    thread.join(60)
    other.close()


@pytest.mark.parametrize("most", [0, 1, 100_000])
def test_line_without_end_is_read_up_to_the_limit(endless: socket.socket, most: int) -> None:
    counts = []

    class CountingReader(BoundedReader):
        def readinto(self, buffer: Any) -> Any:
            counts.append(super().readinto(buffer))
            return counts[-1]

    with endless.makefile("rb", buffering=0) as raw, pytest.raises(AnswerTooLarge):
        io.BufferedReader(CountingReader(raw, endless, most)).readline()
    # The last read may exceed the limit.
    assert most <= sum(counts) <= most + io.DEFAULT_BUFFER_SIZE


@pytest.fixture(name="ended")
def make_ended() -> Iterator[socket.socket]:
    """A socket whose other end has sent three bytes and closed."""
    own, other = socket.socketpair()
    own.settimeout(60)
    other.sendall(b"abc")
    other.close()
    with own:
        yield own


def test_end_of_a_response_can_be_read_repeatedly(ended: socket.socket) -> None:
    with ended.makefile("rb", buffering=0) as raw:
        reader = BoundedReader(raw, ended, 4)
        assert [reader.read(10) for _read in range(5)] == [b"abc", b"", b"", b"", b""]


def test_bytes_after_the_timeout_are_not_read(ended: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [1000.0]
    monkeypatch.setattr(Clock, "monotonic", lambda _clock: seconds[0])
    with ended.makefile("rb", buffering=0) as raw:
        reader = BoundedReader(raw, ended, 4)
        seconds[0] += 59
        assert reader.read(1) == b"a"
        assert ended.gettimeout() == 1
        seconds[0] += 1
        with pytest.raises(socket.timeout, match=r"^timed out$"):
            reader.read(1)


def ask(session: Any, url: str) -> Any:
    return exchange(session, "GET", url, lambda response: read_body(response, 100), host="storage.example", timeout=10)


def test_response_with_more_bytes_than_allowed_is_malformed() -> None:
    with RawServer(
        lambda: [b"HTTP/1.1 200 OK\r\n", (b"X: " + b"y" * 1000 + b"\r\n") * 90, b"Content-Length: 2\r\n\r\n{}"]
    ) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert ask(open_session(1, verify=True, direct=True, most=200_000), url).body == b"{}"
        with pytest.raises(errors.MalformedAnswer, match=r"^the response is too large$"):
            ask(open_session(1, verify=True, direct=True, most=50_000), url)


def test_refused_address_gets_no_request() -> None:
    asked, received = [], []

    def refuse(host: str, address: str) -> str:
        asked.append((host, address))
        return "its address is link-local"

    def answer() -> list[bytes]:
        received.append(1)
        return [OK]

    with RawServer(answer) as server:
        session = open_session(1, verify=True, direct=True, most=10_000, find_peer_problem=refuse)
        with pytest.raises(errors.ConnectionFailed, match=r"^cannot connect to storage.example: its address is link"):
            ask(session, f"http://localhost:{server.port}/")
    assert asked == [("localhost", "127.0.0.1")]
    assert received == []


def test_connection_to_a_refused_address_is_closed_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        session = open_session(
            1, verify=True, direct=True, most=10_000, find_peer_problem=lambda _host, _address: "refused"
        )
        # The error still refers to the connection.
        with pytest.raises(errors.ConnectionFailed) as caught:
            ask(session, f"http://127.0.0.1:{server.getsockname()[1]}/")
        peer = server.accept()[0]
        with peer:
            peer.settimeout(5)
            assert peer.recv(100) == b""
    assert caught.value.message.endswith(": refused")


def test_proxy_may_have_any_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(lambda: [OK]) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
        monkeypatch.setenv("no_proxy", "")
        session = open_session(
            1, verify=True, direct=False, most=10_000, find_peer_problem=lambda _host, _address: "refused"
        )
        assert ask(session, "http://storage.example/").body == b"{}"


@pytest.mark.parametrize("proxied", [False, True])
def test_closed_session_has_no_connection_left(monkeypatch: pytest.MonkeyPatch, proxied: bool) -> None:
    received = []
    with RawServer(lambda: received.append(1) or [OK]) as server:
        address = f"http://127.0.0.1:{server.port}"
        monkeypatch.setenv("http_proxy", address)
        monkeypatch.setenv("no_proxy", "")
        session = open_session(1, verify=True, direct=not proxied, most=10_000)
        url = "http://storage.example/" if proxied else address
        ask(session, url)
        adapter = session.get_adapter(url)
        manager = adapter.proxy_manager[address] if proxied else adapter.poolmanager
        # An error that refers to the pool does not keep its connections open.
        pool = manager.connection_from_url(address if proxied else url)
        (key,) = manager.pools.keys()
        assert manager.pools.get(key) is pool
        session.close()
        assert pool.pool is None
