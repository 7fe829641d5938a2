# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of build settings in a tag."""

from __future__ import annotations

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import tracking
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import RECORD_TAG
from unit.support.plans import BUILD_SETTINGS, declaration, observed_cache


class TestRecord:
    # The tags of existing caches contain these digests: other digests would look like changes of every setting.
    SETTINGS = {
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "security_group_ids": ["sg-2", "sg-1"],
        "existed_eip_id": "eip-1",
        "auto_create_eip": True,
        "auto_create_eip_attribute": {"delete_policy": "Never", "internet_max_bandwidth_out": None},
        "registry_skip_verify_list": ["h.example.com"],
        "registry_http_end_point_list": ["h.example.com"],
        "resolve_config": "nameserver 10.0.0.2",
    }
    RECORD = (
        "vpc-90727a.subnet-e062be.groups-54d9a7.eip-5a069f.auto-08fdd9.line-3527ed.skip-f3d14d.http-4e3558.dns-5313b2"
    )

    def observed_record(self, record: str) -> ImageCache:
        return observed_cache(Tags=[{"Key": RECORD_TAG, "Value": record}])

    def test_record_has_the_format_of_existing_caches(self) -> None:
        assert tracking.make_settings_record(self.SETTINGS) == self.RECORD
        assert tracking.make_settings_record({**self.SETTINGS, "images": ["nginx:1"]}) == self.RECORD
        assert tracking.make_settings_record({}) == ""

    def test_order_of_values_does_not_change_the_record(self) -> None:
        again = {**self.SETTINGS, "security_group_ids": ["sg-1", "sg-2", "sg-1"]}
        assert tracking.make_settings_record(again) == self.RECORD
        line = {"delete_policy": "Never", "internet_max_bandwidth_out": 5}
        reversed_line = dict(reversed(line.items()))
        assert tracking.make_settings_record({"auto_create_eip_attribute": line}) == tracking.make_settings_record(
            {"auto_create_eip_attribute": reversed_line}
        )

    def test_record_is_read_from_tags(self) -> None:
        read = tracking.read_record(self.observed_record("vpc-0a1b2c.subnet-ffffff.http-12345.dns-ABCDEF"))
        assert read == {"vpc": "0a1b2c", "subnet": "ffffff"}
        assert tracking.read_record(observed_cache()) == {}
        assert tracking.read_record(observed_cache(Tags="?")) is None

    def test_unrecorded_settings_are_not_compared(self) -> None:
        old = self.observed_record(tracking.make_settings_record({"vpc_id": "vpc-0", "resolve_config": "x"}))
        assert [row.option for row in tracking.find_changed_rows(self.SETTINGS, old)] == ["vpc_id", "resolve_config"]
        assert tracking.find_changed_rows(self.SETTINGS, observed_cache()) == []
        assert tracking.find_changed_rows(self.SETTINGS, observed_cache(Tags="?")) == []
        assert tracking.find_changed_rows({}, old) == []

    def test_undeclared_settings_stay_in_the_record(self) -> None:
        old = self.observed_record(tracking.make_settings_record({"vpc_id": "vpc-0", "subnet_id": "subnet-1"}))
        expected = tracking.make_settings_record({"vpc_id": "vpc-1", "subnet_id": "subnet-1"})
        desired = declaration(subnet_id=None, track_build_settings=True)
        assert tracking.update_record(desired, old, False) == expected
        desired = declaration(track_build_settings=True)
        record = tracking.make_settings_record(BUILD_SETTINGS)
        assert tracking.update_record(desired, observed_cache(), False) == record
        assert tracking.update_record(desired, observed_cache(Tags="?"), False) is None
