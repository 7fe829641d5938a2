# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Waiting: at most one look an interval, and no longer than the deadline."""

from __future__ import annotations

from typing import Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import poll_interval
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    FAILED,
    READY,
    UPDATE_FAILED,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.effects import Steps
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scene import Scene

__all__ = ["BUSY_PAUSES", "LISTING_LAG", "RACE_PAUSES", "UNCLEAR_PAUSES", "UNCLEAR_REPEATS", "TimedOut", "Vanished"]
__all__ += ["await_gone", "await_settled"]

# Pauses, in seconds, between the looks that follow a create whose outcome is not known: 10 s in all.
UNCLEAR_PAUSES = (0.0, 1.0, 2.0, 3.0, 4.0)
# An unclear write is repeated this often at the most: each repetition may be one too many.
UNCLEAR_REPEATS = 2
# Pauses between the looks that runs give each other to settle which of their caches stays: 15 s in all.
RACE_PAUSES = (1.0, 2.0, 4.0, 8.0)
# Seconds for which a listing may lag behind a write that the API has accepted.
LISTING_LAG = 15.0
# Pauses between attempts at a cache that the API calls busy.
BUSY_PAUSES = (1.0, 2.0, 4.0)


class TimedOut(Exception):
    """The deadline passed before the cache was where it should be."""

    def __init__(self, cache: Optional[ImageCache], image_cache_id: str, seconds: float, awaited: str) -> None:
        super().__init__(f"not {awaited} within {seconds:g} s")
        self.cache, self.image_cache_id, self.seconds, self.awaited = cache, image_cache_id, seconds, awaited


class Vanished(Exception):
    """A cache that the run was about is no longer listed, though the run did not delete it."""

    def __init__(self, image_cache_id: str) -> None:
        super().__init__(image_cache_id)
        self.image_cache_id = image_cache_id


def await_settled(scene: Scene, image_cache_id: str) -> Steps[ImageCache]:
    """Look at most once an interval until no build is under way any more, and return the cache then.

    Raises Vanished and TimedOut.
    """
    started = scene.clock.monotonic()
    while True:
        known = image_cache_id in scene.listed
        cache = yield from scene.by_id(image_cache_id, after=_until_next_poll(scene, started))
        if cache is None:
            # A new cache may take its time to be listed; one that was listed and no longer is, is gone.
            if known or scene.clock.monotonic() - started > LISTING_LAG:
                raise Vanished(image_cache_id)
        else:
            if cache.status not in (FAILED, UPDATE_FAILED):
                scene.progress(f"{image_cache_id} is {_state(cache)}")
            if cache.settled:
                return cache
        if scene.deadline.passed:
            raise TimedOut(cache, image_cache_id, scene.deadline.seconds, READY)


def await_gone(scene: Scene, image_cache_id: str) -> Steps[None]:
    """Look at most once an interval until the cache is not listed any more. Raises TimedOut."""
    started = scene.clock.monotonic()
    cache = yield from scene.by_id(image_cache_id)
    while cache is not None:
        scene.progress(f"{image_cache_id} is deleted, but still listed")
        if scene.deadline.passed:
            raise TimedOut(cache, image_cache_id, scene.deadline.seconds, "gone")
        cache = yield from scene.by_id(image_cache_id, after=_until_next_poll(scene, started))


def _until_next_poll(scene: Scene, started: float) -> float:
    waited = scene.clock.monotonic() - started
    return min(poll_interval(scene.desired.wait_interval, waited), scene.deadline.remaining)


def _state(cache: ImageCache) -> str:
    """Return the status and the last step of a build, in the service's words."""
    event = cache.events[-1] if cache.events else None
    return f"{cache.status}, {event.reason}: {event.message}" if event and not cache.settled else str(cache.status)
