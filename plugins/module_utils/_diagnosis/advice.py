# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What to do about a failure: a table, one row a kind of error."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Mapping, Sequence, Tuple, Type

from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors

__all__ = ["advice"]

# "More than 5 minutes off" is AuthFailure.SignatureExpire; below that it is not the clock's fault.
CLOCK_TOLERANCE = 290
# The product that an action belongs to in CAM, where it is not TKE.
SERVICES = {"AssumeRole": "sts", "AssumeRoleWithWebIdentity": "sts"}
# The option that says where an action goes to, where it is not endpoint.
ENDPOINTS = {"AssumeRole": "sts_endpoint", "AssumeRoleWithWebIdentity": "sts_endpoint"}
# What else can be done where a cache's state does not allow an action.
INSTEAD = {"UpdateImageCache": "; a cache that cannot be updated can be replaced, with on_change: replace"}
# Codes that say more than their family; first match wins. Source: errorcodes.py of the vendor's Python SDK for TKE.
BY_CODE: Sequence[Tuple[str, str]] = (
    (
        "AuthFailure.SignatureExpire*",
        "This machine's clock is off by more than 5 minutes, or the request was delayed as long: set the clock by NTP.",
    ),
    ("AuthFailure.Token*", "The token does not belong to these keys, or the temporary keys have expired: renew them."),
    ("AuthFailure.SecretId*", "Check secret_id: the key does not exist, or was deleted or disabled in CAM."),
    ("AuthFailure.SignatureFailure*", "Check secret_key: it is not the one of secret_id."),
    ("IpIn*", "The keys may not be used from this address: look at their network policy in CAM."),
    ("IpNot*", "The keys may not be used from this address: look at their network policy in CAM."),
    (
        "UnsupportedRegion*",
        "The action is not offered in this region: check region, and for a finance zone endpoint too. `tccli tke"
        " DescribeRegions` lists the regions.",
    ),
    ("*Subnet*", "Check subnet_id: it must exist in the VPC of vpc_id, in this region."),
    ("*Vpc*", "Check vpc_id, and that it is in this region."),
    ("*VPC*", "Check vpc_id, and that it is in this region."),
    ("*USG*", "Check security_group_ids, and the quota of security groups."),
    ("*ImageNotFound*", "Check the spelling of images."),
    ("InvalidParameterValue.Size*", "Check image_cache_size."),
    ("*NotInWhitelist*", "The account is not admitted to this feature: ask the vendor's support to admit it."),
)
BY_KIND: Mapping[Type[errors.RequestError], str] = {
    errors.AccountProblem: "Look at the account's balance, payment method and verification in the console.",
    errors.AuthenticationError: (
        "Check secret_id and secret_key, the token of temporary keys, and that this machine's clock is right to"
        " within 5 minutes."
    ),
    errors.ConnectionFailed: "The request was not sent. Check endpoint, the proxy variables, DNS and the network.",
    errors.GatewayError: "Something between here and the API answered in its place: check endpoint and the proxy.",
    errors.GatewayFailure: "The API was out of reach behind its gateway. Run again: what was begun is found.",
    errors.GatewayThrottled: "Lower the rate of requests, or raise api_retries.",
    errors.InvalidRequest: "The API refuses the request as it is: check the options, and region.",
    errors.MalformedAnswer: "Check endpoint, and whether a proxy or a captive portal answers in the API's place.",
    errors.NoAnswer: "Whether the API acted is not known. Run again: what was begun is found and not begun twice.",
    errors.NoCapacity: "Try again later, or choose a subnet_id in another zone.",
    errors.NotAuthorized: (
        "Grant the action in CAM to the user or role of these keys: allow {service}:{action} on resource *."
    ),
    errors.NotFound: "It may have been deleted meanwhile. Check image_cache_id and region, and run again.",
    errors.QuotaExceeded: "Delete image caches that are not needed any more, or have the quota raised.",
    errors.ServerError: "The service failed by itself. Run again: what was begun is found and not begun twice.",
    errors.StateRefused: (
        "The cache's present state does not allow it. Wait until its build has ended, and run again{instead}."
    ),
    errors.Throttled: "Lower the rate of requests to this account, or raise api_retries.",
    errors.TlsMissing: "Nothing was sent. Check the endpoint, its port, and whether a proxy answers in its place.",
    errors.UntrustedCertificate: "Name the authority's certificate with ca_path, or check who answers at endpoint.",
}


def advice(error: errors.RequestError) -> str:
    """Return what to do about a failed request, an empty string where nothing better than its message is known."""
    offset = getattr(error, "clock_offset", None)
    if offset is not None and abs(offset) > CLOCK_TOLERANCE:
        return f"This machine's clock is {abs(offset)} s {'ahead' if offset > 0 else 'behind'}: set it by NTP."
    plain_url = getattr(error, "plain_url", None)
    if plain_url:
        return f"If the server uses plain HTTP, set {ENDPOINTS.get(str(error.action), 'endpoint')} to {plain_url}."
    for pattern, words in BY_CODE:
        if error.code and fnmatchcase(error.code, pattern):
            return words
    for kind in type(error).__mro__:
        if kind in BY_KIND:
            action = str(error.action)
            return BY_KIND[kind].format(
                service=SERVICES.get(action, "tke"), action=action, instead=INSTEAD.get(action, "")
            )
    return ""
