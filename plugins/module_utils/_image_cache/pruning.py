# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Which image caches are deleted, and why the others are kept: a function of a listing.

Rebuilding a cache that was deleted by mistake takes minutes and costs money. In doubt, a cache is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache, age_order
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.selection import (
    SELECTORS,
    CacheListing,
    Selection,
    argument_spec,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import days_between

__all__ = ["GROUNDS", "KeptCache", "PruningPlan", "Rules", "plan_pruning", "rules_spec"]

# A time without a zone may be in China Standard Time, and is then read as 8 hours too late.
AHEAD = timedelta(days=1)
NUMBERS = ("keep_newest", "max_deletions")


def rules_spec() -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the pruning rules."""
    return {
        **argument_spec(SELECTORS),
        "keep_newest": {"type": "int", "default": 0},
        "keep_ids": {"type": "list", "elements": "str", "default": []},
        "keep_names": {"type": "list", "elements": "str", "default": []},
        "max_deletions": {"type": "int", "default": 10},
        "include_auto": {"type": "bool", "default": False},
    }


@dataclass(frozen=True)
class Rules:
    """The rules that decide which caches are pruned."""

    selection: Selection
    keep_newest: int
    keep_ids: Sequence[str]
    keep_names: Sequence[str]
    max_deletions: int
    include_auto: bool

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Rules:
        """Return the rules from the parameters of a module. Raises InvalidInput."""
        selection = Selection.from_params(params, SELECTORS)
        if not selection.criteria:
            options = ", ".join(row.option for row in SELECTORS)
            raise InvalidInput(f"No selector is set. Set at least one of {options}.")
        problems = [
            f"Invalid {option}: expected 0 or more, got {params[option]}." for option in NUMBERS if params[option] < 0
        ]
        if problems:
            raise InvalidInput(" ".join(problems))
        return cls(selection, **{name: params[name] for name in cls.__annotations__ if name != "selection"})


@dataclass(frozen=True)
class KeptCache:
    """A cache that is kept, with the reason."""

    cache: ImageCache
    reason: str


@dataclass(frozen=True)
class PruningPlan:
    """The caches to delete and to keep, both oldest first. C(reasons) gives the reason for each deletion, by id."""

    candidates: Sequence[ImageCache]
    kept: Sequence[KeptCache]
    reasons: Mapping[str, str]

    def describe_excess(self, rules: Rules) -> Optional[str]:
        """Return why a run refuses to delete the candidates, None if it deletes them."""
        count, most = len(self.candidates), rules.max_deletions
        return f"the number of candidates ({count}) exceeds max_deletions ({most})" if count > most else None


def _reason_by_name(cache: ImageCache, rules: Rules, _listed: CacheListing) -> Optional[str]:
    if cache.id in rules.keep_ids:
        return "its ID is in keep_ids"
    return "its name is in keep_names" if cache.name in rules.keep_names else None


def _reason_by_platform(cache: ImageCache, rules: Rules, _listed: CacheListing) -> Optional[str]:
    return "it was created by the platform" if cache.is_made_by_platform and not rules.include_auto else None


def _reason_by_build(cache: ImageCache, _rules: Rules, _listed: CacheListing) -> Optional[str]:
    return None if cache.is_settled else f"it is still being built ({cache.status or 'status unknown'})"


def _reason_by_dates(cache: ImageCache, _rules: Rules, listed: CacheListing) -> Optional[str]:
    for moment, what, field in (
        (cache.created_at, "creation date", "CreationTime"),
        (cache.created_at if cache.has_never_matched else cache.last_matched_at, "last match", "LastMatchedTime"),
    ):
        if moment is None:
            return f"its {what} cannot be read: {cache.raw.get(field)!r}"
        if moment > listed.now + AHEAD:
            return f"its {what} is in the future: {cache.raw.get(field)!r}"
    return None


# Checks that no selector overrides. The first one that returns a reason decides.
GUARDS: Tuple[Callable[[ImageCache, Rules, CacheListing], Optional[str]], ...] = (
    _reason_by_name,
    _reason_by_platform,
    _reason_by_build,
    _reason_by_dates,
)


def _describe_last_match(_given: Any, cache: ImageCache, listed: CacheListing) -> str:
    days = days_between(cache.last_matched_at, listed.now)
    return "never matched" if cache.has_never_matched or days is None else f"last matched {days:g} d ago"


def _describe_successor(_given: Any, cache: ImageCache, listed: CacheListing) -> str:
    # The newest superseding cache is named, because the others may themselves be superseded and deleted.
    successor = listed.find_successor(cache)
    return f"superseded by {successor.id}" if successor else "superseded"


# The reason for a deletion, by the selector that matches.
GROUNDS: Mapping[str, Callable[[Any, ImageCache, CacheListing], str]] = {
    "name_pattern": lambda given, _cache, _listed: f"name matches {given!r}",
    "tags": lambda given, _cache, _listed: "tagged " + ", ".join(f"{key}={value}" for key, value in given.items()),
    "statuses": lambda _given, cache, _listed: f"status {cache.status}",
    "superseded": _describe_successor,
    "older_than": lambda given, _cache, _listed: f"older than {given}",
    "never_matched": _describe_last_match,
    "unmatched_for": _describe_last_match,
}


def _describe_grounds(selection: Selection, cache: ImageCache, listed: CacheListing) -> str:
    """Return the reason to delete a cache that meets all criteria of the selection."""
    grounds = (GROUNDS[row.option](value, cache, listed) for row, value in selection.criteria)
    return ", ".join(dict.fromkeys(grounds))


def plan_pruning(rules: Rules, listed: CacheListing) -> PruningPlan:
    """Return the caches to delete and to keep. It does not apply O(max_deletions); C(describe_excess) does."""
    candidates: List[ImageCache] = []
    kept: List[KeptCache] = []
    for cache in sorted(listed.image_caches, key=age_order):
        guard_reasons = (guard(cache, rules, listed) for guard in GUARDS)
        reason = next(filter(None, guard_reasons), None) or rules.selection.find_unmet(cache, listed)
        if reason is None:
            candidates.append(cache)
        else:
            kept.append(KeptCache(cache, reason))
    spared = candidates[max(0, len(candidates) - rules.keep_newest) :]
    kept += [
        KeptCache(cache, f"it is one of the newest {rules.keep_newest} matching caches (keep_newest)")
        for cache in spared
    ]
    candidates = candidates[: len(candidates) - len(spared)]
    reasons = {cache.id: _describe_grounds(rules.selection, cache, listed) for cache in candidates}
    return PruningPlan(candidates, sorted(kept, key=lambda entry: age_order(entry.cache)), reasons)
