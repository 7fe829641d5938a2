# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Replacing a cache without a gap, so that the next run can go on wherever it ends.

The new cache is built under the replacement's name and is Ready before the old one is deleted; then it gets the
name. What is there tells how far it is: both caches, or the new one alone under the replacement's name.
"""

from __future__ import annotations

from typing import Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import NotFound
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import Found, Step
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.creating import Build, Created, build
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.deleting import remove
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.effects import Steps
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scene import Scene
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.updating import bring_about
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.waiting import Vanished

__all__ = ["Yielded", "giving_name", "replace"]


class Yielded(Exception):
    """A new cache is gone before it got the name: its run has found an older one, and has removed its own."""


def replace(scene: Scene, step: Step, heir: Optional[ImageCache]) -> Steps[Optional[Found]]:
    """Let a new cache, or C(heir), a replacement that is Ready, take the place of C(step.old).

    Where another run's cache has taken it, return what is there: plan anew. Without waiting a new cache is only
    begun. Raises Yielded, BuildFailed, Duplicates, TimedOut, Vanished and RequestError.
    """
    old, new = str(step.old), step.image_cache_id
    if new is None:
        created = yield from _build_replacement(scene, step, old)
        new = created.own
        if created.has_name:
            # Another run has taken this run's replacement up, and is through.
            scene.journal.exchanged(old, str(new))
            return None
        if new is None or not scene.desired.wait:
            return created.found

    def accepted(request_id: Optional[str]) -> None:
        scene.journal.replacing(old, str(new), request_id, step.fields)
        scene.journal.exchanged(old, str(new))

    scene.progress(f"the replacement {new} is Ready; removing {old}")
    yield from remove(scene, old, accepted)
    if not scene.desired.wait and (yield from scene.by_id(old)) is not None:
        # Two caches of one name would say nothing: the name comes when the old one is not listed any more.
        scene.warn(f"is replaced by {new}, but {old} is still listed; the next run gives {new} its name")
    elif step.closing:
        scene.progress(f"{old} is gone; giving {new} its name")
        yield from giving_name(scene, bring_about(scene, step.closing, new, heir))
    return None


def giving_name(scene: Scene, update: Steps[None]) -> Steps[None]:
    """Carry out the update that gives a new cache the name.

    Raises Yielded where the cache is gone, unless it was addressed by its id, which means that one; and what the
    update raises.
    """
    try:
        yield from update
    except (NotFound, Vanished) as error:
        if scene.desired.image_cache_id:
            raise
        raise Yielded from error


def _build_replacement(scene: Scene, step: Step, old: str) -> Steps[Created]:
    """Build the new cache."""

    def on_created(image_cache_id: str, request_id: Optional[str]) -> None:
        scene.journal.replacing(old, image_cache_id, request_id, step.fields)

    scene.progress(f"building the replacement {scene.desired.replacement_name!r} beside {old}")
    created = yield from build(scene, Build(step, on_created))
    if created.lost_to:
        scene.journal.replacing(old, created.lost_to.id, None, step.fields)
    return created
