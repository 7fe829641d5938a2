# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layers in docs/architecture.md match the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from stories.controller import ROOT

UTILS, PLUGIN_UTILS = ROOT / "plugins/module_utils", ROOT / "plugins/plugin_utils"
PLUGINS = "ansible_collections.tencentcloud.tke.plugins."
PREFIX = PLUGINS + "module_utils."
# From the top down. A layer imports from itself and from the layers below it.
LAYERS = (
    "_module",
    "_set",
    "_prune",
    "_info",
    "_registry_info",
    "_permissions",
    "_run",
    "_runtime",
    "_connection",
    "_failure",
    "_outcome",
    "_diff",
    "_secrets",
    "_sanitize",
    "_diagnosis",
    "_reconcile",
    "_registry",
    "_image_cache",
    "_credentials",
    "_api",
)
# The layers of the filters, from the top down. They use the pure layers of the modules.
FILTER_LAYERS = (
    "_image_caches",
    "_push_events",
    "page",
    "texts",
    "data",
    "timeline",
    "attention",
    "verdicts",
    "inputs",
    "days",
    "annotations",
    "serving",
    "cache_plan",
    "cache_names",
    "pod_templates",
    "documents",
    "_budget",
    "_descriptions",
)
PURE = ("_image_cache", "_diagnosis", "_sanitize", "_api.errors", "_api.clock")
# What the layers of the filters use of Ansible: its YAML loader, and the validation of options.
OF_ANSIBLE = (
    "ansible.module_utils.common.yaml.SafeLoader",
    "ansible.module_utils.common.arg_spec.ArgumentSpecValidator",
)
# Facts that any layer may import.
FACTS = ("_version",)
# The only file that reads the time.
CLOCK = UTILS / "_api/clock.py"


def imported_names(path: Path) -> Iterator[str]:
    """Yield the full names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def layer_of(path: Path) -> str:
    return path.relative_to(UTILS).parts[0].replace(".py", "")


FILES = sorted(path for path in UTILS.rglob("*.py") if path.stat().st_size)
FILTER_FILES = [
    path
    for path in sorted(PLUGIN_UTILS.rglob("*.py"))
    if path.stat().st_size and path.name not in ("_in_process.py", "_startup.py")
]
FILTERS = sorted((ROOT / "plugins/filter").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(UTILS)))
def test_layer_imports_only_from_layers_below(path: Path) -> None:
    layer = layer_of(path)
    if layer in FACTS:
        return
    for name in imported_names(path):
        if name.startswith(PREFIX):
            other = name[len(PREFIX) :].split(".")[0]
            assert other in FACTS or LAYERS.index(other) >= LAYERS.index(layer), f"{path.name} imports {name}"
        elif name.startswith("ansible."):
            assert layer == "_module", f"{path.name} imports {name}"


@pytest.mark.parametrize("path", [*FILTER_FILES, *FILTERS], ids=lambda path: path.stem)
def test_filter_layer_imports_only_from_layers_below(path: Path) -> None:
    rank = -1 if path in FILTERS else FILTER_LAYERS.index(path.stem)
    for name in imported_names(path):
        if name.startswith(PREFIX):
            assert name[len(PREFIX) :].startswith(PURE), f"{path.name} imports {name}"
        elif name.startswith(PLUGINS + "plugin_utils."):
            other = next(part for part in name.split(".") if part in FILTER_LAYERS)
            assert FILTER_LAYERS.index(other) > rank, f"{path.name} imports {name}"
        elif name.startswith("ansible."):
            assert path in FILTERS or name in OF_ANSIBLE, f"{path.name} imports {name}"


@pytest.mark.parametrize(
    "path", [*FILES, *FILTER_FILES, *FILTERS], ids=lambda path: str(path.relative_to(ROOT / "plugins"))
)
def test_files_and_functions_are_small(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 400
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, node.name


def test_architecture_document_names_every_file() -> None:
    picture = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for path in [*FILES, *PLUGIN_UTILS.rglob("[!_]*.py"), *PLUGIN_UTILS.glob("*.py")]:
        if path.name != "_version.py":
            assert path.name in picture


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda path: path.stem)
def test_only_the_clock_module_reads_the_time(path: Path) -> None:
    if path == CLOCK:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            assert name not in ("time.time", "time.monotonic", "time.sleep", "datetime.now", "datetime.utcnow"), name
