# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Parse durations, and times in all formats that the API documents show."""

from __future__ import annotations

import functools
import re
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

__all__ = ["DAY", "add_days", "days_between", "days_until", "iso_utc", "parse_duration", "parse_time"]

# "2021-12-06 22:52:24", "2026-03-30 07:03:35 +0000 UTC", "2024-01-01T00:00:00Z" and Go's
# "2026-03-30 17:07:11.389402882 +0800 CST m=+893.262707991". The offset makes the name of the zone redundant.
PATTERN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d+)?"
    r"(?: ?(?P<offset>Z|UTC|[+-]\d\d:?\d\d))?(?: [A-Z]{2,5})?(?: m=[+-][\d.]+)?",
    re.ASCII,
)
MILLISECONDS = re.compile(r"\d{12,14}", re.ASCII)
DURATION = re.compile(r"(\d+(?:\.\d+)?) ?([smhdw])", re.ASCII)
# In seconds.
DAY = 86400
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# The date of the API version. Earlier times, such as the epoch or the year 1 in Go, mean that the time is not set.
EARLIEST = datetime(2018, 5, 25, tzinfo=timezone.utc)


def parse_time(text: Any) -> Optional[datetime]:
    """Return the time in a string of the API, to the second, or None if it cannot be read.

    A string without a zone is read as UTC. If it is in China Standard Time, the cache is older than it seems, so the
    error is on the safe side: it is kept longer. Times before the first version of the API count as not set.
    """
    moment = _parse_moment(text) if isinstance(text, str) else None
    return moment if moment and moment >= EARLIEST else None


# The times of a cache and of its events are read for its plan, its order and its result.
@functools.lru_cache(maxsize=4096)
def _parse_moment(text: str) -> Optional[datetime]:
    try:
        if MILLISECONDS.fullmatch(text.strip()):
            return EPOCH + timedelta(seconds=int(text) // 1000)
        match = PATTERN.fullmatch(text.strip())
        if match is None:
            return None
        year, month, day, hour, minute, second = (int(match[number]) for number in range(1, 7))
        moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
        return moment - _offset(match["offset"])
    except (ValueError, OverflowError):
        return None


def parse_duration(text: str) -> Optional[float]:
    """Return the seconds of a duration such as C(7d), C(12h), C(1.5h), C(30m), C(2w), or None if it is invalid."""
    match = DURATION.fullmatch(text.strip())
    return float(match[1]) * SECONDS[match[2]] if match else None


def days_between(earlier: Optional[datetime], later: datetime) -> Optional[float]:
    """Return the days between two times, rounded to a hundredth and at least 0, or None if the first is unknown."""
    return round(max(0.0, (later - earlier).total_seconds()) / DAY, 2) if earlier else None


def days_until(moment: Optional[datetime], now: datetime) -> Optional[float]:
    """Return the days until a time, rounded to a hundredth and negative if it is past, or None if it is unknown."""
    return round((moment - now).total_seconds() / DAY, 2) if moment else None


def add_days(moment: Optional[datetime], days: Optional[int]) -> Optional[datetime]:
    """Return the time some days after another, or None if one of them is unknown or if no date is that late."""
    try:
        return None if moment is None or days is None else moment + timedelta(days=days)
    except OverflowError:
        return None


def iso_utc(text: Any) -> Optional[str]:
    """Return a time string of the API as ISO 8601 in UTC, C(2026-03-30T07:03:35Z), or None if it cannot be read."""
    moment = parse_time(text)
    # isoformat() instead of strftime(), which does not pad years before 1000 on all systems.
    return moment.replace(tzinfo=None).isoformat() + "Z" if moment else None


def _offset(text: Optional[str]) -> timedelta:
    if text is None or text in {"Z", "UTC"}:
        return timedelta(0)
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
