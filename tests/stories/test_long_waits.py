# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service restarts, is unavailable or throttles requests while a run waits."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from emulator import Emulator, Fault

from .caches import CREATE, DELETE, LIST, SET_OPTIONS, UPDATE, create_cache, numbered_names, set_entries
from .controller import HUNG, SET, Controller
from .processes import ModuleProcesses

pytestmark = pytest.mark.waiting


@contextmanager
def hold_port(port: int) -> Iterator[None]:
    """Keep the port of a stopped emulator, so that no other process gets it before the emulator starts again."""
    with socket.socket() as holder:
        # A socket that does not listen does not hinder another one with this option from listening.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))
        yield


@pytest.fixture
def restarting_emulator(emulator: Emulator) -> Iterator[list[Emulator]]:
    """An emulator that restarts at the first listing after a create, on the same port and with the same caches."""
    servers, restarts = [emulator], list[threading.Thread]()

    def restart() -> None:
        emulator.stop()
        after = Emulator(emulator.settings, emulator.port)
        after.regions, after.keys = emulator.regions, emulator.keys
        with hold_port(emulator.port):
            time.sleep(1.5)
            servers.append(after.start())

    def watch(moment: str, action: str) -> None:
        # Now the run knows that it has started something.
        is_after_create = action == LIST and CREATE in emulator.calls()
        if is_after_create and not restarts:
            restarts.append(threading.Thread(target=restart))
            restarts[0].start()

    emulator.watch = watch
    yield servers
    for thread in restarts:
        thread.join()
    for server in servers[1:]:
        server.stop()


def test_wait_continues_after_a_restart_of_the_server(
    restarting_emulator: list[Emulator], processes: ModuleProcesses
) -> None:
    restarting_emulator[0].settings.build_seconds = 4.0
    run = processes.web(wait_interval=0.3)
    assert run.status == 0, run.output
    before, after = restarting_emulator
    assert run.result["image_cache"]["status"] == "Ready"
    assert before.calls().count(CREATE) == 1
    assert set(after.calls()) == {LIST}
    assert len(after.region().caches) == 1


def test_outage_longer_than_the_retries_gives_one_warning_and_the_wait_continues(
    restarting_emulator: list[Emulator], controller: Controller
) -> None:
    restarting_emulator[0].settings.build_seconds = 4.0
    run = controller.web("--diff", wait_interval=0.2, api_retries=0, wait_timeout=60)
    assert run.status == 0, run.output
    assert run.result["image_cache"]["status"] == "Ready"
    (warning,) = run.result["warnings"]
    assert warning.startswith("DescribeImageCaches failed: cannot connect to 127.0.0.1:")
    assert warning.endswith("Actions that were started continue. The module polls until wait_timeout.")
    assert len(restarting_emulator[1].region().caches) == 1


def test_outage_during_a_set_gives_one_warning(restarting_emulator: list[Emulator], controller: Controller) -> None:
    restarting_emulator[0].settings.build_seconds = 4.0
    options = {**SET_OPTIONS, "wait_interval": 0.2, "api_retries": 0, "concurrency": 5}
    run = controller.play({SET: {**options, "image_caches": set_entries(*numbered_names(5))}})
    assert run.status == 0, run.output
    assert run.result["summary"]["created"] == 5
    assert len(run.result["warnings"]) == 1


def test_outage_up_to_wait_timeout_fails_and_the_next_run_joins_the_build(
    emulator: Emulator, controller: Controller
) -> None:
    emulator.settings.build_seconds = 3600
    stopped = threading.Event()

    def watch(moment: str, action: str) -> None:
        if (moment, action) == ("after", CREATE):
            threading.Thread(target=lambda: (emulator.stop(), stopped.set())).start()

    emulator.watch = watch
    result = controller.web(wait_interval=0.3, api_retries=1, wait_timeout=5).result
    assert result["failed"] is True
    assert result["error"]["code"] == "ConnectionFailed"
    assert result["error"]["retryable"] is True
    assert result["changed"] is True
    image_cache_id = result["actions"][0]["image_cache_id"]
    assert image_cache_id in emulator.region().caches
    assert (
        f"The build of {image_cache_id} may continue and cost money. Run again when the API is available"
        in result["msg"]
    )
    assert "The request was not sent" not in result["msg"]
    assert stopped.wait(HUNG)
    after = Emulator(emulator.settings, emulator.port)
    after.regions, after.keys = emulator.regions, emulator.keys
    (cache,) = emulator.region().caches.values()
    cache.builds[-1].began -= 3600
    after.start()
    try:
        joined = controller.web().result
        assert (joined["changed"], joined["image_cache_id"]) == (False, cache.id)
    finally:
        after.stop()


def test_throttled_requests_are_retried_until_they_succeed(emulator: Emulator, processes: ModuleProcesses) -> None:
    for number in range(4):
        create_cache(emulator, ImageCacheName=f"old-{number}")
        create_cache(emulator, ImageCacheName=f"tagged-{number}")
    for action, code in (
        (LIST, "RequestLimitExceeded"),
        (CREATE, "RequestLimitExceeded.UinLimitExceeded"),
        (UPDATE, "RequestLimitExceeded.GlobalRegionUinLimitExceeded"),
        (DELETE, "RequestLimitExceeded"),
    ):
        # Two of every three requests are throttled.
        emulator.faults += [Fault.error(code, action, nth=3 * number + 1, times=2) for number in range(8)]
    entries = [
        *set_entries(*numbered_names(4)),
        *set_entries(*(f"old-{number}" for number in range(4)), state="absent"),
        *set_entries(*(f"tagged-{number}" for number in range(4)), tags={"a": "b"}, images=["nginx:1.27.3"]),
    ]
    run = processes.set(**SET_OPTIONS, image_caches=entries, api_retries=8)
    assert run.status == 0, run.output
    assert run.result["summary"] == {
        "created": 4,
        "updated": 4,
        "replaced": 0,
        "deleted": 4,
        "unchanged": 0,
        "failed": 0,
    }
    remaining = sorted(cache.declared["ImageCacheName"] for cache in emulator.region().caches.values())
    assert remaining == [*numbered_names(4), *(f"tagged-{number}" for number in range(4))]
