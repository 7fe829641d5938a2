# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock for unit tests whose time passes only by sleeping."""

from __future__ import annotations

from typing import Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline


class FakeClock(Clock):
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def unix(self) -> int:
        return 1767225600

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def distant_deadline(clock: Optional[FakeClock] = None) -> Deadline:
    """Return a deadline that no test reaches."""
    return Deadline(clock or FakeClock(), 3600)
