# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Report the progress of runs: one line at each change, and at least one a minute.

Each run records its current step in its journal. The lines are made here, so that parallel runs share one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Optional, Protocol, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal

__all__ = ["HEARTBEAT", "Progress", "TrackedRun", "format_seconds"]

# Seconds after which a line is reported even if nothing has changed.
HEARTBEAT = 60.0


class DrivenRun(Protocol):
    """A run as progress reporting sees it: C(effect) is None after its end, C(error) is set if it failed."""

    effect: Any
    error: Optional[Exception]


@dataclass(frozen=True)
class TrackedRun:
    """A run with its label for messages and its journal."""

    label: str
    journal: Journal
    run: DrivenRun

    @property
    def is_under_way(self) -> bool:
        """Whether the run has started a step and has not ended."""
        return self.run.effect is not None and self.journal.doing is not None


class Progress:
    """Reports the progress of one run, or a summary of many."""

    def __init__(self, tracked: Sequence[TrackedRun], clock: Clock, say: Callable[[str], None]) -> None:
        self._tracked, self._clock, self._say = tracked, clock, say
        self._began = self._spoke = clock.monotonic()

    def seconds_to_heartbeat(self) -> float:
        """Return the seconds until the next line is due, even if nothing changes."""
        return max(0.0, self._spoke + HEARTBEAT - self._clock.monotonic())

    def report(self) -> None:
        """Report a line if a step has changed or a minute has passed."""
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
        """Report the last change, unless a run has failed: the result explains that."""
        if any(one.journal.news for one in self._tracked) and not any(one.run.error for one in self._tracked):
            self.report()

    def _summary(self) -> str:
        """Return the counts, and the step that has been running longest."""
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
    """Return a duration for messages: C(1 h 2 min), C(1 min 5 s) or C(7 s)."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
