# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs a person: failed builds, expiries, left-over replacements, duplicates, and moved tags."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.attention import (
    ShownCache,
    find_attention,
    find_moved_images,
)
from unit.support.events import cache_with
from unit.support.pruning import NOW, ago, old_cache


def attention(*caches: Any) -> dict[str, Any]:
    return find_attention([ShownCache(number, "ap-guangzhou", cache) for number, cache in enumerate(caches, 1)], NOW)


def test_healthy_cache_needs_nobody() -> None:
    assert attention(old_cache()) == {"failed": [], "expiring": [], "replacements": [], "duplicates": []}


@pytest.mark.parametrize("status", ["Failed", "UpdateFailed"])
def test_failed_build_has_its_hint(status: str) -> None:
    (entry,) = attention(cache_with(("Warning", "NoSpace", "no space left on device"), status=status))["failed"]
    assert (entry["label"], entry["anchor"], entry["status"]) == ("imc-1", "cache-1", status)
    assert (entry["reason"], entry["message"]) == ("NoSpace", "no space left on device")
    assert entry["options"] == ["image_cache_size"]
    assert "image_cache_size" in entry["hint"]


@pytest.mark.parametrize(("days", "left"), [(7, 7), (6.5, 6), (0, 0), (-0.5, -1), (7.0001, None)])
def test_expiry_within_seven_days_is_listed(days: float, left: int) -> None:
    entries = attention(old_cache(ExpireDateTime=ago(days=-days), RetentionDays=30))["expiring"]
    assert [entry["days"] for entry in entries] == ([] if left is None else [left])


def test_earliest_expiry_comes_first() -> None:
    caches = [old_cache(f"imc-{days}", ExpireDateTime=ago(days=-days), RetentionDays=30) for days in (5, 1, 3)]
    assert [entry["label"] for entry in attention(*caches)["expiring"]] == ["web (imc-1)", "web (imc-3)", "web (imc-5)"]


@pytest.mark.parametrize(
    ("fields", "is_listed"),
    [
        ({"Status": "Ready"}, True),
        ({"Status": "Failed"}, True),
        ({"Status": "Pending", "CreationTime": ago(hours=1)}, False),
        ({"Status": "Pending", "CreationTime": ago(days=1)}, False),
        ({"Status": "Pending", "CreationTime": ago(days=1, seconds=1)}, True),
        ({"Status": "Updating", "CreationTime": ago(hours=1)}, False),
        ({"Status": "UpdateFailed", "CreationTime": ago(hours=1)}, True),
        ({"Status": "Pending", "CreationTime": ""}, False),
    ],
)
def test_replacement_is_left_over_unless_it_is_being_built(fields: dict[str, Any], is_listed: bool) -> None:
    entries = attention(old_cache(ImageCacheName="web-replacement", **fields))["replacements"]
    assert [entry["name"] for entry in entries] == (["web"] if is_listed else [])


def test_duplicates_are_listed_by_region() -> None:
    unnamed = [old_cache(f"imc-{number}", ImageCacheName="") for number in (5, 6)]
    caches = [old_cache("imc-1"), old_cache("imc-2", Status="Failed"), old_cache("imc-3", ImageCacheName="x"), *unnamed]
    (entry,) = attention(*caches)["duplicates"]
    assert (entry["label"], [cache["id"] for cache in entry["caches"]]) == ("web", ["imc-1", "imc-2"])
    elsewhere = [ShownCache(1, "ap-guangzhou", caches[0]), ShownCache(2, "ap-tokyo", caches[1])]
    assert find_attention(elsewhere, NOW)["duplicates"] == []


def test_moved_images_unrecorded_caches_and_failures_are_told_apart() -> None:
    shown = [ShownCache(number, "ap-guangzhou", old_cache(f"imc-{number}")) for number in range(4)]
    image = {"image": "nginx:1", "old_digest": None, "new_digest": "sha256:2"}
    moved = {"action": "replace", "fields": ["follow_tags"], "moved_images": [image]}
    recorded = {"action": "update", "fields": ["follow_tags"]}
    followed = {
        "image_caches": [
            {"image_cache_id": None, "replaced": {"old_id": "imc-0"}, "actions": [moved]},
            {"image_cache_id": "imc-1", "actions": [recorded]},
            {"image_cache_id": "imc-2", "actions": []},
            {"image_cache_id": "imc-3", "failed": True, "msg": "denied"},
        ],
        "warnings": ["cannot tell"],
    }
    found = find_moved_images(followed, shown)
    assert [(entry["anchor"], entry["images"]) for entry in found["moved"]] == [("cache-0", [image])]
    assert [entry["anchor"] for entry in found["unrecorded"]] == ["cache-1"]
    assert found["notes"] == ["denied", "cannot tell"]


def test_long_message_of_the_task_is_cut() -> None:
    with pytest.raises(InvalidInput) as raised:
        find_moved_images({"msg": "x" * 1001}, [])
    assert str(raised.value) == f"The registries were not asked: {'x' * 1000}"


@pytest.mark.parametrize("followed", [{"msg": "denied"}, "denied"])
def test_result_without_caches_is_refused(followed: Any) -> None:
    with pytest.raises(InvalidInput, match=r"The registries were not asked: denied"):
        find_moved_images(followed, [])
