# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine for unit tests on which each source of credentials can be set up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.chain import (
    CredentialContext,
    find_credentials,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.lease import Credentials
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.stored import Profile
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.sts import Role
from unit.support.world import VirtualClock

ENVIRONMENT = {"TENCENTCLOUD_SECRET_ID": "AKIDenv", "TENCENTCLOUD_SECRET_KEY": "env-key"}
POD = {"TKE_REGION": "ap-tokyo", "TKE_PROVIDER_ID": "cls-1", "TKE_ROLE_ARN": "qcs::cam::uin/1:roleName/pod"}
# A secret that no message may show.
CANARY = "canary-in-a-file-Zq8"


class FakeSts:
    """Answers each call with keys whose ID has the number of the call, and records the calls."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock, self.calls = clock, []  # type: ignore[var-annotated]

    def open(self, region: Optional[str], keys: Callable[[], Optional[Keys]]) -> Any:
        self.region, self.keys = region, keys
        return self

    def call(self, action: str, parameters: Any, deadline: Any, *, writes: bool = False) -> Answer:
        signed = self.keys()
        self.calls.append((action, parameters, signed and signed.secret_id, self.region))
        given = {"TmpSecretId": f"AKIDof{len(self.calls)}", "TmpSecretKey": "sts-key", "Token": "sts-token"}
        ends = self.clock.unix() + parameters["DurationSeconds"]
        return Answer({"Credentials": given, "ExpiredTime": ends}, "r")


class Machine:
    """A machine with a home, options and variables, an STS and a metadata service."""

    def __init__(self, folder: Path) -> None:
        self.home, self.system, self.clock = folder / "home", folder / "etc", VirtualClock()
        self.options: dict[str, Optional[str]] = {}
        self.environment: dict[str, str] = {}
        self.role: Optional[Role] = None
        self.metadata, self.sts = "http://127.0.0.1:9", FakeSts(self.clock)

    def write_file(self, path: str, text: str, system: bool = False) -> Path:
        """Write a file below the home folder, or below the system's folder."""
        file = (self.system if system else self.home) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def write_tccli(self, profile: str = "default", **content: Any) -> Path:
        """Write the credential file of a profile of tccli."""
        return self.write_file(f".tccli/{profile}.credential", json.dumps(content))

    def write_ini(self, text: str, system: bool = False) -> Path:
        """Write the INI file of the vendor's SDK."""
        return self.write_file("tencentcloud/credentials" if system else ".tencentcloud/credentials", text, system)

    def find_credentials(self, profile: str = "") -> Credentials:
        """Return the credentials that a run on this machine finds."""
        named = profile or self.options.get("profile") or ""
        return find_credentials(
            CredentialContext(
                self.options,
                self.environment,
                Profile(named or "default", bool(named), self.home, self.system),
                self.role,
                Endpoint.parse(self.metadata, plain=True),
                self.sts.open,
                self.clock,
            )
        )

    def keys(self, profile: str = "") -> Keys:
        """Return the keys of these credentials."""
        return self.find_credentials(profile).keys()

    def refusal(self, profile: str = "") -> str:
        """Return the message with which a run on this machine refuses its credentials."""
        with pytest.raises(InvalidInput) as refused:
            self.keys(profile)
        assert CANARY not in str(refused.value)
        return str(refused.value)
