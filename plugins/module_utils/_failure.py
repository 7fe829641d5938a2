# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The results of failed runs, with their messages: what happened, why, and what to do."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.advice import advice
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import (
    build_failure,
    describe_stall,
    phase,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import (
    REPLACEMENT_SUFFIX,
    Desired,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    READY,
    UPDATE_FAILED,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import DELETE, BuildFailed
from ansible_collections.tencentcloud.tke.plugins.module_utils._outcome import common_keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    Duplicates,
    OutageAtDeadline,
    TimedOut,
    Vanished,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal

__all__ = ["describe_request_error", "failure", "request_failure"]


def request_failure(error: RequestError, what: str) -> Dict[str, Any]:
    """Return the keys that a failed request adds to a result. C(what) is the subject of the message."""
    return {"failed": True, "error": error.facts(), "msg": f"{what}: {describe_request_error(error)}"}


def describe_request_error(error: RequestError) -> str:
    """Return why a request failed, and what to do."""
    facts = [error.code] if error.code else []
    facts += [f"request {error.request_id}"] if error.request_id else []
    message = " ".join(filter(None, [error.message.rstrip("."), f"({', '.join(facts)})" if facts else ""]))
    happened = f"{error.action} failed: {message}."
    return f"{happened} {advice(error)}".rstrip()


def failure(error: Exception, desired: Desired, journal: Journal) -> Dict[str, Any]:
    """Return the result of a failed run: the message, the facts, and the cache as last read."""
    result = common_keys(journal)
    result["failed"] = True
    name = f"image cache {journal.label(desired)}"
    if isinstance(error, RequestError):
        result.update(request_failure(error, name))
    elif isinstance(error, OutageAtDeadline):
        result["error"] = error.error.facts()
        result["msg"] = f"{name}: {_describe_outage(error, journal)}"
    elif isinstance(error, BuildFailed):
        result["build_failure"] = build_failure(error.cache)
        result["image_cache"] = error.cache.as_result()
        result["msg"] = f"{name}: {_describe_build_failure(error, desired, journal.seen)}"
    elif isinstance(error, TimedOut):
        result["image_cache"] = error.cache.as_result() if error.cache else result["image_cache"]
        result["msg"] = f"{name}: {_describe_timeout(error)}"
    elif isinstance(error, Duplicates):
        result["msg"] = f"{name}: {_describe_duplicates(error)}"
    elif isinstance(error, Vanished):
        result["msg"] = (
            f"{name}: {error.image_cache_id} is not listed. Another process may have deleted it. Run again to rebuild"
            " it."
        )
    else:
        result["msg"] = f"{name}: {error}"
    return result


def _describe_build_failure(error: BuildFailed, desired: Desired, seen: Optional[ImageCache]) -> str:
    cache, facts = error.cache, build_failure(error.cache)
    what = "the update" if cache.status == UPDATE_FAILED else "the build"
    if cache.name and cache.name.endswith(REPLACEMENT_SUFFIX):
        what += f" of its replacement {cache.id}"
    where = f" after {facts['phase']}" if facts["phase"] else ""
    why = f": {facts['reason']}: {facts['message'].rstrip('.')}" if facts["reason"] else ", and no event gives a reason"
    return f"{what} failed{where}{why}. {facts['hint']} {_next_step(error, desired, seen)}"


def _next_step(error: BuildFailed, desired: Desired, seen: Optional[ImageCache]) -> str:
    if error.missing:
        return f"To rebuild it, also set {', '.join(error.missing)}."
    if error.cache.status == UPDATE_FAILED and desired.on_change == "fail":
        return (
            "With on_change: fail, the cache is not changed. Set on_change: update to repeat the update, or on_change:"
            " replace to build a new cache."
        )
    if error.cache.status == UPDATE_FAILED:
        return "The next run repeats the update or, with on_change: replace, replaces the cache."
    if error.kept:
        use = "usable" if seen is None or seen.id != error.kept or seen.status == READY else f"still {seen.status}"
        return f"{error.kept} is unchanged and {use}. {_describe_rebuild(desired, 'the replacement')}"
    return f"The cache cannot be used. {_describe_rebuild(desired, 'it')}"


def _describe_rebuild(desired: Desired, what: str) -> str:
    if desired.recreate_failed:
        return f"The next run rebuilds {what}."
    return f"Set recreate_failed: true to rebuild {what}."


def _describe_timeout(error: TimedOut) -> str:
    if error.awaited == "gone":
        return (
            f"{error.image_cache_id} was deleted but is still listed after {error.seconds:g} s. Run again to check"
            " whether it is gone, or raise wait_timeout."
        )
    status = error.cache.status if error.cache else "not listed yet"
    reached = phase(error.cache) if error.cache else None
    hint = f" {describe_stall(error.cache)}".rstrip() if error.cache else ""
    return (
        f"it is not Ready after {error.seconds:g} s: {error.image_cache_id} is {status}, and its last build step is"
        f" {reached or 'none'}.{hint} Raise wait_timeout for large images. The build continues and costs money, and the"
        " next run joins it."
    )


def _describe_duplicates(error: Duplicates) -> str:
    others = " and ".join(f"{cache.id} ({cache.status})" for cache in error.others)
    if error.replaces:
        what = f"its replacement {error.own} is Ready, but {others} have the same name."
    else:
        verb, was = ("has", "was") if len(error.others) == 1 else ("have", "were")
        what = f"{error.own} is Ready, but {others} {verb} the same name and {was} not created by this run."
    return f"{what} Nothing was deleted. Delete or rename the image cache that you do not need, then run again."


def _describe_outage(error: OutageAtDeadline, journal: Journal) -> str:
    started = next((a["image_cache_id"] for a in reversed(journal.actions) if a["action"] != DELETE), None)
    goes_on = started or (journal.seen.id if journal.seen and not journal.seen.is_settled else None)
    return (
        f"wait_timeout ({error.seconds:g} s) expired while the API was unavailable: {error.error.action} failed:"
        f" {error.error.message.rstrip('.')}."
        f"{f' The build of {goes_on} may continue and cost money.' if goes_on else ''}"
        " Run again when the API is available; the run continues from the current state."
    )
