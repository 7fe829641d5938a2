# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting many, in every world and against a server that fails in the middle: one that stays holds up no other."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, NoAnswer, api_error
from emulator import settings_of, worlds
from unit.support.world import World

DELETE, LIST = "DeleteImageCaches", "DescribeImageCaches"


def world_of(count: int, world: World) -> list[str]:
    """Put caches there that are old enough to go, and return their ids."""
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
def test_in_every_world_what_is_foretold_is_what_happens(name: str) -> None:
    world = World(settings_of(name))
    ids = world_of(45, world)
    world.start_build(ImageCacheName="fresh")
    world.clock.now += 120
    foretold = prune(world, check_mode=True)
    assert DELETE not in world.calls
    result = prune(world)
    assert ids_of(result["deleted"]) == sorted(ids)
    assert [cache.declared["ImageCacheName"] for cache in world.caches] == ["fresh"]
    assert result["freed_gib"] == 45 * 20
    assert {**foretold, "request_id": None} == {**result, "request_id": None}
    assert prune(world)["changed"] is False


def test_batches_are_of_twenty() -> None:
    world = World()
    world_of(45, world)
    prune(world)
    assert [len(r["ImageCacheIds"]) for action, r in world.requests if action == DELETE] == [20, 20, 5]


@pytest.mark.parametrize("name", worlds())
def test_one_that_is_gone_meanwhile_is_no_error(name: str) -> None:
    world = World(settings_of(name))
    ids = world_of(7, world)

    def watch(moment: str, _number: int) -> None:
        if moment == "before" and world.calls[-1] == DELETE and ids[3] in world.service.caches:
            world.service.call(DELETE, {"ImageCacheIds": [ids[3]]})

    world.watch = watch
    result = prune(world)
    assert "failed" not in result
    assert world.caches == []
    # Where a delete skips what is gone, nobody can tell whose delete it was.
    assert set(ids) - {ids[3]} <= set(ids_of(result["deleted"])) <= set(ids)


class Stubborn(World):
    """A world in which some caches cannot be deleted."""

    def __init__(self, error: Any, *stubborn: int) -> None:
        super().__init__()
        self.error, self.ids = error, world_of(25, self)
        self.stubborn = {self.ids[number] for number in stubborn}

    def send(self, action: str, parameters: Any) -> dict[str, Any]:
        if action == DELETE and self.stubborn & set(parameters["ImageCacheIds"]):
            self.calls.append(action)
            raise self.error
        return super().send(action, parameters)


@pytest.mark.parametrize(
    "code", ["UnsupportedOperation", "InvalidParameter.Param", "ResourceNotFound", "FailedOperation", "InternalError"]
)
def test_what_cannot_be_deleted_does_not_hold_up_the_rest_of_its_batch(code: str) -> None:
    world = Stubborn(api_error(code, "No.", action=DELETE, request_id="r-1"), 2, 11)
    result = prune(world)
    assert ids_of(result["deleted"]) == sorted(set(world.ids) - world.stubborn)
    if code == "ResourceNotFound":
        # It says that it is gone, whatever the listing shows.
        assert "failed" not in result
        return
    assert result["failed"]
    assert result["changed"]
    assert result["error"]["code"] == code
    assert result["msg"].startswith("2 of 25 image caches could not be deleted ('ci-2' (")
    assert ids_of(result["kept"]) == sorted(world.stubborn)
    assert all(entry["reason"].startswith("it could not be deleted: ") for entry in result["kept"])
    # Halves, halves of halves, and so on: never one call a cache, but where each is worth three attempts.
    assert world.calls.count(DELETE) < (25 if code != "InternalError" else 75)


def test_a_batch_that_fails_does_not_stop_the_next_one() -> None:
    world = Stubborn(api_error("UnauthorizedOperation.CamNoAuth", "No.", action=DELETE, request_id="r-1"), 0)
    result = prune(world)
    assert ids_of(result["deleted"]) == sorted(world.ids[20:])
    assert len(result["kept"]) == 20
    assert "allow tke:DeleteImageCaches on resource *" in result["msg"]


@pytest.mark.parametrize("action", [DELETE, "DescribeImageCaches"])
def test_what_was_deleted_before_the_keys_ended_is_told(action: str) -> None:
    world = World()
    there = world_of(25, world)
    send = world.send

    def ended(asked: str, parameters: Any) -> dict[str, Any]:
        if world.calls.count(DELETE) and asked == action:
            raise InvalidInput("the temporary keys have expired")
        if world.calls.count(DELETE) and asked == DELETE:
            raise NoAnswer("lost", action=DELETE)
        return send(asked, parameters)

    world.send = ended  # type: ignore[method-assign]
    result = prune(world)
    assert ids_of(result["deleted"]) == sorted(there[:20])
    assert ids_of(result["kept"]) == sorted(there[20:])
    assert result["changed"]
    assert result["failed"]
    assert "the temporary keys have expired" in result["msg"]


def test_one_whose_build_has_begun_meanwhile_stays() -> None:
    world = World()
    world.settings.delete_while_building = False
    ids = world_of(3, world)

    def watch(moment: str, _number: int) -> None:
        if moment == "before" and world.calls.count(DELETE) == 1 and world.calls[-1] == DELETE:
            world.service.call("UpdateImageCache", {"ImageCacheId": ids[1], "Images": ["nginx:9"]})

    world.watch = watch
    result = prune(world)
    assert "failed" not in result
    assert [(e["image_cache_id"], e["reason"]) for e in result["kept"]] == [
        (ids[1], "a build of it has begun meanwhile")
    ]
    assert list(world.service.caches) == [ids[1]]


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_lost_answer_is_looked_after(acts: bool, times: int) -> None:
    world = Lossy(acts, times)
    result = prune(world)
    if acts or times < 3:
        assert ids_of(result["deleted"]) == sorted(world.ids)
        assert world.caches == []
        assert "failed" not in result
    else:
        assert result["failed"]
        assert result["deleted"] == []
        assert len(world.caches) == 3


class Lossy(World):
    """A world in which the answers to the first deletes are lost; C(acts) says whether they are carried out."""

    def __init__(self, acts: bool, times: int) -> None:
        super().__init__()
        self.acts, self.times, self.ids = acts, times, world_of(3, self)

    def send(self, action: str, parameters: Any) -> dict[str, Any]:
        if action == DELETE and self.times:
            self.times -= 1
            if self.acts:
                super().send(action, parameters)
            raise NoAnswer("the connection broke", action=action)
        return super().send(action, parameters)


def test_a_listing_that_fails_in_the_middle_deletes_nothing_more_of_that_batch() -> None:
    world = World()
    world_of(3, world)
    looks = 0
    send = world.send

    def failing(action: str, parameters: Any) -> dict[str, Any]:
        nonlocal looks
        if action == DELETE:
            raise api_error("UnsupportedOperation", "No.", action=action, request_id="r-1")
        looks += 1
        if looks > 1:
            raise api_error("UnauthorizedOperation.CamNoAuth", "No.", action=action, request_id="r-2")
        return send(action, parameters)

    world.send = failing  # type: ignore[method-assign]
    result = prune(world)
    assert result["failed"]
    assert result["error"]["action"] == LIST
    assert len(result["kept"]) == 3


def test_the_first_listing_that_fails_ends_the_run() -> None:
    world = World()

    def failing(action: str, parameters: Any) -> dict[str, Any]:
        raise api_error("InvalidParameter", "No.", action=action, request_id="r-1")

    world.send = failing  # type: ignore[method-assign]
    result = prune(world)
    assert result["failed"]
    assert result["msg"].startswith("image caches: DescribeImageCaches failed: No (InvalidParameter, request r-1).")
