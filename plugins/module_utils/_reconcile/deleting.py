# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Delete caches: a missing cache counts as deleted, a busy one is retried.

DeleteImageCaches returns one result for the whole batch. Its behaviour for a batch that contains the id of a missing
cache is not documented. If a batch is refused, those of its caches that are still listed are deleted one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Set

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client, describe_selected
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
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    BUSY_PAUSES,
    UNCLEAR_PAUSES,
    UNCLEAR_REPEATS,
    RunContext,
    Steps,
    await_gone,
)

__all__ = ["Deletions", "delete_cache", "delete_in_batches", "remove_cache"]

# The API documents no limit; the similar DeleteEKSContainerInstances accepts 20 ids.
BATCH_SIZE = 20
# Errors that one cache of a batch or the size of the batch may cause. Unspecific is, for example, FailedOperation.
REFUSALS_OF_ONE = (InvalidRequest, NotFound, StateRefused, Unspecific)


# Delete one cache, as a step of a run


def delete_cache(context: RunContext, image_cache_id: str) -> Steps[None]:
    """Delete a cache, record the action and, if the run waits, wait until the cache is no longer listed.

    Raises what remove_cache() raises.
    """

    def on_accepted(request_id: Optional[str]) -> None:
        context.journal.note_deletion(image_cache_id, request_id)

    yield from remove_cache(context, image_cache_id, on_accepted)


def remove_cache(
    context: RunContext,
    image_cache_id: str,
    on_accepted: Callable[[Optional[str]], None] = lambda request_id: None,
) -> Steps[None]:
    """Delete a cache and, if the run waits, wait until it is no longer listed.

    C(on_accepted) is called with the request id. Raises TimedOut, OutageAtDeadline and RequestError.
    """
    on_accepted((yield from _send_delete(context, image_cache_id)))
    if context.desired.wait:
        yield from await_gone(context, image_cache_id)


def _send_delete(context: RunContext, image_cache_id: str) -> Steps[Optional[str]]:
    """Send a delete until it is accepted or the cache no longer exists, and return the request id."""
    context.removed.add(image_cache_id)
    try:
        return (yield from _repeat_delete(context, image_cache_id))
    except NotFound as error:
        return error.request_id
    except InvalidRequest as error:
        # The API documents both codes and does not say which one it returns for a missing cache.
        if (yield from context.read_by_id(image_cache_id)) is None:
            return error.request_id
        raise


def _repeat_delete(context: RunContext, image_cache_id: str) -> Steps[Optional[str]]:
    unclear, refused = 0, 0
    while True:
        try:
            answer = yield from context.write("delete", {"ImageCacheIds": [image_cache_id]})
        except StateRefused:
            # Only a running build justifies more attempts than these.
            if refused == len(BUSY_PAUSES) or context.deadline.passed:
                raise
            pause = BUSY_PAUSES[refused]
            pause = max(pause, context.poll_interval()) if context.desired.wait else pause
            refused += 1
        except RequestError as error:
            unclear += 1
            if error.not_executed or unclear > UNCLEAR_REPEATS or context.deadline.passed:
                raise
            pause = UNCLEAR_PAUSES[1]
        else:
            return str(answer.request_id) if answer.request_id else None
        cache = yield from context.read_by_id(image_cache_id, after=min(pause, context.deadline.remaining))
        if cache is None:
            return None
        if context.desired.wait and refused and not cache.is_settled:
            refused = 0


# Delete many caches


@dataclass
class Deletions:
    """The outcome for each id: deleted by this call, already missing, being rebuilt, or failed with an error."""

    deleted: Set[str] = field(default_factory=set)
    gone: Set[str] = field(default_factory=set)
    building: Set[str] = field(default_factory=set)
    failed: Dict[str, RequestError] = field(default_factory=dict)
    request_id: Optional[str] = None


def delete_in_batches(client: Client, ids: Sequence[str], *, clock: Clock, deadline: Deadline) -> Deletions:
    """Delete as many of these caches as possible, and return the outcome for each.

    Failures of requests are returned, not raised.
    """
    deleting = _BatchDeleter(client, clock, deadline)
    for start in range(0, len(ids), BATCH_SIZE):
        deleting.delete(list(ids[start : start + BATCH_SIZE]))
    return deleting.deletions


class _BatchDeleter:
    def __init__(self, client: Client, clock: Clock, deadline: Deadline) -> None:
        self._client, self._clock, self._deadline = client, clock, deadline
        self.deletions = Deletions()

    def delete(self, batch: List[str], unclear: int = 0) -> None:
        """Delete a batch. C(unclear) is the number of attempts with an unknown outcome."""
        if not batch:
            return
        try:
            answer = self._client.delete({"ImageCacheIds": batch}, self._deadline)
        except InvalidInput as error:
            # The credentials have expired and cannot be renewed. Earlier deletions are still reported.
            self._fail(batch, AuthenticationError(str(error), action="DeleteImageCaches"))
        except RequestError as error:
            self._handle_refusal(batch, unclear, error)
        else:
            self.deletions.request_id = answer.request_id
            self.deletions.deleted.update(batch)

    def _handle_refusal(self, batch: List[str], unclear: int, error: RequestError) -> None:
        if self._deadline.passed:
            self._fail(batch, error)
        elif isinstance(error, REFUSALS_OF_ONE) or (isinstance(error, ServerError) and unclear == UNCLEAR_REPEATS):
            self._delete_what_is_left(batch, unclear, error)
        elif error.not_executed or unclear == UNCLEAR_REPEATS:
            self._fail(batch, error)
        else:
            # The outcome is unknown. Wait briefly until the listing shows a deletion.
            self._clock.sleep(min(UNCLEAR_PAUSES[1], self._deadline.remaining))
            self.delete(self._find_left(batch, self.deletions.deleted), unclear + 1)

    def _delete_what_is_left(self, batch: List[str], unclear: int, error: RequestError) -> None:
        absent = self.deletions.deleted if unclear else self.deletions.gone
        if isinstance(error, NotFound) and len(batch) == 1:
            absent.update(batch)
            return
        left = self._find_left(batch, absent)
        if len(left) < len(batch):
            self.delete(left, unclear)
        elif len(batch) == 1:
            self._fail(batch, error)
        else:
            for image_cache_id in left:
                self.delete([image_cache_id], unclear)

    def _find_left(self, batch: List[str], absent: Set[str]) -> List[str]:
        """Return the ids of a batch that still have to be deleted; record the outcome for the others."""
        try:
            listing = describe_selected(self._client, self._deadline, "ImageCacheIds", batch)
        except InvalidInput as error:
            self._fail(batch, AuthenticationError(str(error), action="DescribeImageCaches"))
            return []
        except RequestError as error:
            self._fail(batch, error)
            return []
        listed = {cache.id: cache for cache in map(ImageCache, listing.image_caches)}
        absent.update(image_cache_id for image_cache_id in batch if image_cache_id not in listed)
        self.deletions.building.update(i for i in batch if i in listed and not listed[i].is_settled)
        return [i for i in batch if i in listed and listed[i].is_settled]

    def _fail(self, batch: List[str], error: RequestError) -> None:
        self.deletions.failed.update(dict.fromkeys(batch, error))
