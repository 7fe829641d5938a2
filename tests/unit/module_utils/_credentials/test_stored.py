# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials in files: the profiles of tccli and the INI files of the vendor's SDK."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.stored import Profile
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.sts import Role
from emulator import Emulator
from unit.support.machine import CANARY, Machine


@pytest.mark.parametrize(("forbidden", "system"), [(".tccli", False), (".tencentcloud", True)])
def test_folder_without_permission_is_skipped(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, forbidden: str, system: bool
) -> None:
    machine.write_ini("[default]\nsecret_id = AKIDini\nsecret_key = k\n", system=system)
    stat = os.stat

    def refused(path: Any, **arguments: Any) -> Any:
        if forbidden in Path(path).parts:
            raise PermissionError(13, "Permission denied")
        return stat(path, **arguments)

    monkeypatch.setattr(os, "stat", refused)
    assert machine.keys() == Keys("AKIDini", "k")


class TestTccliProfile:
    def test_token_is_read(self, machine: Machine) -> None:
        machine.write_tccli(secretId="AKIDt", secretKey="k", token="t")
        assert machine.keys() == Keys("AKIDt", "k", "t")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (f'{{"secretId": "{CANARY}"', "is not a JSON object"),
            (f'["{CANARY}"]', "is not a JSON object"),
            (f'{{"secretId": "{CANARY}"}}', "the secret key is missing"),
            (f'{{"secretKey": "{CANARY}"}}', "the secret ID is missing"),
            (f'{{"secretId": "AKID", "secretKey": " {CANARY}"}}', "contains a space"),
            (
                f'{{"secretId": "A", "secretKey": "{CANARY}", "type": "sso", "expiresAt": "x"}}',
                "expiresAt is not a Unix time",
            ),
        ],
    )
    def test_invalid_file_is_named(self, machine: Machine, text: str, words: str) -> None:
        path = machine.write_file(".tccli/default.credential", text)
        refusal = machine.refusal()
        assert str(path) in refusal
        assert words in refusal

    def test_unreadable_file_is_named(self, machine: Machine) -> None:
        machine.write_tccli("x", secretId="A", secretKey="k").unlink()
        (machine.home / ".tccli/default.credential").mkdir()
        assert "default.credential cannot be read: Is a directory" in machine.refusal()
        machine.write_file(".tccli/latin.credential", "").write_bytes(b"\xff\xfe\x00")
        assert "is not valid UTF-8" in machine.refusal("latin")

    @pytest.mark.parametrize(("kind", "command"), [("oauth", "tccli auth login"), ("sso", "tccli sso login")])
    def test_expired_credentials_name_their_renewal_command(self, machine: Machine, kind: str, command: str) -> None:
        now = machine.clock.unix()
        machine.write_tccli(secretId="A", secretKey="k", token="t", type=kind, expiresAt=now - 7)
        refusal = machine.refusal()
        assert "expired 7 s ago" in refusal
        assert f"`{command} --profile default`" in refusal
        machine.write_tccli(secretId="A", secretKey="k", token="t", type=kind, expiresAt=now + 3600)
        credentials = machine.find_credentials()
        assert credentials.keys().token == "t"
        # tccli renews them in time; the file is read again before they expire.
        machine.write_tccli(secretId="A", secretKey="k", token="t2", type=kind, expiresAt=now + 7200)
        machine.clock.now += 3400
        assert credentials.keys().token == "t2"

    def test_file_without_keys_names_login_command(self, machine: Machine) -> None:
        machine.write_tccli(type="oauth", expiresAt=machine.clock.unix() + 9)
        assert "contains no credentials. Log in again with `tccli auth login --profile default`" in machine.refusal()
        machine.write_tccli()
        assert "default.credential: the file contains no credentials" in machine.refusal()

    def test_cvm_role_file_uses_role_of_instance(self, machine: Machine, emulator: Emulator) -> None:
        path = machine.write_tccli(type="cvm-role")
        assert f"{path} has the type cvm-role, but there are no credentials from the instance role" in machine.refusal()
        emulator.identity.instance_role, machine.metadata = "instance", emulator.endpoint
        assert machine.keys().secret_id in emulator.identity.sessions

    def test_role_in_file_is_assumed(self, machine: Machine) -> None:
        role = {"role-arn": "qcs::cam::uin/1:roleName/file", "role-session-name": "from-file"}
        machine.write_tccli(secretId="AKIDt", secretKey="k", **role)
        credentials = machine.find_credentials()
        assert machine.sts.calls == []
        assert credentials.keys().secret_id == "AKIDof1"
        ((action, parameters, signed, region),) = machine.sts.calls
        assert (action, signed, region) == ("AssumeRole", "AKIDt", None)
        assert (parameters["RoleArn"], parameters["RoleSessionName"]) == tuple(role.values())
        # tccli, too, needs both keys of a role.
        machine.write_tccli("half", secretId="AKIDhalf", secretKey="k", **{"role-arn": role["role-arn"]})
        assert machine.keys("half").secret_id == "AKIDhalf"
        # The role of the options takes precedence.
        machine.role = Role("qcs::cam::uin/1:roleName/option", "session", 900)
        machine.keys()
        assert [call[1]["RoleArn"] for call in machine.sts.calls[1:]] == ["qcs::cam::uin/1:roleName/option"]

    @pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "a\\b", "a\nb", ""])
    def test_profile_name_that_is_a_path_is_refused(self, machine: Machine, name: str) -> None:
        with pytest.raises(InvalidInput, match="Invalid profile: expected the name of a profile"):
            Profile(name, True, machine.home, machine.system).check()


class TestIniFile:
    TEXT = "[default]\nsecret_id = AKIDini\nsecret_key = k%k\n[prod]\nsecret_id=AKIDprod\nsecret_key=p\ntoken=t\n"

    def test_section_of_profile_is_read(self, machine: Machine) -> None:
        machine.write_ini(self.TEXT)
        assert machine.keys() == Keys("AKIDini", "k%k")
        assert machine.keys("prod") == Keys("AKIDprod", "p", "t")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (f"secret_id = {CANARY}\n", "is not a valid INI file"),
            (f"[default]\nsecret_id = {CANARY}\nsecret_id = {CANARY}\n", "is not a valid INI file"),
            (f"[other]\nsecret_id = {CANARY}\n", "has no section [default]"),
            (f"[default]\nsecret_id = {CANARY}\n", "the secret key is missing"),
            ("[default]\nrole_arn = r\n", "section [default] contains no credentials"),
        ],
    )
    def test_invalid_file_is_named(self, machine: Machine, text: str, words: str) -> None:
        path = machine.write_ini(text)
        refusal = machine.refusal()
        assert str(path) in refusal
        assert words in refusal


def test_longest_profile_name_is_accepted(machine: Machine) -> None:
    Profile("x" * 200, True, machine.home, machine.system).check()
    with pytest.raises(InvalidInput):
        Profile("x" * 201, True, machine.home, machine.system).check()
