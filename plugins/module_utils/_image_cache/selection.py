# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The criteria that select image caches, one row each.

The argument specs of M(tencentcloud.tke.image_cache_info) and M(tencentcloud.tke.image_cache_prune), the checks before
any request, the selection and its reasons all read these rows. All criteria that are set must hold. A cache whose
value is not in the listing is not selected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.matching import supersedes
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache, age_order
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.options import (
    duration_problems,
    image_problems,
    plain_tags,
    text_problems,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import add_default_tag
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import (
    days_between,
    days_until,
    parse_duration,
)

__all__ = ["FILTERS", "SELECTORS", "STATUSES", "Criterion", "CacheListing", "Selection", "argument_spec"]

# "Status" of the ImageCache structure, TKE API 2018-05-25, and the meaning of each state.
STATUSES: Mapping[str, str] = {
    "Pending": "The cache is being built.",
    "Ready": "Pods can use the cache. They cannot use it in any other state.",
    "Failed": "The build failed.",
    "Updating": "The cache is being updated in place.",
    "UpdateFailed": "The update failed.",
}


@dataclass(frozen=True)
class CacheListing:
    """All existing caches and the current time, against which a cache is judged."""

    image_caches: Sequence[ImageCache]
    now: datetime

    def find_successor(self, cache: ImageCache) -> Optional[ImageCache]:
        """Return the newest cache that supersedes a cache, None if there is none."""
        images = cache.value_of("images") or [""]
        candidates = self._newest_by_image.get(images[0], ())
        return next((other for other in candidates if supersedes(other, cache)), None)

    @cached_property
    def _newest_by_image(self) -> Mapping[str, Sequence[ImageCache]]:
        # Only caches that share an image are compared, so that thousands of caches take seconds instead of minutes.
        groups: Dict[str, List[ImageCache]] = {}
        for cache in sorted(self.image_caches, key=age_order, reverse=True):
            for image in set(cache.value_of("images") or ()):
                groups.setdefault(image, []).append(cache)
        return groups


@dataclass(frozen=True)
class Criterion:
    """One option that selects caches.

    C(find_unmet) returns None if a cache meets the value of the option, else the reason, as a clause about the cache.
    C(problems) yields the problems of a value. An empty list is valid and selects no cache.
    """

    option: str
    spec: Mapping[str, Any]
    find_unmet: Callable[[Any, ImageCache, CacheListing], Optional[str]]
    problems: Callable[[str, Any], Iterator[str]] = text_problems


def _none_problems(option: str, given: Any) -> Iterator[str]:
    if not given:
        yield f"{option} is empty. Set a value or omit it."


def _list_problems(option: str, given: Any) -> Iterator[str]:
    for number, item in enumerate(given):
        yield from text_problems(f"{option}[{number}]", item)


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def _image_or_pattern_problems(option: str, given: Any) -> Iterator[str]:
    yield from (text_problems if _is_pattern(given) else image_problems)(option, given)


def _flag_problems(_option: str, _given: Any) -> Iterator[str]:
    return iter(())


def _unmet_id(given: Any, cache: ImageCache, _listed: CacheListing) -> Optional[str]:
    return None if cache.id in given else "its ID is not in image_cache_ids"


def _unmet_name(given: Any, cache: ImageCache, _listed: CacheListing) -> Optional[str]:
    return None if cache.name in given else "its name is not in image_cache_names"


def _unmet_pattern(given: Any, cache: ImageCache, _listed: CacheListing) -> Optional[str]:
    return None if fnmatchcase(cache.name or "", given) else f"its name does not match {given!r}"


def _unmet_status(given: Any, cache: ImageCache, _listed: CacheListing) -> Optional[str]:
    return None if cache.status in given else f"its status is {cache.status or 'unknown'}"


def _unmet_tags(given: Any, cache: ImageCache, _listed: CacheListing) -> Optional[str]:
    shown = cache.value_of("tags")
    if shown is None:
        return "its tags are unknown"
    lacking = [f"{key}={value}" for key, value in given.items() if shown.get(key) != value]
    return f"it lacks the tag{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}" if lacking else None


def _unmet_image(given: Any, cache: ImageCache, _listed: CacheListing) -> Optional[str]:
    wanted = given if _is_pattern(given) else add_default_tag(given)
    holds = any(fnmatchcase(add_default_tag(image), wanted) for image in cache.value_of("images") or ())
    return None if holds else f"it does not contain {given}"


def _unmet_age(given: Any, cache: ImageCache, listed: CacheListing) -> Optional[str]:
    return _too_recent("was created", "creation date", cache.created_at, given, listed)


def _unmet_idle_time(given: Any, cache: ImageCache, listed: CacheListing) -> Optional[str]:
    """Compare with the last match, or with the creation if the cache has never matched."""
    if not cache.has_never_matched:
        return _too_recent("last matched", "last match", cache.last_matched_at, given, listed)
    reason = _unmet_age(given, cache, listed)
    return f"it never matched, but {reason}" if reason else None


def _too_recent(happened: str, date: str, at: Optional[datetime], duration: str, listed: CacheListing) -> Optional[str]:
    if at is None:
        return f"its {date} cannot be read"
    if (listed.now - at).total_seconds() > (parse_duration(duration) or 0.0):
        return None
    return f"it {happened} {days_between(at, listed.now):g} d ago, not more than {duration}"


def _unmet_expiry(given: Any, cache: ImageCache, listed: CacheListing) -> Optional[str]:
    expires_at = cache.expires_at
    if expires_at is None:
        return "it never expires" if cache.never_expires else "its expiry date cannot be read"
    if (expires_at - listed.now).total_seconds() <= (parse_duration(given) or 0.0):
        return None
    return f"it expires in {days_until(expires_at, listed.now):g} d, not within {given}"


def _unmet_never_matched(_given: Any, cache: ImageCache, _listed: CacheListing) -> Optional[str]:
    if cache.has_never_matched:
        return None
    return "it has matched" if cache.last_matched_at else "its last match cannot be read"


def _unmet_superseded(_given: Any, cache: ImageCache, listed: CacheListing) -> Optional[str]:
    if listed.find_successor(cache):
        return None
    return "no newer Ready cache of the same or a smaller size contains all its images"


def _find_unmet(row: Criterion, value: Any, cache: ImageCache, listed: CacheListing) -> Optional[str]:
    return f"{row.option} is an empty list" if value == [] else row.find_unmet(value, cache, listed)


TEXT: Mapping[str, Any] = {"type": "str"}
TEXTS: Mapping[str, Any] = {"type": "list", "elements": "str"}
FLAG: Mapping[str, Any] = {"type": "bool", "default": False}

NAME_PATTERN = Criterion("name_pattern", TEXT, _unmet_pattern)
TAGS = Criterion("tags", {"type": "dict"}, _unmet_tags, _none_problems)
WITH_STATUS = Criterion("statuses", {**TEXTS, "choices": list(STATUSES)}, _unmet_status, _list_problems)

# The criteria of image_cache_info.
FILTERS: Tuple[Criterion, ...] = (
    Criterion("image_cache_ids", TEXTS, _unmet_id, _list_problems),
    Criterion("image_cache_names", TEXTS, _unmet_name, _list_problems),
    NAME_PATTERN,
    WITH_STATUS,
    TAGS,
    Criterion("contains_image", TEXT, _unmet_image, _image_or_pattern_problems),
    Criterion("expires_within", TEXT, _unmet_expiry, duration_problems),
)
# The criteria of image_cache_prune. The first one that is not met is the reason to keep a cache.
SELECTORS: Tuple[Criterion, ...] = (
    NAME_PATTERN,
    TAGS,
    WITH_STATUS,
    Criterion("superseded", FLAG, _unmet_superseded, _flag_problems),
    Criterion("older_than", TEXT, _unmet_age, duration_problems),
    Criterion("never_matched", FLAG, _unmet_never_matched, _flag_problems),
    Criterion("unmatched_for", TEXT, _unmet_idle_time, duration_problems),
)


def argument_spec(criteria: Sequence[Criterion]) -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of these options."""
    return {row.option: dict(row.spec) for row in criteria}


@dataclass(frozen=True)
class Selection:
    """The criteria that are set, with their values. Without criteria, every cache is selected."""

    criteria: Sequence[Tuple[Criterion, Any]]

    @classmethod
    def from_params(cls, params: Mapping[str, Any], rows: Sequence[Criterion]) -> Selection:
        """Return the selection from the parameters of a module, without flags that are false. Raises InvalidInput."""
        given = [(row, params[row.option]) for row in rows if params.get(row.option) not in (None, False)]
        problems = [problem for row, value in given for problem in row.problems(row.option, value)]
        if problems:
            raise InvalidInput(" ".join(problems))
        return cls([(row, plain_tags(value) if row is TAGS else value) for row, value in given])

    @property
    def selects_nothing(self) -> bool:
        """Whether a criterion is an empty list, which no cache meets."""
        return any(value == [] for _row, value in self.criteria)

    def find_unmet(self, cache: ImageCache, listed: CacheListing) -> Optional[str]:
        """Return None if a cache meets all criteria, else the reason why it does not."""
        reasons = (_find_unmet(row, value, cache, listed) for row, value in self.criteria)
        return next((reason for reason in reasons if reason is not None), None)

    def select(self, listed: CacheListing) -> List[ImageCache]:
        """Return the caches that meet all criteria."""
        return [cache for cache in listed.image_caches if self.find_unmet(cache, listed) is None]
