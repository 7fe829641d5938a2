# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The input of a report: results of image_cache_info in several forms, and prices."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.inputs import read_prices, read_regions
from unit.support.pruning import old_cache
from unit.support.reports import listing_of

WEB = listing_of(old_cache("imc-1"))


@pytest.mark.parametrize("listings", [WEB, [WEB], [[WEB]], {"results": [WEB], "changed": False}, [WEB, WEB]])
def test_every_form_of_a_listing_is_read(listings: Any) -> None:
    (region,) = read_regions(listings)
    assert region.name == "ap-guangzhou"
    (cache,) = region.caches
    assert (cache.id, cache.name, cache.value_of("tags")) == ("imc-1", "web", {"team": "web"})


def test_results_of_a_region_are_combined_and_regions_sorted() -> None:
    other, unnamed = listing_of(old_cache("imc-2")), {"image_caches": []}
    regions = read_regions([WEB, other, listing_of(region="ap-beijing"), unnamed])
    assert [(region.name, [cache.id for cache in region.caches]) for region in regions] == [
        ("", []),
        ("ap-beijing", []),
        ("ap-guangzhou", ["imc-1", "imc-2"]),
    ]


@pytest.mark.parametrize(
    ("listings", "problem"),
    [
        ([], "No listing is given."),
        (None, "it has no list in image_caches"),
        ([{"image_caches": None}], "it has no list in image_caches"),
        ({"image_caches": [{}]}, "an image cache has no image_cache_id"),
        ({"image_caches": ["imc-1"]}, "an image cache has no image_cache_id"),
        ({"results": [{"failed": True, "msg": "denied"}]}, "A listing failed: denied"),
    ],
)
def test_other_values_are_refused(listings: Any, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        read_regions(listings)


def test_long_message_of_a_failed_listing_is_cut() -> None:
    with pytest.raises(InvalidInput) as raised:
        read_regions([WEB, {"failed": True, "msg": "x" * 1001}])
    assert str(raised.value) == f"A listing failed: {'x' * 1000}"


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"results": [value]}], ids=["lists", "results"])
def test_each_kind_of_nesting_counts_as_a_level(wrap: Any) -> None:
    listing: Any = WEB
    for _time in range(25):
        listing = wrap(listing)
    assert len(read_regions(listing)) == 1
    for _time in range(26):
        listing = wrap(listing)
    with pytest.raises(InvalidInput, match="Invalid listings: the value has more than 50 levels"):
        read_regions(listing)


def test_results_inside_a_list_count_as_levels() -> None:
    listing: Any = WEB
    for _time in range(25):
        listing = {"results": [listing]}
    with pytest.raises(InvalidInput, match="Invalid listings: the value has more than 50 levels"):
        read_regions([listing])


def test_currency_is_optional() -> None:
    assert (read_prices({"per_gib_month": 0}).currency, read_prices({"per_gib_month": 0}).per_gib_month) == ("", 0)
    assert read_prices({"per_gib_month": 1, "currency": "CNY"}).currency == "CNY"


def test_price_of_a_region_overrides_the_general_one() -> None:
    prices = read_prices({"per_gib_month": "0.5", "currency": "CNY", "regions": {"ap-hongkong": 1}})
    assert [prices.cost(region, 20) for region in ("ap-guangzhou", "ap-hongkong")] == [10.0, 20.0]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (5, "expected a dictionary with per_gib_month"),
        ({"currency": "CNY"}, r"per_gib_month is missing\. The keys are per_gib_month, currency, regions\.$"),
        ({"per_gib_month": 1, "per_gb": 1, 7: 1}, r"unknown keys 7, per_gb\. The keys are per_gib_month, currency,"),
        ({"per_gib_month": 1, "x" * 201: 1}, "unknown keys " + "x" * 200 + r"\."),
        ({"per_gib_month": "x" * 51}, "got '" + "x" * 50 + r"'\."),
        ({"per_gib_month": None}, "Invalid per_gib_month in prices: expected a number of 0 or more, got 'None'"),
        ({"per_gib_month": -0.01}, "Invalid per_gib_month in prices: expected a number of 0 or more, got '-0.01'"),
        ({"per_gib_month": "inf"}, "expected a number of 0 or more"),
        ({"per_gib_month": 10**400}, "expected a number of 0 or more"),
        ({"per_gib_month": "much"}, "expected a number of 0 or more, got 'much'"),
        ({"per_gib_month": float("nan")}, "expected a number of 0 or more"),
        ({"per_gib_month": 1, "regions": [1]}, "expected a dictionary of prices in regions"),
        ({"per_gib_month": 1, "regions": {"ap-tokyo": -1}}, "Invalid regions.ap-tokyo"),
    ],
)
def test_invalid_prices_are_refused(given: Any, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        read_prices(given)
