# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The retention that O(min_days_left) requires for a cache at a given time.

It is not documented whether another retention counts from the creation or from the update. The age of the cache plus
the declared retention is enough in both cases.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Mapping, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import SHOWN
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import DAY

__all__ = ["as_sent", "find_unreadable_time", "with_retention_for"]

OPTION = "retention_days"


def with_retention_for(desired: Desired, cache: ImageCache, now: float) -> Desired:
    """Return the declaration with the retention for a cache that is kept. C(now) is the Unix time.

    With O(min_days_left), a cache that expires too soon gets the declared days from now on. A longer retention counts
    as declared. A shorter one becomes the declared one, unless the cache would then expire too soon.
    """
    if desired.min_days_left is None:
        return desired
    declared, shown, age = desired.values[OPTION], cache.value_of(OPTION), _age_in_days(cache, now)
    if age is not None and _expires_too_soon(desired, cache, now):
        return _with_retention(desired, age + declared, _days_left(cache, now))
    if shown is not None and shown >= declared:
        return _with_retention(desired, shown)
    suffices = age is None or declared - age >= desired.min_days_left
    return _with_retention(desired, declared if suffices else age + declared)


def as_sent(desired: Desired, request: Mapping[str, Any]) -> Desired:
    """Return the declaration with the retention of an update, so that the listing can be compared with it."""
    sent = request.get(SHOWN[OPTION].api)
    return desired if sent is None else _with_retention(desired, sent)


def find_unreadable_time(desired: Desired, cache: ImageCache, now: float) -> Optional[str]:
    """Return the time without which it is unknown whether or how to renew a cache, None if the times are known."""
    if desired.min_days_left is None or cache.never_expires:
        return None
    if cache.expires_at is None:
        return "expiry time"
    return "creation time" if cache.created_at is None and _expires_too_soon(desired, cache, now) else None


def _with_retention(desired: Desired, days: int, expires_in: Optional[float] = None) -> Desired:
    return replace(desired, values={**desired.values, OPTION: days}, expires_in=expires_in)


def _days_left(cache: ImageCache, now: float) -> Optional[float]:
    return (cache.expires_at.timestamp() - now) / DAY if cache.expires_at else None


def _expires_too_soon(desired: Desired, cache: ImageCache, now: float) -> bool:
    left = _days_left(cache, now)
    return left is not None and desired.min_days_left is not None and left < desired.min_days_left


def _age_in_days(cache: ImageCache, now: float) -> Optional[int]:
    """Return the age in whole days, rounded up, or None if it is unknown."""
    if cache.created_at is None:
        return None
    return math.ceil(max(0.0, now - cache.created_at.timestamp()) / DAY)
