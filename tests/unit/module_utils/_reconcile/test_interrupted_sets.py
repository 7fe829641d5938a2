# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets in every world, also interrupted at any call: each entry ends as declared."""

from __future__ import annotations

import random
from typing import Any

import pytest
from emulator import BuildFailure, settings_of, worlds
from unit.support.scenarios import interrupt_at
from unit.support.world import WEB, World

BUILD_OPTIONS = {name: WEB[name] for name in ("images", "vpc_id", "subnet_id")}


def create_caches_and_entries(world_name: str, of_each: int) -> tuple[World, list[dict[str, Any]]]:
    """Return a world with caches in several states, and entries for these caches and for new ones."""
    world = World(settings_of(world_name))
    unique, world.settings.unique_names = world.settings.unique_names, False
    entries: list[dict[str, Any]] = []
    for number in range(of_each):

        def create_cache(kind: str, number: int = number, **parameters: Any) -> None:
            world.start_build(ImageCacheName=f"{kind}-{number}", **parameters)

        create_cache("kept")
        create_cache("changed")
        create_cache("replaced", Images=["nginx:0"])
        create_cache("gone")
        world.settings.failures = [BuildFailure("nginx")]
        create_cache("failed")
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


def check_caches(world: World, entries: list[dict[str, Any]], result: dict[str, Any]) -> None:
    assert "failed" not in result, result["msg"]
    names = sorted(cache.declared["ImageCacheName"] for cache in world.caches)
    assert names == sorted(e["image_cache_name"] for e in entries if e.get("state") != "absent")
    assert world.ready_caches() == world.caches
    declared = {entry["image_cache_name"]: entry.get("images", WEB["images"]) for entry in entries}
    for cache in world.caches:
        assert cache.declared["Images"] == declared[cache.declared["ImageCacheName"]]


@pytest.mark.parametrize("world_name", worlds())
def test_set_ends_as_declared_and_next_run_changes_nothing(world_name: str) -> None:
    world, entries = create_caches_and_entries(world_name, 3)
    predicted = world.run_set(check_mode=True, image_caches=entries, **BUILD_OPTIONS)
    assert set(world.calls) == {"DescribeImageCaches"}
    result = world.run_set(image_caches=entries, **BUILD_OPTIONS)
    check_caches(world, entries, result)
    each = {"created": 6, "updated": 3, "replaced": 3, "deleted": 3, "unchanged": 3, "failed": 0}
    assert predicted["summary"] == result["summary"] == each
    assert len(result["diff"]) == len(entries)
    world.clock.now += 5
    world.calls.clear()
    again = world.run_set(image_caches=entries, **BUILD_OPTIONS)
    assert again["changed"] is False
    # Where a listing selects only 10 names, the 36 names take a refused and four more requests.
    assert world.calls == ["DescribeImageCaches"] * (5 if world.settings.most_listed_at_once else 1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("world_name", worlds())
def test_next_run_completes_an_interrupted_set(world_name: str) -> None:
    world, entries = create_caches_and_entries(world_name, 2)
    world.run_set(image_caches=entries, **BUILD_OPTIONS)
    for number in range(1, len(world.calls) + 1, 3):
        for moment in ("before", "after"):
            world, entries = create_caches_and_entries(world_name, 2)
            interrupt_at(
                world, number, moment, lambda world=world, e=entries: world.run_set(image_caches=e, **BUILD_OPTIONS)
            )
            check_caches(world, entries, world.run_set(image_caches=entries, **BUILD_OPTIONS))


@pytest.mark.exhaustive
def test_next_run_completes_an_interrupted_set_of_hundred_entries() -> None:
    world, entries = create_caches_and_entries("default", 17)
    world.run_set(image_caches=entries, **BUILD_OPTIONS)
    order, total = random.Random(1), len(world.calls)
    for _interruption in range(12):
        world, entries = create_caches_and_entries("default", 17)
        number = order.randint(1, total - 1)
        interrupt_at(
            world, number, "after", lambda world=world, e=entries: world.run_set(image_caches=e, **BUILD_OPTIONS)
        )
        check_caches(world, entries, world.run_set(image_caches=entries, **BUILD_OPTIONS))
