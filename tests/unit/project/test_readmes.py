# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The English and the Chinese README have the same commands, options, playbooks and links."""

from __future__ import annotations

import re

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection, _run
from stories.controller import ROOT
from stories.examples import IN_README, code_blocks

ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
TEXTS = {path: path.read_text(encoding="utf-8") for path in (ENGLISH, CHINESE)}
# Text between backticks: options, values, variables, commands.
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)]+)\)")


def sections(text: str) -> list[str]:
    """Return the text between headings, without the blocks of code."""
    return re.split(r"^## .*\n", IN_README.sub("", text), flags=re.MULTILINE)


def test_code_blocks_are_the_same() -> None:
    assert code_blocks(ENGLISH) == code_blocks(CHINESE)
    assert len(code_blocks(ENGLISH)) > 8


@pytest.mark.parametrize("number", range(len(sections(TEXTS[ENGLISH]))))
def test_sections_have_the_same_code_links_tables_and_numbers(number: int) -> None:
    english, chinese = (sections(TEXTS[path])[number] for path in (ENGLISH, CHINESE))
    assert sorted(set(CODE.findall(english))) == sorted(set(CODE.findall(chinese)))
    # README.md links to README.zh-CN.md and vice versa; the pictures have a Chinese version.
    assert [link.replace(".zh-CN.", ".") for link in LINK.findall(chinese)] == [
        link.replace(".zh-CN.", ".") for link in LINK.findall(english)
    ]
    tables = [re.findall(r"^\|.*", text, re.MULTILINE) for text in (english, chinese)]
    assert [row.count("|") for row in tables[0]] == [row.count("|") for row in tables[1]]
    assert [CODE.findall(row) for row in tables[0]] == [CODE.findall(row) for row in tables[1]]
    # Years, limits and defaults are the same, too.
    assert sorted(numbers(english)) == sorted(numbers(chinese))


def numbers(text: str) -> set[str]:
    """Return the numbers of a text, without those in dates of a month."""
    return set(re.findall(r"\d+(?:\.\d+)?", re.sub(r"\d+ 年 \d+ 月|(?:May|November) \d{4}", "", text)))


def test_number_of_sections_is_the_same() -> None:
    assert len(sections(TEXTS[ENGLISH])) == len(sections(TEXTS[CHINESE])) > 10


def test_links_lead_to_existing_files() -> None:
    for path, text in TEXTS.items():
        for link in LINK.findall(text):
            assert (path.parent / link.partition("#")[0]).exists(), link


def test_readmes_name_every_option_of_the_module() -> None:
    for text in TEXTS.values():
        names = set(CODE.findall(text))
        assert {*_run.declaration_spec(), *_connection.OPTIONS} <= names
