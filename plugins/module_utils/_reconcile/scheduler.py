# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Drive reconciliations in parallel: share their reads, and send writes in parallel.

Due reads are combined into one listing of up to 50 caches, so that waiting for many caches needs hardly more calls
than waiting for one. A single reconciliation is driven in the same way.
"""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Protocol, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import PAGE_SIZE, Client, describe_selected
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidRequest, NotFound
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    Ask,
    Effect,
    Read,
    ReadResult,
    Steps,
    Write,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.progress import Progress

if TYPE_CHECKING:
    from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.registries import Registries

__all__ = ["Executor", "InlineExecutor", "Run", "ThreadExecutor", "drive_runs", "list_together", "select_part"]

# Seconds that a read waits for others to share its listing, if more reads may follow.
BATCH_WINDOW = 0.2


class Run:
    """A reconciliation that is being driven. It ends with a C(result) or an C(error).

    C(registries) may be None if it asks none.
    """

    def __init__(self, steps: Steps[Any], client: Client, deadline: Deadline, registries: Optional[Registries]) -> None:
        self.client, self.deadline, self.registries = client, deadline, registries
        self.result: Any = None
        self.error: Optional[Exception] = None
        self.effect: Optional[Effect] = None
        # When the effect is due, on the monotonic clock.
        self.due = 0.0
        self.writes = 0
        self._steps = steps

    def start(self, now: float) -> None:
        """Advance to the first effect."""
        self._advance(now, lambda: next(self._steps))

    def resume(self, now: float, outcome: Any) -> None:
        """Advance to the next effect with the outcome of the last one. The run handles failures itself."""
        if self.error is not None:
            return
        if isinstance(outcome, Exception):
            self._advance(now, lambda: self._steps.throw(outcome))
        else:
            self._advance(now, lambda: self._steps.send(outcome))

    def abandon(self, error: Exception) -> None:
        """End the run with an error before its next effect."""
        self._steps.close()
        self.effect, self.error = None, error

    def _advance(self, now: float, advance: Callable[[], Effect]) -> None:
        self.effect = None
        try:
            self.effect = advance()
            self.due = now + self.effect.after
        except StopIteration as end:
            self.result = end.value
        except Exception as error:  # pylint: disable=broad-except
            # A failed run must not stop the others. The caller handles C(error).
            self.error = error


Work = Callable[[], Any]


class Executor(Protocol):
    """Executes work. C(max_writes) is the maximum number of concurrent writes."""

    max_writes: int

    def submit(self, work: Work) -> None:
        """Start to execute some work."""

    def wait(self, seconds: Optional[float]) -> List[Any]:
        """Return the results so far. If there are none, wait up to C(seconds) for one."""


class InlineExecutor:
    """Executes work immediately, in the thread that submits it."""

    max_writes = 1

    def __init__(self, clock: Clock) -> None:
        self._clock, self._results = clock, []  # type: Clock, List[Any]

    def submit(self, work: Work) -> None:
        """Execute the work."""
        self._results.append(work())

    def wait(self, seconds: Optional[float]) -> List[Any]:
        """Return the results so far. If there are none, sleep for C(seconds)."""
        if not self._results and seconds:
            self._clock.sleep(seconds)
        results, self._results = self._results, []
        return results


class ThreadExecutor:
    """Executes up to C(max_writes) concurrent writes in threads, and some reads in addition."""

    def __init__(self, max_writes: int) -> None:
        self.max_writes, self._done = max_writes, queue.Queue()  # type: int, queue.Queue[Any]
        self._pool = ThreadPoolExecutor(max_workers=max_writes + 2, thread_name_prefix="tencentcloud.tke")

    def submit(self, work: Work) -> None:
        """Execute the work in a thread."""
        self._pool.submit(work).add_done_callback(self._done.put)

    def wait(self, seconds: Optional[float]) -> List[Any]:
        """Return the results so far. Raise the exceptions of threads here, because otherwise they would be lost."""
        done = []
        try:
            done.append(self._done.get(timeout=seconds))
            while True:
                done.append(self._done.get_nowait())
        except queue.Empty:
            return [future.result() for future in done]

    def stop(self) -> None:
        """Stop the threads after they have finished their work."""
        self._pool.shutdown(wait=True)


def drive_runs(
    runs: Sequence[Run],
    clock: Clock,
    executor: Executor,
    on_end: Callable[[Run], None] = lambda run: None,
    progress: Optional[Progress] = None,
) -> None:
    """Drive all runs to their end and report progress. C(on_end) is called for each and may abandon others."""
    for run in runs:
        run.start(clock.monotonic())
    _Scheduler(runs, clock, executor, on_end, progress).drive()


class _Scheduler:
    def __init__(
        self,
        runs: Sequence[Run],
        clock: Clock,
        executor: Executor,
        on_end: Callable[[Run], None],
        progress: Optional[Progress],
    ) -> None:
        self._clock, self._executor, self._on_end, self._progress = clock, executor, on_end, progress
        self._waiting = [run for run in runs if run.effect is not None]
        self._busy, self._writing = 0, 0
        for run in runs:
            if run.effect is None:
                on_end(run)

    def drive(self) -> None:
        while self._has_work():
            self._submit_questions()
            self._submit_writes()
            self._submit_reads()
            for outcomes in self._executor.wait(self._seconds_to_wait()):
                self._resume(outcomes)
            if self._progress is not None and self._has_work():
                self._progress.report()
        if self._progress is not None:
            self._progress.end()

    def _has_work(self) -> bool:
        """Return whether a run has not ended. The end of a run may have abandoned others that were waiting."""
        self._waiting = [run for run in self._waiting if run.effect is not None]
        return bool(self._waiting or self._busy)

    def _submit_questions(self) -> None:
        for run in self._waiting[:]:
            if isinstance(run.effect, Ask):
                self._waiting.remove(run)
                self._busy += 1
                self._executor.submit(_ask(run, run.effect))

    def _submit_writes(self) -> None:
        now = self._clock.monotonic()
        for run in self._waiting[:]:
            if self._writing >= self._executor.max_writes:
                return
            if isinstance(run.effect, Write) and run.due <= now:
                self._waiting.remove(run)
                self._writing += 1
                self._busy += 1
                run.writes += 1
                self._executor.submit(_write(run, run.effect))

    def _submit_reads(self) -> None:
        now = self._clock.monotonic()
        groups: Dict[Tuple[int, bool, float], List[Run]] = {}
        for run in self._waiting:
            if isinstance(run.effect, Read) and run.due <= now:
                # Throttling may delay a read up to the deadline, so only runs with the same one share it.
                alike = (id(run.client), bool(run.effect.ids), run.deadline.seconds)
                groups.setdefault(alike, []).append(run)
        for group in groups.values():
            # If all runs have due reads, no further read can join this listing.
            may_grow = self._busy or len(group) < len(self._waiting)
            if may_grow and len(group) < PAGE_SIZE and now < min(run.due for run in group) + BATCH_WINDOW:
                continue
            for first in range(0, len(group), PAGE_SIZE):
                self._submit_read(group[first : first + PAGE_SIZE])

    def _submit_read(self, group: List[Run]) -> None:
        for run in group:
            self._waiting.remove(run)
        self._busy += 1
        self._executor.submit(_read(group))

    def _seconds_to_wait(self) -> Optional[float]:
        """Return the seconds until something can be submitted, or None if that depends on the work in progress."""
        now = self._clock.monotonic()
        moments = [
            run.due if run.due > now else run.due + BATCH_WINDOW
            for run in self._waiting
            # A due write waits until a running write has ended.
            if isinstance(run.effect, Read) or run.due > now
        ]
        seconds = [max(0.0, min(moments) - now)] if moments else []
        if self._progress is not None:
            seconds.append(self._progress.seconds_to_heartbeat())
        return min(seconds, default=None)

    def _resume(self, outcomes: List[Tuple[Run, Any]]) -> None:
        self._busy -= 1
        now = self._clock.monotonic()
        for run, outcome in outcomes:
            if isinstance(run.effect, Write):
                self._writing -= 1
            run.resume(now, outcome)
            if run.effect is None:
                self._on_end(run)
            else:
                self._waiting.append(run)


def _write(run: Run, write: Write) -> Work:
    client = run.client
    call = {"create": client.create, "update": client.update, "delete": client.delete}[write.action]

    def work() -> List[Tuple[Run, Any]]:
        return [(run, _catch(lambda: call(write.request, run.deadline)))]

    return work


def _ask(run: Run, ask: Ask) -> Work:
    registries = run.registries
    if registries is None:
        raise AssertionError("the run was started without registries")
    return lambda: [(run, _catch(lambda: registries.look_up(ask.values, ask.questions, run.deadline)))]


def _read(group: List[Run]) -> Work:
    reads: List[Read] = [run.effect for run in group if isinstance(run.effect, Read)]
    return lambda: list(zip(group, _read_each(group[0].client, reads, group[0].deadline)))


def _read_each(client: Client, reads: List[Read], deadline: Deadline) -> List[Any]:
    """Return the outcome of each read. If the API refuses the combined request, send each read separately."""
    result = _catch(lambda: list_together(client, reads, deadline))
    if isinstance(result, (InvalidRequest, NotFound)) and len(reads) > 1:
        return [outcome for read in reads for outcome in _read_each(client, [read], deadline)]
    return [result if isinstance(result, Exception) else select_part(result, read) for read in reads]


def list_together(client: Client, reads: List[Read], deadline: Deadline) -> ReadResult:
    """Return the caches for all these reads, from one listing. Raises RequestError."""
    ids = [image_cache_id for read in reads for image_cache_id in read.ids]
    names = [name for read in reads for name in read.names]
    parameter = "ImageCacheIds" if ids else "ImageCacheNames"
    listing = describe_selected(client, deadline, parameter, ids or names)
    return ReadResult([ImageCache(raw) for raw in listing.image_caches], listing.request_id)


def select_part(result: ReadResult, read: Read) -> ReadResult:
    """Return the part of a shared listing that one read requested."""
    # The API does not document whether it compares names exactly, or whether it ignores unknown parameters.
    own = [cache for cache in result.image_caches if cache.id in read.ids or cache.name in read.names]
    return ReadResult(own, result.request_id)


def _catch(call: Callable[[], Any]) -> Any:
    """Return the result of a call, or the exception that it raises, to pass it between threads."""
    try:
        return call()
    except Exception as error:  # pylint: disable=broad-except
        return error
