# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs Ansible as a user does, and returns its output and the result of each task."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Optional

import yaml
from emulator import Emulator

# Test modules import this one under another name. The process that has imported Ansible must exist once.
from stories.ansible_runs import run_ansible, usual_environment

from . import ways

ROOT = Path(__file__).resolve().parents[2]
# In seconds. A run that takes longer hangs, even on a slow machine.
HUNG = 900
MODULE = "tencentcloud.tke.image_cache"
SET = "tencentcloud.tke.image_cache_set"
INFO = "tencentcloud.tke.image_cache_info"
PRUNE = "tencentcloud.tke.image_cache_prune"
REGISTRY_INFO = "tencentcloud.tke.registry_image_info"
# The default options of most stories; each story adds or overrides some.
WEB: dict[str, Any] = {
    "name": "web",
    "images": ["nginx:1.27.3"],
    "vpc_id": "vpc-508ctkfb",
    "subnet_id": "subnet-8ah75lo8",
    "wait_interval": 0.1,
}


@dataclass
class Run:
    """One run of a command: the results of its tasks in order, and its output.

    C(errors) is the output on stderr if it was separated; otherwise C(output) includes it.
    """

    status: int
    output: str
    results: list[dict[str, Any]]
    errors: str = ""

    @property
    def result(self) -> dict[str, Any]:
        """The result of the only task."""
        assert len(self.results) == 1, self.output
        return self.results[0]


class Controller:
    """A machine with Ansible and the collection, whose environment has the keys of an emulator."""

    def __init__(self, emulator: Emulator, folder: Path, way: str = ways.USUAL) -> None:
        self.emulator, self.folder, self.way, self._runs = emulator, folder, way, 0
        self.environment = {
            **usual_environment(),
            "HOME": str(folder),
            "ANSIBLE_LOCAL_TEMP": str(folder / "ansible"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "ansible"),
            # A closed port, so connections fail at once.
            "TENCENTCLOUD_METADATA_ENDPOINT": "http://127.0.0.1:9",
            **emulator.environment(),
        }

    def play(self, *tasks: dict[str, Any], arguments: tuple[str, ...] = (), separate: bool = False, **play: Any) -> Run:
        """Run a playbook of these tasks on localhost. With C(separate), stderr is separated from stdout."""
        playbook = [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **play}]
        path = self.folder / "playbook.yml"
        path.write_text(yaml.safe_dump(playbook, sort_keys=False), encoding="utf-8")
        return self.run("ansible-playbook", str(path), *arguments, separate=separate)

    def task(self, *arguments: str, **options: Any) -> Run:
        """Run a playbook of one task of the module."""
        return self.play({"name": "story", MODULE: options}, arguments=arguments)

    def web(self, *arguments: str, **options: Any) -> Run:
        """Run a playbook of one task for the image cache C(web)."""
        return self.task(*arguments, **{**WEB, **options})

    def run(self, *command: str, environment: Optional[dict[str, str]] = None, separate: bool = False) -> Run:
        """Run a command and wait for its end. With C(separate), stderr is separated from stdout."""
        self._runs += 1
        record = self.folder / f"results-{self._runs}"
        try:
            process = run_ansible(
                [*command, *self._way_arguments(command[0])],
                environment={**self.environment, "STORY_RESULTS": str(record), **(environment or {})},
                folder=self.folder,
                separate=separate,
                timeout=HUNG,
            )
        except subprocess.TimeoutExpired as error:
            # The exception has bytes even with text=True.
            output = bytes(error.output or b"").decode(errors="replace")
            raise AssertionError(f"{command[0]} hangs; end of its output:\n{output[-8000:]}") from None
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        pairs = [json.loads(line) for line in lines]
        # The order in which several hosts finish depends on their speed.
        ways.record([process.returncode, [result for _host, result in sorted(pairs, key=itemgetter(0))]])
        return Run(process.returncode, process.stdout, [result for _host, result in pairs], process.stderr or "")

    def _way_arguments(self, program: str) -> tuple[str, ...]:
        """Return the arguments that make Ansible run the tasks in the chosen way."""
        if self.way == ways.USUAL or program not in ("ansible", "ansible-playbook"):
            return ()
        return ("-e", json.dumps({ways.VARIABLE: False}))
