# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reconciliations against a list of expected calls and their answers, on a clock that only sleeping moves."""

from __future__ import annotations

from typing import Any, Callable, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Answer, Listing
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import Outages
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.reconciliation import Reconciliation
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scheduler import (
    InlineExecutor,
    Run,
    drive_runs,
)
from unit.support.clock import FakeClock
from unit.support.registries import ScriptedRegistries
from unit.support.world import web_params

Call = tuple[str, Any]


def listed_cache(image_cache_id: str = "imc-1", status: str = "Ready", **fields: Any) -> dict[str, Any]:
    """Return a cache in the form of a listing."""
    return {
        "ImageCacheId": image_cache_id,
        "ImageCacheName": "web",
        "ImageCacheSize": 20,
        "Images": ["nginx:1"],
        "Status": status,
        "CreationTime": "2026-01-01T00:00:00Z",
        "Tags": [],
        **fields,
    }


class Conversation:
    """Expects these calls in this order. A list is a listing, an error is raised, any other value is the answer.

    The last call may be repeated: C(("list", repeat(...))).
    """

    def __init__(self, *calls: Call) -> None:
        self.remaining, self.clock, self.requests = list(calls), FakeClock(), []  # type: ignore[var-annotated]
        self.warnings: list[str] = []

    def _answer_next(self, call: str, request: Any) -> Any:
        self.requests.append((call, request))
        expected, answer = self.remaining[0]
        assert call == expected, self.requests
        if not callable(answer):
            self.remaining.pop(0)
        else:
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def describe(self, deadline: Deadline, **selection: Any) -> Listing:
        caches = self._answer_next("list", selection)
        return Listing(caches, "r-list", len(caches), whole=True)

    def create(self, request: Any, deadline: Deadline) -> Answer:
        return Answer({"ImageCacheId": self._answer_next("create", request)}, "r-create")

    def update(self, request: Any, deadline: Deadline) -> Answer:
        return Answer({"x": self._answer_next("update", request)}, "r-update")

    def delete(self, request: Any, deadline: Deadline) -> Answer:
        return Answer({"x": self._answer_next("delete", request)}, "r-delete")

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def progress(self, message: str) -> None:
        pass

    def run(self, **options: Any) -> Journal:
        """Reconcile C(web) and return its journal; fail if an expected call is missing."""
        desired, self.journal = Desired.from_params(web_params(**options)), Journal(self)
        deadline = Deadline(self.clock, desired.wait_timeout)
        outages = Outages(self.journal.reporter)
        reconciliation = Reconciliation(
            desired, self.journal, clock=self.clock, deadline=deadline, check_mode=False, outages=outages
        )
        run = Run(reconciliation.run(), self, deadline, ScriptedRegistries())  # type: ignore[arg-type]
        drive_runs([run], self.clock, InlineExecutor(self.clock))
        if run.error is not None:
            raise run.error
        missing = [call for call in self.remaining if not callable(call[1])]
        assert missing == []
        return self.journal


def repeat(answer: Any) -> Callable[[], Any]:
    return lambda: answer


def actions_of(journal: Journal) -> list[tuple[str, Optional[str]]]:
    return [(action["action"], action["image_cache_id"]) for action in journal.actions]
