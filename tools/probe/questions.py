# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The open questions of docs/unknowns.md, in the order in which they are asked.

A test holds them, the table of that page and the emulator's switches against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping, Sequence

from . import asking
from .asking import OPTIONAL_FIELDS, Asking
from .lab import Lab

DEFAULT = "default"


@dataclass(frozen=True)
class Question:
    """A question as docs/unknowns.md asks it.

    C(worlds) maps each answer that the emulator knows to the name of its world. C(shows) are the fields of a cache that
    the evidence contains, besides its status. C(needs) are fields that a listing may omit; the answer then cannot be
    told.
    """

    text: str
    ask: Callable[[Lab], Asking]
    worlds: Mapping[str, str]
    shows: Sequence[str] = ()
    needs: Sequence[str] = ()


QUESTIONS = (
    # Created
    Question(
        "Is a new cache listed at once?",
        asking.ask_listed_at_once,
        {"yes": DEFAULT, "soon": "listed after 4 s"},
    ),
    Question("Are names unique?", asking.ask_unique_names, {"no": DEFAULT, "yes": "names are unique"}),
    # Building
    Question(
        "Does a lookup by name match exactly?",
        asking.ask_exact_names,
        {"yes": DEFAULT, "no": "names match in part"},
        shows=("ImageCacheName",),
    ),
    Question(
        "How does a listing show registry passwords?",
        asking.ask_passwords,
        {"in clear text": DEFAULT, "masked": "passwords are masked", "left out": "passwords are left out"},
        shows=("ImageRegistryCredentials",),
        needs=("ImageRegistryCredentials",),
    ),
    Question(
        "How does a listing show images?",
        asking.ask_images,
        {
            "as written": DEFAULT,
            "with a tag": "images are shown with a tag",
            "in full": "images are shown in full",
        },
        shows=("Images",),
    ),
    Question(
        "In which states is an update refused?",
        asking.ask_refused_states,
        {
            "Pending, Failed, Updating": DEFAULT,
            "Failed": "updates are accepted while building",
            "Pending, Failed, Updating, UpdateFailed": "no update after a failed one",
        },
    ),
    Question(
        "Can a cache be deleted while it is being built?",
        asking.ask_delete_while_building,
        {"yes": DEFAULT, "no": "no delete while building"},
    ),
    # Gone
    Question(
        "What happens to a delete request with a cache that no longer exists?",
        asking.ask_unknown_id_in_delete,
        {"the whole request is refused": DEFAULT, "it is skipped": "a delete skips unknown ids"},
    ),
    Question(
        "Can images have a digest, and is it matched?",
        asking.ask_digests,
        {"yes": DEFAULT, "refused": "digests are refused", "not matched": "digests are not matched"},
        shows=("Images",),
    ),
    # Ready
    Question(
        "In which order are events listed?",
        asking.ask_events_order,
        {"newest first": DEFAULT, "oldest first": "oldest event first"},
        shows=("Events",),
    ),
    Question(
        "How is the build instance spelled in events?",
        asking.ask_spelling,
        {"EksCi": DEFAULT, "Eksci": "events spell Eksci"},
        shows=("Events",),
    ),
    Question(
        "Does a request for the most suitable cache count as a match?",
        asking.ask_asking,
        {"yes": DEFAULT, "no": "asking is no match"},
        shows=("LastMatchedTime",),
    ),
    Question(
        "Does a cache match that has only some of the requested images?",
        asking.ask_partial_match,
        {"no": DEFAULT, "yes": "some images are a match"},
        shows=("Images",),
    ),
    Question(
        "Which format do times have?",
        asking.ask_times,
        {
            "2026-03-30 07:03:35 +0000 UTC": DEFAULT,
            "without a zone": "times without a zone",
            "RFC 3339": "times of RFC 3339",
            "milliseconds": "times in milliseconds",
            "with a monotonic clock": "times with a monotonic clock",
        },
        shows=("CreationTime", "ExpireDateTime", "LastMatchedTime", "Events"),
    ),
    Question(
        "How many caches can one delete request contain?",
        asking.ask_most_deleted,
        {"any number": DEFAULT, "10": "10 ids a delete"},
    ),
    Question(
        "How many names or IDs can one listing select?",
        asking.ask_most_listed,
        {"any number": DEFAULT, "10": "10 names a listing"},
    ),
    Question(
        "Do the tags of an update replace all tags?",
        asking.ask_tags,
        {"yes": DEFAULT, "no": "tags are merged"},
        shows=("Tags",),
        needs=("Tags",),
    ),
    Question(
        "Does another retention count from the creation?",
        asking.ask_retention,
        {"yes": DEFAULT, "no": "retention counts from the update"},
        shows=("RetentionDays", "CreationTime", "ExpireDateTime"),
    ),
    Question(
        "Which expiry date does a cache have that never expires?",
        asking.ask_never_expires,
        {"in a hundred years": DEFAULT, "empty": "never expires is empty"},
        shows=("RetentionDays", "ExpireDateTime"),
    ),
    Question(
        "Does an update of the name, the retention or the tags pass through Updating?",
        asking.ask_updating,
        {"no": DEFAULT, "yes": "every update builds"},
    ),
    # Last
    Question(
        "Are the optional fields of a cache always shown?",
        asking.ask_optional_fields,
        {"yes": DEFAULT, "never": "optional fields are missing"},
        shows=OPTIONAL_FIELDS,
    ),
    Question(
        "Is a deleted cache removed from the listing at once?",
        asking.ask_removed_at_once,
        {"yes": DEFAULT, "soon": "listed for 4 s more"},
    ),
)
