# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values of a cache that replaces another one."""

from __future__ import annotations

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import tracking
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.successor import Successor
from unit.support.plans import BUILD_SETTINGS, LISTED_CREDENTIAL, declaration, observed_cache


class TestSuccessor:
    def test_default_values_of_old_cache_are_left_to_the_api(self) -> None:
        defaults = Successor(declaration(images=None), observed_cache(ImageCacheSize=20, RetentionDays=0))
        assert defaults.values == {"image_cache_name": "web", "images": ["nginx:1"], **BUILD_SETTINGS}
        others = Successor(declaration(images=None), observed_cache(ImageCacheSize=50, RetentionDays=3))
        assert (others.values["image_cache_size"], others.values["retention_days"]) == (50, 3)

    def test_declared_values_override_the_old_cache(self) -> None:
        successor = Successor(declaration(images=["nginx:2"], image_cache_size=30), observed_cache(ImageCacheSize=50))
        assert (successor.values["images"], successor.values["image_cache_size"]) == (["nginx:2"], 30)

    def test_comparison_includes_changed_unlisted_options(self) -> None:
        successor = Successor(declaration(retention_days=1), observed_cache(RetentionDays=0))
        assert successor.compare_with_old(["subnet_id"]) == {
            "image_cache_name": "web",
            "images": ["nginx:1"],
            "image_cache_size": 20,
            "retention_days": 1,
            "tags": {},
            "subnet_id": "subnet-1",
        }

    def test_missing_options_for_a_create_are_named(self) -> None:
        assert Successor(declaration()).missing == []
        assert Successor(declaration(images=None, vpc_id=None, subnet_id=None)).missing == [
            "images",
            "vpc_id",
            "subnet_id",
        ]
        assert Successor(declaration(images=None), observed_cache()).missing == []

    def test_one_masked_password_counts_as_missing_passwords(self) -> None:
        unmasked = {**LISTED_CREDENTIAL, "Server": "r.example.com", "Password": "p"}
        successor = Successor(declaration(), observed_cache(ImageRegistryCredentials=[unmasked, LISTED_CREDENTIAL]))
        assert successor.lacks_passwords
        assert not Successor(declaration(), observed_cache(ImageRegistryCredentials=[unmasked])).lacks_passwords
        assert Successor(declaration(), observed_cache()).lacks_passwords is False

    def test_record_contains_all_declared_settings(self) -> None:
        assert Successor(declaration(track_build_settings=True)).record == tracking.make_settings_record(BUILD_SETTINGS)
        assert Successor(declaration()).record == ""
