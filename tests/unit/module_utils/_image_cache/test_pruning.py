# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Selectors, guards that no selector overrides, and the reasons to keep or delete a cache."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import selection
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.pruning import (
    GROUNDS,
    Rules,
    plan_pruning,
    rules_spec,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.selection import SELECTORS, CacheListing
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.support.pruning import NOW, ago, old_cache, plan_prune, reason_to_keep


class TestSelectors:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({"older_than": "30d"}, None),
            ({"older_than": "41d"}, "it was created 40 d ago, not more than 41d"),
            ({"older_than": "40d"}, "it was created 40 d ago, not more than 40d"),
            ({"unmatched_for": "30d"}, None),
            ({"unmatched_for": "36d"}, "it last matched 35 d ago, not more than 36d"),
            ({"never_matched": True}, "it has matched"),
            ({"statuses": ["Ready", "Failed"]}, None),
            ({"statuses": ["Failed"]}, "its status is Ready"),
            ({"statuses": []}, "statuses is an empty list"),
            ({"name_pattern": "w?b*"}, None),
            ({"name_pattern": "W*"}, "its name does not match 'W*'"),
            ({"tags": {"team": "web"}}, None),
            ({"tags": {"team": "web", "tier": 1}}, "it lacks the tag tier=1"),
            ({"superseded": True}, "no newer Ready cache of the same or a smaller size contains all its images"),
            # All selectors must match.
            ({"older_than": "30d", "statuses": ["Failed"]}, "its status is Ready"),
            ({"older_than": "30d", "name_pattern": "web", "statuses": ["Ready"], "unmatched_for": "5w"}, None),
        ],
    )
    def test_selector_keeps_or_selects_a_cache(self, options: dict[str, Any], expected: Optional[str]) -> None:
        if options.get("unmatched_for") == "5w":
            assert reason_to_keep(old_cache(LastMatchedTime=ago(days=35, seconds=1)), **options) == expected
        else:
            assert reason_to_keep(old_cache(), **options) == expected

    def test_unmatched_cache_counts_from_its_creation(self) -> None:
        unmatched = old_cache(LastMatchedTime="")
        assert reason_to_keep(unmatched, never_matched=True) is None
        assert reason_to_keep(unmatched, unmatched_for="39d") is None
        assert (
            reason_to_keep(unmatched, unmatched_for="41d")
            == "it never matched, but it was created 40 d ago, not more than 41d"
        )

    def test_unlisted_fields_never_select_a_cache(self) -> None:
        assert reason_to_keep(old_cache(Tags="?"), tags={"team": "web"}) == "its tags are unknown"
        assert reason_to_keep(old_cache(Status=None), statuses=["Ready"]) == "it is still being built (status unknown)"
        assert reason_to_keep(old_cache(ImageCacheName=None), name_pattern="w*") == "its name does not match 'w*'"

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
    def test_invalid_options_are_refused(self, options: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput):
            plan_prune(**options)

    def test_run_without_selector_names_the_selectors(self) -> None:
        with pytest.raises(InvalidInput) as raised:
            plan_prune(keep_newest=3)
        assert all(row.option in str(raised.value) for row in SELECTORS)


class TestReasonsToDelete:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({"older_than": "30d"}, "older than 30d"),
            ({"unmatched_for": "30d"}, "last matched 35 d ago"),
            ({"statuses": ["Ready", "Failed"]}, "status Ready"),
            ({"name_pattern": "w*"}, "name matches 'w*'"),
            ({"tags": {"team": "web"}}, "tagged team=web"),
            ({"name_pattern": "w*", "older_than": "5w"}, "name matches 'w*', older than 5w"),
        ],
    )
    def test_each_selector_gives_its_reason(self, options: dict[str, Any], expected: str) -> None:
        assert plan_prune(old_cache(), **options).reasons == {"imc-1": expected}

    def test_never_matched_is_given_once(self) -> None:
        plan = plan_prune(old_cache(LastMatchedTime=""), never_matched=True, unmatched_for="30d")
        assert plan.reasons == {"imc-1": "never matched"}

    def test_superseded_compares_only_caches_that_share_an_image(self, monkeypatch: pytest.MonkeyPatch) -> None:
        compared: list[str] = []
        supersedes = selection.supersedes

        def count(newer: ImageCache, older: ImageCache) -> bool:
            compared.append(older.id)
            return supersedes(newer, older)

        monkeypatch.setattr(selection, "supersedes", count)
        caches = [
            old_cache(f"imc-{number}", Images=[f"app-{number % 50}:1"], CreationTime=ago(hours=number + 1))
            for number in range(500)
        ]
        assert len(plan_prune(*caches, superseded=True).candidates) == 450
        # Each is compared with the newest one of its image: for the decision, and once more for the reason.
        assert len(compared) < 1500

    def test_superseded_names_the_newest_superseding_cache(self) -> None:
        chain = [old_cache(f"imc-{days}", CreationTime=ago(days=days)) for days in (6, 9, 8)]
        assert plan_prune(*chain, superseded=True).reasons == {
            "imc-9": "superseded by imc-6",
            "imc-8": "superseded by imc-6",
        }

    def test_every_selector_has_a_reason(self) -> None:
        assert set(GROUNDS) == {row.option for row in SELECTORS}


class TestGuards:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"ImageCacheType": "auto"}, "it was created by the platform"),
            ({"ImageCacheType": "Auto", "ImageCacheName": ""}, "it was created by the platform"),
            ({"ImageCacheType": None, "ImageCacheName": ""}, "it was created by the platform"),
            ({"ImageCacheType": "something new"}, "it was created by the platform"),
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
    def test_no_selector_overrides_a_guard(self, fields: dict[str, Any], expected: Optional[str]) -> None:
        for options in ({"older_than": "1s"}, {"name_pattern": "*"}, {"unmatched_for": "1s"}):
            reason = reason_to_keep(old_cache(**fields), **options)
            assert reason is not None
            assert expected is None or reason == expected

    def test_include_auto_overrides_only_the_guard_of_the_type(self) -> None:
        options = {"name_pattern": "*", "include_auto": True}
        assert reason_to_keep(old_cache(ImageCacheType="auto"), **options) is None
        assert (
            reason_to_keep(old_cache(ImageCacheType="auto", Status="Pending"), **options)
            == "it is still being built (Pending)"
        )
        assert "cannot be read" in str(reason_to_keep(old_cache(ImageCacheType="auto", CreationTime="?"), **options))

    def test_named_cache_without_type_can_be_deleted(self) -> None:
        assert reason_to_keep(old_cache(ImageCacheType=None), older_than="1d") is None

    def test_caches_in_keep_ids_and_keep_names_are_kept(self) -> None:
        assert reason_to_keep(old_cache(), older_than="1d", keep_ids=["imc-1"]) == "its ID is in keep_ids"
        assert reason_to_keep(old_cache(), older_than="1d", keep_names=["web"]) == "its name is in keep_names"

    def test_keep_newest_keeps_the_newest_selected_caches(self) -> None:
        caches = [old_cache(f"imc-{days}", CreationTime=ago(days=days)) for days in (1, 31, 60, 50, 40)]
        plan = plan_prune(*caches, older_than="30d", keep_newest=2)
        assert [c.id for c in plan.candidates] == ["imc-60", "imc-50"]
        assert [(entry.cache.id, entry.reason) for entry in plan.kept] == [
            ("imc-40", "it is one of the newest 2 matching caches (keep_newest)"),
            ("imc-31", "it is one of the newest 2 matching caches (keep_newest)"),
            ("imc-1", "it was created 1 d ago, not more than 30d"),
        ]
        assert plan_prune(*caches, older_than="30d", keep_newest=9).candidates == []


STATUS = st.sampled_from(["Pending", "Ready", "Failed", "Updating", "UpdateFailed", "Odd", None])
DATE = st.one_of(st.integers(-5, 90).map(lambda days: ago(days=days)), st.sampled_from(["", None, "?", "0"]))
ANY_FIELDS = st.fixed_dictionaries(
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
    fields=st.lists(ANY_FIELDS, max_size=12),
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
def test_each_listed_cache_has_a_reason_and_passes_the_guards(
    fields: list[dict[str, Any]], options: dict[str, Any]
) -> None:
    caches = [old_cache(f"imc-{number}", **listed) for number, listed in enumerate(fields)]
    plan = plan_prune(*caches, **options)
    ids = [c.id for c in plan.candidates] + [entry.cache.id for entry in plan.kept]
    assert sorted(ids) == sorted(c.id for c in caches)
    assert all(entry.reason for entry in plan.kept)
    assert all(plan.reasons[c.id] for c in plan.candidates)
    for deleted in plan.candidates:
        assert deleted.raw["Status"] in ("Ready", "Failed", "UpdateFailed")
        assert deleted.raw["CreationTime"] not in ("", None, "?", "0")
        assert deleted.raw["LastMatchedTime"] not in (None, "?", "0")
        if not options.get("include_auto"):
            assert deleted.raw["ImageCacheType"] == "manual" or (deleted.raw["ImageCacheType"] is None and deleted.name)
    if options.get("superseded"):
        # For each deleted cache a Ready cache with its images is kept.
        for deleted in plan.candidates:
            kept = [entry.cache for entry in plan.kept if entry.cache.status == "Ready"]
            assert any(set(deleted.raw["Images"]) <= set(other.raw["Images"]) for other in kept)


@pytest.mark.parametrize(
    ("most", "excess"),
    [(2, "the number of candidates (3) exceeds max_deletions (2)"), (3, None), (4, None)],
)
def test_more_candidates_than_max_deletions_are_an_excess(most: int, excess: Optional[str]) -> None:
    defaults = {name: entry.get("default") for name, entry in rules_spec().items()}
    rules = Rules.from_params({**defaults, "older_than": "1d", "max_deletions": most})
    plan = plan_pruning(rules, CacheListing([old_cache(f"imc-{number}") for number in range(3)], NOW))
    assert plan.describe_excess(rules) == excess
