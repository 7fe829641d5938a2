# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two and three runs at the same time, in every order of their calls."""

from __future__ import annotations

import random
from typing import Any

import pytest
from emulator import BuildFailure, settings_of, worlds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.support.scenarios import (
    REPLACE,
    create_cache_with_pending_replacement,
    create_failed_cache,
    create_nothing,
    create_ready_cache,
    create_replacement,
)
from unit.support.schedules import ScheduledRun, complete_runs, run_together
from unit.support.world import CALL_SECONDS, World, check_diff

pytestmark = pytest.mark.slow

STORIES: dict[str, Any] = {
    "create": (create_nothing, {}),
    "replace": (create_ready_cache, REPLACE),
    "rebuild": (create_ready_cache, {"force_rebuild": True}),
    "join a replacement": (create_cache_with_pending_replacement, REPLACE),
    "replacement without its cache": (lambda world: create_replacement(world, Images=["nginx:2"]), REPLACE),
    "recreate": (create_failed_cache, {}),
    "update": (create_ready_cache, {"images": ["nginx:2"]}),
    "update in place": (create_ready_cache, {"retention_days": 4}),
    "absent": (create_ready_cache, {"state": "absent", "name": "web"}),
}


def check_caches(world: World, options: dict[str, Any], results: list[dict[str, Any]]) -> None:
    for result in results:
        assert "failed" not in result, result["msg"]
        check_diff(result)
    if options.get("state") == "absent":
        assert world.caches == []
        return
    assert [cache.declared["ImageCacheName"] for cache in world.caches] == ["web"]
    assert world.ready_caches() == world.caches
    reported = {result["image_cache_id"] for result in results}
    # A run that starts after the end of another one correctly rebuilds the cache.
    assert world.caches[0].id in reported if options.get("force_rebuild") else reported == {world.caches[0].id}
    assert set(world.caches[0].declared["Images"]) == set(options.get("images", ["nginx:1"]))


@pytest.mark.parametrize("name", STORIES)
@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_two_runs_in_any_order_end_with_one_cache(name: str, data: st.DataObject) -> None:
    set_up, options = STORIES[name]
    world = World(settings_of(data.draw(st.sampled_from(sorted(worlds())), label="world")))
    set_up(world)
    world.clock.now += 10
    options = {**options, "wait_interval": 5.0}

    def choose(runs: list[ScheduledRun]) -> ScheduledRun:
        return runs[data.draw(st.integers(0, len(runs) - 1))] if len(runs) > 1 else runs[0]

    check_caches(world, options, run_together(world, options, choose))


@pytest.mark.parametrize("name", STORIES)
def test_three_runs_in_random_order_end_with_one_cache(name: str) -> None:
    set_up, options = STORIES[name]
    for seed in range(40):
        world, order = World(), random.Random(seed)
        set_up(world)
        world.clock.now += 10
        results = run_together(world, {**options, "wait_interval": 5.0}, order.choice, count=3)
        # A run that finds two caches of the same second cannot choose one and fails after some time.
        refused = [r for r in results if not r["actions"] and "2 image caches are named 'web'" in r.get("msg", "")]
        assert len(refused) < 2
        check_caches(world, options, [result for result in results if result not in refused])


def test_older_cache_is_kept_and_both_runs_report_it() -> None:
    world = World()
    first, second = run_together(world, {}, lambda runs: runs[0] if len(world.calls) % 3 else runs[-1])
    assert first["image_cache_id"] == second["image_cache_id"]
    created = [result for result in (first, second) if [a["action"] for a in result["actions"]] == ["create"]]
    assert len(created) == 1


@pytest.mark.parametrize(("earlier_ids", "later_is_smaller"), [(0, True), (1, False)])
def test_without_waiting_later_run_deletes_its_cache(earlier_ids: int, later_is_smaller: bool) -> None:
    world = World()
    for _id in range(earlier_ids):
        world.service._random_suffix()
    first, second = (ScheduledRun(world, {"wait": False}) for _run in range(2))
    # Both runs list, one creates and lists, and then the other creates: all in one second.
    for run in (first, second, first, first):
        run.call_next()
    second.call_to_end()
    (cache,) = world.caches
    assert [run.result["image_cache_id"] for run in (first, second)] == [cache.id] * 2
    assert [action["action"] for action in second.result["actions"]] == ["create", "delete"]
    assert second.result.get("failed") is None
    created, deleted = (run.result["actions"][0]["image_cache_id"] for run in (first, second))
    assert (deleted < created) is later_is_smaller


def test_failed_build_is_reported_by_both_runs() -> None:
    world = World()
    world.settings.failures = [BuildFailure("nginx")]
    results = run_together(world, {"recreate_failed": False}, lambda runs: runs[0])
    assert all(result["build_failure"]["reason"] == "PullImageFailed" for result in results)


@pytest.mark.parametrize("options", [{}, {"wait": False}], ids=str)
@pytest.mark.parametrize("others", [{}, {"wait": False}], ids=str)
def test_run_whose_cache_is_not_listed_yet_deletes_it_for_the_older_one(
    options: dict[str, Any], others: dict[str, Any]
) -> None:
    world = World()
    world.settings.listed_after = 4.0
    other = ScheduledRun(world, others)
    while not world.caches:
        other.call_next()
    # This run lists before the other cache is listed, and creates; then it finds the other cache and not its own.
    world.clock.now = world.caches[0].created + 4.0 - CALL_SECONDS - 0.01
    run = ScheduledRun(world, options)
    for _list_create_list in range(3):
        run.call_next()
    complete_runs(world, [run, other], lambda runs: min(runs, key=lambda one: one.due or 0.0))
    world.clock.now += 60
    check_caches(world, {}, [run.result, other.result])
