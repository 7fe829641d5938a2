# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What unit tests and stories share: an emulator of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from emulator import Emulator
from stories.controller import Controller
from stories.processes import ModuleProcesses


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A fresh emulator, without caches, whose builds take 0.3 s."""
    emulator = Emulator().start()
    yield emulator
    emulator.stop()


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    """A machine with Ansible that reaches the emulator."""
    return Controller(emulator, tmp_path)


@pytest.fixture
def processes(controller: Controller) -> Iterator[ModuleProcesses]:
    """Module processes without the Ansible around them, on the same machine."""
    processes = ModuleProcesses(controller.emulator, controller.environment)
    yield processes
    processes.stop()
