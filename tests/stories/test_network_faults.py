# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every fault of a network, at each of the five actions: what comes of it, and that nothing is begun twice or told.

Each run goes through a machine of its own on the way to the emulator, and is followed by one without a fault, after
which everything is as declared. C(pytest --junitxml FILE) keeps what came of each; tools/network_table.py shows it.
"""

from __future__ import annotations

import datetime
import ssl
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
from .faulty_proxy import CONNECT, FAULTS, FaultyProxy, WireFault
from .processes import ModuleProcesses

MATCH = "GetMostSuitableImageCache"
CANARIES = {"secret key": "canary-secret-key-Nw4", "password": "canary-registry-pass-Lk7"}
TUNNELLED = "tke.example.com"
TIMEOUT, RETRIES = 2.0, 2
# Looking for a create whose outcome is not known, and pausing before an update or a delete is looked at.
LOOKING = {CREATE: 10.0, UPDATE: 1.0, DELETE: 1.0}
# A build, the requests that meet no fault, and the start of a process.
USUAL = 3.0
# What a slow machine may take besides, in seconds.
SLACK = 60.0
# Attempts, each with the longest pause before it, none before the first.
READING = (RETRIES + 1) * TIMEOUT + 0.5 + 1.0
CERTIFICATE_FAULTS = ("wrong host", "expired", "self-signed")


@dataclass(frozen=True)
class Scene:
    """How an action comes about: what is there before, what a task declares, and whether it is so in the end.

    C(calls) is how many requests come before the action's first.
    """

    before: Callable[[Emulator], Any]
    module: str
    options: dict[str, Any]
    holds: Callable[[Emulator, Run], bool]
    calls: int


def nothing(emulator: Emulator) -> None:
    """Leave the emulator as it is."""


def one(emulator: Emulator, run: Run) -> bool:
    return [cache.declared["ImageCacheName"] for cache in emulator.region().caches.values()] == ["web"]


def kept_five_days(emulator: Emulator, run: Run) -> bool:
    return one(emulator, run) and run.result["image_cache"]["retention_days"] == 5


def gone(emulator: Emulator, run: Run) -> bool:
    return not emulator.region().caches


def matched(emulator: Emulator, run: Run) -> bool:
    return one(emulator, run) and run.result["match"]["image_cache"]["image_cache_id"] in emulator.region().caches


DECLARED = {
    **WEB,
    "image_registry_credentials": [{"server": "h.example.com", "username": "u", "password": CANARIES["password"]}],
}
SCENES = {
    LIST: Scene(nothing, "image_cache", DECLARED, one, 0),
    CREATE: Scene(nothing, "image_cache", DECLARED, one, 1),
    UPDATE: Scene(
        create_cache, "image_cache", {"name": "web", "retention_days": 5, "wait_interval": 0.1}, kept_five_days, 1
    ),
    DELETE: Scene(create_cache, "image_cache", {"name": "web", "state": "absent", "wait_interval": 0.1}, gone, 1),
    MATCH: Scene(create_cache, "image_cache_info", {"match_images": ["nginx:1.27.3"]}, matched, 1),
}


class Way:
    """Runs through a machine with faults to an emulator, and what is held against each."""

    def __init__(self, proxy: FaultyProxy, processes: ModuleProcesses, authority: trustme.CA, bundle: Path) -> None:
        self.proxy, self.processes, self.authority, self.bundle = proxy, processes, authority, bundle
        self.trusted = context_of(authority, "localhost", TUNNELLED)
        self.note: Callable[[str, object], None] = lambda name, value: None

    def run(self, action: str, **options: Any) -> tuple[Run, float]:
        """Run the action's task, and return how long it took."""
        scene, started = SCENES[action], time.monotonic()
        keys = {"secret_id": "AKIDcanary", "secret_key": CANARIES["secret key"]}
        connection = {"endpoint": f"http://127.0.0.1:{self.proxy.port}", "api_timeout": TIMEOUT, "api_retries": RETRIES}
        run = self.processes.task(module=scene.module, **{**scene.options, **keys, **connection, **options})
        return run, time.monotonic() - started

    def befall(self, emulator: Emulator, action: str, *faults: WireFault, bound: float, **options: Any) -> Run:
        """Run the action's task with faults, then without; hold both against what is promised, and return the first."""
        emulator.keys["AKIDcanary"] = (CANARIES["secret key"], None)
        SCENES[action].before(emulator)
        with self.proxy.before(emulator, *faults):
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
        hold_clean(run, action)
        if not run.result["failed"]:
            assert SCENES[action].holds(emulator, run)
        assert again.result["failed"] is False, again.output
        assert SCENES[action].holds(emulator, again)
        # A machine may be slow; a run that waits for a byte now and then goes on for ever.
        assert seconds < bound + SLACK
        return run


def hold_clean(run: Run, action: str) -> None:
    """Hold a result against what even a failure promises."""
    assert "defect of the collection" not in run.output
    assert "Traceback" not in run.output
    if run.result["failed"]:
        assert "'web'" in run.result["msg"] or action in run.result["msg"], run.output
        assert run.result["error"]["code"]
        assert run.result["error"]["action"] == action


def context_of(authority: trustme.CA, *names: str, **facts: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **facts).configure_cert(context)
    return context


def faulty_context(fault: str, authority: trustme.CA, folder: Path) -> ssl.SSLContext:
    """Return what encrypts with a certificate that must not be trusted."""
    if fault == "wrong host":
        return context_of(authority, "other.example.com")
    if fault == "expired":
        past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        start = past - datetime.timedelta(days=30)
        return context_of(authority, "localhost", TUNNELLED, not_before=start, not_after=past)
    alone = trustme.CA()
    path = folder / "self-signed.pem"
    alone.private_key_pem.write_to_path(str(path))
    alone.cert_pem.write_to_path(str(path), append=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Way]:
    """One machine on the way for all of this file, and one parent of module processes, which knows it as a proxy."""
    folder, proxy, authority = tmp_path_factory.mktemp("wire"), FaultyProxy(), trustme.CA()
    bundle = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    environment = Controller(Emulator(), folder).environment
    address = f"http://127.0.0.1:{proxy.port}"
    environment.update(https_proxy=address, HTTPS_PROXY=address, no_proxy="", NO_PROXY="")
    for name in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TKE_ENDPOINT"):
        del environment[name]
    processes = ModuleProcesses(Emulator(), environment, str(request.config.getoption("--way")))
    yield Way(proxy, processes, authority, bundle)
    processes.stop()
    proxy.stop()


@pytest.fixture
def way_there(shared: Way, record_property: Callable[[str, object], None]) -> Way:
    """The way of this test, which notes what comes of it."""
    shared.note = record_property
    return shared


@pytest.mark.parametrize("action", SCENES)
@pytest.mark.parametrize("fault", FAULTS)
def test_once(emulator: Emulator, way_there: Way, action: str, fault: str) -> None:
    bound = USUAL + (TIMEOUT + LOOKING[action] if action in LOOKING else READING)
    run = way_there.befall(emulator, action, WireFault(fault, action), bound=bound)
    # Only what says that the request was turned away is final.
    assert run.result["failed"] is (fault in ("answers 407", "answers 302")), run.output
    if not run.result["failed"] and action == CREATE:
        assert emulator.calls().count(CREATE) == 1


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        *((action, "stall") for action in (LIST, UPDATE, DELETE, MATCH)),
        (LIST, "headers drip"),
        (CREATE, "reset before it arrived"),
        (CREATE, "reset in the body"),
        (DELETE, "headers drip"),
    ],
)
def test_without_end(emulator: Emulator, way_there: Way, action: str, fault: str) -> None:
    bound = USUAL + (3 * (TIMEOUT + 1.0) + LOOKING[action] if action in LOOKING else READING)
    # A create is sent again as long as the run waits.
    options = {"wait_timeout": 5} if action == CREATE else {}
    run = way_there.befall(emulator, action, WireFault(fault, action, times=99), bound=bound, **options)
    acted = action in (CREATE, DELETE) and fault in ("reset in the body", "headers drip")
    assert run.result["failed"] is not acted, run.output
    if run.result["failed"]:
        assert run.result["error"]["code"] == "NoAnswer"


class TestTunnel:
    """Through a proxy of the environment, on a way that is encrypted from end to end."""

    @pytest.fixture
    def tunnel(self, way_there: Way) -> Way:
        way_there.proxy.contexts = [way_there.trusted]
        way_there.proxy.keeps = False
        return way_there

    @pytest.mark.parametrize("action", SCENES)
    @pytest.mark.parametrize("fault", ["answers 407", "answers 502", "answers 302", "answers 200 with a page", "stall"])
    def test_none_is_opened(self, emulator: Emulator, tunnel: Way, action: str, fault: str) -> None:
        befalling = WireFault(fault, CONNECT, nth=SCENES[action].calls + 1)
        run = self.befall(emulator, tunnel, action, befalling, bound=USUAL + READING)
        # Nothing was sent: a write is as good as a read, and is sent once.
        assert run.result["failed"] is False, run.output
        if action in LOOKING:
            assert emulator.calls().count(action) == 1

    @pytest.mark.parametrize("action", SCENES)
    @pytest.mark.parametrize("fault", ["reset before the answer", "reset in the body", "headers drip"])
    def test_it_breaks_under_a_request(self, emulator: Emulator, tunnel: Way, action: str, fault: str) -> None:
        bound = USUAL + (TIMEOUT + LOOKING[action] if action in LOOKING else READING)
        run = self.befall(emulator, tunnel, action, WireFault(fault, action), bound=bound)
        assert run.result["failed"] is False, run.output
        # It may have arrived, and did: nothing is sent before that is looked at.
        if action in LOOKING:
            assert emulator.calls().count(action) == 1

    def befall(self, emulator: Emulator, tunnel: Way, action: str, fault: WireFault, bound: float) -> Run:
        run = tunnel.befall(emulator, action, fault, bound=bound, endpoint=TUNNELLED, ca_path=str(tunnel.bundle))
        assert set(tunnel.proxy.tunnels) == {f"{TUNNELLED}:443"}
        return run


@pytest.mark.parametrize("action", SCENES)
@pytest.mark.parametrize("fault", CERTIFICATE_FAULTS)
def test_untrusted(emulator: Emulator, way_there: Way, tmp_path: Path, action: str, fault: str) -> None:
    proxy = way_there.proxy
    proxy.encrypts, proxy.keeps = True, False
    # Up to the action's request all is well.
    proxy.contexts = [way_there.trusted] * SCENES[action].calls + [faulty_context(fault, way_there.authority, tmp_path)]
    options = {"endpoint": f"https://localhost:{proxy.port}", "ca_path": str(way_there.bundle)}
    run = way_there.befall(emulator, action, bound=USUAL, **options)
    assert run.result["error"]["code"] == "UntrustedCertificate", run.output
    assert "the certificate of localhost" in run.result["msg"]
    assert run.result["changed"] is False


@pytest.mark.parametrize("fault", ["reset in the body", "headers drip", "answers 302"])
def test_through_ansible(emulator: Emulator, way_there: Way, controller: Controller, fault: str) -> None:
    options = {"endpoint": f"http://127.0.0.1:{way_there.proxy.port}", "api_timeout": TIMEOUT, "api_retries": RETRIES}
    task = {MODULE: {**DECLARED, **options}, "ignore_errors": True, "no_log": False}
    with way_there.proxy.before(emulator, WireFault(fault, CREATE)):
        run = controller.play(task, task)
    assert run.status == 0, run.output
    for canary in (emulator.secret_key, "Signature="):
        assert canary not in run.output
    assert "Traceback" not in run.output
    assert run.results[0]["failed"] is (fault == "answers 302")
    assert run.results[1]["failed"] is False
    assert len(emulator.region().caches) == 1
