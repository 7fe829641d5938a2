# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rate limit of each action."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.rate_limiter import RateLimiter
from unit.support.clock import FakeClock

# Seconds between requests at 20 requests per second, plus 3 %.
GAP = 0.0515


def create_rate_limiter() -> tuple[RateLimiter, FakeClock]:
    """Return a rate limiter and its clock."""
    clock = FakeClock()
    return RateLimiter(20, clock), clock


def test_each_action_has_its_own_rate() -> None:
    rate_limiter, clock = create_rate_limiter()
    for action in ("A", "B", "A", "A", "B"):
        rate_limiter.wait(action)
    # The gap after the first B has passed before the second B.
    assert clock.slept == pytest.approx([GAP, GAP])


def test_second_request_waits_right_after_boot() -> None:
    rate_limiter, clock = create_rate_limiter()
    clock.now = 0.001
    rate_limiter.wait("A")
    rate_limiter.wait("A")
    assert clock.slept == pytest.approx([GAP])


def test_late_request_waits_less_or_not_at_all() -> None:
    rate_limiter, clock = create_rate_limiter()
    rate_limiter.wait("A")
    clock.now += GAP / 2
    rate_limiter.wait("A")
    assert clock.slept == pytest.approx([GAP / 2])
    clock.now += 10
    rate_limiter.wait("A")
    assert len(clock.slept) == 1


def test_simultaneous_requests_are_spaced_evenly() -> None:
    clock = FakeClock()
    clock.sleep = clock.slept.append  # type: ignore[method-assign]
    rate_limiter = RateLimiter(20, clock)
    for _request in range(4):
        rate_limiter.wait("A")
    assert clock.slept == pytest.approx([GAP, 2 * GAP, 3 * GAP])


def test_throttled_action_slows_down_and_recovers() -> None:
    rate_limiter, clock = create_rate_limiter()
    rate_limiter.slow_down("A")
    for _request in range(30):
        rate_limiter.wait("A")
    factors = [pause / GAP for pause in clock.slept]
    assert factors[:2] == pytest.approx([1.5 * 0.98, 1.5 * 0.98**2])
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == pytest.approx(1.0)
    rate_limiter.wait("B")
    rate_limiter.wait("B")
    assert clock.slept[-1] == pytest.approx(GAP)


@pytest.mark.parametrize(("times", "factor"), [(2, 2.25), (5, 7.59375), (6, 8.0), (60, 8.0)])
def test_rate_falls_to_an_eighth_at_most(times: int, factor: float) -> None:
    rate_limiter, clock = create_rate_limiter()
    for _time in range(times):
        rate_limiter.slow_down("A")
    rate_limiter.wait("A")
    rate_limiter.wait("A")
    assert clock.slept == pytest.approx([GAP * factor * 0.98])
