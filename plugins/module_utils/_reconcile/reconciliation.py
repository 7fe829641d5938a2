# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Reconcile one declared cache: find, plan, apply, wait.

The section "Apply" of docs/architecture.md lists what the API leaves open, and how each case is handled.
"""

from __future__ import annotations

import dataclasses
from typing import Iterable, Optional, Sequence, Set, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import StateRefused
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    READY,
    UPDATE_FAILED,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    REPLACE,
    UPDATE,
    Found,
    Plan,
    Refused,
    Step,
    find_build,
    make_plan,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.successor import Successor
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    RACE_PAUSES,
    RACE_SECONDS,
    LostRace,
    Outages,
    RunContext,
    Steps,
    Vanished,
    await_settled,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal

__all__ = ["Reconciliation"]

# The run plans again if another run was faster, or if a joined build has failed. After this many plans, this run and
# another process are probably undoing each other's changes.
MOST_PLANS = 6
# The options that require a rebuild although no setting differs.
ASKED_FOR = ("force_rebuild", "max_age", "follow_tags")


class Reconciliation:
    """The reconciliation of one declared cache. C(journal) always holds what was done and found so far."""

    def __init__(
        self,
        desired: Desired,
        journal: Journal,
        *,
        clock: Clock,
        deadline: Deadline,
        check_mode: bool,
        outages: Outages,
    ) -> None:
        self._context = RunContext(desired, journal, clock, deadline, outages)
        self._journal, self._check_mode = journal, check_mode
        # The declared id. It is not used after this run has deleted that cache.
        self._address = desired.image_cache_id
        # Whether this run relies on the cache of another run, which may still lose a race for the name.
        self._relies_on_others = False
        # Options for which a warning was given. Planning may be repeated, but each warning is given once.
        self._warned: Set[str] = set()

    def run(self) -> Steps[Plan]:
        """Execute the plan and return it. In check mode, only make and return it.

        Raises Refused, BuildFailed, TimedOut, Vanished and RequestError.
        """
        found = yield from self._find_and_settle()
        plan = yield from self._plan(found)
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
            plan = yield from self._plan(found)
        raise Refused(
            f"Another process keeps changing the cache; gave up after {MOST_PLANS} attempts. Run again when only one"
            " process changes it."
        )

    def _plan(self, found: Found) -> Steps[Plan]:
        if len(found.caches) == 1:
            self._journal.note_found(found.caches[0])
        plan = yield from self._make_plan(found)
        if plan.subject is not None:
            self._journal.note_found(plan.subject)
        used = {step.image_cache_id for step in plan.steps}
        for cache in found.replacements:
            if cache.id in used:
                self._journal.claim(cache)
        if plan.lacks_passwords:
            self._context.warn(
                "it is rebuilt without its registry credentials, because they are not declared and the API masks"
                " passwords. Set image_registry_credentials if the images are private"
            )
        self._warn_of_not_compared(plan.not_compared)
        if plan.unreadable:
            self._warn_once([f"its {plan.unreadable} cannot be read, so min_days_left does not renew it"])
        return plan

    def _make_plan(self, found: Found) -> Steps[Plan]:
        if self._context.desired.asks_registries:
            return (yield from self._plan_with_registries(found))
        return make_plan(self._context.desired, found, self._context.clock.unix())

    def _plan_with_registries(self, found: Found) -> Steps[Plan]:
        """Return the plan that takes into account what registries say. Raises Refused if its build must fail."""
        # Few runs ask registries. The others do without the import, which takes a tenth of their start.
        from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.verification import (  # noqa: PLC0415
            check_build,
            describe_unknown,
            find_questions,
            read_digests,
        )

        context = self._context
        while True:
            plan = make_plan(context.desired, found, context.clock.unix())
            if plan.join and not (context.desired.wait or self._check_mode):
                # Such a run leaves the cache as it is.
                return plan
            questions = find_questions(context.desired, (*found.caches, *found.replacements), plan)
            if not (yield from context.ask_registries(questions)):
                break
            context.desired = dataclasses.replace(context.desired, digests=read_digests(context.images))
        build = find_build(context.desired, plan)
        if context.desired.verify_images and build:
            self._warn_once(check_build(build, context.images))
        elif context.desired.follow_tags:
            self._warn_once(describe_unknown(context.desired, context.images))
        return plan

    def _warn_once(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self._context.warn(warning)

    def _warn_of_not_compared(self, options: Tuple[str, ...]) -> None:
        news = [option for option in options if option not in self._warned]
        self._warned.update(news)
        if news:
            self._context.warn(
                f"the API does not return {', '.join(news)}, so a difference from the declaration is not detected"
            )

    def _join_build(self, plan: Plan) -> Steps[Found]:
        """Wait for a build that this run did not start, and return what is found afterwards."""
        image_cache_id = str(plan.join)
        takes_place = any(step.action == REPLACE and step.image_cache_id == image_cache_id for step in plan.steps)
        self._context.report(f"joining the running build of {image_cache_id}")
        self._context.outages.under_way = True
        try:
            cache = yield from await_settled(self._context, image_cache_id)
            if takes_place and cache.status == READY:
                self._count_as_rebuilt()
        except Vanished:
            # Its run may have found an older cache with the same name and deleted its own.
            self._context.report(f"{image_cache_id} no longer exists; checking again")
        self._relies_on_others = True
        return (yield from self._find_and_settle())

    # Finding

    def _find(self, after: float = 0.0) -> Steps[Found]:
        if self._address and self._address not in self._context.removed:
            return (yield from self._find_by_id(self._address, after))
        return (yield from self._context.read_by_name(after))

    def _find_by_id(self, image_cache_id: str, after: float) -> Steps[Found]:
        """Return the cache with the declared id and, if needed, the caches with its name or its replacement's name."""
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
        # If another cache has the name, the replacement may belong to that cache.
        return Found(tuple(caches), () if others else named.replacements)

    def _plan_steps(self, caches: Sequence[ImageCache]) -> Sequence[Step]:
        """Return the steps for a cache that was found by its id, before its name is read."""
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
        """Return what is found. While concurrent runs may still resolve duplicates, poll for up to 15 s."""
        found = yield from self._find()
        if self._check_mode or not self._context.desired.present:
            return found
        for pause in RACE_PAUSES:
            if len(found.caches) < 2 or self._relies_on_others or not any(map(self._is_in_race, found.caches)):
                break
            found = yield from self._find(after=min(pause, self._context.deadline.remaining))
        # The other runs make the same decision: the oldest cache is kept.
        return Found(found.caches[:1], found.replacements) if self._relies_on_others else found

    def _is_in_race(self, cache: ImageCache) -> bool:
        """Return whether the run that created a cache may still delete it as a duplicate.

        It checks the name a last time when the build has ended.
        """
        if not cache.is_settled:
            return True
        ended = cache.events[-1].at if cache.events else None
        return ended is not None and abs(self._context.clock.unix() - ended.timestamp()) < RACE_SECONDS

    def _finish(self, plan: Plan) -> Plan:
        """Return the plan, and warn about what it leaves to a later run."""
        if plan.starts is not None:
            self._context.warn(
                "it is not replaced yet. With wait: false, this run only starts the replacement, and a later run"
                " completes it"
            )
        return plan

    def _leave_alone(self, plan: Plan) -> Plan:
        """Return the plan of a run that does not wait for the running build."""
        cache = self._journal.seen
        if plan.steps:
            self._warn_of(plan.steps[-1], plan.join, of_itself=cache is not None and plan.join == cache.id)
        return Plan((), cache.as_result() if cache else None, subject=plan.subject, join=plan.join)

    def _warn_of(self, last: Step, join: Optional[str], of_itself: bool) -> None:
        """Warn about the steps that a plan defers. C(of_itself) is true if the cache itself is being built."""
        if not of_itself:
            self._context.warn(f"its replacement {join} is being built, and a later run completes it")
        elif last.old and last.image_cache_id:
            self._context.warn(f"it is being built, and a later run replaces it with {last.image_cache_id}")
        elif last.fields:
            differing = ", ".join(option for option in last.fields if option not in ASKED_FOR)
            deferred = f"the change of {differing}" if differing else f"the rebuild for {', '.join(last.fields)}"
            self._context.warn(f"it is being built. With wait: false, {deferred} is deferred to a later run")

    # Applying

    def _carry_out(self, plan: Plan, found: Found) -> Steps[Optional[Found]]:
        """Execute a plan. If another run has invalidated it, return what is found now."""
        if not plan.steps:
            return None
        # Most runs change nothing. They take less time without these layers.
        from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.applying import (  # noqa: PLC0415
            apply_step,
        )

        if plan.recovers is not None:
            self._journal.recovered = plan.recovers
        seen = {cache.id: cache for cache in (*found.caches, *found.replacements)}
        for step in plan.steps:
            cache = seen.get(step.image_cache_id or "")
            try:
                left = yield from apply_step(self._context, step, cache)
            except LostRace:
                left = yield from self._find_and_settle()
            except StateRefused:
                if step.action != UPDATE or not self._switch_to_replace(cache):
                    raise
                left = yield from self._find_and_settle()
            if left is not None:
                self._relies_on_others = True
                self._count_as_rebuilt()
                return left
        return None

    def _count_as_rebuilt(self) -> None:
        """Treat the new cache of another run as the rebuild that was requested, because it is equally new."""
        self._context.desired = dataclasses.replace(self._context.desired, force_rebuild=False)

    def _switch_to_replace(self, cache: Optional[ImageCache]) -> bool:
        """Replace instead of update for the rest of the run, and return whether that applies.

        It applies to a cache in UpdateFailed that the API refuses to update again.
        """
        desired = self._context.desired
        hopeless = cache is not None and cache.status == UPDATE_FAILED
        if not hopeless or not desired.recreate_failed or desired.on_change != "update":
            return False
        if Successor(desired, cache).missing:
            return False
        self._context.report("the API does not update a cache after a failed update; replacing it")
        self._context.desired = dataclasses.replace(desired, on_change="replace")
        return True
