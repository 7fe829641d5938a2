# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for the tests of credentials."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.support.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without credentials."""
    return Machine(tmp_path)
