# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials of the instance's role, from the metadata service."""

from __future__ import annotations

import json

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials import metadata
from emulator import Emulator
from unit.support.machine import CANARY, Machine


@pytest.mark.parametrize("role", ["a/b", "x?y", "\u00e9"])
def test_invalid_role_name_is_refused(machine: Machine, emulator: Emulator, role: str) -> None:
    emulator.identity.instance_role, machine.metadata = role, emulator.endpoint
    assert "returned no valid role name" in machine.refusal()


def test_answer_without_keys_is_refused(machine: Machine, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.metadata = emulator.endpoint
    for answer in ("no json", "[]", "{}", '{"Code": "Failed"}'):
        text = answer
        monkeypatch.setattr(emulator.identity, "metadata", lambda path, text=text: text if path[-1] != "/" else "r")
        assert "returned no valid credentials" in machine.refusal()


def test_unavailable_service_fails_only_after_keys_expire(machine: Machine, emulator: Emulator) -> None:
    emulator.identity.instance_role, machine.metadata = "instance", emulator.endpoint
    emulator.identity._now = machine.clock.monotonic
    credentials = machine.find_credentials()
    first = credentials.keys()
    emulator.identity.instance_role = None
    machine.clock.now += 7000
    assert credentials.keys() == first
    machine.clock.now += 300
    with pytest.raises(InvalidInput, match=r"no credentials from the instance role at .*: no role is bound"):
        credentials.keys()


@pytest.mark.parametrize("code", ["Failed", "Throttled"])
def test_keys_in_an_answer_without_success_are_refused(
    machine: Machine, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    machine.metadata = emulator.endpoint
    keys = {"TmpSecretId": "AKIDrole", "TmpSecretKey": CANARY, "Token": "t", "ExpiredTime": 2e9}
    answers = {"": "r"}
    monkeypatch.setattr(emulator.identity, "metadata", lambda path: answers[path.rpartition("/")[2]])
    for answer in ({**keys, "Code": code}, {**keys, "Code": "Success", "Token": ""}):
        answers["r"] = json.dumps(answer)
        assert "returned no valid credentials" in machine.refusal()
    answers["r"] = json.dumps({**keys, "Code": "Success"})
    assert machine.keys().secret_id == "AKIDrole"


@pytest.mark.parametrize(
    ("status", "reason"), [(500, "HTTP status 500"), (403, "HTTP status 403"), (404, "no role is bound")]
)
def test_status_of_the_service_is_the_reason(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, status: int, reason: str
) -> None:
    limits: list[float] = []

    def fetch(_url: str, seconds: float) -> tuple[int, str]:
        limits.append(seconds)
        return status, "<html>"

    monkeypatch.setattr(metadata, "fetch_text", fetch)
    assert f"the metadata service 127.0.0.1:9: {reason}" in machine.refusal()
    # Outside the cloud, every run without credentials waits so long for its message.
    assert limits == [2.0]
