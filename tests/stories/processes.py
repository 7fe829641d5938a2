# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module processes without Ansible around them, which start fast and can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Optional

from emulator import Emulator

from . import ways
from .ansible_runs import usual_environment
from .controller import HUNG, WEB, Run

# The parents of module processes that no story uses at the moment. They end with this process.
idle_parents: list[subprocess.Popen[str]] = []


def start_parent() -> subprocess.Popen[str]:
    """Start a process that has imported the modules, and that forks for each run of a module."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("module_processes.py"))],
        env=usual_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class ModuleProcesses:
    """Runs modules one at a time, each in a process of its own. See module_processes.py."""

    def __init__(self, emulator: Emulator, environment: dict[str, str], way: str = ways.USUAL) -> None:
        self.emulator, self._environment, self._way = emulator, dict(environment), way
        self._current: Optional[int] = None
        self._parent = idle_parents.pop() if idle_parents else start_parent()

    def web(self, *arguments: str, **options: Any) -> Run:
        """Run a task for the image cache C(web)."""
        return self.task(*arguments, **{**WEB, **options})

    def task(self, *arguments: str, module: str = "image_cache", **options: Any) -> Run:
        """Run a task of a module. C(--check) and C(--diff) work as with ansible-playbook."""
        modes = {"_ansible_check_mode": "--check" in arguments, "_ansible_diff": "--diff" in arguments}
        result = self.run(module, **options, **modes)
        result.setdefault("failed", False)
        # Ansible shows the messages only.
        result["warnings"] = [warning["event"]["msg"] for warning in result.get("warnings", [])]
        ways.record(result)
        return Run(int(result["failed"]), json.dumps(result), [result])

    def set(self, *arguments: str, **options: Any) -> Run:
        """Run a task of image_cache_set."""
        return self.task(*arguments, module="image_cache_set", **options)

    def info(self, *arguments: str, **options: Any) -> Run:
        """Run a task of image_cache_info."""
        return self.task(*arguments, module="image_cache_info", **options)

    def prune(self, *arguments: str, **options: Any) -> Run:
        """Run a task of image_cache_prune."""
        return self.task(*arguments, module="image_cache_prune", **options)

    def registry(self, *arguments: str, **options: Any) -> Run:
        """Run a task of registry_image_info."""
        return self.task(*arguments, module="registry_image_info", **options)

    def run(self, module: str = "image_cache", **options: Any) -> Any:
        """Run a module, and return its result, or None if the process was killed, as is one that hangs."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._current = None
        self._parent.stdin.write(json.dumps([self._way, module, options, self._environment]) + "\n")
        self._parent.stdin.flush()
        self._current = int(self._parent.stdout.readline())
        killer = threading.Timer(HUNG, os.kill, (self._current, signal.SIGKILL))
        killer.start()
        try:
            return json.loads(self._parent.stdout.readline())
        finally:
            killer.cancel()

    def current(self) -> int:
        """Wait for the running process, and return its id."""
        while self._current is None:
            time.sleep(0.001)
        return self._current

    def stop(self) -> None:
        """Give the parent of the processes to the next story."""
        idle_parents.append(self._parent)
