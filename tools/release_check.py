# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that a checkout can be released: release_check.py [TAG]. Print its version, or all that is missing."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml
from packaging.version import Version


def find_problems(folder: Path, tag: str) -> list[str]:
    """Return what contradicts a release of the version in galaxy.yml. An empty tag is not compared."""
    version = read_version(folder)
    constant = re.search(r'^VERSION = "(.*)"$', _read(folder / "plugins/module_utils/_version.py"), re.MULTILINE)
    releases = yaml.safe_load(_read(folder / "changelogs/changelog.yaml"))["releases"]
    latest = max(releases, key=Version)
    fragments = sorted(file.name for file in (folder / "changelogs/fragments").glob("*.y*ml"))
    problems = {
        f"The tag is {tag}, but galaxy.yml has version {version}.": tag not in ("", version),
        f"plugins/module_utils/_version.py does not have version {version}.": not constant or constant[1] != version,
        f"The changelog ends with version {latest}. Run antsibull-changelog release.": latest != version,
        f"Not in the changelog yet: {', '.join(fragments)}. Run antsibull-changelog release.": bool(fragments),
    }
    return [problem for problem, found in problems.items() if found]


def read_version(folder: Path) -> str:
    """Return the version in galaxy.yml."""
    return str(yaml.safe_load(_read(folder / "galaxy.yml"))["version"])


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


if __name__ == "__main__":
    folder = Path.cwd()
    if problems := find_problems(folder, sys.argv[1] if len(sys.argv) > 1 else ""):
        sys.exit("\n".join(problems))
    print(read_version(folder))
