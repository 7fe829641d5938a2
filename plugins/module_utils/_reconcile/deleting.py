# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Deleting a cache: one that is gone is deleted, a busy one is tried again."""

from __future__ import annotations

from typing import Callable, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    InvalidRequest,
    NotFound,
    RequestError,
    StateRefused,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.effects import Steps
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scene import Scene
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.waiting import (
    BUSY_PAUSES,
    UNCLEAR_PAUSES,
    UNCLEAR_REPEATS,
    await_gone,
)

__all__ = ["delete", "remove"]


def delete(scene: Scene, image_cache_id: str) -> Steps[None]:
    """Delete a cache as an action of its own and, where the run waits, see it gone. Raises what remove() raises."""

    def accepted(request_id: Optional[str]) -> None:
        scene.journal.deleted(image_cache_id, request_id)

    yield from remove(scene, image_cache_id, accepted)


def remove(
    scene: Scene, image_cache_id: str, accepted: Callable[[Optional[str]], None] = lambda request_id: None
) -> Steps[None]:
    """Delete a cache and, where the run waits, see it gone. C(accepted) is told the request id.

    Raises TimedOut and RequestError.
    """
    accepted((yield from _deleted(scene, image_cache_id)))
    if scene.desired.wait:
        yield from await_gone(scene, image_cache_id)


def _deleted(scene: Scene, image_cache_id: str) -> Steps[Optional[str]]:
    scene.removed.add(image_cache_id)
    try:
        return (yield from _accepted(scene, image_cache_id))
    except NotFound as error:
        return error.request_id
    except InvalidRequest as error:
        # The API documents this code, too, and does not say which of the two means an id that is gone.
        if (yield from scene.by_id(image_cache_id)) is None:
            return error.request_id
        raise


def _accepted(scene: Scene, image_cache_id: str) -> Steps[Optional[str]]:
    """Send a delete until it is accepted or seen to have arrived."""
    unclear, refused = 0, 0
    while True:
        try:
            answer = yield from scene.write("delete", {"ImageCacheIds": [image_cache_id]})
        except StateRefused:
            # Only a build that goes on is worth a longer wait than these few attempts.
            if refused == len(BUSY_PAUSES) or scene.deadline.passed:
                raise
            pause = max(BUSY_PAUSES[refused], scene.pause()) if scene.desired.wait else BUSY_PAUSES[refused]
            refused += 1
        except RequestError as error:
            unclear += 1
            if error.nothing_done or unclear > UNCLEAR_REPEATS or scene.deadline.passed:
                raise
            pause = UNCLEAR_PAUSES[1]
        else:
            scene.journal.request_id = answer.request_id
            return str(answer.request_id) if answer.request_id else None
        cache = yield from scene.by_id(image_cache_id, after=min(pause, scene.deadline.remaining))
        if cache is None:
            return None
        if scene.desired.wait and refused and not cache.settled:
            refused = 0
