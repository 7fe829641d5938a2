# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook of the collection in a real ansible-rulebook, as a process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any, Optional

import requests
import yaml
from stories.controller import ROOT, Controller

NAME = "tencentcloud.tke.refresh_on_push"
FILE = "extensions/eda/rulebooks/refresh_on_push.yml"
PROGRAM = ROOT / ".cache/rulebook/bin/ansible-rulebook"
TOKEN = "canary-token-of-the-webhook"
# The window of the tests is shorter than that of the rulebook as shipped, and long enough for the pushes of a test.
WINDOW_SECONDS = 4
WINDOW, SHORT_WINDOW = "once_after: 1 minute", f"once_after: {WINDOW_SECONDS} seconds"
# In seconds. Whatever takes longer never happens.
PATIENCE = 120
# This machine, with the Python that runs Ansible.
INVENTORY = "localhost ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'\n"
PLAY = "PLAY [Refresh the image caches of pushed images]"


class RulebookProcess:
    """ansible-rulebook on a machine with the collection, whose playbooks use the keys of an emulator.

    The collection is this checkout, except for the window of the rulebook.
    """

    def __init__(self, controller: Controller) -> None:
        self._folder = controller.folder / "eda"
        self._folder.mkdir()
        self._environment = {
            **controller.environment,
            "JAVA_HOME": os.environ["JAVA_HOME"],
            "PYTHONPATH": "",
            "ANSIBLE_COLLECTIONS_PATH": str(self._folder / "collections"),
        }
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._log = self._folder / "log"
        self.port = find_free_port()
        self._copy_collection()
        (self._folder / "hosts").write_text(INVENTORY, encoding="utf-8")

    @property
    def url(self) -> str:
        """Where registries send their requests."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def endpoint(self) -> Mapping[str, Any]:
        """The endpoint in the configuration of a registry that notifies it."""
        headers = {"Authorization": [f"Bearer {TOKEN}"]}
        return {"name": "eda", "url": self.url, "headers": headers, "timeout": "5s", "threshold": 5, "backoff": "1s"}

    @property
    def output(self) -> str:
        """What it has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def runs(self) -> int:
        """The number of runs of the playbook that have begun."""
        return self.output.count(PLAY)

    def start(self, *arguments: str, **variables: Any) -> None:
        """Begin to listen, with these variables of the playbook. Returns once connections are accepted."""
        caches = self._folder / "caches.yml"
        self._write(caches.name, variables)
        self._write_settings(image_cache_webhook_token=TOKEN, image_cache_variables_file=str(caches))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(*arguments), env=self._environment, cwd=self._folder, stdout=log, stderr=log
            )
        self.wait_until(lambda: can_connect(self.port))

    def run_without_token(self) -> subprocess.CompletedProcess[str]:
        """Run it without the variable of the token, until it ends."""
        self._write_settings()
        return subprocess.run(
            self._command(),
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def send(self, event: Any, token: Optional[str] = TOKEN) -> int:
        """Send the request of a registry, and return the status of the response."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return requests.post(self.url, data=json.dumps(event), headers=headers, timeout=60).status_code

    def wait_until(self, happened: Callable[[], bool]) -> None:
        """Wait for something. Raises AssertionError with the output if it does not happen, or the process ends."""
        ends = time.monotonic() + PATIENCE
        while not happened():
            assert self._process is not None
            assert self._process.poll() is None, self.output
            assert time.monotonic() < ends, self.output
            time.sleep(0.1)

    def wait_for_runs(self, count: int) -> None:
        """Wait until so many runs of the playbook have ended."""
        self.wait_until(lambda: self.output.count("PLAY RECAP") >= count)

    def stop(self) -> None:
        """End the process."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def _command(self, *arguments: str) -> list[str]:
        return [str(PROGRAM), "--rulebook", NAME, "--inventory", "hosts", "--vars", "refresh.yml", *arguments]

    def _copy_collection(self) -> None:
        """Link each file of this checkout into a collection, and write the rulebook with a short window."""
        tree = self._folder / "collections/ansible_collections/tencentcloud/tke"
        (tree / FILE).parent.mkdir(parents=True)
        for entry in ("galaxy.yml", "meta", "playbooks", "plugins", "roles"):
            (tree / entry).symlink_to(ROOT / entry)
        text = (ROOT / FILE).read_text(encoding="utf-8")
        assert WINDOW in text
        (tree / FILE).write_text(text.replace(WINDOW, SHORT_WINDOW), encoding="utf-8")

    def _write_settings(self, **variables: Any) -> None:
        """Write the variables of the rulebook."""
        self._write("refresh.yml", {"image_cache_webhook_port": self.port, **variables})

    def _write(self, name: str, variables: Mapping[str, Any]) -> None:
        (self._folder / name).write_text(yaml.safe_dump(dict(variables)), encoding="utf-8")


def find_free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def can_connect(port: int) -> bool:
    """Return whether something listens on a port of this machine."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
