# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry for the tests of what asks registries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from emulator.registry import Registry
from unit.support.registry_access import Server, pusher_to
from unit.support.registry_images import Pusher


@pytest.fixture(params=["none", "basic", "token"])
def registry(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A registry of each kind of authentication. These tests use nothing but the standard API of it."""
    server = Registry(request.param).start()
    yield server
    server.stop()


@pytest.fixture
def pusher(registry: Server) -> Pusher:
    """What pushes images to it."""
    return pusher_to(registry)


@pytest.fixture
def emulated() -> Iterator[Registry]:
    """An emulated registry without authentication, to misbehave."""
    server = Registry().start()
    yield server
    server.stop()


@pytest.fixture
def guarded() -> Iterator[Registry]:
    """An emulated registry with a token service, to misbehave."""
    server = Registry("token").start()
    yield server
    server.stop()
