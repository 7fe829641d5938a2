# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers of the stories: they create image caches in the emulator, describe entries of a set, and read results."""

from __future__ import annotations

from typing import Any, Optional

from emulator import BuildFailure, Emulator

from .controller import Run

LIST, CREATE, UPDATE, DELETE = "DescribeImageCaches", "CreateImageCache", "UpdateImageCache", "DeleteImageCaches"
# The options that the stories of the set module give next to their entries.
SET_OPTIONS = {"vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8", "wait_interval": 0.2}


def start_build(emulator: Emulator, region: str = "ap-guangzhou", **parameters: Any) -> str:
    """Create a cache in the emulator whose build has just started, and return its ID."""
    declared = {"ImageCacheName": "web", "Images": ["nginx:1.27.3"], "VpcId": "vpc-1", "SubnetId": "subnet-1"}
    answer = emulator.region(region).call(CREATE, {**declared, **parameters})
    return str(answer["ImageCacheId"])


def create_cache(emulator: Emulator, region: str = "ap-guangzhou", **parameters: Any) -> str:
    """Create a cache in the emulator that is Ready, as if by another client, and return its ID."""
    image_cache_id = start_build(emulator, region, **parameters)
    build = emulator.region(region).caches[image_cache_id].builds[-1]
    build.began, build.looks = build.began - 60, None
    return image_cache_id


def create_failed_cache(emulator: Emulator, region: str = "ap-guangzhou", **parameters: Any) -> str:
    """Create a cache in the emulator whose build has failed, and return its ID. Later builds succeed."""
    emulator.settings.failures = [BuildFailure("nginx")]
    image_cache_id = create_cache(emulator, region, **parameters)
    emulator.settings.failures = []
    return image_cache_id


def create_cache_of_age(emulator: Emulator, days: float, matched: Optional[float] = None, **parameters: Any) -> str:
    """Create a cache that was built C(days) ago and last matched C(matched) days ago, and return its ID."""
    shown = parameters.pop("shown", {})
    image_cache_id = create_cache(emulator, **parameters)
    cache = emulator.region().caches[image_cache_id]
    cache.created -= days * 86400
    cache.builds[-1].began -= days * 86400
    cache.matched = None if matched is None else cache.created + (days - matched) * 86400
    cache.shown.update(shown)
    return image_cache_id


def find_only_cache(emulator: Emulator) -> Any:
    """Return the only cache of the region; it has the declared name and is Ready."""
    (cache,) = emulator.region().caches.values()
    assert cache.declared["ImageCacheName"] == "web"
    assert emulator.region().status(cache) == "Ready"
    return cache


def reported_actions(run: Run) -> list[tuple[str, list[str]]]:
    """Return the actions that the result reports, each with its fields."""
    return [(action["action"], action["fields"]) for action in run.result["actions"]]


def set_entries(*names: str, **options: Any) -> list[dict[str, Any]]:
    """Return an entry of the set module for each name, all with the same options."""
    return [{"name": name, "images": ["nginx:1.27.3"], **options} for name in names]


def numbered_names(count: int) -> list[str]:
    """Return different names of caches."""
    return [f"cache-{number:03}" for number in range(count)]
