# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of the report: both languages are complete, and every reason of the pruning logic is translated."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.days import whole_days
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.page import COLUMNS, TEMPLATES
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.texts import TEXTS, texts_in, translate_reason
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.timeline import LANES
from unit.support.pruning import ago, old_cache, plan_prune

CJK = re.compile(r"[一-鿿]")
# English words in Chinese reasons: names of the API and of options, and the texts of the user.
WORDS_OF_API = re.compile(
    r"Ready|Pending|ID|keep_\w+|max_deletions|statuses|imc-\w+|\d+[smhdw]\b|team=\w+|'[^']*'|None"
)


def fields_of(text: str) -> list[str]:
    """Return the placeholders of a text."""
    return sorted(field for _text, field, _spec, _conversion in string.Formatter().parse(text) if field is not None)


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_have_the_same_placeholders(key: str) -> None:
    english, chinese = TEXTS[key]
    assert fields_of(english) == fields_of(chinese)
    assert CJK.search(chinese) or english == chinese or key in ("colon", "stop", "comma", "label", "in_region")
    # The headings of columns become part of the style.
    assert not re.search(r'["\\<>]', english + chinese)


def test_template_uses_exactly_these_texts() -> None:
    template = (TEMPLATES / "report.html.j2").read_text(encoding="utf-8")
    assert {*re.findall(r"\bt\.(\w+)", template), *COLUMNS, *LANES, "title"} == set(TEXTS)


def test_other_language_is_refused() -> None:
    with pytest.raises(InvalidInput, match="expected one of en-US, zh-CN"):
        texts_in("de-DE")


CACHES: dict[str, dict[str, Any]] = {
    "usual": {},
    "automatic": {"ImageCacheType": "auto"},
    "building": {"Status": "Pending"},
    "unknown status": {"Status": ""},
    "undated": {"CreationTime": "?"},
    "without a date": {"CreationTime": None},
    "without a match": {"LastMatchedTime": None},
    "future": {"CreationTime": ago(days=-30)},
    "future match": {"LastMatchedTime": ago(days=-30)},
    "unreadable match": {"LastMatchedTime": "?"},
    "never matched": {"LastMatchedTime": "", "CreationTime": ago(days=2)},
    "without tags": {"Tags": 5},
}
RULES: list[dict[str, Any]] = [
    {"older_than": "1d"},
    {"older_than": "90d"},
    {"unmatched_for": "30d"},
    {"unmatched_for": "90d"},
    {"never_matched": True},
    {"superseded": True},
    {"statuses": ["Ready"], "name_pattern": "w*", "tags": {"team": "web"}, "older_than": "1d", "unmatched_for": "1d"},
    {"statuses": ["Failed"]},
    {"statuses": []},
    {"name_pattern": "ci-*"},
    {"tags": {"team": "ci"}},
    {"older_than": "1d", "keep_newest": 20},
    {"older_than": "1d", "keep_ids": ["imc-1"]},
    {"older_than": "1d", "keep_names": ["web"]},
]


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_reason_is_translated(cache: str, rule: dict[str, Any]) -> None:
    newer = [old_cache("imc-2", CreationTime=ago(days=1))] if "superseded" in rule and cache == "usual" else []
    plan = plan_prune(old_cache(**CACHES[cache]), *newer, **rule)
    for reason in (*plan.reasons.values(), *(entry.reason for entry in plan.kept)):
        assert translate_reason(reason, "en-US") == reason
        chinese = translate_reason(whole_days(reason), "zh-CN")
        assert CJK.search(chinese)
        assert not re.search(r"[A-Za-z]{2}", WORDS_OF_API.sub("", chinese)), chinese


def test_texts_of_the_user_in_a_reason_are_kept() -> None:
    assert translate_reason("name matches 'a, b', older than 30d", "zh-CN") == "名称匹配 'a, b'，存在时间超过 30d"
    assert translate_reason("tagged team={x}, never matched", "zh-CN") == "带有标签 team={x}，从未匹配"
    assert translate_reason("another reason", "zh-CN") == "another reason"
    excess = "never matched, but the number of candidates (12) exceeds max_deletions (10)"
    assert translate_reason(excess, "zh-CN") == "从未匹配，但待删除的数量（12）超过 max_deletions（10）"
