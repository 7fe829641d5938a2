# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Deletes many caches: in batches, where one that cannot go does not hold up the others.

DeleteImageCaches answers for a batch as a whole, and what becomes of one with an id that is gone is not documented. So
whatever is refused is looked at again, and taken apart until each cache has had its own answer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Deque, Dict, List, Optional, Sequence, Set, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    AuthenticationError,
    InvalidInput,
    InvalidRequest,
    NotFound,
    RequestError,
    ServerError,
    StateRefused,
    Unspecific,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.waiting import (
    UNCLEAR_PAUSES,
    UNCLEAR_REPEATS,
)

__all__ = ["Deletions", "delete_in_batches"]

# The API names no limit; DeleteEKSContainerInstances, its sibling, takes 20 ids.
BATCH = 20
# What may be due to a single id of the batch, or to their number.
DIVISIBLE = (InvalidRequest, NotFound, StateRefused)
ACTION = "DeleteImageCaches"


@dataclass
class Deletions:
    """What became of each id: deleted here, gone already, being built again, or refused for a reason."""

    deleted: Set[str] = field(default_factory=set)
    gone: Set[str] = field(default_factory=set)
    building: Set[str] = field(default_factory=set)
    failed: Dict[str, RequestError] = field(default_factory=dict)
    request_id: Optional[str] = None


def delete_in_batches(client: Client, ids: Sequence[str], *, clock: Clock, deadline: Deadline) -> Deletions:
    """Delete these caches as far as they can be deleted, and return what became of each.

    Failures of requests are returned, not raised.
    """
    deleting = _Deleting(client, clock, deadline)
    for start in range(0, len(ids), BATCH):
        deleting.add(list(ids[start : start + BATCH]))
    return deleting.finish()


class _Deleting:
    """Batches that are to be deleted, each with the number of attempts at it whose outcome was not known."""

    def __init__(self, client: Client, clock: Clock, deadline: Deadline) -> None:
        self._client, self._clock, self._deadline = client, clock, deadline
        self._deletions = Deletions()
        self._batches: Deque[Tuple[List[str], int]] = deque()

    def add(self, batch: List[str], unclear: int = 0) -> None:
        if batch:
            self._batches.append((batch, unclear))

    def finish(self) -> Deletions:
        while self._batches:
            batch, unclear = self._batches.popleft()
            try:
                answer = self._client.delete({"ImageCacheIds": batch}, self._deadline)
            except InvalidInput as error:
                # The keys have ended, and there are no others: what was deleted before is to be told all the same.
                self._fail(batch, AuthenticationError(str(error), action=ACTION))
            except RequestError as error:
                if isinstance(error, DIVISIBLE) or self._may_be_one(error, batch, unclear):
                    self._divide(batch, unclear, error)
                else:
                    self._repeat(batch, unclear, error)
            else:
                self._deletions.request_id = answer.request_id
                self._deletions.deleted.update(batch)
        return self._deletions

    def _may_be_one(self, error: RequestError, batch: List[str], unclear: int) -> bool:
        """Return whether an error that says little, such as FailedOperation, may be due to a single id all the same."""
        again_and_again = isinstance(error, ServerError) and unclear == UNCLEAR_REPEATS
        says_little = isinstance(error, Unspecific) or again_and_again
        return says_little and len(batch) > 1 and not self._deadline.passed

    def _divide(self, batch: List[str], unclear: int, error: RequestError) -> None:
        absent = self._deletions.deleted if unclear else self._deletions.gone
        if isinstance(error, NotFound) and len(batch) == 1:
            absent.update(batch)
            return
        left = self._left(batch, absent)
        if len(left) < len(batch):
            self.add(left, unclear)
        elif len(batch) == 1:
            self._fail(batch, error)
        else:
            half = len(batch) // 2
            self.add(batch[:half], unclear)
            self.add(batch[half:], unclear)

    def _repeat(self, batch: List[str], unclear: int, error: RequestError) -> None:
        if error.nothing_done or unclear == UNCLEAR_REPEATS or self._deadline.passed:
            self._fail(batch, error)
            return
        # Whether it was carried out is not known: it gets a moment to show.
        self._clock.sleep(min(UNCLEAR_PAUSES[1], self._deadline.remaining))
        self.add(self._left(batch, self._deletions.deleted), unclear + 1)

    def _left(self, batch: List[str], absent: Set[str]) -> List[str]:
        """Return those of a batch that are still to be deleted; note what became of the others."""
        try:
            listing = self._client.describe(self._deadline, ImageCacheIds=batch)
        except InvalidInput as error:
            self._fail(batch, AuthenticationError(str(error), action="DescribeImageCaches"))
            return []
        except RequestError as error:
            self._fail(batch, error)
            return []
        there = {cache.id: cache for cache in map(ImageCache, listing.image_caches)}
        absent.update(image_cache_id for image_cache_id in batch if image_cache_id not in there)
        self._deletions.building.update(i for i in batch if i in there and not there[i].settled)
        return [i for i in batch if i in there and there[i].settled]

    def _fail(self, batch: List[str], error: RequestError) -> None:
        self._deletions.failed.update(dict.fromkeys(batch, error))
