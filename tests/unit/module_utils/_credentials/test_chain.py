# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of the sources of credentials, and options, environment and Pod as sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import pytest
from emulator import Emulator
from unit.support.machine import CANARY, ENVIRONMENT, POD, Machine


def test_first_source_with_credentials_is_used(machine: Machine, emulator: Emulator, tmp_path: Path) -> None:
    machine.options = {"secret_id": "AKIDoptions", "secret_key": "k"}
    machine.environment = {**ENVIRONMENT, **POD, "TKE_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    (tmp_path / "token").write_text("web-identity\n", encoding="ascii")
    tccli = machine.write_tccli(secretId="AKIDtccli", secretKey="k")
    ini = machine.write_ini("[default]\nsecret_id = AKIDini\nsecret_key = k\n")
    system = machine.write_ini("[default]\nsecret_id = AKIDsystem\nsecret_key = k\n", system=True)
    emulator.identity.instance_role, machine.metadata = "instance", emulator.endpoint

    assert machine.keys().secret_id == "AKIDoptions"
    machine.options = {}
    assert machine.keys().secret_id == "AKIDenv"
    for name in ENVIRONMENT:
        del machine.environment[name]
    assert machine.keys().secret_id == "AKIDtccli"
    tccli.unlink()
    assert machine.keys().secret_id == "AKIDini"
    ini.unlink()
    assert machine.keys().secret_id == "AKIDsystem"
    system.unlink()
    assert emulator.metadata_paths == []
    assert machine.keys().secret_id == "AKIDof1"
    assert machine.sts.calls[0][0] == "AssumeRoleWithWebIdentity"
    machine.environment.clear()
    assert machine.keys().secret_id in emulator.identity.sessions
    assert len(emulator.metadata_paths) == 2
    emulator.identity.instance_role = None
    assert "no role is bound to this instance" in machine.refusal()


class TestOptionsAndEnvironment:
    def test_options_ignore_token_of_environment(self, machine: Machine) -> None:
        machine.options = {"secret_id": "AKIDopt", "secret_key": "opt-key", "token": None}
        machine.environment = {**ENVIRONMENT, "TENCENTCLOUD_TOKEN": "env-token"}
        keys = machine.keys()
        assert (keys.secret_id, keys.secret_key, keys.token) == ("AKIDopt", "opt-key", None)

    @pytest.mark.parametrize(
        ("variables", "token"),
        [
            ({}, None),
            ({"TENCENTCLOUD_SESSION_TOKEN": "c"}, "c"),
            ({"TENCENTCLOUD_SESSION_TOKEN": "c", "TENCENTCLOUD_SECURITY_TOKEN": "b"}, "b"),
            ({"TENCENTCLOUD_SECURITY_TOKEN": "b", "TENCENTCLOUD_TOKEN": "a"}, "a"),
            ({"TENCENTCLOUD_SECURITY_TOKEN": "b", "TENCENTCLOUD_TOKEN": ""}, "b"),
        ],
    )
    def test_first_token_variable_that_is_set_is_used(
        self, machine: Machine, variables: Any, token: Optional[str]
    ) -> None:
        machine.environment = {**ENVIRONMENT, **variables}
        assert machine.keys().token == token

    @pytest.mark.parametrize(
        "invalid", [f"{CANARY} ", f" {CANARY}", f"{CANARY}\nq8", f"{CANARY}\u00e9", f"{CANARY}\x00"]
    )
    def test_invalid_character_in_secret_key_is_reported_without_the_key(self, machine: Machine, invalid: str) -> None:
        machine.environment = {**ENVIRONMENT, "TENCENTCLOUD_SECRET_KEY": invalid}
        assert "Invalid secret key in the environment variables" in machine.refusal()

    def test_incomplete_key_pair_is_refused(self, machine: Machine) -> None:
        machine.options, machine.environment = {"secret_id": "AKIDopt"}, ENVIRONMENT
        assert "the secret key is missing" in machine.refusal()

    def test_profile_option_takes_precedence_over_environment(self, machine: Machine) -> None:
        machine.environment = ENVIRONMENT
        machine.write_tccli("prod", secretId="AKIDprod", secretKey="k")
        assert machine.keys("prod").secret_id == "AKIDenv"
        machine.options = {"profile": "prod"}
        assert machine.keys().secret_id == "AKIDprod"
        machine.options = {"profile": "unknown"}
        assert "Profile 'unknown' was not found" in machine.refusal()
        assert str(machine.home / ".tccli/unknown.credential") in machine.refusal()
        # Only the sources of a profile count.
        tried = machine.refusal().splitlines()[1:]
        assert [line.partition(" in ")[0] for line in tried] == ["- the credentials of tccli", "- section [unknown]"]


class TestPod:
    def test_token_file_is_read_at_each_renewal(self, machine: Machine, tmp_path: Path) -> None:
        token = tmp_path / "token"
        token.write_text("first\n", encoding="ascii")
        machine.environment = {**POD, "TKE_WEB_IDENTITY_TOKEN_FILE": str(token)}
        credentials = machine.find_credentials()
        credentials.keys()
        token.write_text("second\n", encoding="ascii")
        machine.clock.now += 7000
        credentials.keys()
        assert [call[1]["WebIdentityToken"] for call in machine.sts.calls] == ["first", "second"]
        assert {call[2:] for call in machine.sts.calls} == {(None, "ap-tokyo")}
        assert {"first", "second", "sts-key", "sts-token"} <= set(credentials.secrets)

    def test_missing_or_invalid_token_file_is_named(self, machine: Machine, tmp_path: Path) -> None:
        machine.environment = {**POD, "TKE_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "none")}
        assert f"{tmp_path / 'none'} cannot be read: No such file" in machine.refusal()
        for text in (b"", b"two words", b"\xff"):
            (tmp_path / "none").write_bytes(text)
            assert "contains no valid token" in machine.refusal()

    def test_missing_variable_is_named(self, machine: Machine) -> None:
        machine.environment = dict(POD)
        assert "TKE_WEB_IDENTITY_TOKEN_FILE not set" in machine.refusal()
