# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What nobody can know without the real service: each open question, the emulator's answer, and the other ones.

docs/unknowns.md shows this table to users; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

from .service import Settings

OPTIONAL_FIELDS = ("RetentionDays", "Tags", "ImageRegistryCredentials", "ImageCacheType", "Snapshotter")


@dataclass(frozen=True)
class Switch:
    """An open question. C(others) are the answers that differ from the default, by a name for each."""

    question: str
    default: str
    others: Mapping[str, Mapping[str, Any]]


SWITCHES = (
    Switch(
        "Is a new cache listed at once?",
        "yes",
        {"listed after 4 s": {"listed_after": 4.0}},
    ),
    Switch(
        "Is a deleted cache gone from the listing at once?",
        "yes",
        {"listed for 4 s more": {"listed_after_deletion": 4.0}},
    ),
    Switch("Are names unique?", "no", {"names are unique": {"unique_names": True}}),
    Switch("Does a lookup by name match exactly?", "yes", {"names match in part": {"fuzzy_names": True}}),
    Switch(
        "Does an update of the name, the retention or the tags pass through Updating?",
        "no, only new images or a new size do",
        {"every update builds": {"every_update_builds": True}},
    ),
    Switch(
        "In which states is an update refused?",
        "Pending, Updating and Failed",
        {
            "updates are accepted while building": {"refuses_update_while": ("Failed",)},
            "no update after a failed one": {
                "refuses_update_while": ("Pending", "Updating", "Failed", "UpdateFailed"),
            },
        },
    ),
    Switch(
        "Is a cache deleted while it is being built?",
        "yes",
        {"no delete while building": {"delete_while_building": False}},
    ),
    Switch("How many caches may one delete name?", "any number", {"10 ids a delete": {"most_deleted_at_once": 10}}),
    Switch(
        "What becomes of a delete that names one that is gone?",
        "it is refused as a whole",
        {"a delete skips unknown ids": {"delete_skips_unknown": True}},
    ),
    Switch(
        "Does asking for the most suitable cache count as a match?",
        "yes",
        {"asking is no match": {"asking_is_a_match": False}},
    ),
    Switch("Do the tags of an update replace all tags?", "yes", {"tags are merged": {"merges_tags": True}}),
    Switch(
        "How does a listing show registry passwords?",
        "in clear text",
        {"passwords are masked": {"passwords": "masked"}, "passwords are left out": {"passwords": "absent"}},
    ),
    Switch(
        "Are the optional fields of a cache always shown?",
        "yes",
        {"optional fields are missing": {"omitted_fields": OPTIONAL_FIELDS}},
    ),
    Switch(
        "How are times spelled?",
        "2026-03-30 07:03:35 +0000 UTC",
        {
            "times without a zone": {"time_format": "plain"},
            "times of RFC 3339": {"time_format": "rfc3339"},
            "times in milliseconds": {"time_format": "milliseconds"},
            "times with a monotonic clock": {"time_format": "go-monotonic"},
        },
    ),
    Switch(
        "What is the expiry of a cache that never expires?",
        "a date a hundred years on",
        {"never expires is empty": {"never_expires_as": "empty"}},
    ),
    Switch("In which order are events listed?", "newest first", {"oldest event first": {"newest_event_first": False}}),
    Switch(
        "How is the build instance spelled in events?", "EksCi", {"events spell Eksci": {"event_spelling": "Eksci"}}
    ),
)
# Where answers exclude each other, the last one counts.
ALL_AT_ONCE = "all at once"
ALL_BUT_MISSING = "all at once, but for missing fields"


def worlds() -> dict[str, Mapping[str, Any]]:
    """Return the settings of every world that the tests try: the default, each other answer, and all of them."""
    others = {name: settings for switch in SWITCHES for name, settings in switch.others.items()}
    together: dict[str, Any] = {}
    for settings in others.values():
        together.update(settings)
    shown = {name: value for name, value in together.items() if name != "omitted_fields"}
    return {"default": {}, **others, ALL_AT_ONCE: together, ALL_BUT_MISSING: shown}


def settings_of(world: str, **more: Any) -> Settings:
    """Return the emulator's settings of a world by its name."""
    return replace(Settings(), **{**worlds()[world], **more})
