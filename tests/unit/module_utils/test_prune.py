# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pruning in every world and with a server that fails in the middle: a cache that remains does not stop the others."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, NoAnswer, api_error
from emulator import settings_of, worlds
from unit.support.world import DELETE, LIST, World


def create_old_caches(count: int, world: World) -> list[str]:
    """Create caches that are old enough to be deleted, and return their ids."""
    ids = []
    for number in range(count):
        ids.append(world.start_build(ImageCacheName=f"ci-{number}").id)
        world.clock.now += 1
    world.clock.now += 86400 * 3
    return ids


def prune(world: World, **options: Any) -> dict[str, Any]:
    return world.run_prune(**{"older_than": "1d", "max_deletions": 1000, **options})


def ids_of(entries: list[dict[str, Any]]) -> list[str]:
    return sorted(entry["image_cache_id"] for entry in entries)


@pytest.mark.parametrize("name", worlds())
def test_prune_deletes_what_check_mode_predicts_in_every_world(name: str) -> None:
    world = World(settings_of(name))
    ids = create_old_caches(45, world)
    world.start_build(ImageCacheName="fresh")
    world.clock.now += 120
    predicted = prune(world, check_mode=True)
    assert DELETE not in world.calls
    result = prune(world)
    assert ids_of(result["deleted"]) == sorted(ids)
    assert [cache.declared["ImageCacheName"] for cache in world.caches] == ["fresh"]
    assert result["freed_gib"] == 45 * 20
    assert {**predicted, "request_id": None} == {**result, "request_id": None}
    assert prune(world)["changed"] is False


def test_deletes_are_sent_in_batches_of_twenty() -> None:
    world = World()
    create_old_caches(45, world)
    prune(world)
    assert [len(r["ImageCacheIds"]) for action, r in world.requests if action == DELETE] == [20, 20, 5]


@pytest.mark.parametrize("name", worlds())
def test_cache_deleted_by_another_process_is_no_error(name: str) -> None:
    world = World(settings_of(name))
    ids = create_old_caches(7, world)

    def watch(moment: str, _number: int) -> None:
        if moment == "before" and world.calls[-1] == DELETE and ids[3] in world.service.caches:
            world.service.call(DELETE, {"ImageCacheIds": [ids[3]]})

    world.watch = watch
    result = prune(world)
    assert "failed" not in result
    assert world.caches == []
    # If deletes ignore missing caches, it is unknown which delete succeeded.
    assert set(ids) - {ids[3]} <= set(ids_of(result["deleted"])) <= set(ids)


class WorldWithRefusedDeletes(World):
    """A world that refuses to delete some caches."""

    def __init__(self, error: Any, *refused: int) -> None:
        super().__init__()
        self.error, self.ids = error, create_old_caches(25, self)
        self.refused = {self.ids[number] for number in refused}

    def send(self, action: str, parameters: Any) -> dict[str, Any]:
        if action == DELETE and self.refused & set(parameters["ImageCacheIds"]):
            self.calls.append(action)
            raise self.error
        return super().send(action, parameters)


@pytest.mark.parametrize(
    "code", ["UnsupportedOperation", "InvalidParameter.Param", "ResourceNotFound", "FailedOperation", "InternalError"]
)
def test_refused_delete_does_not_stop_the_rest_of_its_batch(code: str) -> None:
    world = WorldWithRefusedDeletes(api_error(code, "No.", action=DELETE, request_id="r-1"), 2, 11)
    result = prune(world)
    assert ids_of(result["deleted"]) == sorted(set(world.ids) - world.refused)
    if code == "ResourceNotFound":
        # The error says that the cache is missing, even if it is listed.
        assert "failed" not in result
        return
    assert result["failed"]
    assert result["changed"]
    assert result["error"]["code"] == code
    assert result["msg"].startswith("2 of 25 image caches could not be deleted (ci-2 (")
    assert ids_of(result["kept"]) == sorted(world.refused)
    assert all(entry["reason"].startswith("it could not be deleted: ") for entry in result["kept"])
    # A refused batch is split in halves: fewer calls than caches, except if each call has three attempts.
    assert world.calls.count(DELETE) < (25 if code != "InternalError" else 75)


ONE_BY_ONE = [LIST, DELETE, LIST, DELETE, LIST, *[DELETE] * 19]


@pytest.mark.parametrize(
    ("count", "calls"),
    [(1, [LIST, DELETE, LIST]), (20, ONE_BY_ONE), (21, [*ONE_BY_ONE, DELETE])],
    ids=["1", "20", "21"],
)
def test_refused_batch_is_listed_and_deleted_one_by_one_but_not_a_batch_of_one(count: int, calls: list[str]) -> None:
    world = WorldWithRefusedDeletes(api_error("FailedOperation", "No.", action=DELETE, request_id="r-1"), 0)
    result = prune(world, keep_ids=world.ids[count:])
    assert ids_of(result["deleted"]) == sorted(world.ids[1:count])
    assert world.calls == calls


def test_cache_that_is_not_found_alone_counts_as_deleted_without_another_listing() -> None:
    world = WorldWithRefusedDeletes(api_error("ResourceNotFound", "No.", action=DELETE, request_id="r-1"), 0)
    result = prune(world, keep_ids=world.ids[1:])
    assert "failed" not in result
    assert world.calls == [LIST, DELETE]


def test_failed_batch_does_not_stop_the_next_one() -> None:
    world = WorldWithRefusedDeletes(
        api_error("UnauthorizedOperation.CamNoAuth", "No.", action=DELETE, request_id="r-1"), 0
    )
    result = prune(world)
    assert ids_of(result["deleted"]) == sorted(world.ids[20:])
    assert len(result["kept"]) == 20
    assert "allow tke:DeleteImageCaches on resource *" in result["msg"]


@pytest.mark.parametrize("action", [DELETE, "DescribeImageCaches"])
def test_deletes_before_expired_credentials_are_reported(action: str) -> None:
    world = World()
    ids = create_old_caches(25, world)
    send = world.send

    def fail_at_action(asked: str, parameters: Any) -> dict[str, Any]:
        if world.calls.count(DELETE) and asked == action:
            raise InvalidInput("the temporary keys have expired")
        if world.calls.count(DELETE) and asked == DELETE:
            raise NoAnswer("lost", action=DELETE)
        return send(asked, parameters)

    world.send = fail_at_action  # type: ignore[method-assign]
    result = prune(world)
    assert ids_of(result["deleted"]) == sorted(ids[:20])
    assert ids_of(result["kept"]) == sorted(ids[20:])
    assert result["changed"]
    assert result["failed"]
    assert "the temporary keys have expired" in result["msg"]


def test_cache_whose_build_starts_meanwhile_is_kept() -> None:
    world = World()
    world.settings.delete_while_building = False
    ids = create_old_caches(3, world)

    def watch(moment: str, _number: int) -> None:
        if moment == "before" and world.calls.count(DELETE) == 1 and world.calls[-1] == DELETE:
            world.service.call("UpdateImageCache", {"ImageCacheId": ids[1], "Images": ["nginx:9"]})

    world.watch = watch
    result = prune(world)
    assert "failed" not in result
    assert [(e["image_cache_id"], e["reason"]) for e in result["kept"]] == [
        (ids[1], "a build of it started in the meantime")
    ]
    assert list(world.service.caches) == [ids[1]]


@pytest.mark.parametrize("is_executed", [True, False])
@pytest.mark.parametrize("lost_deletes", [1, 2, 3])
def test_lost_answer_of_a_delete_is_checked_with_a_listing(is_executed: bool, lost_deletes: int) -> None:
    world = WorldWithLostDeletes(is_executed, lost_deletes)
    result = prune(world)
    if is_executed or lost_deletes < 3:
        assert ids_of(result["deleted"]) == sorted(world.ids)
        assert world.caches == []
        assert "failed" not in result
    else:
        assert result["failed"]
        assert result["deleted"] == []
        assert len(world.caches) == 3


class WorldWithLostDeletes(World):
    """A world that loses the answers to the first deletes; C(is_executed) says whether it executes these."""

    def __init__(self, is_executed: bool, lost_deletes: int) -> None:
        super().__init__()
        self.is_executed, self.lost_deletes, self.ids = is_executed, lost_deletes, create_old_caches(3, self)

    def send(self, action: str, parameters: Any) -> dict[str, Any]:
        if action == DELETE and self.lost_deletes:
            self.lost_deletes -= 1
            if self.is_executed:
                super().send(action, parameters)
            raise NoAnswer("the connection broke", action=action)
        return super().send(action, parameters)


def test_failed_listing_after_refused_delete_keeps_the_batch() -> None:
    world = World()
    create_old_caches(3, world)
    listings = 0
    send = world.send

    def fail(action: str, parameters: Any) -> dict[str, Any]:
        nonlocal listings
        if action == DELETE:
            raise api_error("UnsupportedOperation", "No.", action=action, request_id="r-1")
        listings += 1
        if listings > 1:
            raise api_error("UnauthorizedOperation.CamNoAuth", "No.", action=action, request_id="r-2")
        return send(action, parameters)

    world.send = fail  # type: ignore[method-assign]
    result = prune(world)
    assert result["failed"]
    assert result["error"]["action"] == LIST
    assert len(result["kept"]) == 3


def test_failed_first_listing_ends_the_run() -> None:
    world = World()

    def fail(action: str, parameters: Any) -> dict[str, Any]:
        raise api_error("InvalidParameter", "No.", action=action, request_id="r-1")

    world.send = fail  # type: ignore[method-assign]
    result = prune(world)
    assert result["failed"]
    assert result["msg"].startswith("image caches: DescribeImageCaches failed: No (InvalidParameter, request r-1).")
