# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failed, invalid and conflicting entries of a set."""

from __future__ import annotations

from typing import Any

import pytest
from emulator import BuildFailure
from unit.support.world import BUILD_OPTIONS, World


@pytest.mark.parametrize("on_error", ["continue", "stop"])
def test_failed_entry_does_not_stop_started_entries(on_error: str) -> None:
    world = World()
    world.settings.failures = [BuildFailure("broken")]
    entries = [{"image_cache_name": "bad", "images": ["broken:1"]}, {"image_cache_name": "good"}]
    result = world.run_set(image_caches=entries, on_error=on_error, **BUILD_OPTIONS)
    assert result["failed"] is True
    # Both builds have started, and started entries are completed.
    assert [entry["failed"] for entry in result["image_caches"]] == [True, False]
    assert result["msg"].startswith("1 of 2 image caches failed:\n- image_caches[0]: image cache bad (imc-")


def test_all_invalid_entries_are_reported_together() -> None:
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
    message = world.run_set(image_caches=entries, concurrency=0, **BUILD_OPTIONS)["msg"]
    for words in (
        "concurrency: expected 1 to 100, got 0",
        "image_caches[0] and image_caches[1] have the same image_cache_name 'a'",
        "image_caches[2] is named 'a-replacement', which is reserved for the replacement of image_caches[0]",
        "image_caches[3]: image cache b-replacement: image_cache_name ends in '-replacement', which is reserved",
        "image_caches[4] and image_caches[5] have the same image_cache_id 'imc-1'",
        "image_caches[6]: Neither image_cache_name nor image_cache_id is set",
    ):
        assert words in message
    assert world.calls == []


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({}, {"image_cache_name": "keep"}),
        ({"images": ["redis:7"], "on_change": "replace"}, {}),
        ({"state": "absent"}, {}),
    ],
    ids=["undeclared replacement", "renamed replacement", "used replacement", "absent"],
)
def test_replacement_declared_by_id_conflicts_with_the_entry_of_its_cache(
    first: dict[str, Any], second: dict[str, Any], is_reversed: bool, check_mode: bool
) -> None:
    world = World()
    cache, other = world.create_cache(), world.create_cache(ImageCacheName="web-replacement", Images=["redis:7"])
    entries = [
        {**BUILD_OPTIONS, "image_cache_name": "web", **first},
        {**BUILD_OPTIONS, "image_cache_id": other.id, "images": ["redis:7"], **second},
    ]
    result = world.run_set(image_caches=entries[::-1] if is_reversed else entries, check_mode=check_mode)
    assert result["summary"]["failed"] == 1
    (refused,) = (entry for entry in result["image_caches"] if entry["failed"])
    assert f"web-replacement ({other.id}) is also declared by image_caches[" in refused["msg"]
    assert refused["changed"] is False
    if result["image_caches"].index(refused) == int(not is_reversed):
        # The entry with the name came first and handled the replacement as it does alone.
        assert result["image_caches"][int(is_reversed)]["changed"] is True
    else:
        assert {cache.id, other.id} == set(world.service.caches)


def test_name_and_id_of_the_same_cache_conflict() -> None:
    world = World()
    cache = world.create_cache(ImageCacheName="web")
    entries = [{"image_cache_id": cache.id, "state": "absent"}, {"image_cache_name": "web", **BUILD_OPTIONS}]
    result = world.run_set(image_caches=entries)
    assert result["summary"]["deleted"] == 1
    assert result["summary"]["failed"] == 1
    assert f"web ({cache.id}) is also declared by image_caches[0]" in result["image_caches"][1]["msg"]
    # The next run creates the declared cache.
    assert world.run_set(image_caches=entries)["summary"]["created"] == 1
    both = [
        {"image_cache_id": world.caches[0].id, "image_cache_name": "shop"},
        {"image_cache_name": "web", **BUILD_OPTIONS},
    ]
    assert world.run_set(image_caches=both)["summary"]["failed"] == 1
    assert world.run_set(image_caches=both)["summary"]["created"] == 1
