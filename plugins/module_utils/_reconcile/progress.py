# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. How far runs are, in a line at a change, and at least once a minute.

What a run is doing it writes into its journal; the lines are made here, so that many runs that go on side by side do
not speak over each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Optional, Protocol, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal

__all__ = ["HEARTBEAT", "Progress", "TrackedRun", "format_seconds"]

# Seconds without a line after which there is one, though nothing is new.
HEARTBEAT = 60.0


class DrivenRun(Protocol):
    """What tells whether a run is still under way: it then has an effect, and an error where it failed."""

    effect: Any
    error: Optional[Exception]


@dataclass(frozen=True)
class TrackedRun:
    """One run: how messages call it, what it does, and whether it still does."""

    label: str
    journal: Journal
    run: DrivenRun

    @property
    def is_under_way(self) -> bool:
        """Whether it has begun to do something, and is not through."""
        return self.run.effect is not None and self.journal.doing is not None


class Progress:
    """Speaks for one run, or sums up many."""

    def __init__(self, tracked: Sequence[TrackedRun], clock: Clock, say: Callable[[str], None]) -> None:
        self._tracked, self._clock, self._say = tracked, clock, say
        self._began = self._spoke = clock.monotonic()

    def seconds_to_heartbeat(self) -> float:
        """Return the seconds until there is to be a line in any case."""
        return max(0.0, self._spoke + HEARTBEAT - self._clock.monotonic())

    def report(self) -> None:
        """Say a line, if something is new or a minute has passed."""
        news = [one.journal for one in self._tracked if one.journal.news]
        if not news and self.seconds_to_heartbeat() > 0:
            return
        for journal in news:
            journal.news = False
        self._spoke = self._clock.monotonic()
        elapsed = format_seconds(self._spoke - self._began)
        if len(self._tracked) == 1:
            one = self._tracked[0]
            self._say(f"image cache {one.label}, {elapsed}: {one.journal.doing or 'waiting for the API'}")
        else:
            self._say(f"image caches, {elapsed}: {self._summary()}")

    def end(self) -> None:
        """Say what is new in the end, but for a failure, which the result explains."""
        if any(one.journal.news for one in self._tracked) and not any(one.run.error for one in self._tracked):
            self.report()

    def _summary(self) -> str:
        """Return the counts, and what the run that has been at its step for longest is doing."""
        through = [one for one in self._tracked if one.run.effect is None]
        under_way = [one for one in self._tracked if one.is_under_way]
        failed = sum(one.run.error is not None for one in through)
        counts = (
            (len(through) - failed, "done"),
            (failed, "failed"),
            (len(under_way), "in progress"),
            (len(self._tracked) - len(through) - len(under_way), "not started"),
        )
        said = ", ".join(f"{count} {what}" for count, what in counts if count)
        if not under_way:
            return said
        slowest = min(under_way, key=lambda one: one.journal.since)
        return f"{said}; the slowest is {slowest.label}: {slowest.journal.doing}"


def format_seconds(seconds: float) -> str:
    """Return a length of time as people say it, C(1 h 2 min), C(1 min 5 s) or C(7 s)."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
