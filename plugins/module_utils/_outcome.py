# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Results: what a run returns, and the words of its failures."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.advice import advice
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import build_failure, phase
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.journal import Journal, action_result
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    RESULT_KEYS,
    VOLATILE,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed, Plan, Refused
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reconcile import TimedOut, Vanished

__all__ = ["FAILURES", "failure", "refusal", "success"]

# Every way in which a run can end other than well.
FAILURES = (BuildFailed, InvalidInput, Refused, RequestError, TimedOut, Vanished)


def success(desired: Desired, plan: Plan, journal: Journal, *, check_mode: bool, diff: bool) -> Dict[str, Any]:
    """Return the result of a run that carried out its plan or, in check mode, made it."""
    result = _common(journal)
    if check_mode and plan.steps:
        result["actions"] = [action_result(s.action, s.image_cache_id, None, s.fields) for s in plan.steps]
        result["changed"] = True
        result["image_cache"] = _foretold(plan, None)
    elif desired.present and result["image_cache"] is None and plan.after:
        # Created without waiting, and not listed yet.
        result["image_cache"] = _foretold(plan, journal.image_cache_id)
    if not desired.present:
        result["image_cache"] = None
    if diff:
        result["diff"] = _diff(plan, journal)
    return result


def _foretold(plan: Plan, image_cache_id: Optional[str]) -> Optional[Dict[str, Any]]:
    """Return RV(image_cache) as the plan leaves it: the keys of a listed one, None where nobody can know."""
    if plan.after is None:
        return None
    known = {"image_cache_id": image_cache_id, **plan.after}
    return {key: known.get(key) for key in RESULT_KEYS}


def refusal(error: Exception) -> Dict[str, Any]:
    """Return the result of a run that ended before it asked for anything."""
    return {"failed": True, "changed": False, "msg": str(error)}


def failure(error: Exception, desired: Desired, journal: Journal) -> Dict[str, Any]:
    """Return the result of a run that failed: in words, in facts, and with the cache as last seen."""
    result = _common(journal)
    result["failed"] = True
    name = f"image cache {_label(desired, journal)}"
    if isinstance(error, RequestError):
        result["error"] = error.facts()
        result["msg"] = f"{name}: {_request_words(error)} {advice(error)}".strip()
    elif isinstance(error, BuildFailed):
        result["build_failure"] = build_failure(error.cache)
        result["msg"] = f"{name}: {_build_words(error.cache)}"
    elif isinstance(error, TimedOut):
        result["msg"] = f"{name}: {_time_out_words(error)}"
    elif isinstance(error, Vanished):
        result["msg"] = f"{name}: it is no longer listed. It was deleted by somebody else; run again to build it anew."
    else:
        result["msg"] = f"{name}: {error}"
    return result


def _common(journal: Journal) -> Dict[str, Any]:
    return {
        "changed": bool(journal.actions),
        "image_cache": journal.seen.as_result() if journal.seen else None,
        "image_cache_id": journal.image_cache_id,
        "actions": journal.actions,
        "replaced": None,
        "recovered_failure": None,
        "request_id": journal.request_id,
    }


def _label(desired: Desired, journal: Journal) -> str:
    name = desired.name or (journal.seen.name if journal.seen else None)
    image_cache_id = journal.image_cache_id or desired.image_cache_id
    return f"{name!r} ({image_cache_id})" if name and image_cache_id else repr(name or image_cache_id)


def _request_words(error: RequestError) -> str:
    facts = [error.code] if error.code else []
    facts += [f"request {error.request_id}"] if error.request_id else []
    message = error.message.rstrip(".")
    return f"{error.action} failed: {message}{' (' + ', '.join(facts) + ')' if facts else ''}."


def _build_words(cache: ImageCache) -> str:
    facts = build_failure(cache)
    what = "the update failed" if cache.status == "UpdateFailed" else "the build failed"
    where = f" after {facts['phase']}" if facts["phase"] else ""
    why = f": {facts['reason']}: {facts['message']}" if facts["reason"] else ", and its events give no reason"
    cure = (
        "Mend the cause; the next run updates it again, unless on_change is fail."
        if cache.status == "UpdateFailed"
        else "It cannot be used. Mend the cause, delete it with state: absent, and declare it again."
    )
    return f"{what}{where}{why}. {cure}"


def _time_out_words(error: TimedOut) -> str:
    if error.awaited == "gone":
        return (
            f"it was deleted, but is still listed after {error.seconds:g} s. Run again to see whether it is gone,"
            " or raise wait_timeout."
        )
    status = error.cache.status if error.cache else "not listed yet"
    reached = phase(error.cache) if error.cache else None
    return (
        f"it is not Ready after {error.seconds:g} s; its status is {status}, the last step of the build that was"
        f" reached is {reached or 'none'}. The build goes on, and costs money: the next run joins it. Raise"
        " wait_timeout for large images."
    )


def _diff(plan: Plan, journal: Journal) -> Dict[str, Any]:
    before = _declarative(journal.before.as_result()) if journal.before else {}
    after = _declarative(plan.after) if plan.after else {}
    if after and after.get("image_cache_id") is None:
        after["image_cache_id"] = journal.image_cache_id
    return {"before": before, "after": after, **_headers(plan, journal)}


def _headers(plan: Plan, journal: Journal) -> Dict[str, str]:
    name: Optional[Any] = (plan.after or {}).get("image_cache_name") or (journal.before and journal.before.name)
    return {"before_header": f"image cache {name}", "after_header": f"image cache {name}"}


def _declarative(resource: Mapping[str, Any]) -> Dict[str, Any]:
    """Return what of a resource is declared or addresses it, without what the service changes by itself."""
    known = {key: value for key, value in resource.items() if key not in VOLATILE and value is not None}
    return {"image_cache_id": None, **known}
