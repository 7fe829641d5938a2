# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The run of M(tencentcloud.tke.image_cache_prune), which deletes unused caches."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._failure import describe_request_error, request_failure
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    ImageCache,
    age_order,
    cache_label,
    with_ages,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.pruning import (
    KeptCache,
    PruningPlan,
    Rules,
    plan_pruning,
    rules_spec,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.selection import CacheListing
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.deleting import Deletions, delete_in_batches
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Reporter
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import (
    RETRY_BUDGET,
    Runtime,
    list_all,
    run_in_region,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import sanitize_line

__all__ = ["image_cache_prune", "image_cache_prune_spec"]

# Maximum characters of a cell in the diff. Each column is as wide as its widest cell.
WIDEST = 1000
# Maximum number of image caches in the message of a refused run.
MOST_LISTED = 50
EXCESS_CURE = "Raise max_deletions to delete them all, or narrow the selection. --check --diff shows the complete list."
# The keys of each cache in the result. The module image_cache_info returns all keys.
SHOWN = (
    "image_cache_id",
    "image_cache_name",
    "images",
    "image_cache_size",
    "status",
    "image_cache_type",
    "tags",
    "created_at",
    "last_matched_at",
    "age_days",
    "days_since_match",
)


def image_cache_prune_spec(env_fallback: Callable[..., Any]) -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the module M(tencentcloud.tke.image_cache_prune)."""
    return {**_connection.argument_spec(env_fallback), **rules_spec()}


def image_cache_prune(params: Mapping[str, Any], runtime: Runtime) -> Dict[str, Any]:
    """Return the result of one run of M(tencentcloud.tke.image_cache_prune)."""

    def run(rules: Rules, client: Client, reporter: Reporter) -> Dict[str, Any]:
        deadline, now = Deadline(runtime.clock, RETRY_BUDGET), runtime.clock.utc()
        try:
            listed = CacheListing(list_all(client, deadline, reporter), now)
        except RequestError as error:
            return {"changed": False, **request_failure(error, "image caches")}
        pruning = plan_pruning(rules, listed)
        excess = pruning.describe_excess(rules)
        if runtime.check_mode:
            if excess:
                # Check mode does not fail, because Ansible shows no diff of a failed task.
                refusal = f"Without check mode, the module would fail and delete nothing: {excess}."
                reporter.warn(f"{refusal} {EXCESS_CURE}")
            return _result(pruning, now, runtime)
        if excess:
            return _result_of_too_many(pruning, excess, now, runtime)
        ids = [cache.id for cache in pruning.candidates]
        deletions = delete_in_batches(client, ids, clock=runtime.clock, deadline=deadline)
        return _result_of_deletions(pruning, deletions, now, runtime)

    return run_in_region(params, image_cache_prune_spec, runtime, Rules.from_params, run)


def _result(pruning: PruningPlan, now: datetime, runtime: Runtime, request_id: Optional[str] = None) -> Dict[str, Any]:
    """Return the result with the caches that were or would be deleted, and those that are kept."""
    result: Dict[str, Any] = {
        "changed": bool(pruning.candidates),
        "deleted": [{**_summary(c, now), "reason": sanitize_line(pruning.reasons[c.id])} for c in pruning.candidates],
        "kept": [{**_summary(entry.cache, now), "reason": sanitize_line(entry.reason)} for entry in pruning.kept],
        "freed_gib": sum(cache.value_of("image_cache_size") or 0 for cache in pruning.candidates),
        "request_id": request_id,
    }
    if runtime.diff:
        result["diff"] = _diff(pruning, now)
    return result


def _result_of_too_many(pruning: PruningPlan, excess: str, now: datetime, runtime: Runtime) -> Dict[str, Any]:
    """Return the failure of a run that exceeds O(max_deletions) and therefore deletes nothing."""
    kept = [*pruning.kept, *(KeptCache(cache, excess) for cache in pruning.candidates)]
    kept.sort(key=lambda entry: age_order(entry.cache))
    return {
        **_result(replace(pruning, candidates=[], kept=kept), now, runtime),
        "failed": True,
        "msg": "\n".join([f"No image cache was deleted: {excess}. {EXCESS_CURE}", *_candidates(pruning, now)]),
    }


def _candidates(pruning: PruningPlan, now: datetime) -> Iterator[str]:
    """Yield a line for each cache that would be deleted, up to MOST_LISTED lines."""
    for cache in pruning.candidates[:MOST_LISTED]:
        resource = with_ages(cache, now)
        facts = (_size(resource), _age(resource), pruning.reasons[cache.id])
        yield sanitize_line(f"- {cache_label(cache.name, cache.id)}: {', '.join(facts)}", WIDEST)
    more = len(pruning.candidates) - MOST_LISTED
    if more > 0:
        yield f"- and {more} more"


def _result_of_deletions(pruning: PruningPlan, deletions: Deletions, now: datetime, runtime: Runtime) -> Dict[str, Any]:
    """Return the result with the outcome for each cache to delete."""
    went = [cache for cache in pruning.candidates if cache.id in deletions.deleted]
    kept = list(pruning.kept)
    for cache in pruning.candidates:
        if cache.id in deletions.building:
            kept.append(KeptCache(cache, "a build of it started in the meantime"))
        elif cache.id in deletions.failed:
            kept.append(
                KeptCache(cache, f"it could not be deleted: {describe_request_error(deletions.failed[cache.id])}")
            )
    kept.sort(key=lambda entry: age_order(entry.cache))
    result = _result(replace(pruning, candidates=went, kept=kept), now, runtime, deletions.request_id)
    if deletions.failed:
        stayed = [cache for cache in pruning.candidates if cache.id in deletions.failed]
        error = deletions.failed[stayed[0].id]
        what = f"{len(stayed)} of {len(pruning.candidates)} image caches could not be deleted ({_names(stayed)})"
        result.update(request_failure(error, what))
    return result


def _names(caches: Sequence[ImageCache], most: int = 20) -> str:
    names = [cache_label(cache.name, cache.id) for cache in caches[:most]]
    return ", ".join(names) + (f" and {len(caches) - most} more" if len(caches) > most else "")


def _size(resource: Mapping[str, Any]) -> str:
    return f"{resource['image_cache_size'] or '?'} GiB"


def _age(resource: Mapping[str, Any]) -> str:
    return "age unknown" if resource["age_days"] is None else f"{resource['age_days']:g} d old"


def _summary(cache: ImageCache, now: datetime) -> Dict[str, Any]:
    resource = with_ages(cache, now)
    return {key: resource[key] for key in SHOWN}


def _diff(pruning: PruningPlan, now: datetime) -> Dict[str, str]:
    """Return the diff as two lists with one line for each cache, so that a person can review the deletions."""
    rows = [(cache, "") for cache in pruning.candidates] + [(entry.cache, entry.reason) for entry in pruning.kept]
    rows.sort(key=lambda row: age_order(row[0]))
    lines = _align([_cells(cache, reason, now) for cache, reason in rows])
    candidates = {cache.id for cache in pruning.candidates}
    after = [line for (cache, _reason), line in zip(rows, lines) if cache.id not in candidates]
    return {
        "before_header": f"image caches ({len(rows)})",
        "after_header": f"image caches ({len(after)})",
        "before": "".join(lines),
        "after": "".join(after),
    }


def _cells(cache: ImageCache, reason: str, now: datetime) -> Tuple[str, ...]:
    resource = with_ages(cache, now)
    if cache.has_never_matched:
        matched = "never matched"
    elif resource["days_since_match"] is None:
        matched = "last match unknown"
    else:
        matched = f"matched {resource['days_since_match']:g} d ago"
    return (
        cache.id,
        cache.name or "-",
        _size(resource),
        cache.status or "?",
        _age(resource),
        matched,
        ", ".join(cache.value_of("images") or ["-"]),
        f"kept: {reason}" if reason else "",
    )


def _align(rows: Iterable[Tuple[str, ...]]) -> List[str]:
    table = [tuple(sanitize_line(cell, WIDEST) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n" for row in table]
