# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter image_cache_report: its arguments, the time, and errors in one line."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter.image_cache_report import FilterModule
from unit.support.pruning import old_cache
from unit.support.reports import UNUSED, listing_of

report = FilterModule().filters()["image_cache_report"]


def nested(value: Any) -> Any:
    """Return a list of lists that is deeper than any input."""
    for _level in range(1000):
        value = [value]
    return value


LISTING = listing_of(old_cache(LastMatchedTime="2026-04-25T00:00:00Z"))


def test_page_has_title_rules_costs_and_owners() -> None:
    page = report(
        LISTING,
        title="Shop",
        prune_rules=[UNUSED],
        prices={"per_gib_month": 0.5, "currency": "CNY"},
        owner_tag="team",
        time="2026-05-01",
    )
    for words in ("<title>Shop</title>", "CNY 10.00", "By tag team", "it last matched 6 d ago, not more than 30d"):
        assert words in page


@pytest.mark.parametrize(
    ("time", "date", "days"),
    [
        ("2026-05-01T00:00:00Z", "2026-05-01", 6),
        ("2026-05-01T07:00:00+08:00", "2026-04-30", 5),
        ("2026-06-30", "2026-06-30", 66),
    ],
)
def test_caches_are_judged_at_the_given_time(time: str, date: str, days: int) -> None:
    page = report(LISTING, time=time)
    assert f"As of {date} (UTC)." in page
    assert f"({days} d ago)" in page


def test_default_time_is_the_current_one() -> None:
    assert "As of 20" in report(LISTING)


@pytest.mark.parametrize(
    ("listings", "options", "problem"),
    [
        ([], {}, "No listing is given"),
        (LISTING, {"language": "de-DE"}, "Invalid language 'de-DE'"),
        (LISTING, {"time": "yesterday"}, "Invalid time"),
        (LISTING, {"prices": {"currency": "CNY"}}, "per_gib_month is missing"),
        (LISTING, {"prune_rules": "superseded"}, "expected a list of dictionaries"),
        (LISTING, {"followed": {"msg": "denied"}}, "The registries were not asked: denied"),
    ],
)
def test_invalid_argument_is_an_error_of_the_filter(listings: Any, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"^image_cache_report: {problem}|image_cache_report: .*{problem}"):
        report(listings, **options)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"time": "0001-01-01T00:00:00+14:00"}, "Invalid time"),
        ({"time": "9999-12-31T23:59:59-12:00"}, "Invalid time"),
        ({"time": "x" * 10_000_000}, "Invalid time"),
        ({"prices": {"per_gib_month": 10**400}}, "Invalid per_gib_month"),
        ({"prices": {"x" * 10_000_000: 1}}, "unknown keys"),
        ({"language": "x" * 10_000_000}, "Invalid language"),
        ({"followed": {"msg": "x" * 10_000_000}}, "The registries were not asked"),
        ({"keep_names": nested([])}, "Invalid keep_names or keep_ids: the value has more than 50 levels"),
    ],
    ids=["year 1", "year 9999", "long time", "huge price", "long key", "long language", "long message", "deep list"],
)
def test_hostile_argument_is_a_short_error(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"^image_cache_report: .*{problem}") as raised:
        report(LISTING, **options)
    assert len(str(raised.value)) < 2000


@pytest.mark.parametrize(
    "followed",
    [
        {"image_caches": [None, 1, "a", [], {}]},
        {
            "image_caches": [
                {"actions": 1},
                {"actions": [1, {"fields": 1}]},
                {"replaced": []},
                {"replaced": {"old_id": []}},
            ]
        },
        {"image_caches": [], "warnings": 5},
        {
            "image_caches": [
                {"image_cache_id": "imc-1", "actions": [{"fields": ["follow_tags"], "moved_images": [{}, 1]}]}
            ]
        },
    ],
)
def test_parts_of_a_prediction_that_are_not_understood_are_left_out(followed: Any) -> None:
    assert "<h3>" in report(LISTING, followed=followed)


def test_size_that_is_no_size_is_unknown() -> None:
    page = report(listing_of(old_cache(ImageCacheSize=10**4000)), prices={"per_gib_month": 0.5})
    assert "unknown" in page


def test_listing_that_contains_itself_is_refused() -> None:
    listing: dict[str, Any] = {"results": []}
    listing["results"].append(listing)
    with pytest.raises(AnsibleFilterError, match="Invalid listings: the value has more than 50 levels"):
        report(listing)
