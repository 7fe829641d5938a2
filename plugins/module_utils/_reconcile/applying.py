# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Apply one step of a plan."""

from __future__ import annotations

from typing import Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    CREATE,
    DELETE,
    RENAME,
    REPLACE,
    Found,
    Step,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import RunContext, Steps
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.creating import create_cache
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.deleting import delete_cache
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.replacing import (
    give_name,
    replace_cache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.updating import update_cache

__all__ = ["apply_step"]


def apply_step(context: RunContext, step: Step, cache: Optional[ImageCache]) -> Steps[Optional[Found]]:
    """Apply a step to C(cache), the one that it names. If another run was faster, return what was found.

    Raises LostRace, and what the action raises.
    """
    if step.action == CREATE:
        return (yield from create_cache(context, step))
    if step.action == REPLACE:
        return (yield from replace_cache(context, step, cache))
    if step.action == DELETE:
        yield from delete_cache(context, str(step.image_cache_id))
    elif step.action == RENAME:
        yield from give_name(context, update_cache(context, step, cache))
    else:
        yield from update_cache(context, step, cache)
    return None
