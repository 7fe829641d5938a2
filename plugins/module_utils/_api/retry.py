# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The retry policy.

A read is retried after throttling, a connection failure, HTTP status 5xx and InternalError, up to C(retries) times. A
write is retried only if the failure proves that it was not executed: after throttling, or if the connection failed.
Quota and permission errors are not retried. Pauses are a capped exponential back-off with full jitter. A Retry-After
header can make them longer.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Protocol, TypeVar

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline, back_off
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.envelope import request_id_of
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    GatewayThrottled,
    RequestError,
    Throttled,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.rate_limiter import RateLimiter

__all__ = ["Answer", "RetryingClient", "Sender", "retry"]

Result = TypeVar("Result")

# Maximum seconds of a single pause, even if a Retry-After header requests more.
LONGEST_PAUSE = 60.0


class Sender(Protocol):
    """The part of a transport that the client uses."""

    def send(self, action: str, parameters: Mapping[str, Any]) -> Dict[str, Any]:
        """Post one action, once."""


class Answer(NamedTuple):
    """The response of an action."""

    fields: Mapping[str, Any]
    request_id: Optional[str]


def retry(
    attempt: Callable[[], Result], *, retries: int, clock: Clock, deadline: Deadline, writes: bool = False
) -> Result:
    """Return the result of C(attempt), retried according to the policy. Raises the RequestError of the last attempt."""
    attempts = 0
    while True:
        attempts += 1
        try:
            return attempt()
        except RequestError as error:
            repeatable = error.retryable and not error.retried
            allowed = attempts <= retries and repeatable and (error.not_executed or not writes)
            pause = min(LONGEST_PAUSE, max(back_off(attempts), error.retry_after or 0.0))
            if not allowed or pause >= deadline.remaining:
                raise
        clock.sleep(pause)


class RetryingClient:
    """Sends actions and retries them according to the policy."""

    def __init__(
        self, sender: Sender, *, retries: int, clock: Clock, rate_limiter: Optional[RateLimiter] = None
    ) -> None:
        self._sender, self._retries, self._clock, self._rate_limiter = sender, retries, clock, rate_limiter

    def call(self, action: str, parameters: Mapping[str, Any], deadline: Deadline, *, writes: bool = False) -> Answer:
        """Return the response of an action. Raises the RequestError of the last attempt."""
        return retry(
            lambda: self._send(action, parameters),
            retries=self._retries,
            clock=self._clock,
            deadline=deadline,
            writes=writes,
        )

    def _send(self, action: str, parameters: Mapping[str, Any]) -> Answer:
        if self._rate_limiter:
            self._rate_limiter.wait(action)
        try:
            fields = self._sender.send(action, parameters)
        except (Throttled, GatewayThrottled):
            if self._rate_limiter:
                self._rate_limiter.slow_down(action)
            raise
        return Answer(fields, request_id_of(fields))
