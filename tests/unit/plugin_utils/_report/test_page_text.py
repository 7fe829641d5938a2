# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a page says to its readers: all its text, in both languages, for an account in which everything occurs."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.data import Question, report_data
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.inputs import Prices, Region
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.page import render_page
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.verdicts import read_rules
from unit.support.pruning import NOW, ago, old_cache
from unit.support.reports import data_of

CELLS = ("td", "th", "dt")
LINES = ("h1", "h2", "h3", "p", "li", "tr", "caption", "dd", "summary", "text", "title", "br")


class Lines(HTMLParser):
    """The lines of text of a page. Cells of a row are separated by bars."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self._hidden = "", ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, _attrs: Any) -> None:
        if tag in ("style", "script"):
            self._hidden = tag
        if tag in LINES:
            self.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        self.text += "|" if tag in CELLS else "\n" if tag in LINES else ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += re.sub(r"\s+", " ", data)


def text_of(page: str) -> list[str]:
    """Return the lines of a page without their spaces at the ends."""
    lines = (re.sub(r" *\| *", " | ", line).strip(" |") for line in Lines(page).text.splitlines())
    return [line for line in lines if line]


def event(reason: str, message: str) -> dict[str, Any]:
    return {"Type": "Warning", "Reason": reason, "Message": message, "LastTimestamp": ago(days=1)}


def account() -> list[Region]:
    """Return two regions with a cache in every state, and one whose name is unknown."""
    full = event("NoSpace", "no space left on device")
    guangzhou = [
        old_cache("imc-1", ImageCacheName="idle", ExpireDateTime=ago(days=-5), RetentionDays=30),
        old_cache("imc-2", ImageCacheName="used", LastMatchedTime=ago(days=2), RetentionDays=0, Tags=[]),
        old_cache("imc-3", ImageCacheName="broken", Status="Failed", Events=[full]),
        old_cache("imc-4", ImageCacheName="web", Images=["nginx:1", "redis:7"]),
        old_cache("imc-5", ImageCacheName="web", Status="UpdateFailed", LastMatchedTime="", CreationTime=ago(days=400)),
        old_cache("imc-6", ImageCacheName="web-replacement", Status="Ready", ExpireDateTime=ago(days=3)),
    ]
    unknown = dict.fromkeys(["Status", "Images", "ImageCacheSize", "CreationTime", "LastMatchedTime", "Tags"])
    tokyo = [ImageCache({"ImageCacheId": "imc-7", "ImageCacheName": "", **unknown})]
    return [Region("ap-guangzhou", guangzhou), Region("ap-tokyo", tokyo), Region("", [])]


RULES = [
    {"unmatched_for": "30d", "name_pattern": "idle"},
    {"superseded": True},
    {"older_than": "10d", "max_deletions": 0},
    {"older_than": "a month"},
]
MOVED = {"image": "nginx:1", "old_digest": "sha256:1", "new_digest": "sha256:2"}
FOLLOWED = {
    "image_caches": [
        {
            "image_cache_id": "imc-4",
            "actions": [{"fields": ["follow_tags"], "moved_images": [MOVED, {**MOVED, "old_digest": None}]}],
        },
        {"image_cache_id": "imc-2", "actions": [{"fields": ["follow_tags"]}]},
    ],
    "warnings": ["registry r.example did not answer"],
}


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_page_of_an_account_in_which_everything_occurs(language: str) -> None:
    prices = Prices(0.5, "CNY", {"ap-tokyo": 1.0})
    question = Question(account(), read_rules(RULES), prices, "team", FOLLOWED)
    page = render_page(report_data(question, NOW), language, currency="CNY")
    # A change of the page changes these files, so that its readers can review it.
    expected = Path(__file__).with_name(f"page.{language}.txt").read_text(encoding="utf-8")
    assert text_of(page) == expected.splitlines()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en-US",
            [
                "Nothing needs attention.",
                "No tag is known to have moved.",
                "No pruning rules are set.",
                "There are no image caches.",
            ],
        ),
        ("zh-CN", ["没有需要处理的事项。", "没有发现标签移动。", "未设置清理规则。", "没有镜像缓存。"]),
    ],
)
def test_page_of_an_empty_account_says_so(language: str, expected: list[str]) -> None:
    question = Question([Region("ap-guangzhou", [])], owner_tag="team", followed={"image_caches": []})
    lines = text_of(render_page(report_data(question, NOW), language))
    assert list(dict.fromkeys(line for line in lines if line in expected)) == expected


@pytest.mark.parametrize(("language", "more"), [("en-US", "3 more"), ("zh-CN", "另外 3 个")])
def test_entries_beyond_twenty_are_counted(language: str, more: str) -> None:
    broken = [old_cache(f"imc-{number}", Status="Failed", ImageCacheName=f"n{number}") for number in range(23)]
    assert more in text_of(render_page(data_of(*broken), language))


@pytest.mark.parametrize(
    ("language", "labels"), [("en-US", ["Name", "Status", "ID"]), ("zh-CN", ["名称", "状态", "ID"])]
)
def test_cells_have_their_headings_as_labels_on_a_phone(language: str, labels: list[str]) -> None:
    page = render_page(data_of(old_cache()), language)
    (style,) = re.findall(r"@media screen and \(max-width:48rem\)(\{\.caches tbody.*\})\n", page)
    rules = re.findall(r'\.caches tbody>tr>:nth-child\((\d+)\)::before\{content:"([^"]*)"\}', style)
    assert rules[:3] == [(str(number), label) for number, label in enumerate(labels, 1)]
    # There is no column for the region of a single one, nor for rules that are not set.
    assert len(rules) == 8


@pytest.mark.parametrize("count", [1, 2])
def test_several_regions_have_a_column_and_a_table(count: int) -> None:
    regions = [Region(f"ap-{number}", [old_cache()]) for number in range(count)]
    lines = text_of(render_page(report_data(Question(regions), NOW), "en-US"))
    assert ("Name | Status | ID | Region | Images | Size | Age | Last match | Expiry" in lines) is (count == 2)
    assert ("By region" in lines) is (count == 2)


@pytest.mark.parametrize(("currency", "shown"), [("CNY", "CNY 1,234.50"), ("", "1,234.50")])
def test_cost_has_two_decimals_and_its_currency(currency: str, shown: str) -> None:
    data = data_of(old_cache(ImageCacheSize=2469), prices=Prices(0.5))
    assert shown in text_of(render_page(data, "en-US", currency=currency))
