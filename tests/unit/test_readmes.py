# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README in English and the one in Chinese say the same: the same commands, options, playbooks and pages."""

from __future__ import annotations

import re

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection, _run
from stories.controller import ROOT
from stories.examples import IN_README, code_blocks

ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
TEXTS = {path: path.read_text(encoding="utf-8") for path in (ENGLISH, CHINESE)}
# What is between back-ticks: options, values, variables, commands.
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)]+)\)")


def sections(text: str) -> list[str]:
    """Return the text between headings, without the blocks of code."""
    return re.split(r"^## .*\n", IN_README.sub("", text), flags=re.MULTILINE)


def test_the_blocks_of_code_are_the_same() -> None:
    assert code_blocks(ENGLISH) == code_blocks(CHINESE)
    assert len(code_blocks(ENGLISH)) > 8


@pytest.mark.parametrize("number", range(len(sections(TEXTS[ENGLISH]))))
def test_each_section_speaks_of_the_same_options_and_leads_to_the_same_pages(number: int) -> None:
    english, chinese = (sections(TEXTS[path])[number] for path in (ENGLISH, CHINESE))
    assert sorted(set(CODE.findall(english))) == sorted(set(CODE.findall(chinese)))
    # README.md leads to README.zh-CN.md and the other way round; the pictures have a Chinese version.
    assert [link.replace(".zh-CN.", ".") for link in LINK.findall(chinese)] == [
        link.replace(".zh-CN.", ".") for link in LINK.findall(english)
    ]
    tables = [re.findall(r"^\|.*", text, re.MULTILINE) for text in (english, chinese)]
    assert [row.count("|") for row in tables[0]] == [row.count("|") for row in tables[1]]
    assert [CODE.findall(row) for row in tables[0]] == [CODE.findall(row) for row in tables[1]]
    # Of years, limits and defaults there is one truth, too.
    assert sorted(numbers(english)) == sorted(numbers(chinese))


def numbers(text: str) -> set[str]:
    """Return the numbers of a text, without those of its words for months."""
    return set(re.findall(r"\d+(?:\.\d+)?", re.sub(r"\d+ 年 \d+ 月|(?:May|November) \d{4}", "", text)))


def test_both_have_as_many_sections() -> None:
    assert len(sections(TEXTS[ENGLISH])) == len(sections(TEXTS[CHINESE])) > 10


def test_they_lead_to_pages_that_there_are() -> None:
    for path, text in TEXTS.items():
        for link in LINK.findall(text):
            assert (path.parent / link.partition("#")[0]).exists(), link


def test_they_have_every_option_of_the_module() -> None:
    for text in TEXTS.values():
        names = set(CODE.findall(text))
        assert {*_run.declaration_spec(), *_connection.OPTIONS} <= names
