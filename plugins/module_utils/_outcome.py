# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The results of successful runs, and the keys that all results share."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    RESULT_KEYS,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed, Plan, Refused
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    Duplicates,
    OutageAtDeadline,
    TimedOut,
    Vanished,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal, action_result

__all__ = ["FAILURES", "common_keys", "refusal", "success"]

# All exceptions with which a run can end.
FAILURES = (BuildFailed, Duplicates, InvalidInput, OutageAtDeadline, Refused, RequestError, TimedOut, Vanished)


def success(desired: Desired, plan: Plan, journal: Journal, *, check_mode: bool, diff: bool) -> Dict[str, Any]:
    """Return the result of a run that executed its plan or, in check mode, made it."""
    result = common_keys(journal)
    if check_mode:
        result.update(_predicted_keys(plan))
    elif desired.present and result["image_cache"] is None and plan.after:
        # The cache was created without waiting and is not listed yet.
        result["image_cache"] = _predicted_cache(plan, journal.image_cache_id)
    if not desired.present:
        # The actions name what was deleted.
        result.update(image_cache=None, image_cache_id=None)
    if diff:
        # An ordinary run starts faster without the import.
        from ansible_collections.tencentcloud.tke.plugins.module_utils._diff import make_diff  # noqa: PLC0415

        result["diff"] = make_diff(desired, plan, journal.before, result)
    return result


def _predicted_keys(plan: Plan) -> Dict[str, Any]:
    """Return the keys that check mode predicts, to update the result of a run that did nothing."""
    if not plan.steps:
        return {}
    predicted: Dict[str, Any] = {
        "changed": True,
        "actions": [action_result(s.action, s.image_cache_id, None, s.fields, s.moved) for s in plan.steps],
        "recovered_failure": _recovered_failure(plan.recovers),
    }
    predicted["image_cache"] = _predicted_cache(plan, None)
    replacing = next((step for step in plan.steps if step.old), None)
    if replacing and plan.starts is None:
        predicted["replaced"] = {"old_id": replacing.old, "new_id": replacing.image_cache_id}
    predicted["image_cache_id"] = (plan.after or {}).get("image_cache_id")
    return predicted


def _predicted_cache(plan: Plan, image_cache_id: Optional[str]) -> Optional[Dict[str, Any]]:
    """Return RV(image_cache) after the plan, with the keys of a listed cache. Unknown values are None."""
    if plan.after is None:
        return None
    known = {"image_cache_id": image_cache_id, **plan.after}
    return {key: known.get(key) for key in RESULT_KEYS}


def refusal(error: Exception) -> Dict[str, Any]:
    """Return the result of a run that failed before any request."""
    return {"failed": True, "changed": False, "msg": str(error)}


def common_keys(journal: Journal) -> Dict[str, Any]:
    """Return the keys that every result has, from what the run did and found."""
    return {
        "changed": bool(journal.actions),
        "image_cache": journal.seen.as_result() if journal.seen else None,
        "image_cache_id": journal.image_cache_id,
        "actions": journal.actions,
        "replaced": journal.replaced,
        "recovered_failure": _recovered_failure(journal.recovered),
        "request_id": journal.request_id,
    }


def _recovered_failure(cache: Optional[ImageCache]) -> Optional[Dict[str, Any]]:
    if cache is None:
        return None
    # Few runs rebuild a failed cache. The others start faster without the import.
    from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import (  # noqa: PLC0415
        recovered_failure,
    )

    return recovered_failure(cache)
