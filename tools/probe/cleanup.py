# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removes the image caches in a journal, and only those."""

from __future__ import annotations

from typing import Callable, Dict, List, Set

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.deleting import delete_in_batches

from .journal import Journal, Remains
from .pace import Pace

# A build that cannot be interrupted delays a delete. In seconds.
PATIENCE = 2700.0
# How often a delete is repeated that is refused for another reason.
MOST_REFUSALS = 9
BUILDING = "it is still being built"


def remove_remains(client: Client, clock: Clock, journal: Journal, pace: Pace) -> Dict[str, str]:
    """Remove every cache in the journal, and return why the others remain, by id or name.

    If nothing remains, the journal is deleted. A cache is found by its id, or by its exact name if its create had no
    answer: names of probes contain a random number.
    """
    remains = journal.read()
    if remains is None:
        return {}
    cleanup = _Cleanup(client, clock, journal, pace)
    left = {}
    try:
        cleanup.find_unanswered(remains)
        left = cleanup.remove(remains.ids)
    except (RequestError, InvalidInput) as error:
        left = dict.fromkeys([*remains.ids, *remains.unanswered], str(error))
    if not left:
        journal.close()
    return left


class _Cleanup:
    def __init__(self, client: Client, clock: Clock, journal: Journal, pace: Pace) -> None:
        self._client, self._clock, self._journal, self._pace = client, clock, journal, pace
        self._deadline = Deadline(clock, PATIENCE)

    def find_unanswered(self, remains: Remains) -> None:
        """Add the caches whose create had no answer. A new cache may be listed late."""
        lag = Deadline(self._clock, self._pace.lag)
        while remains.unanswered:
            for name in list(remains.unanswered):
                for image_cache_id in self._find_ids(name):
                    if image_cache_id not in remains.ids and remains.unanswered[name]:
                        self._journal.note_created(name, image_cache_id)
                        remains.ids.append(image_cache_id)
                        remains.unanswered[name] -= 1
            remains.unanswered = +remains.unanswered
            if lag.passed:
                return
            self._clock.sleep(self._pace.pause)

    def _find_ids(self, name: str) -> List[str]:
        listing = self._client.describe(self._deadline, ImageCacheNames=[name])
        return [raw["ImageCacheId"] for raw in listing.image_caches if raw.get("ImageCacheName") == name]

    def remove(self, ids: List[str]) -> Dict[str, str]:
        """Delete caches until none is listed, and return why others remain, by id."""
        # A cache that is not listed yet would count as deleted when its delete is refused.
        self._wait(self._pace.lag, lambda: set(ids) <= self._list(ids))
        left = dict.fromkeys(ids, "")
        refusals = 0
        while left:
            left = self._delete_each(list(left))
            # A running build justifies any number of attempts.
            refusals += any(reason != BUILDING for reason in left.values())
            if self._deadline.passed or refusals > MOST_REFUSALS:
                break
            if left:
                self._clock.sleep(self._pace.interval)
        return left

    def _delete_each(self, ids: List[str]) -> Dict[str, str]:
        """Send a delete for each cache, and return why some are still listed."""
        left: Dict[str, str] = {}
        for image_cache_id in ids:
            deletions = delete_in_batches(self._client, [image_cache_id], clock=self._clock, deadline=self._deadline)
            left.update({failed: str(error) for failed, error in deletions.failed.items()})
            left.update(dict.fromkeys(deletions.building, BUILDING))
        deleted = [image_cache_id for image_cache_id in ids if image_cache_id not in left]
        self._wait(4 * self._pace.lag, lambda: not self._list(deleted))
        listed = self._list(deleted)
        for image_cache_id in set(deleted) - listed:
            self._journal.note_gone(image_cache_id)
        return {**left, **dict.fromkeys(listed, "it is still listed")}

    def _list(self, ids: List[str]) -> Set[str]:
        """Return those of the ids that are listed."""
        listing = self._client.describe(self._deadline, ImageCacheIds=ids) if ids else None
        return {raw["ImageCacheId"] for raw in listing.image_caches} & set(ids) if listing else set()

    def _wait(self, seconds: float, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, or until the time is over."""
        limit = Deadline(self._clock, seconds)
        while not condition() and not limit.passed:
            self._clock.sleep(self._pace.pause)
