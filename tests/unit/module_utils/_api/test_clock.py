# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back-off, polling intervals, and waits that do not depend on the wall clock."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import (
    Clock,
    Deadline,
    back_off,
    poll_interval,
)
from unit.support.world import WEB, VirtualClock, World

# Seconds: a day, an hour and a second back, and a year ahead.
JUMPS = (-86400, -3600, -1, 365 * 86400)


def test_back_off_is_drawn_up_to_a_maximum_that_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda least, most: (least, most))
    bounds = [back_off(attempt) for attempt in range(1, 9)]
    assert bounds == [(0, most) for most in (0.5, 1, 2, 4, 8, 16, 20, 20)]


def test_back_off_grows_to_cap_with_full_jitter() -> None:
    for attempt, most in ((1, 0.5), (2, 1.0), (4, 4.0), (7, 20.0), (500, 20.0)):
        drawn = [back_off(attempt) for _draw in range(300)]
        assert 0 <= min(drawn) < most * 0.1
        assert most * 0.9 < max(drawn) <= most


@pytest.mark.parametrize(
    ("waited", "expected"), [(0, 10), (99, 10), (100, 10), (150, 15), (399, 39.9), (400, 40), (10000, 40)]
)
def test_poll_interval_is_tenth_of_time_waited_within_bounds(waited: float, expected: float) -> None:
    assert poll_interval(10, waited) == pytest.approx(expected)


class JumpingClock(VirtualClock):
    """A clock whose wall time jumps at every second read; its monotonic time does not jump."""

    def __init__(self, jump: int) -> None:
        super().__init__()
        self.jump, self.reads = jump, 0

    def unix(self) -> int:
        self.reads += 1
        return super().unix() + self.jump * (self.reads % 2)


def run_life_cycle(world: World) -> list[dict[str, Any]]:
    """Create, replace, update and delete a cache, and return the results. The update exceeds its timeout."""
    results = [world.run(), world.run(images=["nginx:2"], on_change="replace")]
    world.settings.build_seconds = 10000.0
    results += [world.run(images=["nginx:3"], wait_timeout=120), world.run(state="absent", name=WEB["name"])]
    return results


@pytest.mark.parametrize("jump", JUMPS)
def test_wall_clock_that_jumps_changes_no_wait(jump: int) -> None:
    steady = World()
    expected = run_life_cycle(steady)
    jumping = World()
    jumping.clock = JumpingClock(jump)
    assert run_life_cycle(jumping) == expected
    assert [result.get("failed", False) for result in expected] == [False, False, True, False]
    assert steady.calls == jumping.calls
    assert steady.clock.now == jumping.clock.now
    assert jumping.clock.reads > 1


class TestDeadline:
    def test_time_runs_from_the_start_and_never_below_zero(self) -> None:
        clock = VirtualClock()
        deadline = Deadline(clock, 10)
        assert (deadline.seconds, deadline.elapsed, deadline.remaining, deadline.passed) == (10, 0, 10, False)
        clock.now += 9.5
        assert (deadline.elapsed, deadline.remaining, deadline.passed) == (9.5, 0.5, False)
        clock.now += 0.5
        assert (deadline.remaining, deadline.passed) == (0, True)
        clock.now += 5
        assert (deadline.elapsed, deadline.remaining, deadline.passed) == (15, 0, True)

    def test_deadline_without_time_has_passed(self) -> None:
        assert Deadline(VirtualClock(), 0).passed


def test_clocks_are_those_of_the_machine() -> None:
    clock = Clock()
    before, wall = time.monotonic(), time.time()
    clock.sleep(0.05)
    assert 0.05 <= clock.monotonic() - before < 30
    assert 0 <= clock.unix() - int(wall) < 30
    assert isinstance(clock.unix(), int)
    utc = clock.utc()
    assert utc.utcoffset() == timedelta(0)
    assert 0 <= utc.timestamp() - int(wall) < 30
