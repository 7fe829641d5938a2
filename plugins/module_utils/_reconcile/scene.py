# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What the steps of one run share: what is declared, what was done, and how to look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List, Mapping, Optional, Set, TypeVar

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache, age_order
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import Found
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.effects import Look, Seen, Steps, Write
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal, Reporter

__all__ = ["OutageAtDeadline", "Outages", "Scene"]

E = TypeVar("E", Look, Write)


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
                f"{error.action} failed: {error.message.rstrip('.')}. What was started goes on, and polling continues"
                " until wait_timeout."
            )


class Scene:
    """One run of one declared cache. C(desired) is what it makes come true; C(journal) tells what was done."""

    def __init__(self, desired: Desired, journal: Journal, clock: Clock, deadline: Deadline, outages: Outages) -> None:
        self.desired, self.journal, self.clock, self.deadline = desired, journal, clock, deadline
        self.outages = outages
        # A cache that this run deleted may still be listed for some seconds; one that it created, not yet.
        self.removed: Set[str] = set()
        self.listed: Set[str] = set()
        # Creates of which nobody knows whether the server acted.
        self.unclear = 0

    def by_ids(self, *image_cache_ids: str, after: float = 0.0) -> Steps[List[ImageCache]]:
        """Look at caches by their ids, not before C(after) seconds from now."""
        return (yield from self._seen(Look(ids=image_cache_ids, after=after)))

    def by_id(self, image_cache_id: str, after: float = 0.0) -> Steps[Optional[ImageCache]]:
        """Look at one cache; None where it is not listed."""
        caches = yield from self.by_ids(image_cache_id, after=after)
        if not caches:
            return None
        self.journal.looked_at(caches[0])
        return caches[0]

    def by_name(self, after: float = 0.0) -> Steps[Found]:
        """Look at what has the declared name, or its replacement's, without what this run has deleted."""
        name, replacement_name = str(self.desired.name), str(self.desired.replacement_name)
        caches = yield from self._seen(Look(names=(name, replacement_name), after=after))
        left = [cache for cache in caches if cache.id not in self.removed]
        return Found(
            tuple(cache for cache in left if cache.name == name),
            tuple(cache for cache in left if cache.name == replacement_name),
        )

    def pause(self) -> float:
        """Return the seconds until the next look, within the deadline."""
        return min(self.desired.wait_interval, self.deadline.remaining)

    def progress(self, message: str) -> None:
        """Say what the run is about to do, or wait for; one that does not wait has nothing to say."""
        if self.desired.wait:
            self.journal.begins(message, self.clock.monotonic())

    def warn(self, message: str) -> None:
        """Say something that the user should look at."""
        self.journal.reporter.warn(f"image cache {self.desired.label} {message}.")

    def write(self, action: str, request: Mapping[str, Any]) -> Steps[Any]:
        """Carry out a writing action and return its Answer. Raises RequestError and OutageAtDeadline."""
        try:
            answer = yield from self._sit_out_outages(Write(action, request))
        except RequestError as error:
            # What may have been carried out may be under way.
            self.outages.under_way = self.outages.under_way or not error.nothing_done
            raise
        self.outages.under_way = True
        return answer

    def _sit_out_outages(self, effect: E) -> Steps[Any]:
        """Have an effect carried out. While the run waits for something, an outage only delays it, up to the deadline.

        A write of which nobody knows whether it was carried out is not sent again here.
        """
        while True:
            try:
                return (yield effect)
            except RequestError as error:
                outage = error.passing and (error.nothing_done or isinstance(effect, Look))
                if not (outage and self.desired.wait and self.outages.under_way):
                    raise
                if self.deadline.passed:
                    raise OutageAtDeadline(error, self.deadline.seconds) from error
                self.outages.warn(error)
                self.progress("waiting for the API to answer again")
            effect = replace(effect, after=self.pause())

    def _seen(self, look: Look) -> Steps[List[ImageCache]]:
        seen: Seen = yield from self._sit_out_outages(look)
        self.journal.request_id = seen.request_id
        self.listed.update(cache.id for cache in seen.image_caches)
        return sorted(seen.image_caches, key=age_order)
