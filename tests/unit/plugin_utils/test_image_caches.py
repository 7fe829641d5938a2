# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Image caches are read from the results of all modules."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._image_caches import InvalidResult, list_image_caches
from unit.support.manifests import image_cache
from unit.support.world import WEB, World

OPTIONS = {name: WEB[name] for name in ("images", "vpc_id", "subnet_id")}


def names(result: Any) -> list[Any]:
    return [cache["image_cache_name"] for cache in list_image_caches(result)]


def test_results_of_all_modules_contain_their_image_caches() -> None:
    world = World()
    one = world.run()
    entries = [{"image_cache_name": name} for name in ("a", "b")] + [{"image_cache_name": "c", "state": "absent"}]
    many = world.run_set(image_caches=entries, **OPTIONS)
    assert names(one) == ["web"]
    assert names(many) == ["a", "b"]
    assert sorted(names(world.run_info())) == ["a", "b", "web"]
    assert names(world.run_info(image_cache_names=["web"], match_images=["nginx:1"])) == ["web"]
    assert names({"results": [one, many], "changed": True}) == ["web", "a", "b"]
    assert names([one["image_cache"], many["image_caches"]]) == ["web", "a", "b"]
    assert names(many["image_caches"][0]) == ["a"]
    assert names(world.run(state="absent", name="web")) == []
    assert names({"image_caches": []}) == names([]) == []


def test_result_of_check_mode_contains_predicted_image_caches() -> None:
    (predicted,) = list_image_caches(World().run(check_mode=True))
    assert predicted["image_cache_id"] is None


def test_set_with_a_failed_entry_contains_the_others() -> None:
    entries = [
        {"failed": True, "msg": "No.", "image_cache": None},
        {"failed": True, "msg": "No.", "image_cache": image_cache(status="Failed", image_cache_name="broken")},
        {"failed": False, "image_cache": image_cache()},
    ]
    assert names({"failed": True, "msg": "2 of 3 image caches failed", "image_caches": entries}) == ["broken", "web"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "expected a result of image_cache_info, image_cache_set or image_cache, or a list of them."),
        ("imc-1", "expected a result of image_cache_info"),
        ([image_cache(), "imc-1"], "expected a result of image_cache_info"),
        ({"failed": True, "msg": "No."}, "the task that returned this result failed: No."),
        ({"results": [{"failed": True, "msg": "No."}]}, "the task that returned this result failed: No."),
        ({}, "the value contains no image caches. The result is from another module."),
        ({"stdout": "x"}, "the value contains no image caches."),
        ({"image_cache_id": "imc-1"}, "the value contains no image caches."),
    ],
)
def test_other_value_is_refused(value: Any, message: str) -> None:
    with pytest.raises(InvalidResult) as raised:
        list_image_caches(value)
    assert str(raised.value).startswith(message)


def test_long_message_of_another_task_is_cut() -> None:
    with pytest.raises(InvalidResult) as raised:
        list_image_caches({"failed": True, "msg": "x" * 1001})
    assert str(raised.value) == f"the task that returned this result failed: {'x' * 1000}"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda value: [value],
        lambda value: {"results": [value]},
        lambda value: {"image_caches": [value]},
        lambda value: {"image_cache": value},
    ],
    ids=["list", "results", "image_caches", "image_cache"],
)
def test_each_kind_of_nesting_counts_as_a_level(wrap: Any) -> None:
    def nest(times: int) -> Any:
        value = image_cache()
        for _time in range(times):
            value = wrap(value)
        return value

    # A list inside a result is a level of its own.
    each = 1 + (wrap(None) in ({"results": [None]}, {"image_caches": [None]}))
    assert names(nest(50 // each)) == ["web"]
    with pytest.raises(InvalidResult, match="the value has more than 50 levels"):
        list_image_caches(nest(50 // each + 1))


@pytest.mark.parametrize("key", ["results", "image_caches"])
def test_results_inside_a_list_count_as_levels(key: str) -> None:
    value: Any = image_cache()
    for _time in range(25):
        value = {key: [value]}
    with pytest.raises(InvalidResult, match="the value has more than 50 levels"):
        list_image_caches([value])


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("status", "Ready", [7, None, ["Ready"]]),
        ("image_cache_size", 20, [True, "20", 1.5]),
        ("images", ["a:1"], ["a:1", [1], {"a:1": 1}]),
        ("tags", {"a": "b"}, [["a"], {"a": 1}, {1: "b"}]),
        ("events", [{"reason": "x"}], ["x", ["x"], {}]),
        ("never_expires", False, [0, "no"]),
        ("created_at", "2026-01-01T00:00:00Z", [7]),
    ],
)
def test_value_of_another_type_than_the_modules_return_is_null(key: str, good: Any, bad: list[Any]) -> None:
    (cache,) = list_image_caches(image_cache(**{key: good}))
    assert cache[key] == good
    for value in bad:
        (cache,) = list_image_caches(image_cache(**{key: value}))
        assert cache[key] is None


def test_key_that_is_no_text_is_left_out_and_unknown_key_is_kept() -> None:
    (cache,) = list_image_caches({**image_cache(), 7: "x", "note": [1]})
    assert 7 not in cache
    assert cache["note"] == [1]


@pytest.mark.parametrize("image_cache_id", [7, ["imc-1"], {}])
def test_id_of_another_type_is_refused(image_cache_id: Any) -> None:
    with pytest.raises(InvalidResult, match=r"^an image_cache_id is .+\. The result is from another module\.$"):
        list_image_caches(image_cache(image_cache_id=image_cache_id))
