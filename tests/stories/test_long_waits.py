# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to the service while a run waits for minutes: it restarts, and it throttles for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from emulator import Emulator, Fault

from .controller import HUNG, Controller
from .processes import ModuleProcesses
from .test_life import CREATE, DELETE, LIST, UPDATE, existing
from .test_set import BESIDE, named, numbered


@pytest.fixture
def restarting(emulator: Emulator) -> Iterator[list[Emulator]]:
    """An emulator that restarts as soon as a build has begun, on the same port and with what it knew."""
    lives = [emulator]

    def restart() -> None:
        emulator.stop()
        time.sleep(1.5)
        after = Emulator(emulator.settings, emulator.port)
        after.regions, after.keys = emulator.regions, emulator.keys
        lives.append(after.start())

    def watch(moment: str, action: str) -> None:
        if (moment, action) == ("after", CREATE) and len(lives) == 1:
            threading.Thread(target=restart).start()

    emulator.watch = watch
    yield lives
    for life in lives[1:]:
        life.stop()


def test_a_server_that_restarts_is_waited_for(
    restarting: list[Emulator], controller: Controller, processes: ModuleProcesses
) -> None:
    restarting[0].settings.build_seconds = 4.0
    run = processes.web(wait_interval=0.3)
    assert run.status == 0, run.output
    before, after = restarting
    assert run.result["image_cache"]["status"] == "Ready"
    assert before.calls().count(CREATE) == 1
    assert set(after.calls()) == {LIST}
    assert len(after.region().caches) == 1


def test_one_that_is_gone_for_longer_fails_the_run_and_the_next_one_joins(
    emulator: Emulator, controller: Controller, processes: ModuleProcesses
) -> None:
    emulator.settings.build_seconds = 60
    stopped = threading.Event()

    def watch(moment: str, action: str) -> None:
        if (moment, action) == ("after", CREATE):
            threading.Thread(target=lambda: (emulator.stop(), stopped.set())).start()

    emulator.watch = watch
    result = processes.web(wait_interval=0.3, api_retries=1).result
    assert result["failed"] is True
    assert result["error"]["retryable"] is True
    assert result["changed"] is True
    assert result["actions"][0]["image_cache_id"] in emulator.region().caches
    assert stopped.wait(HUNG)
    after = Emulator(emulator.settings, emulator.port)
    after.regions, after.keys = emulator.regions, emulator.keys
    (cache,) = emulator.region().caches.values()
    cache.builds[-1].began -= 60
    after.start()
    try:
        joined = processes.web().result
        assert (joined["changed"], joined["image_cache_id"]) == (False, cache.id)
    finally:
        after.stop()


def test_a_storm_of_throttling_is_sat_out(emulator: Emulator, processes: ModuleProcesses) -> None:
    for number in range(4):
        existing(emulator, ImageCacheName=f"old-{number}")
        existing(emulator, ImageCacheName=f"tagged-{number}")
    for action, code in (
        (LIST, "RequestLimitExceeded"),
        (CREATE, "RequestLimitExceeded.UinLimitExceeded"),
        (UPDATE, "RequestLimitExceeded.GlobalRegionUinLimitExceeded"),
        (DELETE, "RequestLimitExceeded"),
    ):
        # Of every three requests two are turned away.
        emulator.faults += [Fault.error(code, action, nth=3 * number + 1, times=2) for number in range(8)]
    entries = [
        *named(*numbered(4)),
        *named(*(f"old-{number}" for number in range(4)), state="absent"),
        *named(*(f"tagged-{number}" for number in range(4)), tags={"a": "b"}, images=["nginx:1.27.3"]),
    ]
    run = processes.set(**BESIDE, image_caches=entries, api_retries=8)
    assert run.status == 0, run.output
    assert run.result["summary"] == {
        "created": 4,
        "updated": 4,
        "replaced": 0,
        "deleted": 4,
        "unchanged": 0,
        "failed": 0,
    }
    left = sorted(cache.declared["ImageCacheName"] for cache in emulator.region().caches.values())
    assert left == [*numbered(4), *(f"tagged-{number}" for number in range(4))]
