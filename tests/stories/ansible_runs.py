# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs commands of Ansible: the executable, or a process forked from one that has imported Ansible already.

Most of the time of a short playbook is spent on imports. A fork does without them, so it takes a fifth of the processor
time. A run uses the executable if it sets a variable that imports may read, or if its code is measured. A fork has the
settings, output and exit status of the executable; test_ansible_runs.py compares them.
"""

from __future__ import annotations

import io
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
# Variables that no import of Ansible reads, and those whose settings warm_ansible.py reads again.
OF_THE_RUN = re.compile(
    r"HOME|PATH|TMPDIR|REGISTRY_PASSWORD|(TENCENTCLOUD|TKE|K8S_AUTH|STORY|PYTEST)_\w+"
    r"|ANSIBLE_(BECOME_PLUGINS|CONNECTION_PLUGINS|COLLECTIONS_PATH|LOCAL_TEMP|REMOTE_TEMP)"
)


def usual_environment() -> dict[str, str]:
    """Return the variables that all runs have, unless a story changes them."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TENCENTCLOUD_")},
        "PYTHONPATH": os.pathsep.join([str(HERE / "startup"), os.environ.get("PYTHONPATH", "")]),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
    }


def run_ansible(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, separate: bool, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a command of Ansible and wait for its end. With C(separate), stderr is separated from stdout.

    Raises C(subprocess.TimeoutExpired) after C(timeout) seconds.
    """
    can_fork = command[0] == "ansible-playbook" and "STORY_COVERAGE" not in environment
    command = [str(BIN / command[0]), *command[1:]]
    if can_fork and of_imports(environment) == start_warm_ansible().variables:
        return start_warm_ansible().run(command, environment, folder, separate, timeout)
    return subprocess.run(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if separate else subprocess.STDOUT,
        text=True,
        check=False,
        timeout=timeout,
    )


def of_imports(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that can change what an import of Ansible does."""
    return {name: value for name, value in environment.items() if not OF_THE_RUN.fullmatch(name)}


class WarmAnsible:
    """Runs ansible-playbook in forks of a process that has imported it, see warm_ansible.py. It ends with this one."""

    def __init__(self) -> None:
        self.variables = of_imports(usual_environment())
        self._socket, theirs = socket.socketpair()
        self._answers = self._socket.makefile()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / "warm_ansible.py"), str(theirs.fileno())],
                env={**self.variables, "HOME": os.devnull, "ANSIBLE_LOCAL_TEMP": tempfile.gettempdir()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, separate: bool, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command like C(subprocess.run)."""
        pipes = [os.pipe() for _stream in range(2 if separate else 1)]
        request = json.dumps({"command": command, "environment": environment, "folder": str(folder)})
        with open(os.devnull, "rb") as nothing:
            written = [pipe[1] for pipe in pipes]
            socket.send_fds(self._socket, [request.encode() + b"\n"], [nothing.fileno(), written[0], written[-1]])
        for descriptor in written:
            os.close(descriptor)
        child = int(self._answers.readline())
        output = {pipe[0]: b"" for pipe in pipes}
        is_over = read_pipes(output, timeout)
        if not is_over:
            os.kill(child, signal.SIGKILL)
        status = int(self._answers.readline())
        if not is_over:
            raise subprocess.TimeoutExpired(command, timeout, output[pipes[0][0]])
        # As subprocess.run does with text=True.
        texts = [io.TextIOWrapper(io.BytesIO(data)).read() for data in output.values()]
        return subprocess.CompletedProcess(command, status, *texts)


def read_pipes(output: dict[int, bytes], timeout: float) -> bool:
    """Add what is written to each pipe, close the pipes, and return whether they ended within C(timeout) seconds."""
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for descriptor in output:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map() and (ready := selector.select(max(0, deadline - time.monotonic()))):
            for key, _events in ready:
                data = os.read(key.fd, 65536)
                output[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
        is_over = not selector.get_map()
    for descriptor in output:
        os.close(descriptor)
    return is_over


@cache
def start_warm_ansible() -> WarmAnsible:
    """Return the process of this worker that has imported Ansible."""
    return WarmAnsible()
