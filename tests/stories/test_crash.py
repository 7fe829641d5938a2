# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module process is killed at each of its API calls, and the same task is run again.

Before the service acts on a call, and after: the next run ends with what is declared, with nothing left over and
nothing twice. tests/unit/module_utils/_reconcile/test_interrupted_runs.py does the same in every world that the
documentation leaves open.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from emulator import Emulator, Fault

from .caches import create_cache, create_failed_cache
from .controller import WEB
from .processes import ModuleProcesses

REPLACE = {"images": ["nginx:2"], "on_change": "replace"}


def create_nothing(emulator: Emulator, region: str) -> None:
    pass


def create_ready_cache(emulator: Emulator, region: str) -> None:
    create_cache(emulator, region)


CASES: dict[str, tuple[Callable[[Emulator, str], Any], dict[str, Any]]] = {
    "create": (create_nothing, {}),
    "update": (create_ready_cache, {"images": ["nginx:2"]}),
    "replace": (create_ready_cache, REPLACE),
    "recreate": (create_failed_cache, {}),
    "absent": (create_ready_cache, {"state": "absent"}),
}


def run_and_kill(processes: ModuleProcesses, region: str, options: dict[str, Any], number: int, moment: str) -> Any:
    """Kill a run at this call, before or after the service executes it, and return what the run printed."""
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


@pytest.mark.waiting
@pytest.mark.parametrize("name", CASES)
def test_next_run_completes_a_run_that_was_killed_at_any_call(
    processes: ModuleProcesses, name: str, record_property: Callable[[str, object], None]
) -> None:
    # Each run of a case makes the same calls, regardless of its speed.
    processes.emulator.settings.build_looks = 2
    prepare, options = CASES[name]
    options = {"wait_interval": 0.1, **options}
    prepare(processes.emulator, "ap-shanghai")
    assert "failed" not in processes.run(**{**WEB, **options, "region": "ap-shanghai"})
    calls = len([request for request in processes.emulator.received if request.region == "ap-shanghai"])
    killed = 0
    for number in range(1, calls + 1):
        for moment in ("before", "after"):
            region = "ap-guangzhou"
            processes.emulator.regions.clear()
            prepare(processes.emulator, region)
            assert run_and_kill(processes, region, options, number, moment) is None, (number, moment)
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
