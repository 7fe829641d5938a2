# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What a run has at hand: how it reads, writes and waits.

A reconciliation is a generator: it yields a read or a write, and is sent the outcome, or has the failure of a request
thrown into it. It neither sends nor sleeps by itself, so that many can be driven side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Generator, List, Mapping, Optional, Set, Tuple, TypeVar, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline, poll_interval
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    FAILED,
    READY,
    UPDATE_FAILED,
    ImageCache,
    age_order,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import Found
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal, Reporter

__all__ = ["BUSY_PAUSES", "LISTING_LAG", "RACE_PAUSES", "UNCLEAR_PAUSES", "UNCLEAR_REPEATS"]
__all__ += ["Effect", "Outages", "Read", "ReadResult", "RunContext", "Steps", "Write"]
__all__ += ["OutageAtDeadline", "TimedOut", "Vanished", "await_gone", "await_settled"]

# Pauses, in seconds, between the polls that follow a create whose outcome is not known: 10 s in all.
UNCLEAR_PAUSES = (0.0, 1.0, 2.0, 3.0, 4.0)
# An unclear write is repeated this often at the most: each repetition may be one too many.
UNCLEAR_REPEATS = 2
# Pauses between the polls that runs give each other to settle which of their caches stays: 15 s in all.
RACE_PAUSES = (1.0, 2.0, 4.0, 8.0)
# Seconds for which a listing may lag behind a write that the API has accepted.
LISTING_LAG = 15.0
# Pauses between attempts at a cache that the API calls busy.
BUSY_PAUSES = (1.0, 2.0, 4.0)

T = TypeVar("T")


@dataclass(frozen=True)
class Read:
    """Read caches by id or by name, not before C(after) seconds from now. Sent: a ReadResult."""

    names: Tuple[str, ...] = ()
    ids: Tuple[str, ...] = ()
    after: float = 0.0


@dataclass(frozen=True)
class Write:
    """Send the action C(create), C(update) or C(delete), not before C(after) seconds from now. Sent: an Answer."""

    action: str
    request: Mapping[str, Any]
    after: float = 0.0


@dataclass(frozen=True)
class ReadResult:
    """What a read showed: the caches of exactly those ids or names."""

    image_caches: List[ImageCache]
    request_id: Optional[str]


Effect = Union[Read, Write]
Steps = Generator[Effect, Any, T]
E = TypeVar("E", Read, Write)


class OutageAtDeadline(Exception):
    """The API could not be reached up to the deadline, while something that the run has started goes on."""

    def __init__(self, error: RequestError, seconds: float) -> None:
        super().__init__(error.message)
        self.error, self.seconds = error, seconds


class Outages:
    """What all caches of one task share about outages of the API.

    They are sat out as soon as C(under_way): something goes on that the task has started or joined.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.under_way = False
        self._reporter, self._warned = reporter, False

    def warn(self, error: RequestError) -> None:
        """Warn of an outage, once."""
        if not self._warned:
            self._warned = True
            self._reporter.warn(
                f"{error.action} failed: {error.message.rstrip('.')}. What was started continues, and polling continues"
                " until wait_timeout."
            )


class RunContext:
    """One run for one declared cache. C(desired) is what it is to reach, C(journal) what it has done and seen."""

    def __init__(self, desired: Desired, journal: Journal, clock: Clock, deadline: Deadline, outages: Outages) -> None:
        self.desired, self.journal, self.clock, self.deadline = desired, journal, clock, deadline
        self.outages = outages
        # A cache that this run deleted may still be listed for some seconds; one that it created, not yet.
        self.removed: Set[str] = set()
        self.listed: Set[str] = set()
        # Creates of which nobody knows whether the server acted.
        self.unclear = 0

    def read_by_ids(self, *image_cache_ids: str, after: float = 0.0) -> Steps[List[ImageCache]]:
        """Read caches by their ids, not before C(after) seconds from now."""
        return (yield from self._read(Read(ids=image_cache_ids, after=after)))

    def read_by_id(self, image_cache_id: str, after: float = 0.0) -> Steps[Optional[ImageCache]]:
        """Read one cache; None where it is not listed."""
        caches = yield from self.read_by_ids(image_cache_id, after=after)
        if not caches:
            return None
        self.journal.update_view(caches[0])
        return caches[0]

    def read_by_name(self, after: float = 0.0) -> Steps[Found]:
        """Read what has the declared name, or its replacement's, without what this run has deleted."""
        name, replacement_name = str(self.desired.name), str(self.desired.replacement_name)
        caches = yield from self._read(Read(names=(name, replacement_name), after=after))
        left = [cache for cache in caches if cache.id not in self.removed]
        return Found(
            tuple(cache for cache in left if cache.name == name),
            tuple(cache for cache in left if cache.name == replacement_name),
        )

    def write(self, action: str, request: Mapping[str, Any]) -> Steps[Any]:
        """Send a writing action and return its Answer. Raises RequestError and OutageAtDeadline."""
        try:
            answer = yield from self._sit_out_outages(Write(action, request))
        except RequestError as error:
            # What may have been carried out may be under way.
            self.outages.under_way = self.outages.under_way or not error.not_executed
            raise
        self.outages.under_way = True
        self.journal.request_id = answer.request_id
        return answer

    def poll_interval(self) -> float:
        """Return the seconds until the next poll, within the deadline."""
        return min(self.desired.wait_interval, self.deadline.remaining)

    def report(self, message: str) -> None:
        """Report what the run is about to do, or waits for; one that does not wait has nothing to report."""
        if self.desired.wait:
            self.journal.begin_step(message, self.clock.monotonic())

    def warn(self, message: str) -> None:
        """Warn of something that the user should look at."""
        self.journal.reporter.warn(f"image cache {self.journal.label(self.desired)}: {message}.")

    def _read(self, read: Read) -> Steps[List[ImageCache]]:
        result: ReadResult = yield from self._sit_out_outages(read)
        self.journal.request_id = result.request_id
        self.listed.update(cache.id for cache in result.image_caches)
        return sorted(result.image_caches, key=age_order)

    def _sit_out_outages(self, effect: E) -> Steps[Any]:
        """Have an effect carried out. While the run waits for something, an outage only delays it, up to the deadline.

        A write of which nobody knows whether it was carried out is not sent again here.
        """
        while True:
            try:
                return (yield effect)
            except RequestError as error:
                is_outage = error.retryable and (error.not_executed or isinstance(effect, Read))
                if not (is_outage and self.desired.wait and self.outages.under_way):
                    raise
                if self.deadline.passed:
                    raise OutageAtDeadline(error, self.deadline.seconds) from error
                self.outages.warn(error)
                self.report("waiting until the API is reachable again")
            effect = replace(effect, after=self.poll_interval())


class TimedOut(Exception):
    """The deadline passed before the cache was where it should be."""

    def __init__(self, cache: Optional[ImageCache], image_cache_id: str, seconds: float, awaited: str) -> None:
        super().__init__(f"not {awaited} within {seconds:g} s")
        self.cache, self.image_cache_id, self.seconds, self.awaited = cache, image_cache_id, seconds, awaited


class Vanished(Exception):
    """A cache that the run was about is no longer listed, though the run did not delete it."""

    def __init__(self, image_cache_id: str) -> None:
        super().__init__(image_cache_id)
        self.image_cache_id = image_cache_id


def await_settled(context: RunContext, image_cache_id: str) -> Steps[ImageCache]:
    """Read at most once an interval until no build is under way any more, and return the cache then.

    Raises Vanished and TimedOut.
    """
    started = context.clock.monotonic()
    while True:
        known = image_cache_id in context.listed
        cache = yield from context.read_by_id(image_cache_id, after=_seconds_to_poll(context, started))
        if cache is None:
            # A new cache may take its time to be listed; one that was listed and no longer is, is gone.
            if known or context.clock.monotonic() - started > LISTING_LAG:
                raise Vanished(image_cache_id)
        else:
            if cache.status not in (FAILED, UPDATE_FAILED):
                context.report(f"{image_cache_id} is {_state(cache)}")
            if cache.is_settled:
                return cache
        if context.deadline.passed:
            raise TimedOut(cache, image_cache_id, context.deadline.seconds, READY)


def await_gone(context: RunContext, image_cache_id: str) -> Steps[None]:
    """Read at most once an interval until the cache is not listed any more. Raises TimedOut."""
    started = context.clock.monotonic()
    cache = yield from context.read_by_id(image_cache_id)
    while cache is not None:
        context.report(f"{image_cache_id} is deleted but still listed")
        if context.deadline.passed:
            raise TimedOut(cache, image_cache_id, context.deadline.seconds, "gone")
        cache = yield from context.read_by_id(image_cache_id, after=_seconds_to_poll(context, started))


def _seconds_to_poll(context: RunContext, started: float) -> float:
    waited = context.clock.monotonic() - started
    return min(poll_interval(context.desired.wait_interval, waited), context.deadline.remaining)


def _state(cache: ImageCache) -> str:
    """Return the status and the last step of a build, in the service's words."""
    event = cache.events[-1] if cache.events else None
    return f"{cache.status}, {event.reason}: {event.message}" if event and not cache.is_settled else str(cache.status)
