# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print the outcomes of the network faults as a table.

Run C(pytest tests/stories/test_network_faults.py tests/stories/test_registry_faults.py --junitxml FILE), then
C(python tools/network_table.py FILE).
"""

from __future__ import annotations

import re
import sys
from typing import Iterator
from xml.etree import ElementTree

ACTIONS = (
    "DescribeImageCaches",
    "CreateImageCache",
    "UpdateImageCache",
    "DeleteImageCaches",
    "GetMostSuitableImageCache",
    "HEAD manifest",
    "GET manifest",
    "GET blob",
    "GET token",
)
COLUMNS = ("outcome", "calls", "duplicates", "leaks", "seconds", "bound")
STORIES = {
    "test_single_fault_leaves_one_cache_as_declared": "once",
    "test_permanent_fault_fails_unless_the_write_was_executed": "without end",
    "test_refused_tunnel_is_retried_and_writes_are_sent_once": "a proxy, asked for a tunnel",
    "test_tunnel_that_breaks_during_a_request_repeats_no_write": "a tunnel",
    "test_untrusted_certificate_fails_without_sending_the_request": "TLS",
    "test_single_fault_of_a_registry_is_repeated_or_reported": "once",
    "test_permanent_fault_of_a_registry_ends_in_time": "without end",
    "test_refused_tunnel_to_a_registry_is_retried": "a proxy, asked for a tunnel",
    "test_tunnel_to_a_registry_that_breaks_is_opened_again": "a tunnel",
    "test_untrusted_registry_gets_no_request": "TLS",
}


def rows(path: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each test with a recorded outcome: action, fault, place of the fault, and the columns."""
    for case in ElementTree.parse(path).iter("testcase"):
        story = re.fullmatch(r"(\w+)\[(.*)\]", case.get("name", ""))
        noted = {entry.get("name"): entry.get("value", "") for entry in case.iter("property")}
        if story and noted:
            (action,) = [name for name in ACTIONS if name in story[2]]
            fault = story[2].replace(action, "").strip("-")
            yield (action, fault, STORIES[story[1]], *(noted.get(column, "") for column in COLUMNS))


def table(path: str) -> str:
    """Return the rows as a Markdown table, sorted by action."""
    lines = [("action", "fault", "where", *COLUMNS), ("---",) * (3 + len(COLUMNS)), *sorted(rows(path))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(table(sys.argv[1]))
