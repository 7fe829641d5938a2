# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Why a request failed and what to do: a table, one row for each kind of error."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Mapping, Optional, Sequence, Tuple, Type

from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.causes import Cause

__all__ = ["advice", "cause_of_error"]

# The API reports a larger offset as AuthFailure.SignatureExpire (5 minutes). A smaller one is not the cause.
CLOCK_TOLERANCE = 290
# The product that an action belongs to in CAM. All others belong to TKE.
SERVICES = {"AssumeRole": "sts", "AssumeRoleWithWebIdentity": "sts"}
# The option for the endpoint of an action, if it is not the option endpoint.
ENDPOINTS = {"AssumeRole": "sts_endpoint", "AssumeRoleWithWebIdentity": "sts_endpoint"}
# CAM authorizes these actions for each image cache, and all others on *.
PER_CACHE = "* or qcs::tke:<region>:uin/<uin>:imagecache/* (or one ID instead of the last *)"
RESOURCES = {"UpdateImageCache": PER_CACHE, "DeleteImageCaches": PER_CACHE}
# The alternative if the state of a cache does not allow an action.
INSTEAD = {"UpdateImageCache": ", or replace the cache with on_change: replace"}
RUN_AGAIN = "Run again: the next run continues and starts nothing twice."
ADDRESS_DENIED = Cause(
    "The network policy in CAM does not allow these credentials from this address.",
    "Check the network policy of the credentials in CAM.",
    examples=("IpInBlacklist", "IpNotInWhitelist"),
)
OTHER_VPC = Cause(
    "The VPC was not found in this region, or it cannot be used.",
    "Check vpc_id and region.",
    examples=("FailedOperation.VpcRecodrNotFound", "InternalError.VpcRecodrNotFound"),
)
# Codes that are more specific than their kind; first match wins. Source: errorcodes.py of the vendor's Python SDK for
# TKE.
BY_CODE: Sequence[Tuple[str, Cause]] = (
    (
        "AuthFailure.SignatureExpire*",
        Cause(
            "This machine's clock is off by more than 5 minutes, or the request was delayed by more than that.",
            "Synchronize the clock with NTP.",
            examples=("AuthFailure.SignatureExpire",),
        ),
    ),
    (
        "AuthFailure.Token*",
        Cause(
            "The token does not belong to the key pair, or the temporary credentials have expired.",
            "Renew the temporary credentials.",
            examples=("AuthFailure.TokenFailure",),
        ),
    ),
    (
        "AuthFailure.SecretId*",
        Cause(
            "The secret ID does not exist, or it was deleted or disabled in CAM.",
            "Check secret_id.",
            examples=("AuthFailure.SecretIdNotFound",),
        ),
    ),
    (
        "AuthFailure.SignatureFailure*",
        Cause(
            "The secret key does not belong to the secret ID.",
            "Check secret_key.",
            examples=("AuthFailure.SignatureFailure",),
        ),
    ),
    ("IpIn*", ADDRESS_DENIED),
    ("IpNot*", ADDRESS_DENIED),
    (
        "UnsupportedRegion*",
        Cause(
            "The region does not offer this action.",
            "Check region, and also endpoint for a finance zone. `tccli tke DescribeRegions` lists the regions.",
            examples=("UnsupportedRegion",),
        ),
    ),
    (
        "*Subnet*",
        Cause(
            "The subnet was not found in the VPC of vpc_id and in this region, or it cannot be used.",
            "Check subnet_id.",
            examples=("InvalidParameter.SubnetNotExist",),
        ),
    ),
    ("*Vpc*", OTHER_VPC),
    ("*VPC*", OTHER_VPC),
    (
        "*USG*",
        Cause(
            "A security group is invalid, or the quota of security groups is used up.",
            "Check security_group_ids and the quota of security groups.",
            examples=("FailedOperation.QuotaUSGLimit", "InternalError.QuotaUSGLimit"),
        ),
    ),
    (
        "*ImageNotFound*",
        Cause(
            "An image does not exist.",
            "Check the spelling in images.",
            examples=("InvalidParameterValue.ImageNotFound",),
        ),
    ),
    (
        "InvalidParameterValue.Size*",
        Cause("The API rejects the size.", "Check image_cache_size.", examples=("InvalidParameterValue.Size",)),
    ),
    (
        "*NotInWhitelist*",
        Cause(
            "The feature is not enabled for this account.",
            "Ask the support of Tencent Cloud to enable it.",
            examples=("UnsupportedOperation.NotInWhitelist",),
        ),
    ),
)
# C(examples) are codes if the API answered, else the message.
BY_KIND: Mapping[Type[errors.RequestError], Cause] = {
    errors.AccountProblem: Cause(
        "The account lacks balance, a payment method or verification.",
        "Check the balance, the payment method and the verification of the account in the console.",
        examples=("InternalError.NotVerified", "InternalError.InsufficientBalance"),
    ),
    errors.AuthenticationError: Cause(
        "The credentials are invalid, or this machine's clock is off by more than 5 minutes.",
        "Check secret_id and secret_key, the token of temporary credentials, and the clock.",
        examples=("AuthFailure", "AuthFailure.InvalidAuthorization"),
    ),
    errors.ConnectionFailed: Cause(
        "No connection was established, so the request was not sent.",
        "Check endpoint, the proxy variables, DNS and the network.",
        examples=("cannot connect to",),
    ),
    errors.GatewayError: Cause(
        "A proxy or gateway answered instead of the API.",
        "Check endpoint and the proxy.",
        examples=("HTTP status 407 instead of an API response", "HTTP status 302 is a redirect"),
    ),
    errors.GatewayFailure: Cause(
        "A gateway could not reach the API.",
        RUN_AGAIN,
        examples=("HTTP status 503 instead of an API response",),
    ),
    errors.GatewayThrottled: Cause(
        "The requests exceed the rate limit of a gateway.",
        "Lower the rate of requests, or raise api_retries.",
        examples=("HTTP status 429 instead of an API response",),
    ),
    errors.InvalidRequest: Cause(
        "The API rejects the parameters, the action or the region.",
        "Check the options and region.",
        examples=("InvalidParameter", "InvalidParameterValue", "MissingParameter", "UnknownParameter"),
    ),
    errors.MalformedAnswer: Cause(
        "A proxy, a captive portal or another server may have answered instead of the API.",
        "Check endpoint and the proxy.",
        examples=("not an API response",),
    ),
    errors.NoAnswer: Cause(
        "It is unknown whether the API executed the request.",
        RUN_AGAIN,
        examples=("did not answer within", "was lost before the response was complete"),
    ),
    errors.NoCapacity: Cause(
        "The region or zone has no capacity.",
        "Choose a subnet in another zone, or retry later.",
        examples=("ResourceInsufficient", "ResourcesSoldOut"),
    ),
    errors.NotAuthorized: Cause(
        "The credentials are valid, but CAM does not allow the action.",
        "Grant it to the user or role in CAM: allow {permission} on resource {resource}.",
        examples=(
            "UnauthorizedOperation.CamNoAuth",
            "InternalError.CamNoAuth",
            "AuthFailure.UnauthorizedOperation",
        ),
    ),
    errors.NotFound: Cause(
        "The resource does not exist, or it was deleted in the meantime.",
        "Check image_cache_id and region, and run again.",
        examples=("ResourceNotFound",),
    ),
    errors.QuotaExceeded: Cause(
        "A quota is used up, so a retry does not help.",
        "Delete unused image caches, or request a higher quota.",
        examples=("LimitExceeded",),
    ),
    errors.ServerError: Cause(
        "The service had an internal error.", RUN_AGAIN, examples=("InternalError", "ServiceUnavailable")
    ),
    errors.StateRefused: Cause(
        "The current state of the cache does not allow the action.",
        "Wait until its build has ended and run again{instead}.",
        examples=("UnsupportedOperation", "ResourceInUse", "ResourceUnavailable"),
    ),
    errors.Throttled: Cause(
        "The account exceeds the rate limit of the API.",
        "Lower the rate of requests to this account, or raise api_retries.",
        examples=("RequestLimitExceeded", "RequestLimitExceeded.UinLimitExceeded"),
    ),
    errors.UntrustedCertificate: Cause(
        "The server's certificate is from an unknown authority, is for another host, or has expired.",
        "Set ca_path to the certificate of its CA, or check which server answers at endpoint.",
        examples=("certificate verification failed",),
    ),
    errors.TlsMissing: Cause(
        "The server at the endpoint, or a proxy in front of it, does not use TLS, so the request was not sent.",
        "Check endpoint and its port, and the proxy.",
        examples=("the response was not TLS",),
    ),
}


def advice(error: errors.RequestError) -> str:
    """Return why a request failed and what to do, or an empty string if only its message is known."""
    offset = getattr(error, "clock_offset", None)
    if offset is not None and abs(offset) > CLOCK_TOLERANCE:
        return f"This machine's clock is {abs(offset)} s {'ahead' if offset > 0 else 'behind'}. Set it with NTP."
    plain_url = getattr(error, "plain_url", None)
    if plain_url:
        return f"If the server uses plain HTTP, set {ENDPOINTS.get(str(error.action), 'endpoint')} to {plain_url}."
    found = cause_of_error(error)
    return found.hint if found else ""


def cause_of_error(error: errors.RequestError) -> Optional[Cause]:
    """Return the cause of a failed request, or None if only its message is known."""
    for pattern, cause in BY_CODE:
        if error.code and fnmatchcase(error.code, pattern):
            return cause
    for kind in type(error).__mro__:
        if kind in BY_KIND:
            return _of_action(BY_KIND[kind], str(error.action))
    return None


def _of_action(cause: Cause, action: str) -> Cause:
    """Return the cause with the parts that depend on the action of the API."""
    words = {
        "permission": f"{SERVICES.get(action, 'tke')}:{action}",
        "resource": RESOURCES.get(action, "*"),
        "instead": INSTEAD.get(action, ""),
    }
    return replace(cause, action=cause.action.format(**words))
