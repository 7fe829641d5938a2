# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes and what stays: the selectors, the guards that none of them overrides, and the reasons."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.matching import (
    add_default_tag,
    find_held,
    supersedes,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.pruning import (
    GROUNDS,
    PruningPlan,
    Rules,
    plan_pruning,
    rules_spec,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.selection import SELECTORS, Listed
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = datetime(2026, 5, 1, tzinfo=timezone.utc)


def ago(**length: Any) -> str:
    return (NOW - timedelta(**length)).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")


def cache(image_cache_id: str = "imc-1", **fields: Any) -> ImageCache:
    """Return a cache that is 40 days old and was last matched 35 days ago."""
    return ImageCache(
        {
            "ImageCacheId": image_cache_id,
            "ImageCacheName": "web",
            "ImageCacheSize": 20,
            "ImageCacheType": "manual",
            "Images": ["nginx:1"],
            "Status": "Ready",
            "CreationTime": ago(days=40),
            "LastMatchedTime": ago(days=35),
            "Tags": [{"Key": "team", "Value": "web"}],
            "Snapshotter": "overlay",
            **fields,
        }
    )


def pruned(*caches: ImageCache, **options: Any) -> PruningPlan:
    defaults = {name: entry.get("default") for name, entry in rules_spec().items()}
    return plan_pruning(Rules.from_params({**defaults, **options}), Listed(caches, NOW))


def reason(only: ImageCache, **options: Any) -> Optional[str]:
    """Return why a cache stays, None where it goes."""
    pruning = pruned(only, **options)
    return pruning.kept[0].reason if pruning.kept else None


class TestSelectors:
    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ({"older_than": "30d"}, None),
            ({"older_than": "41d"}, "it was created 40 d ago, not more than 41d"),
            ({"older_than": "40d"}, "it was created 40 d ago, not more than 40d"),
            ({"unmatched_for": "30d"}, None),
            ({"unmatched_for": "36d"}, "it last matched 35 d ago, not more than 36d"),
            ({"never_matched": True}, "it has matched"),
            ({"statuses": ["Ready", "Failed"]}, None),
            ({"statuses": ["Failed"]}, "it is Ready"),
            ({"statuses": []}, "statuses is an empty list"),
            ({"name_pattern": "w?b*"}, None),
            ({"name_pattern": "W*"}, "its name is not like 'W*'"),
            ({"tags": {"team": "web"}}, None),
            ({"tags": {"team": "web", "tier": 1}}, "it lacks the tag tier=1"),
            ({"superseded": True}, "no newer Ready cache, of its size or smaller, holds all its images"),
            # All must hold.
            ({"older_than": "30d", "statuses": ["Failed"]}, "it is Ready"),
            ({"older_than": "30d", "name_pattern": "web", "statuses": ["Ready"], "unmatched_for": "5w"}, None),
        ],
    )
    def test_each(self, options: dict[str, Any], why: Optional[str]) -> None:
        if options.get("unmatched_for") == "5w":
            assert reason(cache(LastMatchedTime=ago(days=35, seconds=1)), **options) == why
        else:
            assert reason(cache(), **options) == why

    def test_one_that_never_matched_counts_from_its_creation(self) -> None:
        never = cache(LastMatchedTime="")
        assert reason(never, never_matched=True) is None
        assert reason(never, unmatched_for="39d") is None
        assert reason(never, unmatched_for="41d") == "it never matched, but it was created 40 d ago, not more than 41d"

    def test_what_is_not_shown_is_no_reason_to_delete(self) -> None:
        assert reason(cache(Tags="?"), tags={"team": "web"}) == "its tags are not shown"
        assert reason(cache(Status=None), statuses=["Ready"]) == "it is still being built (of unknown status)"
        assert reason(cache(ImageCacheName=None), name_pattern="w*") == "its name is not like 'w*'"

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"never_matched": False, "superseded": False},
            {"tags": {}},
            {"name_pattern": " "},
            {"older_than": ""},
            {"older_than": "0d"},
            {"older_than": "-3d"},
            {"unmatched_for": "soon"},
            {"older_than": "30d", "keep_newest": -1},
            {"older_than": "30d", "max_deletions": -1},
        ],
        ids=str,
    )
    def test_what_cannot_be_meant_is_refused(self, options: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput):
            pruned(**options)

    def test_without_a_selector_the_options_are_named(self) -> None:
        with pytest.raises(InvalidInput) as raised:
            pruned(keep_newest=3)
        assert all(row.option in str(raised.value) for row in SELECTORS)


class TestGrounds:
    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ({"older_than": "30d"}, "older than 30d"),
            ({"unmatched_for": "30d"}, "last matched 35 d ago"),
            ({"statuses": ["Ready", "Failed"]}, "status Ready"),
            ({"name_pattern": "w*"}, "name matches 'w*'"),
            ({"tags": {"team": "web"}}, "tagged team=web"),
            ({"name_pattern": "w*", "older_than": "5w"}, "name matches 'w*', older than 5w"),
        ],
    )
    def test_each_selector_gives_its_own(self, options: dict[str, Any], why: str) -> None:
        assert pruned(cache(), **options).reasons == {"imc-1": why}

    def test_never_matched_is_said_once(self) -> None:
        pruning = pruned(cache(LastMatchedTime=""), never_matched=True, unmatched_for="30d")
        assert pruning.reasons == {"imc-1": "never matched"}

    def test_superseded_names_the_newest_that_does_so(self) -> None:
        chain = [cache(f"imc-{days}", CreationTime=ago(days=days)) for days in (6, 9, 8)]
        assert pruned(*chain, superseded=True).reasons == {
            "imc-9": "superseded by imc-6",
            "imc-8": "superseded by imc-6",
        }

    def test_every_selector_has_a_row(self) -> None:
        assert set(GROUNDS) == {row.option for row in SELECTORS}


class TestGuards:
    @pytest.mark.parametrize(
        ("fields", "why"),
        [
            ({"ImageCacheType": "auto"}, "the platform made it"),
            ({"ImageCacheType": "Auto", "ImageCacheName": ""}, "the platform made it"),
            ({"ImageCacheType": None, "ImageCacheName": ""}, "the platform made it"),
            ({"ImageCacheType": "something new"}, "the platform made it"),
            ({"Status": "Pending"}, "it is still being built (Pending)"),
            ({"Status": "Updating"}, "it is still being built (Updating)"),
            ({"Status": "Archiving"}, "it is still being built (Archiving)"),
            ({"CreationTime": "some day"}, "its creation date cannot be read: 'some day'"),
            ({"CreationTime": ""}, "its creation date cannot be read: ''"),
            ({"CreationTime": None}, "its creation date cannot be read: None"),
            ({"CreationTime": "1970-01-01 00:00:00 +0000 UTC"}, None),
            ({"CreationTime": "0001-01-01 00:00:00 +0000 UTC"}, None),
            ({"CreationTime": "0"}, None),
            ({"CreationTime": ago(days=-2)}, None),
            ({"LastMatchedTime": "some day"}, "its last match cannot be read: 'some day'"),
            ({"LastMatchedTime": "0001-01-01 00:00:00 +0000 UTC"}, None),
            ({"LastMatchedTime": None}, "its last match cannot be read: None"),
            ({"LastMatchedTime": ago(days=-2)}, None),
        ],
    )
    def test_no_selector_overrides_them(self, fields: dict[str, Any], why: Optional[str]) -> None:
        for options in ({"older_than": "1s"}, {"name_pattern": "*"}, {"unmatched_for": "1s"}):
            said = reason(cache(**fields), **options)
            assert said is not None
            assert why is None or said == why

    def test_include_auto_lifts_only_the_first(self) -> None:
        options = {"name_pattern": "*", "include_auto": True}
        assert reason(cache(ImageCacheType="auto"), **options) is None
        assert reason(cache(ImageCacheType="auto", Status="Pending"), **options) == "it is still being built (Pending)"
        assert "cannot be read" in str(reason(cache(ImageCacheType="auto", CreationTime="?"), **options))

    def test_an_edition_without_types_still_tells_them_by_the_name(self) -> None:
        assert reason(cache(ImageCacheType=None), older_than="1d") is None

    def test_those_that_are_named_stay(self) -> None:
        assert reason(cache(), older_than="1d", keep_ids=["imc-1"]) == "its id is among keep_ids"
        assert reason(cache(), older_than="1d", keep_names=["web"]) == "its name is among keep_names"

    def test_the_newest_stay(self) -> None:
        caches = [cache(f"imc-{days}", CreationTime=ago(days=days)) for days in (1, 31, 60, 50, 40)]
        pruning = pruned(*caches, older_than="30d", keep_newest=2)
        assert [c.id for c in pruning.candidates] == ["imc-60", "imc-50"]
        assert [(entry.cache.id, entry.reason) for entry in pruning.kept] == [
            ("imc-40", "keep_newest keeps the newest 2 that would go"),
            ("imc-31", "keep_newest keeps the newest 2 that would go"),
            ("imc-1", "it was created 1 d ago, not more than 30d"),
        ]
        assert pruned(*caches, older_than="30d", keep_newest=9).candidates == []


class TestMatchingOrder:
    OLD = cache("imc-old")

    @pytest.mark.parametrize(
        ("fields", "does"),
        [
            ({}, True),
            ({"ImageCacheSize": 10}, True),
            ({"Images": ["redis:7", "nginx:1"]}, True),
            # The platform prefers the smaller one, whatever its age.
            ({"ImageCacheSize": 30}, False),
            ({"CreationTime": ago(days=41)}, False),
            ({"CreationTime": ago(days=40)}, False),
            ({"CreationTime": "?"}, False),
            ({"Images": ["nginx:2"]}, False),
            ({"Images": []}, False),
            ({"Status": "Pending"}, False),
            ({"Status": "Updating"}, False),
            ({"Snapshotter": "nydus"}, False),
            ({"ImageCacheSize": None}, False),
        ],
    )
    def test_who_supersedes_an_older_one(self, fields: dict[str, Any], does: bool) -> None:
        newer = cache("imc-new", **{"CreationTime": ago(days=3), **fields})
        assert supersedes(newer, self.OLD) is does
        assert (self.OLD in pruned(newer, self.OLD, superseded=True).candidates) is does

    def test_an_image_without_a_tag_is_not_taken_for_its_latest(self) -> None:
        assert not supersedes(cache(Images=["nginx:latest"], CreationTime=ago(days=1)), cache(Images=["nginx"]))

    def test_of_a_chain_the_last_one_stays(self) -> None:
        chain = [cache(f"imc-{days}", CreationTime=ago(days=days)) for days in (9, 8, 7, 6)]
        assert [c.id for c in pruned(*chain, superseded=True).candidates] == ["imc-9", "imc-8", "imc-7"]

    def test_of_two_that_are_alike_in_all_both_stay(self) -> None:
        assert pruned(cache("imc-a"), cache("imc-b"), superseded=True).candidates == []

    @pytest.mark.parametrize(
        ("image", "complete"),
        [
            ("nginx", "nginx:latest"),
            ("nginx:1", "nginx:1"),
            ("harbor.example.com:5000/team/nginx", "harbor.example.com:5000/team/nginx:latest"),
            ("harbor.example.com:5000/nginx:1", "harbor.example.com:5000/nginx:1"),
            ("nginx@sha256:00", "nginx@sha256:00"),
        ],
    )
    def test_references(self, image: str, complete: str) -> None:
        assert add_default_tag(image) == complete

    def test_held(self) -> None:
        assert find_held(["nginx", "redis:7", "a:1"], ["nginx:latest", "a:1", "b:1"]) == ["nginx", "a:1"]


STATUS = st.sampled_from(["Pending", "Ready", "Failed", "Updating", "UpdateFailed", "Odd", None])
DATE = st.one_of(st.integers(-5, 90).map(lambda days: ago(days=days)), st.sampled_from(["", None, "?", "0"]))
ANY_CACHE = st.fixed_dictionaries(
    {
        "Status": STATUS,
        "CreationTime": DATE,
        "LastMatchedTime": DATE,
        "ImageCacheType": st.sampled_from(["manual", "auto", None]),
        "ImageCacheName": st.sampled_from(["web", "ci-1", "", None]),
        "ImageCacheSize": st.sampled_from([20, 30, None]),
        "Images": st.lists(st.sampled_from(["a:1", "b:1"]), unique=True),
    }
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    fields=st.lists(ANY_CACHE, max_size=12),
    options=st.sampled_from(
        [
            {"older_than": "10d"},
            {"unmatched_for": "10d"},
            {"never_matched": True},
            {"superseded": True},
            {"name_pattern": "*"},
            {"name_pattern": "*", "include_auto": True},
            {"statuses": ["Ready", "Pending", "Updating"], "keep_newest": 2},
        ]
    ),
)
def test_whatever_is_listed_each_goes_or_has_a_reason_and_the_guards_hold(
    fields: list[dict[str, Any]], options: dict[str, Any]
) -> None:
    caches = [cache(f"imc-{number}", **shown) for number, shown in enumerate(fields)]
    pruning = pruned(*caches, **options)
    ids = [c.id for c in pruning.candidates] + [entry.cache.id for entry in pruning.kept]
    assert sorted(ids) == sorted(c.id for c in caches)
    assert all(entry.reason for entry in pruning.kept)
    assert all(pruning.reasons[c.id] for c in pruning.candidates)
    for gone in pruning.candidates:
        assert gone.raw["Status"] in ("Ready", "Failed", "UpdateFailed")
        assert gone.raw["CreationTime"] not in ("", None, "?", "0")
        assert gone.raw["LastMatchedTime"] not in (None, "?", "0")
        if not options.get("include_auto"):
            assert gone.raw["ImageCacheType"] == "manual" or (gone.raw["ImageCacheType"] is None and gone.name)
    if options.get("superseded"):
        # Whatever went, a Ready one that holds its images is still there.
        for gone in pruning.candidates:
            left = [entry.cache for entry in pruning.kept if entry.cache.status == "Ready"]
            assert any(set(gone.raw["Images"]) <= set(other.raw["Images"]) for other in left)
