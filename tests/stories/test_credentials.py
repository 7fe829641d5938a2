# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials of each kind: the collection uses the same ones as the vendor's own tools."""

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
ABSENT = {"name": "web", "state": "absent"}
# The vendor's code has no option for the trusted CA and for the addresses of the metadata service and of STS.
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
    """A machine without credentials that reaches an emulator with TLS and the metadata service of an instance."""

    def __init__(self, emulator: Emulator, metadata: Emulator, folder: Path) -> None:
        self.emulator, self.metadata, self.folder = emulator, metadata, folder
        # Both accept the same credentials.
        emulator.identity = metadata.identity
        self.controller = Controller(emulator, folder)
        self.environment = self.controller.environment
        for name in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_REGION"):
            del self.environment[name]
        self.environment["TENCENTCLOUD_CA_PATH"] = str(folder / "ca.pem")
        self.environment["TENCENTCLOUD_STS_ENDPOINT"] = emulator.endpoint
        self.environment["TENCENTCLOUD_METADATA_ENDPOINT"] = metadata.endpoint

    def store_profile(self, credential: dict[str, Any], profile: str = "default", region: str = "ap-seoul") -> None:
        """Store credentials as a profile of tccli."""
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

    def run_vendor_code(self, script: str, *arguments: str) -> str:
        """Run the vendor's code and return its output."""
        addresses = [str(self.folder / "ca.pem"), "127.0.0.1", str(self.metadata.port), str(self.emulator.port)]
        process = subprocess.run(
            [sys.executable, "-c", script, *addresses, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout

    def last_listing(self) -> tuple[Optional[str], str, str]:
        """Return the secret ID or the role that sent the last listing, its token, and its region."""
        request = next(r for r in reversed(self.emulator.received) if r.action == "DescribeImageCaches")
        assert request.code is None
        secret_id = secret_id_of(request.headers)
        session = self.emulator.identity.sessions.get(secret_id)
        identity = session.arn if session else secret_id
        return identity, "" if session else request.headers.get("X-TC-Token", ""), request.region


@pytest.fixture
def machine(emulator: Emulator, tmp_path: Path) -> Iterator[Machine]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    tls_emulator = Emulator(ssl_context=context).start()
    yield Machine(tls_emulator, emulator, tmp_path)
    tls_emulator.stop()


@pytest.fixture
def machine_processes(machine: Machine) -> Iterator[ModuleProcesses]:
    processes = ModuleProcesses(machine.emulator, machine.environment)
    yield processes
    processes.stop()


def stored_credentials() -> dict[str, dict[str, Any]]:
    """Return stored credentials of each kind that tccli writes."""
    expiry = int(time.time()) + 7200
    temporary = {"secretId": "AKIDtemporary", "secretKey": "temporarySecretKey", "token": "temporary-token"}
    permanent = {"secretId": "AKIDstored", "secretKey": "storedSecretKey"}
    oauth = {"openId": "o", "accessToken": "a", "expiresAt": expiry, "refreshToken": "r", "site": "cn"}
    sso = {"token": "s", "uin": "1", "roleConfigurationId": "c", "zoneId": "z", "site": "cn", "expiresAt": expiry}
    return {
        "permanent keys": permanent,
        "temporary keys": temporary,
        "role": {**permanent, "role-arn": ROLE, "role-session-name": "stored"},
        "instance role": {"type": "cvm-role"},
        "oauth": {**temporary, "type": "oauth", "expiresAt": expiry, "oauth": oauth},
        "sso": {**temporary, "type": "sso", "expiresAt": expiry, "sso": {**sso, "roleConfigurationName": "n"}},
    }


@pytest.mark.parametrize("kind", stored_credentials())
def test_collection_reads_a_tccli_profile_like_tccli(
    machine: Machine, machine_processes: ModuleProcesses, kind: str
) -> None:
    machine.emulator.keys["AKIDstored"] = ("storedSecretKey", None)
    machine.emulator.keys["AKIDtemporary"] = ("temporarySecretKey", "temporary-token")
    machine.emulator.identity.roles[ROLE] = None
    machine.emulator.identity.instance_role = "instance"
    machine.store_profile(stored_credentials()[kind])
    machine.run_vendor_code(TCCLI, "tke", "DescribeImageCaches")
    expected = machine.last_listing()
    machine.emulator.received.clear()
    result = machine_processes.task(**ABSENT).result
    assert result["failed"] is False, result["msg"]
    assert machine.last_listing() == expected
    assert expected[2] == "ap-seoul"


def test_collection_finds_the_same_credentials_as_the_sdk(machine: Machine, machine_processes: ModuleProcesses) -> None:
    identity = machine.emulator.identity
    machine.emulator.keys["AKIDini"] = ("iniSecretKey", None)
    folder = machine.folder / ".tencentcloud"
    folder.mkdir()
    (folder / "credentials").write_text("[default]\nsecret_id=AKIDini\nsecret_key=iniSecretKey\n", encoding="utf-8")
    assert machine.run_vendor_code(PROVIDER).strip() == "AKIDini"
    assert machine_processes.task(**ABSENT, region="ap-tokyo").result["failed"] is False
    assert machine.last_listing() == ("AKIDini", "", "ap-tokyo")
    (folder / "credentials").unlink()

    identity.instance_role = "instance"
    assert machine.run_vendor_code(PROVIDER).strip() in identity.sessions
    assert machine_processes.task(**ABSENT, region="ap-tokyo").result["failed"] is False
    assert machine.last_listing()[0] == "qcs::cam::uin/100000000001:roleName/instance"
    identity.instance_role = None


def test_pod_identity_is_used_as_by_the_sdk(machine: Machine) -> None:
    machine.emulator.identity.roles[ROLE] = None
    machine.emulator.identity.identities["cls-1"] = "web-identity-canary"
    (machine.folder / "token").write_text("web-identity-canary", encoding="ascii")
    machine.environment.update(
        TKE_REGION="ap-tokyo",
        TKE_PROVIDER_ID="cls-1",
        TKE_WEB_IDENTITY_TOKEN_FILE=str(machine.folder / "token"),
        TKE_ROLE_ARN=ROLE,
    )
    assert machine.run_vendor_code(PROVIDER).strip() in machine.emulator.identity.sessions
    machine.emulator.received.clear()
    run = machine.controller.task("-vvvv", **ABSENT, region="ap-guangzhou")
    assert run.status == 0, run.output
    assumed, listing = machine.emulator.received
    assert (assumed.action, assumed.region) == ("AssumeRoleWithWebIdentity", "ap-tokyo")
    assert assumed.headers["Authorization"] == "SKIP"
    assert (listing.action, listing.region) == ("DescribeImageCaches", "ap-guangzhou")
    assert machine.last_listing()[0] == ROLE
    session = machine.emulator.identity.sessions[secret_id_of(listing.headers)]
    for secret in ("web-identity-canary", session.secret_key, session.token):
        assert secret not in run.output + str(run.results)


def test_set_in_several_regions_assumes_the_role_once(machine: Machine, machine_processes: ModuleProcesses) -> None:
    machine.emulator.identity.roles[ROLE] = None
    machine.emulator.identity.instance_role = "instance"
    machine.store_profile({"type": "cvm-role"}, region="ap-seoul")
    entries = [ABSENT, {**ABSENT, "region": "ap-tokyo"}, {**ABSENT, "region": "ap-mumbai"}]
    run = machine_processes.set(image_caches=entries, role_arn=ROLE)
    assert run.status == 0, run.output
    assert len(machine.metadata.metadata_paths) == 2
    assert machine.emulator.calls().count("AssumeRole") == 1
    regions = {request.region for request in machine.emulator.received if request.action == "DescribeImageCaches"}
    assert regions == {"ap-seoul", "ap-tokyo", "ap-mumbai"}
    # A name that is declared twice in one region is refused, also if the profile sets the region of one of them.
    machine.emulator.received.clear()
    result = machine_processes.set(image_caches=[ABSENT, {**ABSENT, "region": "ap-seoul"}]).result
    assert "image_caches[0] and image_caches[1] have the same image_cache_name 'web'" in result["msg"]
    assert machine.emulator.received == []


def test_unreadable_token_file_is_reported_for_the_cache(machine: Machine) -> None:
    machine.environment.update(
        TKE_REGION="ap-tokyo", TKE_PROVIDER_ID="cls-1", TKE_WEB_IDENTITY_TOKEN_FILE="/none/token", TKE_ROLE_ARN=ROLE
    )
    processes = ModuleProcesses(machine.emulator, machine.environment)
    for result in (
        processes.task(**ABSENT, region="ap-guangzhou").result,
        processes.set(image_caches=[ABSENT], region="ap-guangzhou").result["image_caches"][0],
    ):
        assert result["failed"] is True
        assert result["msg"] == (
            "image cache web: TKE_WEB_IDENTITY_TOKEN_FILE: /none/token cannot be read: No such file or directory."
        )
    processes.stop()


class TestAssumedRole:
    def test_role_is_assumed_with_the_found_credentials_and_the_options(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        emulator.identity.roles[ROLE] = "external-1"
        controller.environment["TENCENTCLOUD_STS_ENDPOINT"] = emulator.endpoint
        role = {"role_arn": ROLE, "role_session_name": "ci", "role_duration": 900, "role_external_id": "external-1"}
        run = controller.play({MODULE: {**ABSENT, **role}}, arguments=("-vvvv",))
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

    def test_denied_assume_role_names_the_permission_to_grant(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        emulator.faults.append(Fault.error("UnauthorizedOperation.CamNoAuth", "AssumeRole", message="No."))
        result = processes.web(role_arn=ROLE, sts_endpoint=emulator.endpoint).result
        assert "AssumeRole failed: No (UnauthorizedOperation.CamNoAuth" in result["msg"]
        assert "allow sts:AssumeRole on resource *" in result["msg"]
        assert result["error"]["action"] == "AssumeRole"
        assert emulator.calls() == ["AssumeRole"]

    @pytest.mark.waiting
    def test_credentials_are_renewed_during_a_build(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.identity.roles[ROLE], emulator.settings.build_seconds = None, 15
        options = {"role_arn": ROLE, "role_duration": 8, "sts_endpoint": emulator.endpoint, "wait_interval": 0.5}
        result = processes.web(**options).result
        assert result["failed"] is False, result["msg"]
        assert result["image_cache"]["status"] == "Ready"
        # Each session lasts at most 8 s and is renewed when a quarter of that is left, so no request is refused.
        assert emulator.calls().count("AssumeRole") >= 3
        assert {request.code for request in emulator.received} == {None}


def test_wrong_clock_is_reported_in_seconds(emulator: Emulator, processes: ModuleProcesses) -> None:
    emulator.faults.append(
        Fault.error(
            "AuthFailure.SignatureExpire", headers={"Date": "Mon, 30 Mar 2026 07:03:35 GMT"}, message="Expired."
        )
    )
    result = processes.web().result
    assert "AuthFailure.SignatureExpire" in result["msg"]
    offset = int(result["msg"].split("This machine's clock is ")[1].split(" s ahead. Set it with NTP.")[0])
    assert abs(offset - (time.time() - 1774854215)) < 60


def test_action_group_contains_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    modules = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")
    assert sorted(runtime["action_groups"]["all"]) == modules
