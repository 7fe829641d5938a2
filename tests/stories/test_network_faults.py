# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every network fault at each of the five actions: outcome, no duplicate and no leaked secret.

Each run uses a faulty proxy in front of the emulator. A second run without a fault follows, after which the cache is as
declared. C(pytest --junitxml FILE) records the outcomes; tools/network_table.py prints them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from emulator import Emulator

from .caches import CREATE, DELETE, LIST, UPDATE, create_cache
from .controller import MODULE, WEB, Controller, Run
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
from .faulty_proxy import CONNECT, FAULTS, FaultyProxy, ProxyFault
from .processes import ModuleProcesses

pytestmark = pytest.mark.waiting

MATCH = "GetMostSuitableImageCache"
CANARIES = {"secret key": "canary-secret-key-Nw4", "password": "canary-registry-pass-Lk7"}
# The lookup after a create with an unknown outcome, and the pause before the lookup after an update or a delete.
LOOKUP_SECONDS = {CREATE: 10.0, UPDATE: 1.0, DELETE: 1.0}
# A build, the requests without a fault, and the start of a process.
BASE_SECONDS = 3.0


@dataclass(frozen=True)
class ActionCase:
    """A task that calls an action: its preparation, its options, and the check of the final state.

    C(calls) is the number of requests before the first one of the action.
    """

    prepare: Callable[[Emulator], Any]
    module: str
    options: dict[str, Any]
    is_as_declared: Callable[[Emulator, Run], bool]
    calls: int


def change_nothing(emulator: Emulator) -> None:
    """Leave the emulator as it is."""


def has_one_cache(emulator: Emulator, run: Run) -> bool:
    return [cache.declared["ImageCacheName"] for cache in emulator.region().caches.values()] == ["web"]


def has_retention_of_five_days(emulator: Emulator, run: Run) -> bool:
    return has_one_cache(emulator, run) and run.result["image_cache"]["retention_days"] == 5


def has_no_cache(emulator: Emulator, run: Run) -> bool:
    return not emulator.region().caches


def has_match(emulator: Emulator, run: Run) -> bool:
    return (
        has_one_cache(emulator, run)
        and run.result["match"]["image_cache"]["image_cache_id"] in emulator.region().caches
    )


DECLARED = {
    **WEB,
    "image_registry_credentials": [{"server": "h.example.com", "username": "u", "password": CANARIES["password"]}],
}
ACTION_CASES = {
    LIST: ActionCase(change_nothing, "image_cache", DECLARED, has_one_cache, 0),
    CREATE: ActionCase(change_nothing, "image_cache", DECLARED, has_one_cache, 1),
    UPDATE: ActionCase(
        create_cache,
        "image_cache",
        {"name": "web", "retention_days": 5, "wait_interval": 0.1},
        has_retention_of_five_days,
        1,
    ),
    DELETE: ActionCase(
        create_cache, "image_cache", {"name": "web", "state": "absent", "wait_interval": 0.1}, has_no_cache, 1
    ),
    MATCH: ActionCase(create_cache, "image_cache_info", {"match_images": ["nginx:1.27.3"]}, has_match, 1),
}


class FaultRunner:
    """Runs tasks through the faulty proxy, and checks the outcome of each run."""

    def __init__(self, proxy: FaultyProxy, processes: ModuleProcesses, authority: trustme.CA, bundle: Path) -> None:
        self.proxy, self.processes, self.authority, self.bundle = proxy, processes, authority, bundle
        self.trusted = tls_context(authority, "localhost", TUNNEL_HOST)
        self.note: Callable[[str, object], None] = lambda name, value: None

    def run(self, action: str, **options: Any) -> tuple[Run, float]:
        """Run the action's task, and return the run and its duration in seconds."""
        case, started = ACTION_CASES[action], time.monotonic()
        keys = {"secret_id": "AKIDcanary", "secret_key": CANARIES["secret key"]}
        connection = {"endpoint": f"http://127.0.0.1:{self.proxy.port}", "api_timeout": TIMEOUT, "api_retries": RETRIES}
        run = self.processes.task(module=case.module, **{**case.options, **keys, **connection, **options})
        return run, time.monotonic() - started

    def run_with_faults(
        self, emulator: Emulator, action: str, *faults: ProxyFault, bound: float, **options: Any
    ) -> Run:
        """Run the action's task with faults, then without; check both runs, and return the first."""
        emulator.keys["AKIDcanary"] = (CANARIES["secret key"], None)
        ACTION_CASES[action].prepare(emulator)
        with self.proxy.forward_to(emulator, *faults):
            run, seconds = self.run(action, **options)
            calls, caches = emulator.calls().count(action), list(emulator.region().caches.values())
            self.proxy.faults, self.proxy.contexts = [], [self.trusted]
            again, _seconds = self.run(action, **options)
        leaks = [name for name, canary in {**CANARIES, "signature": "Signature="}.items() if canary in run.output]
        duplicates = max(0, len(caches) - 1)
        self.note("outcome", run.result["error"]["code"] if run.result["failed"] else "success")
        for name, value in {"calls": calls, "duplicates": duplicates, "leaks": len(leaks)}.items():
            self.note(name, value)
        self.note("seconds", f"{seconds:.1f}")
        self.note("bound", f"{bound:.1f}")
        assert (leaks, duplicates) == ([], 0)
        check_result(run, action)
        if not run.result["failed"]:
            assert ACTION_CASES[action].is_as_declared(emulator, run)
        assert again.result["failed"] is False, again.output
        assert ACTION_CASES[action].is_as_declared(emulator, again)
        # The tolerance is for slow machines; a run without a timeout for the whole answer would never end.
        assert seconds < bound + SLACK
        return run


def check_result(run: Run, action: str) -> None:
    """Check what is promised for every result, also for a failure."""
    assert "Internal error" not in run.output
    assert "Traceback" not in run.output
    if run.result["failed"]:
        assert "'web'" in run.result["msg"] or action in run.result["msg"], run.output
        assert run.result["error"]["code"]
        assert run.result["error"]["action"] == action


@pytest.fixture(scope="session")
def shared_runner(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[FaultRunner]:
    """Return the runner of this file: one faulty proxy, and module processes that use it as their proxy."""
    folder, proxy, authority = tmp_path_factory.mktemp("wire"), FaultyProxy(), trustme.CA()
    bundle = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    processes = ModuleProcesses(Emulator(), proxy_environment(proxy, folder), str(request.config.getoption("--way")))
    yield FaultRunner(proxy, processes, authority, bundle)
    processes.stop()
    proxy.stop()


@pytest.fixture
def runner(shared_runner: FaultRunner, record_property: Callable[[str, object], None]) -> FaultRunner:
    """Return the runner, which records the outcome of this test."""
    shared_runner.note = record_property
    return shared_runner


@pytest.mark.parametrize("action", ACTION_CASES)
@pytest.mark.parametrize("fault", FAULTS)
def test_single_fault_leaves_one_cache_as_declared(
    emulator: Emulator, runner: FaultRunner, action: str, fault: str
) -> None:
    bound = BASE_SECONDS + (TIMEOUT + LOOKUP_SECONDS[action] if action in LOOKUP_SECONDS else READ_SECONDS)
    run = runner.run_with_faults(emulator, action, ProxyFault(fault, action), bound=bound)
    # Only an answer that rejects the request is final.
    assert run.result["failed"] is (fault in ("answers 407", "answers 302")), run.output
    if not run.result["failed"] and action == CREATE:
        assert emulator.calls().count(CREATE) == 1


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        *((action, "stall") for action in (LIST, UPDATE, DELETE, MATCH)),
        (LIST, "slow headers"),
        (CREATE, "reset before the request"),
        (CREATE, "reset in the body"),
        (DELETE, "slow headers"),
    ],
)
def test_permanent_fault_fails_unless_the_write_was_executed(
    emulator: Emulator, runner: FaultRunner, action: str, fault: str
) -> None:
    bound = BASE_SECONDS + (3 * (TIMEOUT + 1.0) + LOOKUP_SECONDS[action] if action in LOOKUP_SECONDS else READ_SECONDS)
    # A create is retried until the wait times out.
    options = {"wait_timeout": 5} if action == CREATE else {}
    run = runner.run_with_faults(emulator, action, ProxyFault(fault, action, times=99), bound=bound, **options)
    acted = action in (CREATE, DELETE) and fault in ("reset in the body", "slow headers")
    assert run.result["failed"] is not acted, run.output
    if run.result["failed"]:
        assert run.result["error"]["code"] == "NoAnswer"


class TestTunnel:
    """Requests through a proxy from the environment, with TLS from end to end."""

    @pytest.fixture
    def tunnel(self, runner: FaultRunner) -> FaultRunner:
        runner.proxy.contexts = [runner.trusted]
        runner.proxy.keep_alive = False
        return runner

    @pytest.mark.parametrize("action", ACTION_CASES)
    @pytest.mark.parametrize("fault", TUNNEL_FAULTS)
    def test_refused_tunnel_is_retried_and_writes_are_sent_once(
        self, emulator: Emulator, tunnel: FaultRunner, action: str, fault: str
    ) -> None:
        proxy_fault = ProxyFault(fault, CONNECT, nth=ACTION_CASES[action].calls + 1)
        run = self.run_through_tunnel(emulator, tunnel, action, proxy_fault, bound=BASE_SECONDS + READ_SECONDS)
        # Nothing was sent, so a write is retried like a read.
        assert run.result["failed"] is False, run.output
        if action in LOOKUP_SECONDS:
            assert emulator.calls().count(action) == 1

    @pytest.mark.parametrize("action", ACTION_CASES)
    @pytest.mark.parametrize("fault", ["reset before the answer", "reset in the body", "slow headers"])
    def test_tunnel_that_breaks_during_a_request_repeats_no_write(
        self, emulator: Emulator, tunnel: FaultRunner, action: str, fault: str
    ) -> None:
        bound = BASE_SECONDS + (TIMEOUT + LOOKUP_SECONDS[action] if action in LOOKUP_SECONDS else READ_SECONDS)
        run = self.run_through_tunnel(emulator, tunnel, action, ProxyFault(fault, action), bound=bound)
        assert run.result["failed"] is False, run.output
        # The write was executed: the run looks it up before it would send it again.
        if action in LOOKUP_SECONDS:
            assert emulator.calls().count(action) == 1

    def run_through_tunnel(
        self, emulator: Emulator, tunnel: FaultRunner, action: str, fault: ProxyFault, bound: float
    ) -> Run:
        run = tunnel.run_with_faults(
            emulator, action, fault, bound=bound, endpoint=TUNNEL_HOST, ca_path=str(tunnel.bundle)
        )
        assert set(tunnel.proxy.tunnels) == {f"{TUNNEL_HOST}:443"}
        return run


@pytest.mark.parametrize("action", ACTION_CASES)
@pytest.mark.parametrize("fault", CERTIFICATE_FAULTS)
def test_untrusted_certificate_fails_without_sending_the_request(
    emulator: Emulator, runner: FaultRunner, tmp_path: Path, action: str, fault: str
) -> None:
    proxy = runner.proxy
    proxy.uses_tls, proxy.keep_alive = True, False
    # Requests before the action's get the trusted certificate.
    proxy.contexts = [runner.trusted] * ACTION_CASES[action].calls + [
        untrusted_context(fault, runner.authority, tmp_path)
    ]
    options = {"endpoint": f"https://localhost:{proxy.port}", "ca_path": str(runner.bundle)}
    run = runner.run_with_faults(emulator, action, bound=BASE_SECONDS, **options)
    assert run.result["error"]["code"] == "UntrustedCertificate", run.output
    assert "certificate verification failed for localhost" in run.result["msg"]
    assert run.result["changed"] is False


@pytest.mark.parametrize("fault", ["reset in the body", "slow headers", "answers 302"])
def test_playbook_task_after_a_network_fault_succeeds_without_leaks(
    emulator: Emulator, runner: FaultRunner, controller: Controller, fault: str
) -> None:
    options = {"endpoint": f"http://127.0.0.1:{runner.proxy.port}", "api_timeout": TIMEOUT, "api_retries": RETRIES}
    task = {MODULE: {**DECLARED, **options}, "ignore_errors": True, "no_log": False}
    with runner.proxy.forward_to(emulator, ProxyFault(fault, CREATE)):
        run = controller.play(task, task)
    assert run.status == 0, run.output
    for canary in (emulator.secret_key, "Signature="):
        assert canary not in run.output
    assert "Traceback" not in run.output
    assert run.results[0]["failed"] is (fault == "answers 302")
    assert run.results[1]["failed"] is False
    assert len(emulator.region().caches) == 1
