# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets in virtual time: in every world, cut at any call, each entry comes to the same end as if it were alone."""

from __future__ import annotations

import random
from typing import Any

import pytest
from emulator import BuildFailure, settings_of, worlds
from emulator.errors import ApiProblem
from unit.support.world import WEB, World

from .test_worlds import cut_at

BESIDE = {name: WEB[name] for name in ("images", "vpc_id", "subnet_id")}


def furnished(world_name: str, of_each: int) -> tuple[World, list[dict[str, Any]]]:
    """Return a world with caches in several states, and entries for all of them and for new ones."""
    world = World(settings_of(world_name))
    unique, world.settings.unique_names = world.settings.unique_names, False
    entries: list[dict[str, Any]] = []
    for number in range(of_each):

        def there(kind: str, number: int = number, **parameters: Any) -> None:
            world.start_build(ImageCacheName=f"{kind}-{number}", **parameters)

        there("kept")
        there("changed")
        there("replaced", Images=["nginx:0"])
        there("gone")
        world.settings.failures = [BuildFailure("nginx")]
        there("failed")
        world.settings.failures = []
        entries += [
            {"image_cache_name": f"kept-{number}"},
            {"image_cache_name": f"changed-{number}", "images": ["nginx:2"]},
            {"image_cache_name": f"replaced-{number}", "on_change": "replace"},
            {"image_cache_name": f"gone-{number}", "state": "absent"},
            {"image_cache_name": f"failed-{number}"},
            {"image_cache_name": f"new-{number}"},
        ]
    world.clock.now += 660
    world.settings.unique_names = unique
    world.calls.clear()
    return world, entries


def check(world: World, entries: list[dict[str, Any]], result: dict[str, Any]) -> None:
    assert "failed" not in result, result["msg"]
    names = sorted(cache.declared["ImageCacheName"] for cache in world.caches)
    assert names == sorted(e["image_cache_name"] for e in entries if e.get("state") != "absent")
    assert world.ready_caches() == world.caches
    declared = {entry["image_cache_name"]: entry.get("images", WEB["images"]) for entry in entries}
    for cache in world.caches:
        assert cache.declared["Images"] == declared[cache.declared["ImageCacheName"]]


@pytest.mark.parametrize("world_name", worlds())
def test_a_set_ends_well_and_is_quiet_then(world_name: str) -> None:
    world, entries = furnished(world_name, 3)
    foreseen = world.run_set(check_mode=True, image_caches=entries, **BESIDE)
    assert set(world.calls) == {"DescribeImageCaches"}
    result = world.run_set(image_caches=entries, **BESIDE)
    check(world, entries, result)
    each = {"created": 6, "updated": 3, "replaced": 3, "deleted": 3, "unchanged": 3, "failed": 0}
    assert foreseen["summary"] == result["summary"] == each
    assert len(result["diff"]) == len(entries)
    world.clock.now += 5
    world.calls.clear()
    again = world.run_set(image_caches=entries, **BESIDE)
    assert again["changed"] is False
    assert world.calls == ["DescribeImageCaches"]


def test_a_hundred_that_are_unchanged_are_two_calls_in_virtual_time() -> None:
    world = World()
    entries = [{"image_cache_name": f"cache-{number}"} for number in range(100)]
    for entry in entries:
        world.start_build(ImageCacheName=entry["image_cache_name"])
    world.clock.now += 660
    assert world.run_set(image_caches=entries, **BESIDE)["summary"]["unchanged"] == 100
    assert world.calls == ["DescribeImageCaches"] * 2


@pytest.mark.exhaustive
@pytest.mark.parametrize("world_name", worlds())
def test_a_set_that_was_cut_off_is_picked_up(world_name: str) -> None:
    world, entries = furnished(world_name, 2)
    world.run_set(image_caches=entries, **BESIDE)
    for number in range(1, len(world.calls) + 1, 3):
        for moment in ("before", "after"):
            world, entries = furnished(world_name, 2)
            cut_at(world, number, moment, lambda world=world, e=entries: world.run_set(image_caches=e, **BESIDE))
            check(world, entries, world.run_set(image_caches=entries, **BESIDE))


@pytest.mark.exhaustive
def test_a_hundred_entries_that_were_cut_off_are_picked_up() -> None:
    world, entries = furnished("default", 17)
    world.run_set(image_caches=entries, **BESIDE)
    order, total = random.Random(1), len(world.calls)
    for _cut in range(12):
        world, entries = furnished("default", 17)
        number = order.randint(1, total - 1)
        cut_at(world, number, "after", lambda world=world, e=entries: world.run_set(image_caches=e, **BESIDE))
        check(world, entries, world.run_set(image_caches=entries, **BESIDE))


@pytest.mark.parametrize("on_error", ["continue", "stop"])
def test_a_failure_leaves_the_others_alone(on_error: str) -> None:
    world = World()
    world.settings.failures = [BuildFailure("broken")]
    entries = [{"image_cache_name": "bad", "images": ["broken:1"]}, {"image_cache_name": "good"}]
    result = world.run_set(image_caches=entries, on_error=on_error, **BESIDE)
    assert result["failed"] is True
    # Both builds had begun: what is begun is brought to its end.
    assert [entry["failed"] for entry in result["image_caches"]] == [True, False]
    assert result["msg"].startswith("1 of 2 image caches failed:\n- image_caches[0] ('bad'): image cache 'bad' (imc-")


def test_every_problem_of_a_set_is_said_at_once() -> None:
    world = World()
    entries = [
        {"image_cache_name": "a"},
        {"image_cache_name": "a"},
        {"image_cache_name": "a-replacement", "state": "absent"},
        {"image_cache_name": "b-replacement"},
        {"image_cache_id": "imc-1"},
        {"image_cache_id": "imc-1"},
        {"images": ["x:1"]},
    ]
    message = world.run_set(image_caches=entries, concurrency=0, **BESIDE)["msg"]
    for words in (
        "concurrency is 0",
        "image_caches[0] and image_caches[1] have the same image_cache_name 'a'",
        "image_caches[2] is named 'a-replacement', which is reserved for the replacement of image_caches[0]",
        "image_caches[3]: image cache 'b-replacement': image_cache_name ends in '-replacement', which is reserved",
        "image_caches[4] and image_caches[5] have the same image_cache_id 'imc-1'",
        "image_caches[6]: one of image_cache_name and image_cache_id is needed",
    ):
        assert words in message
    assert world.calls == []


@pytest.mark.parametrize("code", ["InvalidParameter", "ResourceNotFound"])
def test_what_a_look_is_refused_for_is_refused_to_that_entry_alone(code: str) -> None:
    world = World()
    caches = [world.create_cache(ImageCacheName=f"web-{number}") for number in range(9)]
    listed = world.service.call

    def call(action: str, parameters: Any) -> dict[str, Any]:
        if "imc-none" in parameters.get("ImageCacheIds", ()):
            raise ApiProblem(code, "imc-none is no id.")
        return listed(action, parameters)

    world.service.call = call  # type: ignore[method-assign]
    entries = [{"image_cache_id": image_cache_id} for image_cache_id in [*(c.id for c in caches), "imc-none"]]
    result = world.run_set(image_caches=entries, retention_days=5, wait=False)
    assert [bool(entry.get("failed")) for entry in result["image_caches"]] == [False] * 9 + [True]
    assert result["summary"]["updated"] == 9


def test_a_look_is_shared_with_those_alone_that_wait_as_long() -> None:
    world = World()
    entries = [{"image_cache_name": f"web-{n}", "wait_timeout": 5 if n == 1 else 600} for n in range(3)]
    result = world.run_set(image_caches=entries, **BESIDE)
    looks = [len(request["ImageCacheNames"]) for _action, request in world.requests if "ImageCacheNames" in request]
    assert sorted(looks[:2]) == [2, 4]
    assert result["summary"]["created"] == 2
    assert result["summary"]["failed"] == 1


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({}, {"image_cache_name": "keep"}),
        ({"images": ["redis:7"], "on_change": "replace"}, {}),
        ({"state": "absent"}, {}),
    ],
    ids=["tidied up", "given another name", "taken up", "absent"],
)
def test_a_left_over_replacement_that_is_declared_by_its_id_is_no_other_entrys(
    first: dict[str, Any], second: dict[str, Any], turned: bool, check_mode: bool
) -> None:
    world = World()
    cache, other = world.create_cache(), world.create_cache(ImageCacheName="web-replacement", Images=["redis:7"])
    entries = [
        {**BESIDE, "image_cache_name": "web", **first},
        {**BESIDE, "image_cache_id": other.id, "images": ["redis:7"], **second},
    ]
    result = world.run_set(image_caches=entries[::-1] if turned else entries, check_mode=check_mode)
    assert result["summary"]["failed"] == 1
    (refused,) = (entry for entry in result["image_caches"] if entry["failed"])
    assert f"{other.id}, named 'web-replacement', is that of image_caches[" in refused["msg"]
    assert refused["changed"] is False
    if result["image_caches"].index(refused) == int(not turned):
        # The entry of the name came first, and did with it as it would alone.
        assert result["image_caches"][int(turned)]["changed"] is True
    else:
        assert {cache.id, other.id} == set(world.service.caches)


def test_a_name_and_an_id_that_mean_one_cache_are_told_apart_from_two() -> None:
    world = World()
    cache = world.create_cache(ImageCacheName="web")
    entries = [{"image_cache_id": cache.id, "state": "absent"}, {"image_cache_name": "web", **BESIDE}]
    result = world.run_set(image_caches=entries)
    assert result["summary"]["deleted"] == 1
    assert result["summary"]["failed"] == 1
    assert f"{cache.id}, named 'web', is that of image_caches[0] too" in result["image_caches"][1]["msg"]
    # What is declared is there after the next run.
    assert world.run_set(image_caches=entries)["summary"]["created"] == 1
    both = [{"image_cache_id": world.caches[0].id, "image_cache_name": "shop"}, {"image_cache_name": "web", **BESIDE}]
    assert world.run_set(image_caches=both)["summary"]["failed"] == 1
    assert world.run_set(image_caches=both)["summary"]["created"] == 1
