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


def test_error_without_code_is_malformed_and_may_be_executed() -> None:
    with pytest.raises(errors.MalformedAnswer) as raised:
        open_body({"Response": {"Error": {"Message": "?"}, "RequestId": 5}})
    assert not raised.value.not_executed
    assert raised.value.request_id is None


@pytest.mark.parametrize(
    "value", ["NaN", "-Infinity", "9" * 5000, "[" * 100000 + "]" * 100000, '{"a":' * 100000 + "1" + "}" * 100000]
)
def test_body_that_cannot_be_parsed_is_malformed(value: str) -> None:
    with pytest.raises(errors.MalformedAnswer):
        open_body(f'{{"Response": {{"a": {value}}}}}'.encode())


def test_unpaired_surrogates_are_replaced() -> None:
    body = rb'{"Response": {"a": "x\uD800", "b": "\ud83c\udf89", "\udfff": 1.5}}'
    assert open_body(body) == {"a": "x?", "b": "\U0001f389", "?": 1.5}
