# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The errors of requests, as classes with facts.

Two facts decide how to continue:

- C(retryable): the same request may succeed later, unchanged;
- C(not_executed): the failure proves that the server did not execute the request.

A read is repeated if the error is retryable. A write is repeated only if, in addition, it was not executed. If the
error is C(retried), the repetitions have failed, too, and only a later attempt may succeed.
Source of the codes: the common error codes of API 3.0, and C(errorcodes.py) of the vendor's Python SDK.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Dict, Optional, Tuple, Type

__all__ = [
    "AccountProblem",
    "ApiError",
    "AuthenticationError",
    "ConnectionFailed",
    "GatewayError",
    "GatewayFailure",
    "GatewayThrottled",
    "InvalidInput",
    "InvalidRequest",
    "MalformedAnswer",
    "NoAnswer",
    "NoCapacity",
    "NotAuthorized",
    "NotFound",
    "QuotaExceeded",
    "RequestError",
    "ServerError",
    "StateRefused",
    "TlsMissing",
    "Throttled",
    "Unspecific",
    "UntrustedCertificate",
    "WriteRefused",
    "api_error",
]


class InvalidInput(Exception):
    """The input of the user is invalid, as found before any request. The message may list several problems."""


class WriteRefused(Exception):
    """The client refused a writing action in check mode."""


class RequestError(Exception):
    """A request failed. C(message) is the text of the server or the system."""

    retryable = False
    not_executed = True
    retried = False

    def __init__(
        self,
        message: str,
        *,
        code: Optional[str] = None,
        request_id: Optional[str] = None,
        action: Optional[str] = None,
        http_status: Optional[int] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id
        self.action = action
        self.http_status = http_status
        self.retry_after = retry_after

    def facts(self) -> Dict[str, Any]:
        """Return RV(error): plain values without secrets."""
        return {
            "code": self.code or type(self).__name__,
            "message": self.message,
            "request_id": self.request_id,
            "action": self.action,
            "http_status": self.http_status,
            "retryable": self.retryable,
        }


class ConnectionFailed(RequestError):
    """The connection failed, so no request was sent."""

    retryable = True


class UntrustedCertificate(RequestError):
    """The verification of the server certificate failed. The request was not sent, and a retry does not help."""


class TlsMissing(RequestError):
    """The server at the endpoint does not use TLS. The request was not sent, and a retry does not help.

    C(plain_url) is the endpoint to set instead, if plain http is accepted there.
    """

    plain_url: Optional[str] = None


class NoAnswer(RequestError):
    """The request may have been sent, but no complete response arrived in time."""

    retryable = True
    not_executed = False


class GatewayError(RequestError):
    """An HTTP status other than 200, which API 3.0 never uses: a gateway or a proxy answered."""


class GatewayFailure(GatewayError):
    """A 5xx of a gateway. It is unknown whether the server behind it executed the request."""

    retryable = True
    not_executed = False


class GatewayThrottled(GatewayError):
    """A 429 of a gateway: the request was rejected."""

    retryable = True


class MalformedAnswer(RequestError):
    """A response that is not an API 3.0 envelope, or that lacks a required field of the action."""

    retryable = True
    not_executed = False


class ApiError(RequestError):
    """The API returned an error code. The subclasses distinguish the known codes."""


class AuthenticationError(ApiError):
    """The keys, the token or the clock are wrong. C(clock_offset) is the seconds that the clock is ahead, if known."""

    clock_offset: Optional[int] = None


class NotAuthorized(ApiError):
    """The credentials are valid, but CAM does not allow the action."""


class Throttled(ApiError):
    """Too many requests per second. The request was not executed."""

    retryable = True


class QuotaExceeded(ApiError):
    """A quota is exhausted. A retry does not help."""


class AccountProblem(ApiError):
    """A problem of the account: balance, payment or identity verification."""


class NotFound(ApiError):
    """The addressed resource does not exist."""


class StateRefused(ApiError):
    """The current state of the resource does not allow the action."""


class NoCapacity(ApiError):
    """The region or zone has no resources left for builds."""


class InvalidRequest(ApiError):
    """The API rejected the parameters, the action or the region."""


class ServerError(ApiError):
    """The service failed internally. It is unknown whether it executed the request."""

    retryable = True
    not_executed = False


class Unspecific(ApiError):
    """A code that does not identify the kind of problem, for example FailedOperation."""


# The first match wins. Permission and quota codes have various prefixes (InternalError.CamNoAuth, ...), so they come
# before the families of those prefixes.
CODES: Tuple[Tuple[str, Type[ApiError]], ...] = (
    ("*CamNoAuth*", NotAuthorized),
    ("*Unauthorized*", NotAuthorized),
    ("*NotInWhitelist*", NotAuthorized),
    ("IpInBlacklist*", NotAuthorized),
    ("*RequestLimitExceeded*", Throttled),
    ("RequestSizeLimitExceeded*", InvalidRequest),
    ("ResponseSizeLimitExceeded*", InvalidRequest),
    ("*LimitExceeded*", QuotaExceeded),
    ("*Quota*", QuotaExceeded),
    ("*InsufficientBalance*", AccountProblem),
    ("*NotVerified*", AccountProblem),
    ("*NotAuthenticated*", AccountProblem),
    ("*NoPaymentAccess*", AccountProblem),
    ("AuthFailure*", AuthenticationError),
    ("ResourceNotFound*", NotFound),
    ("ResourceInUse*", StateRefused),
    ("ResourceBusy*", StateRefused),
    ("ResourceUnavailable*", StateRefused),
    ("UnsupportedOperation*", StateRefused),
    ("ResourceInsufficient*", NoCapacity),
    ("ResourcesSoldOut*", NoCapacity),
    ("InternalError.Param", InvalidRequest),
    ("InternalError*", ServerError),
    ("ServiceUnavailable*", ServerError),
    ("ActionOffline*", InvalidRequest),
    ("InvalidAction*", InvalidRequest),
    ("InvalidParameter*", InvalidRequest),
    ("InvalidRequest*", InvalidRequest),
    ("MissingParameter*", InvalidRequest),
    ("NoSuchProduct*", InvalidRequest),
    ("NoSuchVersion*", InvalidRequest),
    ("UnknownParameter*", InvalidRequest),
    ("UnsupportedProtocol*", InvalidRequest),
    ("UnsupportedRegion*", InvalidRequest),
)


def api_error(code: str, message: str, **facts: Any) -> ApiError:
    """Return the typed error for an API error code, or Unspecific for an unknown code."""
    for pattern, kind in CODES:
        if fnmatchcase(code, pattern):
            return kind(message, code=code, **facts)
    return Unspecific(message, code=code, **facts)
