# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the guides, the READMEs and the documentation of the plugins, for tests to run and check."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from stories.controller import ROOT

GUIDES = sorted((ROOT / "docs/docsite/rst").glob("*.rst"))
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "roles").glob("*/README.md"))]
PLAYBOOKS = [*sorted((ROOT / "playbooks").glob("*.yml")), *sorted((ROOT / "roles").glob("*/tasks/main.yml"))]
PLUGINS = sorted(path for kind in ("modules", "filter") for path in (ROOT / "plugins" / kind).glob("[a-z]*.py"))
# A comment before a playbook has its name.
IN_GUIDE = re.compile(r"^(?:\.\. playbook (.*)\n\n)?\.\. code-block:: (.*)\n\n((?:    .*\n|\n)+)", re.MULTILINE)
IN_README = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class CodeBlock:
    """A code block without its indentation. A playbook of a guide has a name."""

    language: str
    name: str
    text: str


def code_blocks(path: Path) -> list[CodeBlock]:
    """Return the examples of a guide, a README or a plugin in their order, or the content of a playbook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".rst":
        return [
            CodeBlock(language.split("+")[0], name, re.sub(r"^    ", "", block, flags=re.MULTILINE))
            for name, language, block in IN_GUIDE.findall(text)
        ]
    if path.suffix == ".yml":
        return [CodeBlock("yaml", "", text)]
    if path.suffix == ".md":
        return [CodeBlock(language, "", block) for language, block in IN_README.findall(text)]
    return [CodeBlock("yaml", "", documentation(path, "EXAMPLES"))]


def documentation(path: Path, name: str) -> str:
    """Return a documentation variable of a plugin: DOCUMENTATION, EXAMPLES or RETURN."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == [name]:
            return str(ast.literal_eval(node.value))
    raise LookupError(f"{path} has no {name}")


def tasks_of(entries: Any) -> list[dict[str, Any]]:
    """Return the tasks of a task list or of a playbook, including those in blocks and the roles of plays."""
    found = []
    for entry in entries:
        inner = [part for key in ("tasks", "block", "rescue", "always") for part in entry.get(key, ())]
        roles = [{"include_role": {"name": role["role"]}, **role} for role in entry.get("roles", ())]
        found += [*tasks_of(inner), *roles] if inner or roles else [entry]
    return found


def yaml_of(block: CodeBlock) -> Any:
    """Return the parsed content of a YAML block."""
    return yaml.safe_load(block.text)


def main() -> None:
    """Write every playbook of the guides into a folder for other tools."""
    folder = Path(sys.argv[1])
    for guide in GUIDES:
        for block in code_blocks(guide):
            if block.name:
                (folder / f"{block.name}.yml").write_text(f"---\n{block.text.rstrip()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
