# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows as a table what came of the faults of a network.

C(pytest tests/stories/test_network_faults.py --junitxml FILE), then C(python tools/network_table.py FILE).
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
)
COLUMNS = ("outcome", "calls", "duplicates", "leaks", "seconds", "bound")
STORIES = {
    "test_once": "once",
    "test_without_end": "without end",
    "test_none_is_opened": "a proxy, asked for a tunnel",
    "test_it_breaks_under_a_request": "a tunnel",
    "test_untrusted": "TLS",
}


def rows(path: str) -> Iterator[tuple[str, ...]]:
    """Yield a row for each test that noted what came of it: action, fault, where it befell, and the columns."""
    for case in ElementTree.parse(path).iter("testcase"):
        story = re.fullmatch(r"(\w+)\[(.*)\]", case.get("name", ""))
        noted = {entry.get("name"): entry.get("value", "") for entry in case.iter("property")}
        if story and noted:
            (action,) = [name for name in ACTIONS if name in story[2]]
            fault = story[2].replace(action, "").strip("-")
            yield (action, fault, STORIES[story[1]], *(noted.get(column, "") for column in COLUMNS))


def table(path: str) -> str:
    """Return the rows in Markdown, in the order of actions."""
    lines = [("action", "fault", "where", *COLUMNS), ("---",) * (3 + len(COLUMNS)), *sorted(rows(path))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(table(sys.argv[1]))
