# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials of the instance's role, from the metadata service."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from emulator import Emulator
from unit.support.machine import Machine


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
