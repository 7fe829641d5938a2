# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options: their documentation, their limits, and the clients that they configure."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from ansible_collections.tencentcloud.tke.plugins.doc_fragments.connection import ModuleDocFragment
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    AuthenticationError,
    InvalidInput,
    RequestError,
    Throttled,
    WriteRefused,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._connection import (
    argument_spec,
    connect,
    open_registries,
    region_of,
    request_settings,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from ansible_collections.tencentcloud.tke.plugins.module_utils._version import VERSION
from emulator import Emulator, Fault
from emulator.registry import Registry
from emulator.registry_faults import fail

DOCUMENTED: dict[str, dict[str, Any]] = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
ROLE = "qcs::cam::uin/100000000001:roleName/deploy"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and no variables for profiles or keys."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PROFILE", "SECRET_ID", "SECRET_KEY", "TOKEN", "SECURITY_TOKEN", "SESSION_TOKEN"):
        monkeypatch.delenv(f"TENCENTCLOUD_{name}", raising=False)
    monkeypatch.delenv("TCCLI_PROFILE", raising=False)
    return tmp_path


def params(**options: Any) -> dict[str, Any]:
    """Return the connection options with their defaults."""
    spec = argument_spec(lambda *_args: None)
    return {**{name: entry.get("default") for name, entry in spec.items()}, "region": "ap-guangzhou", **options}


def emulator_params(emulator: Emulator, **options: Any) -> dict[str, Any]:
    """Return the options that connect to an emulator."""
    return params(endpoint=emulator.endpoint, secret_id=emulator.secret_id, secret_key=emulator.secret_key, **options)


def open_client(options: dict[str, Any], **settings: Any) -> Client:
    """Return the client of the options' region."""
    given = {"ansible_version": "2.19.0", "check_mode": False, "clock": Clock(), **settings}
    clients, _secrets = connect(options, [options["region"]], **given)
    return clients[options["region"]]


class QuickClock(Clock):
    """The real time, except that sleeping takes no time and is recorded."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def describe(client: Client) -> None:
    client.describe(Deadline(Clock(), 30))


class TestArgumentSpec:
    @pytest.mark.parametrize("option", DOCUMENTED)
    def test_option_is_as_documented(self, option: str) -> None:
        entry, documented = argument_spec(lambda *_args: None)[option], DOCUMENTED[option]
        assert {key: entry.get(key) for key in ("type", "default", "choices")} == {
            key: documented.get(key) for key in ("type", "default", "choices")
        }

    def test_secrets_are_kept_out_of_logs(self) -> None:
        spec = argument_spec(lambda *_args: None)
        assert {option for option, entry in spec.items() if entry.get("no_log")} == {"secret_key", "token"}

    @pytest.mark.parametrize("option", DOCUMENTED)
    def test_option_falls_back_to_its_documented_variable(self, option: str) -> None:
        def env_fallback(*_args: Any) -> None:
            """Stand in for the function of Ansible."""

        entry = argument_spec(env_fallback)[option]
        if option in ("secret_id", "secret_key", "token", "profile"):
            # The chain of credentials reads these variables, because only some of them belong together.
            assert "fallback" not in entry
            return
        function, (variable,) = entry["fallback"]
        assert function is env_fallback
        assert f"the environment variable E({variable}) is used" in " ".join(DOCUMENTED[option]["description"])


class TestRequestSettings:
    @pytest.mark.parametrize("timeout", [0, -1, 3600.5])
    def test_timeout_out_of_range_is_refused(self, timeout: float) -> None:
        with pytest.raises(InvalidInput, match=r"Invalid api_timeout: expected more than 0 and at most 3600 s, got"):
            request_settings(params(api_timeout=timeout), "2.19")

    @pytest.mark.parametrize("timeout", [0.5, 3600])
    def test_timeout_in_range_is_used(self, timeout: float) -> None:
        assert request_settings(params(api_timeout=timeout), "2.19").timeout == timeout

    def test_negative_number_of_retries_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match=r"Invalid api_retries: expected 0 or more, got -1\."):
            request_settings(params(api_retries=-1), "2.19")
        assert request_settings(params(api_retries=0), "2.19").retries == 0

    def test_certificates_are_verified_unless_that_is_disabled(self, tmp_path: Path) -> None:
        assert request_settings(params(), "2.19").verify is True
        assert request_settings(params(ca_path=str(tmp_path)), "2.19").verify == str(tmp_path)
        assert request_settings(params(validate_certs=False), "2.19").verify is False
        assert request_settings(params(validate_certs=False, ca_path=str(tmp_path)), "2.19").verify is False

    def test_missing_ca_path_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match=r"Invalid ca_path: there is no file or directory .*/none\."):
            request_settings(params(ca_path=str(tmp_path / "none")), "2.19")

    def test_registries_are_asked_with_these_settings(self) -> None:
        registry = Registry().start()
        try:
            registry.faults.append(fail(500, times=9))
            registries = open_registries(params(api_retries=1), "2.19.0", QuickClock())
            values = {"registry_http_end_point_list": [registry.host]}
            registries.look_up(values, {f"{registry.host}/web:1": Depth.DIGEST}, Deadline(Clock(), 30))
            received = [request.headers["User-Agent"] for request in registry.received]
        finally:
            registry.stop()
        assert received == [f"tencentcloud.tke/{VERSION} ansible-core/2.19.0"] * 2


class TestRegion:
    def test_region_of_the_option_precedes_that_of_the_profile(self, home: Path) -> None:
        (home / ".tccli").mkdir()
        (home / ".tccli/default.configure").write_text('{"_sys_param": {"region": "ap-tokyo"}}', encoding="utf-8")
        assert region_of(params(region="eu-frankfurt")) == "eu-frankfurt"
        assert region_of(params(region=None)) == "ap-tokyo"

    @pytest.mark.parametrize("variable", ["TENCENTCLOUD_PROFILE", "TCCLI_PROFILE"])
    def test_region_comes_from_the_named_profile(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        (home / ".tccli").mkdir()
        for name in ("ops", "other"):
            (home / f".tccli/{name}.configure").write_text(
                f'{{"_sys_param": {{"region": "ap-{name}"}}}}', encoding="utf-8"
            )
        monkeypatch.setenv(variable, "ops")
        assert region_of(params(region=None)) == "ap-ops"
        assert region_of(params(region=None, profile="other")) == "ap-other"

    @pytest.mark.parametrize(
        ("region", "message"),
        [
            (None, "No region is set, and there is no default"),
            ("", "region is empty"),
            (" ", "region is empty"),
            ("ap_guangzhou", "Invalid region: expected a name such as ap-guangzhou, got 'ap_guangzhou'"),
            ("ap-广州", "Invalid region: expected a name such as ap-guangzhou, got 'ap-广州'"),
            ("-", "Invalid region: expected a name such as ap-guangzhou, got '-'"),
        ],
    )
    def test_region_that_is_no_name_is_refused(self, region: str | None, message: str) -> None:
        with pytest.raises(InvalidInput, match=message):
            region_of(params(region=region))


class TestRole:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"role_session_name": "a"}, "Invalid role_session_name: expected 2 to 128 letters"),
            ({"role_session_name": "a b"}, "Invalid role_session_name"),
            ({"role_session_name": "ä" * 2}, "Invalid role_session_name"),
            ({"role_session_name": "a" * 129}, "Invalid role_session_name"),
            ({"role_external_id": "x"}, "Invalid role_external_id: expected 2 to 128 letters"),
            ({"role_external_id": "ä" * 2}, "Invalid role_external_id"),
            ({"role_duration": 0}, "Invalid role_duration: expected more than 0 and at most 43200 s, got 0"),
            ({"role_duration": 43201}, "Invalid role_duration"),
            (
                {"role_arn": "arn:aws:iam::1:role/x"},
                "Invalid role_arn: expected qcs::cam::uin/...:roleName/..., got .arn:aws:iam::1:role/x.\\.$",
            ),
        ],
    )
    def test_invalid_role_option_is_refused_before_any_request(
        self, emulator: Emulator, options: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InvalidInput, match=message):
            open_client(emulator_params(emulator, **options))
        assert emulator.calls() == []

    @pytest.mark.parametrize(
        ("name", "external_id", "seconds"), [("a+=,.@_-", "ab:/", 1), ("n" * 128, "e" * 128, 43200)]
    )
    def test_role_is_assumed_with_its_options(
        self, emulator: Emulator, name: str, external_id: str, seconds: int
    ) -> None:
        role = {"role_arn": ROLE, "role_session_name": name, "role_external_id": external_id, "role_duration": seconds}
        # The emulator knows no such role; the request is what counts.
        with pytest.raises(RequestError):
            describe(open_client(emulator_params(emulator, sts_endpoint=emulator.endpoint, **role)))
        assert emulator.received[0].action == "AssumeRole"
        assert emulator.received[0].region == "ap-guangzhou"
        assert emulator.received[0].parameters == {
            "RoleArn": ROLE,
            "RoleSessionName": name,
            "DurationSeconds": seconds,
            "ExternalId": external_id,
        }

    def test_sts_endpoint_of_the_profile_is_used(self, emulator: Emulator, home: Path) -> None:
        (home / ".tccli").mkdir()
        stored = f'{{"sts": {{"endpoint": "{emulator.endpoint}"}}}}'
        (home / ".tccli/default.configure").write_text(stored, encoding="utf-8")
        with pytest.raises(RequestError):
            describe(open_client(emulator_params(emulator, role_arn=ROLE)))
        assert emulator.calls() == ["AssumeRole"]

    def test_invalid_sts_endpoint_of_the_profile_is_refused_with_its_file(self, emulator: Emulator, home: Path) -> None:
        (home / ".tccli").mkdir()
        (home / ".tccli/default.configure").write_text('{"sts": {"endpoint": "http://x"}}', encoding="utf-8")
        with pytest.raises(InvalidInput, match=r"sts\.endpoint in .*default\.configure"):
            describe(open_client(emulator_params(emulator, role_arn=ROLE)))


class TestClients:
    @pytest.fixture(name="authority")
    def create_authority(self) -> trustme.CA:
        """A certificate authority that no system trusts."""
        return trustme.CA()

    @pytest.fixture(name="tls")
    def start_tls_emulator(self, authority: trustme.CA) -> Iterator[Emulator]:
        """An emulator that uses TLS with a certificate for localhost."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        emulator = Emulator(ssl_context=context).start()
        yield emulator
        emulator.stop()

    def test_each_region_has_its_client_and_all_share_the_credentials(self, emulator: Emulator) -> None:
        regions = ["ap-guangzhou", "eu-frankfurt"]
        options = emulator_params(emulator, language="zh-CN")
        clients, secrets = connect(options, regions, ansible_version="2.19.0", check_mode=False, clock=Clock())
        for client in clients.values():
            describe(client)
        assert [(request.region, request.headers["X-TC-Language"]) for request in emulator.received] == [
            (region, "zh-CN") for region in regions
        ]
        assert secrets == [emulator.secret_key]

    def test_requests_carry_the_versions_of_collection_and_ansible_core(self, emulator: Emulator) -> None:
        describe(open_client(emulator_params(emulator)))
        headers = emulator.received[0].headers
        assert headers["User-Agent"] == f"tencentcloud.tke/{VERSION} ansible-core/2.19.0"
        client_name = f"ansible_tencentcloud.tke_{VERSION};ansible-core_2.19.0"
        assert headers["X-TC-RequestClient"] == client_name
        assert len(client_name) <= 128

    def test_certificates_are_verified_by_default(self, tls: Emulator, authority: trustme.CA, tmp_path: Path) -> None:
        with pytest.raises(RequestError) as caught:
            describe(open_client(emulator_params(tls, api_retries=0)))
        assert caught.value.facts()["code"] == "UntrustedCertificate"
        assert tls.calls() == []
        bundle = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(bundle))
        describe(open_client(emulator_params(tls, ca_path=str(bundle))))
        describe(open_client(emulator_params(tls, validate_certs=False)))
        assert len(tls.calls()) == 2

    def test_throttled_request_is_repeated_as_often_as_set(self, emulator: Emulator) -> None:
        emulator.faults.append(Fault.error("RequestLimitExceeded", times=9))
        with pytest.raises(Throttled):
            describe(open_client(emulator_params(emulator, api_retries=2), clock=QuickClock()))
        assert len(emulator.calls()) == 3

    @pytest.mark.parametrize(("rate", "pauses"), [(None, 0), (0.1, 2)])
    def test_rate_is_limited_if_one_is_set(self, emulator: Emulator, rate: float | None, pauses: int) -> None:
        clock = QuickClock()
        client = open_client(emulator_params(emulator), clock=clock, requests_per_second=rate)
        for _number in range(3):
            describe(client)
        assert len(clock.slept) == pauses

    def test_check_mode_sends_no_writes(self, emulator: Emulator) -> None:
        client = open_client(emulator_params(emulator), check_mode=True)
        describe(client)
        with pytest.raises(WriteRefused):
            client.delete({"ImageCacheIds": ["imc-1"]}, Deadline(Clock(), 30))
        assert emulator.calls() == ["DescribeImageCaches"]

    def test_wrong_key_is_refused(self, emulator: Emulator) -> None:
        with pytest.raises(AuthenticationError):
            describe(open_client({**emulator_params(emulator), "secret_key": "wrong"}))


def test_options_of_requests_are_those_of_the_shared_documentation() -> None:
    assert set(_connection.REQUEST_OPTIONS) == {"api_timeout", "api_retries", "validate_certs", "ca_path"}
