# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error codes, their classes, and the facts that an error reports."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ActionOffline", errors.InvalidRequest),
        ("AuthFailure.InvalidAuthorization", errors.AuthenticationError),
        ("AuthFailure.InvalidSecretId", errors.AuthenticationError),
        ("AuthFailure.MFAFailure", errors.AuthenticationError),
        ("AuthFailure.SecretIdNotFound", errors.AuthenticationError),
        ("AuthFailure.SignatureExpire", errors.AuthenticationError),
        ("AuthFailure.SignatureFailure", errors.AuthenticationError),
        ("AuthFailure.TokenFailure", errors.AuthenticationError),
        ("AuthFailure.UnauthorizedOperation", errors.NotAuthorized),
        ("DryRunOperation", errors.Unspecific),
        ("FailedOperation", errors.Unspecific),
        ("FailedOperation.CamNoAuth", errors.NotAuthorized),
        ("FailedOperation.AccountUserNotAuthenticated", errors.AccountProblem),
        ("InternalError", errors.ServerError),
        ("InternalError.UnexceptedInternal", errors.ServerError),
        ("InternalError.CamNoAuth", errors.NotAuthorized),
        ("InternalError.InsufficientBalance", errors.AccountProblem),
        ("InternalError.TradeInsufficientBalance", errors.AccountProblem),
        ("InternalError.NotVerified", errors.AccountProblem),
        ("InternalError.NoPaymentAccess", errors.AccountProblem),
        ("InternalError.Param", errors.InvalidRequest),
        ("InternalError.QuotaUSGLimit", errors.QuotaExceeded),
        ("InvalidAction", errors.InvalidRequest),
        ("InvalidParameter", errors.InvalidRequest),
        ("InvalidParameter.SubnetNotExist", errors.InvalidRequest),
        ("InvalidParameterValue", errors.InvalidRequest),
        ("InvalidParameterValue.LimitExceeded", errors.QuotaExceeded),
        ("InvalidRequest", errors.InvalidRequest),
        ("IpInBlacklist", errors.NotAuthorized),
        ("IpNotInWhitelist", errors.NotAuthorized),
        ("LimitExceeded", errors.QuotaExceeded),
        ("MissingParameter", errors.InvalidRequest),
        ("NoSuchProduct", errors.InvalidRequest),
        ("NoSuchVersion", errors.InvalidRequest),
        ("RequestLimitExceeded", errors.Throttled),
        ("RequestLimitExceeded.GlobalRegionUinLimitExceeded", errors.Throttled),
        ("RequestLimitExceeded.UinLimitExceeded", errors.Throttled),
        ("RequestLimitExceeded.IPLimitExceeded", errors.Throttled),
        ("RequestSizeLimitExceeded", errors.InvalidRequest),
        ("ResponseSizeLimitExceeded", errors.InvalidRequest),
        ("ResourceBusy", errors.StateRefused),
        ("ResourceInUse", errors.StateRefused),
        ("ResourceInsufficient", errors.NoCapacity),
        ("ResourcesSoldOut", errors.NoCapacity),
        ("ResourceNotFound", errors.NotFound),
        ("ResourceUnavailable.EksContainerStatus", errors.StateRefused),
        ("ServiceUnavailable", errors.ServerError),
        ("UnauthorizedOperation", errors.NotAuthorized),
        ("UnauthorizedOperation.CamNoAuth", errors.NotAuthorized),
        ("UnknownParameter", errors.InvalidRequest),
        ("UnsupportedOperation", errors.StateRefused),
        ("UnsupportedOperation.NotInWhitelist", errors.NotAuthorized),
        ("UnsupportedProtocol", errors.InvalidRequest),
        ("UnsupportedRegion", errors.InvalidRequest),
        ("SomethingNew.Altogether", errors.Unspecific),
    ],
)
def test_code_gives_error_class(code: str, kind: type) -> None:
    assert errors.api_error(code, "words").__class__ is kind


@pytest.mark.parametrize(
    ("kind", "retryable", "not_executed"),
    [
        (errors.RequestError, False, True),
        (errors.ConnectionFailed, True, True),
        (errors.UntrustedCertificate, False, True),
        (errors.TlsMissing, False, True),
        (errors.NoAnswer, True, False),
        (errors.GatewayError, False, True),
        (errors.GatewayFailure, True, False),
        (errors.GatewayThrottled, True, True),
        (errors.MalformedAnswer, True, False),
        (errors.ApiError, False, True),
        (errors.Throttled, True, True),
        (errors.ServerError, True, False),
    ],
)
def test_error_class_defines_retryable_and_not_executed(
    kind: type[errors.RequestError], retryable: bool, not_executed: bool
) -> None:
    assert (kind.retryable, kind.not_executed) == (retryable, not_executed)


def test_error_reports_facts_of_its_request() -> None:
    facts: Any = {"request_id": "r-1", "action": "CreateImageCache", "http_status": 200, "retry_after": 3.0}
    for code in ("InternalError", "SomethingNew"):
        error = errors.api_error(code, "words", **facts)
        assert (str(error), error.retry_after) == ("words", 3.0)
        del facts["retry_after"]
        shown = {"code": code, "message": "words", "retryable": code == "InternalError", **facts}
        assert error.facts() == shown
        facts["retry_after"] = 3.0


def test_error_without_code_reports_its_class_name() -> None:
    nothing = dict.fromkeys(("request_id", "action", "http_status"))
    error = errors.NoAnswer("lost")
    assert error.facts() == {"code": "NoAnswer", "message": "lost", "retryable": True, **nothing}
    assert error.retry_after is None
