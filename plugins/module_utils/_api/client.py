# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The actions on image caches. The retry policy is in retry.py."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    InvalidRequest,
    MalformedAnswer,
    WriteRefused,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.listing import (
    PAGE_SIZE,
    Listing,
    combine,
    has_id,
    read_all,
    read_selected,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.rate_limiter import RateLimiter
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer, RetryingClient, Sender

__all__ = ["PAGE_SIZE", "Answer", "Client", "Listing", "Sender", "describe_selected"]

# The API documents no maximum number of ids or names in a request. It is assumed to accept at least these.
FEW = 10
WRITES = frozenset(["CreateImageCache", "UpdateImageCache", "DeleteImageCaches"])


class Client:
    """The actions of one region. In check mode it refuses every write."""

    def __init__(
        self,
        sender: Sender,
        *,
        retries: int,
        check_mode: bool,
        clock: Clock,
        rate_limiter: Optional[RateLimiter] = None,
    ) -> None:
        self._api = RetryingClient(sender, retries=retries, clock=clock, rate_limiter=rate_limiter)
        self._check_mode = check_mode

    def create(self, parameters: Mapping[str, Any], deadline: Deadline) -> Answer:
        """Call CreateImageCache and return the answer, which has a non-empty C(ImageCacheId)."""
        answer = self._call("CreateImageCache", parameters, deadline)
        image_cache_id = answer.fields.get("ImageCacheId")
        if not isinstance(image_cache_id, str) or not image_cache_id:
            raise MalformedAnswer(
                "the response has no ImageCacheId", action="CreateImageCache", request_id=answer.request_id
            )
        return answer

    def update(self, parameters: Mapping[str, Any], deadline: Deadline) -> Answer:
        """Call UpdateImageCache for the C(ImageCacheId) in C(parameters)."""
        return self._call("UpdateImageCache", parameters, deadline)

    def delete(self, parameters: Mapping[str, Any], deadline: Deadline) -> Answer:
        """Call DeleteImageCaches for the C(ImageCacheIds) in C(parameters)."""
        return self._call("DeleteImageCaches", parameters, deadline)

    def describe(self, deadline: Deadline, **selection: Any) -> Listing:
        """Return all pages of DescribeImageCaches for C(ImageCacheIds), C(ImageCacheNames) or C(Filters)."""
        return read_selected(lambda offset: self._page(selection, offset, deadline), deadline)

    def describe_all(self, deadline: Deadline) -> Listing:
        """Return all image caches. The listing says whether its pages are consistent."""
        return read_all(lambda offset: self._page({}, offset, deadline), deadline)

    def most_suitable(
        self, images: Sequence[str], snapshotter: Optional[str], deadline: Deadline
    ) -> Optional[Mapping[str, Any]]:
        """Return the cache that GetMostSuitableImageCache selects, or None if no cache matches."""
        parameters: Dict[str, Any] = {"Images": list(images)}
        if snapshotter is not None:
            parameters["Snapshotter"] = snapshotter
        action = "GetMostSuitableImageCache"
        answer = self._call(action, parameters, deadline)
        found, cache = answer.fields.get("Found"), answer.fields.get("ImageCache")
        if not isinstance(found, bool) or (found and not has_id(cache)):
            raise MalformedAnswer(
                "the response has no valid Found or ImageCache", action=action, request_id=answer.request_id
            )
        return cache if found else None

    def _page(self, selection: Mapping[str, Any], offset: int, deadline: Deadline) -> Answer:
        return self._call("DescribeImageCaches", {**selection, "Limit": PAGE_SIZE, "Offset": offset}, deadline)

    def _call(self, action: str, parameters: Mapping[str, Any], deadline: Deadline) -> Answer:
        writes = action in WRITES
        if writes and self._check_mode:
            raise WriteRefused(f"{action} is not allowed in check mode; nothing was sent")
        return self._api.call(action, parameters, deadline, writes=writes)


def describe_selected(client: Client, deadline: Deadline, parameter: str, values: Sequence[str]) -> Listing:
    """Return the caches that C(values) of C(ImageCacheIds) or C(ImageCacheNames) select.

    If the API refuses so many values, each request contains up to 10.
    """
    unique = list(dict.fromkeys(values))
    try:
        return client.describe(deadline, **{parameter: unique})
    except InvalidRequest:
        if len(unique) <= FEW:
            raise
    parts = (unique[start : start + FEW] for start in range(0, len(unique), FEW))
    return combine([client.describe(deadline, **{parameter: part}) for part in parts])
