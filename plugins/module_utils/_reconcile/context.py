# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The context of a run: how it reads, writes and waits.

A reconciliation is a generator. It yields a read, a write or a lookup and receives the outcome, or the failure of the
request is raised inside it. It neither sends requests nor sleeps, so that many reconciliations can be driven in
parallel.
"""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    Generator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
    Union,
)

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

if TYPE_CHECKING:
    from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth, Image

__all__ = ["BUSY_PAUSES", "LISTING_LAG", "RACE_PAUSES", "RACE_SECONDS", "UNCLEAR_PAUSES", "UNCLEAR_REPEATS"]
__all__ += ["Ask", "Effect", "Outages", "Read", "ReadResult", "RunContext", "Steps", "Write"]
__all__ += ["Duplicates", "LostRace", "OutageAtDeadline", "TimedOut", "Vanished", "await_gone", "await_settled"]

# Pauses in seconds between the polls after a create with an unknown outcome: 10 s in total.
UNCLEAR_PAUSES = (0.0, 1.0, 2.0, 3.0, 4.0)
# Maximum number of times that a write with an unknown outcome is repeated. A repetition may create a duplicate.
UNCLEAR_REPEATS = 2
# Pauses between the polls while concurrent runs decide which of their caches is kept: 15 s in total.
RACE_PAUSES = (1.0, 2.0, 4.0, 8.0)
# Seconds after the end of a build within which its run may still delete the cache as a duplicate.
RACE_SECONDS = 60.0
# Seconds for which a listing may lag behind a write that the API has accepted.
LISTING_LAG = 15.0
# Pauses between attempts to change a cache that the API reports as busy.
BUSY_PAUSES = (1.0, 2.0, 4.0)

T = TypeVar("T")


class Read(NamedTuple):
    """Read caches by id or by name, at the earliest in C(after) seconds. The outcome is a ReadResult."""

    names: Tuple[str, ...] = ()
    ids: Tuple[str, ...] = ()
    after: float = 0.0


class Write(NamedTuple):
    """Send C(create), C(update) or C(delete), at the earliest in C(after) seconds. The outcome is an Answer."""

    action: str
    request: Mapping[str, Any]
    after: float = 0.0


class ReadResult(NamedTuple):
    """The result of a read: only the caches with the requested ids or names."""

    image_caches: List[ImageCache]
    request_id: Optional[str]


class Ask(NamedTuple):
    """Look up images in their registries, each to a depth. The outcome is a dictionary of Image by image.

    C(values) are the declared options, including those for registries.
    """

    values: Mapping[str, Any]
    questions: Mapping[str, Depth]
    after: float = 0.0


Effect = Union[Ask, Read, Write]
Steps = Generator[Effect, Any, T]
E = TypeVar("E", Read, Write)


class OutageAtDeadline(Exception):
    """The API was unreachable until the deadline, while something that the run had started continued."""

    def __init__(self, error: RequestError, seconds: float) -> None:
        super().__init__(error.message)
        self.error, self.seconds = error, seconds


class Outages:
    """The state of API outages that all caches of one task share.

    Runs wait for the end of an outage only if C(under_way) is true: the task has started or joined something.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.under_way = False
        self._reporter, self._warned = reporter, False

    def warn(self, error: RequestError) -> None:
        """Warn about an outage, once for each task."""
        if not self._warned:
            self._warned = True
            self._reporter.warn(
                f"{error.action} failed: {error.message.rstrip('.')}. Actions that were started continue. The module"
                " polls until wait_timeout."
            )


class RunContext:
    """The context of a run for one cache. C(desired) is the declared state, C(journal) records actions and findings."""

    def __init__(self, desired: Desired, journal: Journal, clock: Clock, deadline: Deadline, outages: Outages) -> None:
        self.desired, self.journal, self.clock, self.deadline = desired, journal, clock, deadline
        self.outages = outages
        # For some seconds, a deleted cache may still be listed, and a created cache may not be listed yet.
        self.removed: Set[str] = set()
        self.listed: Set[str] = set()
        # The results of lookups by image, and the depth to which each image was looked up.
        self.images: Dict[str, Image] = {}
        self.depths: Dict[str, Depth] = {}
        # Creates of which nobody knows whether the server acted.
        self.unclear = 0

    def read_by_ids(self, *image_cache_ids: str, after: float = 0.0) -> Steps[List[ImageCache]]:
        """Return the caches with these ids, read at the earliest in C(after) seconds."""
        return (yield from self._read(Read(ids=image_cache_ids, after=after)))

    def read_by_id(self, image_cache_id: str, after: float = 0.0) -> Steps[Optional[ImageCache]]:
        """Return one cache, or None if it is not listed."""
        caches = yield from self.read_by_ids(image_cache_id, after=after)
        if not caches:
            return None
        self.journal.update_view(caches[0])
        return caches[0]

    def read_by_name(self, after: float = 0.0) -> Steps[Found]:
        """Return the caches with the declared name and the replacement's name, except those that this run deleted."""
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
            # The service may have executed the request, so an operation may be running.
            self.outages.under_way = self.outages.under_way or not error.not_executed
            raise
        self.outages.under_way = True
        self.journal.request_id = answer.request_id
        return answer

    def ask_registries(self, questions: Mapping[str, Depth]) -> Steps[bool]:
        """Look up the images that were not looked up to that depth yet, and return whether there were any."""
        new = {image: depth for image, depth in questions.items() if depth > self.depths.get(image, 0)}
        if not new:
            return False
        self.report(f"asking registries about {len(new)} image{'s' if len(new) > 1 else ''}")
        self.images.update((yield Ask(self.desired.values, new)))
        self.depths.update(new)
        return True

    def poll_interval(self) -> float:
        """Return the seconds until the next poll, limited by the deadline."""
        return min(self.desired.wait_interval, self.deadline.remaining)

    def report(self, message: str) -> None:
        """Report what the run does next or waits for. A run that does not wait reports nothing."""
        if self.desired.wait:
            self.journal.begin_step(message, self.clock.monotonic())

    def warn(self, message: str) -> None:
        """Warn the user, with the label of the cache."""
        self.journal.reporter.warn(f"image cache {self.journal.label(self.desired)}: {message}.")

    def _read(self, read: Read) -> Steps[List[ImageCache]]:
        result: ReadResult = yield from self._sit_out_outages(read)
        self.journal.request_id = result.request_id
        self.listed.update(cache.id for cache in result.image_caches)
        return sorted(result.image_caches, key=age_order)

    def _sit_out_outages(self, effect: E) -> Steps[Any]:
        """Yield an effect and return its outcome; retry it during an outage.

        If the run waits and something is under way, an outage only delays the effect, until the deadline. A write with
        an unknown outcome is not sent again here.
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
                self.report("waiting until the API is available again")
            effect = effect._replace(after=self.poll_interval())


class TimedOut(Exception):
    """The deadline passed before the cache reached the expected state."""

    def __init__(self, cache: Optional[ImageCache], image_cache_id: str, seconds: float, awaited: str) -> None:
        super().__init__(f"not {awaited} within {seconds:g} s")
        self.cache, self.image_cache_id, self.seconds, self.awaited = cache, image_cache_id, seconds, awaited


class Vanished(Exception):
    """A cache that the run manages is no longer listed, although the run did not delete it."""

    def __init__(self, image_cache_id: str) -> None:
        super().__init__(image_cache_id)
        self.image_cache_id = image_cache_id


class Duplicates(Exception):
    """The run's own cache is Ready, but other caches also have the declared name. The run changed none of them.

    If C(replaces) is true, the own cache is a replacement, and the cache that it should replace is among the others.
    """

    def __init__(self, own: str, others: Sequence[ImageCache], replaces: bool) -> None:
        super().__init__(own)
        self.own, self.others, self.replaces = own, others, replaces


class LostRace(Exception):
    """A new cache disappeared before it got the name, because its run found an older one and deleted its own."""


def await_settled(context: RunContext, image_cache_id: str) -> Steps[ImageCache]:
    """Poll until the cache is no longer being built, and return it.

    Raises Vanished and TimedOut.
    """
    started = context.clock.monotonic()
    while True:
        known = image_cache_id in context.listed
        cache = yield from context.read_by_id(image_cache_id, after=_seconds_to_poll(context, started))
        if cache is None:
            # A new cache may be listed late. A cache that was listed before and no longer is, has been deleted.
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
    """Poll until the cache is no longer listed. Raises TimedOut."""
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
