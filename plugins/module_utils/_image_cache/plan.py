# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The plan: a pure function of what is declared and what is found.

Check mode, the diff and the real run all read the same plan; apply carries it out exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import (
    FIELDS,
    Change,
    Field,
    to_request,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    FAILED,
    RESULT_FIELDS,
    UPDATE_FAILED,
    ImageCache,
    without_password,
)

__all__ = ["BuildFailed", "Plan", "Refused", "Step", "differences", "make_plan", "several"]

CREATE, UPDATE, RENAME, DELETE = "create", "update", "rename", "delete"


class Refused(Exception):
    """What is declared cannot, or must not, be reached from what is found. The message says what to do."""


class BuildFailed(Exception):
    """The cache's build or update ended in a failure; nothing that is planned can mend it."""

    def __init__(self, cache: ImageCache) -> None:
        super().__init__(f"status {cache.status}")
        self.cache = cache


@dataclass(frozen=True)
class Step:
    """One writing action. C(fields) are option names; C(request) may hold secrets and is never shown."""

    action: str
    image_cache_id: Optional[str]
    fields: Tuple[str, ...] = ()
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Plan:
    """The steps, and what is known of the resource once they are done, as results show it (None when absent).

    C(join) says that a build is under way which is to be awaited first: the steps are what would follow if it
    ends well and shows what it shows now.
    """

    steps: Tuple[Step, ...]
    after: Optional[Mapping[str, Any]]
    join: bool = False


def make_plan(desired: Desired, found: Sequence[ImageCache]) -> Plan:
    """Return the plan that makes what is declared of what was found by id or exact name.

    Raises Refused where there is no such plan, BuildFailed where a failed build stands in its way.
    """
    if len(found) > 1:
        raise several(desired, found)
    cache = found[0] if found else None
    if not desired.present:
        steps = (Step(DELETE, cache.id),) if cache else ()
        return Plan(steps, None)
    if cache is None:
        return _create(desired)
    if cache.status == FAILED:
        raise BuildFailed(cache)
    return _keep(desired, cache)


def several(desired: Desired, found: Sequence[ImageCache]) -> Refused:
    """Return the refusal to choose among caches of one name."""
    listed = ", ".join(f"{cache.id} ({cache.status})" for cache in found)
    return Refused(
        f"{len(found)} image caches are named {desired.name!r}: {listed}. Nothing was changed, since a name that"
        " is not unique does not say which one is meant. Address one by image_cache_id, delete or rename the others."
    )


def differences(desired: Desired, cache: ImageCache) -> List[Field]:
    """Return the rows whose declared value differs from what Describe shows.

    What is not declared is not compared, and what Describe does not show cannot be.
    """
    return [row for row in FIELDS if row.shown and row.option in desired.values and _differs(row, desired, cache)]


def _differs(row: Field, desired: Desired, cache: ImageCache) -> bool:
    shown = cache.shown(row.option)
    if shown is None and row.change is not Change.RENAME:
        return False
    return not row.same(desired.values[row.option], shown)


def _create(desired: Desired) -> Plan:
    if desired.image_cache_id:
        raise Refused(
            f"there is no image cache {desired.image_cache_id}. An id is given by the API and cannot be created:"
            " leave image_cache_id out to create a cache by its name."
        )
    missing = [row.option for row in FIELDS if row.needed_to_create and row.option not in desired.values]
    if missing:
        raise Refused(
            f"there is no image cache named {desired.name!r}, and creating it needs {', '.join(missing)} too."
        )
    fields = tuple(row.option for row in FIELDS if row.option in desired.values)
    step = Step(CREATE, None, fields, to_request(desired.values))
    return Plan((step,), _presentable(desired.values))


def _keep(desired: Desired, cache: ImageCache) -> Plan:
    changed = {row.option: desired.values[row.option] for row in differences(desired, cache)}
    _check_on_change(desired, cache, changed)
    if desired.update_password == "always" and _has_passwords(desired):
        changed["image_registry_credentials"] = desired.values["image_registry_credentials"]
    if cache.status == UPDATE_FAILED:
        changed.update(_tried_again(desired, cache))
    if changed:
        changed.update(_alongside(desired))
    steps = (_update(cache, changed),) if changed else ()
    shown = {option: value for option, value in changed.items() if option in RESULT_FIELDS}
    return Plan(steps, {**cache.as_result(), **_presentable(shown)}, join=not cache.settled)


def _check_on_change(desired: Desired, cache: ImageCache, changed: Mapping[str, Any]) -> None:
    if desired.on_change != "fail":
        return
    if cache.status == UPDATE_FAILED:
        raise BuildFailed(cache)
    held = [row.option for row in FIELDS if row.change is Change.ON_CHANGE and row.option in changed]
    if held:
        listed = "; ".join(f"{option} is {cache.shown(option)!r}, declared {changed[option]!r}" for option in held)
        raise Refused(
            f"{desired.label} differs, and on_change is fail: {listed}. Nothing was changed. With on_change: update"
            " the cache is rebuilt in place, and out of use meanwhile."
        )


def _tried_again(desired: Desired, cache: ImageCache) -> Dict[str, Any]:
    """Return what a failed update is repeated with: the declared contents, or those that the cache shows."""
    declared = {
        row.option: desired.values[row.option]
        for row in FIELDS
        if row.change is Change.ON_CHANGE and row.option in desired.values
    }
    return declared or {"images": cache.shown("images")}


def _alongside(desired: Desired) -> Dict[str, Any]:
    return {
        row.option: desired.values[row.option]
        for row in FIELDS
        if row.change is Change.ALONGSIDE and row.option in desired.values
    }


def _has_passwords(desired: Desired) -> bool:
    return any(credential.get("password") for credential in desired.values.get("image_registry_credentials", []))


def _update(cache: ImageCache, changed: Mapping[str, Any]) -> Step:
    fields = tuple(row.option for row in FIELDS if row.option in changed)
    action = RENAME if fields == ("image_cache_name",) else UPDATE
    return Step(action, cache.id, fields, {"ImageCacheId": cache.id, **to_request(changed)})


def _presentable(values: Mapping[str, Any]) -> Dict[str, Any]:
    result = dict(values)
    if "image_registry_credentials" in result:
        result["image_registry_credentials"] = [
            without_password(credential) for credential in result["image_registry_credentials"]
        ]
    return result
