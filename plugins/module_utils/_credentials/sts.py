# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Keys from STS, which assumes a role with other keys or with the identity of a Pod.

Source: AssumeRole and AssumeRoleWithWebIdentity, STS API 2018-08-13. Both only issue keys, so they may be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional, Protocol

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import MalformedAnswer, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.lease import Lease

__all__ = ["Calls", "OpenSts", "Pod", "Role", "assume_role", "assume_role_of_pod"]

# Maximum seconds to assume a role, including retries.
RETRY_BUDGET = 120.0
KEYS = ("TmpSecretId", "TmpSecretKey", "Token")


class Calls(Protocol):
    """A client that calls actions and retries them."""

    def call(self, action: str, parameters: Mapping[str, Any], deadline: Deadline, *, writes: bool = False) -> Answer:
        """Return the answer of the action."""


# Opens a client of STS in a region (None for the region of the run), with keys (None for unsigned requests).
OpenSts = Callable[[Optional[str], Callable[[], Optional[Keys]]], Calls]


@dataclass(frozen=True)
class Role:
    """A role and the parameters to assume it. C(seconds) is the lifetime of its keys."""

    arn: str
    session_name: str
    seconds: int
    external_id: Optional[str] = None

    def parameters(self) -> Dict[str, Any]:
        """Return the fields of the request."""
        fields = {"RoleArn": self.arn, "RoleSessionName": self.session_name, "DurationSeconds": self.seconds}
        return {**fields, "ExternalId": self.external_id} if self.external_id else fields


@dataclass(frozen=True)
class Pod:
    """The identity of a Pod for the identity provider of its cluster. C(identity) is a token and secret."""

    region: str
    provider: str
    identity: str = field(repr=False)


def assume_role(role: Role, keys: Callable[[], Keys], open_sts: OpenSts, clock: Clock) -> Lease:
    """Return the keys of a role, assumed with other keys. Raises RequestError."""
    return _lease("AssumeRole", role.parameters(), open_sts(None, keys), clock)


def assume_role_of_pod(role: Role, pod: Pod, open_sts: OpenSts, clock: Clock) -> Lease:
    """Return the keys of a role, assumed with the web identity token of a Pod. Raises RequestError."""
    parameters = {"ProviderId": pod.provider, "WebIdentityToken": pod.identity, **role.parameters()}
    return _lease("AssumeRoleWithWebIdentity", parameters, open_sts(pod.region, lambda: None), clock)


def _lease(action: str, parameters: Mapping[str, Any], sts: Calls, clock: Clock) -> Lease:
    try:
        answer = sts.call(action, parameters, Deadline(clock, RETRY_BUDGET))
        return _read(action, answer)
    except RequestError as error:
        # The request that needed the keys was not sent, and the request to STS has already been retried.
        error.not_executed, error.retried = True, True
        raise


def _read(action: str, answer: Answer) -> Lease:
    given, ends = answer.fields.get("Credentials"), answer.fields.get("ExpiredTime")
    values = [str(given.get(name) or "") for name in KEYS] if isinstance(given, dict) else []
    if not values or not all(values) or not isinstance(ends, int):
        raise MalformedAnswer(
            "the response contains no temporary credentials", action=action, request_id=answer.request_id
        )
    return Lease(Keys(*values), float(ends))
