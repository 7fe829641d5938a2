# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Read a listing by pages, which may shift, shrink, repeat or end during the reading."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import MalformedAnswer
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer

__all__ = ["PAGE_SIZE", "Listing", "combine", "has_id", "read_all", "read_selected"]

# "Limit ... default 20, maximum 50": DescribeImageCaches, TKE API 2018-05-25.
PAGE_SIZE = 50
# An endless listing is a fault of the server: 1,000 pages are 50,000 caches. Reading also stops this number of seconds
# after the deadline.
MAX_PAGES = 1000
GRACE = 60.0
# How often a selection is read until it does not change between its pages.
MAX_READINGS = 5
# An id has 12 characters. It is used in requests, so its length is limited.
LONGEST_ID = 200

# Requests the page that starts at an offset.
Fetch = Callable[[int], Answer]


class Listing(NamedTuple):
    """The image caches of a listing, as the API returns them, each id once.

    C(total) is the total that the API returned last. C(whole) says that the pages are consistent: they repeat no cache,
    and all have the same total, which equals the number of caches.
    """

    image_caches: Sequence[Mapping[str, Any]]
    request_id: Optional[str]
    total: int
    whole: bool


def combine(listings: Sequence[Listing]) -> Listing:
    """Return several listings as one. Names that match in part may select a cache more than once."""
    caches = {cache["ImageCacheId"]: cache for listing in listings for cache in listing.image_caches}
    whole = all(listing.whole for listing in listings)
    request_id = listings[-1].request_id if listings else None
    return Listing(list(caches.values()), request_id, len(caches), whole)


def read_selected(fetch: Fetch, deadline: Deadline) -> Listing:
    """Return the caches of a selection by ids or names.

    Reading ends at the total that the API returns, or at a page that contains nothing new. Runs decide by the absence
    of a cache, and one may be missed if another is deleted between two pages. The selection is then read again. Raises
    MalformedAnswer, and what C(fetch) raises.
    """
    for _reading in range(MAX_READINGS):
        listing, has_changed = _read(fetch, lambda page, new, reached: reached or not new, deadline)
        if not has_changed:
            break
    return listing


def read_all(fetch: Fetch, deadline: Deadline) -> Listing:
    """Return every image cache, even if there are more than the total that the API returns.

    If a cache is deleted during the reading, the others move up and one may be missed. The listing is then not
    C(whole), and the caller warns. Raises MalformedAnswer, and what C(fetch) raises.
    """
    return _read(fetch, _is_last_of_all, deadline)[0]


def _is_last_of_all(page: int, new: int, reached: bool) -> bool:
    # After a full page there may be more, even if the total is reached. A page without new caches means repetition.
    return not new or (reached and page < PAGE_SIZE)


def _read(fetch: Fetch, is_last: Callable[[int, int, bool], bool], deadline: Deadline) -> Tuple[Listing, bool]:
    """Return the listing, read until a page is empty or C(is_last), and whether it has changed between its pages.

    C(is_last) judges a page by its length, by the number of its new caches, and by whether the total is reached.
    """
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
            has_changed = len(totals) > 1 or offset > len(found)
            whole = not has_changed and total == len(found)
            return Listing(list(found.values()), answer.request_id, total, whole), has_changed
        if deadline.elapsed > deadline.seconds + GRACE:
            seconds = f"{deadline.elapsed:.0f}"
            raise MalformedAnswer(f"the listing did not end within {seconds} s", action="DescribeImageCaches")
    raise MalformedAnswer(f"the listing has more than {MAX_PAGES} pages", action="DescribeImageCaches")


def _page_of(answer: Answer) -> Tuple[List[Mapping[str, Any]], int]:
    """Return the caches of a page and the total of the listing. Raises MalformedAnswer if one is missing or invalid."""
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
    """Return whether this is an image cache. Only the id is required."""
    image_cache_id = cache.get("ImageCacheId") if isinstance(cache, dict) else None
    return isinstance(image_cache_id, str) and 0 < len(image_cache_id) <= LONGEST_ID
