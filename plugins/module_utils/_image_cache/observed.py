# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. An image cache as DescribeImageCaches shows it, and as results show it.

Every field is optional when reading, because the samples of the vendor omit fields that its definitions require. A
value that is missing, or that does not have the defined type, is unknown and reads as None.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import SHOWN, conceal, to_request
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import (
    ABSENT,
    RECORD_TAG,
    read_all_tags,
    read_text,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import (
    add_days,
    days_between,
    days_until,
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

# The first event of a build (TKE image cache events), compared case-insensitively.
FIRST_OF_BUILD = "diskcreated"

# The fields that Describe returns in addition to the id and the options, by the key in the result.
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
# Keys that the service itself changes, by builds or over time. Declarations and diffs do not contain them.
VOLATILE = frozenset([*OUTPUT_FIELDS, "events", *DERIVED])
EVENT_FIELDS = {
    "image_cache_id": "ImageCacheId",
    "type": "Type",
    "reason": "Reason",
    "message": "Message",
    "first_timestamp": "FirstTimestamp",
    "last_timestamp": "LastTimestamp",
}

# The types of values in results, by the type of the option.
RESULT_TYPES: Mapping[str, type] = {"str": str, "int": int, "list": list, "dict": dict}


class Event(NamedTuple):
    """One event of a build. C(at) is None if the time cannot be read."""

    type: str
    reason: str
    message: str
    at: Optional[datetime]

    @property
    def is_warning(self) -> bool:
        """Whether the event is a warning."""
        return self.type.lower() == "warning"


@dataclass(frozen=True)
class ImageCache:
    """One image cache of a listing."""

    raw: Mapping[str, Any]

    @classmethod
    def from_result(cls, resource: Mapping[str, Any]) -> ImageCache:
        """Return the cache that C(as_result) has shown, without its registry credentials.

        A value of another type than C(as_result) returns is unknown.
        """
        values = {
            option: resource[option]
            for option, row in SHOWN.items()
            if not row.holds_secrets and isinstance(resource.get(option), RESULT_TYPES[row.spec["type"]])
        }
        events = [_raw_fields(event, EVENT_FIELDS) for event in _events(resource.get("events"))]
        fields = {"image_cache_id": "ImageCacheId", **OUTPUT_FIELDS}
        return cls({**to_request(values), **_raw_fields(resource, fields), "Events": events})

    @property
    def id(self) -> str:
        """The C(imc-) id."""
        return str(self.raw["ImageCacheId"])

    @property
    def name(self) -> Optional[str]:
        """The name. Caches that the platform creates have none."""
        return read_text(self.raw.get("ImageCacheName"))

    @property
    def status(self) -> Optional[str]:
        """The status as the API returns it."""
        return read_text(self.raw.get("Status"))

    @property
    def is_settled(self) -> bool:
        """Whether no build is running. To be safe, an unknown status counts as a running build."""
        return self.status in SETTLED

    @property
    def created_at(self) -> Optional[datetime]:
        """The time of creation, or None if it cannot be read."""
        return parse_time(self.raw.get("CreationTime"))

    @property
    def last_matched_at(self) -> Optional[datetime]:
        """The time when a Pod last matched it, or None if no Pod has matched it or the time cannot be read."""
        return parse_time(self.raw.get("LastMatchedTime"))

    @property
    def never_expires(self) -> Optional[bool]:
        """Whether it never expires, or None if unknown.

        With retention 0 the cache never expires. Its expiry date is then empty or a hundred years ahead, depending on
        the edition of the API.
        """
        retention_days, listed = self.value_of("retention_days"), self.raw.get("ExpireDateTime")
        if retention_days is not None:
            return bool(retention_days == 0)
        if listed == "":
            return True
        return False if parse_time(listed) else None

    @property
    def expires_at(self) -> Optional[datetime]:
        """The time at which it expires, or None if it never expires or the time is unknown.

        Without a readable date, the retention counts from the creation: it cannot expire earlier.
        """
        if self.never_expires is not False:
            return None
        listed = parse_time(self.raw.get("ExpireDateTime"))
        return listed or add_days(self.created_at, self.value_of("retention_days"))

    @property
    def has_never_matched(self) -> bool:
        """Whether the API states that no Pod has matched it. A missing or unreadable value does not count."""
        return bool(self.raw.get("LastMatchedTime") == "")

    @property
    def is_made_by_platform(self) -> bool:
        """Whether the platform created it for a Pod. Such caches have no name. Editions before 2026 return no type."""
        type_ = read_text(self.raw.get("ImageCacheType"))
        return type_.lower() != "manual" if type_ else self.name is None

    @property
    def events(self) -> List[Event]:
        """The events of the current or last build, oldest first. Without readable times, the order of the listing."""
        events = [_event(event) for event in _last_build(_events(self.raw.get("Events")))]
        if all(event.at for event in events):
            # Within one second, the order of the listing decides: newest first, as in the samples of the vendor.
            events.reverse()
            events.sort(key=lambda event: event.at or datetime.min)
        return events

    @property
    def record(self) -> Optional[str]:
        """The value of the record's tag: empty without that tag, None if Describe shows no tags."""
        tags = read_all_tags(self.raw.get("Tags", ABSENT))
        return None if tags is None else tags.get(RECORD_TAG, "")

    def value_of(self, option: str) -> Any:
        """Return the value of an option that Describe shows, in the form of the option, or None.

        Credentials include the password if the API shows it. Never put them into a result.
        """
        return SHOWN[option].read(self.raw.get(SHOWN[option].api, ABSENT))

    def as_result(self, events: str = "last") -> Dict[str, Any]:
        """Return RV(image_cache): everything that Describe returns, without passwords.

        C(events) is a key of EVENT_SELECTIONS.
        """
        return dict(self._last_result) if events == "last" else self._make_result(events)

    @functools.cached_property
    def _last_result(self) -> Dict[str, Any]:
        # A plan and the result of its run both show the cache as it is.
        return self._make_result("last")

    def _make_result(self, events: str) -> Dict[str, Any]:
        result: Dict[str, Any] = {"image_cache_id": self.id, **_rename_keys(self.raw, OUTPUT_FIELDS)}
        result.update(conceal({option: self.value_of(option) for option in SHOWN}))
        selected = EVENT_SELECTIONS[events](_events(self.raw.get("Events")))
        result["events"] = [_rename_keys(event, EVENT_FIELDS) for event in selected]
        result.update(self._derived_times())
        return result

    def _derived_times(self) -> Dict[str, Any]:
        """Return the times of the listing as ISO 8601 UTC or None, and C(never_expires)."""
        return {
            "created_at": iso_utc(self.raw.get("CreationTime")),
            "expires_at": None if self.never_expires else iso_utc(self.raw.get("ExpireDateTime")),
            "last_matched_at": iso_utc(self.raw.get("LastMatchedTime")),
            "never_expires": self.never_expires,
        }


def cache_label(name: Optional[str], image_cache_id: Optional[str]) -> str:
    """Return the label of an image cache for messages: C(web (imc-r1htp8tg)), or only the known part."""
    return f"{name} ({image_cache_id})" if name and image_cache_id else str(name or image_cache_id)


def with_ages(cache: ImageCache, now: datetime, events: str = "last") -> Dict[str, Any]:
    """Return the result for a cache with its age, the days since its last match, and those until it expires.

    They are None if unknown.
    """
    return {
        **cache.as_result(events),
        "age_days": days_between(cache.created_at, now),
        "days_since_match": days_between(cache.last_matched_at, now),
        "days_until_expiry": days_until(cache.expires_at, now),
    }


def age_order(cache: ImageCache) -> Tuple[str, str]:
    """Return the key that sorts caches by age, oldest first, then by id. Unreadable times sort last."""
    return (iso_utc(cache.raw.get("CreationTime")) or "~", cache.id)


def _rename_keys(entry: Mapping[str, Any], fields: Mapping[str, str]) -> Dict[str, Any]:
    values = ((key, entry.get(field)) for key, field in fields.items())
    return {key: value if isinstance(value, str) else None for key, value in values}


def _events(value: Any) -> List[Mapping[str, Any]]:
    # An invalid event does not affect the others.
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _last_build(entries: Sequence[Mapping[str, Any]]) -> List[Mapping[str, Any]]:
    """Return the events of the current or last build, in the given order, or all if the builds cannot be separated.

    All events of the second in which the build begins are kept, because their order is not known.
    """
    events = [_event(entry) for entry in entries]
    begins = [event.at for event in events if event.at and _begins_build(event)]
    if not begins or not all(event.at for event in events):
        return list(entries)
    return [entry for entry, event in zip(entries, events) if event.at and event.at >= max(begins)]


def _begins_build(event: Event) -> bool:
    return event.reason.lower() == FIRST_OF_BUILD and not event.is_warning


def _event(entry: Mapping[str, Any]) -> Event:
    return Event(
        read_text(entry.get("Type")) or "",
        read_text(entry.get("Reason")) or "",
        read_text(entry.get("Message")) or "",
        parse_time(entry.get("LastTimestamp")),
    )


def _raw_fields(resource: Mapping[str, Any], fields: Mapping[str, str]) -> Dict[str, Any]:
    return {field: resource[key] for key, field in fields.items() if isinstance(resource.get(key), str)}


# The events that a result contains, by the value of the option.
EVENT_SELECTIONS: Mapping[str, Callable[[Sequence[Mapping[str, Any]]], List[Mapping[str, Any]]]] = {
    "last": _last_build,
    "all": list,
    "none": lambda entries: [],
}
