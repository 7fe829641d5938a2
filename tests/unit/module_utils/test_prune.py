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


def test_batch_with_an_unclear_outcome_is_repeated_twice_before_it_is_divided() -> None:
    world = WorldWithRefusedDeletes(api_error("InternalError", "No.", action=DELETE, request_id="r-1"), 0)
    sizes: list[int] = []
    send = world.send

    def record(action: str, parameters: Any) -> dict[str, Any]:
        if action == DELETE:
            sizes.append(len(parameters["ImageCacheIds"]))
        return send(action, parameters)

    world.send = record  # type: ignore[method-assign]
    result = prune(world, keep_ids=world.ids[3:])
    assert sizes[:3] == [3, 3, 3]
    assert set(sizes[3:]) == {1}
    assert ids_of(result["deleted"]) == sorted(world.ids[1:3])


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


def create_three(world: World) -> list[str]:
    """Create a cache to keep, one that a Pod has used and one without name, and return their ids."""
    kept = world.start_build(ImageCacheName="kept", ImageCacheSize=100, Images=["redis:7", "nginx:1"])
    world.clock.now += 86400
    used = world.start_build(ImageCacheName="ci-1")
    nameless = world.start_build(ImageCacheName="")
    world.clock.now += 86400
    world.service.call("GetMostSuitableImageCache", {"Images": ["nginx:1"]})
    world.clock.now += 86400
    return [kept.id, used.id, nameless.id]


class TestDiff:
    def test_each_cache_is_a_line_with_what_a_person_decides_by(self) -> None:
        world = World()
        kept, used, nameless = create_three(world)
        diff = prune(world, keep_names=["kept"], check_mode=True)["diff"]
        assert (diff["before_header"], diff["after_header"]) == ("image caches (3)", "image caches (1)")
        lines = diff["before"].splitlines()
        assert [line.split()[0] for line in lines] == [kept, *sorted([used, nameless])]
        cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]
        assert cells[0][1:6] == ["kept", "100 GiB", "Ready", "3 d old", "never matched"]
        assert cells[0][6] == "redis:7, nginx:1"
        assert cells[0][7].startswith("kept: ")
        assert len(cells[1]) == len(cells[2]) == 7
        assert diff["after"] == diff["before"].splitlines(keepends=True)[0]
        # The columns are aligned.
        assert len({line.index("Ready") for line in lines}) == 1
        assert diff["before"].endswith("\n")
        assert not any(line.endswith(" ") for line in lines)

    def test_missing_values_are_marked(self) -> None:
        world = World()
        create_old_caches(1, world)
        world.settings.omitted_fields = ("ImageCacheSize", "CreationTime", "LastMatchedTime", "Images", "Status")
        (line,) = prune(world, check_mode=True)["diff"]["before"].splitlines()
        for cell in ("? GiB", " ? ", "age unknown", " - "):
            assert cell in line

    def test_result_has_no_diff_unless_it_is_shown(self) -> None:
        world = World()
        create_old_caches(1, world)
        assert "diff" not in prune(world, check_mode=True, diff=False)
        assert "diff" in prune(world, check_mode=True)


def test_each_cache_in_the_result_has_the_documented_keys() -> None:
    world = World()
    kept, used, nameless = create_three(world)
    result = prune(world, keep_names=["kept"])
    assert set(ids_of(result["deleted"])) == {used, nameless}
    assert ids_of(result["kept"]) == [kept]
    for entry in (*result["deleted"], *result["kept"]):
        assert set(entry) == {
            "image_cache_id",
            "image_cache_name",
            "images",
            "image_cache_size",
            "status",
            "image_cache_type",
            "tags",
            "created_at",
            "last_matched_at",
            "age_days",
            "days_since_match",
            "reason",
        }
    assert (result["changed"], result["freed_gib"]) == (True, 40)
    assert result["request_id"].startswith("r-")
    assert prune(world, keep_names=["kept"])["request_id"] is None


class TestExcess:
    CURE = "Raise max_deletions to delete them all, or narrow the selection. --check --diff shows the complete list."

    def test_too_many_candidates_fail_the_run_and_are_listed(self) -> None:
        world = World()
        ids = create_old_caches(53, world)
        result = prune(world, max_deletions=52)
        head, *lines = result["msg"].splitlines()
        assert head.startswith("No image cache was deleted: ")
        assert head.endswith(self.CURE)
        assert "53" in head
        assert "52" in head
        assert len(lines) == 51
        assert lines[0].startswith(f"- ci-0 ({ids[0]}): 20 GiB, 3 d old, ")
        assert lines[-1] == "- and 3 more"
        assert (result["failed"], result["changed"], result["deleted"]) == (True, False, [])
        assert [entry["image_cache_id"] for entry in result["kept"]] == ids
        assert DELETE not in world.calls
        assert prune(world, max_deletions=53)["changed"] is True

    @pytest.mark.parametrize(("candidates", "last"), [(50, "- ci-49 ("), (51, "- and 1 more")])
    def test_message_lists_up_to_fifty_candidates(self, candidates: int, last: str) -> None:
        world = World()
        create_old_caches(candidates, world)
        lines = prune(world, max_deletions=1)["msg"].splitlines()[1:]
        assert len(lines) == candidates
        assert lines[-1].startswith(last)

    def test_list_of_fifty_is_complete(self) -> None:
        world = World()
        create_old_caches(50, world)
        assert len(prune(world, max_deletions=49)["msg"].splitlines()) == 51

    def test_check_mode_warns_instead(self) -> None:
        world = World()
        create_old_caches(3, world)
        result = prune(world, max_deletions=2, check_mode=True)
        assert "failed" not in result
        assert len(result["deleted"]) == 3
        (warning,) = world.warnings
        assert warning.startswith("Without check mode, the module would fail and delete nothing: ")
        assert warning.endswith(self.CURE)


def test_message_names_up_to_twenty_caches_that_could_not_be_deleted() -> None:
    for refused, end in ((20, "ci-19 ("), (21, ") and 1 more): ")):
        error = api_error("FailedOperation", "No.", action=DELETE, request_id="r-1")
        result = prune(WorldWithRefusedDeletes(error, *range(refused)))
        names = result["msg"].partition("could not be deleted (")[2].partition(": ")[0]
        assert names.count("ci-") == 20
        assert end in result["msg"]
        assert ("more" in names) is (refused > 20)
        assert result["error"]["code"] == "FailedOperation"
        assert [entry["image_cache_name"] for entry in result["kept"]] == [f"ci-{number}" for number in range(refused)]


def test_failed_listing_deletes_nothing() -> None:
    world = World()
    create_old_caches(1, world)

    def refuse(action: str, _parameters: Any) -> dict[str, Any]:
        raise api_error("UnauthorizedOperation", "No.", action=action, request_id="r-1")

    world.send = refuse  # type: ignore[method-assign]
    result = prune(world)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].startswith("image caches: DescribeImageCaches failed: No ")
