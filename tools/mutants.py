# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run mutation tests: change the code of the deciding layers in one place at a time, and check whether a test fails.

mutants.py [PART-OF-A-PATH ...]

The mutants come from cosmic-ray with its own operators and those of mutant_operators.py. Its session is stored in
.cache/mutants, for cr-html and its other tools, with the survivors in survivors.txt. The checkout is not changed: the
tests run in a copy, each in a child process that starts with the test tools imported.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import py_compile
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult
from equivalent_mutants import EQUIVALENT
from mutant_operators import OPERATORS

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache/mutants"
COPY = WORK / "tree"
COLLECTIONS = COPY / ".cache/collections"
TREE = COLLECTIONS / "ansible_collections/tencentcloud/tke"
UTILS = "plugins/module_utils"
# Required percentage of killed mutants in each layer.
BAR = 85
TESTS = "tests/unit"
API, DIAGNOSIS, GUIDES = "module_utils/_api/", "module_utils/_diagnosis/", "project/test_guides.py"
IMAGE_CACHE, RECONCILE = "module_utils/_image_cache/", "module_utils/_reconcile/"
PLAN = (
    *(f"{IMAGE_CACHE}test_{name}.py" for name in ("plan*", "difference", "successor", "tracking")),
    *(f"{RECONCILE}test_{name}.py" for name in ("creating", "updating", "deleting", "replacing", "reconciliation")),
    *(f"{RECONCILE}test_{name}.py" for name in ("verification", "context", "interrupted_runs")),
)
# Each file, with its unit tests as patterns of paths below TESTS, the fastest first.
LAYERS: dict[str, dict[str, tuple[str, ...]]] = {
    "plan": {
        "_image_cache/plan.py": PLAN,
        "_image_cache/difference.py": (IMAGE_CACHE + "test_difference.py", *PLAN),
        "_image_cache/renewal.py": (IMAGE_CACHE + "test_renewal.py", *PLAN),
        "_image_cache/successor.py": (IMAGE_CACHE + "test_successor.py", *PLAN),
        "_image_cache/tracking.py": (IMAGE_CACHE + "test_tracking.py", *PLAN),
    },
    "registries": {
        "_image_cache/digests.py": (IMAGE_CACHE + "test_digests.py",),
        "_reconcile/verification.py": (RECONCILE + "test_verification.py",),
    },
    "retry": {
        "_api/retry.py": (API + "test_retry.py", API + "test_client.py"),
        "_api/rate_limiter.py": (API + "test_rate_limiter.py", API + "test_retry.py"),
        "_api/errors.py": (
            API + "test_errors.py",
            API + "test_envelope.py",
            API + "test_retry.py",
            DIAGNOSIS + "test_*.py",
        ),
    },
    "signature": {"_api/tc3.py": (API + "test_tc3.py",)},
    "diagnosis": {
        "_diagnosis/advice.py": (DIAGNOSIS + "test_advice.py", API + "test_errors.py", GUIDES),
        "_diagnosis/build.py": (DIAGNOSIS + "test_build.py", IMAGE_CACHE + "test_observed*.py"),
        "_diagnosis/causes.py": (DIAGNOSIS + "test_*.py", GUIDES),
    },
}
# External imports of the tests, imported once.
PRELOADED = (
    "aiohttp.web",
    "ansible.module_utils.basic",
    "docutils.core",
    "hypothesis.strategies",
    "pytest",
    "requests",
    "tencentcloud.common.abstract_client",
    "tencentcloud.tke.v20180525.models",
    "trustme",
    "yaml",
)
PYTEST = ["-o", "addopts=", "-qx", "-rfE", "--tb=no", "-p", "no:cacheprovider", "--import-mode=importlib"]
PYTEST += ["-m", "not exhaustive"]
# Limits of a child process: its memory in bytes, and its time as a multiple of that of the tests.
MEMORY, RETRY_BUDGET = 2 << 30, 10
PASSED = 0
STARRED = ("argument", "dictorsetmaker", "param", "parameters", "star_expr")
UNIMPORTABLE = re.compile(r"^ERROR [^:\n]+\.py\b(?!:)", re.MULTILINE)
OUTCOMES = ("killed", "survived", "timeout", "broken", "equivalent")


@dataclass(frozen=True)
class Change:
    """One mutant: the changed line, and the complete source."""

    file: str
    line: int
    was: str
    becomes: str
    source: str


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutation testing of the layers that decide.")
    parser.add_argument("parts", nargs="*", help="parts of the paths of the files to mutate (default: all files)")
    parts = parser.parse_args().parts
    chosen = {
        layer: {path: tests for path, tests in files.items() if not parts or any(part in path for part in parts)}
        for layer, files in LAYERS.items()
    }
    _copy_tree()
    _preload()
    counts: dict[str, Counter[str]] = {}
    survivors: list[str] = []
    met: set[tuple[str, str, str]] = set()
    for layer, files in chosen.items():
        for path, tests in files.items():
            began = time.monotonic()
            counts[path] = Counter()
            for change, outcome in _outcomes(path, _find_tests(tests)):
                key = (path, change.was, change.becomes)
                met.add(key)
                counts[path]["equivalent" if outcome == "survived" and key in EQUIVALENT else outcome] += 1
                if outcome == "survived" and key not in EQUIVALENT:
                    survivors.append(f"{path}:{change.line}\n  - {change.was}\n  + {change.becomes}\n")
            print(f"{layer}: {path} {dict(counts[path])} in {time.monotonic() - began:.0f} s", flush=True)
    (WORK / "survivors.txt").write_text("\n".join(survivors), encoding="utf-8")
    stale = [key for key in EQUIVALENT if key[0] in counts and key not in met]
    print("".join(f"Mutant no longer exists: {key}\n" for key in stale), end="")
    return int(not _reaches_bar(chosen, counts) or bool(stale))


def _find_tests(patterns: tuple[str, ...]) -> list[str]:
    """Return the test files that match the patterns, in the order of the patterns."""
    found: dict[str, None] = {}
    for pattern in patterns:
        paths = sorted((COPY / TESTS).glob(pattern))
        if not paths:
            raise SystemExit(f"No file in {TESTS} matches {pattern}.")
        found.update(dict.fromkeys(str(path.relative_to(COPY)) for path in paths))
    return list(found)


def _copy_tree() -> None:
    """Copy the files in git, with their changes, below .cache, and compile them with hashes instead of dates."""
    shutil.rmtree(WORK, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)
    TREE.parent.mkdir(parents=True)
    TREE.symlink_to(COPY)


def _preload() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    os.chdir(COPY)
    # A file and its mutant may have the same date and size, so hashes identify the compiled files.
    sys.pycache_prefix = str(WORK / "bytecode")
    for folder in (TREE / "plugins", COPY / "tests"):
        for path in folder.rglob("*.py"):
            py_compile.compile(str(path), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    # The copy must be imported instead of the checkout.
    theirs, ours = (COLLECTIONS, COPY / "tests"), (ROOT / ".cache/collections", ROOT / "tests")
    sys.path[:] = [*map(str, theirs), *(folder for folder in sys.path if Path(folder) not in ours)]
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, theirs))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["ANSIBLE_CONFIG"] = str(COPY / "tests/ansible.cfg")


def _outcomes(path: str, tests: list[str]) -> Iterator[tuple[Change, str]]:
    """Yield the mutants of a file, each with the outcome of its tests."""
    began = time.monotonic()
    status, output = _tested(tests, 600)
    if status != PASSED:
        raise SystemExit(f"The tests fail without a mutant:\n{output}")
    patience = int(RETRY_BUDGET * (time.monotonic() - began)) + 2
    source = COPY / UTILS / path
    original = source.read_text(encoding="utf-8")
    session = WorkDB(str(WORK / f"{source.stem}.sqlite"), WorkDB.Mode.create)
    plugins.OPERATOR_PROVIDERS["tke"] = OPERATORS
    init([source], session, {})
    seen: set[str] = set()
    idle = _idle_places(original)
    for item in session.work_items:
        change = _change(path, original, item.mutations[0])
        if change is None or change.source in seen or _within(item.mutations[0], idle):
            session.set_result(item.job_id, WorkResult(WorkerOutcome.SKIPPED))
            continue
        seen.add(change.source)
        with _written(source, change.source, original):
            status, output = _tested(tests, patience)
        outcome = _outcome(status, output)
        verdict = {"survived": TestOutcome.SURVIVED, "broken": TestOutcome.INCOMPETENT}.get(outcome, TestOutcome.KILLED)
        difference = f"- {change.was}\n+ {change.becomes}"
        session.set_result(item.job_id, WorkResult(WorkerOutcome.NORMAL, output, verdict, difference))
        yield change, outcome
    session.close()


def _outcome(status: int, output: str) -> str:
    if status < 0:
        return "timeout"
    # If a test file cannot be imported, no test has run on the mutant.
    return "survived" if status == PASSED else "broken" if UNIMPORTABLE.search(output) else "killed"


def _change(path: str, original: str, mutation: MutationSpec) -> Change | None:
    """Return the change of a mutation, or None if it changes nothing or is not valid Python."""
    mutated = mutate_code(original, plugins.get_operator(mutation.operator_name)(), mutation.occurrence)
    if mutated is None or mutated == original or not _is_python(mutated):
        return None
    before, after = original.splitlines(), mutated.splitlines()
    first = next(number for number, pair in enumerate(zip(before, after)) if pair[0] != pair[1])
    last = next(number for number, pair in enumerate(zip(before[::-1], after[::-1])) if pair[0] != pair[1])
    was, becomes = before[first : len(before) - last], after[first : len(after) - last]
    return Change(path, first + 1, _joined(was), _joined(becomes), mutated)


def _is_python(source: str) -> bool:
    with warnings.catch_warnings(action="ignore"):
        try:
            compile(source, "mutant", "exec")
        except SyntaxError:
            return False
    return True


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)


def _idle_places(source: str) -> list[tuple[Any, Any]]:
    """Return the places whose mutants are meaningless.

    These are annotations, which are not evaluated, C(__all__), and asterisks that are not arithmetic.
    """
    return [(node.start_pos, node.end_pos) for node in ast_nodes(get_ast(source)) if _is_idle(node)]


def _is_idle(node: Any) -> bool:
    parent = node.parent
    if parent is None:
        return False
    return (
        (parent.type == "tfpdef" and node is parent.children[2])
        or (parent.type == "annassign" and node is parent.children[1])
        or (parent.type == "funcdef" and node is parent.annotation)
        or (node.type == "operator" and node.value in ("*", "**") and parent.type in STARRED)
        or (node.type == "expr_stmt" and node.children[0].get_code().strip() == "__all__")
    )


def _within(mutation: MutationSpec, places: list[tuple[Any, Any]]) -> bool:
    return any(start <= tuple(mutation.start_pos) and tuple(mutation.end_pos) <= end for start, end in places)


@contextlib.contextmanager
def _written(path: Path, mutant: str, original: str) -> Iterator[None]:
    path.write_text(mutant, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(original, encoding="utf-8")


def _tested(tests: list[str], seconds: int) -> tuple[int, str]:
    """Return the exit status of pytest, negative if it was killed, and its output."""
    said = WORK / "said"
    child = os.fork()
    if child == 0:
        with said.open("w", encoding="utf-8") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
            status = PASSED + 1
            # The child process must never continue as its parent, even if a mutant raises an exception.
            try:
                status = _test(tests, seconds)
            finally:
                os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, said.read_text(encoding="utf-8", errors="replace")[-2000:]


def _test(tests: list[str], seconds: int) -> int:
    import pytest  # noqa: PLC0415 - imported already, by _preload

    signal.alarm(seconds)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        return int(pytest.main([*PYTEST, *tests]))
    finally:
        sys.stdout.flush()


def _reaches_bar(layers: dict[str, dict[str, Any]], counts: dict[str, Counter[str]]) -> bool:
    """Print the table, and return whether each layer and the total reach the bar."""
    print(f"\n| layer | mutants | {' | '.join(OUTCOMES)} | score |\n|---|{'---:|' * (len(OUTCOMES) + 2)}")
    rows = {layer: sum((counts[path] for path in files), Counter()) for layer, files in layers.items() if files}
    rows["all"] = sum(rows.values(), Counter())
    for title, row in rows.items():
        cells = " | ".join(str(row[outcome]) for outcome in OUTCOMES)
        print(f"| {title} | {row.total()} | {cells} | {_score(row):.1f} % |")
    return all(_score(row) >= BAR for row in rows.values())


def _score(row: Counter[str]) -> float:
    """Return the percentage of mutants that made a test fail or time out, without broken and equivalent mutants."""
    found = row["killed"] + row["timeout"]
    return 100 * found / max(1, found + row["survived"])


if __name__ == "__main__":
    sys.exit(main())
