# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks with min_days_left renew the retention of a cache in place before it expires."""

from __future__ import annotations

import time
from typing import Any

import pytest
from emulator import Emulator, Fault, settings_of
from emulator.registry import Registry

from .caches import (
    LIST,
    SET_OPTIONS,
    UPDATE,
    create_cache,
    create_cache_of_age,
    find_only_cache,
    reported_actions,
    set_entries,
)
from .controller import MODULE, SET, WEB, Controller, Run
from .registries import options_for, push

DAY = 86400
KEEP: dict[str, Any] = {"retention_days": 30, "min_days_left": 5}


def create_expiring_cache(emulator: Emulator, **parameters: Any) -> str:
    """Create a cache that is kept for 30 days and has 2.25 left, and forget the requests."""
    return create_cache_of_age(emulator, 27.75, **{"RetentionDays": 30, **parameters})


def days_left(emulator: Emulator) -> float:
    cache = find_only_cache(emulator)
    return (emulator.region().expires_at(cache) - time.time()) / DAY


def check_renewal(run: Run) -> None:
    """Check that the result and the diff name the renewal and its reason."""
    assert run.status == 0, run.output
    assert reported_actions(run) == [("update", ["retention_days"])]
    assert run.result["image_cache"]["retention_days"] == 58
    header = "image cache web: updated in place: retention_days; renewed because it expires in 2.2 days"
    assert run.result["diff"]["after_header"] == header
    assert [run.result["diff"][side]["retention_days"] for side in ("before", "after")] == [30, 58]


@pytest.mark.parametrize("world", ["default", "retention counts from the update"])
def test_cache_that_expires_soon_is_renewed_once(emulator: Emulator, controller: Controller, world: str) -> None:
    emulator.settings.retention_restarts = settings_of(world).retention_restarts
    image_cache_id = create_expiring_cache(emulator)
    task = {MODULE: {**WEB, **KEEP}, "diff": True}
    predicted = controller.play({**task, "check_mode": True})
    check_renewal(predicted)
    assert emulator.calls() == [LIST]
    check_renewal(controller.play(task))
    assert find_only_cache(emulator).id == image_cache_id
    assert days_left(emulator) >= 30
    assert emulator.calls().count(UPDATE) == 1
    emulator.received.clear()
    assert controller.play(task).result["changed"] is False
    assert emulator.calls() == [LIST]


def test_new_cache_gets_the_declared_retention_and_needs_no_renewal(emulator: Emulator, controller: Controller) -> None:
    task = {MODULE: {**WEB, "retention_days": 6, "min_days_left": 5}}
    created, again = controller.play(task, task).results
    assert (created["changed"], created["image_cache"]["retention_days"]) == (True, 6)
    assert again["changed"] is False
    assert emulator.calls().count(UPDATE) == 0


def test_cache_with_enough_days_left_takes_one_call(emulator: Emulator, controller: Controller) -> None:
    create_cache_of_age(emulator, 20, RetentionDays=90)
    emulator.received.clear()
    assert controller.web(**KEEP).result["changed"] is False
    assert emulator.calls() == [LIST]
    # Without min_days_left, the longer retention is a difference.
    assert controller.web("--check", retention_days=30).result["changed"] is True


@pytest.mark.parametrize("options", [{"max_age": "20d"}, {"force_rebuild": True}], ids=str)
def test_replacement_wins_over_renewal(emulator: Emulator, controller: Controller, options: dict[str, Any]) -> None:
    old = create_expiring_cache(emulator)
    run = controller.web("--diff", **KEEP, **options)
    assert reported_actions(run) == [("replace", list(options))]
    assert run.result["replaced"]["old_id"] == old
    assert find_only_cache(emulator).declared["RetentionDays"] == 30
    updates = [request.parameters for request in emulator.received if request.action == UPDATE]
    assert [set(sent) for sent in updates] == [{"ImageCacheId", "ImageCacheName"}]


def test_replacement_for_a_moved_tag_wins_over_renewal(
    emulator: Emulator, controller: Controller, registry: Registry
) -> None:
    push(registry, "shop:1")
    declared = options_for(registry, "shop:1", follow_tags=True, **KEEP)
    old = controller.web(**declared).result["image_cache_id"]
    emulator.region().caches[old].created -= 27.75 * DAY
    assert controller.web("--check", **declared).result["actions"][0]["fields"] == ["retention_days"]
    push(registry, "shop:1", content=b"2")
    run = controller.web(**declared)
    assert reported_actions(run) == [("replace", ["follow_tags"])]
    assert find_only_cache(emulator).declared["RetentionDays"] == 30


def test_unknown_expiry_causes_a_warning_and_no_renewal(emulator: Emulator, controller: Controller) -> None:
    unknown = {"ExpireDateTime": "?", "CreationTime": "?"}
    image_cache_id = create_expiring_cache(emulator, shown=unknown)
    run = controller.web(**KEEP)
    assert (run.status, run.result["changed"]) == (0, False)
    assert run.result["warnings"] == [
        f"image cache web ({image_cache_id}): its expiry time cannot be read, so min_days_left does not renew it."
    ]


def test_rejected_retention_fails_with_advice(emulator: Emulator, controller: Controller) -> None:
    image_cache_id = create_expiring_cache(emulator)
    emulator.faults.append(Fault.error("InvalidParameterValue", UPDATE))
    run = controller.web(**KEEP)
    assert run.status != 0
    assert run.result["msg"].startswith(f"image cache web ({image_cache_id}): UpdateImageCache failed: ")
    assert run.result["image_cache"]["retention_days"] == 30
    (warning,) = run.result["warnings"]
    assert "the API rejected a retention of 58 days" in warning
    assert warning.endswith("If the API limits the retention, set max_age to rebuild the cache before it expires.")


def test_cache_being_built_is_renewed_by_a_later_run_without_waiting(
    emulator: Emulator, controller: Controller
) -> None:
    image_cache_id = create_expiring_cache(emulator)
    emulator.settings.build_looks = 2
    emulator.region().call(UPDATE, {"ImageCacheId": image_cache_id, "Images": ["nginx:2"]})
    task = {MODULE: {**WEB, **KEEP, "images": ["nginx:2"], "wait": False}}
    deferred, _late, renewed = controller.play(task, task, task).results
    assert deferred["changed"] is False
    assert "the change of retention_days is deferred to a later run" in deferred["warnings"][0]
    assert renewed["actions"][0]["fields"] == ["retention_days"]


def test_set_renews_each_entry_by_its_own_age(emulator: Emulator, controller: Controller) -> None:
    create_expiring_cache(emulator)
    create_cache_of_age(emulator, 9.5, ImageCacheName="api", RetentionDays=10)
    create_cache_of_age(emulator, 9.5, ImageCacheName="queue", RetentionDays=30)
    create_cache(emulator, ImageCacheName="old")
    entries = [
        *set_entries("web", "queue"),
        *set_entries("api", retention_days=10, min_days_left=1),
        {"name": "old", "state": "absent", "retention_days": 0},
    ]
    task = {SET: {**SET_OPTIONS, **KEEP, "image_caches": entries}}
    run = controller.play(task)
    assert run.status == 0, run.output
    assert [run.result["summary"][count] for count in ("updated", "unchanged", "deleted")] == [2, 1, 1]
    caches = emulator.region().caches.values()
    assert {c.declared["ImageCacheName"]: c.declared["RetentionDays"] for c in caches} == {
        "web": 58,
        "api": 20,
        "queue": 30,
    }
    emulator.received.clear()
    assert controller.play(task).result["changed"] is False
    assert emulator.calls() == [LIST]


def test_role_passes_the_option_on(emulator: Emulator, controller: Controller) -> None:
    create_expiring_cache(emulator)
    variables = {
        "image_cache_caches": [{"name": "web", "images": ["nginx:1.27.3"], "min_days_left": 4}],
        "image_cache_defaults": {**SET_OPTIONS, **KEEP},
    }
    role = {"ansible.builtin.include_role": {"name": "tencentcloud.tke.image_cache"}}
    for changed in (True, False):
        run = controller.play(role, vars=variables)
        assert run.status == 0, run.output
        assert next(result for result in run.results if "summary" in result)["changed"] is changed
    assert find_only_cache(emulator).declared["RetentionDays"] == 58


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_days_left": 5}, "min_days_left requires retention_days above 0. Set retention_days, or omit min_"),
        ({"min_days_left": 5, "retention_days": 0}, "min_days_left requires retention_days above 0"),
        ({"min_days_left": 0, "retention_days": 30}, "Invalid min_days_left: expected 1 or more, got 0."),
        ({"min_days_left": -3, "retention_days": 30}, "Invalid min_days_left: expected 1 or more, got -3."),
        ({"min_days_left": 30, "retention_days": 30}, "expected less than retention_days (30), got 30."),
        ({"min_days_left": 31, "retention_days": 30}, "expected less than retention_days (30), got 31."),
        ({"min_days_left": "soon", "retention_days": 30}, "min_days_left"),
    ],
    ids=str,
)
def test_invalid_days_are_refused_before_any_request(
    emulator: Emulator, controller: Controller, options: dict[str, Any], message: str
) -> None:
    run = controller.play(
        {MODULE: {**WEB, **options}, "ignore_errors": True},
        {SET: {**SET_OPTIONS, "image_caches": set_entries("web", **options)}, "ignore_errors": True},
    )
    for result in run.results:
        assert result["failed"] is True
        assert message in result["msg"]
    assert emulator.received == []
