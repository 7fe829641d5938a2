# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which image cache serves a Pod: the smallest, then the newest, of those that contain all its images."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.serving import ServingCaches
from unit.support.manifests import image_cache


def find(caches: list[dict[str, Any]], *images: str, allow_pending: bool = False) -> Optional[str]:
    """Return the ID of the cache that serves the images."""
    cache = ServingCaches(caches, allow_pending).find_for(images)
    return None if cache is None else cache["image_cache_id"]


def cache(name: str, *images: str, **more: Any) -> dict[str, Any]:
    return image_cache(*images, image_cache_id=f"imc-{name}", image_cache_name=name, **more)


@pytest.mark.parametrize("reverse", [False, True])
def test_smaller_cache_precedes_newer_one(reverse: bool) -> None:
    caches = [
        cache("large", "a:1", image_cache_size=30_000, created_at="2026-03-09T00:00:00Z"),
        cache("old", "a:1", created_at="2026-03-01T00:00:00Z"),
        cache("new", "a:1", "b:1", created_at="2026-03-02T00:00:00Z"),
        cache("unknown", "a:1", image_cache_size=None),
    ]
    assert find(caches[::-1] if reverse else caches, "a:1") == "imc-new"
    assert find([caches[0], caches[3]], "a:1") == "imc-large"
    assert find([caches[3]], "a:1") == "imc-unknown"


def test_all_images_must_be_in_one_cache() -> None:
    caches = [cache("a", "a:1", "b:1"), cache("c", "b:1", "c:1")]
    assert find(caches, "a:1", "b:1") == "imc-a"
    assert find(caches, "c:1", "b:1", "c:1") == "imc-c"
    assert find(caches, "a:1", "c:1") is None
    assert find(caches, "d:1") is None
    assert find([], "a:1") is None
    assert find(caches) is None


def test_listing_may_complete_references() -> None:
    for shown in ("nginx", "nginx:latest", "docker.io/library/nginx", "docker.io/library/nginx:latest"):
        assert find([cache("a", shown)], "nginx") == "imc-a", shown
    caches = [cache("full", "docker.io/library/a:1", image_cache_size=50), cache("short", "a:1"), cache("new", "a:1")]
    caches[2]["created_at"] = "2126-03-09T00:00:00Z"
    assert find(caches, "a:1") == "imc-new"
    assert find(caches[:1], "a:1") == "imc-full"


def test_missing_tag_is_latest_and_the_rest_is_compared_as_written() -> None:
    assert find([cache("a", "nginx")], "nginx:latest") == "imc-a"
    assert find([cache("a", "nginx:latest")], "nginx") == "imc-a"
    assert find([cache("a", "nginx:latest")], "docker.io/library/nginx") is None


@pytest.mark.parametrize(
    ("more", "serves", "serves_pending"),
    [
        ({"status": "Pending"}, False, True),
        ({"status": "Updating"}, False, True),
        ({"status": "Failed"}, False, False),
        ({"status": "UpdateFailed"}, False, False),
        ({"status": None}, False, True),
        ({"image_cache_id": None, "status": None, "created_at": None}, False, True),
        ({"image_cache_id": None}, False, True),
    ],
)
def test_only_ready_cache_serves_unless_pending_is_allowed(
    more: dict[str, Any], serves: bool, serves_pending: bool
) -> None:
    caches = [image_cache("a:1", **more)]
    assert (ServingCaches(caches, False).find_for(["a:1"]) is not None) is serves
    assert (ServingCaches(caches, True).find_for(["a:1"]) is not None) is serves_pending


def test_larger_ready_cache_serves_while_the_smaller_one_is_built() -> None:
    caches = [cache("small", "a:1", status="Updating"), cache("large", "a:1", image_cache_size=50)]
    assert find(caches, "a:1") == "imc-large"
    assert find(caches, "a:1", allow_pending=True) == "imc-small"


def test_predicted_cache_counts_as_the_newest() -> None:
    caches = [cache("now", "a:1"), cache("soon", "a:1", created_at=None)]
    assert find(caches, "a:1", allow_pending=True) == "imc-soon"


def test_missing_images_are_those_that_the_closest_usable_cache_lacks() -> None:
    caches = [cache("a", "a:1"), cache("ab", "a:1", "b"), cache("abc", "a:1", "b", "c:1", status="Failed")]
    serving = ServingCaches(caches, False)
    assert serving.find_missing(["a:1", "b:latest", "c:1"]) == ["c:1"]
    assert serving.find_missing(["x:1", "y:1"]) == ["x:1", "y:1"]
    assert serving.find_missing(["c:1"]) == ["c:1"]


def test_reason_names_the_cache_that_cannot_be_used() -> None:
    caches = [cache("broken", "a:1", status="Failed"), cache("odd", "b:1", status=None), cache("soon", "c:1")]
    caches[2]["image_cache_id"] = None
    serving = ServingCaches(caches, False)
    assert serving.explain(["a:1"]) == "image cache broken (imc-broken) contains all images but is Failed"
    assert serving.explain(["b:1"]) == "image cache odd (imc-odd) contains all images but is of unknown status"
    assert serving.explain(["c:1"]) == "image cache soon contains all images but has no ID"
    assert serving.explain(["a:1", "b:1"]) == "no image cache contains all images"


def test_common_image_does_not_make_a_search_long() -> None:
    """The caches with the rarest image are looked at, not all that contain a sidecar."""
    looked = 0

    class CountingCache(dict):  # type: ignore[type-arg]
        def get(self, key: str, default: Any = None) -> Any:
            nonlocal looked
            looked += key == "status"
            return super().get(key, default)

    caches = [CountingCache(cache(f"c{number}", "sidecar:1", f"app:{number}")) for number in range(100)]
    serving = ServingCaches(caches, False)
    for number in range(100):
        found = serving.find_for(["sidecar:1", f"app:{number}"])
        assert found is caches[number]
    assert looked == 100
