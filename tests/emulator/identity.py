# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles and temporary keys of STS, and the metadata service of an instance."""

from __future__ import annotations

import json
import random
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Optional

from .errors import ApiProblem

CREDENTIALS_PATH = "latest/meta-data/cam/security-credentials/"
ACCOUNT = "100000000001"


@dataclass
class Session:
    """Temporary keys, which expire at the Unix time C(ends)."""

    secret_id: str
    secret_key: str
    token: str
    ends: float
    arn: str


class IdentityService:
    """STS and the metadata service. C(roles) maps the ARN of each role to its external id."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now, self._random = now, random.Random(20180813)
        self.roles: dict[str, Optional[str]] = {}
        # The web identity token of each provider.
        self.identities: dict[str, str] = {}
        self.sessions: dict[str, Session] = {}
        # The role of the instance, and the lifetime of its keys in seconds.
        self.instance_role: Optional[str] = None
        self.instance_seconds = 7200.0

    def call(self, action: str, parameters: Mapping[str, Any], secret_id: str) -> dict[str, Any]:
        """Execute an action of STS, and return the members of its Response. Raises ApiProblem."""
        if action == "GetCallerIdentity":
            return self._caller_identity(secret_id)
        arn = parameters["RoleArn"]
        if action == "AssumeRoleWithWebIdentity":
            if parameters["WebIdentityToken"] != self.identities.get(parameters["ProviderId"]):
                raise ApiProblem("InvalidParameter.WebIdentityTokenError", "The web identity token is wrong.")
        elif arn in self.roles and parameters.get("ExternalId") != self.roles[arn]:
            raise ApiProblem("UnauthorizedOperation", "The external id is wrong.")
        if arn not in self.roles:
            raise ApiProblem("ResourceNotFound.RoleNotFound", f"The role {arn} does not exist.")
        if not 0 < parameters.get("DurationSeconds", 7200) <= 43200:
            raise ApiProblem("InvalidParameter.ParamError", "DurationSeconds is out of range.")
        return self._credentials_of(self._start_session(arn, parameters.get("DurationSeconds", 7200)))

    def metadata(self, path: str) -> Optional[str]:
        """Return the answer of the metadata service for a path, or None for an unknown path."""
        if self.instance_role is None or not path.startswith(CREDENTIALS_PATH):
            return None
        role = path[len(CREDENTIALS_PATH) :]
        if role == "":
            return self.instance_role
        if role != self.instance_role:
            return None
        session = self._start_session(f"qcs::cam::uin/{ACCOUNT}:roleName/{role}", self.instance_seconds)
        return json.dumps(
            {
                "TmpSecretId": session.secret_id,
                "TmpSecretKey": session.secret_key,
                "Token": session.token,
                "ExpiredTime": int(session.ends),
                "Expiration": _iso(session.ends),
                "Code": "Success",
            }
        )

    def _start_session(self, arn: str, seconds: float) -> Session:
        session = Session(
            f"AKID{self._random_text(32)}",
            self._random_text(32),
            self._random_text(64),
            float(int(self._now() + seconds)),
            arn,
        )
        self.sessions[session.secret_id] = session
        return session

    def _credentials_of(self, session: Session) -> dict[str, Any]:
        keys = {"Token": session.token, "TmpSecretId": session.secret_id, "TmpSecretKey": session.secret_key}
        return {"Credentials": keys, "ExpiredTime": int(session.ends), "Expiration": _iso(session.ends)}

    def _caller_identity(self, secret_id: str) -> dict[str, Any]:
        session = self.sessions.get(secret_id)
        arn = session.arn if session else f"qcs::cam::uin/{ACCOUNT}:uin/{ACCOUNT}"
        return {
            "Arn": arn,
            "AccountId": ACCOUNT,
            "UserId": ACCOUNT,
            "PrincipalId": ACCOUNT,
            "Type": "CAMRole" if session else "RootAccount",
        }

    def _random_text(self, length: int) -> str:
        return "".join(self._random.choices(string.ascii_letters + string.digits, k=length))


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
