# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Limit the rate of requests, and reduce it after throttling."""

from __future__ import annotations

import threading
from typing import Dict

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock

__all__ = ["RateLimiter"]

# The API counts requests within any second. The slack prevents network jitter from turning 20 requests into 21.
SLACK = 1.03
# After throttling, the pauses between requests grow by a factor, up to a maximum, and shrink slowly again.
SLOWER, FASTER, SLOWEST = 1.5, 0.98, 8.0


class RateLimiter:
    """Spaces the requests of each action by C(1/requests_per_second) seconds. It is thread-safe."""

    def __init__(self, requests_per_second: float, clock: Clock) -> None:
        self._gap, self._clock = SLACK / requests_per_second, clock
        self._next: Dict[str, float] = {}
        self._factor: Dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, action: str) -> None:
        """Pause until the next request of the action may be sent."""
        with self._lock:
            now = self._clock.monotonic()
            at = max(now, self._next.get(action, now))
            factor = max(1.0, self._factor.get(action, 1.0) * FASTER)
            self._factor[action], self._next[action] = factor, at + self._gap * factor
        if at > now:
            self._clock.sleep(at - now)

    def slow_down(self, action: str) -> None:
        """Reduce the rate of an action, because other clients share the limit or it is lower than assumed."""
        with self._lock:
            self._factor[action] = min(SLOWEST, self._factor.get(action, 1.0) * SLOWER)
