# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Open questions about the API: for each, the emulator's default answer and the other answers that tests try.

docs/unknowns.md shows this table to users; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

from .service import Settings

OPTIONAL_FIELDS = ("RetentionDays", "Tags", "ImageRegistryCredentials", "ImageCacheType", "Snapshotter")


@dataclass(frozen=True)
class Switch:
    """An open question. C(others) maps a name to each answer that differs from the default."""

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
        "Is a deleted cache removed from the listing at once?",
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
        "Can a cache be deleted while it is being built?",
        "yes",
        {"no delete while building": {"delete_while_building": False}},
    ),
    Switch(
        "How many caches can one delete request contain?",
        "any number",
        {"10 ids a delete": {"most_deleted_at_once": 10}},
    ),
    Switch(
        "What happens to a delete request with a cache that no longer exists?",
        "the whole request is refused",
        {"a delete skips unknown ids": {"delete_skips_unknown": True}},
    ),
    Switch(
        "Does a request for the most suitable cache count as a match?",
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
        "Which format do times have?",
        "2026-03-30 07:03:35 +0000 UTC",
        {
            "times without a zone": {"time_format": "plain"},
            "times of RFC 3339": {"time_format": "rfc3339"},
            "times in milliseconds": {"time_format": "milliseconds"},
            "times with a monotonic clock": {"time_format": "go-monotonic"},
        },
    ),
    Switch(
        "Which expiry date does a cache have that never expires?",
        "a date in a hundred years",
        {"never expires is empty": {"never_expires_as": "empty"}},
    ),
    Switch(
        "Does another retention count from the creation?",
        "yes",
        {"retention counts from the update": {"retention_restarts": True}},
    ),
    Switch("In which order are events listed?", "newest first", {"oldest event first": {"newest_event_first": False}}),
    Switch(
        "How is the build instance spelled in events?", "EksCi", {"events spell Eksci": {"event_spelling": "Eksci"}}
    ),
    Switch(
        "How many names or IDs can one listing select?",
        "any number",
        {"10 names a listing": {"most_listed_at_once": 10}},
    ),
    Switch(
        "How does a listing show images?",
        "as written",
        {"images are shown with a tag": {"image_form": "tagged"}, "images are shown in full": {"image_form": "full"}},
    ),
    Switch(
        "Can images have a digest, and is it matched?",
        "yes",
        {"digests are refused": {"digests": "refused"}, "digests are not matched": {"digests": "unmatched"}},
    ),
    Switch(
        "Does a cache match that has only some of the requested images?",
        "no",
        {"some images are a match": {"matches_part": True}},
    ),
)
# If answers exclude each other, the last one counts.
ALL_AT_ONCE = "all at once"
ALL_BUT_MISSING = "all at once, but for missing fields"


def worlds() -> dict[str, Mapping[str, Any]]:
    """Return the settings of every world that the tests try: the default, each other answer, and all of them."""
    others = {name: settings for switch in SWITCHES for name, settings in switch.others.items()}
    combined: dict[str, Any] = {}
    for settings in others.values():
        combined.update(settings)
    shown = {name: value for name, value in combined.items() if name != "omitted_fields"}
    return {"default": {}, **others, ALL_AT_ONCE: combined, ALL_BUT_MISSING: shown}


def answers_of(settings: Settings) -> dict[str, str]:
    """Return, for each question, the name of the world whose answer these settings have, or C(default)."""

    def has_answer(values: Mapping[str, Any]) -> bool:
        return all(getattr(settings, name) == value for name, value in values.items())

    return {
        switch.question: next((name for name, values in switch.others.items() if has_answer(values)), "default")
        for switch in SWITCHES
    }


def settings_of(world: str, **more: Any) -> Settings:
    """Return the emulator's settings of a world by its name."""
    return replace(Settings(), **{**worlds()[world], **more})
