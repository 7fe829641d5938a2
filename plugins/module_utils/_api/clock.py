# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Clocks, deadlines and the lengths of pauses."""

from __future__ import annotations

import random
import time
from datetime import datetime, timezone

__all__ = ["Clock", "Deadline", "back_off", "poll_interval"]


class Clock:
    """The clocks of the machine: monotonic for durations, wall clock for signatures and the ages of caches."""

    def monotonic(self) -> float:
        """Return the seconds of the monotonic clock."""
        return time.monotonic()

    def unix(self) -> int:
        """Return the Unix time in whole seconds, as C(X-TC-Timestamp) requires."""
        return int(time.time())

    def utc(self) -> datetime:
        """Return the current time of the wall clock, to compute ages from the times of the API."""
        return datetime.fromtimestamp(self.unix(), timezone.utc)

    def sleep(self, seconds: float) -> None:
        """Pause for C(seconds)."""
        time.sleep(seconds)


class Deadline:
    """A time on the monotonic clock at which waiting ends."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self.seconds = seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock.monotonic() - self._started

    @property
    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.seconds - self.elapsed)

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self.remaining <= 0


def back_off(attempt: int, base: float = 0.5, cap: float = 20.0) -> float:
    """Return the pause in seconds before attempt C(attempt) (1 is the first repetition).

    The back-off is exponential and capped, with full jitter: a random value between 0 and the maximum for that attempt.
    The jitter prevents clients that were throttled at the same time from retrying at the same time.
    """
    # The exponent is limited to avoid needlessly large integers.
    return random.uniform(0, min(cap, base * 2 ** min(attempt - 1, 16)))


def poll_interval(interval: float, waited: float, most: float = 4.0) -> float:
    """Return the seconds between two polls after C(waited) seconds of waiting.

    It is C(interval) at first, then a tenth of the time waited so far, and at most C(most) times C(interval). The end
    of a build is thus detected at most one interval or 10 % late.
    """
    return min(most * interval, max(interval, waited / 10))
