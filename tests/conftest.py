# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shared fixtures of unit tests and stories: a separate emulator for each test."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScheduling
from xdist.workermanage import WorkerController

# ansible-test does not add this folder to the path, and ignores the settings of pytest that do.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "tools"))

from emulator import Emulator
from stories import ways
from stories.controller import Controller
from stories.processes import ModuleProcesses

# A search for garbage finds none among imports. It is enabled in pytest_collection_finish().
gc.disable()

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
        "markers", "waiting: mostly waits for pauses and time limits, so it runs beside tests that need the processor"
    )
    config.addinivalue_line("markers", "slow: takes too long for `make units`, for example with random or large input")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests in the order that BothEnds needs.

    Skip exhaustive tests in ansible-test: they do not depend on ansible-core, and `make exhaustive` runs them.
    """
    if config.inipath and "ansible_test" in config.inipath.parts:
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]
    groups: dict[str, list[pytest.Item]] = {"waiting": [], "slow": [], "fast": [], "story": []}
    for item in items:
        groups[kind_of(item)].append(item)
    waiting, slow, fast, stories = groups.values()
    # Some of the longest tests that wait are in the last files.
    items[:] = [*waiting[::-1], *slow[::2], *fast, *slow[1::2], *stories]


def kind_of(item: pytest.Item) -> str:
    """Return how a test spends its time."""
    if item.get_closest_marker("waiting"):
        return "waiting"
    if "stories" in item.path.parts:
        return "story"
    return "slow" if item.get_closest_marker("slow") else "fast"


class BothEnds(LoadScheduling):
    """A scheduler that gives the first tests of the list to half the workers, and the last ones to the other half.

    While some workers wait, the others need the processor. All end with short tests, from the middle of the list.
    """

    def _send_tests(self, node: WorkerController, num: int) -> None:
        takes_last = self.nodes.index(node) % 2
        if takes_last:
            self.pending.reverse()
        super()._send_tests(node, num)
        if takes_last:
            self.pending.reverse()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Optional[BothEnds]:
    """Return the scheduler, unless the user selects another one."""
    return BothEnds(config, log) if config.getoption("dist") == "load" else None


def pytest_collection_finish() -> None:
    """Search for garbage from now on, but not among the tests and what they import."""
    gc.freeze()
    gc.enable()


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
