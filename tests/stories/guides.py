# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the guides with docutils, for tests that compare their tables with the code and with real messages."""

from __future__ import annotations

from pathlib import Path

import docutils.core
import docutils.nodes
import docutils.parsers.rst.roles
from stories.controller import ROOT

# Sphinx has this role; docutils does not.
docutils.parsers.rst.roles.register_generic_role("ref", docutils.nodes.emphasis)
TROUBLESHOOTING = ROOT / "docs/docsite/rst/guide_troubleshooting.rst"


def read(guide: Path) -> docutils.nodes.document:
    """Return a guide as parsed by docutils. Raises an exception if it is not well-formed."""
    settings = {"halt_level": 2, "report_level": 2}
    return docutils.core.publish_doctree(
        guide.read_text(encoding="utf-8"), source_path=str(guide), settings_overrides=settings
    )


def table(title: str) -> list[list[str]]:
    """Return the rows of a table of the troubleshooting guide as text, without the header.

    A table without a title has the title of its section.
    """
    for table_node in read(TROUBLESHOOTING).findall(docutils.nodes.table):
        if title_of(table_node) == title:
            body = table_node.next_node(docutils.nodes.tbody)
            rows = [[" ".join(cell.astext().split()) for cell in row.findall(docutils.nodes.entry)] for row in body]
            assert rows
            return rows
    raise LookupError(title)


def title_of(table_node: docutils.nodes.table) -> str:
    own = table_node.next_node(docutils.nodes.title)
    return (own or table_node.parent.next_node(docutils.nodes.title)).astext()
