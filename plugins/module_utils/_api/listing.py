# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. A listing from its pages, which may shift, shrink, repeat or end while they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import MalformedAnswer
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer

__all__ = ["PAGE_SIZE", "Listing", "has_id", "read_all", "read_selected"]

# "Limit ... default 20, maximum 50": DescribeImageCaches, TKE API 2018-05-25.
PAGE_SIZE = 50
# A listing that never ends is a server's fault; 1,000 pages are 50,000 caches. Nor is one read on for more than these
# seconds after the deadline.
MAX_PAGES = 1000
GRACE = 60.0
# An id has 12 characters. It goes back into requests, so it is not to be of any length.
LONGEST_ID = 200

# Sends the request for the page that begins at an offset.
Fetch = Callable[[int], Answer]


@dataclass(frozen=True)
class Listing:
    """The image caches of a listing, as the API gives them, each id once.

    C(total) is how many there are by the API's last word. C(whole) says that the pages fit together: none repeated
    a cache, and all were of one total, which is the number of caches.
    """

    image_caches: Sequence[Mapping[str, Any]]
    request_id: Optional[str]
    total: int = 0
    whole: bool = True


def read_selected(fetch: Fetch, deadline: Deadline) -> Listing:
    """Return what a selection by ids or names shows, up to the number that the API says there are, or to a page that
    shows nothing new.

    Raises MalformedAnswer, and what C(fetch) raises.
    """
    return _read(fetch, lambda page, new, reached: reached or not new, deadline)


def read_all(fetch: Fetch, deadline: Deadline) -> Listing:
    """Return every image cache, whatever number the API says there are.

    A cache that is deleted while pages are read moves the others up, one of them past the reader: then the listing is
    not C(whole), and its reader warns. Raises MalformedAnswer, and what C(fetch) raises.
    """
    return _read(fetch, _is_last_of_all, deadline)


def _is_last_of_all(page: int, new: int, reached: bool) -> bool:
    # A full page proves nothing, even where the total is reached; one with nothing new ends what repeats itself.
    return not new or (reached and page < PAGE_SIZE)


def _read(fetch: Fetch, is_last: Callable[[int, int, bool], bool], deadline: Deadline) -> Listing:
    """Read pages until one is empty or C(is_last), by its length, how much of it is new, and whether the total is
    reached."""
    found: Dict[str, Mapping[str, Any]] = {}
    offset, totals = 0, set()
    for _page in range(MAX_PAGES):
        answer = fetch(offset)
        page, total = _page_of(answer)
        known = len(found)
        found.update((cache["ImageCacheId"], cache) for cache in page)
        offset += len(page)
        totals.add(total)
        if not page or is_last(len(page), len(found) - known, offset >= total):
            whole = totals == {len(found)} and offset == len(found)
            return Listing(list(found.values()), answer.request_id, total, whole)
        if deadline.elapsed > deadline.seconds + GRACE:
            seconds = f"{deadline.elapsed:.0f}"
            raise MalformedAnswer(f"the listing did not end within {seconds} s", action="DescribeImageCaches")
    raise MalformedAnswer(f"the listing has more than {MAX_PAGES} pages", action="DescribeImageCaches")


def _page_of(answer: Answer) -> Tuple[List[Mapping[str, Any]], int]:
    """Return the caches of a page and the listing's total; MalformedAnswer where the answer has neither."""
    caches, total = answer.fields.get("ImageCaches"), answer.fields.get("TotalCount")
    if caches is None and total == 0:
        caches = []
    if isinstance(caches, list) and isinstance(total, int) and all(has_id(cache) for cache in caches):
        return caches, total
    raise MalformedAnswer(
        "the response has no valid ImageCaches or TotalCount",
        action="DescribeImageCaches",
        request_id=answer.request_id,
    )


def has_id(cache: Any) -> bool:
    """Return whether this is an image cache at all: everything but the id may be missing."""
    image_cache_id = cache.get("ImageCacheId") if isinstance(cache, dict) else None
    return isinstance(image_cache_id, str) and 0 < len(image_cache_id) <= LONGEST_ID
