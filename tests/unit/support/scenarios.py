# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Caches in the states that runs find, and what runs then declare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator import BuildFailure
from emulator.service import Cache
from unit.support.world import Killed, World

# For create_expiring_cache().
RENEW = {"retention_days": 30, "min_days_left": 5}
ADD_TAG = {"tags": {"new": "1"}, "purge_tags": False}
REPLACE = {"images": ["nginx:2"], "on_change": "replace"}


def create_nothing(world: World) -> None:
    pass


def create_ready_cache(world: World) -> Cache:
    return world.create_cache(Tags=[{"Key": "team", "Value": "web"}])


def create_expiring_cache(world: World, **parameters: Any) -> Cache:
    """Create a cache that is kept for 30 days and has less than 3 left."""
    cache = world.create_cache(RetentionDays=30, **parameters)
    world.clock.now += 27.1 * 86400
    return cache


def create_tracked_cache(world: World) -> Cache:
    result = world.run(track_build_settings=True, security_group_ids=["sg-1"])
    world.clock.now += 60
    return world.service.caches[result["image_cache_id"]]


def create_pending_cache(world: World) -> Cache:
    return world.start_build()


def create_failed_cache(world: World) -> Cache:
    world.settings.failures = [BuildFailure("nginx")]
    cache = world.create_cache()
    world.settings.failures = []
    return cache


def create_cache_with_failed_update(world: World, **parameters: Any) -> Cache:
    cache = world.create_cache(Images=["nginx:0"], **parameters)
    world.settings.failures = [BuildFailure("nginx")]
    world.service.call("UpdateImageCache", {"ImageCacheId": cache.id, "Images": ["nginx:1"]})
    world.clock.now += 60
    world.settings.failures = []
    return cache


def create_replacement(world: World, **parameters: Any) -> Cache:
    return world.create_cache(ImageCacheName="web-replacement", **parameters)


def cache_with_replacement(**parameters: Any) -> Callable[[World], Cache]:
    """Return a function that creates a Ready cache and a replacement of an earlier run."""

    def set_up(world: World) -> Cache:
        cache = create_ready_cache(world)
        create_replacement(world, **parameters)
        return cache

    return set_up


def create_cache_with_failed_replacement(world: World) -> Cache:
    cache = create_ready_cache(world)
    world.settings.failures = [BuildFailure("nginx:2")]
    create_replacement(world, Images=["nginx:2"])
    world.settings.failures = []
    return cache


def create_cache_with_pending_replacement(world: World) -> Cache:
    cache = create_ready_cache(world)
    world.start_build(ImageCacheName="web-replacement", Images=["nginx:2"])
    world.clock.now += 10
    return cache


def interrupt_at(world: World, number: int, moment: str, run: Callable[[], Any]) -> None:
    """Kill a run at a call, before or after the service executes it."""

    def kill(at: str, call: int) -> None:
        if (at, call) == (moment, number):
            raise Killed

    world.watch = kill
    with pytest.raises(Killed):
        run()
    world.watch = lambda at, call: None
    # Creation times have a resolution of one second, and the next run starts in a later second.
    world.clock.now += 1
