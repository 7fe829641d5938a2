# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What unit tests and stories share: an emulator of one's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# ansible-test knows nothing of this folder, nor of a setting of pytest's that names it.
sys.path.insert(0, str(Path(__file__).parent))

from emulator import Emulator
from stories import ways
from stories.controller import Controller
from stories.processes import ModuleProcesses


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks of tests."""
    config.addinivalue_line(
        "markers",
        "exhaustive: tries so many cases that measuring its coverage, which other tests have too, would take too long",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the exhaustive tests out of ansible-test: they do not depend on ansible-core, and `make test` runs them."""
    if config.inipath and "ansible_test" in config.inipath.parts:
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A fresh emulator, without caches, whose builds take 0.3 s."""
    emulator = Emulator().start()
    yield emulator
    emulator.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Stories can be told in two ways, and their results be compared."""
    parser.addoption("--way", choices=(ways.USUAL, ways.OTHER), default=ways.USUAL, help="where stories run tasks")
    parser.addoption("--record", help="a file for the results of stories")


@pytest.fixture
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where tasks run."""
    record = request.config.getoption("--record")
    if record:
        monkeypatch.setenv("STORY_RECORD", record)
    return str(request.config.getoption("--way"))


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path, way: str) -> Controller:
    """A machine with Ansible that reaches the emulator."""
    return Controller(emulator, tmp_path, way)


@pytest.fixture
def processes(controller: Controller, way: str) -> Iterator[ModuleProcesses]:
    """Module processes without the Ansible around them, on the same machine."""
    processes = ModuleProcesses(controller.emulator, controller.environment, way)
    yield processes
    processes.stop()
