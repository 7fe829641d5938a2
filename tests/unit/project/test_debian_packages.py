# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tools/docker_registry and tools/java, with an apt and a dpkg that need no network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
USED = ("sh", "rm", "mkdir", "mv", "chmod", "find", "ln", "readlink")
# apt-get that knows the package from its system lists, after an update into other lists, or not at all.
APT = """#!/bin/sh
echo "$@" >>"{calls}"
case "{knows} $*" in
    *update*) exit 100 ;;
    system*download* | own*Dir::State::Lists*download*)
        for name in docker-registry openjdk-17-jre-headless; do : >$name"_1_all.deb"; done ;;
    *) echo "Unable to locate package" >&2; exit 100 ;;
esac
"""
DPKG = """#!/bin/sh
mkdir -p "$3/usr/bin"
: >"$3/usr/bin/docker-registry"
chmod +x "$3/usr/bin/docker-registry"
"""
# Its configuration is a link into /etc, like that of the real package.
JAVA_DPKG = """#!/bin/sh
[ "$1" = --print-architecture ] && echo amd64 && exit
home="$3/usr/lib/jvm/java-17-openjdk-amd64"
mkdir -p "$home/bin" "$home/lib" "$3/etc/java-17-openjdk"
: >"$3/etc/java-17-openjdk/jvm.cfg"
ln -s /etc/java-17-openjdk/jvm.cfg "$home/lib/jvm.cfg"
printf '#!/bin/sh\\nexit STATUS\\n' >"$home/bin/java"
chmod +x "$home/bin/java"
"""


class Machine:
    """A machine with only the commands that the script needs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin, self.calls = folder, folder / "bin", folder / "calls"
        self.bin.mkdir()
        for name in USED:
            (self.bin / name).symlink_to(str(shutil.which(name)))

    def add_program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text, encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def add_apt(self, knows: str) -> None:
        self.add_program("apt-get", APT.format(calls=self.calls, knows=knows))

    def run(self, tool: str = "docker_registry", **variables: str) -> subprocess.CompletedProcess[str]:
        script = ["sh", str(ROOT / "tools" / tool)]
        environment = {"PATH": str(self.bin), **variables}
        return subprocess.run(script, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.add_program("dpkg", DPKG)
    return machine


@pytest.mark.parametrize(("knows", "calls"), [("system", 1), ("own", 3)])
def test_package_is_got_once_and_the_binary_is_named(machine: Machine, knows: str, calls: int) -> None:
    machine.add_apt(knows)
    for _run in range(2):
        done = machine.run()
        assert (done.returncode, done.stderr) == (0, "")
        assert Path(done.stdout.strip()).is_file()
        assert len(machine.calls.read_text(encoding="utf-8").splitlines()) == calls


def test_machine_without_apt_is_told_in_one_line(machine: Machine) -> None:
    done = machine.run()
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "apt-get is not installed" in done.stderr


def test_missing_package_is_told_in_one_line_with_the_log(machine: Machine) -> None:
    machine.add_apt("nothing")
    done = machine.run()
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    log = machine.folder / ".cache/docker-registry/log"
    assert str(log) in done.stderr
    assert "Unable to locate package" in log.read_text(encoding="utf-8")


def test_package_that_cannot_be_unpacked_leaves_no_binary(machine: Machine) -> None:
    machine.add_apt("system")
    machine.add_program("dpkg", DPKG + "exit 2\n")
    for _run in range(2):
        done = machine.run()
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


def test_configuration_of_java_is_that_of_the_unpacked_package(machine: Machine) -> None:
    machine.add_apt("system")
    machine.add_program("dpkg", JAVA_DPKG.replace("STATUS", "0"))
    for _run in range(2):
        done = machine.run("java")
        assert (done.returncode, done.stderr) == (0, "")
        home = Path(done.stdout.strip())
        root = machine.folder / ".cache/openjdk-17-jre-headless/root"
        assert (home / "lib/jvm.cfg").resolve() == root / "etc/java-17-openjdk/jvm.cfg"


def test_java_that_does_not_start_is_told_in_one_line(machine: Machine) -> None:
    machine.add_apt("system")
    machine.add_program("dpkg", JAVA_DPKG.replace("STATUS", "1"))
    done = machine.run("java")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_machine_without_java_says_that_the_rulebook_is_not_tested(machine: Machine, ci: str, status: int) -> None:
    (machine.folder / "tools").symlink_to(ROOT / "tools")
    done = machine.run("eda", CI=ci)
    assert (done.returncode, done.stdout) == (status, "")
    reason, conclusion = done.stderr.splitlines()
    assert "apt-get is not installed" in reason
    assert conclusion.startswith("NOT TESTED: ")
