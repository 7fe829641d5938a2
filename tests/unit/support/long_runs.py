# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of image_cache_set for hours of virtual time, over real connections and in real threads."""

from __future__ import annotations

import gc
import os
import random
import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _run, _set
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scheduler import ThreadExecutor
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime
from emulator import Emulator, Fault, Settings
from emulator.faults import ERROR
from emulator.registry import Registry
from unit.support.world import CALL_SECONDS, VirtualClock

MINUTE, HOUR = 60.0, 3600.0
ROLE = "qcs::cam::uin/100000000001:roleName/deploy"
ROLE_SECONDS = 900


class Timeline(VirtualClock):
    """Virtual time in which events happen. It is thread-safe: the thread whose pause reaches an event executes it."""

    def __init__(self) -> None:
        super().__init__()
        self._began, self._lock = self.now, threading.RLock()
        self._events: list[tuple[float, Callable[[], None]]] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.now - self._began

    def plan(self, seconds: float, event: Callable[[], None]) -> None:
        """Execute an event so many seconds after the start."""
        self._events.append((self._began + seconds, event))
        self._events.sort(key=lambda planned: planned[0])

    def sleep(self, seconds: float) -> None:
        """Let time pass, and execute the events in it."""
        with self._lock:
            end = self.now + seconds
            while self._events and self._events[0][0] <= end:
                at, event = self._events.pop(0)
                self.now = max(self.now, at)
                event()
            self.now = max(self.now, end)


class VirtualTimeThreads(ThreadExecutor):
    """Executes work in real threads. Virtual time passes after each result, and if no work is in progress."""

    def __init__(self, max_writes: int, clock: VirtualClock) -> None:
        super().__init__(max_writes)
        self._clock, self._pending = clock, 0

    def submit(self, work: Callable[[], Any]) -> None:
        """Start to execute some work."""
        self._pending += 1
        super().submit(work)

    def wait(self, seconds: Optional[float]) -> list[Any]:
        """Return the next results, or let C(seconds) pass if there will be none."""
        if self._pending:
            results = super().wait(None)
            self._pending -= len(results)
            self._clock.sleep(CALL_SECONDS)
            return results
        assert seconds is not None, "nothing is in progress, and nothing is due"
        self._clock.sleep(seconds)
        return []


class Throttling(Fault):
    """All requests are throttled while C(is_on) is true. C(count) is their number by action."""

    def __init__(self, is_on: Callable[[], bool]) -> None:
        super().__init__(ERROR, code="RequestLimitExceeded", message="The number of requests exceeds the limit.")
        self._is_on, self.count = is_on, Counter()  # type: Callable[[], bool], Counter[str]

    def matches(self, action: str, region: str) -> bool:
        """Return whether a request is throttled now."""
        throttled = self._is_on()
        self.count[action] += throttled
        return throttled


@dataclass(frozen=True)
class Footprint:
    """What the process uses: allocated blocks of memory and, if they are traced, their bytes; threads and files."""

    blocks: int
    size: int
    threads: int
    files: int


class LongWorld:
    """An emulator in virtual time with a role and a registry, which clients reach over real connections.

    C(calls) counts the requests that the emulator has received by action, and C(codes) its refusals by error code. It
    does not keep the requests, because kept ones would look like a leak of the run.
    """

    def __init__(self) -> None:
        # Repeated runs of a test have the same jitter.
        random.seed(20180525)
        self.clock = Timeline()
        self.calls: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.warnings: list[str] = []
        self.speaks, self.lines = True, 0
        # The rate limit of the emulator is in real time.
        settings = Settings(requests_per_second=1 << 30)
        self.emulator = Emulator(settings, now=lambda: self.clock.now).start()
        self.emulator.identity.roles[ROLE] = None
        self.emulator.watch = self._count
        # The seconds of the builds that start next.
        self.build_seconds: Callable[[], float] = lambda: 10 * MINUTE
        # In one minute of every half an hour.
        self.throttling = Throttling(lambda: self.clock.elapsed // MINUTE % 30 == 5)
        self.emulator.faults.append(self.throttling)
        self.registry = Registry().start()

    def warn(self, message: str) -> None:
        """Record a warning."""
        self.warnings.append(message)

    def progress(self, _message: str) -> None:
        """Count a line of progress."""
        self.lines += 1

    def _count(self, moment: str, action: str) -> None:
        if moment == "before" and action == "CreateImageCache":
            self.emulator.settings.build_seconds = self.build_seconds()
        if moment == "after":
            self.calls.update(received.action for received in self.emulator.received)
            self.codes.update(received.code for received in self.emulator.received if received.code)
            self.emulator.received.clear()
            self.registry.received.clear()

    def plan_outage(self, at: float, seconds: float) -> None:
        """Stop the emulator at a time, which closes all connections, and restart it C(seconds) later."""
        self.clock.plan(at, self._stop_emulator)
        self.clock.plan(at + seconds, self._restart)

    def _stop_emulator(self) -> None:
        # After a restart it is another one.
        self.emulator.stop()

    def _restart(self) -> None:
        self.emulator = self.emulator.restart()

    def restart_registry(self) -> None:
        """Start the registry again that was stopped."""
        self.registry = self.registry.restart()

    def run_set(self, entries: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """Return the result of a run that polls every 10 s at first, with the keys of a role."""
        spec = _set.image_cache_set_spec(lambda *_args: None)
        given = {
            **{name: entry.get("default") for name, entry in spec.items()},
            "region": "ap-guangzhou",
            "endpoint": self.emulator.endpoint,
            "sts_endpoint": self.emulator.endpoint,
            "secret_id": self.emulator.secret_id,
            "secret_key": self.emulator.secret_key,
            "role_arn": ROLE,
            "role_duration": ROLE_SECONDS,
            "wait_timeout": int(10 * HOUR),
            "image_caches": entries,
            **options,
        }
        runtime = Runtime(self, ansible_version="2.19", check_mode=False, diff=True, clock=self.clock)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_run, "ThreadExecutor", lambda max_writes: VirtualTimeThreads(max_writes, self.clock))
            return _set.image_cache_set(given, runtime)

    def answered(self, action: str) -> int:
        """Return how often an action was called and not throttled."""
        return self.calls[action] - self.throttling.count[action]

    @property
    def renewals(self) -> int:
        """How often keys of the role were issued."""
        return len(self.emulator.identity.sessions)

    def measure(self) -> Footprint:
        """Return the current footprint, without garbage and deleted caches of the emulator."""
        self.emulator.region().deleted.clear()
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
        return Footprint(sys.getallocatedblocks(), size, threading.active_count(), _count_files())

    @contextmanager
    def check_nothing_is_left(self) -> Iterator[None]:
        """Check that the block leaves no thread and no connection open, even before garbage is collected."""
        # Earlier tests may have left garbage, and threads that are about to end.
        gc.collect()
        threads, files = threading.active_count(), _count_files()
        gc.disable()
        try:
            yield
            deadline = time.monotonic() + 10
            # The emulator and the registry need a moment to notice that a connection was closed.
            while (self.emulator.connections or _count_files() > files) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert self.emulator.connections == 0
            assert threading.active_count() <= threads, threading.enumerate()
            assert _count_files() <= files, (_count_files(), files)
        finally:
            gc.enable()

    def stop(self) -> None:
        """Stop the emulator and the registry."""
        self.emulator.stop()
        self.registry.stop()


def _count_files() -> int:
    """Return the number of open files and sockets of this process."""
    return len(os.listdir("/proc/self/fd"))
