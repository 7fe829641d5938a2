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
