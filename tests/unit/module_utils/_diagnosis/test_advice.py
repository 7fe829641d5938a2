# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The advice about each error of the API."""

from __future__ import annotations

import re
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import TlsMissing, api_error
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis import advice, causes
from tencentcloud.tke.v20180525 import errorcodes

# The common error codes in the documentation of API 3.0 that a cause has as an example.
COMMON_CODES = {
    "AuthFailure.InvalidAuthorization",
    "AuthFailure.SecretIdNotFound",
    "AuthFailure.SignatureExpire",
    "AuthFailure.SignatureFailure",
    "AuthFailure.TokenFailure",
    "AuthFailure.UnauthorizedOperation",
    "InvalidParameterValue",
    "IpInBlacklist",
    "IpNotInWhitelist",
    "RequestLimitExceeded",
    "RequestLimitExceeded.UinLimitExceeded",
    "ServiceUnavailable",
    "UnsupportedRegion",
}


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (291, "This machine's clock is 291 s ahead. Set it with NTP."),
        (-291, "This machine's clock is 291 s behind. Set it with NTP."),
        (290, "The secret key does not belong to the secret ID. Check secret_key."),
        (-290, "The secret key does not belong to the secret ID. Check secret_key."),
        (0, "The secret key does not belong to the secret ID. Check secret_key."),
        (None, "The secret key does not belong to the secret ID. Check secret_key."),
    ],
)
def test_wrong_clock_is_named_before_other_causes(offset: Optional[int], words: str) -> None:
    error = errors.AuthenticationError("No.", code="AuthFailure.SignatureFailure")
    error.clock_offset = offset
    assert advice.advice(error) == words


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("CreateImageCache", "allow tke:CreateImageCache on resource *"),
        ("AssumeRole", "allow sts:AssumeRole on resource *"),
        ("AssumeRoleWithWebIdentity", "allow sts:AssumeRoleWithWebIdentity on resource *"),
    ],
)
def test_missing_permission_is_named_with_its_product(action: str, words: str) -> None:
    assert words in advice.advice(api_error("UnauthorizedOperation", "No.", action=action))


@pytest.mark.parametrize("action", ["UpdateImageCache", "DeleteImageCaches"])
def test_permission_for_one_cache_offers_resource_form(action: str) -> None:
    words = advice.advice(api_error("UnauthorizedOperation.CamNoAuth", "No.", action=action))
    assert f"allow tke:{action} on resource * or qcs::tke:<region>:uin/<uin>:imagecache/* (or one ID" in words


@pytest.mark.parametrize("action", ["CreateImageCache", "DescribeImageCaches", "GetMostSuitableImageCache"])
def test_permission_for_all_caches_offers_only_asterisk(action: str) -> None:
    words = advice.advice(api_error("UnauthorizedOperation.CamNoAuth", "No.", action=action))
    assert words.endswith(f"allow tke:{action} on resource *.")


def test_examples_find_the_cause_that_lists_them() -> None:
    for _pattern, cause in causes.WORDS:
        assert cause.examples
        assert {causes.cause_of_words(example) for example in cause.examples} == {cause}
    for _pattern, cause in advice.BY_CODE:
        assert cause.examples
        assert {advice.cause_of_error(api_error(code, "No.")) for code in cause.examples} == {cause}
    for kind, cause in advice.BY_KIND.items():
        assert cause.examples
        if issubclass(kind, errors.ApiError):
            assert {type(api_error(code, "No.")) for code in cause.examples} == {kind}


def test_example_codes_are_those_of_the_api() -> None:
    known = {code for name, code in vars(errorcodes).items() if name.isupper()} | COMMON_CODES
    causes_of_codes = [cause for _pattern, cause in advice.BY_CODE]
    causes_of_codes += [cause for kind, cause in advice.BY_KIND.items() if issubclass(kind, errors.ApiError)]
    examples = {code for cause in causes_of_codes for code in cause.examples}
    assert examples - known == set()


@pytest.mark.parametrize(
    "cause",
    [
        *(cause for _pattern, cause in causes.WORDS),
        *(cause for _pattern, cause in advice.BY_CODE),
        *advice.BY_KIND.values(),
    ],
    ids=lambda cause: cause.examples[0],
)
def test_cause_and_action_are_sentences(cause: causes.Cause) -> None:
    for text in (cause.cause, cause.action):
        assert re.fullmatch(r"(?:[A-Z][^.]*(?:\.[^ .][^.]*)*\. ?|`[^.]*\. ?)+", f"{text} ")


def test_only_busy_update_suggests_replace() -> None:
    words = "The current state of the cache does not allow the action. Wait until its build has ended and run again"
    busy = {action: api_error("ResourceInUse", "No.", action=action) for action in ("UpdateImageCache", "Delete")}
    assert advice.advice(busy["Delete"]) == f"{words}."
    assert advice.advice(busy["UpdateImageCache"]).startswith(f"{words}, or replace the cache")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.RequestError("x"), ""),
        (errors.ApiError("x", code="SomethingNew"), ""),
        (errors.NoAnswer("x"), "starts nothing twice"),
        # A class without advice of its own has the advice of its base class.
        (type("Other", (errors.NoAnswer,), {})("x"), "starts nothing twice"),
        (errors.GatewayFailure("x"), "gateway could not reach"),
        (errors.GatewayError("x"), "instead of the API"),
    ],
)
def test_advice_depends_on_class_of_error_without_known_code(error: errors.RequestError, words: str) -> None:
    found = advice.advice(error)
    assert (words in found) if words else found == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AuthFailure.SignatureExpire", "clock"),
        ("AuthFailure.TokenFailure", "Renew"),
        ("AuthFailure.SecretIdNotFound", "secret_id"),
        ("AuthFailure.SignatureFailure", "secret_key"),
        ("UnauthorizedOperation.CamNoAuth", "allow tke:UpdateImageCache on resource *"),
        ("FailedOperation.CamNoAuth", "allow tke:UpdateImageCache on resource *"),
        ("UnsupportedOperation.NotInWhitelist", "not enabled for this account"),
        ("IpInBlacklist", "network policy"),
        ("IpNotInWhitelist", "network policy"),
        ("LimitExceeded.ImageCache", "request a higher quota"),
        ("InternalError.InsufficientBalance", "balance"),
        ("UnsupportedRegion", "region"),
        ("InvalidParameter.SubnetNotExist", "subnet_id"),
        ("InvalidParameter.VpcRecodrNotFound", "vpc_id"),
        ("InvalidParameter.VPCNotExist", "vpc_id"),
        ("AuthFailure.InvalidSecretId", "Check secret_id and secret_key"),
        ("InternalError.QuotaUSGLimit", "security_group_ids"),
        ("InvalidParameterValue.ImageNotFound", "images"),
        ("InvalidParameterValue.Size", "image_cache_size"),
        ("ResourcesSoldOut", "zone"),
        ("UnsupportedOperation", "on_change: replace"),
    ],
)
def test_advice_depends_on_code_of_api_error(code: str, words: str) -> None:
    assert words in advice.advice(api_error(code, "No.", action="UpdateImageCache"))


@pytest.mark.parametrize(
    ("action", "option"),
    [
        ("CreateImageCache", "endpoint"),
        ("AssumeRole", "sts_endpoint"),
        ("AssumeRoleWithWebIdentity", "sts_endpoint"),
    ],
)
def test_endpoint_without_tls_on_loopback_names_the_url_to_set(action: str, option: str) -> None:
    error = TlsMissing("no TLS", action=action)
    assert "does not use TLS, so the request was not sent. Check endpoint and its port" in advice.advice(error)
    error.plain_url = "http://127.0.0.1:8400"
    assert advice.advice(error) == f"If the server uses plain HTTP, set {option} to http://127.0.0.1:8400."


@pytest.mark.parametrize(("_pattern", "kind"), errors.CODES)
def test_every_error_class_of_a_code_has_advice(_pattern: str, kind: Any) -> None:
    assert advice.advice(kind("words"))
