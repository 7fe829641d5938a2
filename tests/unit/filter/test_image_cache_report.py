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
