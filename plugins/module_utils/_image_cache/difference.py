# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The differences between a cache and its declaration, and how to apply them.

Options that are not declared are not compared. Settings that Describe does not show can only be compared with a
record of them.
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
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import UPDATE_FAILED, ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.tracking import (
    find_changed_rows,
    find_moved_images,
    split_record,
    update_record,
)

__all__ = [
    "InPlaceUpdate",
    "plan_in_place",
    "find_not_compared",
    "find_build_differences",
    "find_outstanding",
    "reasons_to_replace",
    "replace_fields",
]
__all__ += ["is_too_old", "describe_differences"]

TRACKING, FOLLOWING = "track_build_settings", "follow_tags"


@dataclass(frozen=True)
class InPlaceUpdate:
    """The contents of an update: options with their values, and the record, which is stored in an additional tag.

    C(kept) holds the user's tags if they are sent only for the record: an update replaces them all. C(recorded) are the
    options that have the record written. C(expires_in) are the days that a cache has left whose retention is renewed.
    """

    values: Mapping[str, Any]
    record: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)
    recorded: Tuple[str, ...] = ()
    expires_in: Optional[float] = None

    def __bool__(self) -> bool:
        return bool(self.values or self.kept)

    @property
    def fields(self) -> Tuple[str, ...]:
        """The names of the options in the update."""
        named = tuple(row.option for row in FIELDS if row.option in self.values)
        return (*named, *self.recorded)

    @property
    def recorded_note(self) -> Dict[str, Any]:
        """What a diff shows besides the values."""
        return dict.fromkeys(self.recorded, True)

    def request(self) -> Dict[str, Any]:
        """Return the fields of the request, without the id of the cache."""
        sent = {**self.kept, **self.values}
        return to_request(sent, self.record if "tags" in sent else "")


def plan_in_place(desired: Desired, cache: ImageCache) -> InPlaceUpdate:
    """Return the update that a cache needs, if it does not have to be replaced.

    C(desired) has the retention for this cache, see with_retention_for().
    """
    desired = desired.with_tags_of(cache)
    values = {option: desired.values[option] for option in _changing_options(desired, cache)}
    if cache.status == UPDATE_FAILED:
        values.update(_contents_to_send(desired, cache))
    rebuilds = any(_row(option).change is Change.ON_CHANGE for option in values)
    record = update_record(desired, cache, rebuilds) if any(_recording(desired).values()) else cache.record
    kept = {} if record == cache.record else {"tags": cache.value_of("tags")}
    if values or kept:
        values.update(_declared_values(desired, Change.ALONGSIDE))
    recorded = _recorded_options(str(cache.record), str(record), rebuilds) if kept else ()
    return InPlaceUpdate(values, record or "", kept, recorded, desired.expires_in)


def _recording(desired: Desired) -> Dict[str, bool]:
    """Return which of the options that keep a record are given."""
    return {TRACKING: desired.track_build_settings, FOLLOWING: desired.follow_tags}


def _recorded_options(before: str, after: str, rebuilds: bool) -> Tuple[str, ...]:
    """Return the options whose part of the record changes; digests that go along with a rebuild need no mention."""
    parts = zip((TRACKING, FOLLOWING), split_record(before), split_record(after))
    return tuple(option for option, old, new in parts if old != new and not (rebuilds and option == FOLLOWING))


def replace_fields(
    desired: Desired, old: ImageCache, reasons: Sequence[str], updated: Sequence[str] = ()
) -> Tuple[str, ...]:
    """Return the options that a replace reports: its reasons, the other options that it changes, and C(updated).

    C(updated) are the options with which an existing replacement is updated.
    """
    return tuple(dict.fromkeys([*reasons, *_changing_options(desired, old), *updated]))


def find_outstanding(desired: Desired, cache: ImageCache, options: Sequence[str]) -> List[str]:
    """Return those of the updated options that Describe does not show as declared yet."""
    differ = [row.option for row in find_differences(desired, cache)]
    differ += plan_in_place(desired, cache).recorded
    return [option for option in options if option in differ]


def find_differences(desired: Desired, cache: ImageCache) -> List[Field]:
    """Return the rows whose declared value differs from what Describe shows or from the record."""
    desired = desired.with_tags_of(cache)
    tracked = find_changed_rows(desired.values, cache) if desired.track_build_settings else []
    shown = [row for row in FIELDS if row.is_shown and row.option in desired.values]
    return [row for row in FIELDS if row in tracked or (row in shown and _is_different(row, desired, cache))]


def _changing_options(desired: Desired, cache: ImageCache) -> List[str]:
    """Return the options that differ, and those that are sent even if no difference shows."""
    always = {
        "image_registry_credentials": desired.update_password == "always" and _has_passwords(desired),
        "retention_days": desired.expires_in is not None,
    }
    rows = find_differences(desired, cache)
    return [row.option for row in FIELDS if row in rows or always.get(row.option)]


def find_not_compared(desired: Desired, cache: ImageCache) -> Tuple[str, ...]:
    """Return the declared options that Describe shows for other caches but not for this one.

    They count as equal.
    """
    options = [row.option for row in FIELDS if row.option in desired.values and _is_hidden(row, cache)]
    if cache.record is None:
        options += [option for option, given in _recording(desired).items() if given]
    return tuple(options)


def find_build_differences(desired: Desired, cache: ImageCache) -> List[str]:
    """Return the options whose declared value requires a build."""
    return [
        row.option for row in find_differences(desired, cache) if row.change in (Change.ON_CHANGE, Change.NEW_CACHE)
    ]


def is_too_old(desired: Desired, cache: ImageCache, now: float) -> bool:
    """Return whether a cache is older than O(max_age). A cache with an unreadable date is not."""
    limit, created = desired.max_age_seconds, cache.created_at
    return limit is not None and created is not None and now - created.timestamp() > limit


def reasons_to_replace(desired: Desired, cache: ImageCache, now: float, rebuilt: bool) -> List[str]:
    """Return the options that require a replacement, or an empty list."""
    rows = find_differences(desired, cache)
    reasons = [row.option for row in rows if row.change is Change.NEW_CACHE]
    if desired.on_change == "replace":
        reasons = find_build_differences(desired, cache)
        if cache.status == UPDATE_FAILED and not reasons:
            reasons = list(_contents_to_send(desired, cache))
    if desired.force_rebuild and not rebuilt:
        reasons.append("force_rebuild")
    if is_too_old(desired, cache, now):
        reasons.append("max_age")
    if find_moved_images(desired, cache):
        reasons.append(FOLLOWING)
    return reasons


def describe_differences(desired: Desired, cache: ImageCache, reasons: Sequence[str]) -> List[str]:
    """Return descriptions of the differences that make O(on_change=fail) fail."""
    said = []
    for option in [*find_build_differences(desired, cache), *(reason for reason in reasons if reason in WORDS)]:
        if option in WORDS:
            moved = ", ".join(map(str, find_moved_images(desired, cache)))
            said.append(
                WORDS[option].format(created=cache.raw.get("CreationTime"), max_age=desired.max_age, moved=moved)
            )
        elif _row(option).is_shown:
            said.append(f"{option} is {cache.value_of(option)!r}, declared {desired.values[option]!r}")
        else:
            said.append(f"{option} differs from its value at build time, declared {desired.values[option]!r}")
    return said


WORDS = {
    "force_rebuild": "force_rebuild requests a rebuild",
    "max_age": "it was created at {created}, and max_age is {max_age}",
    FOLLOWING: "tags have moved: {moved}",
}


def _row(option: str) -> Field:
    return next(row for row in FIELDS if row.option == option)


def _is_different(row: Field, desired: Desired, cache: ImageCache) -> bool:
    return not _is_hidden(row, cache) and not row.same(desired.values[row.option], cache.value_of(row.option))


def _is_hidden(row: Field, cache: ImageCache) -> bool:
    # A missing name is not a hidden value: such a cache has no name.
    return row.is_shown and row.change is not Change.RENAME and cache.value_of(row.option) is None


def _contents_to_send(desired: Desired, cache: ImageCache) -> Dict[str, Any]:
    """Return the contents to send when a failed update is repeated: as declared, or as the cache shows them."""
    return _declared_values(desired, Change.ON_CHANGE) or {"images": cache.value_of("images")}


def _declared_values(desired: Desired, change: Change) -> Dict[str, Any]:
    """Return the declared values of the options that are applied by this kind of change."""
    return {
        row.option: desired.values[row.option]
        for row in FIELDS
        if row.change is change and row.option in desired.values
    }


def _has_passwords(desired: Desired) -> bool:
    return any(credential.get("password") for credential in desired.values.get("image_registry_credentials", []))
