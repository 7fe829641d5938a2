# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durations are measured by the monotonic clock alone: a wall clock that jumps changes no wait."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from stories.controller import ROOT

from .test_worlds import REPLACE
from .world import WEB, World, WorldClock

# The only file that asks the machine what time it is.
CLOCK = ROOT / "plugins/module_utils/_api/clock.py"
# A day, an hour and a second back, and a year ahead.
JUMPS = (-86400, -3600, -1, 365 * 86400)


class JumpingClock(WorldClock):
    """A wall clock that jumps whenever it is looked at, beside a monotonic one that does not."""

    def __init__(self, jump: int) -> None:
        super().__init__()
        self.jump, self.looks = jump, 0

    def unix(self) -> int:
        self.looks += 1
        return super().unix() + self.jump * (self.looks % 2)


def life(world: World) -> list[dict[str, Any]]:
    """Return the results of a cache's life: created, replaced, never Ready in time, and deleted."""
    results = [world.run(), world.run(**REPLACE)]
    world.settings.build_seconds = 10000.0
    results += [world.run(images=["nginx:3"], wait_timeout=120), world.run(state="absent", name=WEB["name"])]
    return results


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_changes_no_wait(jump: int) -> None:
    steady = World()
    expected = life(steady)
    jumping = World()
    jumping.clock = JumpingClock(jump)
    assert life(jumping) == expected
    assert [result.get("failed", False) for result in expected] == [False, False, True, False]
    assert steady.calls == jumping.calls
    assert steady.clock.now == jumping.clock.now
    assert jumping.clock.looks > 1


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda path: path.stem)
def test_nothing_asks_for_the_time_but_the_clock(path: Path) -> None:
    if path == CLOCK:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            asked = f"{node.value.id}.{node.attr}"
            assert asked not in ("time.time", "time.monotonic", "time.sleep", "datetime.now", "datetime.utcnow"), asked
