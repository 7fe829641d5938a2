# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows and the sums of a report."""

from __future__ import annotations

import json
from typing import Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.data import Question, report_data
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.inputs import Prices, Region
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.verdicts import read_rules
from unit.support.pruning import NOW, ago, old_cache
from unit.support.reports import UNUSED, data_of


def test_row_has_every_fact_in_whole_days() -> None:
    cache = old_cache(CreationTime=ago(days=9, hours=20), LastMatchedTime=ago(days=2.75), ExpireDateTime=ago(days=-3.5))
    (row,) = data_of(cache, rules=[UNUSED])["caches"]
    assert (row["age"], row["match"]["days"], row["expiry"]["days"]) == (9, 2, 3)
    assert (row["name"], row["status"], row["images"], row["size"]) == ("web", "Ready", ["nginx:1"], 20)
    assert row["reasons"] == [{"rules": "", "text": "it last matched 2 d ago, not more than 30d"}]


def test_rows_are_sorted_by_name_in_each_region_and_numbered() -> None:
    caches = [old_cache("imc-3", ImageCacheName="b"), old_cache("imc-2", ImageCacheName=""), old_cache("imc-1")]
    elsewhere = [old_cache("imc-1", ImageCacheName="a"), old_cache("imc-0", ImageCacheName="a")]
    data = report_data(Question([Region("ap-guangzhou", caches), Region("ap-tokyo", elsewhere)]), NOW)
    assert [(row["anchor"], row["id"]) for row in data["caches"]] == [
        ("cache-1", "imc-3"),
        ("cache-2", "imc-1"),
        ("cache-3", "imc-2"),
        ("cache-4", "imc-0"),
        ("cache-5", "imc-1"),
    ]
    (entry,) = data["attention"]["duplicates"]
    assert [cache["anchor"] for cache in entry["caches"]] == ["cache-4", "cache-5"]


@pytest.mark.parametrize(("given", "size"), [(0, 0), (10**9, 10**9), (10**9 + 1, None), (-1, None)])
def test_size_that_no_disk_has_is_unknown(given: int, size: Optional[int]) -> None:
    data = data_of(old_cache(ImageCacheSize=given), prices=Prices(1))
    assert (data["caches"][0]["size"], data["totals"]["gib"], data["totals"]["cost"]) == (size, size or 0, size or 0)


def test_unknown_facts_are_null() -> None:
    unknown = dict.fromkeys(
        ["ImageCacheName", "Status", "Images", "ImageCacheSize", "CreationTime", "LastMatchedTime", "Tags"]
    )
    (row,) = data_of(old_cache(**{**unknown, "Images": 5}), owner_tag="team", prices=Prices(1))["caches"]
    assert [row[key] for key in ("name", "status", "size", "age", "match", "expiry", "owner")] == [None] * 7
    assert (row["images"], row["cost"], row["never_expires"], row["has_never_matched"]) == ([], 0, False, False)


def test_reason_of_all_rules_is_given_once() -> None:
    building = old_cache(Status="Pending", CreationTime=ago(hours=1))
    rules = [{"superseded": True}, {"superseded": True, "older_than": "1d"}, UNUSED, "invalid"]
    building_row, old_row = data_of(building, old_cache("imc-2", LastMatchedTime=ago(days=1)), rules=rules)["caches"]
    assert building_row["reasons"] == [{"rules": "", "text": "it is still being built (Pending)"}]
    assert [reason["rules"] for reason in old_row["reasons"]] == ["1, 2", "3"]


def test_rules_say_what_they_delete_and_refuse() -> None:
    caches = [old_cache(f"imc-{number}") for number in range(3)]
    rules = [{**UNUSED, "max_deletions": 2}, {"older_than": "1d"}]
    refused, deleting = data_of(*caches, rules=rules)["rules"]
    assert [(rule["deleted"], rule["refused"]) for rule in (refused, deleting)] == [(0, 3), (3, 0)]


def test_sums_are_those_of_the_rows_by_region_and_owner() -> None:
    regions = [
        Region("ap-guangzhou", [old_cache("imc-1"), old_cache("imc-2", ImageCacheSize=50, Tags=[])]),
        Region("ap-tokyo", [old_cache("imc-1", LastMatchedTime=ago(days=1), Status="Failed")]),
        Region("ap-beijing", []),
    ]
    prices = Prices(0.5, regions={"ap-tokyo": 1.0})
    question = Question(regions, read_rules([UNUSED]), prices, "team")
    data = report_data(question, NOW)
    assert data["totals"] == {
        "count": 3,
        "ready": 2,
        "gib": 90,
        "cost": 55.0,
        "deleted": 2,
        "freed_gib": 70,
        "saved": 35.0,
    }
    assert [(group["name"], group["count"], group["cost"]) for group in data["by_region"]] == [
        ("ap-guangzhou", 2, 35.0),
        ("ap-tokyo", 1, 20.0),
        ("ap-beijing", 0, 0),
    ]
    assert [(group["name"], group["gib"]) for group in data["by_owner"]] == [(None, 50), ("web", 40)]


def test_cache_of_unknown_size_adds_nothing_to_the_sums() -> None:
    totals = data_of(old_cache(ImageCacheSize=None), old_cache("imc-2"), rules=[UNUSED], prices=Prices(1))["totals"]
    assert (totals["gib"], totals["freed_gib"], totals["cost"], totals["saved"]) == (20, 20, 20, 20)


def test_without_prices_there_are_no_costs() -> None:
    data = data_of(old_cache())
    assert (data["totals"]["cost"], data["totals"]["saved"], data["caches"][0]["cost"]) == (None, None, None)


def test_data_is_plain_and_changes_only_with_days_and_decisions() -> None:
    caches = [old_cache(CreationTime=ago(days=40, hours=2)), old_cache("imc-2", LastMatchedTime="")]
    data = data_of(*caches, rules=[UNUSED, {"superseded": True}])
    assert json.loads(json.dumps(data)) == data
    later = report_data(Question([Region("ap-guangzhou", caches)], read_rules([UNUSED])), NOW.replace(hour=20))
    soon = report_data(Question([Region("ap-guangzhou", caches)], read_rules([UNUSED])), NOW.replace(hour=1))
    assert later == soon


def test_empty_account_has_no_timeline() -> None:
    data = data_of(owner_tag="team")
    assert (data["timeline"], data["caches"], data["by_owner"], data["totals"]["count"]) == (None, [], [], 0)
