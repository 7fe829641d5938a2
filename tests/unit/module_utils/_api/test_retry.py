# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which requests are retried, how often, and after which pauses."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.rate_limiter import RateLimiter
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer, RetryingClient, retry
from unit.support.clock import FakeClock, distant_deadline
from unit.support.transport import ScriptedTransport, create_client

RETRYABLE = (
    errors.Throttled("x"),
    errors.GatewayThrottled("x"),
    errors.ConnectionFailed("x"),
    errors.NoAnswer("x"),
    errors.GatewayFailure("x"),
    errors.ServerError("x"),
    errors.MalformedAnswer("x"),
)


@pytest.mark.parametrize("error", RETRYABLE, ids=lambda error: type(error).__name__)
def test_read_is_retried_after_retryable_error(error: Exception) -> None:
    script = ScriptedTransport(error, error, {"TotalCount": 0, "ImageCaches": []})
    create_client(script).describe(distant_deadline())
    assert len(script.calls) == 3


@pytest.mark.parametrize("options", [{}, {"writes": False}, {"writes": True}], ids=str)
def test_lost_request_is_retried_unless_it_writes(options: dict[str, bool]) -> None:
    clock, attempts = FakeClock(), iter([errors.NoAnswer("lost"), None])

    def attempt() -> str:
        error = next(attempts)
        if error:
            raise error
        return "read"

    if options.get("writes"):
        with pytest.raises(errors.NoAnswer):
            retry(attempt, retries=1, clock=clock, deadline=distant_deadline(clock), **options)
    else:
        assert retry(attempt, retries=1, clock=clock, deadline=distant_deadline(clock), **options) == "read"


@pytest.mark.parametrize("error", RETRYABLE, ids=lambda error: type(error).__name__)
def test_write_is_retried_only_if_it_was_not_executed(error: errors.RequestError) -> None:
    script = ScriptedTransport(error, {"ImageCacheId": "imc-1"})
    if error.not_executed:
        assert create_client(script).create({}, distant_deadline()).fields["ImageCacheId"] == "imc-1"
        assert len(script.calls) == 2
    else:
        with pytest.raises(type(error)):
            create_client(script).create({}, distant_deadline())
        assert len(script.calls) == 1


@pytest.mark.parametrize(
    "kind",
    [
        errors.ApiError,
        errors.AuthenticationError,
        errors.NotAuthorized,
        errors.QuotaExceeded,
        errors.AccountProblem,
        errors.GatewayError,
        errors.TlsMissing,
        errors.UntrustedCertificate,
    ],
)
def test_other_error_fails_without_retry(kind: Any) -> None:
    script = ScriptedTransport(kind("x"))
    with pytest.raises(kind):
        create_client(script).describe(distant_deadline())
    assert len(script.calls) == 1


def test_retry_after_lengthens_pause_up_to_60_s() -> None:
    clock = FakeClock()
    script = ScriptedTransport(
        errors.Throttled("x", retry_after=45.0),
        errors.Throttled("x", retry_after=9e9),
        {"TotalCount": 0, "ImageCaches": []},
    )
    create_client(script, clock).describe(distant_deadline(clock))
    assert clock.slept == [45.0, 60.0]


def test_pause_beyond_deadline_is_not_made() -> None:
    clock = FakeClock()
    script = ScriptedTransport(errors.Throttled("x", retry_after=45.0))
    with pytest.raises(errors.Throttled):
        create_client(script, clock).describe(Deadline(clock, 40))
    assert clock.slept == []


def test_number_of_retries_excludes_first_attempt() -> None:
    script = ScriptedTransport(*[errors.Throttled("x")] * 3)
    with pytest.raises(errors.Throttled):
        create_client(script, retries=2).describe(distant_deadline())
    assert len(script.calls) == 3


def test_pauses_double_despite_shorter_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: most)
    clock = FakeClock()
    script = ScriptedTransport(
        errors.Throttled("x"), errors.Throttled("x", retry_after=0.7), errors.Throttled("x"), {"RequestId": "r-4"}
    )
    assert RetryingClient(script, retries=3, clock=clock).call("A", {}, distant_deadline(clock)) == Answer(
        {"RequestId": "r-4"}, "r-4"
    )
    # A Retry-After that is shorter than the pause has no effect.
    assert clock.slept == [0.5, 1.0, 2.0]
    assert script.calls == [("A", {})] * 4


@pytest.mark.parametrize(("seconds", "attempts"), [(45, 1), (45.5, 2)])
def test_pause_that_ends_at_deadline_is_not_made(seconds: float, attempts: int) -> None:
    clock = FakeClock()
    script = ScriptedTransport(*[errors.Throttled("x", retry_after=45.0)] * 2)
    with pytest.raises(errors.Throttled):
        create_client(script, clock).describe(Deadline(clock, seconds))
    assert len(script.calls) == attempts


def test_zero_retries_make_one_attempt() -> None:
    script = ScriptedTransport(errors.Throttled("x"))
    with pytest.raises(errors.Throttled):
        create_client(script, retries=0).describe(distant_deadline())
    assert len(script.calls) == 1


@pytest.mark.parametrize(
    ("error", "slowed"),
    [
        (errors.Throttled("x"), ["A"]),
        (errors.GatewayThrottled("x"), ["A"]),
        (errors.ServerError("x"), []),
        (errors.QuotaExceeded("x"), []),
    ],
)
def test_throttling_slows_rate_limiter_down(error: errors.RequestError, slowed: list[str]) -> None:
    class RecordingRateLimiter(RateLimiter):
        waited: list[str] = []
        slowed: list[str] = []

        def wait(self, action: str) -> None:
            self.waited.append(action)

        def slow_down(self, action: str) -> None:
            self.slowed.append(action)

    clock = FakeClock()
    rate_limiter = RecordingRateLimiter(20, clock)
    rate_limiter.waited, rate_limiter.slowed = [], []
    script = ScriptedTransport(error, {})
    retrying_client = RetryingClient(script, retries=1, clock=clock, rate_limiter=rate_limiter)
    if error.retryable:
        retrying_client.call("A", {}, distant_deadline(clock))
    else:
        with pytest.raises(type(error)):
            retrying_client.call("A", {}, distant_deadline(clock))
    assert rate_limiter.slowed == slowed
    assert rate_limiter.waited == ["A"] * len(script.calls)


def test_error_that_was_already_retried_is_not_retried_again() -> None:
    error = errors.ConnectionFailed("cannot connect to STS")
    error.retried = True
    script = ScriptedTransport(error)
    with pytest.raises(errors.ConnectionFailed):
        create_client(script).describe(distant_deadline())
    assert len(script.calls) == 1


def test_answer_is_immutable() -> None:
    with pytest.raises(AttributeError):
        Answer({}, None).request_id = "r"  # type: ignore[misc]
