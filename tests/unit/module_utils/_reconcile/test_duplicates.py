# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Caches that others create or delete during a run."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.errors import ApiProblem
from unit.support.scenarios import REPLACE
from unit.support.schedules import ScheduledRun
from unit.support.world import World


class TestDuplicatesOfOthers:
    """A run never deletes a second cache with the name that another run or a person has created."""

    def test_cache_created_by_a_person_during_the_build_is_kept_and_run_fails(self) -> None:
        world = World()
        run = ScheduledRun(world, {"wait_interval": 5.0})
        for _list_create_list in range(3):
            run.call_next()
        (own,) = world.caches
        world.clock.now += 30
        other = world.start_build(Images=["somebody:else"])
        run.call_to_end()
        assert world.caches == [own, other]
        assert run.result["failed"] is True
        assert run.result["image_cache"]["image_cache_id"] == own.id
        assert run.result["image_cache"]["status"] == "Ready"
        assert run.result["msg"] == (
            f"image cache web ({own.id}): {own.id} is Ready, but {other.id} (Pending) has the same name and was not"
            " created by this run. Nothing was deleted. Delete or rename the image cache that you do not need, then run"
            " again."
        )

    def test_older_cache_created_by_a_person_is_kept_and_updated(self) -> None:
        world = World()
        run = ScheduledRun(world, {"wait_interval": 5.0})
        run.call_next()
        older = world.start_build(Images=["somebody:else"])
        world.clock.now += 5
        run.call_to_end()
        assert world.caches == [older]
        assert run.result["image_cache_id"] == older.id
        assert older.declared["Images"] == ["nginx:1"]

    def test_cache_of_a_killed_run_of_the_same_second_is_kept(self) -> None:
        world = World()
        killed, survivor = (ScheduledRun(world, {}) for _run in range(2))
        # Both list and create; then one run is killed, and the cache of the other has the smaller id.
        for run in (killed, survivor, killed, survivor):
            run.call_next()
        killed.kill()
        first, second = world.caches
        assert second.id < first.id
        survivor.call_to_end()
        assert survivor.result["failed"] is True
        assert {cache.id for cache in world.caches} == {first.id, second.id}
        assert first.id in survivor.result["msg"]
        assert second.id in survivor.result["msg"]
        again = world.run()
        assert "2 image caches are named 'web'" in again["msg"]
        del world.service.caches[first.id]
        assert world.run()["changed"] is False

    def test_ready_duplicate_that_its_run_deletes_within_15_s_is_ignored(self) -> None:
        world = World()
        older = world.create_cache()
        younger = world.start_build()
        world.clock.now += world.service.settings.build_seconds
        run = ScheduledRun(world, {})
        # The listings at 0, 1 and 3 s contain both caches.
        for _list in range(3):
            run.call_next()
        del world.service.caches[younger.id]
        run.call_to_end()
        assert run.result["changed"] is False
        assert run.result["image_cache_id"] == older.id

    @pytest.mark.parametrize(("age", "seconds", "listings"), [(0, 15, 5), (44, 15, 5), (60, 0, 1), (3600, 0, 1)])
    def test_ready_duplicate_that_stays_fails_the_run_after_15_s_if_it_is_new(
        self, age: float, seconds: float, listings: int
    ) -> None:
        world = World()
        for _cache in range(2):
            world.start_build()
        world.clock.now += world.service.settings.build_seconds + age
        began = world.clock.now
        assert "2 image caches are named 'web'" in world.run()["msg"]
        assert world.clock.now - began == pytest.approx(seconds, abs=1)
        assert len(world.calls) == listings

    @pytest.mark.parametrize("options", [{"state": "absent"}, {"check_mode": True}])
    def test_new_ready_duplicate_fails_deletion_and_check_mode_at_once(self, options: dict[str, Any]) -> None:
        world = World()
        for _cache in range(2):
            world.start_build()
        world.clock.now += world.service.settings.build_seconds
        assert "2 image caches are named 'web'" in world.run(**{"image_cache_name": "web", **options})["msg"]
        assert len(world.calls) == 1

    def test_cache_with_the_name_created_during_a_replace_stops_the_replace(self) -> None:
        world = World()
        old = world.create_cache()
        run = ScheduledRun(world, {**REPLACE, "wait_interval": 5.0})
        for _list_create_list in range(3):
            run.call_next()
        new = world.caches[-1]
        other = world.start_build(Images=["somebody:else"])
        run.call_to_end()
        assert world.caches == [old, new, other]
        assert run.result["msg"] == (
            f"image cache web ({old.id}): its replacement {new.id} is Ready, but {old.id} (Ready) and {other.id}"
            " (Ready) have the same name. Nothing was deleted. Delete or rename the image cache that you do not"
            " need, then run again."
        )
        del world.service.caches[other.id]
        again = world.run(**REPLACE)
        assert again["replaced"] == {"old_id": old.id, "new_id": new.id}
        assert world.caches == [new]


def test_replacement_deleted_by_its_run_before_the_rename_is_planned_again() -> None:
    """Another run may delete its cache for a third one; a run that used this cache plans again."""
    world = World()
    world.create_cache()
    deleted = world.create_cache(ImageCacheName="web-replacement", Images=["nginx:2"])

    def delete_replacement(moment: str, number: int) -> None:
        if moment == "before" and world.calls[number - 1] == "UpdateImageCache":
            world.service.caches.pop(deleted.id, None)

    world.watch = delete_replacement
    result = world.run(images=["nginx:2"], on_change="replace")
    assert not result.get("failed"), result["msg"]
    (cache,) = world.ready_caches()
    assert (cache.declared["ImageCacheName"], cache.declared["Images"]) == ("web", ["nginx:2"])
    assert result["image_cache_id"] == cache.id != deleted.id


def test_refused_create_of_replacement_is_not_repeated() -> None:
    """The subnet of the request is not found; this is not the cache of another run."""
    world = World()
    world.create_cache()
    call = world.service.call

    def refuse_create(action: str, parameters: Any) -> Any:
        if action == "CreateImageCache":
            raise ApiProblem("ResourceNotFound.SubnetNotFound", "The subnet does not exist.")
        return call(action, parameters)

    world.service.call = refuse_create  # type: ignore[method-assign]
    result = world.run(images=["nginx:2"], on_change="replace")
    assert result["error"]["code"] == "ResourceNotFound.SubnetNotFound"
    assert "Check subnet_id" in result["msg"]
    assert world.calls.count("CreateImageCache") == 1


def test_replacement_deleted_during_its_build_is_reported() -> None:
    world = World()
    old = world.create_cache()

    def delete_replacement(moment: str, number: int) -> None:
        if moment == "before" and number == 5:
            world.service.caches = {old.id: old}

    world.watch = delete_replacement
    result = world.run(images=["nginx:2"], on_change="replace")
    assert "is not listed. Another process may have deleted it." in result["msg"]
    assert world.calls.count("CreateImageCache") == 1
    assert world.caches == [old]


def test_cache_declared_by_id_and_deleted_meanwhile_is_not_rebuilt() -> None:
    world = World()
    cache = world.create_cache()

    def delete_cache(moment: str, number: int) -> None:
        if moment == "before" and world.calls[number - 1] == "UpdateImageCache":
            world.service.caches.pop(cache.id, None)

    world.watch = delete_cache
    result = world.run(image_cache_id=cache.id, name=None, retention_days=3)
    assert result["error"]["code"] == "ResourceNotFound"
    assert world.caches == []


def test_own_cache_that_is_never_listed_beside_another_is_deleted_by_id() -> None:
    """A service may list only one of two caches with the name: a run whose cache is not listed deletes it."""
    world = World()

    def watch(moment: str, number: int) -> None:
        if (moment, world.calls[number - 1]) == ("after", "CreateImageCache") and len(world.caches) == 1:
            world.clock.now += 5
            world.settings.listed_after = 1e9
            (own,) = world.caches
            other = world.start_build()
            other.created = own.created - 1e9

    world.watch = watch
    result = world.run(wait=False)
    (left,) = world.caches
    assert result["image_cache_id"] == left.id
    assert [action["action"] for action in result["actions"]] == ["create", "delete"]
