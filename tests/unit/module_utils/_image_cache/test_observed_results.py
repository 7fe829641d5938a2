# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a result has of a listed cache: the events of its last build, and null for fields of wrong types."""

from __future__ import annotations

from typing import Any

from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import recovered_failure
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from unit.support.events import STEPS, cache_with, cache_with_times, normal_events


def reasons_of(events: list[dict[str, Any]]) -> list[str]:
    """Return the reasons of events of a result."""
    return [event["reason"] for event in events]


def test_result_has_events_of_last_build_in_api_order() -> None:
    failed = cache_with(
        *normal_events(*STEPS), *normal_events("DiskCreated"), ("Warning", "NoSpace", "no space left on device")
    )
    assert reasons_of(failed.as_result()["events"]) == ["NoSpace", "DiskCreated"]
    assert reasons_of(failed.as_result("all")["events"]) == ["NoSpace", "DiskCreated", *STEPS[::-1]]
    assert failed.as_result("none")["events"] == []
    assert reasons_of(recovered_failure(failed)["events"]) == ["NoSpace", "DiskCreated"]


def test_result_keeps_events_of_the_second_in_which_build_starts() -> None:
    listed = cache_with_times(
        ("EksCiCreated", "01"), ("SnapCreated", "02"), ("DiskCreated", "02"), ("EksCiCreated", "03")
    )
    assert reasons_of(listed.as_result()["events"]) == ["EksCiCreated", "DiskCreated", "SnapCreated"]


def test_result_has_all_events_if_build_start_is_unknown() -> None:
    for listed in (
        cache_with_times(("EksCiCreated", "01"), ("SnapCreated", "02")),
        cache_with_times(("DiskCreated", "01"), ("DiskCreated", "02"), ("EksCiCreated", None)),
    ):
        assert listed.as_result()["events"] == listed.as_result("all")["events"]
    warned = cache_with(*normal_events("DiskCreated"), ("Warning", "DiskCreated", "failed"))
    assert reasons_of(warned.as_result()["events"]) == ["DiskCreated", "DiskCreated"]


def test_field_of_wrong_type_is_null_in_result() -> None:
    raw = {
        "ImageCacheId": "imc-1",
        "Status": [1],
        "Images": ["a", 1],
        "Tags": [{"Key": "a"}, 1],
        "Events": [1, {"Type": 2}],
    }
    listed = ImageCache({**raw, "SnapshotId": {"a": 1}, "ImageRegistryCredentials": [1]}).as_result()
    assert [listed[key] for key in ("status", "images", "tags", "snapshot_id", "image_registry_credentials")] == [
        None
    ] * 5
    assert [event["type"] for event in listed["events"]] == [None]


def test_cache_read_from_its_result_gives_the_same_result_without_credentials() -> None:
    raw = {
        "ImageCacheId": "imc-1",
        "ImageCacheName": "web",
        "Images": ["nginx:1"],
        "ImageCacheSize": 50,
        "RetentionDays": 30,
        "Tags": [{"Key": "team", "Value": "web"}, {"Key": "spare", "Value": ""}],
        "Status": "Failed",
        "CreationTime": "2026-03-30 07:03:35 +0000 UTC",
        "LastMatchedTime": "",
        "ImageRegistryCredentials": [{"Server": "registry.example.com", "Username": "u", "Password": "canary"}],
        "Events": [{"Type": "Warning", "Reason": "NoSpace", "Message": "full", "LastTimestamp": "2026-03-30 07:05:00"}],
    }
    listed = ImageCache(raw).as_result("all")
    again = ImageCache.from_result(listed)
    assert again.as_result("all") == {**listed, "image_registry_credentials": None}
    assert again.has_never_matched
    assert ImageCache.from_result(again.as_result("all")) == again


def test_value_of_wrong_type_in_a_result_is_unknown() -> None:
    shown = {"image_cache_id": "imc-1", "status": 1, "images": "nginx", "tags": [1], "image_cache_size": "20"}
    listed = ImageCache.from_result({**shown, "events": [1, {"type": 2}]}).as_result("all")
    assert [listed[key] for key in ("status", "images", "tags", "image_cache_size")] == [None] * 4
    assert [event["type"] for event in listed["events"]] == [None]
