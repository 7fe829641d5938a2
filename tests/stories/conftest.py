# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stories about registries share: a registry on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from emulator.registry import Registry


@pytest.fixture
def registry() -> Iterator[Registry]:
    """An emulated registry without images and without authentication."""
    registry = Registry().start()
    yield registry
    registry.stop()
