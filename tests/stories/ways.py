# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ways in which a task can run, and what makes the results of one comparable with those of the other.

Usually the stories of playbooks run their tasks in the controller's process, and those without a playbook in processes
of modules. C(pytest --way other) has it the other way round. With C(--record FILE) each result goes into a file;
tools/ways compares two of them, key by key.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

USUAL, OTHER = "usual", "other"
VARIABLE = "tencentcloud_tke_in_process"
# What no two runs have in common, whichever way they go.
UNLIKE = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (
        re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| [+]\d{4} (?:UTC|CST))?(?: m=[+][\d.]+)?"),
        "<time>",
    ),
    (re.compile(r"\b(imc|eksci|disk|snap)-[a-z0-9]{8}\b"), r"\1-<id>"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), r"\1:<port>"),
    (re.compile(r"/[\w/.-]*pytest-of-[\w/.-]*"), "<folder>"),
    (re.compile(r"\b(1[0-9]{9}|1[0-9]{12})\b"), "<unix>"),
    (re.compile(r"\b\d+ s (ahead|behind)\b"), r"<seconds> \1"),
    (re.compile(r"\b[\d.]+ d (old|ago)\b(?=,|$)", re.MULTILINE), r"<days> \1"),
    # In a table, whose columns are as wide as what is in them.
    (re.compile(r" +[\d.]+ d (old|ago) +"), r" <days> \1 "),
)
# How far a build had come when it was looked at depends on the moment; what a copy is called on its way, on chance.
MOMENTARY = frozenset(["events", "phase", "age_days", "days_since_match", "_original_basename"])
# The first go both ways by themselves. In the others runs race each other, or are killed at a moment: what each of them
# returns is a matter of speed, and only what is left in the end is the story's.
NOT_COMPARED = (
    "test_ways.py",
    "TestTwoAtOnce",
    "test_an_interrupted_set_resumes",
    "test_crash.py",
    "test_concurrency.py",
    "test_long_waits.py",
    "test_network_faults.py",
    "test_other_core.py",
)


def record(result: Any) -> None:
    """Note a result for the comparison, if there is to be one."""
    path = os.environ.get("STORY_RECORD")
    if path:
        test = os.environ["PYTEST_CURRENT_TEST"].rsplit(" ", 1)[0]
        line = json.dumps([test, comparable(result)], sort_keys=True, default=str)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def comparable(value: Any, key: str = "") -> Any:
    """Return a value without what no two runs have in common."""
    if key in MOMENTARY:
        return f"<{key}>"
    if isinstance(value, dict):
        return {comparable(name): comparable(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, str):
        for pattern, stand_in in UNLIKE:
            value = pattern.sub(stand_in, value)
    return value


def recorded(path: Path) -> dict[str, list[Any]]:
    """Return what a file has for each test, in order."""
    results: dict[str, list[Any]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        test, result = json.loads(line)
        if not any(name in test for name in NOT_COMPARED):
            results[test].append(result)
    return results


def differences(one: Any, other: Any, at: str = "") -> list[str]:
    """Return where two results differ, a line each."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line
            for key in sorted({*one, *other})
            for line in differences(one.get(key, "<missing>"), other.get(key, "<missing>"), f"{at}.{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [line for n, pair in enumerate(zip(one, other)) for line in differences(*pair, f"{at}[{n}]")]
    # As text, since NaN does not equal itself.
    return [] if one == other or repr(one) == repr(other) else [f"{at or '.'}: {one!r} != {other!r}"]


def main(first: str, second: str, differing: str) -> int:
    """Compare two records, and name the stories that differ in a file; return 1 where there are any."""
    one, other = recorded(Path(first)), recorded(Path(second))
    said = {test: [f"{test}: only one way"] for test in {*one} ^ {*other}}
    for test in {*one} & {*other}:
        lines = differences(one[test], other[test])
        if lines:
            said[test] = [f"{test}{line}" for line in lines]
    Path(differing).write_text("".join(f"{test}\n" for test in sorted(said)), encoding="utf-8")
    if not said:
        print(f"{len(one)} stories with {sum(map(len, one.values()))} results went both ways, without a difference")
    for test in sorted(said):
        print("\n".join(said[test]))
    return 1 if said or not one else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
