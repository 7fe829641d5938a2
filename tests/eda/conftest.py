# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real registry that notifies a real ansible-rulebook. `make eda` gets both."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from eda.rulebook import RulebookProcess
from emulator.debian_registry import DebianRegistry
from stories.controller import ROOT, Controller


@pytest.fixture
def rulebook(controller: Controller) -> Iterator[RulebookProcess]:
    """A rulebook that is not started yet."""
    process = RulebookProcess(controller)
    yield process
    process.stop()


@pytest.fixture
def registry(rulebook: RulebookProcess, tmp_path: Path) -> Iterator[DebianRegistry]:
    """A registry that notifies the rulebook of each push and each pull."""
    done = subprocess.run(["sh", "tools/docker_registry"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    registry = DebianRegistry(Path(done.stdout.decode().strip()), tmp_path / "registry", endpoints=[rulebook.endpoint])
    registry.start()
    yield registry
    registry.stop()
