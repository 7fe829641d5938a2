# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of image_cache at the same time, whose calls a test puts in order.

Each run is a run of the product, with its own client and scheduler, in its own thread. Its thread stops before each
call and continues when the test says so: only one thread is active at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from unit.support.world import Killed, World

# Seconds after which a thread that neither stops nor ends is a defect of the test.
HANG_SECONDS = 60


class ScheduledRun:
    """A run that stops before each call. C(due) is the time of its next call, None after the end of the run."""

    def __init__(self, world: World, options: Mapping[str, Any]) -> None:
        self.world = world
        self.due: Optional[float] = None
        self.result: dict[str, Any] = {}
        self._error: Optional[BaseException] = None
        self._is_killed, self._may_call = False, False
        self._continue, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(options,), daemon=True)
        self._thread.start()
        self._wait_for_stop()

    @property
    def has_ended(self) -> bool:
        """Whether the run has a result."""
        return self.due is None

    def call_next(self) -> None:
        """Execute the next call, at its time or now if that is later, and continue to the call after it."""
        assert self.due is not None
        self.world.clock.now = max(self.world.clock.now, self.due)
        self._resume()

    def call_to_end(self) -> None:
        """Execute all further calls."""
        while not self.has_ended:
            self.call_next()

    def kill(self) -> None:
        """End the run before its next call, as SIGKILL does."""
        if not self.has_ended:
            self._is_killed = True
            self._resume()

    def wait_until(self, due: float) -> None:
        """Stop the thread of the run until the test lets it continue."""
        self.due = due
        self._stopped.release()
        self._continue.acquire()
        if self._is_killed:
            raise Killed
        self._may_call = True

    def send(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Send a call of the run to the world; wait unless the run has just waited for the time of this call."""
        if not self._may_call:
            self.wait_until(self.world.clock.now)
        self._may_call = False
        return self.world.send(action, parameters)

    def _run(self, options: Mapping[str, Any]) -> None:
        try:
            self.result = self.world.run(transport=self, clock=_ScheduledClock(self), **options)
        except Killed:
            pass
        except BaseException as error:  # the test raises it in its own thread
            self._error = error
        finally:
            self.due = None
            self._stopped.release()

    def _resume(self) -> None:
        self._continue.release()
        self._wait_for_stop()

    def _wait_for_stop(self) -> None:
        assert self._stopped.acquire(timeout=HANG_SECONDS), "the run neither calls nor ends"
        if self._error is not None:
            raise self._error


class _ScheduledClock(Clock):
    """The clock of the world for one run, which stops the run instead of sleeping."""

    def __init__(self, run: ScheduledRun) -> None:
        self._run, self._clock = run, run.world.clock

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def unix(self) -> int:
        return self._clock.unix()

    def sleep(self, seconds: float) -> None:
        self._run.wait_until(self._clock.now + seconds)


Choose = Callable[[list[ScheduledRun]], ScheduledRun]


def run_together(world: World, options: Mapping[str, Any], choose: Choose, count: int = 2) -> list[dict[str, Any]]:
    """Run the same task several times at once; C(choose) selects the run that makes the next call."""
    runs = [ScheduledRun(world, options) for _run in range(count)]
    try:
        complete_runs(world, runs, choose)
    finally:
        for run in runs:
            run.kill()
    return [run.result for run in runs]


def complete_runs(world: World, runs: list[ScheduledRun], choose: Choose) -> None:
    """Execute the calls of all runs in the order that C(choose) gives."""
    while times := [run.due for run in runs if run.due is not None]:
        # A call may be late but never early, and no other run waits for a late call.
        latest = max(min(times), world.clock.now)
        choose([run for run in runs if run.due is not None and run.due <= latest]).call_next()
