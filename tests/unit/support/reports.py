# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings and data of reports, for unit tests."""

from __future__ import annotations

from typing import Any

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache, with_ages
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.data import Question, report_data
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.inputs import Region
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.verdicts import read_rules
from unit.support.pruning import NOW

UNUSED = {"unmatched_for": "30d"}


def listing_of(*caches: ImageCache, region: str = "ap-guangzhou") -> dict[str, Any]:
    """Return the result of image_cache_info for these caches."""
    return {"changed": False, "region": region, "image_caches": [with_ages(cache, NOW) for cache in caches]}


def data_of(*caches: ImageCache, rules: Any = (), **options: Any) -> dict[str, Any]:
    """Return the data of a report about the caches of one region."""
    return report_data(Question([Region("ap-guangzhou", caches)], read_rules(rules), **options), NOW)
