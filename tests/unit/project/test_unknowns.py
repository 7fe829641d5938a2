# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/unknowns.md lists the emulator's switches, the probe asks about each, and each changes the settings."""

from __future__ import annotations

from emulator import OPTIONAL_FIELDS, SWITCHES, Settings, answers_of, settings_of, worlds
from probe.asking import OPTIONAL_FIELDS as ASKED_FIELDS
from probe.questions import DEFAULT, QUESTIONS
from stories.controller import ROOT


def test_documentation_lists_every_switch() -> None:
    lines = (ROOT / "docs/unknowns.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| question")]
    assert rows == [f"| {s.question} | {s.default} | {'; '.join(s.others)} | |" for s in SWITCHES]


def test_probe_asks_each_question_of_a_switch_and_knows_each_answer() -> None:
    asked = {question.text: set(question.worlds.values()) for question in QUESTIONS}
    assert len(asked) == len(QUESTIONS)
    assert asked == {switch.question: {DEFAULT, *switch.others} for switch in SWITCHES}
    assert ASKED_FIELDS == OPTIONAL_FIELDS


def test_every_world_has_its_own_answer() -> None:
    for name in worlds():
        others = set(answers_of(settings_of(name)).values()) - {DEFAULT}
        assert others == ({name} - {DEFAULT} if "all at once" not in name else others)


def test_every_answer_differs_from_default() -> None:
    for name in worlds():
        assert (settings_of(name) == Settings()) is (name == "default")
