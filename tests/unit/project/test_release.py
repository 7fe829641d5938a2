# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check before a release, on a checkout that can be released and on those that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from release_check import find_problems, read_version


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout of the released version 1.10.0."""
    files = {
        "galaxy.yml": "version: 1.10.0\n",
        "plugins/module_utils/_version.py": 'COLLECTION = "tencentcloud.tke"\nVERSION = "1.10.0"\n',
        "changelogs/changelog.yaml": "releases:\n  1.10.0: {}\n  1.9.0: {}\n",
        "changelogs/fragments/.keep": "",
    }
    for name, text in files.items():
        _write(tmp_path, name, text)
    return tmp_path


def _write(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("tag", ["", "1.10.0"])
def test_complete_release_has_no_problems(checkout: Path, tag: str) -> None:
    assert find_problems(checkout, tag) == []
    assert read_version(checkout) == "1.10.0"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("plugins/module_utils/_version.py", 'VERSION = "1.9.0"\n', "_version.py does not have version 1.10.0"),
        ("plugins/module_utils/_version.py", "", "_version.py does not have version 1.10.0"),
        ("changelogs/changelog.yaml", "releases:\n  1.8.0: {}\n  1.9.0: {}\n", "The changelog ends with version 1.9.0"),
        (
            "changelogs/changelog.yaml",
            "releases:\n  1.10.0: {}\n  1.11.0: {}\n",
            "The changelog ends with version 1.11.0",
        ),
        ("changelogs/fragments/new.yml", "trivial: [x]\n", "Not in the changelog yet: new.yml"),
    ],
)
def test_incomplete_release_is_refused(checkout: Path, name: str, text: str, problem: str) -> None:
    _write(checkout, name, text)
    (found,) = find_problems(checkout, "1.10.0")
    assert problem in found


def test_tag_of_another_version_is_refused(checkout: Path) -> None:
    assert find_problems(checkout, "1.9.0") == ["The tag is 1.9.0, but galaxy.yml has version 1.10.0."]


def test_all_problems_are_named_at_once(checkout: Path) -> None:
    _write(checkout, "galaxy.yml", "version: 2.0.0\n")
    _write(checkout, "changelogs/fragments/new.yml", "trivial: [x]\n")
    assert len(find_problems(checkout, "1.10.0")) == 4
