# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What can go wrong with a request, as classes with facts.

Two facts decide what may happen next:

- C(retryable): the same request may succeed later, unchanged;
- C(not_executed): the failure proves that the server did not act on the request.

A read is repeated when the failure is passing, a write only when, besides, nothing was done.
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
    """The user's input cannot be right; found before any request. One message may list several problems."""


class WriteRefused(Exception):
    """A writing action was asked for in check mode; the client lets none out."""


class RequestError(Exception):
    """A request failed. C(message) is the server's or the system's wording."""

    retryable = False
    not_executed = True

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
        """Return the result's RV(error): plain values, none of them secret."""
        return {
            "code": self.code or type(self).__name__,
            "message": self.message,
            "request_id": self.request_id,
            "action": self.action,
            "http_status": self.http_status,
            "retryable": self.retryable,
        }


class ConnectionFailed(RequestError):
    """No connection came about, so no request was sent."""

    retryable = True


class UntrustedCertificate(RequestError):
    """The server's certificate did not verify; the request was not sent, and waiting will not help."""


class TlsMissing(RequestError):
    """What answers at the endpoint does not use TLS; the request was not sent, and waiting will not help.

    C(plain_url) is the endpoint to write instead, if plain http is accepted there.
    """

    plain_url: Optional[str] = None


class NoAnswer(RequestError):
    """The request may have been sent, but no whole answer came back in time."""

    retryable = True
    not_executed = False


class GatewayError(RequestError):
    """An HTTP status other than 200, which API 3.0 itself never uses: a gateway or a proxy answered."""


class GatewayFailure(GatewayError):
    """A gateway's 5xx: whether the server behind it acted is not known."""

    retryable = True
    not_executed = False


class GatewayThrottled(GatewayError):
    """A gateway's 429: the request was turned away."""

    retryable = True


class MalformedAnswer(RequestError):
    """An answer that is no API 3.0 envelope, or lacks what the action must return."""

    retryable = True
    not_executed = False


class ApiError(RequestError):
    """The API answered with an error code that has no class of its own."""


class AuthenticationError(ApiError):
    """The keys, the token or the clock are wrong. C(clock_offset) is how many seconds the clock is ahead, if known."""

    clock_offset: Optional[int] = None


class NotAuthorized(ApiError):
    """The keys are good, but CAM does not allow the action."""


class Throttled(ApiError):
    """Too many requests per second; nothing was done."""

    retryable = True


class QuotaExceeded(ApiError):
    """A quota is used up. Waiting does not lift it."""


class AccountProblem(ApiError):
    """Balance, payment or identity verification of the account."""


class NotFound(ApiError):
    """The addressed resource does not exist."""


class StateRefused(ApiError):
    """The resource's present state does not allow the action."""


class NoCapacity(ApiError):
    """The region or zone has nothing left to build with."""


class InvalidRequest(ApiError):
    """The API refuses the parameters, the action or the region."""


class ServerError(ApiError):
    """The service failed by itself; whether it acted is not known."""

    retryable = True
    not_executed = False


class Unspecific(ApiError):
    """A code of no family, FailedOperation for instance: it does not say what it is about."""


# First match wins. Permission and quota codes arrive under any prefix (InternalError.CamNoAuth, ...), so
# they stand before the families that the prefix would put them in.
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
    """Return the typed error of an API error code; an unknown code gives Unspecific."""
    for pattern, kind in CODES:
        if fnmatchcase(code, pattern):
            return kind(message, code=code, **facts)
    return Unspecific(message, code=code, **facts)
