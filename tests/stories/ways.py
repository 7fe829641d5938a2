# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ways to run a task, and the comparison of their results.

By default, stories with playbooks run their tasks in the controller's process, and stories without playbooks in module
processes. C(pytest --way other) swaps the two. C(--record FILE) writes each result into a file; tools/ways compares two
files key by key.
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
# Texts that differ between any two runs.
VARYING_TEXTS = (
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
    # In a table, where the width of a column depends on its content.
    (re.compile(r" +[\d.]+ d (old|ago) +"), r" <days> \1 "),
)
# The progress of a build depends on the time of the poll; the names of a temporary copy and of an async job are random.
# Files contain such parts, too, and commands take time.
VARYING_KEYS = frozenset(
    [
        *("events", "phase", "age_days", "days_since_match", "days_until_expiry"),
        *("_original_basename", "ansible_job_id", "checksum", "md5sum", "size"),
        *("start", "end", "delta"),
    ]
)
# The first runs tasks both ways itself; the second compares processes. In the others, runs compete or are killed, so
# their results depend on speed: these stories check the final state only.
NOT_COMPARED = (
    "test_ways.py",
    "test_ansible_runs.py",
    "TestParallelRuns",
    "test_killed_set_is_completed_by_the_next_run",
    "test_crash.py",
    "test_concurrency.py",
    "test_long_waits.py",
    "test_network_faults.py",
    "test_other_core.py",
    # The results of Ansible's own modules contain times.
    "test_cache_workloads.py",
    "test_cluster.py",
    "test_workloads_guide.py",
    # Two caches are created within a second, so their order is random.
    "test_playbook_does_what_the_guide_says[upkeep]",
)


def record(result: Any) -> None:
    """Record a result for the comparison if a file was given."""
    path = os.environ.get("STORY_RECORD")
    if path:
        test = os.environ["PYTEST_CURRENT_TEST"].rsplit(" ", 1)[0]
        line = json.dumps([test, normalize(result)], sort_keys=True, default=str)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def normalize(value: Any, key: str = "") -> Any:
    """Return a value with placeholders for the parts that differ between any two runs."""
    if key in VARYING_KEYS:
        return f"<{key}>"
    if isinstance(value, dict):
        return {normalize(name): normalize(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [normalize(item) for item in value]
    if isinstance(value, str):
        for pattern, placeholder in VARYING_TEXTS:
            value = pattern.sub(placeholder, value)
    return value


def read_record(path: Path) -> dict[str, list[Any]]:
    """Return the results of each test in a file, in their order."""
    results: dict[str, list[Any]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        test, result = json.loads(line)
        if not any(name in test for name in NOT_COMPARED):
            results[test].append(result)
    return results


def differences(one: Any, other: Any, at: str = "") -> list[str]:
    """Return one line for each difference between two results."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line
            for key in sorted({*one, *other})
            for line in differences(one.get(key, "<missing>"), other.get(key, "<missing>"), f"{at}.{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [line for n, pair in enumerate(zip(one, other)) for line in differences(*pair, f"{at}[{n}]")]
    # repr() because NaN is not equal to itself.
    return [] if one == other or repr(one) == repr(other) else [f"{at or '.'}: {one!r} != {other!r}"]


def main(first: str, second: str, differing: str) -> int:
    """Compare two files, write the names of the stories that differ into a third, and return the exit status."""
    one, other = read_record(Path(first)), read_record(Path(second))
    differing_lines = {test: [f"{test}: only one way"] for test in {*one} ^ {*other}}
    for test in {*one} & {*other}:
        lines = differences(one[test], other[test])
        if lines:
            differing_lines[test] = [f"{test}{line}" for line in lines]
    Path(differing).write_text("".join(f"{test}\n" for test in sorted(differing_lines)), encoding="utf-8")
    if not differing_lines:
        print(f"{len(one)} stories with {sum(map(len, one.values()))} results ran both ways without a difference")
    for test in sorted(differing_lines):
        print("\n".join(differing_lines[test]))
    return 1 if differing_lines or not one else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
