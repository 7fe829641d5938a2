# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides say what is so: their examples have options that there are, and their tables every variable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docutils.core
import docutils.nodes
import docutils.parsers.rst.roles
import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection, _info, _prune, _run, _set
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.chain import TOKEN_VARIABLES
from stories.controller import INFO, MODULE, PRUNE, ROOT, SET
from stories.guides import GUIDES, code_blocks

SPECS = {
    MODULE: _run.image_cache_spec,
    SET: _set.image_cache_set_spec,
    INFO: _info.image_cache_info_spec,
    PRUNE: _prune.image_cache_prune_spec,
}


def tasks(entries: Any) -> list[dict[str, Any]]:
    """Return the tasks of a task list or of a playbook, those in blocks too."""
    found = []
    for entry in entries:
        inner = [part for key in ("tasks", "block", "rescue", "always") for part in entry.get(key, ())]
        found += tasks(inner) if inner else [entry]
    return found


# Sphinx has this one, and docutils alone does not.
docutils.parsers.rst.roles.register_generic_role("ref", docutils.nodes.emphasis)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_it_is_well_formed(guide: Path) -> None:
    settings = {"halt_level": 2, "report_level": 2}
    docutils.core.publish_doctree(guide.read_text(encoding="utf-8"), settings_overrides=settings)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_its_examples_have_options_that_there_are(guide: Path) -> None:
    checked = 0
    for block in code_blocks(guide):
        for task in tasks(yaml.safe_load(block.text)):
            for module in set(task) & set(SPECS):
                spec = SPECS[module](lambda *_args: None)
                known = {name for option, entry in spec.items() for name in (option, *entry.get("aliases", ()))}
                assert set(task[module] or ()) <= known
                checked += 1
    assert checked > 0


def test_every_variable_is_in_the_guide() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_authentication.rst").read_text(encoding="utf-8")
    for variable in (*_connection.ENVIRONMENT.values(), *_connection.PROFILE_VARIABLES, *TOKEN_VARIABLES):
        assert f"``{variable}``" in guide
    for option in _connection.OPTIONS:
        assert f"``{option}``" in guide
