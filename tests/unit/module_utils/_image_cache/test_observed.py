# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Caches as the API lists them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import build_failure, phase
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    RESULT_KEYS,
    ImageCache,
    age_order,
    cache_label,
    with_ages,
)


class TestImageCache:
    SAMPLE = {
        "ImageCacheId": "imc-xxx",
        "ImageCacheName": "imc-nginx",
        "ImageCacheSize": 20,
        "Status": "Ready",
        "Images": ["nginx"],
        "CreationTime": "2021-12-06 22:52:24",
        "ExpireDateTime": "",
        "LastMatchedTime": "2021-12-07 21:30:15",
        "SnapshotId": "snap-xxx",
        "Events": [
            {"Reason": reason, "Type": "Normal", "Message": "", "LastTimestamp": at, "FirstTimestamp": at}
            for reason, at in (
                ("SnapCreated", "2021-12-06 15:10:43"),
                ("DiskCreated", "2021-12-06 15:03:24"),
                ("EksciCreated", "2021-12-06 15:03:24"),
            )
        ],
    }

    def test_oldest_sample_of_the_vendor_is_read(self) -> None:
        cache = ImageCache(self.SAMPLE)
        result = cache.as_result()
        assert set(result) == set(RESULT_KEYS)
        assert result["created_at"] == "2021-12-06T22:52:24Z"
        assert result["last_matched_at"] == "2021-12-07T21:30:15Z"
        assert (result["never_expires"], result["expires_at"]) == (True, None)
        assert (result["tags"], result["retention_days"]) == (None, None)
        assert [event.reason for event in cache.events] == ["EksciCreated", "DiskCreated", "SnapCreated"]
        assert phase(cache) == "SnapCreated"

    def test_expiry_is_read_without_retention_days(self) -> None:
        result = ImageCache({**self.SAMPLE, "ExpireDateTime": "2026-01-01T00:00:00Z"}).as_result()
        assert (result["never_expires"], result["expires_at"]) == (False, "2026-01-01T00:00:00Z")
        unknown = ImageCache({**self.SAMPLE, "ExpireDateTime": "some day"}).as_result()
        assert (unknown["never_expires"], unknown["expires_at"]) == (None, None)

    @pytest.mark.parametrize(
        ("fields", "expires_at"),
        [
            ({"ExpireDateTime": "2026-01-01T00:00:00Z"}, "2026-01-01"),
            # The listed date counts, even if the retention would end at another one.
            ({"ExpireDateTime": "2026-01-01T00:00:00Z", "RetentionDays": 5}, "2026-01-01"),
            ({"ExpireDateTime": "2126-01-01T00:00:00Z", "RetentionDays": 0}, None),
            ({"RetentionDays": 5}, "2021-12-11"),
            ({"ExpireDateTime": "some day", "RetentionDays": 5}, "2021-12-11"),
            ({"ExpireDateTime": "some day"}, None),
            ({"RetentionDays": 5, "CreationTime": "some day"}, None),
            ({"RetentionDays": 10**30}, None),
            ({}, None),
        ],
        ids=str,
    )
    def test_expiry_is_as_listed_or_the_retention_counts_from_creation(
        self, fields: dict[str, Any], expires_at: Optional[str]
    ) -> None:
        expiry = ImageCache({**self.SAMPLE, **fields}).expires_at
        assert (expiry and expiry.date().isoformat()) == expires_at

    @pytest.mark.parametrize("value", [None, 7, "x", [None], [{}], {}, True, [[]], [{"Key": 1, "Value": {}}]])
    def test_invalid_value_of_any_field_is_accepted(self, value: Any) -> None:
        for field in self.SAMPLE:
            if field != "ImageCacheId":
                cache = ImageCache({**self.SAMPLE, "Tags": value, field: value})
                assert set(cache.as_result()) == set(RESULT_KEYS)
                assert cache.is_settled in (True, False)
                build_failure(cache)
                age_order(cache)
                with_ages(cache, datetime(2026, 1, 1, tzinfo=timezone.utc))
                for row in FIELDS:
                    if row.is_shown:
                        cache.value_of(row.option)

    def test_unknown_status_counts_as_being_built(self) -> None:
        assert not ImageCache({**self.SAMPLE, "Status": "Archiving"}).is_settled

    @pytest.mark.parametrize(
        ("tags", "shown"),
        [
            ([{"Key": "a", "Value": "b"}, {"Key": "c", "Value": None}], {"a": "b", "c": ""}),
            ([{"Key": "a", "Value": 1}], None),
            ([{"Key": 1, "Value": "b"}], None),
            ([{"Key": "a", "Value": "b"}, "c"], None),
        ],
        ids=str,
    )
    def test_tags_are_known_only_if_all_are_texts(self, tags: Any, shown: Any) -> None:
        assert ImageCache({**self.SAMPLE, "Tags": tags}).value_of("tags") == shown

    def test_null_field_is_empty_and_missing_field_is_unknown(self) -> None:
        assert ImageCache({**self.SAMPLE, "Tags": None}).value_of("tags") == {}
        assert ImageCache(self.SAMPLE).value_of("tags") is None

    def test_events_have_the_documented_keys(self) -> None:
        event = {
            "ImageCacheId": "imc-xxx",
            "Type": "Warning",
            "Reason": "NoSpace",
            "Message": "no space left on device",
            "FirstTimestamp": "2021-12-06 15:10:43",
            "LastTimestamp": "2021-12-06 15:20:43",
        }
        (shown,) = ImageCache({**self.SAMPLE, "Events": [event]}).as_result()["events"]
        assert shown == {
            "image_cache_id": "imc-xxx",
            "type": "Warning",
            "reason": "NoSpace",
            "message": "no space left on device",
            "first_timestamp": "2021-12-06 15:10:43",
            "last_timestamp": "2021-12-06 15:20:43",
        }

    @pytest.mark.parametrize("value", [7, ["web"], {"a": 1}, True])
    def test_name_that_is_no_text_is_not_shown_as_listed(self, value: Any) -> None:
        cache = ImageCache({**self.SAMPLE, "ImageCacheName": value})
        assert cache.as_result()["image_cache_name"] != value
        assert isinstance(cache.name, (str, type(None)))


@pytest.mark.parametrize(
    ("name", "image_cache_id", "label"),
    [
        ("web", "imc-1", "web (imc-1)"),
        ("web", None, "web"),
        (None, "imc-1", "imc-1"),
        ("", "imc-1", "imc-1"),
        ("web", "", "web"),
    ],
)
def test_label_has_what_is_known(name: Any, image_cache_id: Any, label: str) -> None:
    assert cache_label(name, image_cache_id) == label
