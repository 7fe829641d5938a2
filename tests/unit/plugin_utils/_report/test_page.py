# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page: arbitrary texts stay texts, the policy allows only its own style and script, and it stays small."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.data import Question, report_data
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.inputs import Prices, Region
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.page import render_page
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.verdicts import read_rules
from unit.support.pruning import NOW, ago, old_cache
from unit.support.reports import UNUSED, data_of

HOSTILE = [
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\" onmouseover='alert(1)' x=\"",
    "javascript:alert(1)",
    "<!--",
    "]]></title><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "{0.__class__} %s {missing}",
    "&lt;b&gt;&amp;",
]
UNPRINTABLE = ["\u2028\u2029", "\u202eabc\u2066", "\x00\x07\x1b[31m", "\ud800", "\ufeff"]


class Structure(HTMLParser):
    """Collects the tags of a page with the names of their attributes, and all values of attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[Any] = []
        self.values: dict[str, set[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.tags.append((tag, [name for name, _value in attrs]))
        for name, value in attrs:
            self.values.setdefault(name, set()).add(value)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"<!--{data}")


def page_with(text: str) -> str:
    """Return a page that has a text wherever texts of others appear."""
    event = {"Type": "Warning", "Reason": text, "Message": text, "LastTimestamp": ago(days=1)}
    caches = [
        old_cache("imc-1", ImageCacheName=text, Images=[text], Tags=[{"Key": "team", "Value": text}]),
        old_cache("imc-2", ImageCacheName=text, Status="Failed", Events=[event]),
        old_cache("imc-3", ImageCacheName=f"{text}-replacement", ExpireDateTime=ago(days=-1), RetentionDays=30),
        old_cache(text, ImageCacheName=f"{text}z", Status=text),
    ]
    rules = [{"name_pattern": f"{text}?"}, {"tags": {f"t{text}": text}}, {"name_pattern": "*", text: text}]
    image = {"image": text, "old_digest": text, "new_digest": text}
    moved = {"action": "replace", "fields": ["follow_tags"], "moved_images": [image]}
    followed = {"image_caches": [{"image_cache_id": "imc-1", "actions": [moved]}], "warnings": [text]}
    question = Question([Region(text, caches), Region("b", [])], read_rules(rules), Prices(1), "team", followed)
    return render_page(report_data(question, NOW), "zh-CN", title=text, currency=text)


# A rule with half a character is invalid, so its page has another structure.
@pytest.mark.parametrize("text", [*HOSTILE, *(text for text in UNPRINTABLE if text != "\ud800")], ids=ascii)
def test_text_of_others_never_becomes_structure(text: str) -> None:
    page, plain = Structure(page_with(text)), Structure(page_with("plain"))
    assert page.tags == plain.tags
    for name in ("href", "id", "class", "src"):
        assert page.values.get(name) == plain.values.get(name)
    assert [tag for tag in page.tags if tag[0] in ("script", "style")] == [("style", []), ("script", [])]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_others_is_shown_as_it_is(text: str) -> None:
    assert html.unescape(page_with(text)).count(text) > 15


@pytest.mark.parametrize("text", UNPRINTABLE, ids=ascii)
def test_unprintable_characters_become_visible(text: str) -> None:
    page = page_with(text)
    assert not set(text) & set(page) - set("abc[31m")
    assert text.encode("unicode_escape").decode() in page
    page.encode("utf-8")


def test_policy_allows_exactly_the_style_and_the_script_of_the_page() -> None:
    page = render_page(data_of(old_cache()), "en-US")
    policy = html.unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0])
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    # The policy precedes what it governs.
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_page_names_nothing_elsewhere() -> None:
    page = render_page(data_of(old_cache(), rules=[UNUSED]), "en-US")
    assert not re.search(r"https?://|//|@import|url\(|src=", page.replace("default-src", ""))


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_sections_come_in_order_with_headings_and_captions(language: str) -> None:
    page = render_page(data_of(old_cache(), rules=[UNUSED], owner_tag="team"), language)
    assert re.findall(r'<h2 id="(\w+)">', page) == ["attention", "totals", "rules", "table", "owners", "timeline"]
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    assert len(tables) == 3
    for table in tables:
        assert "<caption>" in table
        assert set(re.findall(r"<th\b([^>]*)>", table)) == {' scope="col"', ' scope="row"'}


def test_options_that_are_not_set_leave_no_trace() -> None:
    page = render_page(data_of(old_cache()), "en-US")
    for words in ("prune", "Cost", "Saved", "By tag", "moved", ">Region<", "None"):
        assert words not in re.sub(r"<style>.*?</style>|pruning rules|Pruning rules", "", page, flags=re.DOTALL)
    assert "Nothing needs attention." in page


def test_many_entries_are_folded() -> None:
    broken = [old_cache(f"imc-{number}", Status="Failed", ImageCacheName=f"n{number}") for number in range(23)]
    page = render_page(data_of(*broken), "en-US")
    assert "<summary>3 more</summary>" in page
    assert page.count('<span class="bad">Failed</span>') == 23


def test_two_thousand_caches_stay_below_three_megabytes() -> None:
    caches = [
        old_cache(
            f"imc-{number:08}",
            ImageCacheName=f"shop-支付-{number:04}",
            Images=[f"ccr.ccs.tencentyun.com/shop/service-{number}-{part}:2026.03.30" for part in range(4)],
        )
        for number in range(2000)
    ]
    rules = [{"superseded": True, "older_than": "1d"}, {"statuses": ["Failed"]}, {"unmatched_for": "60d"}]
    page = render_page(data_of(*caches, rules=rules), "en-US")
    assert page.count('<tr id="cache-') == 2000
    assert len(page.encode()) < 3_000_000


def test_other_language_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Invalid language"):
        render_page(data_of(), "de-DE")
