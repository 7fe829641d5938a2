# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code blocks of the guides, so that what they show is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .controller import ROOT

GUIDES = sorted((ROOT / "docs/docsite/rst").glob("*.rst"))
BLOCK = re.compile(r"^\.\. code-block:: yaml\+jinja\n(?:   :name: (.*)\n)?\n((?:    .*\n|\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class CodeBlock:
    """A block of YAML, without its indentation. A playbook has a name."""

    name: str
    text: str


def code_blocks(guide: Path) -> list[CodeBlock]:
    """Return the YAML of a guide in its order."""
    found = BLOCK.findall(guide.read_text(encoding="utf-8"))
    return [CodeBlock(name, re.sub(r"^    ", "", text, flags=re.MULTILINE)) for name, text in found]
