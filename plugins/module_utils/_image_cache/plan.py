# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The plan: a pure function of the declaration, the caches found, and the time.

Check mode, the diff and the real run use the same plan. The run executes it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import difference
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.difference import InPlaceUpdate
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.digests import MovedImage
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import (
    FIELDS,
    SHOWN,
    Field,
    conceal,
    to_request,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    FAILED,
    READY,
    UPDATE_FAILED,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.renewal import (
    find_unreadable_time,
    with_retention_for,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.successor import Successor
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.tracking import find_moved_images

__all__ = ["CONTENTS", "CREATE", "DELETE", "RENAME", "REPLACE", "UPDATE"]
__all__ += ["BuildFailed", "Found", "Plan", "PlannedBuild", "Refused", "Step", "find_build", "make_plan"]

CREATE, UPDATE, RENAME, REPLACE, DELETE = "create", "update", "rename", "replace", "delete"
# The contents of a cache. The other options of a replacement can be updated in place.
CONTENTS = ("images", "image_cache_size")
# In GiB, what the API takes without ImageCacheSize.
DEFAULT_SIZE: int = SHOWN["image_cache_size"].default
# In seconds: a replacement of a run that was cut off within the last day is still a new build.
AS_NEW = 24 * 3600
IN_PLACE = " With on_change: update, the cache is rebuilt in place and cannot be used until the build ends."


class Refused(Exception):
    """The declared state cannot or must not be reached from what is found. The message says what to do."""


class BuildFailed(Exception):
    """The build or update of a cache has failed, and the plan cannot repair it.

    C(missing) names options without which it cannot be rebuilt, C(kept) the cache that it was to replace.
    """

    def __init__(self, cache: ImageCache, missing: Sequence[str] = (), kept: Optional[str] = None) -> None:
        super().__init__(f"status {cache.status}")
        self.cache, self.missing, self.kept = cache, missing, kept


class Found(NamedTuple):
    """The caches found with the declared id or name, and those with the replacement's name, oldest first."""

    caches: Tuple[ImageCache, ...] = ()
    replacements: Tuple[ImageCache, ...] = ()

    def assuming_kept(self, cache: ImageCache) -> Found:
        """Return what will be found after the other runs have deleted their duplicates of this cache."""
        return Found((cache,)) if cache in self.caches else Found(self.caches, (cache,))


@dataclass(frozen=True)
class Step:
    """One action. C(fields) are option names. C(request) may contain secrets and is never shown.

    A replace builds a cache with C(request), unless C(image_cache_id) is an existing replacement. It then deletes
    C(old) and ends with C(closing), an update that gives the new cache the declared name.
    """

    action: str
    image_cache_id: Optional[str]
    fields: Tuple[str, ...] = ()
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    old: Optional[str] = None
    closing: Optional[Step] = None
    # The images whose tags have moved, of a replace for that reason.
    moved: Tuple[MovedImage, ...] = ()
    # In days, of an update that renews the retention.
    expires_in: Optional[float] = None


@dataclass(frozen=True)
class Plan:
    """The steps, and C(after): the known state of the resource after them, as results show it, or None if absent.

    C(subject) is the cache that the plan is for, None if it does not exist yet. C(join) is the id of a cache whose
    build to wait for first: the steps apply if it succeeds and the cache still shows the same values. C(recovers)
    is the Failed cache that is rebuilt. C(lacks_passwords) says that a cache is rebuilt without the registry
    passwords, because they are not declared and the API masks them. C(not_compared) names the declared options that
    the API does not show for the cache that is kept, C(unreadable) the time without which it is not renewed.
    C(starts) is the known state of a replacement that the run only starts, since it does not wait; a later run
    completes the replace.
    """

    steps: Tuple[Step, ...]
    after: Optional[Mapping[str, Any]]
    subject: Optional[ImageCache] = None
    join: Optional[str] = None
    recovers: Optional[ImageCache] = None
    lacks_passwords: bool = False
    not_compared: Tuple[str, ...] = ()
    unreadable: Optional[str] = None
    starts: Optional[Mapping[str, Any]] = None


class PlannedBuild(NamedTuple):
    """What a plan builds: the images, and the size in GiB."""

    images: Tuple[str, ...]
    size: int


def find_build(desired: Desired, plan: Plan) -> Optional[PlannedBuild]:
    """Return what a plan builds, None if it builds nothing."""
    for step in plan.steps:
        if step.action == CREATE or (step.action == REPLACE and step.image_cache_id is None):
            return PlannedBuild(tuple(step.request["Images"]), step.request.get("ImageCacheSize", DEFAULT_SIZE))
        if step.action == UPDATE and set(step.fields) & set(CONTENTS):
            size = plan.subject.value_of("image_cache_size") if plan.subject else None
            images = tuple(desired.images_of(plan.subject))
            return PlannedBuild(images, step.request.get("ImageCacheSize", size or DEFAULT_SIZE))
    return None


def make_plan(desired: Desired, found: Found, now: float) -> Plan:
    """Return the plan that brings what was found to the declared state. C(now) is the Unix time.

    Raises Refused if there is no such plan, BuildFailed if a failed build prevents it.
    """
    if len(found.caches) > 1:
        raise _refusal_of_several(desired, found.caches)
    if not desired.present:
        _refuse_contradiction(desired, found)
        doomed = (*found.replacements, *found.caches)
        return Plan(tuple(map(_delete_step, doomed)), None, subject=doomed[-1] if doomed else None)
    if found.caches:
        return _plan_for_cache(desired, found.caches[0], found.replacements, now)
    return _plan_for_replacements(desired, found.replacements, now)


def _refusal_of_several(desired: Desired, found: Sequence[ImageCache]) -> Refused:
    listed = ", ".join(f"{cache.id} ({cache.status})" for cache in found)
    return Refused(
        f"{len(found)} image caches are named {desired.name!r}: {listed}. Nothing was changed, because the name is"
        " ambiguous. Set image_cache_id to the one that you need, or delete or rename the others."
    )


def _refuse_contradiction(desired: Desired, found: Found) -> None:
    """Raise Refused if the cache to delete by its id does not have the declared name: one of them is wrong."""
    for cache in found.caches:
        if desired.image_cache_id and desired.name and cache.name != desired.name:
            raise Refused(
                f"it is named {cache.name!r}, not {desired.name!r} as declared, so it is unclear which image cache to"
                " delete. Nothing was deleted. Omit image_cache_name to delete it by its ID, or omit image_cache_id to"
                " delete by name."
            )


def _plan_for_cache(desired: Desired, cache: ImageCache, replacements: Sequence[ImageCache], now: float) -> Plan:
    """Return the plan for a cache and the replacements that an earlier replace may have left."""
    replacement = next((other for other in replacements if _can_take_place(desired, cache, other, now)), None)
    if replacement is not None:
        plan = _plan_takeover(desired, cache, replacement, now)
    else:
        plan = _plan_existing(desired, cache, now)
        failed = next((other for other in replacements if other.status == FAILED), None)
        if failed and any(step.action == REPLACE for step in plan.steps):
            plan = replace(plan, recovers=_check_recreate(desired, failed, kept=cache.id))
    return _with_join(_with_cleanup(replace(plan, subject=cache), replacements, replacement), cache, replacement)


def _plan_for_replacements(desired: Desired, replacements: Sequence[ImageCache], now: float) -> Plan:
    """Return the plan for an unused name. An interrupted replace may have left the new cache without the name."""
    usable = [cache for cache in replacements if cache.status != FAILED]
    fitting = [cache for cache in usable if _is_fitting(desired, cache, now)]
    replacement = next(iter(fitting or sorted(usable, key=lambda cache: cache.status == UPDATE_FAILED)), None)
    if replacement is not None and replacement.status == UPDATE_FAILED and _is_recreatable(desired, replacement):
        # The API may refuse to rename a cache in UpdateFailed.
        plan = _plan_recreate(desired, replacement)
    elif replacement is not None:
        plan = _plan_existing(desired, replacement, now, rebuilt=replacement in fitting)
    else:
        plan = _plan_create(desired)
        if replacements:
            plan = replace(plan, recovers=_check_recreate(desired, replacements[0]))
    return _with_join(_with_cleanup(replace(plan, subject=replacement), replacements, replacement), replacement)


def _with_join(plan: Plan, *caches: Optional[ImageCache]) -> Plan:
    """Return the plan, preceded by the wait for a running build."""
    return replace(plan, join=next((cache.id for cache in caches if cache and not cache.is_settled), None))


def _with_cleanup(plan: Plan, replacements: Sequence[ImageCache], replacement: Optional[ImageCache]) -> Plan:
    """Return the plan, preceded by the deletion of leftover replacements."""
    return replace(plan, steps=(*(_delete_step(c) for c in replacements if c is not replacement), *plan.steps))


def _can_take_place(desired: Desired, cache: ImageCache, other: ImageCache, now: float) -> bool:
    """Return whether a replacement can replace a cache. Contents that are not declared must be equal in both."""
    undeclared = [row for row in FIELDS if row.option in CONTENTS and row.option not in desired.values]
    same = all(_is_same(row, other.value_of(row.option), cache.value_of(row.option)) for row in undeclared)
    # A Failed cache is rebuilt with any on_change, and a replacement is equivalent to that.
    may = desired.on_change != "fail" or cache.status == FAILED
    return may and same and _is_fitting(desired, other, now)


def _is_same(row: Field, one: Any, other: Any) -> bool:
    """Return whether two caches show the same value for a field, or neither shows one."""
    return one is other if one is None or other is None else row.same(one, other)


def _is_fitting(desired: Desired, cache: ImageCache, now: float) -> bool:
    """Return whether a replacement equals a new build, except for options that can be updated in place."""
    return cache.status not in (FAILED, UPDATE_FAILED) and not (
        difference.find_build_differences(desired, cache)
        or difference.is_too_old(desired, cache, now)
        or find_moved_images(desired, cache)
        or (desired.force_rebuild and _is_stale(cache, now))
    )


def _is_stale(cache: ImageCache, now: float) -> bool:
    """Return whether a replacement is too old to count as the new build that O(force_rebuild) requests."""
    return cache.created_at is not None and now - cache.created_at.timestamp() > AS_NEW


def _plan_existing(desired: Desired, cache: ImageCache, now: float, rebuilt: bool = False) -> Plan:
    """Return the plan for a cache without replacements. C(rebuilt) says that O(force_rebuild) is already satisfied."""
    if cache.status == FAILED:
        return _plan_recreate(desired, cache)
    reasons = difference.reasons_to_replace(desired, cache, now, rebuilt)
    _refuse_by_on_change(desired, cache, reasons)
    if not reasons:
        return _plan_update(desired, cache, now)
    if cache.name is None or cache.name != desired.replacement_name:
        return _plan_replace(desired, cache, reasons)
    rename = _update_step(cache.id, InPlaceUpdate({"image_cache_name": desired.name}))
    replacing = _plan_replace(desired, ImageCache({**cache.raw, "ImageCacheName": desired.name}), reasons)
    return replace(replacing, steps=(rename, *replacing.steps))


def _refuse_by_on_change(desired: Desired, cache: ImageCache, reasons: Sequence[str]) -> None:
    if desired.on_change != "fail":
        return
    if cache.status == UPDATE_FAILED:
        raise BuildFailed(cache)
    words = difference.describe_differences(desired, cache, reasons)
    if words:
        raise Refused(
            f"it differs from its declaration, and on_change is fail: {'; '.join(words)}. Nothing was changed."
            f"{'' if reasons else IN_PLACE} With on_change: replace, a new cache is built first."
        )


def _plan_create(desired: Desired) -> Plan:
    if desired.image_cache_id:
        raise Refused(
            f"there is no image cache {desired.image_cache_id} in the region. The API assigns the IDs, and the ID"
            " changes when a cache is rebuilt. Check image_cache_id and region, or omit image_cache_id to create the"
            " cache by its name."
        )
    new = Successor(desired)
    if new.missing:
        raise Refused(f"it does not exist. To create it, also set {', '.join(new.missing)}.")
    return Plan((_create_step(new),), conceal(new.values))


def _plan_recreate(desired: Desired, cache: ImageCache) -> Plan:
    new = Successor(desired, cache)
    _check_recreate(desired, cache, missing=new.missing)
    _refuse_without_name(desired, cache)
    steps = (_delete_step(cache), _create_step(new))
    after = conceal(new.compare_with_old(()))
    return Plan(steps, after, recovers=cache, lacks_passwords=new.lacks_passwords)


def _is_recreatable(desired: Desired, cache: ImageCache) -> bool:
    return desired.recreate_failed and desired.on_change != "fail" and not Successor(desired, cache).missing


def _check_recreate(
    desired: Desired, failed: ImageCache, kept: Optional[str] = None, missing: Sequence[str] = ()
) -> ImageCache:
    """Return the Failed cache if it may be rebuilt. Raises BuildFailed if not."""
    if not desired.recreate_failed or missing:
        raise BuildFailed(failed, missing if desired.recreate_failed else (), kept)
    return failed


def _plan_replace(desired: Desired, cache: ImageCache, reasons: Sequence[str]) -> Plan:
    new = Successor(desired, cache)
    _refuse_without_name(desired, cache)
    if new.missing:
        raise Refused(
            f"it must be replaced because of {', '.join(reasons)}. Nothing was changed. For the"
            f" replacement, also set {', '.join(new.missing)}."
        )
    request = to_request({**new.values, "image_cache_name": desired.replacement_name}, new.record)
    closing = _update_step(None, InPlaceUpdate({"image_cache_name": desired.name}))
    fields = difference.replace_fields(desired, cache, reasons)
    moved = tuple(find_moved_images(desired, cache))
    step = Step(REPLACE, None, fields, request, old=cache.id, closing=closing, moved=moved)
    built = conceal({**new.compare_with_old(fields), "image_cache_name": desired.name})
    if desired.wait:
        return Plan((step,), built, lacks_passwords=new.lacks_passwords)
    starts = {**built, "image_cache_name": desired.replacement_name}
    return Plan((step,), cache.as_result(), lacks_passwords=new.lacks_passwords, starts=starts)


def _refuse_without_name(desired: Desired, cache: ImageCache) -> None:
    if desired.name is None:
        raise Refused(
            f"{cache.id} must be rebuilt but has no name, and a later run finds its build by the name. Nothing was"
            " changed. Set image_cache_name to give it a name."
        )


def _plan_takeover(desired: Desired, cache: ImageCache, replacement: ImageCache, now: float) -> Plan:
    """Return the plan to replace a cache with an existing replacement."""
    desired = desired.with_tags_of(cache)
    changes = difference.plan_in_place(with_retention_for(desired, replacement, now), replacement)
    reasons = difference.reasons_to_replace(desired, cache, now, rebuilt=False)
    fields = difference.replace_fields(desired, cache, reasons, changes.fields)
    moved = tuple(find_moved_images(desired, cache))
    step = Step(REPLACE, replacement.id, fields, old=cache.id, closing=_update_step(None, changes), moved=moved)
    return Plan(
        (step,),
        _resource_after(desired, replacement, changes),
        not_compared=difference.find_not_compared(desired, replacement),
        unreadable=find_unreadable_time(desired, replacement, now),
    )


def _plan_update(desired: Desired, cache: ImageCache, now: float) -> Plan:
    changes = difference.plan_in_place(with_retention_for(desired, cache, now), cache)
    return Plan(
        (_update_step(cache.id, changes),) if changes else (),
        _resource_after(desired, cache, changes),
        not_compared=difference.find_not_compared(desired, cache),
        unreadable=find_unreadable_time(desired, cache, now),
    )


def _resource_after(desired: Desired, cache: ImageCache, changes: InPlaceUpdate) -> Dict[str, Any]:
    """Return the known state of a cache after its update. Values that the service has yet to set are None."""
    after = {**cache.as_result(), **conceal(changes.values), **changes.recorded_note}
    if "retention_days" in changes.values:
        after.update(expire_date_time=None, expires_at=None, never_expires=changes.values["retention_days"] == 0)
    if any(option in changes.values for option in CONTENTS) or (changes and not cache.is_settled):
        after.update(dict.fromkeys(("snapshot_id", "snapshotter", "events")))
        after["status"] = READY if desired.wait else None
    return after


def _update_step(image_cache_id: Optional[str], changes: InPlaceUpdate) -> Step:
    action = RENAME if changes.fields == ("image_cache_name",) else UPDATE
    return Step(action, image_cache_id, changes.fields, changes.request(), expires_in=changes.expires_in)


def _create_step(new: Successor) -> Step:
    fields = tuple(row.option for row in FIELDS if row.option in new.values)
    return Step(CREATE, None, fields, to_request(new.values, new.record))


def _delete_step(cache: ImageCache) -> Step:
    return Step(DELETE, cache.id)
