# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Eight runs at once on the same fifty names: all succeed and leave one cache of each declared name."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from emulator import Emulator

from .caches import create_cache
from .controller import Controller, Run
from .processes import ModuleProcesses

RUNS, NAMES, ROUNDS = 8, 50, 2


@pytest.fixture
def fleet(controller: Controller, way: str) -> Iterator[list[ModuleProcesses]]:
    """Eight machines that reach the same emulator."""
    machines = [ModuleProcesses(controller.emulator, controller.environment, way) for _number in range(RUNS)]
    yield machines
    for machine in machines:
        machine.stop()


def run_on_all(fleet: list[ModuleProcesses], entries: list[dict[str, Any]], rng: random.Random) -> list[Run]:
    """Run the same entries on all machines, in a different order on each, and return the runs."""

    def run(machine: ModuleProcesses, order: list[dict[str, Any]]) -> Run:
        return machine.set(image_caches=order, **OPTIONS)

    orders = [rng.sample(entries, len(entries)) for _machine in fleet]
    with ThreadPoolExecutor(len(fleet)) as threads:
        return list(threads.map(run, fleet, orders))


OPTIONS: dict[str, Any] = {
    "vpc_id": "vpc-508ctkfb",
    "subnet_id": "subnet-8ah75lo8",
    "wait_interval": 0.2,
    "wait_timeout": 300,
    "requests_per_second": 100,
}


@pytest.mark.parametrize("seed", range(2))
def test_eight_runs_at_once_leave_one_cache_per_declared_name(
    emulator: Emulator, fleet: list[ModuleProcesses], seed: int
) -> None:
    rng = random.Random(seed)
    # The API reports creation times in seconds: faster builds would not show which cache is the oldest.
    emulator.settings.build_seconds, emulator.settings.requests_per_second = 5.0, 10000
    other_caches = {create_cache(emulator, ImageCacheName=f"other-{number}") for number in range(10)}
    other_caches.add(create_cache(emulator, ImageCacheName="web", ImageCacheType="auto"))
    for number in rng.sample(range(NAMES), 30):
        create_cache(emulator, ImageCacheName=f"cache-{number}", Images=[f"nginx:{rng.randrange(2)}"])
    for round_number in range(ROUNDS):
        deleted = set(rng.sample(range(NAMES), 15))
        entries = [
            {"name": f"cache-{number}", "state": "absent"}
            if number in deleted
            else {"name": f"cache-{number}", "images": [f"nginx:{round_number}"], "on_change": "replace"}
            for number in range(NAMES)
        ]
        runs = run_on_all(fleet, entries, rng)
        failures = [entry["msg"] for run in runs for entry in run.result["image_caches"] if entry["failed"]]
        assert failures == []
        caches = [cache for cache in emulator.region().caches.values() if cache.id not in other_caches]
        names = Counter(cache.declared["ImageCacheName"] for cache in caches)
        assert names == Counter(f"cache-{number}" for number in range(NAMES) if number not in deleted)
        assert {tuple(cache.declared["Images"]) for cache in caches} == {(f"nginx:{round_number}",)}
        assert {emulator.region().status(cache) for cache in caches} == {"Ready"}
        assert other_caches <= set(emulator.region().caches)
        # Each run returns the caches that exist.
        ids = {cache.declared["ImageCacheName"]: cache.id for cache in caches}
        for run in runs:
            shown = [entry["image_cache"] for entry in run.result["image_caches"] if entry["image_cache"]]
            assert {cache["image_cache_name"]: cache["image_cache_id"] for cache in shown} == ids
