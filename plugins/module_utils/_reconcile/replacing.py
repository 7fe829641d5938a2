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
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import RunContext, Steps, Vanished
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.creating import (
    Build,
    CreateResult,
    build_cache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.deleting import remove_cache
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.updating import update_and_wait

__all__ = ["LostRace", "give_name", "replace_cache"]


class LostRace(Exception):
    """A new cache is gone before it got the name: its run has found an older one, and has removed its own."""


def replace_cache(context: RunContext, step: Step, replacement: Optional[ImageCache]) -> Steps[Optional[Found]]:
    """Let a new cache, or C(replacement), a replacement that is Ready, take the place of C(step.old).

    Where another run's cache has taken it, return what is there: plan again. Without waiting a new cache is only
    started: a later run finishes the replace. Raises LostRace, BuildFailed, Duplicates, TimedOut, Vanished and
    RequestError.
    """
    old, new = str(step.old), step.image_cache_id
    if new is None:
        created = yield from _build_replacement(context, step, old)
        new = created.own
        if created.has_name:
            # Another run has taken this run's replacement up, and is through.
            context.journal.note_exchange(old, str(new))
            return None
        if new is None:
            return created.found
        if not context.desired.wait:
            return None

    def on_accepted(request_id: Optional[str]) -> None:
        context.journal.note_replace(old, str(new), request_id, step.fields)
        context.journal.note_exchange(old, str(new))

    context.report(f"the replacement {new} is Ready; deleting {old}")
    yield from remove_cache(context, old, on_accepted)
    if not context.desired.wait and (yield from context.read_by_id(old)) is not None:
        # Two caches of one name would say nothing: the name comes when the old one is not listed any more.
        context.warn(f"it is replaced by {new}, but {old} is still listed. The next run gives {new} its name")
    elif step.closing:
        context.report(f"{old} is deleted; giving {new} its name")
        yield from give_name(context, update_and_wait(context, step.closing, new, replacement))
    return None


def give_name(context: RunContext, update: Steps[None]) -> Steps[None]:
    """Carry out the update that gives a new cache the name.

    Raises LostRace where the cache is gone, unless it was addressed by its id, which means that one; and what the
    update raises.
    """
    try:
        yield from update
    except (NotFound, Vanished) as error:
        if context.desired.image_cache_id:
            raise
        raise LostRace from error


def _build_replacement(context: RunContext, step: Step, old: str) -> Steps[CreateResult]:
    """Build the new cache."""

    def on_created(image_cache_id: str, request_id: Optional[str]) -> None:
        context.journal.note_replace(old, image_cache_id, request_id, step.fields)

    context.report(f"building the replacement {context.desired.replacement_name} of {old}")
    created = yield from build_cache(context, Build(step, on_created))
    if created.lost_to:
        context.journal.note_replace(old, created.lost_to.id, None, step.fields)
    return created
