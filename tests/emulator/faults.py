# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripted faults: the calls that they apply to, and their effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional

LOST_REQUEST, LOST_ANSWER, SLOW, SIMULTANEOUS, PAGE, GARBLED, ERROR, LIE = (
    "lost request",
    "lost answer",
    "slow answer",
    "simultaneous answers",
    "gateway page",
    "garbled answer",
    "error",
    "lie",
)


@dataclass
class Fault:
    """A fault of some calls of an action, or of any action, in one region or in all.

    The fault applies to C(times) matching calls from the C(nth) on, counted from 1. C(acts) says whether the server
    executes the call before the fault.
    """

    kind: str
    action: Optional[str] = None
    nth: int = 1
    times: int = 1
    acts: bool = False
    seconds: float = 0.0
    status: int = 200
    code: str = "InternalError"
    message: str = "An internal error has occurred."
    body: bytes = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
    headers: Mapping[str, str] = field(default_factory=dict)
    change: Optional[Callable[[Any], Any]] = None
    region: Optional[str] = None
    seen: int = 0

    def matches(self, action: str, region: str) -> bool:
        """Count a call, and return whether the fault applies to it."""
        if self.action not in (None, action) or self.region not in (None, region):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    @classmethod
    def lost_request(cls, action: Optional[str] = None, **facts: Any) -> Fault:
        """The connection breaks before the server executes the call."""
        return cls(LOST_REQUEST, action, **facts)

    @classmethod
    def lost_answer(cls, action: Optional[str] = None, **facts: Any) -> Fault:
        """The server executes the call, and the connection breaks before the answer."""
        return cls(LOST_ANSWER, action, acts=True, **facts)

    @classmethod
    def slow_answer(cls, seconds: float, action: Optional[str] = None, **facts: Any) -> Fault:
        """The server executes the call, and answers after C(seconds)."""
        return cls(SLOW, action, acts=True, seconds=seconds, **facts)

    @classmethod
    def simultaneous_answers(cls, times: int, action: Optional[str] = None, **facts: Any) -> Fault:
        """The server executes each of C(times) calls on arrival, and answers them when it has executed all."""
        return cls(SIMULTANEOUS, action, acts=True, times=times, **facts)

    @property
    def is_over(self) -> bool:
        """Whether the fault applies to no further call."""
        return self.seen >= self.nth + self.times - 1

    @classmethod
    def page(cls, status: int, action: Optional[str] = None, **facts: Any) -> Fault:
        """A gateway answers with an HTML page."""
        return cls(PAGE, action, status=status, **facts)

    @classmethod
    def garbled(cls, body: bytes, action: Optional[str] = None, **facts: Any) -> Fault:
        """The answer has C(body) instead of a valid one."""
        return cls(GARBLED, action, body=body, **facts)

    @classmethod
    def error(cls, code: str, action: Optional[str] = None, **facts: Any) -> Fault:
        """The API answers with an error code."""
        return cls(ERROR, action, code=code, **facts)

    @classmethod
    def without_effect(cls, action: Optional[str] = None, **facts: Any) -> Fault:
        """The server answers with success, but does not execute the call."""
        return cls(LIE, action, change=lambda response: response, **facts)

    @classmethod
    def lie(cls, change: Callable[[Any], Any], action: Optional[str] = None, **facts: Any) -> Fault:
        """The server executes the call, and C(change) modifies the C(Response) of the answer."""
        return cls(LIE, action, acts=True, change=change, **facts)
