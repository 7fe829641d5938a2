# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/unknowns.md lists the emulator's switches, and each changes the emulator's settings."""

from __future__ import annotations

from emulator import SWITCHES, Settings, settings_of, worlds
from stories.controller import ROOT


def test_documentation_lists_every_switch() -> None:
    lines = (ROOT / "docs/unknowns.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| question")]
    assert rows == [f"| {s.question} | {s.default} | {'; '.join(s.others)} | |" for s in SWITCHES]


def test_every_answer_differs_from_default() -> None:
    for name in worlds():
        assert (settings_of(name) == Settings()) is (name == "default")
