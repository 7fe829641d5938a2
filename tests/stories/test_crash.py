# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module process that is killed at any of its API calls, and the same task run again.

Before the service acts on a call, and after: the next run ends with what is declared, with nothing left over and
nothing twice. tests/unit/test_worlds.py does the same in every world that the documentation leaves open.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from emulator import BuildFailure, Emulator, Fault

from .caches import create_cache
from .controller import WEB
from .processes import ModuleProcesses

REPLACE = {"images": ["nginx:2"], "on_change": "replace"}


def nothing(emulator: Emulator, region: str) -> None:
    pass


def ready(emulator: Emulator, region: str) -> None:
    create_cache(emulator, region)


def failed(emulator: Emulator, region: str) -> None:
    emulator.settings.failures = [BuildFailure("nginx")]
    create_cache(emulator, region)
    emulator.settings.failures = []


STORIES: dict[str, tuple[Callable[[Emulator, str], None], dict[str, Any]]] = {
    "create": (nothing, {}),
    "update": (ready, {"images": ["nginx:2"]}),
    "replace": (ready, REPLACE),
    "recreate": (failed, {}),
    "absent": (ready, {"state": "absent"}),
}


def cut(processes: ModuleProcesses, region: str, options: dict[str, Any], number: int, moment: str) -> Any:
    """Return what a run printed that was killed at this call, before or after the service acted on it."""
    emulator = processes.emulator
    kind = Fault.lost_request if moment == "before" else Fault.lost_answer
    fault = kind(nth=number, region=region)

    def kill(at: str, action: str) -> None:
        if fault.seen == number and at == moment:
            os.kill(processes.current(), signal.SIGKILL)

    emulator.faults, emulator.watch = [fault], kill
    result = processes.run(**{**WEB, **options, "region": region})
    emulator.faults, emulator.watch = [], lambda moment, action: None
    return result


@pytest.mark.parametrize("name", STORIES)
def test_a_killed_run_is_picked_up_by_the_next(
    processes: ModuleProcesses, name: str, record_property: Callable[[str, object], None]
) -> None:
    # Each run of a story has the same calls, however fast it goes.
    processes.emulator.settings.build_looks = 2
    there, options = STORIES[name]
    options = {"wait_interval": 0.1, **options}
    there(processes.emulator, "ap-shanghai")
    assert "failed" not in processes.run(**{**WEB, **options, "region": "ap-shanghai"})
    calls = len([request for request in processes.emulator.received if request.region == "ap-shanghai"])
    killed = 0
    for number in range(1, calls + 1):
        for moment in ("before", "after"):
            region = "ap-guangzhou"
            processes.emulator.regions.clear()
            there(processes.emulator, region)
            assert cut(processes, region, options, number, moment) is None, (number, moment)
            killed += 1
            result = processes.run(**{**WEB, **options, "region": region})
            assert "failed" not in result, (number, moment, result["msg"])
            caches = list(processes.emulator.region(region).caches.values())
            if options.get("state") == "absent":
                assert caches == []
                continue
            assert [cache.declared["ImageCacheName"] for cache in caches] == ["web"], (number, moment)
            assert caches[0].declared["Images"] == options.get("images", WEB["images"])
            assert processes.emulator.region(region).status(caches[0]) == "Ready"
    assert killed == 2 * calls
    record_property("points", killed)
