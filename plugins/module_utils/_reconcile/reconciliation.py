# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. One declared cache: look, plan, apply, wait.

What the API leaves open, and how each case is met, is written in docs/architecture.md, "Apply".
"""

from __future__ import annotations

import dataclasses
from typing import Optional, Sequence, Set, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import StateRefused
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    READY,
    UPDATE_FAILED,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    CREATE,
    DELETE,
    RENAME,
    REPLACE,
    UPDATE,
    Found,
    Plan,
    Refused,
    Step,
    make_plan,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.successor import Successor
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    RACE_PAUSES,
    Outages,
    RunContext,
    Steps,
    Vanished,
    await_settled,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.creating import create_cache
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.deleting import delete_cache
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.replacing import (
    LostRace,
    give_name,
    replace_cache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.updating import update_cache

__all__ = ["Reconciliation"]

# A plan is made anew when another run was faster, or a build that was joined has failed. More often than this, the
# run and somebody else undo each other's work.
MOST_PLANS = 6
# What calls for another build of a cache that differs in nothing.
ASKED_FOR = ("force_rebuild", "max_age")


class Reconciliation:
    """Brings one declared cache about. C(journal) tells at any moment what was done and seen."""

    def __init__(
        self,
        desired: Desired,
        journal: Journal,
        *,
        clock: Clock,
        deadline: Deadline,
        check_mode: bool,
        outages: Optional[Outages] = None,
    ) -> None:
        self._context = RunContext(desired, journal, clock, deadline, outages or Outages(journal.reporter))
        self._journal, self._check_mode = journal, check_mode
        # The id that the cache is addressed by, until a run has given the name another cache.
        self._address = desired.image_cache_id
        # Whether this run relies on the cache of another one: that may be about to yield the name.
        self._relies_on_others = False
        # A plan may be made several times, and warns once.
        self._warned: Set[str] = set()

    def run(self) -> Steps[Plan]:
        """Carry out the plan, or in check mode only make it, and return it.

        Raises Refused, BuildFailed, TimedOut, Vanished and RequestError.
        """
        found = yield from self._find_and_settle()
        plan = self._plan(found)
        self._journal.before = plan.subject
        for _plan in range(MOST_PLANS):
            if plan.join and not self._context.desired.wait:
                return self._leave_alone(plan)
            if self._check_mode:
                return self._finish(plan)
            left = yield from (self._join_build(plan) if plan.join else self._carry_out(plan, found))
            if left is None:
                return self._finish(plan)
            found = left
            plan = self._plan(found)
        raise Refused(
            f"Another process keeps changing the cache; gave up after {MOST_PLANS} attempts. Run again when only one"
            " process changes it."
        )

    def _plan(self, found: Found) -> Plan:
        if len(found.caches) == 1:
            self._journal.note_found(found.caches[0])
        plan = make_plan(self._context.desired, found, self._context.clock.unix())
        if plan.subject is not None:
            self._journal.note_found(plan.subject)
        used = {step.image_cache_id for step in plan.steps}
        for cache in found.replacements:
            if cache.id in used:
                self._journal.claim(cache)
        if plan.lacks_passwords:
            self._context.warn(
                "it is rebuilt without its registry credentials, because they are not declared and the API masks"
                " passwords"
            )
        self._warn_of_not_compared(plan.not_compared)
        return plan

    def _warn_of_not_compared(self, options: Tuple[str, ...]) -> None:
        news = [option for option in options if option not in self._warned]
        self._warned.update(news)
        if news:
            self._context.warn(
                f"the API does not return {', '.join(news)}, so a difference from the declaration is not detected"
            )

    def _join_build(self, plan: Plan) -> Steps[Found]:
        """Wait for a build that this run did not begin, and return what is there then."""
        image_cache_id = str(plan.join)
        takes_place = any(step.action == REPLACE and step.image_cache_id == image_cache_id for step in plan.steps)
        self._context.report(f"joining the running build of {image_cache_id}")
        self._context.outages.under_way = True
        try:
            cache = yield from await_settled(self._context, image_cache_id)
            if takes_place and cache.status == READY:
                self._count_as_rebuilt()
        except Vanished:
            # Its run may have found an older one of the name, and have removed its own.
            self._context.report(f"{image_cache_id} no longer exists; checking again")
        self._relies_on_others = True
        return (yield from self._find_and_settle())

    # Finding

    def _find(self, after: float = 0.0) -> Steps[Found]:
        if self._address and self._address not in self._context.removed:
            return (yield from self._find_by_id(self._address, after))
        return (yield from self._context.read_by_name(after))

    def _find_by_id(self, image_cache_id: str, after: float) -> Steps[Found]:
        """Find the cache of the declared id and, where it matters, at what has its name or its replacement's."""
        caches = yield from self._context.read_by_ids(image_cache_id, after=after)
        if caches:
            self._journal.note_found(caches[0])
            self._context.desired = self._context.desired.with_name(caches[0].name)
        desired = self._context.desired
        steps = self._plan_steps(caches)
        if desired.name is None or (caches and not steps):
            return Found(tuple(caches))
        named = yield from self._context.read_by_name()
        others = [cache for cache in named.caches if cache.id != image_cache_id]
        gives_name = any(step.action != UPDATE or "image_cache_name" in step.fields for step in steps)
        if others and desired.present and (gives_name or not caches):
            raise Refused(self._describe_taken_name(others[0], caches))
        # Where another cache has the name, the replacement may well be that one's.
        return Found(tuple(caches), () if others else named.replacements)

    def _plan_steps(self, caches: Sequence[ImageCache]) -> Sequence[Step]:
        """Return what is to be done to a cache that was found by its id, before anything is known of its name."""
        if not caches:
            return ()
        return make_plan(self._context.desired, Found(tuple(caches)), self._context.clock.unix()).steps

    def _describe_taken_name(self, other: ImageCache, caches: Sequence[ImageCache]) -> str:
        name = self._context.desired.name
        if caches:
            return (
                f"{self._address} cannot be renamed to {name!r}, because {other.id} has that name. Nothing was changed."
                f" Choose another name, or delete or rename {other.id} first."
            )
        return (
            f"there is no image cache {self._address}, but {other.id} has the name {name!r}. The ID changes when a"
            f" cache is rebuilt. Set image_cache_id to {other.id}, or omit it."
        )

    def _find_and_settle(self) -> Steps[Found]:
        """Find the cache; while something builds, give runs that created one name at the same moment time to agree."""
        found = yield from self._find()
        if self._check_mode or not self._context.desired.present:
            return found
        for pause in RACE_PAUSES:
            if len(found.caches) < 2 or self._relies_on_others or all(cache.is_settled for cache in found.caches):
                break
            found = yield from self._find(after=min(pause, self._context.deadline.remaining))
        # The runs of the others will come to the same end: the oldest stays.
        return Found(found.caches[:1], found.replacements) if self._relies_on_others else found

    def _finish(self, plan: Plan) -> Plan:
        """Return a plan that is carried out or, in check mode, made, and say what it leaves to a later run."""
        if plan.starts is not None:
            self._context.warn(
                "it is not replaced yet. With wait: false, this run only starts the replacement, and a later run"
                " completes it"
            )
        return plan

    def _leave_alone(self, plan: Plan) -> Plan:
        """Return the plan of a run that does not wait for the build that is under way."""
        cache = self._journal.seen
        if plan.steps:
            self._warn_of(plan.steps[-1], plan.join, of_itself=cache is not None and plan.join == cache.id)
        return Plan((), cache.as_result() if cache else None, subject=plan.subject, join=plan.join)

    def _warn_of(self, last: Step, join: Optional[str], of_itself: bool) -> None:
        """Say what a plan that ends with this step leaves undone; C(of_itself) where it is the cache that is built."""
        if not of_itself:
            self._context.warn(f"its replacement {join} is being built, and a later run completes the replace")
        elif last.old and last.image_cache_id:
            self._context.warn(f"it is being built, and a later run replaces it with {last.image_cache_id}")
        elif last.fields:
            differing = ", ".join(option for option in last.fields if option not in ASKED_FOR)
            deferred = f"the change of {differing}" if differing else f"the rebuild for {', '.join(last.fields)}"
            self._context.warn(f"it is being built, and with wait: false {deferred} is deferred to a later run")

    # Applying

    def _carry_out(self, plan: Plan, found: Found) -> Steps[Optional[Found]]:
        """Carry out a plan; where another run has made it void, return what is there instead."""
        if plan.recovers is not None:
            self._journal.recovered = plan.recovers
        seen = {cache.id: cache for cache in (*found.caches, *found.replacements)}
        for step in plan.steps:
            try:
                left = yield from self._apply_step(step, seen.get(step.image_cache_id or ""))
            except LostRace:
                left = yield from self._find_and_settle()
            if left is not None:
                self._relies_on_others = True
                self._count_as_rebuilt()
                return left
        return None

    def _count_as_rebuilt(self) -> None:
        """Take the new cache of another run for one that this run has built: it is as new."""
        self._context.desired = dataclasses.replace(self._context.desired, force_rebuild=False)

    def _apply_step(self, step: Step, cache: Optional[ImageCache]) -> Steps[Optional[Found]]:
        if step.action == CREATE:
            return (yield from create_cache(self._context, step))
        if step.action == REPLACE:
            return (yield from replace_cache(self._context, step, cache))
        if step.action == DELETE:
            yield from delete_cache(self._context, str(step.image_cache_id))
            return None
        if step.action == RENAME:
            yield from give_name(self._context, update_cache(self._context, step, cache))
            return None
        try:
            yield from update_cache(self._context, step, cache)
        except StateRefused:
            if not self._switch_to_replace(step, cache):
                raise
            return (yield from self._find_and_settle())
        return None

    def _switch_to_replace(self, step: Step, cache: Optional[ImageCache]) -> bool:
        """Let the rest of the run replace a cache whose update has failed, where the API updates no such cache."""
        desired = self._context.desired
        hopeless = cache is not None and cache.status == UPDATE_FAILED
        if not hopeless or not desired.recreate_failed or desired.on_change != "update":
            return False
        if Successor(desired, cache).missing:
            return False
        self._context.report("the API does not update a cache after a failed update; replacing it")
        self._context.desired = dataclasses.replace(desired, on_change="replace")
        return True
