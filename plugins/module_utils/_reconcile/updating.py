# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Updating a cache in place, and seeing that the update has arrived."""

from __future__ import annotations

from typing import Callable, Optional, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError, StateRefused
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.difference import outstanding
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    READY,
    UPDATE_FAILED,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed, Step
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.effects import Steps
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scene import Scene
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.waiting import (
    BUSY_PAUSES,
    LISTING_LAG,
    UNCLEAR_PAUSES,
    UNCLEAR_REPEATS,
    Vanished,
    await_settled,
)

__all__ = ["bring_about", "update"]


def update(scene: Scene, step: Step, before: Optional[ImageCache]) -> Steps[None]:
    """Update a cache as an action of its own. C(before) is the cache as the plan saw it.

    Raises what bring_about() raises.
    """
    image_cache_id = str(step.image_cache_id)

    def accepted(request_id: Optional[str]) -> None:
        scene.journal.done(step.action, image_cache_id, request_id, step.fields)

    scene.progress(f"updating {image_cache_id}: {', '.join(step.fields)}")
    yield from bring_about(scene, step, image_cache_id, before, accepted)


def bring_about(
    scene: Scene,
    step: Step,
    image_cache_id: str,
    before: Optional[ImageCache],
    accepted: Callable[[Optional[str]], None] = lambda request_id: None,
) -> Steps[None]:
    """Update a cache and, where the run waits, see it Ready. C(accepted) is told the request id.

    Raises BuildFailed, TimedOut, Vanished and RequestError; StateRefused of a cache that is not being built means
    that the API does not update it in its present state.
    """
    accepted((yield from _updated(scene, step, image_cache_id, before)))
    yield from _await_update(scene, step, image_cache_id, before)


def _updated(scene: Scene, step: Step, image_cache_id: str, before: Optional[ImageCache]) -> Steps[Optional[str]]:
    """Send an update until it is accepted or seen to have arrived. The same update twice is the same."""
    unclear, refused = 0, 0
    while True:
        try:
            answer = yield from scene.write("update", {"ImageCacheId": image_cache_id, **step.request})
        except StateRefused:
            if refused == len(BUSY_PAUSES) or not scene.desired.wait or scene.deadline.passed:
                raise
            cache, waited = yield from _settled_again(scene, image_cache_id, BUSY_PAUSES[refused])
            if cache is not None and cache.status == UPDATE_FAILED:
                raise
            refused = 0 if waited else refused + 1
        except RequestError as error:
            unclear += 1
            if error.nothing_done or unclear > UNCLEAR_REPEATS:
                raise
            cache = yield from scene.by_id(image_cache_id, after=UNCLEAR_PAUSES[1])
            if cache is not None and not cache.settled:
                return None
        else:
            scene.journal.request_id = answer.request_id
            return str(answer.request_id) if answer.request_id else None
        if _arrived(scene, step, image_cache_id, cache, before):
            return None


def _arrived(
    scene: Scene, step: Step, image_cache_id: str, cache: Optional[ImageCache], before: Optional[ImageCache]
) -> bool:
    if cache is None:
        raise Vanished(image_cache_id)
    return _would_show(scene, step, before, cache) and not outstanding(scene.desired, cache, step.fields)


def _would_show(scene: Scene, step: Step, before: Optional[ImageCache], cache: ImageCache) -> bool:
    """Return whether all that the update carries was seen to differ before: what the API hides may not have arrived."""
    if before is None:
        return True
    if before.status == UPDATE_FAILED:
        return cache.status == READY
    return outstanding(scene.desired, before, step.fields) == list(step.fields)


def _settled_again(scene: Scene, image_cache_id: str, pause: float) -> Steps[Tuple[Optional[ImageCache], bool]]:
    """Look at a cache that the API calls busy; wait for its build, if it shows one, and say whether it did."""
    cache = yield from scene.by_id(image_cache_id, after=max(pause, scene.pause()))
    if cache is None or cache.settled:
        return cache, False
    return (yield from await_settled(scene, image_cache_id)), True


def _await_update(scene: Scene, step: Step, image_cache_id: str, before: Optional[ImageCache]) -> Steps[None]:
    """Wait until the update shows. The listing may lag, and the service may accept what it does not do."""
    accepted = scene.clock.monotonic()
    cache = yield from scene.by_id(image_cache_id)
    if not scene.desired.wait:
        return
    while True:
        if cache is None or not cache.settled:
            cache = yield from await_settled(scene, image_cache_id)
        unmoved = cache.status == UPDATE_FAILED and before is not None and cache.raw == before.raw
        left = outstanding(scene.desired, cache, step.fields) if cache.status == READY else []
        if not (unmoved or left) or scene.clock.monotonic() - accepted > LISTING_LAG or scene.deadline.passed:
            break
        cache = yield from scene.by_id(image_cache_id, after=scene.pause())
    if cache.status != READY:
        raise BuildFailed(cache)
    for option in left:
        scene.warn(_not_shown(cache, option))


def _not_shown(cache: ImageCache, option: str) -> str:
    if option in ("images", "image_cache_size", "retention_days", "tags", "image_cache_name"):
        return f"shows {option} as {cache.shown(option)!r} although the API accepted the update"
    return f"does not show {option} as declared although the API accepted the update"
