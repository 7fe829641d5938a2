# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A listing of everything, from pages that shift, shrink, repeat and lie while they are read."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client

from .test_api import FakeClock, forever

Change = Callable[[list[str]], Any]


class Shelf:
    """Serves pages of these ids, as many as C(most) to a page; C(changes) happen after the call of that number."""

    def __init__(self, count: int, changes: dict[int, Change], most: int = 50, total: Any = None) -> None:
        self.ids, self.changes, self.most, self.total = [f"imc-{n:03}" for n in range(count)], changes, most, total
        self.calls = 0

    def send(self, action: str, parameters: Any) -> dict[str, Any]:
        first, size = parameters["Offset"], min(parameters["Limit"], self.most)
        page = [{"ImageCacheId": image_cache_id} for image_cache_id in self.ids[first : first + size]]
        total = len(self.ids) if self.total is None else self.total
        self.calls += 1
        self.changes.get(self.calls, lambda ids: None)(self.ids)
        return {"TotalCount": total, "ImageCaches": page}


def listed(shelf: Any) -> Any:
    return Client(shelf, retries=0, check_mode=False, clock=FakeClock()).describe_all(forever())


def selected(shelf: Any) -> Any:
    return Client(shelf, retries=0, check_mode=False, clock=FakeClock()).describe(forever(), ImageCacheNames=["a"])


def ids(listing: Any) -> list[str]:
    return [cache["ImageCacheId"] for cache in listing.image_caches]


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (49, 1), (50, 2), (51, 2), (100, 3), (120, 3)], ids=str)
def test_every_page_is_read_and_a_full_one_proves_nothing(count: int, calls: int) -> None:
    shelf = Shelf(count, {})
    listing = listed(shelf)
    assert (ids(listing), listing.whole, shelf.calls) == (shelf.ids, True, calls)


def test_deletion_that_moves_a_cache_past_the_reader_makes_the_listing_not_whole() -> None:
    shelf = Shelf(120, {1: lambda there: there.pop(0)})
    listing = listed(shelf)
    assert len(ids(listing)) == 119
    assert not listing.whole
    assert shelf.calls == 3


def test_cache_made_meanwhile_moves_one_onto_two_pages_and_is_listed_once() -> None:
    shelf = Shelf(120, {1: lambda there: there.insert(0, "imc-new")})
    listing = listed(shelf)
    assert ids(listing) == [f"imc-{number:03}" for number in range(120)]
    assert not listing.whole


def test_selection_of_one_page_takes_one_call() -> None:
    shelf = Shelf(50, {})
    assert (ids(selected(shelf)), shelf.calls) == (shelf.ids, 1)
    shelf = Shelf(51, {})
    assert (ids(selected(shelf)), shelf.calls) == (shelf.ids, 2)


def test_a_total_that_is_too_small_ends_nothing() -> None:
    shelf = Shelf(120, {}, total=50)
    listing = listed(shelf)
    assert (ids(listing), listing.whole, listing.total) == (shelf.ids, False, 50)


def test_a_total_that_is_too_large_does_not_go_on_for_ever() -> None:
    shelf = Shelf(60, {}, total=10**9)
    listing = listed(shelf)
    assert (ids(listing), listing.whole) == (shelf.ids, False)
    assert shelf.calls == 3


def test_pages_may_be_smaller_than_asked_for() -> None:
    shelf = Shelf(120, {}, most=20)
    listing = listed(shelf)
    assert (ids(listing), listing.whole, shelf.calls) == (shelf.ids, True, 6)


def test_the_same_page_again_and_again_comes_to_an_end() -> None:
    class Deaf:
        def send(self, action: str, parameters: Any) -> dict[str, Any]:
            return {"TotalCount": 120, "ImageCaches": [{"ImageCacheId": f"imc-{number}"} for number in range(50)]}

    listing = listed(Deaf())
    assert len(ids(listing)) == 50
    assert not listing.whole
