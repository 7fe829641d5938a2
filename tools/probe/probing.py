# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks all questions along the life of the caches, and collects what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, List, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError

from .asking import Answer
from .lab import CannotTell, Exchange, Lab, Subject
from .questions import QUESTIONS, Question
from .stages import REACH, Stage

# A service that answers in an unexpected form causes one of these.
UNEXPECTED = (AttributeError, LookupError, TypeError, ValueError)
REASONS = (CannotTell, InvalidInput, RequestError, *UNEXPECTED)


@dataclass
class Finding:
    """What was found out about a question: the answer, or the reason why it cannot be told."""

    question: Question
    answer: Optional[Answer] = None
    reason: str = ""
    exchanges: List[Exchange] = field(default_factory=list)

    @property
    def world(self) -> Optional[str]:
        """The name of the emulator's world with this answer."""
        return self.question.worlds.get(self.answer.meaning) if self.answer else None

    @property
    def text(self) -> Optional[str]:
        """The answer in words."""
        if self.answer is None:
            return None
        return f"{self.answer.meaning} ({self.answer.detail})" if self.answer.detail else self.answer.meaning


class _Asked:
    """A question that is being asked. It waits for a stage until it has a finding."""

    def __init__(self, question: Question, lab: Lab) -> None:
        self.finding, self._lab = Finding(question), lab
        self._asking = question.ask(lab)
        self.waits: Optional[Stage] = next(self._asking)

    def resume(self, subject: Subject) -> None:
        """Go on asking, with the cache of the stage."""
        self.waits, self._lab.exchanges = None, self.finding.exchanges
        try:
            self.waits = self._asking.send(subject)
        except StopIteration as end:
            self.finding.answer = end.value
        except REASONS as error:
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        """End without an answer."""
        self.waits = None
        named = f"Unexpected answer: {type(error).__name__}: " if isinstance(error, UNEXPECTED) else ""
        self.finding.reason = f"{named}{error}"


def ask_all(lab: Lab, say: Callable[[Finding], None]) -> List[Finding]:
    """Return a finding for each question. C(say) is called with each as soon as it is known.

    Raises the RequestError of the first create, because nothing can be asked without it.
    """
    asked = [_Asked(question, lab) for question in QUESTIONS]
    for stage in Stage:
        lab.exchanges = []
        waiting = [one for one in asked if one.waits is stage]
        try:
            subject = REACH[stage](lab)
        except REASONS as error:
            if stage is Stage.CREATED:
                raise
            for one in waiting:
                one.finding.exchanges += lab.exchanges
                one.give_up(error)
        else:
            for one in waiting:
                one.resume(subject)
        for one in waiting:
            if one.waits is None:
                say(one.finding)
    return [one.finding for one in asked]
