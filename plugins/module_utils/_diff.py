# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The diff of one declared cache: the resource before and after, and how it changes.

The diff is computed from the plan and the actions, which check mode predicts, so both modes show the same except for
ids. If there is an action, there is a difference, even if all declared options are equal.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import conceal, is_masked
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    FAILED,
    READY,
    UPDATE_FAILED,
    VOLATILE,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    CONTENTS,
    CREATE,
    DELETE,
    RENAME,
    REPLACE,
    UPDATE,
    Plan,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import sanitize_line

__all__ = ["make_diff"]

CREDENTIALS = "image_registry_credentials"
# Placeholders for an id that is not known yet, for old and new passwords, and for the status without waiting.
UNKNOWN_ID, HIDDEN, CHANGED, BUILDING = "(known after build)", "(hidden)", "(changed)", "(building)"


def make_diff(desired: Desired, plan: Plan, before: Optional[ImageCache], result: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the diff of a run that found C(before), or that only made its plan. C(result) is its result."""
    actions: Sequence[Mapping[str, Any]] = result["actions"]
    started = next((action for action in actions if action["action"] == REPLACE and not result["replaced"]), None)
    new = _declared_part(plan.after) if plan.after else {}
    if not actions:
        # Changes made by another run meanwhile are not changes of this one.
        return {"before": new, "after": new, **_headers(plan, before, "")}
    old = _declared_part(before.as_result()) if before else {}
    if new and new["image_cache_id"] is None:
        new["image_cache_id"] = _built_id(actions)
    if before:
        _show_status(desired, plan, before, old, new)
    if before and not started and any(CREDENTIALS in action["fields"] for action in actions):
        _show_passwords(desired, before, old, new)
    leftovers = _find_leftovers(before, actions)
    if leftovers:
        old["replacements"] = [{"image_cache_id": image_cache_id} for image_cache_id in leftovers]
    known: Dict[str, Any] = {}
    if started:
        known = {**_declared_part(plan.starts or {}), "image_cache_id": started["image_cache_id"] or UNKNOWN_ID}
        new["replacements"] = [known]
    moved = [image for action in actions for image in action.get("moved_images", ())]
    if moved:
        old["image_digests"] = {image["image"]: image["old_digest"] for image in moved}
        (known if started else new)["image_digests"] = {image["image"]: image["new_digest"] for image in moved}
    how = "; ".join(_describe_change(plan, before, actions, started is not None))
    return {"before": old, "after": new, **_headers(plan, before, how)}


def _declared_part(resource: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the keys of a resource that a user declares, and its id, without values that the service changes."""
    known = {key: value for key, value in resource.items() if key not in VOLATILE and value is not None}
    return {"image_cache_id": None, **known}


def _built_id(actions: Sequence[Mapping[str, Any]]) -> str:
    built = [action["image_cache_id"] for action in actions if action["action"] in (CREATE, REPLACE)]
    return (built[-1] if built else None) or UNKNOWN_ID


def _show_status(desired: Desired, plan: Plan, before: ImageCache, old: Dict[str, Any], new: Dict[str, Any]) -> None:
    """Add the status of a failed cache that is repaired, because all declared options may be equal."""
    if before.status not in (FAILED, UPDATE_FAILED):
        return
    old["status"] = before.status
    if plan.after is not None:
        new["status"] = plan.after.get("status") or (READY if desired.wait else BUILDING)


def _show_passwords(desired: Desired, before: ImageCache, old: Dict[str, Any], new: Dict[str, Any]) -> None:
    """Add which passwords change, without the values."""
    shown, given = before.value_of(CREDENTIALS), desired.values.get(CREDENTIALS)
    if shown is None or given is None:
        return
    old.update(conceal({CREDENTIALS: shown}))
    new.update(conceal({CREDENTIALS: given}))
    for credential, after in zip(given, new[CREDENTIALS]):
        for other, earlier in zip(shown, old[CREDENTIALS]):
            if "password" not in earlier and _has_new_password(desired, credential, other):
                earlier["password"], after["password"] = HIDDEN, CHANGED
                break


def _has_new_password(desired: Desired, given: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Return whether a password changes, or may change, because O(update_password=always) always sends it."""
    password = given.get("password")
    others = {part: value for part, value in given.items() if part != "password" and value is not None}
    if not password or any(shown.get(part) != value for part, value in others.items()):
        return False
    known = not is_masked(shown.get("password"))
    return desired.update_password == "always" or (known and shown.get("password") != password)


def _find_leftovers(before: Optional[ImageCache], actions: Sequence[Mapping[str, Any]]) -> List[str]:
    """Return the ids of the deleted replacements of earlier runs."""
    own = {action["image_cache_id"] for action in actions if action["action"] == CREATE}
    own.add(before.id if before else None)
    deleted = [action["image_cache_id"] for action in actions if action["action"] == DELETE]
    return [image_cache_id for image_cache_id in deleted if image_cache_id not in own]


def _describe_change(
    plan: Plan, before: Optional[ImageCache], actions: Sequence[Mapping[str, Any]], started: bool
) -> Iterator[str]:
    """Yield how the cache changes, in words."""
    taken = [action["action"] for action in actions]
    if _find_leftovers(before, actions):
        yield "leftover replacement deleted"
    if before and any(a["action"] == DELETE and a["image_cache_id"] == before.id for a in actions):
        yield f"{before.status} cache rebuilt" if CREATE in taken else "deleted"
    elif CREATE in taken:
        yield "created"
    for action in actions:
        fields = ", ".join(action["fields"])
        if action["action"] == RENAME:
            yield "renamed"
        elif action["action"] == UPDATE:
            gap = ", not usable during the build" if set(CONTENTS) & set(action["fields"]) else ""
            yield f"updated in place{gap}: {fields}"
        elif action["action"] == REPLACE and started:
            named = f" {plan.starts['image_cache_name']}" if plan.starts else ""
            yield f"replacement{named} started: {fields}"
            yield "the old cache is kept until a later run"
        elif action["action"] == REPLACE:
            yield f"replaced by a new cache: {fields}"
    if UPDATE in taken:
        yield from _describe_renewal(plan)


def _describe_renewal(plan: Plan) -> Iterator[str]:
    """Yield why the retention is renewed. The days are rounded down, so that they are less than O(min_days_left)."""
    for step in plan.steps:
        if step.expires_in is not None:
            days = math.floor(step.expires_in * 10) / 10
            when = f"expires in {days:g} days" if days >= 0 else f"expired {-days:g} days ago"
            yield f"renewed because it {when}"


def _headers(plan: Plan, before: Optional[ImageCache], how: str) -> Dict[str, str]:
    new: Optional[Any] = (plan.after or {}).get("image_cache_name")
    old = before.name if before else None
    return {
        "before_header": sanitize_line(f"image cache {old or new}"),
        "after_header": sanitize_line(f"image cache {new or old}{': ' if how else ''}{how}"),
    }
