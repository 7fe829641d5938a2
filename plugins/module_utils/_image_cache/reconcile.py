# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. One declared cache: look, plan, apply, wait.

What the API leaves open, and how each case is met, is written in docs/architecture.md, "Apply".
"""

from __future__ import annotations

from typing import List, Optional, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline, pauses
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    NotFound,
    RequestError,
    StateRefused,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import (
    REPLACEMENT_SUFFIX,
    Desired,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.effects import Look, Steps, Write
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.journal import Journal
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    READY,
    UPDATE_FAILED,
    ImageCache,
    age_order,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    BuildFailed,
    Plan,
    Refused,
    Step,
    differences,
    make_plan,
)

__all__ = ["Reconciliation", "TimedOut", "Vanished"]

# Pauses, in seconds, between the looks that follow a create whose outcome is not known: 10 s in all.
UNCLEAR_PAUSES = (0.0, 1.0, 2.0, 3.0, 4.0)
# An unclear write is repeated this often at the most: each repetition may be one too many.
UNCLEAR_REPEATS = 2
# Seconds that two runs get to settle which of their caches stays.
RACE_PAUSES = (1.0, 2.0, 4.0, 8.0)
# Seconds for which a listing may lag behind a write that the API has accepted.
LISTING_LAG = 15.0
# Pauses between attempts to delete a cache that the API calls busy, where the run does not wait.
BUSY_PAUSES = (1.0, 2.0, 4.0)


class TimedOut(Exception):
    """The deadline passed before the cache was where it should be."""

    def __init__(self, cache: Optional[ImageCache], seconds: float, awaited: str) -> None:
        super().__init__(f"not {awaited} within {seconds:g} s")
        self.cache, self.seconds, self.awaited = cache, seconds, awaited


class Vanished(Exception):
    """A cache that the run was about is no longer listed, though the run did not delete it."""


class Reconciliation:
    """Brings one declared cache about. C(journal) tells at any moment what was done and seen."""

    def __init__(
        self, desired: Desired, journal: Journal, *, clock: Clock, deadline: Deadline, check_mode: bool
    ) -> None:
        self._desired, self._journal, self._deadline = desired, journal, deadline
        self._clock, self._check_mode = clock, check_mode
        # Creates of which nobody knows whether the server acted.
        self._unclear = 0

    def run(self) -> Steps[Plan]:
        """Carry out the plan, or in check mode only make it, and return it.

        Raises Refused, BuildFailed, TimedOut, Vanished and RequestError.
        """
        found = yield from self._settled_race((yield from self._look()))
        if len(found) == 1:
            self._journal.before = found[0]
            self._journal.found(found[0])
        plan = make_plan(self._desired, found)
        yield from self._refuse_taken_name(plan)
        if plan.join and not self._desired.wait:
            return self._left_alone(plan)
        if self._check_mode:
            return plan
        if plan.join:
            plan = yield from self._joined(found[0])
        for step in plan.steps:
            yield from self._apply(step)
        return plan

    # Looking

    def _look(self, after: float = 0.0) -> Steps[List[ImageCache]]:
        """Return the caches of the declared id or exactly the declared name, oldest first."""
        if self._desired.image_cache_id:
            return (yield from self._seen(Look(ids=(self._desired.image_cache_id,), after=after)))
        return (yield from self._named(after))

    def _named(self, after: float = 0.0) -> Steps[List[ImageCache]]:
        """Return the caches of exactly the declared name, oldest first."""
        name = str(self._desired.name)
        caches = yield from self._seen(Look(names=(name, name + REPLACEMENT_SUFFIX), after=after))
        return [cache for cache in caches if cache.name == name]

    def _by_id(self, image_cache_id: str, after: float = 0.0) -> Steps[Optional[ImageCache]]:
        caches = yield from self._seen(Look(ids=(image_cache_id,), after=after))
        if caches:
            self._journal.found(caches[0])
        return caches[0] if caches else None

    def _seen(self, look: Look) -> Steps[List[ImageCache]]:
        seen = yield look
        self._journal.request_id = seen.request_id
        return sorted(seen.image_caches, key=age_order)

    def _settled_race(self, found: List[ImageCache]) -> Steps[List[ImageCache]]:
        """Give runs that created one name at the same moment the time to agree, as long as something builds."""
        if self._check_mode or not self._desired.present:
            return found
        for pause in RACE_PAUSES:
            if len(found) < 2 or all(cache.settled for cache in found):
                break
            found = yield from self._look(after=min(pause, self._deadline.remaining))
        return found

    def _refuse_taken_name(self, plan: Plan) -> Steps[None]:
        """Refuse to give a cache a name that another one has: from then on the name would mean neither."""
        name = self._desired.name
        if name is None or not any("image_cache_name" in s.fields and s.image_cache_id for s in plan.steps):
            return
        others = [c for c in (yield from self._named()) if c.id != self._desired.image_cache_id]
        if others:
            raise Refused(
                f"{self._desired.image_cache_id} cannot be named {name!r}: {others[0].id} has that name. Nothing was"
                " changed. Choose another name, or delete or rename the other cache first."
            )

    # A build that another run, or an earlier one, has started

    def _left_alone(self, plan: Plan) -> Plan:
        if plan.steps:
            fields = ", ".join(plan.steps[0].fields)
            self._warn(
                f"is being built and differs from its declaration in {fields}; with wait: false it is left alone"
            )
        before = self._journal.before
        return Plan((), before.as_result() if before else None, join=True)

    def _joined(self, cache: ImageCache) -> Steps[Plan]:
        """Wait for a build under way and return the plan for what came of it."""
        self._progress(f"is {cache.status}; joining the build that is under way")
        settled = yield from self._await_settled(cache.id, seen=True)
        return make_plan(self._desired, [settled])

    # Applying

    def _apply(self, step: Step) -> Steps[None]:
        if step.action == "create":
            yield from self._create(step)
        elif step.image_cache_id and step.action == "delete":
            yield from self._delete(step.image_cache_id)
        elif step.image_cache_id:
            yield from self._update(step, step.image_cache_id)

    def _create(self, step: Step) -> Steps[None]:
        own_id, shown = yield from self._create_once(step)
        survivor = yield from self._survivor(own_id)
        if not self._desired.wait:
            return
        if survivor is None or survivor.id == own_id:
            _require_ready((yield from self._await_settled(own_id, seen=shown or survivor is not None)))
            survivor = yield from self._survivor(own_id)
        if survivor is not None and survivor.id != own_id:
            yield from self._adopt(survivor)

    def _create_once(self, step: Step) -> Steps[Tuple[str, bool]]:
        """Return the id of the cache that was created, and whether a listing has shown it.

        The API has no idempotency token: after an unclear outcome the name is looked up until it appears, or
        for so long that a second create is the smaller risk.
        """
        while True:
            try:
                answer = yield Write("create", step.request)
            except RequestError as error:
                if error.nothing_done:
                    raise
                found = yield from self._looked_up_again(error)
                if found is not None:
                    self._journal.done(step.action, found.id, None, step.fields)
                    return found.id, True
                self._unclear += 1
                if self._unclear > UNCLEAR_REPEATS or self._deadline.passed:
                    raise
                continue
            self._journal.request_id = answer.request_id
            image_cache_id = str(answer.fields["ImageCacheId"])
            self._journal.done(step.action, image_cache_id, answer.request_id, step.fields)
            return image_cache_id, False

    def _looked_up_again(self, error: RequestError) -> Steps[Optional[ImageCache]]:
        self._progress(f"may or may not have been created ({error.message}); looking")
        for pause in UNCLEAR_PAUSES:
            found = yield from self._named(after=pause)
            if found:
                self._journal.found(found[0])
                return found[0]
        return None

    def _survivor(self, own_id: str) -> Steps[Optional[ImageCache]]:
        """Look at the name, remove what this run created beside the cache that keeps it, and return that cache.

        The oldest keeps the name, then the one of the smallest id: whoever looks comes to the same end. Another
        run removes its own; but after an unclear create nobody knows whose a second cache is.
        """
        named = yield from self._named()
        # A run that does not wait looks only once: a cache that is found settled has nobody left who would yield.
        settled = [cache for cache in named if cache.status == READY and cache.id != own_id]
        keepers = settled if settled and not self._desired.wait else named
        for cache in named:
            if cache is not keepers[0] and (cache.id == own_id or self._unclear):
                self._progress(f"exists twice, {keepers[0].id} is the older; removing {cache.id}")
                yield from self._delete(cache.id)
        if keepers:
            self._journal.found(keepers[0])
        return keepers[0] if keepers else None

    def _adopt(self, survivor: ImageCache) -> Steps[None]:
        """Wait for the cache that another run created at the same time, and bring it to what is declared."""
        if not survivor.settled:
            survivor = yield from self._await_settled(survivor.id, seen=True)
        for step in make_plan(self._desired, [survivor]).steps:
            yield from self._apply(step)

    def _update(self, step: Step, image_cache_id: str) -> Steps[None]:
        before = self._journal.seen
        for repeat in range(UNCLEAR_REPEATS + 1):
            try:
                answer = yield Write("update", step.request)
            except RequestError as error:
                # An update is the same done twice: sent again unless it is seen to have arrived.
                if error.nothing_done or repeat == UNCLEAR_REPEATS:
                    raise
                cache = yield from self._by_id(image_cache_id, after=UNCLEAR_PAUSES[1])
                if cache is None:
                    raise Vanished() from error
                if cache.settled and (differences(self._desired, cache) or cache.raw == (before and before.raw)):
                    continue
                request_id = None
            else:
                request_id = self._journal.request_id = answer.request_id
            self._journal.done(step.action, image_cache_id, request_id, step.fields)
            break
        yield from self._await_update(image_cache_id, before)

    def _await_update(self, image_cache_id: str, before: Optional[ImageCache]) -> Steps[None]:
        """Wait until the update shows. The listing may lag, and the service may accept what it does not do."""
        accepted = self._clock.monotonic()
        cache = yield from self._by_id(image_cache_id)
        if not self._desired.wait:
            return
        while True:
            if cache is None or not cache.settled:
                cache = yield from self._await_settled(image_cache_id, seen=cache is not None)
            unmoved = cache.status == UPDATE_FAILED and before is not None and cache.raw == before.raw
            left = differences(self._desired, cache) if cache.status == READY else []
            if not (unmoved or left) or self._clock.monotonic() - accepted > LISTING_LAG or self._deadline.passed:
                break
            cache = yield from self._by_id(image_cache_id, after=self._pause())
        _require_ready(cache)
        for row in left:
            shown = None if row.option == "image_registry_credentials" else cache.shown(row.option)
            self._warn(f"shows {row.option} as {shown!r} although the API accepted the update")

    def _delete(self, image_cache_id: str) -> Steps[None]:
        request_id = yield from self._delete_once(image_cache_id)
        self._journal.done("delete", image_cache_id, request_id)
        if self._desired.wait:
            yield from self._await_gone(image_cache_id)
        self._journal.seen = None

    def _delete_once(self, image_cache_id: str) -> Steps[Optional[str]]:
        """Delete, and return the request id; one that is already gone is deleted, a busy one is tried again."""
        unclear, refused = 0, 0
        while True:
            try:
                answer = yield Write("delete", {"ImageCacheIds": [image_cache_id]})
            except NotFound as error:
                return error.request_id
            except StateRefused:
                # Only a build that goes on is worth a longer wait than these few attempts.
                if refused == len(BUSY_PAUSES) or self._deadline.passed:
                    raise
                pause = max(BUSY_PAUSES[refused], self._pause()) if self._desired.wait else BUSY_PAUSES[refused]
                refused += 1
            except RequestError as error:
                unclear += 1
                if error.nothing_done or unclear > UNCLEAR_REPEATS or self._deadline.passed:
                    raise
                pause = UNCLEAR_PAUSES[1]
            else:
                self._journal.request_id = answer.request_id
                return str(answer.request_id) if answer.request_id else None
            cache = yield from self._by_id(image_cache_id, after=min(pause, self._deadline.remaining))
            if cache is None:
                return None
            if self._desired.wait and refused and not cache.settled:
                refused = 0

    # Waiting

    def _await_settled(self, image_cache_id: str, seen: bool) -> Steps[ImageCache]:
        """Look at most once an interval until no build is under way any more, and return the cache then."""
        started = self._clock.monotonic()
        status: Optional[str] = None
        for pause in pauses(self._desired.wait_interval):
            cache = yield from self._by_id(image_cache_id, after=min(pause, self._deadline.remaining))
            if cache is None:
                # A new cache may take its time to be listed; one that was listed and no longer is, is gone.
                if seen or self._clock.monotonic() - started > LISTING_LAG:
                    raise Vanished()
            else:
                seen = True
                if cache.settled:
                    return cache
                if cache.status != status:
                    status = cache.status
                    self._progress(f"is {status}")
            if self._deadline.passed:
                raise TimedOut(cache, self._deadline.seconds, READY)
        raise AssertionError("pauses() has no end")

    def _await_gone(self, image_cache_id: str) -> Steps[None]:
        cache = yield from self._by_id(image_cache_id)
        for pause in pauses(self._desired.wait_interval):
            if cache is None:
                return
            if self._deadline.passed:
                raise TimedOut(cache, self._deadline.seconds, "gone")
            cache = yield from self._by_id(image_cache_id, after=min(pause, self._deadline.remaining))

    def _pause(self) -> float:
        return min(self._desired.wait_interval, self._deadline.remaining)

    # Speaking

    def _progress(self, message: str) -> None:
        self._journal.reporter.progress(f"image cache {self._desired.label} {message}")

    def _warn(self, message: str) -> None:
        self._journal.reporter.warn(f"image cache {self._desired.label} {message}.")


def _require_ready(cache: ImageCache) -> None:
    if cache.status != READY:
        raise BuildFailed(cache)
