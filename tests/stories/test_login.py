# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The login that is there is used: each kind of it, by the vendor's own tools and by the collection alike."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
import trustme
import yaml
from emulator import Emulator, Fault
from emulator.vendor import secret_id_of

from .controller import MODULE, ROOT, Controller
from .processes import ModuleProcesses

ROLE = "qcs::cam::uin/100000000001:roleName/deploy"
LISTING = {"name": "web", "state": "absent"}
# What the vendor's code cannot be told by an option: whom to trust, and where the metadata service and STS are.
VENDOR = """
import sys, certifi
ca, host, port = sys.argv[1:4]
del sys.argv[1:4]
certifi.where = lambda: ca
from tencentcloud.common import credential
credential.CVMRoleCredential._role_endpoint = f"http://{host}:{port}/latest/meta-data/cam/security-credentials/"
credential.OIDCRoleArnCredential._endpoint = "localhost:" + sys.argv.pop(1)
"""
TCCLI = VENDOR + "from tccli.main import main; main()"
PROVIDER = VENDOR + "print(credential.DefaultCredentialProvider().get_credential().secret_id)"


class Machine:
    """A machine without keys, from which an encrypted emulator and an instance's metadata service are reached."""

    def __init__(self, emulator: Emulator, metadata: Emulator, folder: Path) -> None:
        self.emulator, self.metadata, self.folder = emulator, metadata, folder
        # Both see the same keys.
        emulator.identity = metadata.identity
        self.controller = Controller(emulator, folder)
        self.environment = self.controller.environment
        for name in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_REGION"):
            del self.environment[name]
        self.environment["TENCENTCLOUD_CA_PATH"] = str(folder / "ca.pem")
        self.environment["TENCENTCLOUD_STS_ENDPOINT"] = emulator.endpoint
        self.environment["TENCENTCLOUD_METADATA_ENDPOINT"] = metadata.endpoint

    def store(self, credential: dict[str, Any], profile: str = "default", region: str = "ap-seoul") -> None:
        """Store a login as tccli does."""
        folder = self.folder / ".tccli"
        folder.mkdir(exist_ok=True)
        endpoint = f"localhost:{self.emulator.port}"
        configuration = {
            "_sys_param": {"region": region, "output": "json", "language": "en-US"},
            "tke": {"endpoint": endpoint, "version": "2018-05-25"},
            "sts": {"endpoint": endpoint, "version": "2018-08-13"},
        }
        (folder / f"{profile}.credential").write_text(json.dumps(credential), encoding="utf-8")
        (folder / f"{profile}.configure").write_text(json.dumps(configuration), encoding="utf-8")

    def vendor(self, script: str, *arguments: str) -> str:
        """Run the vendor's code, and return what it prints."""
        places = [str(self.folder / "ca.pem"), "127.0.0.1", str(self.metadata.port), str(self.emulator.port)]
        process = subprocess.run(
            [sys.executable, "-c", script, *places, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout

    def listing(self) -> tuple[Optional[str], str, str]:
        """Return who asked for the last listing, by the keys' id or the role behind them; the token; the region."""
        request = next(r for r in reversed(self.emulator.received) if r.action == "DescribeImageCaches")
        assert request.code is None
        secret_id = secret_id_of(request.headers)
        session = self.emulator.identity.sessions.get(secret_id)
        who = session.arn if session else secret_id
        return who, "" if session else request.headers.get("X-TC-Token", ""), request.region


@pytest.fixture
def machine(emulator: Emulator, tmp_path: Path) -> Iterator[Machine]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    encrypted = Emulator(ssl_context=context).start()
    yield Machine(encrypted, emulator, tmp_path)
    encrypted.stop()


@pytest.fixture
def processes_there(machine: Machine) -> Iterator[ModuleProcesses]:
    processes = ModuleProcesses(machine.emulator, machine.environment)
    yield processes
    processes.stop()


def kinds() -> dict[str, dict[str, Any]]:
    """Return a stored login of each kind that tccli writes."""
    soon = int(time.time()) + 7200
    temporary = {"secretId": "AKIDtemporary", "secretKey": "temporarySecretKey", "token": "temporary-token"}
    permanent = {"secretId": "AKIDstored", "secretKey": "storedSecretKey"}
    oauth = {"openId": "o", "accessToken": "a", "expiresAt": soon, "refreshToken": "r", "site": "cn"}
    sso = {"token": "s", "uin": "1", "roleConfigurationId": "c", "zoneId": "z", "site": "cn", "expiresAt": soon}
    return {
        "permanent keys": permanent,
        "temporary keys": temporary,
        "a role": {**permanent, "role-arn": ROLE, "role-session-name": "stored"},
        "an instance's role": {"type": "cvm-role"},
        "oauth": {**temporary, "type": "oauth", "expiresAt": soon, "oauth": oauth},
        "sso": {**temporary, "type": "sso", "expiresAt": soon, "sso": {**sso, "roleConfigurationName": "n"}},
    }


@pytest.mark.parametrize("kind", kinds())
def test_tccli_and_the_collection_read_the_same_file_alike(
    machine: Machine, processes_there: ModuleProcesses, kind: str
) -> None:
    machine.emulator.keys["AKIDstored"] = ("storedSecretKey", None)
    machine.emulator.keys["AKIDtemporary"] = ("temporarySecretKey", "temporary-token")
    machine.emulator.identity.roles[ROLE] = None
    machine.emulator.identity.instance_role = "instance"
    machine.store(kinds()[kind])
    machine.vendor(TCCLI, "tke", "DescribeImageCaches")
    theirs = machine.listing()
    machine.emulator.received.clear()
    result = processes_there.task(**LISTING).result
    assert result["failed"] is False, result["msg"]
    assert machine.listing() == theirs
    assert theirs[2] == "ap-seoul"


def test_the_sdks_default_provider_finds_what_the_collection_finds(
    machine: Machine, processes_there: ModuleProcesses
) -> None:
    identity = machine.emulator.identity
    machine.emulator.keys["AKIDini"] = ("iniSecretKey", None)
    folder = machine.folder / ".tencentcloud"
    folder.mkdir()
    (folder / "credentials").write_text("[default]\nsecret_id=AKIDini\nsecret_key=iniSecretKey\n", encoding="utf-8")
    assert machine.vendor(PROVIDER).strip() == "AKIDini"
    assert processes_there.task(**LISTING, region="ap-tokyo").result["failed"] is False
    assert machine.listing() == ("AKIDini", "", "ap-tokyo")
    (folder / "credentials").unlink()

    identity.instance_role = "instance"
    assert machine.vendor(PROVIDER).strip() in identity.sessions
    assert processes_there.task(**LISTING, region="ap-tokyo").result["failed"] is False
    assert machine.listing()[0] == "qcs::cam::uin/100000000001:roleName/instance"
    identity.instance_role = None


def test_a_pod_is_who_it_is(machine: Machine) -> None:
    machine.emulator.identity.roles[ROLE] = None
    machine.emulator.identity.identities["cls-1"] = "web-identity-canary"
    (machine.folder / "token").write_text("web-identity-canary", encoding="ascii")
    machine.environment.update(
        TKE_REGION="ap-tokyo",
        TKE_PROVIDER_ID="cls-1",
        TKE_WEB_IDENTITY_TOKEN_FILE=str(machine.folder / "token"),
        TKE_ROLE_ARN=ROLE,
    )
    assert machine.vendor(PROVIDER).strip() in machine.emulator.identity.sessions
    machine.emulator.received.clear()
    run = machine.controller.task("-vvvv", **LISTING, region="ap-guangzhou")
    assert run.status == 0, run.output
    assumed, listing = machine.emulator.received
    assert (assumed.action, assumed.region) == ("AssumeRoleWithWebIdentity", "ap-tokyo")
    assert assumed.headers["Authorization"] == "SKIP"
    assert (listing.action, listing.region) == ("DescribeImageCaches", "ap-guangzhou")
    assert machine.listing()[0] == ROLE
    session = machine.emulator.identity.sessions[secret_id_of(listing.headers)]
    for secret in ("web-identity-canary", session.secret_key, session.token):
        assert secret not in run.output + str(run.results)


def test_a_set_in_several_regions_logs_in_once(machine: Machine, processes_there: ModuleProcesses) -> None:
    machine.emulator.identity.roles[ROLE] = None
    machine.emulator.identity.instance_role = "instance"
    machine.store({"type": "cvm-role"}, region="ap-seoul")
    entries = [LISTING, {**LISTING, "region": "ap-tokyo"}, {**LISTING, "region": "ap-mumbai"}]
    run = processes_there.set(image_caches=entries, role_arn=ROLE)
    assert run.status == 0, run.output
    assert len(machine.metadata.metadata_paths) == 2
    assert machine.emulator.calls().count("AssumeRole") == 1
    regions = {request.region for request in machine.emulator.received if request.action == "DescribeImageCaches"}
    assert regions == {"ap-seoul", "ap-tokyo", "ap-mumbai"}
    # The profile's region is a region like any other: one name twice in it is refused.
    machine.emulator.received.clear()
    result = processes_there.set(image_caches=[LISTING, {**LISTING, "region": "ap-seoul"}]).result
    assert "image_caches[0] and image_caches[1] have the same image_cache_name 'web'" in result["msg"]
    assert machine.emulator.received == []


def test_keys_that_cannot_be_had_any_more_are_said_of_the_cache(machine: Machine) -> None:
    machine.environment.update(
        TKE_REGION="ap-tokyo", TKE_PROVIDER_ID="cls-1", TKE_WEB_IDENTITY_TOKEN_FILE="/none/token", TKE_ROLE_ARN=ROLE
    )
    processes = ModuleProcesses(machine.emulator, machine.environment)
    for result in (
        processes.task(**LISTING, region="ap-guangzhou").result,
        processes.set(image_caches=[LISTING], region="ap-guangzhou").result["image_caches"][0],
    ):
        assert result["failed"] is True
        assert result["msg"] == (
            "image cache 'web': TKE_WEB_IDENTITY_TOKEN_FILE: /none/token cannot be read: No such file or directory."
        )
    processes.stop()


class TestRole:
    def test_it_is_assumed_with_what_was_found(self, emulator: Emulator, controller: Controller) -> None:
        emulator.identity.roles[ROLE] = "external-1"
        controller.environment["TENCENTCLOUD_STS_ENDPOINT"] = emulator.endpoint
        role = {"role_arn": ROLE, "role_session_name": "ci", "role_duration": 900, "role_external_id": "external-1"}
        run = controller.play({MODULE: {**LISTING, **role}}, arguments=("-vvvv",))
        assert run.status == 0, run.output
        assumed, listing = emulator.received
        assert assumed.parameters == {
            "RoleArn": ROLE,
            "RoleSessionName": "ci",
            "DurationSeconds": 900,
            "ExternalId": "external-1",
        }
        assert secret_id_of(assumed.headers) == emulator.secret_id
        session = emulator.identity.sessions[secret_id_of(listing.headers)]
        assert session.secret_key not in run.output
        assert session.token not in run.output

    def test_a_refusal_says_what_to_grant(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.faults.append(Fault.error("UnauthorizedOperation.CamNoAuth", "AssumeRole", message="No."))
        result = processes.web(role_arn=ROLE, sts_endpoint=emulator.endpoint).result
        assert "AssumeRole failed: No (UnauthorizedOperation.CamNoAuth" in result["msg"]
        assert "allow sts:AssumeRole on resource *" in result["msg"]
        assert result["error"]["action"] == "AssumeRole"
        assert emulator.calls() == ["AssumeRole"]

    def test_its_keys_are_renewed_while_a_build_goes_on(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.identity.roles[ROLE], emulator.settings.build_seconds = None, 15
        options = {"role_arn": ROLE, "role_duration": 8, "sts_endpoint": emulator.endpoint, "wait_interval": 0.5}
        result = processes.web(**options).result
        assert result["failed"] is False, result["msg"]
        assert result["image_cache"]["status"] == "Ready"
        # Each for 8 s at the most, renewed when a quarter of that was left: none was ever refused.
        assert emulator.calls().count("AssumeRole") >= 3
        assert {request.code for request in emulator.received} == {None}


def test_a_wrong_clock_is_told_in_seconds(emulator: Emulator, processes: ModuleProcesses) -> None:
    emulator.faults.append(
        Fault.error(
            "AuthFailure.SignatureExpire", headers={"Date": "Mon, 30 Mar 2026 07:03:35 GMT"}, message="Expired."
        )
    )
    result = processes.web().result
    assert "AuthFailure.SignatureExpire" in result["msg"]
    offset = int(result["msg"].split("This machine's clock is ")[1].split(" s ahead. Set it with NTP.")[0])
    assert abs(offset - (time.time() - 1774854215)) < 60


def test_the_action_group_has_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    modules = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")
    assert sorted(runtime["action_groups"]["all"]) == modules
