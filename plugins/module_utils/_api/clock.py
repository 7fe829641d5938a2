# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Time: what is left of it, and how long to pause."""

from __future__ import annotations

import random
import time
from datetime import datetime, timezone

__all__ = ["Clock", "Deadline", "back_off", "poll_interval"]


class Clock:
    """The machine's clocks: monotonic for durations, the wall clock for signatures and for the age of caches."""

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()

    def unix(self) -> int:
        """Return the Unix time in whole seconds, as C(X-TC-Timestamp) wants it."""
        return int(time.time())

    def utc(self) -> datetime:
        """Return the present moment by the wall clock, to tell how old what the API dates is."""
        return datetime.fromtimestamp(self.unix(), timezone.utc)

    def sleep(self, seconds: float) -> None:
        """Pause for C(seconds)."""
        time.sleep(seconds)


class Deadline:
    """A moment on the monotonic clock after which nothing more is waited for."""

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
        """Whether nothing is left."""
        return self.remaining <= 0


def back_off(attempt: int, base: float = 0.5, cap: float = 20.0) -> float:
    """Return the pause in seconds before attempt C(attempt) (1 is the first repetition).

    Exponential, capped, with full jitter: anything between 0 and the cap of that attempt, so that many
    clients that were throttled together do not come back together.
    """
    # min() on the exponent: 2 ** a large attempt number would be a very large integer for nothing.
    return random.uniform(0, min(cap, base * 2 ** min(attempt - 1, 16)))


def poll_interval(interval: float, waited: float, most: float = 4.0) -> float:
    """Return the seconds between two polls after C(waited) seconds of waiting.

    It is C(interval) at first, then a tenth of the time waited so far, and at most C(most) times C(interval): a wait
    overshoots the end of a build by one interval or by 10 %.
    """
    return min(most * interval, max(interval, waited / 10))
