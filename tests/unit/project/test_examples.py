# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible and make accept every example of the guides, the READMEs and the documentation of the modules."""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.basic import AnsibleFallbackNotFound
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.splitter import parse_kv
from ansible_collections.tencentcloud.tke.plugins.module_utils import _info, _prune, _registry_info, _run, _set
from stories.controller import INFO, MODULE, PRUNE, REGISTRY_INFO, ROOT, SET
from stories.examples import GUIDES, PLAYBOOKS, PLUGINS, READMES, code_blocks, tasks_of, yaml_of

ROLE = "tencentcloud.tke.image_cache"


def raise_no_fallback(*_args: Any) -> None:
    """Replace the fallback to variables of the environment: no variable is set."""
    raise AnsibleFallbackNotFound


SPECS: Mapping[str, Mapping[str, Any]] = {
    MODULE: _run.image_cache_spec(raise_no_fallback),
    SET: _set.image_cache_set_spec(raise_no_fallback),
    INFO: _info.image_cache_info_spec(raise_no_fallback),
    PRUNE: _prune.image_cache_prune_spec(raise_no_fallback),
    REGISTRY_INFO: _registry_info.registry_image_info_spec(raise_no_fallback),
}
ROLE_SPEC = yaml.safe_load((ROOT / "roles/image_cache/meta/argument_specs.yml").read_text(encoding="utf-8"))
ROLE_OPTIONS: Mapping[str, Any] = ROLE_SPEC["argument_specs"]["main"]["options"]
SAMPLES: Mapping[str, Any] = {"int": 1, "float": 1.0, "bool": True, "list": [], "dict": {}}
TASK_FILES = sorted((ROOT / "playbooks/tasks").glob("*.yml"))
PAGES = [*GUIDES, *READMES, *PLUGINS, *PLAYBOOKS, *TASK_FILES, ROOT / "CONTRIBUTING.md"]


def without_templates(value: Any, entry: Mapping[str, Any]) -> Any:
    """Return the value with each template replaced by a sample of the option's type."""
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return SAMPLES.get(entry.get("type", "str"), entry.get("choices", ["text"])[0])
    if isinstance(value, list):
        return [without_templates(element, {**entry, "type": entry.get("elements", "raw")}) for element in value]
    if isinstance(value, dict):
        options = entry.get("options", {})
        return {key: without_templates(inner, options.get(key, {"type": "str"})) for key, inner in value.items()}
    return value


def find_problems(task_arguments: Any, spec: Mapping[str, Any]) -> list[str]:
    """Return the error messages of Ansible about the arguments of a module or a role."""
    arguments = task_arguments or {}
    named = {alias: entry for entry in spec.values() for alias in entry.get("aliases", ())}
    values = {key: without_templates(value, {**named, **spec}.get(key, {})) for key, value in arguments.items()}
    # The validator changes the spec: it inserts defaults.
    return list(ArgumentSpecValidator(copy.deepcopy(dict(spec))).validate(values).error_messages)


def includes_role(task: Mapping[str, Any]) -> bool:
    """Return whether a task includes the role."""
    included = task.get("ansible.builtin.include_role") or task.get("include_role") or {}
    return isinstance(included, dict) and included.get("name") == ROLE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_arguments_match_the_argument_specs(page: Path) -> None:
    checked = 0
    for block in code_blocks(page):
        content = yaml_of(block) if block.language == "yaml" else None
        if not isinstance(content, list):
            continue
        for entry in content:
            for module, arguments in entry.get("module_defaults", {}).items():
                spec = SPECS.get(module, SPECS[MODULE])
                assert set(arguments) <= {*spec, *(alias for row in spec.values() for alias in row.get("aliases", ()))}
        for task in tasks_of(content):
            for module in set(task) & set(SPECS):
                assert find_problems(task[module], SPECS[module]) == []
                checked += 1
            if includes_role(task):
                role_arguments = {key: value for key, value in task.get("vars", {}).items() if key in ROLE_OPTIONS}
                # The play or -e can set the other options of the role.
                assert find_problems({"image_cache_caches": [], **role_arguments}, ROLE_OPTIONS) == []
                checked += 1
    assert checked > 0 or page in PAGES_WITHOUT_TASKS


# Pages without a task.
PAGES_WITHOUT_TASKS = {
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs/docsite/rst/guide_contributing.rst",
    ROOT / "docs/docsite/rst/guide_events.rst",
    ROOT / "docs/docsite/rst/guide_troubleshooting.rst",
    ROOT / "playbooks/prune_image_caches.yml",
    ROOT / "playbooks/tasks/read_namespaces.yml",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    """Commands of make and Ansible name an existing target, module, playbook or rulebook."""
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    variables = set(re.findall(r"^([A-Z_]+) \?=", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    rulebooks = {f"tencentcloud.tke.{path.stem}" for path in (ROOT / "extensions/eda/rulebooks").glob("*.yml")}
    playbooks = {f"tencentcloud.tke.{path.stem}" for path in (ROOT / "playbooks").glob("*.yml")}
    for words in find_commands(page):
        program, *arguments = words
        if program == "make":
            assert {word for word in arguments if re.fullmatch("[a-z-]+", word)} <= targets, words
            assert {word.split("=")[0] for word in arguments if "=" in word} <= variables, words
        elif program == "ansible-playbook":
            assert {word for word in arguments if word.startswith("tencentcloud.tke.")} <= playbooks, words
        elif program == "ansible-rulebook":
            assert arguments[arguments.index("--rulebook") + 1] in rulebooks, words
        elif program == "ansible" and "-m" in arguments:
            module = arguments[arguments.index("-m") + 1]
            module_arguments = arguments[arguments.index("-a") + 1] if "-a" in arguments else ""
            assert find_problems(parse_kv(module_arguments), SPECS[module]) == [], words


def find_commands(page: Path) -> list[list[str]]:
    """Return the commands of a page as lists of words, including commands inside sentences."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in code_blocks(page) if block.language == "shell" for line in block.text.splitlines()]
    lines += re.findall(r"(?<!`)`{1,2}((?:make|ansible|ansible-playbook) [^`]+)`", text)
    found = []
    for line in lines:
        words = shlex.split(line.partition(" #")[0])
        if words and words[0] in ("make", "ansible", "ansible-playbook", "ansible-rulebook"):
            found.append(words)
    return found
