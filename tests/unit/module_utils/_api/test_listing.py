# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings whose pages shift, shrink, repeat or never end while they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.listing import Listing, combine
from unit.support.clock import FakeClock, distant_deadline
from unit.support.transport import ScriptedTransport, create_client
from unit.support.world import LIST, World
from unit.support.wrong_answers import WrongAnswer, WrongAnswerWorld, set_total

Change = Callable[[list[str]], Any]


class PageServer:
    """Serves pages of a list of IDs, C(most) to a page. C(changes) are made after the call with that number."""

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


def read_listing(server: Any) -> Any:
    """Read the listing of all caches."""
    return create_client(server, retries=0).describe_all(distant_deadline())


def read_selection(server: Any) -> Any:
    """Read the listing of a selection."""
    return create_client(server, retries=0).describe(distant_deadline(), ImageCacheNames=["a"])


def ids_of(listing: Any) -> list[str]:
    """Return the IDs of the listed caches."""
    return [cache["ImageCacheId"] for cache in listing.image_caches]


def numbered_ids(first: int, end: int) -> list[str]:
    """Return the IDs of these numbers."""
    return [f"imc-{number}" for number in range(first, end)]


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (49, 1), (50, 2), (51, 2), (100, 3), (120, 3)], ids=str)
def test_pages_are_read_until_one_is_not_full(count: int, calls: int) -> None:
    server = PageServer(count, {})
    listing = read_listing(server)
    assert (ids_of(listing), listing.whole, server.calls) == (server.ids, True, calls)


def test_deletion_between_pages_makes_listing_incomplete() -> None:
    server = PageServer(120, {1: lambda ids: ids.pop(0)})
    listing = read_listing(server)
    assert len(ids_of(listing)) == 119
    assert not listing.whole
    assert server.calls == 3


def test_cache_on_two_pages_after_creation_is_listed_once() -> None:
    server = PageServer(120, {1: lambda ids: ids.insert(0, "imc-new")})
    listing = read_listing(server)
    assert ids_of(listing) == [f"imc-{number:03}" for number in range(120)]
    assert not listing.whole


def test_selection_of_one_page_takes_one_call() -> None:
    server = PageServer(50, {})
    assert (ids_of(read_selection(server)), server.calls) == (server.ids, 1)
    server = PageServer(51, {})
    assert (ids_of(read_selection(server)), server.calls) == (server.ids, 2)


def test_selection_is_read_again_if_a_deletion_between_pages_hides_a_cache() -> None:
    server = PageServer(60, {1: lambda ids: ids.pop(0)})
    listing = read_selection(server)
    assert (ids_of(listing), listing.whole, server.calls) == (server.ids, True, 4)


def test_selection_that_changes_during_each_reading_is_read_five_times() -> None:
    server = PageServer(70, {call: lambda ids: ids.pop(0) for call in range(1, 20, 2)})
    listing = read_selection(server)
    assert (listing.whole, server.calls) == (False, 10)


def test_selection_of_one_page_with_a_wrong_total_takes_one_call() -> None:
    server = PageServer(60, {}, total=3)
    listing = read_selection(server)
    assert (len(ids_of(listing)), listing.whole, server.calls) == (50, False, 1)


def test_total_that_is_too_small_does_not_end_listing() -> None:
    server = PageServer(120, {}, total=50)
    listing = read_listing(server)
    assert (ids_of(listing), listing.whole, listing.total) == (server.ids, False, 50)


def test_total_that_is_too_large_does_not_prolong_listing() -> None:
    server = PageServer(60, {}, total=10**9)
    listing = read_listing(server)
    assert (ids_of(listing), listing.whole) == (server.ids, False)
    assert server.calls == 3


def test_pages_smaller_than_requested_are_all_read() -> None:
    server = PageServer(120, {}, most=20)
    listing = read_listing(server)
    assert (ids_of(listing), listing.whole, server.calls) == (server.ids, True, 6)


def test_repeated_page_ends_listing() -> None:
    class OnePageServer:
        def send(self, action: str, parameters: Any) -> dict[str, Any]:
            return {"TotalCount": 120, "ImageCaches": [{"ImageCacheId": f"imc-{number}"} for number in range(50)]}

    listing = read_listing(OnePageServer())
    assert len(ids_of(listing)) == 50
    assert not listing.whole


def test_selection_whose_pages_shift_is_read_to_the_end_and_again() -> None:
    def page(ids: Any, total: int) -> dict[str, Any]:
        return {"TotalCount": total, "ImageCaches": [{"ImageCacheId": i} for i in ids]}

    shifting = (page(numbered_ids(0, 50), 101), page(numbered_ids(49, 99), 101), page(numbered_ids(99, 101), 101))
    steady = (page(numbered_ids(0, 50), 100), page(numbered_ids(50, 100), 100))
    script = ScriptedTransport(*shifting, *steady)
    listing = create_client(script).describe(distant_deadline(), ImageCacheNames=["a"])
    assert [parameters["Offset"] for _action, parameters in script.calls] == [0, 50, 100, 0, 50]
    assert (ids_of(listing), listing.whole) == (numbered_ids(0, 100), True)


def test_slow_listing_fails_after_its_time_limit() -> None:
    clock = FakeClock()

    class SlowServer:
        def send(self, action: str, parameters: Any) -> dict[str, Any]:
            clock.now += 5
            return {"TotalCount": 10**9, "ImageCaches": [{"ImageCacheId": f"imc-{parameters['Offset']}"}]}

    client = create_client(SlowServer(), clock, retries=0)
    with pytest.raises(errors.MalformedAnswer, match="did not end within 95 s"):
        client.describe(Deadline(clock, 30), ImageCacheNames=["a"])


def test_empty_page_despite_large_total_ends_listing() -> None:
    # The first empty page is requested again because the total promises more.
    script = ScriptedTransport(*2 * [{"TotalCount": 10**9, "ImageCaches": []}])
    assert create_client(script).describe(distant_deadline()).image_caches == []


def test_endless_listing_is_refused() -> None:
    class EndlessServer:
        def send(self, action: str, parameters: Any) -> dict[str, Any]:
            return {"TotalCount": 10**9, "ImageCaches": [{"ImageCacheId": f"imc-{parameters['Offset']}"}]}

    with pytest.raises(errors.MalformedAnswer, match="more than 1000 pages"):
        create_client(EndlessServer(), retries=0).describe(distant_deadline())


def test_listing_of_exactly_as_many_pages_as_allowed_is_read() -> None:
    class LongServer:
        def send(self, action: str, parameters: Any) -> dict[str, Any]:
            return {"TotalCount": 1000, "ImageCaches": [{"ImageCacheId": f"imc-{parameters['Offset']}"}]}

    listing = create_client(LongServer(), retries=0).describe(distant_deadline())
    assert (len(listing.image_caches), listing.whole, listing.total) == (1000, True, 1000)


@pytest.mark.parametrize(("seconds", "calls"), [(45.0, 3), (45.5, 2)])
def test_listing_may_take_a_minute_longer_than_the_deadline(seconds: float, calls: int) -> None:
    clock = FakeClock()

    class SlowServer:
        calls = 0

        def send(self, action: str, parameters: Any) -> dict[str, Any]:
            self.calls += 1
            clock.now += seconds
            return {"TotalCount": 10**9, "ImageCaches": [{"ImageCacheId": f"imc-{parameters['Offset']}"}]}

    server = SlowServer()
    with pytest.raises(errors.MalformedAnswer, match="did not end within"):
        create_client(server, clock, retries=0).describe(Deadline(clock, 30), ImageCacheNames=["a"])
    # A page that arrives 60 s after the deadline is the last one in time.
    assert server.calls == calls


@pytest.mark.parametrize(
    ("page", "total", "is_valid"),
    [
        ([{"ImageCacheId": "imc-1"}], 1, True),
        ([{"ImageCacheId": "i" * 200}], 1, True),
        ([{"ImageCacheId": "i" * 201}], 1, False),
        ([{"ImageCacheId": ""}], 1, False),
        ([{"ImageCacheId": 7}], 1, False),
        ([{}], 1, False),
        (["imc-1"], 1, False),
        ([{"ImageCacheId": "imc-1"}, {}], 2, False),
        ({}, 0, False),
        ([], "0", False),
        ([], None, False),
        (None, 1, False),
        (None, None, False),
    ],
    ids=str,
)
def test_page_that_is_no_list_of_caches_with_ids_is_refused(page: Any, total: Any, is_valid: bool) -> None:
    answer = {"TotalCount": total, "ImageCaches": page, "RequestId": "r-7"}
    client = create_client(ScriptedTransport(*[answer] * 9), retries=0)
    if is_valid:
        assert client.describe(distant_deadline()).request_id == "r-7"
        return
    with pytest.raises(errors.MalformedAnswer, match="has no valid ImageCaches or TotalCount") as raised:
        client.describe(distant_deadline())
    assert (raised.value.action, raised.value.request_id) == (LIST, "r-7")


def test_combined_listing_has_each_cache_once() -> None:
    first = Listing([{"ImageCacheId": "a"}, {"ImageCacheId": "b"}], "r-1", 2, True)
    second = Listing([{"ImageCacheId": "b"}, {"ImageCacheId": "c"}], "r-2", 2, False)
    both = combine([first, second])
    assert (ids_of(both), both.request_id, both.total, both.whole) == (["a", "b", "c"], "r-2", 3, False)
    assert combine([first]).whole is True
    nothing = combine([])
    assert (ids_of(nothing), nothing.request_id, nothing.total, nothing.whole) == ([], None, 0, True)


def test_null_listing_is_empty() -> None:
    client = create_client(ScriptedTransport({"TotalCount": 0, "ImageCaches": None}))
    assert client.describe(distant_deadline()).image_caches == []


def test_repeated_page_of_selection_ends_module_run() -> None:
    world = WrongAnswerWorld(WrongAnswer(LIST, 1, 10**6, set_total(10**9)))
    world.create_cache()
    assert world.run()["changed"] is False
    assert len(world.calls) < 5


def test_endless_pages_fail_each_module() -> None:
    numbers = iter(range(10**6))

    def add_page(_action: str, answer: Any) -> Any:
        return {**answer, "TotalCount": 10**9, "ImageCaches": [{"ImageCacheId": f"imc-{next(numbers)}"}]}

    for run in (World.run, World.run_info, lambda world: World.run_prune(world, older_than="1d")):
        world = WrongAnswerWorld(WrongAnswer(LIST, 1, 10**6, add_page))
        assert "the listing has more than 1000 pages" in run(world)["msg"]
        assert set(world.calls) == {LIST}
