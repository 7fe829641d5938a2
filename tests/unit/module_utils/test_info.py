# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Selections and matches of image_cache_info, and the calls that they need."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _info
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import Throttled
from emulator.errors import ApiProblem
from unit.support.world import LIST, World

MATCH = "GetMostSuitableImageCache"


def names_of(result: dict[str, Any]) -> list[str]:
    """Return the names of the caches of a result that did not fail."""
    assert "failed" not in result, result
    return [cache["image_cache_name"] for cache in result["image_caches"]]


def test_all_caches_of_the_region_are_returned_with_their_ages() -> None:
    world = World()
    world.create_cache(ImageCacheName="web")
    world.clock.now += 2 * 86400
    result = world.run_info()
    assert (result["changed"], result["region"], names_of(result)) == (False, "ap-guangzhou", ["web"])
    assert result["image_caches"][0]["age_days"] == 2.01
    assert "match" not in result
    assert "permissions" not in result
    assert world.calls == [LIST]


@pytest.mark.parametrize(("pause", "calls"), [(60.0, 10), (59.95, 11)])
def test_throttled_listing_fails_within_ten_minutes(pause: float, calls: int) -> None:
    world = World()
    world.retries = 1000

    def throttle(action: str, _parameters: Any) -> Any:
        world.calls.append(action)
        raise Throttled("Slow down.", action=action, code="RequestLimitExceeded", retry_after=pause)

    world.send = throttle  # type: ignore[method-assign]
    began = world.clock.now
    result = world.run_info()
    assert (result["failed"], result["error"]["code"]) == (True, "RequestLimitExceeded")
    # The run does not begin a pause that would last longer.
    assert world.calls == [LIST] * calls
    assert world.clock.now - began == pytest.approx(pause * (calls - 1))


def test_only_selected_caches_are_requested() -> None:
    world = World()
    web, other = world.create_cache(), world.create_cache(ImageCacheName="other")
    assert names_of(world.run_info(image_cache_ids=[web.id, web.id])) == ["web"]
    assert names_of(world.run_info(image_cache_names=["other", "other"])) == ["other"]
    assert names_of(world.run_info(image_cache_ids=[web.id, other.id], image_cache_names=["other"])) == ["other"]
    requests = [{name: value for name, value in r.items() if name.startswith("Image")} for _a, r in world.requests]
    assert requests == [
        {"ImageCacheIds": [web.id]},
        {"ImageCacheNames": ["other"]},
        {"ImageCacheIds": [web.id, other.id]},
    ]


def test_more_than_fifty_names_take_several_calls() -> None:
    world = World()
    names = [f"web-{number}" for number in range(101)]
    for name in names:
        world.start_build(ImageCacheName=name)
    assert sorted(names_of(world.run_info(image_cache_names=names))) == sorted(names)
    assert [len(request["ImageCacheNames"]) for _action, request in world.requests] == [50, 50, 1]


def test_empty_selection_returns_nothing_without_a_call() -> None:
    world = World()
    world.create_cache()
    assert names_of(world.run_info(image_cache_ids=[])) == []
    assert world.calls == []


class TestMatch:
    def test_matching_cache_is_returned_with_the_images_that_it_holds(self) -> None:
        world = World()
        cache = world.create_cache(Images=["nginx:1", "redis:7"])
        result = world.run_info(match_images=["redis:7"])
        assert result["match"]["found"] is True
        assert result["match"]["image_cache"]["image_cache_id"] == cache.id
        assert result["match"]["image_cache"]["age_days"] == 0.01
        assert (result["match"]["covered"], result["match"]["missing"]) == (["redis:7"], [])

    def test_without_a_match_all_images_are_missing(self) -> None:
        result = World().run_info(match_images=["redis:7", "nginx:1"])
        assert result["match"] == {
            "found": False,
            "image_cache": None,
            "covered": [],
            "missing": ["redis:7", "nginx:1"],
        }

    def test_snapshotter_is_part_of_the_request(self) -> None:
        world = World()
        world.run_info(match_images=["redis:7"], snapshotter="overlayfs")
        assert world.requests[-1] == (MATCH, {"Images": ["redis:7"], "Snapshotter": "overlayfs"})

    @pytest.mark.parametrize("events", ["last", "all", "none"])
    def test_events_of_matching_cache_are_selected_as_those_of_listed_ones(self, events: str) -> None:
        world = World()
        world.create_cache()
        result = world.run_info(match_images=["nginx:1"], events=events)
        assert result["match"]["image_cache"]["events"] == result["image_caches"][0]["events"]
        assert bool(result["match"]["image_cache"]["events"]) is (events != "none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"match_images": []}, "match_images is empty. Set it to the images of the Pod."),
        ({"match_images": ["nginx:1", ""]}, "match_images[1]"),
        ({"snapshotter": "overlayfs"}, "snapshotter requires match_images."),
        ({"snapshotter": "a\ud800", "match_images": ["nginx:1"]}, "snapshotter is not valid Unicode"),
        (
            {"check_permissions": True, "name_pattern": "*"},
            "check_permissions and name_pattern are mutually exclusive.",
        ),
        (
            {"check_permissions": True, "match_images": ["nginx:1"]},
            "check_permissions and match_images are mutually exclusive.",
        ),
    ],
    ids=str,
)
def test_invalid_query_is_refused_before_any_request(options: dict[str, Any], message: str) -> None:
    world = World()
    result = world.run_info(**options)
    assert result["failed"] is True
    assert result["msg"].startswith(message)
    assert world.calls == []


def test_all_problems_of_a_query_are_named() -> None:
    result = World().run_info(snapshotter="overlayfs", check_permissions=True, statuses=[])
    assert result["msg"] == (
        "snapshotter requires match_images. check_permissions and statuses are mutually exclusive."
    )


def test_failed_match_keeps_the_listing() -> None:
    world = World()
    world.create_cache()
    call = world.service.call

    def refuse(action: str, parameters: Any) -> dict[str, Any]:
        if action == MATCH:
            raise ApiProblem("UnauthorizedOperation", "You are not authorized.")
        return call(action, parameters)

    world.service.call = refuse  # type: ignore[method-assign]
    result = world.run_info(match_images=["nginx:1"])
    assert result["failed"] is True
    assert result["error"]["code"] == "UnauthorizedOperation"
    assert result["msg"].startswith(f"image caches: {MATCH} failed: You are not authorized")
    assert [cache["image_cache_name"] for cache in result["image_caches"]] == ["web"]


def test_listing_that_changes_while_it_is_read_causes_a_warning() -> None:
    world = World()
    for number in range(60):
        world.start_build(ImageCacheName=f"web-{number}")

    def delete_one(moment: str, number: int) -> None:
        if (moment, number) == ("after", 1):
            world.service.caches.pop(next(iter(world.service.caches)))

    world.watch = delete_one
    result = world.run_info()
    (warning,) = world.warnings
    listed = len(result["image_caches"])
    assert warning.startswith("The listing changed while it was read: it returned")
    assert f"it returned {listed} image caches, but its total is 59." in warning


def test_argument_spec_has_the_choices_of_events() -> None:
    spec = _info.image_cache_info_spec(lambda *_args: None)
    assert spec["events"] == {"type": "str", "default": "last", "choices": ["last", "all", "none"]}
    assert spec["match_images"] == {"type": "list", "elements": "str"}
    assert spec["check_permissions"] == {"type": "bool", "default": False}
