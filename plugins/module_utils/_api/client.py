# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The actions on image caches. Which of them are repeated, and when, says repeating.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import MalformedAnswer, WriteRefused
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.pacing import Pacing
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.repeating import Answer, Repeating, Sender

__all__ = ["PAGE_SIZE", "Answer", "Client", "Sender"]

# "Limit ... default 20, maximum 50": DescribeImageCaches, TKE API 2018-05-25.
PAGE_SIZE = 50
# A listing that never ends is a server's fault; 1,000 pages are 50,000 caches.
MAX_PAGES = 1000
READS = frozenset(["DescribeImageCaches", "GetMostSuitableImageCache"])
WRITES = frozenset(["CreateImageCache", "UpdateImageCache", "DeleteImageCaches"])


@dataclass(frozen=True)
class Listing:
    """All pages of a DescribeImageCaches, as the API gives the caches, each id once."""

    image_caches: Sequence[Mapping[str, Any]]
    request_id: Optional[str]


class Client:
    """The actions of one region. In check mode it refuses every write, whatever asks for it."""

    def __init__(
        self, sender: Sender, *, retries: int, check_mode: bool, clock: Clock, pacing: Optional[Pacing] = None
    ) -> None:
        self._api = Repeating(sender, retries=retries, clock=clock, pacing=pacing)
        self._check_mode = check_mode

    def create(self, parameters: Mapping[str, Any], deadline: Deadline) -> Answer:
        """CreateImageCache; the answer has a non-empty C(ImageCacheId)."""
        answer = self._call("CreateImageCache", parameters, deadline)
        image_cache_id = answer.fields.get("ImageCacheId")
        if not isinstance(image_cache_id, str) or not image_cache_id:
            raise MalformedAnswer(
                "the answer names no ImageCacheId", action="CreateImageCache", request_id=answer.request_id
            )
        return answer

    def update(self, parameters: Mapping[str, Any], deadline: Deadline) -> Answer:
        """UpdateImageCache of the C(ImageCacheId) in C(parameters)."""
        return self._call("UpdateImageCache", parameters, deadline)

    def delete(self, parameters: Mapping[str, Any], deadline: Deadline) -> Answer:
        """DeleteImageCaches of the C(ImageCacheIds) in C(parameters)."""
        return self._call("DeleteImageCaches", parameters, deadline)

    def describe(self, deadline: Deadline, **selection: Any) -> Listing:
        """DescribeImageCaches, every page of it. C(selection) is C(ImageCacheIds), C(ImageCacheNames) or C(Filters)."""
        found: Dict[str, Mapping[str, Any]] = {}
        offset = 0
        for _page in range(MAX_PAGES):
            parameters = {**selection, "Limit": PAGE_SIZE, "Offset": offset}
            answer = self._call("DescribeImageCaches", parameters, deadline)
            page, total = _page_of(answer)
            found.update((cache["ImageCacheId"], cache) for cache in page)
            offset += len(page)
            if not page or offset >= total:
                return Listing(list(found.values()), answer.request_id)
        raise MalformedAnswer(f"a listing of more than {MAX_PAGES} pages", action="DescribeImageCaches")

    def _call(self, action: str, parameters: Mapping[str, Any], deadline: Deadline) -> Answer:
        writes = action in WRITES
        if writes and self._check_mode:
            raise WriteRefused(f"{action} was asked for in check mode; nothing was sent")
        return self._api.call(action, parameters, deadline, writes=writes)


def _page_of(answer: Answer) -> Tuple[List[Mapping[str, Any]], int]:
    """Return the caches of a page and the listing's total; MalformedAnswer where the answer has neither."""
    caches, total = answer.fields.get("ImageCaches"), answer.fields.get("TotalCount")
    if caches is None and total == 0:
        caches = []
    if isinstance(caches, list) and isinstance(total, int) and all(_has_id(cache) for cache in caches):
        return caches, total
    raise MalformedAnswer(
        "a listing without its ImageCaches or its TotalCount",
        action="DescribeImageCaches",
        request_id=answer.request_id,
    )


def _has_id(cache: Any) -> bool:
    return isinstance(cache, dict) and isinstance(cache.get("ImageCacheId"), str)
