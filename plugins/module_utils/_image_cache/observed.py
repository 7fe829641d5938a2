# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. An image cache as DescribeImageCaches shows it, and as results show it.

Every field is optional when reading: the vendor's own samples leave out what its definitions call always
present. What is missing, or not of the defined type, is unknown and reads as None.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import SHOWN, conceal
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import (
    ABSENT,
    RECORD_TAG,
    read_all_tags,
    read_text,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import (
    days_between,
    iso_utc,
    parse_time,
)

__all__ = [
    "EVENT_SELECTIONS",
    "FAILED",
    "READY",
    "RESULT_KEYS",
    "UPDATE_FAILED",
    "VOLATILE",
    "Event",
    "ImageCache",
    "age_order",
    "cache_label",
    "with_ages",
]

# "Status" of the ImageCache structure, TKE API 2018-05-25. Only Ready is usable.
READY, FAILED, UPDATE_FAILED = "Ready", "Failed", "UpdateFailed"
SETTLED = frozenset([READY, FAILED, UPDATE_FAILED])

# The event that a build begins with (TKE image cache events), compared without regard to case.
FIRST_OF_BUILD = "diskcreated"

# What Describe returns beside the id and the options, by the result's key.
OUTPUT_FIELDS: Mapping[str, str] = {
    "status": "Status",
    "creation_time": "CreationTime",
    "expire_date_time": "ExpireDateTime",
    "last_matched_time": "LastMatchedTime",
    "image_cache_type": "ImageCacheType",
    "snapshot_id": "SnapshotId",
    "snapshotter": "Snapshotter",
}
DERIVED = ("created_at", "expires_at", "last_matched_at", "never_expires")
RESULT_KEYS = ("image_cache_id", *SHOWN, *OUTPUT_FIELDS, "events", *DERIVED)
# What the service itself changes, by building or in the course of time: no part of a declaration, nor of a diff.
VOLATILE = frozenset([*OUTPUT_FIELDS, "events", *DERIVED])
EVENT_FIELDS = {
    "image_cache_id": "ImageCacheId",
    "type": "Type",
    "reason": "Reason",
    "message": "Message",
    "first_timestamp": "FirstTimestamp",
    "last_timestamp": "LastTimestamp",
}


@dataclass(frozen=True)
class Event:
    """One step of a build. C(at) is None where the time cannot be read."""

    type: str
    reason: str
    message: str
    at: Optional[datetime]

    @property
    def is_warning(self) -> bool:
        """Whether it is a warning."""
        return self.type.lower() == "warning"


@dataclass(frozen=True)
class ImageCache:
    """One image cache of a listing."""

    raw: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The C(imc-) id."""
        return str(self.raw["ImageCacheId"])

    @property
    def name(self) -> Optional[str]:
        """The name; caches that the platform makes have none."""
        return read_text(self.raw.get("ImageCacheName"))

    @property
    def status(self) -> Optional[str]:
        """The status as the API words it."""
        return read_text(self.raw.get("Status"))

    @property
    def is_settled(self) -> bool:
        """Whether no build is under way. An unknown status counts as one: nothing else is safe to conclude."""
        return self.status in SETTLED

    @property
    def created_at(self) -> Optional[datetime]:
        """The moment of creation, None where it cannot be read."""
        return parse_time(self.raw.get("CreationTime"))

    @property
    def last_matched_at(self) -> Optional[datetime]:
        """The moment when a Pod last matched it, None where none has, or where it cannot be read."""
        return parse_time(self.raw.get("LastMatchedTime"))

    @property
    def has_never_matched(self) -> bool:
        """Whether the API says that no Pod has matched it. What is not shown, or cannot be read, says nothing."""
        return bool(self.raw.get("LastMatchedTime") == "")

    @property
    def is_made_by_platform(self) -> bool:
        """Whether the platform made it for a Pod. Those have no name; editions of the API before 2026 show no type."""
        type_ = read_text(self.raw.get("ImageCacheType"))
        return type_.lower() != "manual" if type_ else self.name is None

    @property
    def events(self) -> List[Event]:
        """The events of the current or last build, oldest first; without readable times as the listing has them."""
        events = [_event(event) for event in _last_build(_events(self.raw.get("Events")))]
        if all(event.at for event in events):
            # Within one second the listing's own order decides, newest first, as the vendor's samples show it.
            events.reverse()
            events.sort(key=lambda event: event.at or datetime.min)
        return events

    @property
    def record(self) -> Optional[str]:
        """The value of the record's tag; empty without one, None where Describe shows no tags."""
        tags = read_all_tags(self.raw.get("Tags", ABSENT))
        return None if tags is None else tags.get(RECORD_TAG, "")

    def value_of(self, option: str) -> Any:
        """Return what Describe shows of an option, in the option's own form; None where it shows nothing.

        Credentials come with their password, as far as the API shows it: never put them into a result.
        """
        return SHOWN[option].read(self.raw.get(SHOWN[option].api, ABSENT))

    def as_result(self, events: str = "last") -> Dict[str, Any]:
        """Return the result's RV(image_cache): everything that Describe returns, without any password.

        C(events) is a key of EVENT_SELECTIONS.
        """
        result: Dict[str, Any] = {"image_cache_id": self.id, **_rename_keys(self.raw, OUTPUT_FIELDS)}
        result.update(conceal({option: self.value_of(option) for option in SHOWN}))
        selected = EVENT_SELECTIONS[events](_events(self.raw.get("Events")))
        result["events"] = [_rename_keys(event, EVENT_FIELDS) for event in selected]
        result.update(derived_times(self.raw, result["retention_days"]))
        return result


def cache_label(name: Optional[str], image_cache_id: Optional[str]) -> str:
    """Return how messages name an image cache: C(web (imc-r1htp8tg)), or only what is known of it."""
    return f"{name} ({image_cache_id})" if name and image_cache_id else str(name or image_cache_id)


def with_ages(cache: ImageCache, now: datetime, events: str = "last") -> Dict[str, Any]:
    """Return the cache as listings return it: with C(age_days) and C(days_since_match), None where not known."""
    return {
        **cache.as_result(events),
        "age_days": days_between(cache.created_at, now),
        "days_since_match": days_between(cache.last_matched_at, now),
    }


def age_order(cache: ImageCache) -> Tuple[str, str]:
    """Return the key that sorts caches oldest first, then by id; unreadable times sort last."""
    return (iso_utc(cache.raw.get("CreationTime")) or "~", cache.id)


def derived_times(raw: Mapping[str, Any], retention_days: Optional[int]) -> Dict[str, Any]:
    """Return C(created_at), C(expires_at) and C(last_matched_at) as ISO 8601 UTC or None, and C(never_expires).

    Retention 0 means for ever; the date that then comes with it is empty or a hundred years off, by edition.
    """
    never: Optional[bool] = None
    if retention_days is not None:
        never = retention_days == 0
    elif raw.get("ExpireDateTime") == "":
        never = True
    elif parse_time(raw.get("ExpireDateTime")):
        never = False
    return {
        "created_at": iso_utc(raw.get("CreationTime")),
        "expires_at": None if never else iso_utc(raw.get("ExpireDateTime")),
        "last_matched_at": iso_utc(raw.get("LastMatchedTime")),
        "never_expires": never,
    }


def _rename_keys(entry: Mapping[str, Any], fields: Mapping[str, str]) -> Dict[str, Any]:
    values = ((key, entry.get(field)) for key, field in fields.items())
    return {key: value if isinstance(value, str) else None for key, value in values}


def _events(value: Any) -> List[Mapping[str, Any]]:
    # An event that is none takes nothing from the others.
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _last_build(entries: Sequence[Mapping[str, Any]]) -> List[Mapping[str, Any]]:
    """Return the events of the current or last build, in the order given; all of them where no build can be told.

    Of the second in which it begins all are kept: the order within a second is not known.
    """
    events = [_event(entry) for entry in entries]
    begins = [event.at for event in events if event.at and _begins_build(event)]
    if not begins or not all(event.at for event in events):
        return list(entries)
    return [entry for entry, event in zip(entries, events) if event.at and event.at >= max(begins)]


def _begins_build(event: Event) -> bool:
    return event.reason.lower() == FIRST_OF_BUILD and not event.is_warning


def _event(entry: Mapping[str, Any]) -> Event:
    type_, reason, message = (read_text(entry.get(field)) or "" for field in ("Type", "Reason", "Message"))
    return Event(type_, reason, message, parse_time(entry.get("LastTimestamp")))


# Which events a result holds.
EVENT_SELECTIONS: Mapping[str, Callable[[Sequence[Mapping[str, Any]]], List[Mapping[str, Any]]]] = {
    "last": _last_build,
    "all": list,
    "none": lambda entries: [],
}
