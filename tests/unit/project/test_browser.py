# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tools/browser, with an apt, a dpkg, a npm and a uv that need no network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
USED = [
    "sh",
    "rm",
    "rmdir",
    "mkdir",
    "mv",
    "cp",
    "cmp",
    "cat",
    "chmod",
    "find",
    "dirname",
    "sort",
    "paste",
    "tar",
    "gzip",
]
PROGRAMS = {
    "python": "",
    "uv": 'while [ "$1" != --target ]; do shift; done; mkdir -p "$2/playwright"',
    "npm": "mkdir package && : >package/axe.min.js && tar -czf axe-core-4.tgz package && rm -r package",
    "apt-get": 'echo "$@" >>calls; : >.cache/browser/cache/archives/chromium-headless-shell_1_all.deb',
    "dpkg": 'mkdir -p "$3/usr/lib/chromium" && : >"$3/usr/lib/chromium/chromium-headless-shell"'
    ' && chmod +x "$3/usr/lib/chromium/chromium-headless-shell"',
}


class Machine:
    """A machine with only the commands that the script needs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir()
        shutil.copy(ROOT / "requirements-browser.txt", folder)
        for name in USED:
            (self.bin / name).symlink_to(str(shutil.which(name)))
        for name, text in PROGRAMS.items():
            self.add_program(name, text)

    def add_program(self, name: str, text: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        script = ["sh", str(ROOT / "tools/browser")]
        variables = {"PATH": str(self.bin), **environment}
        return subprocess.run(script, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_installed_chromium_is_used(machine: Machine) -> None:
    installed = machine.add_program("chromium", "")
    done = machine.run()
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, str(installed), "")
    assert machine.run(CHROMIUM="/opt/chromium").stdout.strip() == "/opt/chromium"
    cache = machine.folder / ".cache/browser"
    assert (cache / "axe.min.js").is_file()
    assert (cache / "packages/playwright").is_dir()
    assert not (machine.folder / "calls").exists()


def test_missing_chromium_is_got_once_from_debian(machine: Machine) -> None:
    for _run in range(2):
        done = machine.run()
        assert (done.returncode, done.stderr) == (0, "")
        assert subprocess.run([done.stdout.strip()], check=False).returncode == 0
        (call,) = (machine.folder / "calls").read_text(encoding="utf-8").splitlines()
        assert call.endswith("--download-only install chromium-headless-shell")


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("npm", "npm is not installed, so axe-core@"),
        ("apt-get", "apt-get is not installed, so Chromium cannot be downloaded."),
        ("dpkg", "dpkg is not installed, so Chromium cannot be downloaded."),
    ],
)
def test_missing_program_is_told_in_one_line(machine: Machine, program: str, problem: str) -> None:
    (machine.bin / program).unlink()
    done = machine.run()
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert problem in done.stderr


@pytest.mark.parametrize("program", ["npm", "apt-get", "dpkg"])
def test_program_that_fails_is_told_in_one_line_with_the_log(machine: Machine, program: str) -> None:
    machine.add_program(program, "echo no such thing >&2; exit 100")
    for _run in range(2):
        done = machine.run()
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        log = machine.folder / ".cache/browser/log"
        assert str(log) in done.stderr
        assert "no such thing" in log.read_text(encoding="utf-8")
