# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every network fault at each kind of request to a registry: outcome, time, and no leaked password.

The faults and the table are those of test_network_faults.py. C(GET blob) is the request for a part of a layer. Its
failure leaves the size of the layer unknown and is no failure of the image.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from emulator import Emulator
from emulator.registry import REGISTRY, TOKEN_SERVICE, Registry
from emulator.registry_faults import move_token_service
from unit.support.registry_images import gzip_layer

from .controller import Run
from .fault_runs import (
    CERTIFICATE_FAULTS,
    READ_SECONDS,
    RETRIES,
    SLACK,
    TIMEOUT,
    TUNNEL_FAULTS,
    TUNNEL_HOST,
    proxy_environment,
    tls_context,
    untrusted_context,
)
from .faulty_proxy import CONNECT, FAULTS, FaultyProxy, ProxyFault, Request
from .processes import ModuleProcesses
from .registries import pusher_to
from .test_secrets import encodings

pytestmark = pytest.mark.waiting

HEAD, MANIFEST, BLOB, TOKEN = REQUESTS = ("HEAD manifest", "GET manifest", "GET blob", "GET token")
PASSWORD = "canary-registry-pass-Lk7"
LAYER = gzip_layer(5000)
SUCCESS, UNKNOWN_SIZE = "success", "size unknown"
# The layer is read after the configuration. A platform that cannot be read has no consequence here.
NTH = {BLOB: 2}
# The outcomes of single faults that are not repeated. A digest that HEAD does not return is read with the manifest.
FINAL = {
    ("answers 407", MANIFEST): "UnexpectedStatus",
    ("answers 407", TOKEN): "UnexpectedStatus",
    ("answers 407", BLOB): UNKNOWN_SIZE,
    # Redirects of token services are not followed. The others lead to a closed port, which is retried.
    ("answers 302", TOKEN): "UnexpectedStatus",
    ("answers 200 with a page", MANIFEST): "MalformedRegistryAnswer",
    ("answers 200 with a page", TOKEN): "MalformedRegistryAnswer",
    ("answers 200 with a page", BLOB): UNKNOWN_SIZE,
}
BASE_SECONDS = 1.0


class RegistryRunner:
    """Looks up an image through the faulty proxy, and checks the outcome of each run."""

    def __init__(self, proxy: FaultyProxy, processes: ModuleProcesses, authority: trustme.CA, bundle: Path) -> None:
        self.proxy, self.processes, self.authority, self.bundle = proxy, processes, authority, bundle
        self.trusted = tls_context(authority, "localhost", TUNNEL_HOST)
        self.note: Callable[[str, object], None] = lambda name, value: None

    def look_up(self, host: str, **options: Any) -> tuple[Run, float]:
        """Look up the image of the registry at a host, and return the run and its duration in seconds."""
        started = time.monotonic()
        run = self.processes.registry(
            images=[f"{host}/shop/web:1"],
            image_registry_credentials=[{"server": host, "username": "puller", "password": PASSWORD}],
            api_timeout=TIMEOUT,
            api_retries=RETRIES,
            **options,
        )
        return run, time.monotonic() - started

    def run_with_faults(
        self, registry: Registry, action: str, *faults: ProxyFault, bound: float, host: str = "", **options: Any
    ) -> str:
        """Look up the image with faults, then without; check both runs, and return the outcome of the first."""
        scheme, host = "https" if host else "http", host or f"127.0.0.1:{self.proxy.port}"
        registry.faults[:] = [move_token_service(f"{scheme}://{host}/token")]
        if scheme == "http":
            options["registry_http_end_point_list"] = [host]
        ports = dict(registry.ports)

        def port_of(request: Request) -> int:
            return ports[TOKEN_SERVICE if request.target.startswith("/token") else REGISTRY]

        with self.proxy.forward_to(port_of, *faults):
            run, seconds = self.look_up(host, **options)
            calls = [request.action for request in self.proxy.received].count(action)
            self.proxy.faults, self.proxy.contexts = [], [self.trusted]
            again, _seconds = self.look_up(host, **options)
        outcome = outcome_of(run)
        leaks = [word for word in encodings(PASSWORD) if word in run.output + again.output]
        for name, value in {"outcome": outcome, "calls": calls, "leaks": len(leaks)}.items():
            self.note(name, value)
        self.note("seconds", f"{seconds:.1f}")
        self.note("bound", f"{bound:.1f}")
        assert leaks == []
        assert "Traceback" not in run.output
        assert outcome_of(again) == SUCCESS, again.output
        # The tolerance is for slow machines; a run without a timeout for the whole answer would never end.
        assert seconds < bound + SLACK
        return outcome


def outcome_of(run: Run) -> str:
    """Return the outcome of a lookup after checking what is promised for each."""
    assert run.status == 0, run.output
    (image,) = run.result["images"]
    if image["error"]:
        assert (image["exists"] in (None, True), image["compressed_bytes"]) == (True, None)
        assert image["image"] in image["error"]["message"]
        return str(image["error"]["code"])
    assert image["compressed_bytes"] == len(LAYER.body)
    assert image["unpacked_bytes"] in (None, LAYER.unpacked)
    return SUCCESS if image["unpacked_bytes"] else UNKNOWN_SIZE


@pytest.fixture(scope="session")
def shared_runner(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[RegistryRunner]:
    """Return the runner of this file: one faulty proxy, and module processes that use it as their proxy."""
    folder, proxy, authority = tmp_path_factory.mktemp("wire"), FaultyProxy(), trustme.CA()
    bundle = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    processes = ModuleProcesses(Emulator(), proxy_environment(proxy, folder), str(request.config.getoption("--way")))
    yield RegistryRunner(proxy, processes, authority, bundle)
    processes.stop()
    proxy.stop()


@pytest.fixture
def runner(shared_runner: RegistryRunner, record_property: Callable[[str, object], None]) -> RegistryRunner:
    """Return the runner, which records the outcome of this test."""
    shared_runner.note = record_property
    return shared_runner


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    """A registry with a token service and an image."""
    registry = Registry("token")
    registry.password = PASSWORD
    registry.start()
    pusher_to(registry).push_image("shop/web", "1", [LAYER])
    yield registry
    registry.stop()


@pytest.mark.parametrize("action", REQUESTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_single_fault_of_a_registry_is_repeated_or_reported(
    registry: Registry, runner: RegistryRunner, action: str, fault: str
) -> None:
    proxy_fault = ProxyFault(fault, action, nth=NTH.get(action, 1))
    outcome = runner.run_with_faults(registry, action, proxy_fault, bound=BASE_SECONDS + READ_SECONDS)
    assert outcome == FINAL.get((fault, action), SUCCESS)


@pytest.mark.parametrize("action", REQUESTS)
@pytest.mark.parametrize("fault", ["stall", "stall in the body", "slow body", "slow headers", "endless 100 Continue"])
def test_permanent_fault_of_a_registry_ends_in_time(
    registry: Registry, runner: RegistryRunner, action: str, fault: str
) -> None:
    # The configuration and the layer.
    bound = BASE_SECONDS + READ_SECONDS * (2 if action == BLOB else 1)
    outcome = runner.run_with_faults(registry, action, ProxyFault(fault, action, times=99), bound=bound)
    # The answer to HEAD has no body, and the part of the layer has four bytes.
    harmless = [(HEAD, "stall in the body"), (HEAD, "slow body"), (BLOB, "slow body")]
    expected = UNKNOWN_SIZE if action == BLOB else "NoAnswer"
    assert outcome == (SUCCESS if (action, fault) in harmless else expected)


class TestTunnel:
    """Requests through a proxy from the environment, with TLS from end to end."""

    @pytest.fixture
    def tunnel(self, runner: RegistryRunner) -> RegistryRunner:
        runner.proxy.contexts = [runner.trusted]
        runner.proxy.keep_alive = False
        return runner

    @pytest.mark.parametrize("action", REQUESTS)
    @pytest.mark.parametrize("fault", TUNNEL_FAULTS)
    def test_refused_tunnel_to_a_registry_is_retried(
        self, registry: Registry, tunnel: RegistryRunner, action: str, fault: str
    ) -> None:
        # The tunnels before: HEAD, the token, HEAD again, the manifest, the configuration.
        nth = {HEAD: 1, TOKEN: 2, MANIFEST: 4, BLOB: 6}[action]
        assert self.run_through_tunnel(registry, tunnel, action, ProxyFault(fault, CONNECT, nth=nth)) == SUCCESS

    @pytest.mark.parametrize("action", REQUESTS)
    @pytest.mark.parametrize("fault", ["reset before the answer", "reset in the body", "slow headers"])
    def test_tunnel_to_a_registry_that_breaks_is_opened_again(
        self, registry: Registry, tunnel: RegistryRunner, action: str, fault: str
    ) -> None:
        proxy_fault = ProxyFault(fault, action, nth=NTH.get(action, 1))
        assert self.run_through_tunnel(registry, tunnel, action, proxy_fault) == SUCCESS

    def run_through_tunnel(self, registry: Registry, tunnel: RegistryRunner, action: str, fault: ProxyFault) -> str:
        outcome = tunnel.run_with_faults(
            registry, action, fault, bound=BASE_SECONDS + READ_SECONDS, host=TUNNEL_HOST, ca_path=str(tunnel.bundle)
        )
        assert set(tunnel.proxy.tunnels) == {f"{TUNNEL_HOST}:443"}
        return outcome


@pytest.mark.parametrize("action", [HEAD, TOKEN])
@pytest.mark.parametrize("fault", CERTIFICATE_FAULTS)
def test_untrusted_registry_gets_no_request(
    registry: Registry, runner: RegistryRunner, tmp_path: Path, action: str, fault: str
) -> None:
    proxy = runner.proxy
    proxy.uses_tls, proxy.keep_alive = True, False
    # The first connection is for HEAD, the second one for the token.
    proxy.contexts = [runner.trusted] * (action == TOKEN) + [untrusted_context(fault, runner.authority, tmp_path)]
    host = f"localhost:{proxy.port}"
    outcome = runner.run_with_faults(registry, action, bound=BASE_SECONDS, host=host, ca_path=str(runner.bundle))
    assert outcome == "UntrustedCertificate"
