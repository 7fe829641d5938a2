# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry for the tests of what asks registries."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Optional, Union

import pytest
import trustme
from emulator.debian_registry import DebianRegistry
from emulator.registry import Registry
from unit.support.registry_access import Server, pusher_to
from unit.support.registry_images import Pusher

ROOT = Path(__file__).parents[4]
# The real one is for machines with Debian's packages: `make registry`.
REGISTRIES = ["emulated", "debian"] if os.environ.get("REAL_REGISTRY") == "1" else ["emulated"]


@pytest.fixture(params=REGISTRIES)
def server_kind(request: pytest.FixtureRequest) -> str:
    """Whether the registry is C(emulated), or the real one of C(debian)."""
    return str(request.param)


@pytest.fixture(params=["none", "basic", "token", "basic-tls", "token-tls"])
def registry(request: pytest.FixtureRequest, server_kind: str, tmp_path: Path) -> Iterator[Server]:
    """A registry of each kind of authentication. These tests use nothing but the standard API of it."""
    auth, _dash, tls = request.param.partition("-")
    authority = trustme.CA() if tls else None
    server: Union[Registry, DebianRegistry]
    server = Registry(auth, authority=authority) if server_kind == "emulated" else real(auth, authority, tmp_path)
    if authority:
        server.verify = str(tmp_path / "ca.pem")
        authority.cert_pem.write_to_path(server.verify)
    server.start()
    yield server
    server.stop()


def real(auth: str, authority: Optional[trustme.CA], folder: Path) -> DebianRegistry:
    """Return the real registry. Without its binary this fails: whoever asked for it wants no test left out."""
    done = subprocess.run(["sh", "tools/docker_registry"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return DebianRegistry(Path(done.stdout.decode().strip()), folder / "registry", auth, authority=authority)


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
