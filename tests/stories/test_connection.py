# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connection options, environment variables, ad hoc commands, and the message for a missing library."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from ansible_collections.tencentcloud.tke.plugins.module_utils._version import VERSION
from emulator import Emulator, Fault

from .controller import MODULE, WEB, Controller
from .ways import VARIABLE


@pytest.fixture
def authority() -> trustme.CA:
    """A certificate authority that no system trusts."""
    return trustme.CA()


@pytest.fixture
def tls_emulator(authority: trustme.CA) -> Iterator[Emulator]:
    """An emulator that uses TLS with a certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    emulator = Emulator(ssl_context=context).start()
    yield emulator
    emulator.stop()


class TestTls:
    def test_certificate_is_accepted_with_ca_path_or_without_validation(
        self, tls_emulator: Emulator, authority: trustme.CA, tmp_path: Path
    ) -> None:
        bundle = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(bundle))
        controller = Controller(tls_emulator, tmp_path)
        run = controller.play(
            {MODULE: {**WEB, "ca_path": str(bundle)}, "check_mode": True},
            {MODULE: {**WEB, "validate_certs": False}, "check_mode": True},
            {MODULE: WEB, "check_mode": True, "environment": {"TENCENTCLOUD_CA_PATH": str(bundle)}},
            {MODULE: WEB, "check_mode": True, "environment": {"TENCENTCLOUD_VALIDATE_CERTS": "no"}},
        )
        assert [result["changed"] for result in run.results] == [True] * 4, run.output
        assert "InsecureRequestWarning" not in run.output

    def test_untrusted_certificate_fails_before_any_request(self, tls_emulator: Emulator, tmp_path: Path) -> None:
        result = Controller(tls_emulator, tmp_path).web().result
        assert result["error"]["code"] == "UntrustedCertificate"
        assert "certificate verification failed for localhost" in result["msg"]
        assert "ca_path" in result["msg"]
        assert tls_emulator.received == []


class PlainServer:
    """Opens a tunnel on request and answers everything else in plain HTTP, like a server without TLS."""

    def __init__(self) -> None:
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """Stop accepting connections."""
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                if connection.recv(65536).startswith(b"CONNECT "):
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.fixture
def plain_server() -> Iterator[PlainServer]:
    """A server that does not use TLS."""
    server = PlainServer()
    yield server
    server.stop()


class TestPlainServer:
    def test_loopback_endpoint_without_scheme_fails_and_names_the_url_to_set(
        self, controller: Controller, plain_server: PlainServer
    ) -> None:
        address = plain_server.address
        result = controller.web(endpoint=address).result
        assert result["msg"] == (
            f"image cache web: DescribeImageCaches failed: no TLS connection to {address}: the response was not TLS."
            f" If the server uses plain HTTP, set endpoint to http://{address}."
        )
        assert (result["error"]["code"], result["error"]["retryable"]) == ("TlsMissing", False)
        assert plain_server.connections == 1

    def test_loopback_sts_endpoint_without_scheme_fails_and_names_the_url_to_set(
        self, controller: Controller, plain_server: PlainServer
    ) -> None:
        role = {"role_arn": "qcs::cam::uin/100:roleName/r", "sts_endpoint": plain_server.address}
        result = controller.web(**role).result
        assert f"set sts_endpoint to http://{plain_server.address}." in result["msg"]
        assert plain_server.connections == 1

    def test_remote_endpoint_fails_after_one_connection(
        self, controller: Controller, plain_server: PlainServer
    ) -> None:
        controller.environment["HTTPS_PROXY"] = f"http://{plain_server.address}"
        result = controller.web(endpoint="tke.example.com").result
        assert (
            "no TLS connection to tke.example.com: the response was not TLS. The server at the endpoint"
            in result["msg"]
        )
        assert result["error"]["code"] == "TlsMissing"
        assert plain_server.connections == 1


class TestEnvironment:
    def test_options_are_read_from_environment_variables(self, emulator: Emulator, controller: Controller) -> None:
        emulator.keys["AKIDtemporary"] = ("temporarySecretKey", "temporary-token-value")
        emulator.faults.append(Fault.error("RequestLimitExceeded", times=1))
        environment = {
            "TENCENTCLOUD_SECRET_ID": "AKIDtemporary",
            "TENCENTCLOUD_SECRET_KEY": "temporarySecretKey",
            "TENCENTCLOUD_SECURITY_TOKEN": "temporary-token-value",
            "TENCENTCLOUD_REGION": "eu-frankfurt",
            "TENCENTCLOUD_LANGUAGE": "zh-CN",
            "TENCENTCLOUD_API_TIMEOUT": "12.5",
            "TENCENTCLOUD_API_RETRIES": "0",
        }
        run = controller.play({MODULE: {"name": "web", "state": "absent"}, "environment": environment})
        assert run.result["error"]["code"] == "RequestLimitExceeded"
        request = emulator.received[0]
        assert request.region == "eu-frankfurt"
        assert request.headers["X-TC-Language"] == "zh-CN"
        assert request.headers["X-TC-Token"] == "temporary-token-value"
        assert len(emulator.received) == 1

    def test_options_take_precedence_over_the_environment(self, emulator: Emulator, controller: Controller) -> None:
        controller.environment["TENCENTCLOUD_TOKEN"] = "token-of-other-keys"
        emulator.keys["AKIDother"] = ("otherSecretKey", None)
        run = controller.task(
            name="web", state="absent", secret_id="AKIDother", secret_key="otherSecretKey", region="ap-tokyo"
        )
        assert run.status == 0, run.output
        assert emulator.received[0].region == "ap-tokyo"
        assert "X-TC-Token" not in emulator.received[0].headers

    def test_netrc_entry_does_not_replace_the_signature(self, controller: Controller, tmp_path: Path) -> None:
        netrc = tmp_path / ".netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password something\n", encoding="utf-8")
        netrc.chmod(0o600)
        assert controller.task(name="web", state="absent").status == 0

    def test_proxy_is_not_used_for_a_loopback_endpoint(self, controller: Controller) -> None:
        controller.environment.update(http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9")
        assert controller.task(name="web", state="absent").status == 0

    def test_proxy_from_the_environment_is_used(self, controller: Controller) -> None:
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            request_lines: list[bytes] = []

            def refuse() -> None:
                connection = proxy.accept()[0]
                request_lines.append(connection.recv(4096).splitlines()[0])
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                connection.close()

            thread = threading.Thread(target=refuse, daemon=True)
            thread.start()
            address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
            controller.environment.update(https_proxy=address, HTTPS_PROXY=address)
            result = controller.web(endpoint="tke.invalid", api_retries=0).result
            thread.join(10)
        assert [line.split()[:2] for line in request_lines] == [[b"CONNECT", b"tke.invalid:443"]]
        assert result["error"]["code"] == "ConnectionFailed"
        assert "cannot connect to tke.invalid: Tunnel connection failed: 403 Forbidden" in result["msg"]

    def test_requests_carry_the_versions_of_collection_and_ansible_core(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        controller.task(name="web", state="absent")
        headers = emulator.received[0].headers
        assert headers["User-Agent"].startswith(f"tencentcloud.tke/{VERSION} ansible-core/2.")
        assert headers["X-TC-RequestClient"].startswith(f"ansible_tencentcloud.tke_{VERSION};ansible-core_2.")
        assert headers["X-TC-Language"] == "en-US"


def test_module_defaults_of_the_action_group_apply(emulator: Emulator, controller: Controller) -> None:
    defaults = {"group/tencentcloud.tke.all": {"region": "ap-shanghai"}}
    controller.play({MODULE: {"name": "web", "state": "absent"}}, module_defaults=defaults)
    assert emulator.received[0].region == "ap-shanghai"


def test_ad_hoc_command_accepts_options_as_text(emulator: Emulator, controller: Controller) -> None:
    arguments = "name=web images=nginx:1,redis:7 vpc_id=vpc-1 subnet_id=subnet-1 size=30 wait=false"
    run = controller.run("ansible", "localhost", "-m", MODULE, "-a", arguments)
    assert run.status == 0, run.output
    assert "CHANGED" in run.output
    assert emulator.received[1].parameters["Images"] == ["nginx:1", "redis:7"]
    assert emulator.received[1].parameters["ImageCacheSize"] == 30
    run = controller.run("ansible", "localhost", "-m", MODULE, "-a", "name=web state=absent", "--check")
    assert "CHANGED" in run.output
    assert len(emulator.region().caches) == 1


def test_missing_requests_library_is_reported_with_the_interpreter(
    emulator: Emulator, controller: Controller, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    # The path of the tests has the library, and the new environment has no coverage.
    for variable in ("PYTHONPATH", "_ANSIBLE_ANSIBALLZ_COVERAGE_CONFIG"):
        controller.environment.pop(variable, None)
    # The controller's own Python has the library, so the module needs a process.
    variables = {"ansible_python_interpreter": str(bare / "bin/python"), VARIABLE: False}
    run = controller.play({MODULE: WEB, "vars": variables})
    assert "Failed to import the required Python library (requests)" in run.result["msg"]
    assert str(bare / "bin/python") in run.result["msg"]
    assert emulator.received == []
