# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shared fixtures of unit tests and stories: a separate emulator for each test."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import hypothesis
import pytest

# ansible-test does not add this folder to the path, and ignores the settings of pytest that do.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "tools"))

from emulator import Emulator
from stories import ways
from stories.controller import Controller
from stories.processes import ModuleProcesses

# No test depends on the speed of the machine.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers of tests, and let Ctrl-C end the processes of tests.

    A shell that runs the tests in the background makes them ignore it, and thereby the processes that they start.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line(
        "markers",
        "exhaustive: tries so many cases that it takes too long for `make test`; other tests have the same coverage",
    )
    config.addinivalue_line(
        "markers", "waiting: waits for pauses and time limits, so it runs beside tests that need the processor"
    )
    config.addinivalue_line("markers", "slow: takes too long for `make units`, for example with random or large input")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip exhaustive tests in ansible-test: they do not depend on ansible-core, and `make exhaustive` runs them."""
    if config.inipath and "ansible_test" in config.inipath.parts:
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]
    waiting = [item for item in items if item.get_closest_marker("waiting")]
    stories = [item for item in items if "stories" in item.path.parts and item not in waiting]
    units = [item for item in items if "stories" not in item.path.parts]
    # Some of the longest stories are in the last files. A long test at the end would run alone.
    items[:] = spread(waiting, stories[::-1], units)


def pytest_collection_finish() -> None:
    """Keep the tests and what they import out of each search for garbage."""
    gc.freeze()


def spread(*groups: list[pytest.Item]) -> list[pytest.Item]:
    """Return the items of all groups, those of each group at equal distances."""
    placed = [(number / len(group), item) for group in groups for number, item in enumerate(group)]
    return [item for _place, item in sorted(placed, key=itemgetter(0))]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Start an emulator without caches, whose builds take 0.3 s."""
    emulator = Emulator().start()
    yield emulator
    emulator.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for running the stories in two ways and comparing their results."""
    parser.addoption("--way", choices=(ways.USUAL, ways.OTHER), default=ways.USUAL, help="where stories run tasks")
    parser.addoption("--record", help="a file for the results of stories")


@pytest.fixture
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return where tasks run, and set the file for their results."""
    record = request.config.getoption("--record")
    if record:
        monkeypatch.setenv("STORY_RECORD", record)
    return str(request.config.getoption("--way"))


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path, way: str) -> Controller:
    """Return a machine with Ansible that can reach the emulator."""
    return Controller(emulator, tmp_path, way)


@pytest.fixture
def processes(controller: Controller, way: str) -> Iterator[ModuleProcesses]:
    """Run modules in processes without Ansible, on the same machine."""
    processes = ModuleProcesses(controller.emulator, controller.environment, way)
    yield processes
    processes.stop()
