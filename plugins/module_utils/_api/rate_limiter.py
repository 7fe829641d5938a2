# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Limit the rate of requests, and reduce it after throttling."""

from __future__ import annotations

import threading
from collections import deque
from typing import Deque, Dict

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock

__all__ = ["RateLimiter"]

# The API counts the requests within any second. The slack prevents network jitter from turning 20 requests into 21.
SLACK = 1.03
# After throttling, the window grows by a factor, up to a maximum, and shrinks slowly again.
SLOWER, FASTER, SLOWEST = 1.5, 0.98, 8.0


class RateLimiter:
    """Allows each action C(requests_per_second) requests within any second. It is thread-safe.

    The requests of a window may follow each other immediately. A rate below 1 allows one request in its longer window.
    """

    def __init__(self, requests_per_second: float, clock: Clock) -> None:
        self._most, self._clock = max(1, int(requests_per_second)), clock
        self._window = SLACK * max(1.0, 1 / requests_per_second)
        # When the last requests of each action were allowed, at most as many as fit into a window.
        self._allowed: Dict[str, Deque[float]] = {}
        self._factor: Dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, action: str) -> None:
        """Pause until the next request of the action may be sent."""
        with self._lock:
            now = self._clock.monotonic()
            factor = self._factor[action] = max(1.0, self._factor.get(action, 1.0) * FASTER)
            allowed = self._allowed.setdefault(action, deque(maxlen=self._most))
            at = now
            if len(allowed) == self._most:
                at = max(now, allowed[-1], allowed[0] + self._window * factor)
            allowed.append(at)
        if at > now:
            self._clock.sleep(at - now)

    def slow_down(self, action: str) -> None:
        """Reduce the rate of an action, because other clients share the limit or it is lower than assumed."""
        with self._lock:
            self._factor[action] = min(SLOWEST, self._factor.get(action, 1.0) * SLOWER)
