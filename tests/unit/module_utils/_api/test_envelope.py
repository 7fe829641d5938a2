# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The envelope of a response: its fields, its error, and bodies that are malformed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.envelope import open_envelope


def open_body(body: Any, status: int = 200) -> dict[str, Any]:
    """Return the response in a body: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return open_envelope("DescribeImageCaches", status, raw, None)


def test_response_without_error_is_returned() -> None:
    assert open_body({"Response": {"TotalCount": 0, "RequestId": "r"}}) == {"TotalCount": 0, "RequestId": "r"}


@pytest.mark.parametrize("status", [200, 400, 500])
def test_error_in_response_is_raised_for_any_http_status(status: int) -> None:
    with pytest.raises(errors.QuotaExceeded) as raised:
        open_body({"Response": {"Error": {"Code": "LimitExceeded", "Message": "full"}, "RequestId": "r"}}, status)
    assert raised.value.facts() == {
        "code": "LimitExceeded",
        "message": "full",
        "request_id": "r",
        "action": "DescribeImageCaches",
        "http_status": status,
        "retryable": False,
    }


def test_response_without_error_but_status_500_is_gateway_failure() -> None:
    with pytest.raises(errors.GatewayFailure):
        open_body({"Response": {"RequestId": "r"}}, 500)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"7", b'{"Response": null}', b"\xff", b"{" * 99999, b'{"code": 0, "message": ""}'],
)
def test_body_without_valid_response_is_malformed(body: bytes) -> None:
    with pytest.raises(errors.MalformedAnswer) as raised:
        open_body(body)
    assert raised.value.retryable
    assert not raised.value.not_executed


@pytest.mark.parametrize(("given", "request_id"), [(5, None), ("r-7", "r-7"), ("r" * 201, "r" * 200)], ids=str)
@pytest.mark.parametrize("error", [{"Message": "?"}, {"Code": 5, "Message": "?"}, "?", [], 0], ids=str)
def test_error_without_code_is_malformed_and_may_be_executed(error: Any, given: Any, request_id: Any) -> None:
    body = json.dumps({"Response": {"RequestId": given, "Error": error}}).encode()
    with pytest.raises(errors.MalformedAnswer) as raised:
        open_body(body)
    assert not raised.value.not_executed
    assert raised.value.request_id == request_id
    assert (raised.value.action, raised.value.http_status) == ("DescribeImageCaches", 200)
    assert raised.value.message.startswith('the response has an error without a code: {"Response": {"RequestId": ')


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, errors.GatewayError),
        (428, errors.GatewayError),
        (429, errors.GatewayThrottled),
        (499, errors.GatewayError),
        (500, errors.GatewayFailure),
        (504, errors.GatewayFailure),
        (201, errors.GatewayError),
    ],
)
def test_other_status_is_an_error_of_the_gateway(status: int, kind: type[errors.GatewayError]) -> None:
    with pytest.raises(errors.GatewayError) as raised:
        open_envelope("UpdateImageCache", status, b"<html>\n  too  busy\n</html>", 7.5)
    error = raised.value
    assert error.__class__ is kind
    assert error.message == f"HTTP status {status} instead of an API response: <html> too busy </html>"
    assert (error.action, error.http_status, error.retry_after) == ("UpdateImageCache", status, 7.5)


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"code": 4100, "codeDesc": "AuthFailure", "message": "signature"}, "AuthFailure", "signature"),
        ({"code": 4100, "codeDesc": "", "message": None}, "4100", ""),
        ({"code": "InternalError", "message": 5}, "InternalError", "5"),
    ],
)
def test_error_in_the_format_of_api_2_is_raised(body: Any, code: str, message: str) -> None:
    with pytest.raises(errors.ApiError) as raised:
        open_body(body)
    assert (raised.value.code, raised.value.message) == (code, message)


@pytest.mark.parametrize("body", [{"code": 4100}, {"code": None, "message": ""}, {"message": "hello"}], ids=str)
def test_object_without_code_or_message_is_no_error_of_api_2(body: Any) -> None:
    with pytest.raises(errors.MalformedAnswer, match=r"^not an API response: \{"):
        open_body(body)


def test_long_code_is_cut() -> None:
    with pytest.raises(errors.Unspecific) as raised:
        open_body({"Response": {"Error": {"Code": "X" * 201, "Message": None}}})
    assert (raised.value.code, raised.value.message, raised.value.request_id) == ("X" * 200, "", None)


@pytest.mark.parametrize(
    ("body", "excerpt"),
    [
        (b"", "an empty body"),
        (b" \r\n", "an empty body"),
        (b"\xff\tx", "\ufffd x"),
        (b"x" * 200, "x" * 200),
        (b"x" * 201, "x" * 200 + "..."),
        # A line of blanks counts as one, but only the start of a long body is read.
        (b"x".rjust(2000), "x"),
        (b"x".ljust(2001), "x..."),
        (b"x".rjust(1999) + b"yz", "xy..."),
    ],
    ids=lambda value: f"{value[:4]!r} {len(value)}",
)
def test_invalid_body_is_shown_in_part(body: bytes, excerpt: str) -> None:
    with pytest.raises(errors.MalformedAnswer) as raised:
        open_body(body)
    assert raised.value.message == f"not an API response: {excerpt}"


@pytest.mark.parametrize(
    "value", ["NaN", "-Infinity", "9" * 5000, "[" * 100000 + "]" * 100000, '{"a":' * 100000 + "1" + "}" * 100000]
)
def test_body_that_cannot_be_parsed_is_malformed(value: str) -> None:
    with pytest.raises(errors.MalformedAnswer):
        open_body(f'{{"Response": {{"a": {value}}}}}'.encode())


def test_unpaired_surrogates_are_replaced() -> None:
    body = rb'{"Response": {"a": "x\uD800", "b": "\ud83c\udf89", "\udfff": 1.5}}'
    assert open_body(body) == {"a": "x?", "b": "\U0001f389", "?": 1.5}
