# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tools/each_core, on a machine with two of the three versions of Python."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = "#!/bin/sh\necho {version}\n"
ANSIBLE = "#!/bin/sh\necho 'ansible [core for {version}]'\n"


class Machine:
    """A checkout in which the environments of Python 3.12, the usual one, and 3.13 are ready."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / ".cache/environment/bin"
        (folder / "tools").symlink_to(ROOT / "tools")
        (folder / "requirements-dev.txt").touch()
        os.utime(folder / "requirements-dev.txt", (0, 0))
        self._add_program(self.bin / "python", PYTHON.format(version="3.12"))
        self._add_program(self.bin / "python3.13", PYTHON.format(version="3.13"))
        self._add_program(self.bin / "ansible", ANSIBLE.format(version="3.12"))
        self._add_program(folder / ".cache/python3.13/bin/ansible", ANSIBLE.format(version="3.13"))
        (folder / ".cache/python3.13/ready").touch()
        for name in ("sh", "dirname", "sed", "false"):
            (self.bin / name).symlink_to(str(shutil.which(name)))

    @staticmethod
    def _add_program(file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.folder), **variables}
        command = ["sh", "tools/each_core", *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_missing_python_is_reported_and_counted(machine: Machine) -> None:
    done = machine.run("echo", "tested")
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        ["ansible [core for 3.12]", "tested", "ansible [core for 3.13]", "tested"],
    )
    reason, count = done.stderr.splitlines()
    assert reason.startswith("NOT TESTED: ")
    assert "Python 3.11" in reason
    assert count == "Versions of ansible-core that were not tested: 1"


def test_missing_python_fails_in_ci(machine: Machine) -> None:
    done = machine.run("echo", "tested", CI="true")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Python 3.11" in done.stderr


def test_selected_pythons_succeed_in_ci(machine: Machine) -> None:
    done = machine.run("echo", "tested", CI="true", PYTHONS="3.12 3.13")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("tested") == 2


def test_others_exclude_the_usual_python(machine: Machine) -> None:
    done = machine.run("--others", "echo", "tested", CI="true", PYTHONS="3.12 3.13")
    assert (done.returncode, done.stdout.splitlines()) == (0, ["ansible [core for 3.13]", "tested"])


def test_command_that_fails_ends_the_run(machine: Machine) -> None:
    done = machine.run("false", PYTHONS="3.12 3.13")
    assert done.returncode != 0
    assert done.stdout.splitlines() == ["ansible [core for 3.12]"]
