# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Replace a cache without a gap. A later run can continue from any interruption.

The new cache is built under the replacement's name and is Ready before the old one is deleted. Then it gets the
declared name. The existing caches show how far a replace has come: both caches, or only the new one under the
replacement's name.
"""

from __future__ import annotations

from typing import Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import NotFound
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import Found, Step
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    LostRace,
    RunContext,
    Steps,
    Vanished,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.creating import (
    Build,
    CreateResult,
    build_cache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.deleting import remove_cache
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.updating import update_and_wait

__all__ = ["give_name", "replace_cache"]


def replace_cache(context: RunContext, step: Step, replacement: Optional[ImageCache]) -> Steps[Optional[Found]]:
    """Replace C(step.old) with a new cache, or with C(replacement), an existing replacement that is Ready.

    If the cache of another run has replaced it, return what was found, to plan again. Without waiting, the run only
    starts a new cache, and a later run completes the replace. Raises LostRace, BuildFailed, Duplicates, TimedOut,
    Vanished and RequestError.
    """
    old, new = str(step.old), step.image_cache_id
    if new is None:
        created = yield from _build_replacement(context, step, old)
        new = created.own
        if created.has_name:
            # Another run has completed the replace with this run's replacement.
            context.journal.note_exchange(old, str(new))
            return None
        if new is None:
            return created.found
        if not context.desired.wait:
            return None

    def on_accepted(request_id: Optional[str]) -> None:
        context.journal.note_replace(str(new), request_id, step)
        context.journal.note_exchange(old, str(new))

    context.report(f"the replacement {new} is Ready; deleting {old}")
    yield from remove_cache(context, old, on_accepted)
    if not context.desired.wait and (yield from context.read_by_id(old)) is not None:
        # Two caches with one name would be ambiguous, so the rename waits until the old one is no longer listed.
        context.warn(f"{new} replaces it, but {old} is still listed. The next run renames {new}")
    elif step.closing:
        context.report(f"{old} is deleted; renaming {new}")
        yield from give_name(context, update_and_wait(context, step.closing, new, replacement))
    return None


def give_name(context: RunContext, update: Steps[None]) -> Steps[None]:
    """Execute the update that gives a new cache the declared name.

    Raises LostRace if the cache no longer exists and the user declared no id, and what the update raises.
    """
    try:
        yield from update
    except (NotFound, Vanished) as error:
        if context.desired.image_cache_id:
            raise
        raise LostRace from error


def _build_replacement(context: RunContext, step: Step, old: str) -> Steps[CreateResult]:
    """Build the new cache and record the replace."""

    def on_created(image_cache_id: str, request_id: Optional[str]) -> None:
        context.journal.note_replace(image_cache_id, request_id, step)

    context.report(f"building the replacement {context.desired.replacement_name} of {old}")
    created = yield from build_cache(context, Build(step, on_created))
    if created.lost_to:
        context.journal.note_replace(created.lost_to.id, None, step)
    return created
