# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One signed request and its response, on a real connection."""

from __future__ import annotations

import json
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors, transport
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import (
    ConnectionSettings,
    Service,
    Transport,
)
from emulator import Emulator
from unit.support.clock import FakeClock
from unit.support.scripted_server import http_answer, serve

LIST = "DescribeImageCaches"
TKE = Service("tke", "2018-05-25")


def open_transport(
    endpoint: str, keys: Optional[Keys] = None, clock: Optional[Clock] = None, service: Service = TKE, **settings: Any
) -> Transport:
    given = {"region": "ap-guangzhou", "language": "en-US", "timeout": 5.0, "verify": True, **settings}
    names = {"client_name": "ansible_x;ansible-core_2.19", "user_agent": "x/1 ansible-core/2.19"}
    return Transport(
        ConnectionSettings(endpoint=Endpoint.parse(endpoint), **given, **names), service, lambda: keys, clock or Clock()
    )


def header_lines(request: bytes) -> dict[str, str]:
    """Return the headers of a request."""
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name: value for name, _colon, value in (line.partition(": ") for line in lines)}


class TestRequest:
    def test_signed_request_is_accepted_and_answered(self, emulator: Emulator) -> None:
        keys = Keys(emulator.secret_id, emulator.secret_key)
        fields = open_transport(emulator.endpoint, keys).send(LIST, {"Limit": 50, "Offset": 0})
        assert (fields["TotalCount"], fields["ImageCaches"]) == (0, [])
        assert emulator.received[0].parameters == {"Limit": 50, "Offset": 0}

    def test_token_is_sent_with_temporary_keys(self, emulator: Emulator) -> None:
        emulator.keys["AKIDtemporary"] = ("key", "token-value")
        open_transport(emulator.endpoint, Keys("AKIDtemporary", "key", "token-value")).send(LIST, {})
        assert emulator.received[0].headers["X-TC-Token"] == "token-value"

    def test_headers_are_those_of_the_api(self) -> None:
        with serve(http_answer(b'{"Response": {"RequestId": "r"}}')) as server:
            keys = Keys("AKID1", "key")
            settings = {"region": "ap-tokyo", "language": "zh-CN"}
            open_transport(f"http://{server.host}", keys, FakeClock(), **settings).send(LIST, {"Names": ["镜像"]})
        request = server.received[0]
        assert request.startswith(b"POST / HTTP/1.1\r\n")
        headers = header_lines(request)
        authorization = headers.pop("Authorization")
        assert authorization.startswith("TC3-HMAC-SHA256 Credential=AKID1/2026-01-01/tke/tc3_request, ")
        body = rb'{"Names": ["\u955c\u50cf"]}'
        assert request.endswith(b"\r\n\r\n" + body)
        connection = ("Accept", "Accept-Encoding", "Connection")
        assert {name: value for name, value in headers.items() if name not in connection} == {
            "Content-Length": str(len(body)),
            "Content-Type": "application/json",
            "Host": server.host,
            "User-Agent": "x/1 ansible-core/2.19",
            "X-TC-Action": LIST,
            "X-TC-Language": "zh-CN",
            "X-TC-Region": "ap-tokyo",
            "X-TC-RequestClient": "ansible_x;ansible-core_2.19",
            "X-TC-Timestamp": "1767225600",
            "X-TC-Version": "2018-05-25",
        }

    def test_request_without_keys_is_not_signed(self) -> None:
        sts = Service("sts", "2018-08-13")
        with serve(http_answer(b'{"Response": {"RequestId": "r"}}')) as server:
            open_transport(f"http://{server.host}", service=sts).send("AssumeRoleWithWebIdentity", {})
        headers = header_lines(server.received[0])
        assert (headers["Authorization"], headers["X-TC-Version"]) == ("SKIP", "2018-08-13")
        assert "X-TC-Token" not in headers

    def test_value_that_is_no_json_is_not_sent(self) -> None:
        with pytest.raises(ValueError, match="JSON"):
            open_transport("http://127.0.0.1:9").send(LIST, {"Limit": float("nan")})


class TestResponse:
    def send(self, *answers: bytes, timeout: float = 5.0, clock: Optional[Clock] = None) -> Any:
        with serve(*answers) as server:
            return open_transport(f"http://{server.host}", Keys("AKID1", "key"), clock, timeout=timeout).send(LIST, {})

    def failure(self, *answers: bytes, **options: Any) -> Any:
        with pytest.raises(errors.RequestError) as caught:
            self.send(*answers, **options)
        assert caught.value.action == LIST
        return caught.value

    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
    def test_redirect_is_not_followed(self, status: str) -> None:
        with serve(http_answer(b"{}")) as other:
            error = self.failure(http_answer(b"", status, Location=f"http://{other.host}/"))
        assert isinstance(error, errors.GatewayError)
        assert error.message == (f"HTTP status {status[:3]} is a redirect, which signed requests do not follow")
        assert error.http_status == int(status[:3])
        assert other.received == []

    def test_largest_response_is_16_mib(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert transport.MAX_ANSWER_BYTES == 16 << 20
        monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 2048)
        body = json.dumps({"Response": {"RequestId": "x" * 2000}}).encode().ljust(2048)
        assert self.send(http_answer(body))["RequestId"] == "x" * 2000
        error = self.failure(http_answer(body + b" "))
        assert isinstance(error, errors.MalformedAnswer)
        assert error.message == "the response is larger than 2 KiB"

    @pytest.mark.parametrize(("headers", "fits"), [(20, True), (60, False)])
    def test_headers_may_be_as_large_as_a_body(self, monkeypatch: pytest.MonkeyPatch, headers: int, fits: bool) -> None:
        monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 40_960)
        long_headers = {f"X_{number}": "y" * 1000 for number in range(headers)}
        answer = http_answer(b'{"Response": {"RequestId": "r"}}'.ljust(40_960), **long_headers)
        if fits:
            assert self.send(answer) == {"RequestId": "r"}
        else:
            error = self.failure(answer)
            assert isinstance(error, errors.MalformedAnswer)
            assert error.message == "the response is too large"

    def test_pause_of_a_throttled_request_is_that_of_its_header(self) -> None:
        body = b'{"Response": {"Error": {"Code": "RequestLimitExceeded", "Message": "slow"}, "RequestId": "r"}}'
        assert self.failure(http_answer(body, Retry_After="7")).retry_after == 7.0
        assert self.failure(http_answer(body)).retry_after is None

    @pytest.mark.parametrize(
        ("date", "offset"),
        [
            ("Thu, 01 Jan 2026 00:00:00 GMT", 0),
            ("Wed, 31 Dec 2025 23:50:00 GMT", 600),
            ("Thu, 01 Jan 2026 00:05:00 GMT", -300),
            ("yesterday", None),
        ],
    )
    def test_refused_signature_shows_the_offset_of_the_clock(self, date: str, offset: Optional[int]) -> None:
        body = b'{"Response": {"Error": {"Code": "AuthFailure.SignatureExpire", "Message": "old"}, "RequestId": "r"}}'
        error = self.failure(http_answer(body, Date=date), clock=FakeClock())
        assert isinstance(error, errors.AuthenticationError)
        assert error.clock_offset == offset

    def test_refused_signature_without_a_date_shows_no_offset(self) -> None:
        body = b'{"Response": {"Error": {"Code": "AuthFailure", "Message": "no"}, "RequestId": "r"}}'
        assert self.failure(http_answer(body), clock=FakeClock()).clock_offset is None

    def test_plain_server_at_a_loopback_address_is_named(self) -> None:
        with serve(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server, pytest.raises(errors.TlsMissing) as caught:
            open_transport(server.host, Keys("AKID1", "key")).send(LIST, {})
        assert (caught.value.action, caught.value.plain_url) == (LIST, f"http://{server.host}")
        assert caught.value.message == f"no TLS connection to {server.host}: the response was not TLS"

    def test_proxy_is_not_used_for_a_loopback_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert self.send(http_answer(b'{"Response": {"RequestId": "r"}}'))["RequestId"] == "r"


def test_proxy_is_used_for_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(b"HTTP/1.1 403 Forbidden\r\n\r\n") as proxy:
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.host}")
        with pytest.raises(errors.ConnectionFailed) as caught:
            open_transport("tke.invalid", Keys("AKID1", "key")).send(LIST, {})
    assert proxy.received[0].startswith(b"CONNECT tke.invalid:443 ")
    assert "cannot connect to tke.invalid: Tunnel connection failed: 403 Forbidden" in caught.value.message
