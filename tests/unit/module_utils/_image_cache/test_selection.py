# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which caches the filters of image_cache_info select, and why they do not select the others."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.selection import (
    FILTERS,
    CacheListing,
    Selection,
)
from unit.support.pruning import NOW, ago, old_cache, reason_to_keep


def unmet(cache: ImageCache, **filters: Any) -> Optional[str]:
    """Return why a cache is not selected, None if it is."""
    selection = Selection.from_params({row.option: filters.get(row.option) for row in FILTERS}, FILTERS)
    listed = CacheListing([cache], NOW)
    reason = selection.find_unmet(cache, listed)
    assert selection.select(listed) == ([cache] if reason is None else [])
    return reason


NEVER = {"ExpireDateTime": ""}


@pytest.mark.parametrize(
    ("filters", "fields", "reason"),
    [
        ({}, {}, None),
        ({"image_cache_ids": ["imc-2", "imc-1"]}, {}, None),
        ({"image_cache_ids": ["imc-2"]}, {}, "its ID is not in image_cache_ids"),
        ({"image_cache_ids": []}, {}, "image_cache_ids is an empty list"),
        ({"image_cache_names": ["web"]}, {}, None),
        ({"image_cache_names": ["we"]}, {}, "its name is not in image_cache_names"),
        ({"name_pattern": "w?b"}, {}, None),
        ({"name_pattern": "W?b"}, {}, "its name does not match 'W?b'"),
        ({"name_pattern": "*"}, {"ImageCacheName": None}, None),
        ({"statuses": ["Ready"]}, {}, None),
        ({"statuses": ["Failed"]}, {}, "its status is Ready"),
        ({"statuses": ["Failed"]}, {"Status": None}, "its status is unknown"),
        ({"tags": {"team": "web"}}, {}, None),
        ({"tags": {"team": "web", "n": 1, "on": True}}, {}, "it lacks the tags n=1, on=true"),
        ({"tags": {"team": "ci"}}, {}, "it lacks the tag team=ci"),
        ({"tags": {"team": "web"}}, {"Tags": 7}, "its tags are unknown"),
        ({"contains_image": "nginx:1"}, {}, None),
        ({"contains_image": "nginx"}, {}, "it does not contain nginx"),
        ({"contains_image": "nginx"}, {"Images": ["redis:7", "nginx"]}, None),
        ({"contains_image": "nginx:latest"}, {"Images": ["nginx"]}, None),
        ({"contains_image": "ngin?:[12]"}, {}, None),
        ({"contains_image": "nginx"}, {"Images": None}, "it does not contain nginx"),
        ({"expires_within": "7d"}, {"ExpireDateTime": ago(days=-7)}, None),
        ({"expires_within": "7d"}, {"ExpireDateTime": ago(days=-7, seconds=-1)}, "it expires in 7 d, not within 7d"),
        ({"expires_within": "1h"}, {"ExpireDateTime": ago(days=2)}, None),
        ({"expires_within": "7d"}, NEVER, "it never expires"),
        ({"expires_within": "7d"}, {"ExpireDateTime": "?"}, "its expiry date cannot be read"),
        # The first filter that is not met is the reason.
        ({"statuses": ["Failed"], "contains_image": "redis"}, {}, "its status is Ready"),
    ],
    ids=str,
)
def test_cache_is_selected_or_the_reason_is_named(
    filters: dict[str, Any], fields: dict[str, Any], reason: Optional[str]
) -> None:
    assert unmet(old_cache(**fields), **filters) == reason


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"image_cache_ids": ["imc-1", ""]}, "image_cache_ids[1] is empty. Set a value or omit it."),
        ({"image_cache_names": [" "]}, "image_cache_names[0] is empty. Set a value or omit it."),
        ({"name_pattern": ""}, "name_pattern is empty. Set a value or omit it."),
        ({"tags": {}}, "tags is empty. Set a value or omit it."),
        ({"tags": {"a": None}}, "Invalid tags: 'a' needs a non-empty key and a string, number or boolean value."),
        ({"contains_image": ""}, "contains_image is empty. Set a value or omit it."),
        ({"contains_image": "a b"}, "contains_image: invalid image reference 'a b': it contains whitespace."),
        ({"contains_image": "*\ud800"}, "contains_image is not valid Unicode."),
        (
            {"expires_within": "7"},
            "Invalid expires_within: expected a duration above 0 such as 7d, 12h or 30m, got '7'.",
        ),
        ({"expires_within": "0d"}, "Invalid expires_within: expected a duration above 0 such as 7d, 12h or 30m, got"),
        (
            {"name_pattern": "", "tags": {}},
            "name_pattern is empty. Set a value or omit it. tags is empty. Set a value or omit it.",
        ),
    ],
    ids=str,
)
def test_invalid_filter_is_refused(filters: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        unmet(old_cache(), **filters)
    assert str(refused.value).startswith(message)


def test_only_an_empty_list_selects_nothing() -> None:
    for filters, nothing in (({}, False), ({"statuses": []}, True), ({"statuses": ["Ready"]}, False)):
        selection = Selection.from_params({row.option: filters.get(row.option) for row in FILTERS}, FILTERS)
        assert selection.selects_nothing is nothing


@pytest.mark.parametrize(
    ("options", "fields", "reason"),
    [
        ({"older_than": "40d"}, {}, "it was created 40 d ago, not more than 40d"),
        ({"older_than": "40d"}, {"CreationTime": ago(days=40, seconds=1)}, None),
        ({"unmatched_for": "35d"}, {}, "it last matched 35 d ago, not more than 35d"),
        ({"unmatched_for": "35d"}, {"LastMatchedTime": ago(days=35, seconds=1)}, None),
        (
            {"unmatched_for": "50d"},
            {"LastMatchedTime": ""},
            "it never matched, but it was created 40 d ago, not more than 50d",
        ),
        ({"unmatched_for": "30d"}, {"LastMatchedTime": ""}, None),
    ],
    ids=str,
)
def test_age_must_exceed_the_duration(options: dict[str, Any], fields: dict[str, Any], reason: Optional[str]) -> None:
    assert reason_to_keep(old_cache(**fields), **options) == reason
