# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Drives reconciliations side by side: looks are shared, writes go out in parallel.

Whatever is due to be looked at goes into one listing of up to 50 caches, so that many caches that are awaited cost
hardly more calls than one. A single reconciliation is driven the same way; there it is all as if it were alone.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Protocol, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import PAGE_SIZE, Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidRequest, NotFound
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.effects import (
    Effect,
    Look,
    Seen,
    Steps,
    Write,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.progress import Progress

__all__ = ["Alone", "Pool", "Run", "Work", "drive_together"]

# Seconds that a look waits for company while there is more to come.
LINGER = 0.2


class Run:
    """One reconciliation on its way. In the end it has a C(result), or an C(error) that ended it."""

    def __init__(self, steps: Steps[Any], client: Client, deadline: Deadline) -> None:
        self.client, self.deadline = client, deadline
        self.result: Any = None
        self.error: Optional[Exception] = None
        self.effect: Optional[Effect] = None
        # On the monotonic clock.
        self.due = 0.0
        self.writes = 0
        self._steps = steps

    def begin(self, now: float) -> None:
        """Hear what it wants first."""
        self._go_on(now, lambda: next(self._steps))

    def hear(self, now: float, came: Any) -> None:
        """Tell it what came of its effect, a failure included, since it alone knows what that means."""
        if self.error is not None:
            return
        if isinstance(came, Exception):
            self._go_on(now, lambda: self._steps.throw(came))
        else:
            self._go_on(now, lambda: self._steps.send(came))

    def give_up(self, error: Exception) -> None:
        """End it before its next effect."""
        self._steps.close()
        self.effect, self.error = None, error

    def _go_on(self, now: float, advance: Callable[[], Effect]) -> None:
        self.effect = None
        try:
            self.effect = advance()
            self.due = now + self.effect.after
        except StopIteration as end:
            self.result = end.value
        except Exception as error:  # pylint: disable=broad-except
            # One that fails in whatever way leaves the others alone; whoever reads the results sees to it.
            self.error = error


Work = Callable[[], Any]


class Pool(Protocol):
    """What carries work out. C(room) is how many writes may be under way at once."""

    room: int

    def submit(self, work: Work) -> None:
        """Have some work done."""

    def wait(self, seconds: Optional[float]) -> List[Any]:
        """Return what has been done; wait for it, but for no more than C(seconds)."""


class Alone:
    """Does each work at once, in the thread that asks for it."""

    room = 1

    def __init__(self, clock: Clock) -> None:
        self._clock, self._done = clock, []  # type: Clock, List[Any]

    def submit(self, work: Work) -> None:
        """Do it."""
        self._done.append(work())

    def wait(self, seconds: Optional[float]) -> List[Any]:
        """Return what has been done, or sleep."""
        if not self._done and seconds:
            self._clock.sleep(seconds)
        done, self._done = self._done, []
        return done


def drive_together(
    runs: Sequence[Run],
    clock: Clock,
    pool: Pool,
    ended: Callable[[Run], None] = lambda run: None,
    progress: Optional[Progress] = None,
) -> None:
    """Drive all runs to their ends, while C(progress) speaks. C(ended) is told of each; it may let others give up."""
    for run in runs:
        run.begin(clock.monotonic())
    _Schedule(runs, clock, pool, ended, progress).carry_out()


class _Schedule:
    def __init__(
        self,
        runs: Sequence[Run],
        clock: Clock,
        pool: Pool,
        ended: Callable[[Run], None],
        progress: Optional[Progress],
    ) -> None:
        self._clock, self._pool, self._ended, self._progress = clock, pool, ended, progress
        self._waiting = [run for run in runs if run.effect is not None]
        self._busy, self._writing = 0, 0
        for run in runs:
            if run.effect is None:
                ended(run)

    def carry_out(self) -> None:
        while self._waiting or self._busy:
            self._waiting = [run for run in self._waiting if run.effect is not None]
            self._submit_writes()
            self._submit_looks()
            for came in self._pool.wait(self._patience()):
                self._heard(came)
            if self._progress is not None and (self._waiting or self._busy):
                self._progress.speak()
        if self._progress is not None:
            self._progress.end()

    def _submit_writes(self) -> None:
        now = self._clock.monotonic()
        for run in self._waiting[:]:
            if self._writing >= self._pool.room:
                return
            if isinstance(run.effect, Write) and run.due <= now:
                self._waiting.remove(run)
                self._writing += 1
                self._busy += 1
                run.writes += 1
                self._pool.submit(_writing(run, run.effect))

    def _submit_looks(self) -> None:
        now = self._clock.monotonic()
        groups: Dict[Tuple[int, bool, float], List[Run]] = {}
        for run in self._waiting:
            if isinstance(run.effect, Look) and run.due <= now:
                # A look waits, where it is throttled, for as long as the one that it is for may wait.
                alike = (id(run.client), bool(run.effect.ids), run.deadline.seconds)
                groups.setdefault(alike, []).append(run)
        for group in groups.values():
            # Alone, or when all that there is is due, nobody is worth waiting for.
            company = self._busy or len(group) < len(self._waiting)
            if company and len(group) < PAGE_SIZE and now < min(run.due for run in group) + LINGER:
                continue
            for first in range(0, len(group), PAGE_SIZE):
                self._look(group[first : first + PAGE_SIZE])

    def _look(self, group: List[Run]) -> None:
        for run in group:
            self._waiting.remove(run)
        self._busy += 1
        self._pool.submit(_looking(group))

    def _patience(self) -> Optional[float]:
        """Return the seconds until there is something to submit, None where only what is under way can bring it."""
        now = self._clock.monotonic()
        moments = [
            run.due if run.due > now else run.due + LINGER
            for run in self._waiting
            # A write that is due waits for one that is under way to end.
            if isinstance(run.effect, Look) or run.due > now
        ]
        patience = [max(0.0, min(moments) - now)] if moments else []
        if self._progress is not None:
            patience.append(self._progress.patience())
        return min(patience, default=None)

    def _heard(self, came: List[Tuple[Run, Any]]) -> None:
        self._busy -= 1
        now = self._clock.monotonic()
        for run, answer in came:
            if isinstance(run.effect, Write):
                self._writing -= 1
            run.hear(now, answer)
            if run.effect is None:
                self._ended(run)
            else:
                self._waiting.append(run)


def _writing(run: Run, write: Write) -> Work:
    client = run.client
    call = {"create": client.create, "update": client.update, "delete": client.delete}[write.action]

    def work() -> List[Tuple[Run, Any]]:
        return [(run, _caught(lambda: call(write.request, run.deadline)))]

    return work


def _looking(group: List[Run]) -> Work:
    looks: List[Look] = [run.effect for run in group if isinstance(run.effect, Look)]
    return lambda: list(zip(group, _seen(group[0].client, looks, group[0].deadline)))


def _seen(client: Client, looks: List[Look], deadline: Deadline) -> List[Any]:
    """Return what came of each look. What the API refuses for one of them it refuses for that one alone."""
    seen = _caught(lambda: _listed(client, looks, deadline))
    if isinstance(seen, (InvalidRequest, NotFound)) and len(looks) > 1:
        half = len(looks) // 2
        return [*_seen(client, looks[:half], deadline), *_seen(client, looks[half:], deadline)]
    return [seen if isinstance(seen, Exception) else _part(seen, look) for look in looks]


def _listed(client: Client, looks: List[Look], deadline: Deadline) -> Seen:
    ids = [image_cache_id for look in looks for image_cache_id in look.ids]
    names = [name for look in looks for name in look.names]
    if ids:
        listing = client.describe(deadline, ImageCacheIds=list(dict.fromkeys(ids)))
    else:
        listing = client.describe(deadline, ImageCacheNames=list(dict.fromkeys(names)))
    return Seen([ImageCache(raw) for raw in listing.image_caches], listing.request_id)


def _part(seen: Seen, look: Look) -> Seen:
    # Whether the API compares names exactly is not documented, and it need not ignore what it does not know.
    own = [cache for cache in seen.image_caches if cache.id in look.ids or cache.name in look.names]
    return Seen(own, seen.request_id)


def _caught(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the exception that it raises: work is done in other threads."""
    try:
        return call()
    except Exception as error:  # pylint: disable=broad-except
        return error
