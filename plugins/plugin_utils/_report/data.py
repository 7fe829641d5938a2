# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The data of the report: (listings, rules, prices, now) -> plain values in no language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import READY, ImageCache
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.attention import (
    ShownCache,
    find_attention,
    find_moved_images,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.days import (
    days_ago,
    days_left,
    iso_date,
    whole_days,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.inputs import Prices, Region
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.timeline import timeline
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.verdicts import Rule, Verdict, judge_caches

__all__ = ["Question", "report_data"]

# In GiB. Sums and costs of larger numbers are not exact.
LARGEST_SIZE = 10**9


@dataclass(frozen=True)
class Question:
    """What the report is about. Without prices, it contains no costs."""

    regions: Sequence[Region]
    rules: Sequence[Rule] = ()
    prices: Optional[Prices] = None
    owner_tag: str = ""
    # A result of image_cache_set with follow_tags, or None if the registries were not asked.
    followed: Any = None


def report_data(question: Question, now: datetime) -> Dict[str, Any]:
    """Return the data of the report. Raises InvalidInput if the registries were not asked as expected."""
    shown: List[ShownCache] = []
    verdicts: Dict[Tuple[str, str], Verdict] = {}
    for region in question.regions:
        for cache in sorted(region.caches, key=lambda cache: (cache.name or "~", cache.id)):
            shown.append(ShownCache(len(shown) + 1, region.name, cache))
        judged = judge_caches(question.rules, region.caches, now)
        verdicts.update({(region.name, image_cache_id): verdict for image_cache_id, verdict in judged.items()})
    active = [rule.number for rule in question.rules if rule.rules]
    rows = [_row(one, verdicts[one.region, one.cache.id], active, question, now) for one in shown]
    return {
        "date": iso_date(now),
        "regions": [region.name for region in question.regions],
        "attention": find_attention(shown, now),
        "registries": None if question.followed is None else find_moved_images(question.followed, shown),
        "rules": [_rule(rule, verdicts.values()) for rule in question.rules],
        "totals": _sums(rows, question.prices),
        "by_region": _groups(rows, "region", question),
        "by_owner": _groups(rows, "owner", question) if question.owner_tag else [],
        "owner_tag": question.owner_tag,
        "caches": rows,
        "timeline": timeline(_events(shown), now.date()) if shown else None,
    }


def _row(
    shown: ShownCache, verdict: Verdict, active: Sequence[int], question: Question, now: datetime
) -> Dict[str, Any]:
    cache, size = shown.cache, _size(shown.cache)
    matched, expires = cache.last_matched_at, cache.expires_at
    return {
        "anchor": shown.anchor,
        "region": shown.region,
        "name": cache.name,
        "id": cache.id,
        "status": cache.status,
        "images": cache.value_of("images") or [],
        "size": size,
        "cost": question.prices.cost(shown.region, size or 0) if question.prices else None,
        "owner": (cache.value_of("tags") or {}).get(question.owner_tag) or None,
        "age": days_ago(cache.created_at, now),
        "has_never_matched": cache.has_never_matched,
        "match": {"date": iso_date(matched), "days": days_ago(matched, now)} if matched else None,
        "never_expires": bool(cache.never_expires),
        "expiry": {"date": iso_date(expires), "days": days_left(expires, now)} if expires else None,
        "deletes": verdict.deletes,
        "reasons": _reasons(verdict, active),
    }


def _size(cache: ImageCache) -> Optional[int]:
    """Return the size in GiB, None if it is unknown or no size of a disk."""
    size = cache.value_of("image_cache_size")
    return size if size is not None and 0 <= size <= LARGEST_SIZE else None


def _reasons(verdict: Verdict, active: Sequence[int]) -> List[Dict[str, str]]:
    """Return each reason once, with the numbers of its rules. They are empty if all rules give this reason."""
    numbers: Dict[str, List[int]] = {}
    for number, reason in verdict.reasons:
        numbers.setdefault(whole_days(reason), []).append(number)
    return [
        {"rules": "" if given == active else ", ".join(map(str, given)), "text": text}
        for text, given in numbers.items()
    ]


def _rule(rule: Rule, verdicts: Iterable[Verdict]) -> Dict[str, Any]:
    deleted = sum(verdict.deletes and verdict.reasons[0][0] == rule.number for verdict in verdicts)
    refused = sum(rule.number in verdict.refused for verdict in verdicts)
    return {
        "number": rule.number,
        "label": rule.label,
        "problem": rule.problem,
        "deleted": deleted,
        "refused": refused,
    }


def _groups(rows: Sequence[Mapping[str, Any]], key: str, question: Question) -> List[Dict[str, Any]]:
    """Return the sums of the rows by the value of a key, the largest first."""
    groups: Dict[Any, List[Mapping[str, Any]]] = {}
    if key == "region":
        groups = {region.name: [] for region in question.regions}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    sums = [{"name": name, **_sums(members, question.prices)} for name, members in groups.items()]
    return sorted(sums, key=lambda group: (-group["gib"], str(group["name"])))


def _sums(rows: Sequence[Mapping[str, Any]], prices: Optional[Prices]) -> Dict[str, Any]:
    deleted = [row for row in rows if row["deletes"]]
    return {
        "count": len(rows),
        "ready": sum(row["status"] == READY for row in rows),
        "gib": sum(row["size"] or 0 for row in rows),
        "cost": sum(row["cost"] for row in rows) if prices else None,
        "deleted": len(deleted),
        "freed_gib": sum(row["size"] or 0 for row in deleted),
        "saved": sum(row["cost"] for row in deleted) if prices else None,
    }


def _events(shown: Sequence[ShownCache]) -> Dict[str, List[date]]:
    caches = [one.cache for one in shown]
    moments = {
        "builds": [cache.created_at for cache in caches],
        "matches": [cache.last_matched_at for cache in caches],
        "expiries": [cache.expires_at for cache in caches],
    }
    return {lane: [moment.date() for moment in found if moment] for lane, found in moments.items()}
