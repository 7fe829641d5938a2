# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keywords of an event and the causes that they find."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _run
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis import causes

# Part of the hint of each cause, and the cause's keywords, each without the words that often appear with it.
KEYWORDS: dict[str, list[str]] = {
    "too small": ["no space left", "disk quota exceeded", "insufficient disk", "node has DiskPressure"],
    "rate limit of the registry": ["status 429", "toomanyrequests", "too many requests", "rate limit"],
    "plain HTTP": ["gave HTTP response to HTTPS client"],
    "does not trust": [
        "x509: bad",
        "unknown authority",
        "certificate has expired",
        "certificate is not trusted",
        "certificate verify failed",
        "certificate is valid for a.example.com",
    ],
    "cannot be resolved": [
        "no such host",
        "lookup a.example.com",
        "lookup a.example.com on 10.0.0.2",
        "server misbehaving",
        "temporary failure in name resolution",
    ],
    "denies the pull": [
        "status 401",
        "status 403",
        "unauthorized",
        "authentication required",
        "access denied",
        "denied: requested",
        "authorization failed",
        "no basic auth",
    ],
    "no such image or tag": [
        "not found",
        "manifest unknown",
        "name unknown",
        "does not exist",
        "invalid reference",
        "status 404",
    ],
    "linux/amd64": ["no match for platform", "no matching manifest for platform"],
    "has no capacity": [
        "NoStock",
        "SoldOut",
        "ResourceInsufficient",
        "insufficient resource",
        "insufficient ip",
        "insufficient address",
        "no available ip",
    ],
    "is used up": ["balance", "arrears", "payment", "quota", "LimitExceeded"],
    "no route to the registry": [
        "timed out",
        "timeout",
        "time out",
        "deadline exceeded",
        "connection refused",
        "connection reset",
        "no route to host",
        "unreachable",
        "unexpected EOF",
    ],
    "snapshot was not created": ["snapshotting"],
}


@pytest.mark.parametrize("hint", KEYWORDS)
def test_each_keyword_finds_its_cause(hint: str) -> None:
    for words in KEYWORDS[hint]:
        for spelling in (words, words.upper()):
            cause = causes.cause_of_words(f"Failed: {spelling}")
            assert cause is not None, spelling
            assert hint in cause.hint, spelling


def test_keyword_between_chinese_characters_is_found() -> None:
    cause = causes.cause_of_words("错误429错误")
    assert cause is not None
    assert "rate limit of the registry" in cause.hint


def test_every_cause_has_keywords_here() -> None:
    hints = [cause.hint for _pattern, cause in causes.WORDS]
    assert len(hints) == len(KEYWORDS)
    assert all(any(hint in words for words in hints) for hint in KEYWORDS)


def test_documented_codes_are_keywords() -> None:
    codes = {example for _pattern, cause in causes.WORDS for example in cause.examples if " " not in example}
    assert codes == {"NoStock", "ResourceInsufficient", "LimitExceeded", "toomanyrequests"}
    assert codes <= {words for keywords in KEYWORDS.values() for words in keywords}


@pytest.mark.parametrize(
    "words", ["Failed: ", "Failed: 14010 bytes", "Failed: web:4290", "Failed: 24041", "Failed: oneofeof"]
)
def test_similar_words_find_no_cause(words: str) -> None:
    assert causes.cause_of_words(words) is None


def test_hint_is_cause_then_action() -> None:
    assert causes.Cause("It rains.", "Take an umbrella.").hint == "It rains. Take an umbrella."


def test_causes_name_existing_options() -> None:
    spec: dict[str, Any] = _run.image_cache_spec(lambda *_args: None)
    rows = [cause for _pattern, cause in causes.WORDS] + list(causes.AFTER.values())
    for cause in rows:
        assert set(cause.options) <= set(spec)
        # An option that the hint mentions is one of the cause's options.
        mentioned = {word for word in re.findall(r"[a-z]+(?:_[a-z]+)+", cause.hint) if word in spec}
        assert mentioned <= set(cause.options), cause
