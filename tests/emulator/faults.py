# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that a test scripts: which call they befall, and what they do to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional

LOST_REQUEST, LOST_ANSWER, SLOW, TOGETHER, PAGE, GARBLED, ERROR, LIE = (
    "lost request",
    "lost answer",
    "slow answer",
    "answers together",
    "gateway page",
    "garbled answer",
    "error",
    "lie",
)


@dataclass
class Fault:
    """What befalls some calls of an action (of any, without one), in one region or in all.

    C(nth) is the first matching call it befalls, counted from 1 when the fault is scripted, C(times) how many.
    C(acts) says whether the server carries the call out before the fault shows.
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

    def befalls(self, action: str, region: str) -> bool:
        """Count a call, and say whether it is one that the fault befalls."""
        if self.action not in (None, action) or self.region not in (None, region):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    @classmethod
    def lost_request(cls, action: Optional[str] = None, **facts: Any) -> Fault:
        """The connection breaks before the server has acted."""
        return cls(LOST_REQUEST, action, **facts)

    @classmethod
    def lost_answer(cls, action: Optional[str] = None, **facts: Any) -> Fault:
        """The server acts, and the connection breaks before it has answered."""
        return cls(LOST_ANSWER, action, acts=True, **facts)

    @classmethod
    def slow_answer(cls, seconds: float, action: Optional[str] = None, **facts: Any) -> Fault:
        """The server acts, and takes C(seconds) to answer."""
        return cls(SLOW, action, acts=True, seconds=seconds, **facts)

    @classmethod
    def together(cls, times: int, action: Optional[str] = None, **facts: Any) -> Fault:
        """The server acts on each of so many calls as it comes, and answers when it has acted on all."""
        return cls(TOGETHER, action, acts=True, times=times, **facts)

    @property
    def over(self) -> bool:
        """Whether it has befallen all the calls that it will."""
        return self.seen >= self.nth + self.times - 1

    @classmethod
    def page(cls, status: int, action: Optional[str] = None, **facts: Any) -> Fault:
        """A gateway answers with a page of its own."""
        return cls(PAGE, action, status=status, **facts)

    @classmethod
    def garbled(cls, body: bytes, action: Optional[str] = None, **facts: Any) -> Fault:
        """The body of the answer is not what it should be."""
        return cls(GARBLED, action, body=body, **facts)

    @classmethod
    def error(cls, code: str, action: Optional[str] = None, **facts: Any) -> Fault:
        """The API answers with an error code."""
        return cls(ERROR, action, code=code, **facts)

    @classmethod
    def accepted(cls, action: Optional[str] = None, **facts: Any) -> Fault:
        """The server answers that all is well, but does nothing."""
        return cls(LIE, action, change=lambda response: response, **facts)

    @classmethod
    def lie(cls, change: Callable[[Any], Any], action: Optional[str] = None, **facts: Any) -> Fault:
        """The server acts, and C(change) is what it makes of the answer's C(Response)."""
        return cls(LIE, action, acts=True, change=change, **facts)
