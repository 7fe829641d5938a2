# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads that several entries of a set share, and the end of a set that stops."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.errors import ApiProblem
from unit.support.world import BUILD_OPTIONS, World


def test_hundred_unchanged_entries_cost_two_calls() -> None:
    world = World()
    entries = [{"image_cache_name": f"cache-{number}"} for number in range(100)]
    for entry in entries:
        world.start_build(ImageCacheName=entry["image_cache_name"])
    world.clock.now += 660
    assert world.run_set(image_caches=entries, **BUILD_OPTIONS)["summary"]["unchanged"] == 100
    assert world.calls == ["DescribeImageCaches"] * 2


@pytest.mark.parametrize("code", ["InvalidParameter", "ResourceNotFound"])
def test_refused_shared_read_fails_only_the_entry_concerned(code: str) -> None:
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


def test_reads_are_shared_only_by_entries_with_the_same_timeout() -> None:
    world = World()
    entries = [{"image_cache_name": f"web-{n}", "wait_timeout": 5 if n == 1 else 600} for n in range(3)]
    result = world.run_set(image_caches=entries, **BUILD_OPTIONS)
    read_sizes = [
        len(request["ImageCacheNames"]) for _action, request in world.requests if "ImageCacheNames" in request
    ]
    assert sorted(read_sizes[:2]) == [2, 4]
    assert result["summary"]["created"] == 2
    assert result["summary"]["failed"] == 1


@pytest.mark.parametrize("entries", [2, 30])
def test_failure_of_the_only_request_in_progress_ends_a_set_that_stops(entries: int) -> None:
    world = World()

    def refuse(action: str, parameters: Any) -> dict[str, Any]:
        if action == "CreateImageCache":
            raise ApiProblem("LimitExceeded", "No more.")
        return call(action, parameters)

    call, world.service.call = world.service.call, refuse  # type: ignore[method-assign]
    names = [{"image_cache_name": f"web-{number}"} for number in range(entries)]
    result = world.run_set(image_caches=names, on_error="stop", **BUILD_OPTIONS)
    assert world.calls.count("CreateImageCache") == 1
    assert result["summary"]["failed"] == entries
