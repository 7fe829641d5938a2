# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run mutation tests: change the code of the plugins in one place at a time, and check whether a test fails.

mutants.py [--sample NUMBER | --all] [PART-OF-A-PATH ...]

All mutants of the files that decide are run, and a sample of the others that is the same in each run. The mutants come
from cosmic-ray with its own operators and those of mutant_operators.py. Its session is stored in
.cache/mutants, for cr-html and its other tools, with the survivors in survivors.txt. The checkout is not changed: the
tests run in a copy, each in a child process that starts with the test tools imported.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
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
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkItem, WorkResult
from equivalent_mutants import EQUIVALENT
from mutant_operators import OPERATORS

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache/mutants"
COPY = WORK / "tree"
COLLECTIONS = COPY / ".cache/collections"
TREE = COLLECTIONS / "ansible_collections/tencentcloud/tke"
PLUGINS = "plugins"
# Required percentage of killed mutants in each package.
BAR = 90
# Number of mutants in the sample of a file.
SAMPLE = 20
TESTS = "tests/unit"
API, DIAGNOSIS, GUIDES = "module_utils/_api/", "module_utils/_diagnosis/", "project/test_guides.py"
IMAGE_CACHE, RECONCILE = "module_utils/_image_cache/", "module_utils/_reconcile/"
CREDENTIALS, REGISTRY = "module_utils/_credentials/", "module_utils/_registry/"
PLAN = (
    *(f"{IMAGE_CACHE}test_{name}.py" for name in ("plan*", "difference", "successor", "tracking")),
    *(f"{RECONCILE}test_{name}.py" for name in ("creating", "updating", "deleting", "replacing", "reconciliation")),
    *(f"{RECONCILE}test_{name}.py" for name in ("verification", "context", "interrupted_runs")),
)
# The tests of runs in the memory of one process, the fastest first.
RUNS = (
    "module_utils/test_set.py",
    "module_utils/test_prune.py",
    *(f"{RECONCILE}test_{name}.py" for name in ("[c-u]*ing", "reconciliation", "progress", "scheduler", "context")),
    *(f"{RECONCILE}test_{name}.py" for name in ("duplicates", "verification", "check_mode", "renewal")),
)
# Each package, with its tests as patterns of paths below TESTS, the fastest first. The tests that have the name of the
# file run before them. The modules and the actions contain nothing that can be mutated.
PACKAGES: dict[str, tuple[str, ...]] = {
    "module_utils": ("module_utils/test_*.py", "modules/test_*.py", IMAGE_CACHE + "test_observed*.py", *RUNS),
    "module_utils/_api": (API + "test_*.py",),
    "module_utils/_credentials": (CREDENTIALS + "test_*.py", "module_utils/test_connection.py"),
    "module_utils/_diagnosis": (DIAGNOSIS + "test_*.py",),
    "module_utils/_image_cache": (
        *(IMAGE_CACHE + "test_*.py", "modules/test_*.py", "module_utils/test_info.py", "module_utils/test_prune.py"),
        *(f"{RECONCILE}test_{name}.py" for name in ("creating", "updating", "replacing")),
    ),
    "module_utils/_reconcile": (*RUNS, RECONCILE + "test_interrupted_*.py"),
    "module_utils/_registry": (REGISTRY + "test_*.py",),
    "plugin_utils": ("plugin_utils/test_*.py", "filter/test_*.py"),
    "plugin_utils/_report": ("plugin_utils/_report/test_*.py", "filter/test_image_cache_report.py"),
    "plugin_utils/_workloads": ("plugin_utils/_workloads/test_*.py", "filter/test_*.py"),
    "filter": ("filter/test_*.py",),
}
# The files that decide, all of whose mutants are run, with all their tests.
DECIDING: dict[str, tuple[str, ...]] = {
    IMAGE_CACHE + "plan.py": PLAN,
    IMAGE_CACHE + "difference.py": PLAN,
    IMAGE_CACHE + "renewal.py": PLAN,
    IMAGE_CACHE + "successor.py": PLAN,
    IMAGE_CACHE + "tracking.py": PLAN,
    IMAGE_CACHE + "digests.py": (),
    RECONCILE + "verification.py": (),
    API + "retry.py": (API + "test_client.py",),
    API + "rate_limiter.py": (API + "test_retry.py",),
    API + "errors.py": (API + "test_envelope.py", API + "test_retry.py", DIAGNOSIS + "test_*.py"),
    API + "tc3.py": (),
    DIAGNOSIS + "advice.py": (API + "test_errors.py", GUIDES),
    DIAGNOSIS + "build.py": (IMAGE_CACHE + "test_observed*.py",),
    DIAGNOSIS + "causes.py": (DIAGNOSIS + "test_*.py", GUIDES),
}
# Tests that take seconds. They run last, and only for the file whose name they have.
SLOW = (
    "test_as_declarations.py",
    "test_hostile.py",
    "test_hostile_manifests.py",
    "test_hostile_page.py",
    "test_hostile_values.py",
    "test_page.py",
    "test_properties.py",
    "test_pruning.py",
    "test_random_answers.py",
    "test_secrets.py",
    "test_spoilt.py",
    "test_two_runs.py",
    IMAGE_CACHE + "test_renewal.py",
)
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
MEMORY, RETRY_BUDGET = 2 << 30, 3
PASSED = 0
STARRED = ("argument", "dictorsetmaker", "param", "parameters", "star_expr")
# Whether two equal constants are the same object is a matter of Python.
IDENTITY = re.compile(r"ReplaceComparisonOperator_(Eq_Is|Is_Eq|NotEq_IsNot|IsNot_NotEq)$")
UNIMPORTABLE = re.compile(r"^ERROR [^:\n]+\.py\b(?!:)", re.MULTILINE)
MEASURED: dict[frozenset[str], float] = {}
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
    parser = argparse.ArgumentParser(description="Mutation testing of the plugins.")
    parser.add_argument("parts", nargs="*", help="parts of the paths of the files to mutate (default: all files)")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants of each file that is not run completely")
    parser.add_argument("--all", action="store_true", help="run all mutants of all files")
    options = parser.parse_args()
    _copy_tree()
    chosen = [path for path in _find_files() if not options.parts or any(part in path for part in options.parts)]
    _preload()
    counts: dict[str, Counter[str]] = {}
    survivors: list[str] = []
    stale: list[tuple[str, str, str]] = []
    for path in chosen:
        began = time.monotonic()
        counts[path] = Counter()
        most = None if options.all or path in DECIDING else options.sample
        known, met = {key for key in EQUIVALENT if key[0] == path}, set()
        for change, outcome in _outcomes(path, _find_tests(path), most):
            key = (path, change.was, change.becomes)
            met.add(key)
            counts[path]["equivalent" if outcome == "survived" and key in known else outcome] += 1
            if outcome == "survived" and key not in known:
                survivors.append(f"{path}:{change.line}\n  - {change.was}\n  + {change.becomes}\n")
                (WORK / "survivors.txt").write_text("\n".join(survivors), encoding="utf-8")
        code = _joined((COPY / PLUGINS / path).read_text(encoding="utf-8").splitlines())
        stale += [key for key in known - met if most is None or key[1] not in code]
        if counts[path]:
            print(f"{path} {dict(counts[path])} in {time.monotonic() - began:.0f} s", flush=True)
    print("".join(f"Mutant no longer exists: {key}\n" for key in stale), end="")
    return int(not _reaches_bar(counts) or bool(stale))


def _find_files() -> list[str]:
    """Return the paths of the files to mutate, below C(plugins)."""
    folder = COPY / PLUGINS
    return [str(path.relative_to(folder)) for package in PACKAGES for path in sorted((folder / package).glob("*.py"))]


def _find_tests(path: str) -> list[str]:
    """Return the test files of a file, those with its name first."""
    package, stem = str(Path(path).parent), Path(path).stem.lstrip("_")
    # The tests with this name raise an exception in each function of all layers.
    stem = {"secrets": "scrubbing"}.get(stem, stem)
    own = _match(f"{package}/test_{stem}.py") + _match(f"{package}/test_{stem}_*.py")
    further = DECIDING.get(path) or PACKAGES[package]
    for pattern in further:
        if not _match(pattern):
            raise SystemExit(f"No file in {TESTS} matches {pattern}.")
    fast = [test for test in own + [test for pattern in further for test in _match(pattern)] if not test.endswith(SLOW)]
    return list(dict.fromkeys([*fast, *own]))


def _match(pattern: str) -> list[str]:
    return sorted(str(path.relative_to(COPY)) for path in (COPY / TESTS).glob(pattern))


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


def _outcomes(path: str, tests: list[str], most: int | None) -> Iterator[tuple[Change, str]]:
    """Yield the mutants of a file, at most C(most), each with the outcome of its tests."""
    source = COPY / PLUGINS / path
    original = source.read_text(encoding="utf-8")
    session = WorkDB(str(WORK / f"{path.replace('/', '.')}.sqlite"), WorkDB.Mode.create)
    plugins.OPERATOR_PROVIDERS["tke"] = OPERATORS
    init([source], session, {})
    items = list(session.work_items)
    if not items:
        return
    patience = int(RETRY_BUDGET * _measure(tests)) + 5
    seen: set[str] = set()
    idle = _idle_places(original)
    for item in items if most is None else _shuffle(items, original):
        is_enough = most is not None and len(seen) >= most
        (mutation,) = item.mutations
        is_idle = is_enough or IDENTITY.search(mutation.operator_name) or _within(mutation, idle)
        change = None if is_idle else _change(path, original, mutation)
        if change is None or change.source in seen:
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


def _measure(tests: list[str]) -> float:
    """Return the seconds that tests take without a mutant. The files of a package have the same tests."""
    if frozenset(tests) not in MEASURED:
        began = time.monotonic()
        status, output = _tested(tests, 600)
        if status != PASSED:
            raise SystemExit(f"The tests fail without a mutant:\n{output}")
        MEASURED[frozenset(tests)] = time.monotonic() - began
    return MEASURED[frozenset(tests)]


def _shuffle(items: list[WorkItem], source: str) -> list[WorkItem]:
    """Return the mutations in an order that looks random, and that a change elsewhere in the file does not affect."""
    lines, places = source.splitlines(), Counter()  # type: list[str], Counter[str]

    def rank(item: WorkItem) -> bytes:
        mutation = item.mutations[0]
        row, column = mutation.start_pos
        place = f"{mutation.operator_name} {column} {lines[row - 1]}"
        places[place] += 1
        return hashlib.sha256(f"{places[place]} {place}".encode()).digest()

    return sorted(items, key=rank)


def _outcome(status: int, output: str) -> str:
    if status < 0:
        return "timeout"
    # If a test file cannot be imported, no test has run on the mutant.
    return "survived" if status == PASSED else "broken" if UNIMPORTABLE.search(output) else "killed"


def _change(path: str, original: str, mutation: MutationSpec) -> Change | None:
    """Return the change of a mutation, or None if it changes nothing or is not valid Python."""
    try:
        mutated = mutate_code(original, plugins.get_operator(mutation.operator_name)(), mutation.occurrence)
    except AttributeError:
        # cosmic-ray cannot replace an exception whose name has a dot.
        return None
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

    These are annotations, which are not evaluated, C(__all__), asterisks that are not arithmetic, and the arguments of
    C(dataclass) and C(TypeVar).
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
        or (node.type == "decorator" and node.children[1].get_code().startswith("dataclass("))
        or (node.type == "atom_expr" and node.children[0].get_code().strip() == "TypeVar")
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
    output = said.read_text(encoding="utf-8", errors="replace")[-2000:]
    if status > PASSED and not output:
        # A mutant is killed by a test, not by an incomplete environment, such as one that is being installed.
        raise SystemExit("pytest ended without output, so no test has run. Check the environment, and start again.")
    return status, output


def _test(tests: list[str], seconds: int) -> int:
    import pytest  # noqa: PLC0415 - imported already, by _preload

    signal.alarm(seconds)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        return int(pytest.main([*PYTEST, *tests]))
    finally:
        sys.stdout.flush()


def _reaches_bar(counts: dict[str, Counter[str]]) -> bool:
    """Print the table, and return whether each package and the total reach the bar."""
    print(f"\n| package | mutants | {' | '.join(OUTCOMES)} | score |\n|---|{'---:|' * (len(OUTCOMES) + 2)}")
    rows: dict[str, Counter[str]] = {}
    for path, row in counts.items():
        for title in (str(Path(path).parent), "all"):
            rows.setdefault(title, Counter()).update(row)
    rows["all"] = rows.pop("all", Counter())
    for title, row in rows.items():
        cells = " | ".join(str(row[outcome]) for outcome in OUTCOMES)
        print(f"| {title} | {row.total()} | {cells} | {_score(row):.1f} % |")
    return all(_score(row) >= BAR for row in rows.values())


def _score(row: Counter[str]) -> float:
    """Return the percentage of mutants that made a test fail or time out, without broken and equivalent mutants."""
    found = row["killed"] + row["timeout"]
    return 100 * found / (found + row["survived"]) if found + row["survived"] else 100


if __name__ == "__main__":
    sys.exit(main())
