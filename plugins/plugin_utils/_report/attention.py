# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What needs attention: a pure function of the caches.

Each entry names its cache by the anchor of its row in the table.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import build_failure
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import REPLACEMENT_SUFFIX
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    FAILED,
    UPDATE_FAILED,
    ImageCache,
    cache_label,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.days import days_left, iso_date

__all__ = ["ShownCache", "find_attention", "find_moved_images"]

SOON = timedelta(days=7)
# Characters of the message of another task in a message.
LONGEST_REASON = 1000
# A replacement that is still being built belongs to a run, unless the build is older than this.
LONGEST_BUILD = timedelta(days=1)


class ShownCache:
    """A cache in the table, with the anchor of its row."""

    def __init__(self, number: int, region: str, cache: ImageCache) -> None:
        self.region, self.cache, self.anchor = region, cache, f"cache-{number}"

    def as_entry(self, **facts: Any) -> Dict[str, Any]:
        """Return an entry about this cache, with some facts."""
        label = cache_label(self.cache.name, self.cache.id)
        return {"anchor": self.anchor, "label": label, "region": self.region, **facts}


def _failure(shown: ShownCache, _now: datetime) -> Optional[Mapping[str, Any]]:
    if shown.cache.status not in (FAILED, UPDATE_FAILED):
        return None
    failure = build_failure(shown.cache)
    return {"status": shown.cache.status, **{key: failure[key] for key in ("reason", "message", "hint", "options")}}


def _expiry(shown: ShownCache, now: datetime) -> Optional[Mapping[str, Any]]:
    expires_at = shown.cache.expires_at
    if expires_at is None or expires_at - now > SOON:
        return None
    return {"date": iso_date(expires_at), "days": days_left(expires_at, now)}


def _replacement(shown: ShownCache, now: datetime) -> Optional[Mapping[str, Any]]:
    cache = shown.cache
    if not (cache.name or "").endswith(REPLACEMENT_SUFFIX):
        return None
    is_old = cache.created_at is not None and now - cache.created_at > LONGEST_BUILD
    declared = str(cache.name)[: -len(REPLACEMENT_SUFFIX)]
    return {"status": cache.status, "name": declared} if cache.is_settled or is_old else None


# What can be said of each cache alone, by the group of entries, in the order of the page.
CHECKS: Mapping[str, Callable[[ShownCache, datetime], Optional[Mapping[str, Any]]]] = {
    "failed": _failure,
    "expiring": _expiry,
    "replacements": _replacement,
}


def find_attention(shown: Sequence[ShownCache], now: datetime) -> Dict[str, List[Dict[str, Any]]]:
    """Return the entries of each group: failed builds, early expiries, leftover replacements, duplicates."""
    found = {group: list(_entries(check, shown, now)) for group, check in CHECKS.items()}
    found["expiring"].sort(key=lambda entry: entry["date"])
    return {**found, "duplicates": list(_duplicates(shown))}


def _entries(check: Callable[..., Any], shown: Sequence[ShownCache], now: datetime) -> Iterator[Dict[str, Any]]:
    for one in shown:
        facts = check(one, now)
        if facts is not None:
            yield one.as_entry(**facts)


def _duplicates(shown: Sequence[ShownCache]) -> Iterator[Dict[str, Any]]:
    """Yield an entry for each name that several caches of a region have."""
    groups: Dict[Any, List[ShownCache]] = {}
    for one in shown:
        if one.cache.name:
            groups.setdefault((one.region, one.cache.name), []).append(one)
    for (region, name), members in groups.items():
        if len(members) > 1:
            caches = [{"anchor": one.anchor, "id": one.cache.id, "status": one.cache.status} for one in members]
            yield {"label": name, "region": region, "caches": caches}


def find_moved_images(followed: Any, shown: Sequence[ShownCache]) -> Dict[str, Any]:
    """Return what image_cache_set predicts with follow_tags for the caches: moved images, and what is not known.

    Raises InvalidInput if C(followed) is not a result of image_cache_set.
    """
    results = followed.get("image_caches") if isinstance(followed, Mapping) else None
    if not isinstance(results, list):
        message = followed.get("msg") if isinstance(followed, Mapping) else followed
        raise InvalidInput(f"The registries were not asked: {str(message)[:LONGEST_REASON]}")
    by_id = {one.cache.id: one for one in shown}
    found: Dict[str, Any] = {"moved": [], "unrecorded": [], "notes": []}
    for result in _mappings(results):
        actions = [action for action in _mappings(result.get("actions")) if "follow_tags" in _list(action, "fields")]
        images = [_moved_image(image) for action in actions for image in _mappings(action.get("moved_images"))]
        (replaced,) = [*_mappings([result.get("replaced")]), {}][:1]
        one = by_id.get(str(replaced.get("old_id") or result.get("image_cache_id")))
        if result.get("failed"):
            found["notes"].append(str(result.get("msg")))
        elif one and images:
            found["moved"].append(one.as_entry(images=images))
        elif one and actions:
            found["unrecorded"].append(one.as_entry())
    found["notes"] += map(str, _list(followed, "warnings"))
    return found


def _moved_image(image: Mapping[str, Any]) -> Dict[str, Any]:
    return {key: image.get(key) for key in ("image", "old_digest", "new_digest")}


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings of a list. Anything else is not from image_cache_set."""
    if isinstance(value, (list, tuple)):
        yield from (item for item in value if isinstance(item, Mapping))


def _list(value: Mapping[str, Any], key: str) -> Sequence[Any]:
    found = value.get(key)
    return found if isinstance(found, (list, tuple)) else ()
