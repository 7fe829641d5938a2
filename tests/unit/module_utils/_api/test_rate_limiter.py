# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rate limit of each action."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.rate_limiter import RateLimiter
from hypothesis import given
from hypothesis import strategies as st
from unit.support.clock import FakeClock

# A second plus 3 %.
WINDOW = 1.03


def create_rate_limiter(rate: float = 2) -> tuple[RateLimiter, FakeClock]:
    """Return a rate limiter and its clock."""
    clock = FakeClock()
    return RateLimiter(rate, clock), clock


def times_of(rate_limiter: RateLimiter, clock: FakeClock, requests: int, action: str = "A") -> list[float]:
    """Return when each of some requests may be sent, one after the other."""
    times = []
    for _request in range(requests):
        rate_limiter.wait(action)
        times.append(clock.monotonic())
    return times


def test_requests_of_a_window_follow_each_other_immediately() -> None:
    rate_limiter, clock = create_rate_limiter(20)
    began = clock.monotonic()
    times = [at - began for at in times_of(rate_limiter, clock, 60)]
    assert times == pytest.approx([0.0] * 20 + [WINDOW] * 20 + [2 * WINDOW] * 20)


def test_each_action_has_its_own_rate() -> None:
    rate_limiter, clock = create_rate_limiter()
    for action in ("A", "B", "A", "B"):
        rate_limiter.wait(action)
    assert clock.slept == []
    rate_limiter.wait("A")
    assert clock.slept == pytest.approx([WINDOW])


def test_second_window_waits_right_after_boot() -> None:
    rate_limiter, clock = create_rate_limiter()
    clock.now = 0.001
    times_of(rate_limiter, clock, 3)
    assert clock.slept == pytest.approx([WINDOW])


def test_late_request_waits_less_or_not_at_all() -> None:
    rate_limiter, clock = create_rate_limiter(1)
    rate_limiter.wait("A")
    clock.now += WINDOW / 2
    rate_limiter.wait("A")
    assert clock.slept == pytest.approx([WINDOW / 2])
    clock.now += 10
    rate_limiter.wait("A")
    assert len(clock.slept) == 1


def test_simultaneous_requests_share_the_windows() -> None:
    clock = FakeClock()
    clock.sleep = clock.slept.append  # type: ignore[method-assign]
    rate_limiter = RateLimiter(2, clock)
    for _request in range(6):
        rate_limiter.wait("A")
    assert clock.slept == pytest.approx([WINDOW, WINDOW, 2 * WINDOW, 2 * WINDOW])


@pytest.mark.parametrize(("rate", "gap"), [(0.1, 10 * WINDOW), (0.5, 2 * WINDOW), (1, WINDOW), (1.9, WINDOW)])
def test_low_rate_allows_one_request_in_its_window(rate: float, gap: float) -> None:
    rate_limiter, clock = create_rate_limiter(rate)
    times_of(rate_limiter, clock, 3)
    assert clock.slept == pytest.approx([gap, gap])


@given(
    rate=st.integers(1, 30),
    pauses=st.lists(st.floats(0, 2), min_size=1, max_size=100),
    throttled=st.sets(st.integers(0, 99), max_size=3),
)
def test_no_second_has_more_requests_than_allowed(rate: int, pauses: list[float], throttled: set[int]) -> None:
    rate_limiter, clock = create_rate_limiter(rate)
    times = []
    for number, pause in enumerate(pauses):
        clock.now += pause
        rate_limiter.wait("A")
        times.append(clock.monotonic())
        if number in throttled:
            rate_limiter.slow_down("A")
    assert times == sorted(times)
    # At least a second lies between a request and the one that is C(rate) requests later.
    assert all(later - earlier > 1 for earlier, later in zip(times, itertools.islice(times, rate, None)))


def test_throttled_action_slows_down_and_recovers() -> None:
    rate_limiter, clock = create_rate_limiter(1)
    rate_limiter.slow_down("A")
    times_of(rate_limiter, clock, 30)
    factors = [pause / WINDOW for pause in clock.slept]
    assert factors[:2] == pytest.approx([1.5 * 0.98**2, 1.5 * 0.98**3])
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == pytest.approx(1.0)
    rate_limiter.wait("B")
    rate_limiter.wait("B")
    assert clock.slept[-1] == pytest.approx(WINDOW)


def test_request_of_another_thread_is_not_sent_before_an_earlier_one() -> None:
    class ParkedClock(FakeClock):
        """Other threads send requests while one of them sleeps."""

        def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)

    clock = ParkedClock()
    rate_limiter = RateLimiter(2, clock)
    for _request in range(2):
        rate_limiter.wait("A")
    rate_limiter.slow_down("A")
    # The window shrinks again, but not below the pauses that have begun.
    for _request in range(2):
        rate_limiter.wait("A")
    assert clock.slept == pytest.approx([WINDOW * 1.5 * 0.98] * 2)


@pytest.mark.parametrize(("times", "factor"), [(2, 2.25), (5, 7.59375), (6, 8.0), (60, 8.0)])
def test_rate_falls_to_an_eighth_at_most(times: int, factor: float) -> None:
    rate_limiter, clock = create_rate_limiter(1)
    for _time in range(times):
        rate_limiter.slow_down("A")
    rate_limiter.wait("A")
    rate_limiter.wait("A")
    assert clock.slept == pytest.approx([WINDOW * factor * 0.98**2])
