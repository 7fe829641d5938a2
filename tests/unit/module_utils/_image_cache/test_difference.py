# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Differences between a declaration and a cache, and the updates in place that follow."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import difference, tracking
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.difference import InPlaceUpdate
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import RECORD_TAG
from unit.support.conversation import listed_cache
from unit.support.plans import BUILD_SETTINGS, NOW, declaration, observed_cache, plan_run


class TestDifference:
    def test_update_without_values_is_false(self) -> None:
        assert not InPlaceUpdate({})
        assert InPlaceUpdate({"tags": {}})
        assert InPlaceUpdate({}, kept={"tags": {}})

    def test_record_is_sent_only_with_tags(self) -> None:
        tags = {"Tags": [{"Key": "a", "Value": "1"}, {"Key": RECORD_TAG, "Value": "r"}]}
        assert InPlaceUpdate({"tags": {"a": "1"}}, "r").request() == tags
        assert InPlaceUpdate({}, "r", {"tags": {"a": "1"}}).request() == tags
        # Declared tags override the kept tags.
        assert InPlaceUpdate({"tags": {"a": "1"}}, "r", {"tags": {"b": "2"}}).request() == tags
        assert InPlaceUpdate({"retention_days": 5}, "r").request() == {"RetentionDays": 5}
        assert InPlaceUpdate({"tags": {}}).request() == {"Tags": []}

    def test_record_is_named_if_it_alone_requires_the_tags(self) -> None:
        with_record = InPlaceUpdate({"retention_days": 5}, "r", {"tags": {}}, ("track_build_settings",))
        assert with_record.fields == ("retention_days", "track_build_settings")
        assert with_record.recorded_note == {"track_build_settings": True}
        without_record = InPlaceUpdate({"retention_days": 5, "images": []})
        assert (without_record.fields, without_record.recorded_note) == (("images", "retention_days"), {})

    @pytest.mark.parametrize(
        ("tags", "sent"),
        [
            ([], True),
            ([{"Key": RECORD_TAG, "Value": tracking.make_settings_record(BUILD_SETTINGS)}], False),
            ([{"Key": RECORD_TAG, "Value": tracking.make_settings_record({"vpc_id": "vpc-1"})}], True),
        ],
    )
    def test_changed_record_is_sent_with_tracking(self, tags: list[dict[str, str]], sent: bool) -> None:
        change = difference.plan_in_place(declaration(track_build_settings=True), observed_cache(Tags=tags))
        assert bool(change.kept) is sent
        assert change.record == tracking.make_settings_record(BUILD_SETTINGS)

    def test_record_is_kept_without_tracking(self) -> None:
        record = tracking.make_settings_record({"vpc_id": "vpc-1"})
        change = difference.plan_in_place(
            declaration(tags={"a": "1"}), observed_cache(Tags=[{"Key": RECORD_TAG, "Value": record}])
        )
        assert (change.record, change.kept) == (record, {})

    def test_unlisted_tags_have_no_record(self) -> None:
        hidden = {field: value for field, value in listed_cache().items() if field != "Tags"}
        change = difference.plan_in_place(declaration(track_build_settings=True), ImageCache(hidden))
        assert (change.values, change.record, change.kept) == ({}, "", {})

    def test_outstanding_options_are_sent_but_not_listed(self) -> None:
        desired = declaration(images=["nginx:2"], tags={"a": "1"}, track_build_settings=True)
        assert difference.find_outstanding(desired, observed_cache(), ["images"]) == ["images"]
        sent = ["tags", "images", "retention_days", "track_build_settings"]
        assert difference.find_outstanding(desired, observed_cache(), sent) == [
            "tags",
            "images",
            "track_build_settings",
        ]
        arrived = observed_cache(
            Images=["nginx:2"], Tags=[{"Key": RECORD_TAG, "Value": tracking.make_settings_record(BUILD_SETTINGS)}]
        )
        assert difference.find_outstanding(desired, arrived, sent) == ["tags"]

    def test_changed_tracked_setting_is_a_difference(self) -> None:
        old = observed_cache(Tags=[{"Key": RECORD_TAG, "Value": tracking.make_settings_record(BUILD_SETTINGS)}])
        desired = declaration(subnet_id="subnet-2", track_build_settings=True, tags={"a": "1"})
        assert [row.option for row in difference.find_differences(desired, old)] == ["subnet_id", "tags"]
        assert difference.find_build_differences(desired, old) == ["subnet_id"]
        assert difference.reasons_to_replace(desired, old, NOW, rebuilt=False) == ["subnet_id"]
        untracked = declaration(subnet_id="subnet-2")
        assert difference.find_differences(untracked, old) == []

    def test_cache_is_too_old_only_after_max_age(self) -> None:
        for limit, is_too_old in (("1d", False), ("86399s", True)):
            assert difference.is_too_old(declaration(max_age=limit), observed_cache(), NOW) is is_too_old
        assert difference.is_too_old(declaration(), observed_cache(), NOW) is False
        # The clock of the controller is late.
        assert difference.is_too_old(declaration(max_age="1d"), observed_cache(), NOW - 2 * 86400) is False

    def test_running_update_is_joined_and_not_repeated(self) -> None:
        for options in ({}, {"on_change": "replace"}):
            plan = plan_run(options, observed_cache(status="Updating"))
            assert (plan.steps, plan.join) == ((), "imc-1")

    @pytest.mark.parametrize(("on_change", "reasons"), [("fail", []), ("update", []), ("replace", ["images"])])
    def test_updatable_option_requires_replace_only_with_on_change_replace(
        self, on_change: str, reasons: list[str]
    ) -> None:
        desired = declaration(images=["nginx:2"], on_change=on_change)
        assert difference.reasons_to_replace(desired, observed_cache(), NOW, rebuilt=False) == reasons

    def test_unlisted_option_is_described_without_its_old_value(self) -> None:
        old = observed_cache(
            Tags=[{"Key": RECORD_TAG, "Value": tracking.make_settings_record({"existed_eip_id": "eip-0"})}]
        )
        desired = declaration(existed_eip_id="eip-1", image_cache_size=50, track_build_settings=True)
        assert difference.describe_differences(desired, old, []) == [
            "existed_eip_id differs from its value at build time, declared 'eip-1'",
            "image_cache_size is 20, declared 50",
        ]
