# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tools/kubernetes_core, with a pip that needs no network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
USED = ("sh", "sed", "rm", "mkdir", "mv")
COLLECTION = "ansible_collections/kubernetes/core"
# Counts the downloads. "python -m pip" makes a package with the given files, and "python -" is the real Python.
PYTHON = """#!/bin/sh
if [ "$1" = - ]; then exec "{python}" "$@"; fi
echo "$@" >>"{calls}"
for last in "$@"; do :; done
[ "{files}" != none ] || {{ echo "No matching distribution found for $last" >&2; exit 1; }}
exec "{python}" -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as package:
    for name in sys.argv[2].split(","):
        package.writestr(name, "")
' "$PWD/.cache/kubernetes-core/package/ansible-1-py3-none-any.whl" "{files}"
"""


class Machine:
    """A machine with only the commands that the script needs."""

    def __init__(self, folder: Path, files: str) -> None:
        self.folder, self.calls = folder, folder / "calls"
        (folder / "bin").mkdir()
        for name in USED:
            (folder / "bin" / name).symlink_to(str(shutil.which(name)))
        python = folder / "bin/python"
        python.write_text(PYTHON.format(python=sys.executable, calls=self.calls, files=files), encoding="utf-8")
        python.chmod(0o755)
        shutil.copy(ROOT / "requirements-dev.txt", folder)

    def run(self) -> subprocess.CompletedProcess[str]:
        script = ["sh", str(ROOT / "tools/kubernetes_core")]
        environment = {"PATH": str(self.folder / "bin")}
        return subprocess.run(script, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)


def test_pinned_package_is_downloaded_once_and_only_the_collection_is_unpacked(tmp_path: Path) -> None:
    machine = Machine(tmp_path, f"{COLLECTION}/MANIFEST.json,ansible_collections/other/core/MANIFEST.json")
    for _run in range(2):
        done = machine.run()
        assert (done.returncode, done.stderr) == (0, "")
        files = [path for path in Path(done.stdout.strip()).rglob("*") if path.is_file()]
        assert [path.name for path in files] == ["MANIFEST.json"]
        assert COLLECTION in str(files[0])
    (call,) = machine.calls.read_text(encoding="utf-8").splitlines()
    assert call.split()[-1] in (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")


def test_pinned_package_is_never_installed() -> None:
    lines = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    (pin,) = (line for line in lines if line.startswith("ansible=="))
    assert pin.endswith("sys_platform == 'none'")


@pytest.mark.parametrize(
    ("files", "message", "cause"),
    [
        ("none", "pip cannot download ansible==", "No matching distribution found"),
        ("ansible_collections/other/core/MANIFEST.json", "cannot be unpacked", "has no kubernetes.core"),
    ],
)
def test_missing_collection_is_told_in_one_line_with_the_log(
    tmp_path: Path, files: str, message: str, cause: str
) -> None:
    machine = Machine(tmp_path, files)
    for _run in range(2):
        done = machine.run()
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert message in done.stderr
        assert cause in (tmp_path / ".cache/kubernetes-core/log").read_text(encoding="utf-8")
