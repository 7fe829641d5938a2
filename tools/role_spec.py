# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the options of entries and prune rules from the documentation of the modules into the role's argument specs.

C(python tools/role_spec.py) writes the file. With C(--check) it only compares, and fails if there are differences. The
other options of the role are maintained by hand in that file.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any, Iterator

import yaml
from ansible_collections.tencentcloud.tke.plugins.doc_fragments.image_cache import ModuleDocFragment
from ansible_collections.tencentcloud.tke.plugins.module_utils._set import image_cache_set_spec

ROOT = Path(__file__).resolve().parents[1]
SPECS = ROOT / "roles/image_cache/meta/argument_specs.yml"
PRUNE = ROOT / "plugins/modules/image_cache_prune.py"
HEADER = """---
# "make role_spec" writes the options of image_cache_caches and of image_cache_prune, from the modules' documentation.
"""
# The keys that are copied from the documentation of an option into the argument spec.
TAKEN = ("type", "elements", "choices", "required", "version_added")


class Dumper(yaml.SafeDumper):
    """Indents lists like the other YAML files of the collection."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent a list below its key."""
        return super().increase_indent(flow, False)


def entry_options() -> dict[str, Any]:
    """Return the options of an entry in C(image_cache_caches)."""
    documented = yaml.safe_load(ModuleDocFragment.ENTRIES)["options"]["image_caches"]["suboptions"]
    spec = image_cache_set_spec(lambda *_args: None)["image_caches"]["options"]
    return dict(role_options(documented, spec, "image_cache_caches[]"))


def prune_options() -> dict[str, Any]:
    """Return the options of C(image_cache_prune)."""
    documented = yaml.safe_load(documentation(PRUNE))["options"]
    return dict(role_options(documented, {}, "image_cache_prune"))


def documentation(path: Path) -> str:
    """Return the DOCUMENTATION of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
            return str(ast.literal_eval(node.value))
    raise LookupError(f"{path} has no DOCUMENTATION")


def role_options(documented: Any, spec: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield each option and each of its aliases, in the form of the role's argument specs."""
    for name, option in documented.items():
        entry = {key: option[key] for key in TAKEN if key in option}
        if "no_log" in spec.get(name, {}):
            entry["no_log"] = spec[name]["no_log"]
        entry["description"] = [in_role(text, prefix) for text in option["description"]]
        if "suboptions" in option:
            entry["options"] = dict(role_options(option["suboptions"], spec.get(name, {}).get("options", {}), prefix))
        yield name, entry
        for alias in option.get("aliases", ()):
            yield alias, {**entry, "description": [f"Alias of O({prefix}.{name})."]}


def in_role(text: str, prefix: str) -> str:
    """Return a description with references to the options of the role. A role has no return values to refer to."""
    text = re.sub(r"\bRV\(([^)]*)\)", r"C(\1)", text)
    return re.sub(r"\bO\((?:image_caches\[\]\.)?(\w)", rf"O({prefix}.\1", text)


def main(arguments: list[str]) -> int:
    """Write or compare the file, and return the exit status."""
    before = SPECS.read_text(encoding="utf-8")
    specs = yaml.safe_load(before)
    options = specs["argument_specs"]["main"]["options"]
    options["image_cache_caches"]["options"] = entry_options()
    options["image_cache_prune"]["options"] = prune_options()
    after = HEADER + yaml.dump(specs, Dumper=Dumper, sort_keys=False, width=118, allow_unicode=True)
    if before == after:
        return 0
    if "--check" in arguments:
        print(f"{SPECS.relative_to(ROOT)} does not match the documentation of the modules. Run make role_spec.")
        return 1
    SPECS.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
