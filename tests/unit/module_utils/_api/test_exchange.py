# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Retry-After header, failures of connections, and requests for plain text."""

from __future__ import annotations

import importlib.util
import socket
import ssl
import sys
import time
from typing import Any, Optional

import pytest
import trustme
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import exchange as exchanges
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import (
    exchange,
    fetch_text,
    open_session,
    read_body,
    retry_after_seconds,
)
from emulator import Emulator
from unit.support.clock import FakeClock
from unit.support.scripted_server import http_answer, serve


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2015 00:00:30 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("", None),
        (None, None),
        ("²", None),
    ],
)
def test_retry_after_is_parsed_as_number_or_date(header: Optional[str], seconds: Optional[float]) -> None:
    assert retry_after_seconds(header, FakeClock()) == seconds


def test_fetch_text_ignores_proxies_and_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(errors.ConnectionFailed):
            fetch_text(url, 0.3)
        connection = server.accept()[0]
        assert connection.recv(4096).startswith(b"GET / HTTP/1.1")
        connection.close()


@pytest.mark.parametrize("name", ["certificates", "connections", "exchange"])
def test_missing_library_does_not_prevent_the_import(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec(f"{exchanges.__package__}.{name}")
    assert spec is not None
    assert spec.loader is not None
    for library in ("requests", "urllib3"):
        monkeypatch.setitem(sys.modules, library, None)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if name == "exchange":
        # The modules show it in their message.
        assert "import of requests halted" in module.REQUESTS_IMPORT_ERROR
        assert exchanges.REQUESTS_IMPORT_ERROR is None


def get(host: str, *, timeout: float = 5.0, most: int = 1000, scheme: str = "http", verify: Any = True) -> Any:
    """Return the response of a server, read like those of the API."""
    session = open_session(1, verify=verify, direct=True, most=1 << 20)

    def read(response: Any) -> bytes:
        return read_body(response, most)

    return exchange(session, "GET", f"{scheme}://{host}/", read, host=host, timeout=timeout, verify=verify)


class TestExchange:
    def test_response_has_status_headers_and_body(self) -> None:
        with serve(http_answer(b"text", "404 Not Found", X_Name="value")) as server:
            response = get(server.host)
        assert (response.status, response.headers["x-name"], response.body) == (404, "value", b"text")

    def test_refused_connection_has_sent_nothing(self) -> None:
        with pytest.raises(errors.ConnectionFailed) as caught:
            get("127.0.0.1:9")
        assert caught.value.message == "cannot connect to 127.0.0.1:9: Connection refused"
        assert caught.value.not_executed

    def test_silent_server_is_given_up_after_the_timeout(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            host = f"127.0.0.1:{server.getsockname()[1]}"
            with pytest.raises(errors.NoAnswer) as caught:
                get(host, timeout=0.2)
        assert caught.value.message == f"{host} did not answer within 0.2 s"
        assert not caught.value.not_executed

    @pytest.mark.parametrize("part", ["status line", "headers", "body"])
    def test_slow_response_is_given_up_after_the_timeout(self, part: str) -> None:
        answer = http_answer(b"x" * 100, **({"X_Long": "y" * 100} if part == "headers" else {}))
        answer = b" " * 100 + answer if part == "status line" else answer
        started = time.monotonic()
        with serve(answer, pause=0.02) as server, pytest.raises(errors.NoAnswer) as caught:
            get(server.host, timeout=0.4)
        assert time.monotonic() - started < 4
        assert not caught.value.not_executed

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (b"", "Remote end closed connection without response"),
            (http_answer(b"x" * 99)[:-50], "IncompleteRead(49 bytes read, 50 more expected)"),
        ],
    )
    def test_broken_response_is_no_answer(self, answer: bytes, reason: str) -> None:
        with serve(answer) as server, pytest.raises(errors.NoAnswer) as caught:
            get(server.host)
        start = f"the connection to {server.host} was lost before the response was complete: "
        assert caught.value.message == start + reason
        assert not caught.value.not_executed

    @pytest.mark.parametrize(
        "answer",
        [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n" + b"x" * 99, b"\x16\x03\x03\xff\xff" + b"x" * 99],
        ids=["HTTP", "SSH", "a record that is too long"],
    )
    def test_server_without_tls_is_named(self, answer: bytes) -> None:
        with serve(answer) as server, pytest.raises(errors.TlsMissing) as caught:
            get(server.host, scheme="https")
        assert caught.value.message == f"no TLS connection to {server.host}: the response was not TLS"

    def test_body_may_have_as_many_bytes_as_allowed(self) -> None:
        with serve(http_answer(b"x" * 1000)) as server:
            assert get(server.host).body == b"x" * 1000
        with serve(http_answer(b"x" * 1001)) as server, pytest.raises(errors.MalformedAnswer) as caught:
            get(server.host)
        assert caught.value.message == "the response is larger than 0 KiB"

    @pytest.mark.parametrize(("most", "size"), [(5 << 20, "5 MiB"), (1 << 20, "1 MiB"), ((1 << 20) - 1, "1023 KiB")])
    def test_limit_is_shown_in_its_unit(self, most: int, size: str) -> None:
        assert exchanges._size(most) == size

    def test_cookies_are_neither_kept_nor_sent(self) -> None:
        session = open_session(1, verify=True, direct=True, most=1 << 20)
        with serve(http_answer(Set_Cookie="a=b; path=/"), http_answer()) as server:
            for _request in range(2):
                url = f"http://{server.host}/"
                exchange(session, "GET", url, lambda response: b"", host="", timeout=5)
        assert b"cookie" not in server.received[1].lower()
        assert not list(session.cookies)

    def test_netrc_is_read_only_without_direct(self) -> None:
        assert open_session(1, verify=True, direct=True, most=1 << 20).trust_env is False
        assert open_session(1, verify=True, direct=False, most=1 << 20).trust_env is True

    def test_untrusted_certificate_is_named(self, tmp_path: Any) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        emulator = Emulator(ssl_context=context).start()
        host = f"127.0.0.1:{emulator.port}"
        try:
            with pytest.raises(errors.UntrustedCertificate) as caught:
                get(host, scheme="https")
            assert caught.value.message.startswith(f"certificate verification failed for {host}: ")
            assert get(host, scheme="https", verify=False).status == 404
        finally:
            emulator.stop()


class TestFetchText:
    def test_status_and_text_are_returned(self) -> None:
        with serve(http_answer("角色".encode(), "201 Created")) as server:
            assert fetch_text(f"http://{server.host}/latest", 5) == (201, "角色")
        assert server.received[0].startswith(b"GET /latest HTTP/1.1\r\n")

    def test_text_that_is_no_utf8_is_replaced_and_cut(self) -> None:
        with serve(http_answer(b"\xff" * 70000)) as server:
            assert fetch_text(f"http://{server.host}/", 5) == (200, "\ufffd" * 65536)

    def test_redirect_is_not_followed(self) -> None:
        with serve(http_answer(b"", "302 Found", Location="http://127.0.0.1:9/")) as server:
            assert fetch_text(f"http://{server.host}/", 5)[0] == 302

    def test_failures_are_named(self) -> None:
        with pytest.raises(errors.ConnectionFailed) as caught:
            fetch_text("http://127.0.0.1:9/", 5)
        assert caught.value.message == "cannot connect: Connection refused"
        with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(errors.ConnectionFailed) as caught:
            fetch_text(f"http://127.0.0.1:{server.getsockname()[1]}/", 0.2)
        assert "timed out" in caught.value.message or caught.value.message == "no answer within 0.2 s"
