# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where keys come from, in which order, and what is said of a place that is not as it should be."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import fetch_text
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.chain import (
    CredentialContext,
    find_credentials,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.lease import Credentials, Lease
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.stored import Profile
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.sts import Role
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.advice import advice
from emulator import Emulator

from .world import WorldClock

ENVIRONMENT = {"TENCENTCLOUD_SECRET_ID": "AKIDenv", "TENCENTCLOUD_SECRET_KEY": "env-key"}
POD = {"TKE_REGION": "ap-tokyo", "TKE_PROVIDER_ID": "cls-1", "TKE_ROLE_ARN": "qcs::cam::uin/1:roleName/pod"}
CANARY = "canary-in-a-file-Zq8"


class Sts:
    """Answers to every call with keys named after it, and remembers the calls."""

    def __init__(self, clock: WorldClock) -> None:
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
    """A machine on which keys may be in any place."""

    def __init__(self, folder: Path) -> None:
        self.home, self.system, self.clock = folder / "home", folder / "etc", WorldClock()
        self.options: dict[str, Optional[str]] = {}
        self.environment: dict[str, str] = {}
        self.role: Optional[Role] = None
        self.metadata, self.sts = "http://127.0.0.1:9", Sts(self.clock)

    def write(self, path: str, text: str, system: bool = False) -> Path:
        file = (self.system if system else self.home) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def tccli(self, profile: str = "default", **content: Any) -> Path:
        return self.write(f".tccli/{profile}.credential", json.dumps(content))

    def ini(self, text: str, system: bool = False) -> Path:
        return self.write("tencentcloud/credentials" if system else ".tencentcloud/credentials", text, system)

    def find(self, profile: str = "") -> Credentials:
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
        return self.find(profile).keys()

    def refusal(self, profile: str = "") -> str:
        with pytest.raises(InvalidInput) as refused:
            self.keys(profile)
        assert CANARY not in str(refused.value)
        return str(refused.value)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_first_place_that_has_keys_counts(machine: Machine, emulator: Emulator, tmp_path: Path) -> None:
    machine.options = {"secret_id": "AKIDoptions", "secret_key": "k"}
    machine.environment = {**ENVIRONMENT, **POD, "TKE_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    (tmp_path / "token").write_text("web-identity\n", encoding="ascii")
    tccli = machine.tccli(secretId="AKIDtccli", secretKey="k")
    ini = machine.ini("[default]\nsecret_id = AKIDini\nsecret_key = k\n")
    system = machine.ini("[default]\nsecret_id = AKIDsystem\nsecret_key = k\n", system=True)
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
    def test_options_keep_to_themselves(self, machine: Machine) -> None:
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
    def test_the_first_token_variable_that_is_set_counts(
        self, machine: Machine, variables: Any, token: Optional[str]
    ) -> None:
        machine.environment = {**ENVIRONMENT, **variables}
        assert machine.keys().token == token

    @pytest.mark.parametrize("stray", [f"{CANARY} ", f" {CANARY}", f"{CANARY}\nq8", f"{CANARY}\u00e9", f"{CANARY}\x00"])
    def test_stray_characters_are_said_without_the_key(self, machine: Machine, stray: str) -> None:
        machine.environment = {**ENVIRONMENT, "TENCENTCLOUD_SECRET_KEY": stray}
        assert "the secret key in the environment variables" in machine.refusal()

    def test_half_a_pair_is_never_skipped(self, machine: Machine) -> None:
        machine.options, machine.environment = {"secret_id": "AKIDopt"}, ENVIRONMENT
        assert "the secret key is missing" in machine.refusal()

    def test_the_option_profile_outranks_the_environment(self, machine: Machine) -> None:
        machine.environment = ENVIRONMENT
        machine.tccli("prod", secretId="AKIDprod", secretKey="k")
        assert machine.keys("prod").secret_id == "AKIDenv"
        machine.options = {"profile": "prod"}
        assert machine.keys().secret_id == "AKIDprod"
        machine.options = {"profile": "unknown"}
        assert "profile 'unknown' is unknown" in machine.refusal()
        assert str(machine.home / ".tccli/unknown.credential") in machine.refusal()


@pytest.mark.parametrize(("forbidden", "system"), [(".tccli", False), (".tencentcloud", True)])
def test_a_folder_that_is_not_this_users_holds_no_login_of_theirs(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, forbidden: str, system: bool
) -> None:
    machine.ini("[default]\nsecret_id = AKIDini\nsecret_key = k\n", system=system)
    stat = os.stat

    def refused(path: Any, **arguments: Any) -> Any:
        if forbidden in Path(path).parts:
            raise PermissionError(13, "Permission denied")
        return stat(path, **arguments)

    monkeypatch.setattr(os, "stat", refused)
    assert machine.keys() == Keys("AKIDini", "k")


class TestTccli:
    def test_a_token_goes_along(self, machine: Machine) -> None:
        machine.tccli(secretId="AKIDt", secretKey="k", token="t")
        assert machine.keys() == Keys("AKIDt", "k", "t")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (f'{{"secretId": "{CANARY}"', "is no JSON object"),
            (f'["{CANARY}"]', "is no JSON object"),
            (f'{{"secretId": "{CANARY}"}}', "the secret key is missing"),
            (f'{{"secretKey": "{CANARY}"}}', "the secret id is missing"),
            (f'{{"secretId": "AKID", "secretKey": " {CANARY}"}}', "contains a blank"),
            (
                f'{{"secretId": "A", "secretKey": "{CANARY}", "type": "sso", "expiresAt": "x"}}',
                "expiresAt is no Unix time",
            ),
        ],
    )
    def test_a_broken_file_is_named(self, machine: Machine, text: str, words: str) -> None:
        path = machine.write(".tccli/default.credential", text)
        refusal = machine.refusal()
        assert str(path) in refusal
        assert words in refusal

    def test_a_file_that_cannot_be_read_is_named(self, machine: Machine) -> None:
        machine.tccli("x", secretId="A", secretKey="k").unlink()
        (machine.home / ".tccli/default.credential").mkdir()
        assert "default.credential cannot be read: Is a directory" in machine.refusal()
        machine.write(".tccli/latin.credential", "").write_bytes(b"\xff\xfe\x00")
        assert "is no text in UTF-8" in machine.refusal("latin")

    @pytest.mark.parametrize(("kind", "command"), [("oauth", "tccli auth login"), ("sso", "tccli sso login")])
    def test_expired_keys_are_renewed_by_their_tool(self, machine: Machine, kind: str, command: str) -> None:
        now = machine.clock.unix()
        machine.tccli(secretId="A", secretKey="k", token="t", type=kind, expiresAt=now - 7)
        refusal = machine.refusal()
        assert "have expired 7 s ago" in refusal
        assert f"`{command} --profile default`" in refusal
        machine.tccli(secretId="A", secretKey="k", token="t", type=kind, expiresAt=now + 3600)
        credentials = machine.find()
        assert credentials.keys().token == "t"
        # tccli renews them in time; the file is read anew before they end.
        machine.tccli(secretId="A", secretKey="k", token="t2", type=kind, expiresAt=now + 7200)
        machine.clock.now += 3400
        assert credentials.keys().token == "t2"

    def test_a_login_without_keys_says_how_to_log_in(self, machine: Machine) -> None:
        machine.tccli(type="oauth", expiresAt=machine.clock.unix() + 9)
        assert "holds no keys. Log in again with `tccli auth login --profile default`" in machine.refusal()
        machine.tccli()
        assert "default.credential: it holds no keys" in machine.refusal()

    def test_the_role_of_an_instance(self, machine: Machine, emulator: Emulator) -> None:
        path = machine.tccli(type="cvm-role")
        assert f"{path} is of type cvm-role, but no keys come from the instance's role" in machine.refusal()
        emulator.identity.instance_role, machine.metadata = "instance", emulator.endpoint
        assert machine.keys().secret_id in emulator.identity.sessions

    def test_a_role_in_the_file_is_assumed(self, machine: Machine) -> None:
        role = {"role-arn": "qcs::cam::uin/1:roleName/file", "role-session-name": "from-file"}
        machine.tccli(secretId="AKIDt", secretKey="k", **role)
        credentials = machine.find()
        assert machine.sts.calls == []
        assert credentials.keys().secret_id == "AKIDof1"
        ((action, parameters, signed, region),) = machine.sts.calls
        assert (action, signed, region) == ("AssumeRole", "AKIDt", None)
        assert (parameters["RoleArn"], parameters["RoleSessionName"]) == tuple(role.values())
        # Half of it is no role to tccli, either.
        machine.tccli("half", secretId="AKIDhalf", secretKey="k", **{"role-arn": role["role-arn"]})
        assert machine.keys("half").secret_id == "AKIDhalf"
        # The role of the options takes its place.
        machine.role = Role("qcs::cam::uin/1:roleName/option", "session", 900)
        machine.keys()
        assert [call[1]["RoleArn"] for call in machine.sts.calls[1:]] == ["qcs::cam::uin/1:roleName/option"]

    @pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "a\\b", "a\nb", ""])
    def test_a_profile_is_a_name_and_no_path(self, machine: Machine, name: str) -> None:
        with pytest.raises(InvalidInput, match="is no profile's name"):
            Profile(name, True, machine.home, machine.system).check()


class TestIni:
    TEXT = "[default]\nsecret_id = AKIDini\nsecret_key = k%k\n[prod]\nsecret_id=AKIDprod\nsecret_key=p\ntoken=t\n"

    def test_any_section(self, machine: Machine) -> None:
        machine.ini(self.TEXT)
        assert machine.keys() == Keys("AKIDini", "k%k")
        assert machine.keys("prod") == Keys("AKIDprod", "p", "t")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (f"secret_id = {CANARY}\n", "cannot be read as an INI file"),
            (f"[default]\nsecret_id = {CANARY}\nsecret_id = {CANARY}\n", "cannot be read as an INI file"),
            (f"[other]\nsecret_id = {CANARY}\n", "has no section [default]"),
            (f"[default]\nsecret_id = {CANARY}\n", "the secret key is missing"),
            ("[default]\nrole_arn = r\n", "section [default] holds no keys"),
        ],
    )
    def test_a_broken_file_is_named(self, machine: Machine, text: str, words: str) -> None:
        path = machine.ini(text)
        refusal = machine.refusal()
        assert str(path) in refusal
        assert words in refusal


class TestPod:
    def test_the_token_is_read_anew_for_every_renewal(self, machine: Machine, tmp_path: Path) -> None:
        token = tmp_path / "token"
        token.write_text("first\n", encoding="ascii")
        machine.environment = {**POD, "TKE_WEB_IDENTITY_TOKEN_FILE": str(token)}
        credentials = machine.find()
        credentials.keys()
        token.write_text("second\n", encoding="ascii")
        machine.clock.now += 7000
        credentials.keys()
        assert [call[1]["WebIdentityToken"] for call in machine.sts.calls] == ["first", "second"]
        assert {call[2:] for call in machine.sts.calls} == {(None, "ap-tokyo")}
        assert {"first", "second", "sts-key", "sts-token"} <= set(credentials.secrets)

    def test_a_token_that_is_not_there_is_named(self, machine: Machine, tmp_path: Path) -> None:
        machine.environment = {**POD, "TKE_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "none")}
        assert f"{tmp_path / 'none'} cannot be read: No such file" in machine.refusal()
        for text in (b"", b"two words", b"\xff"):
            (tmp_path / "none").write_bytes(text)
            assert "holds no token" in machine.refusal()

    def test_what_is_missing_is_said(self, machine: Machine) -> None:
        machine.environment = dict(POD)
        assert "TKE_WEB_IDENTITY_TOKEN_FILE not set" in machine.refusal()


class TestInstance:
    @pytest.mark.parametrize("role", ["a/b", "x?y", "\u00e9"])
    def test_an_odd_role_is_refused(self, machine: Machine, emulator: Emulator, role: str) -> None:
        emulator.identity.instance_role, machine.metadata = role, emulator.endpoint
        assert "names no role" in machine.refusal()

    def test_an_answer_without_keys_is_refused(
        self, machine: Machine, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        machine.metadata = emulator.endpoint
        for answer in ("no json", "[]", "{}", '{"Code": "Failed"}'):
            text = answer
            monkeypatch.setattr(emulator.identity, "metadata", lambda path, text=text: text if path[-1] != "/" else "r")
            assert "answers without keys" in machine.refusal()

    def test_one_that_falls_silent_ends_a_login_only_when_its_keys_end(
        self, machine: Machine, emulator: Emulator
    ) -> None:
        emulator.identity.instance_role, machine.metadata = "instance", emulator.endpoint
        emulator.identity._now = machine.clock.monotonic
        credentials = machine.find()
        first = credentials.keys()
        emulator.identity.instance_role = None
        machine.clock.now += 7000
        assert credentials.keys() == first
        machine.clock.now += 300
        with pytest.raises(InvalidInput, match=r"no keys come from the instance's role, .*: no role is bound"):
            credentials.keys()

    def test_it_is_asked_directly_and_not_for_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}/"
            with pytest.raises(errors.ConnectionFailed):
                fetch_text(url, 0.3)
            connection = server.accept()[0]
            assert connection.recv(4096).startswith(b"GET / HTTP/1.1")
            connection.close()


class TestRenewal:
    def test_keys_are_renewed_well_before_they_end(self) -> None:
        clock, fetched = WorldClock(), []

        def fetch() -> Lease:
            fetched.append(clock.unix())
            return Lease(Keys(f"AKID{len(fetched)}", f"key-{len(fetched)}"), clock.unix() + 1800)

        credentials = Credentials(fetch, clock)
        assert fetched == []
        assert credentials.keys().secret_id == credentials.keys().secret_id == "AKID1"
        clock.now += 1499
        assert credentials.keys().secret_id == "AKID1"
        clock.now += 2
        assert credentials.keys().secret_id == "AKID2"
        assert credentials.secrets == ["key-1", "key-2"]

    def test_the_old_ones_do_while_they_live(self) -> None:
        clock = WorldClock()
        answers = [Lease(Keys("AKID1", "k"), clock.unix() + 1000)]

        def fetch() -> Lease:
            if not answers:
                raise errors.NoAnswer("down", action="AssumeRole")
            return answers.pop()

        credentials = Credentials(fetch, clock)
        credentials.keys()
        clock.now += 900
        assert credentials.keys().secret_id == "AKID1"
        clock.now += 101
        with pytest.raises(errors.NoAnswer):
            credentials.keys()

    def test_a_role_that_cannot_be_assumed_leaves_nothing_in_doubt(self, machine: Machine) -> None:
        machine.environment, machine.role = ENVIRONMENT, Role("qcs::cam::uin/1:roleName/r", "session", 900)
        refusals = [errors.NoAnswer("down", action="AssumeRole"), errors.NotAuthorized("no", action="AssumeRole")]
        for refusal in refusals:

            def refused(*_args: Any, refusal: Any = refusal, **_kwargs: Any) -> Answer:
                raise refusal

            machine.sts.call = refused  # type: ignore[method-assign]
            with pytest.raises(errors.RequestError) as raised:
                machine.keys()
            assert (raised.value.not_executed, raised.value.retryable) == (True, False)
        assert "allow sts:AssumeRole on resource *" in advice(refusals[1])

    def test_an_answer_without_keys_is_no_lease(self, machine: Machine) -> None:
        machine.environment, machine.role = ENVIRONMENT, Role("qcs::cam::uin/1:roleName/r", "session", 900)
        for fields in ({}, {"Credentials": {"TmpSecretId": "a"}, "ExpiredTime": 1}, {"Credentials": 1}):
            machine.sts.call = lambda *_a, fields=fields, **_k: Answer(fields, "r")  # type: ignore[method-assign]
            with pytest.raises(errors.MalformedAnswer, match="no temporary keys"):
                machine.keys()
