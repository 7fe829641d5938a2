# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A forked run has the settings, the output and the exit status of the executable."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

import pytest
import yaml
from stories.ansible_runs import WarmAnsible, run_ansible

from .controller import INFO, MODULE, ROOT, WEB, Controller
from .ways import normalize

STORIES = ROOT / "tests/stories"
OTHER_FOLDERS = {
    "ANSIBLE_COLLECTIONS_PATH": str(STORIES / "collections"),
    "ANSIBLE_CONNECTION_PLUGINS": str(STORIES / "plugins/connection"),
    "ANSIBLE_BECOME_PLUGINS": str(STORIES / "plugins/become"),
}
# What Ansible's process has read, and where it searches for plugins.
STATE = """
import locale, os, shutil, signal, sys, tempfile
from ansible import constants
from ansible.plugins import loader
from ansible.plugins.lookup import LookupBase
from ansible.utils.collection_loader import AnsibleCollectionConfig

class LookupModule(LookupBase):
    def run(self, terms, variables=None, **options):
        return [{
            "settings": {name: repr(sorted(value, key=repr) if isinstance(value, frozenset) else value)
                         for name, value in vars(constants).items()
                         if name.isupper() and name != "DEFAULT_INTERNAL_POLL_INTERVAL"},
            "folders": {name: plugins._get_paths() for name, plugins in loader.get_all_plugin_loaders()},
            "collections": AnsibleCollectionConfig.collection_paths,
            "searched": [tempfile.gettempdir(), shutil.which("searched")],
            "process": [sys.argv, sys.path, sys.flags, os.getcwd(), os.getpgid(0) == os.getpid()],
            "streams": [os.path.realpath(f"/proc/self/fd/{number}") for number in range(3)],
            "descriptors": len(os.listdir("/proc/self/fd")),
            "buffers": [sys.stdout.line_buffering, sys.stdout.encoding, sys.stderr.encoding, locale.getlocale()],
            "signals": [repr(signal.getsignal(number)).split()[:3] for number in sorted(signal.valid_signals())],
        }]
"""
PLAYS: dict[str, list[dict[str, Any]]] = {
    "state": [{"debug": {"msg": "{{ lookup('state') }}"}}],
    "results": [
        {INFO: {}, "register": "listing"},
        {"assert": {"that": "listing.image_caches == []"}},
        {"shell": "env | grep -v 'OTHER\\|STORY'; readlink /proc/self/fd/0 /proc/self/cwd"},
        {MODULE: WEB, "check_mode": True},
        {MODULE: {**WEB, "images": ["a b"]}, "ignore_errors": True},
        {"debug": {"msg": "skipped"}, "when": False},
        {"fail": {"msg": "the end"}},
    ],
    "other folders": [
        {"debug": {"msg": "{{ lookup('state') }}"}},
        {"command": "searched"},
        {"command": "true", "vars": {"ansible_connection": "elsewhere"}},
        {"kubernetes.core.k8s_info": {"kind": "Pod"}, "ignore_errors": True},
        {INFO: {}},
    ],
    "unknown module": [{"no_such_module": {}}],
    "invalid template": [{"debug": {"msg": "{{ undefined }}"}}],
}


@pytest.mark.skipif("STORY_COVERAGE" in os.environ, reason="a measured run uses the executable")
@pytest.mark.parametrize(("play", "status"), list(zip(PLAYS, (0, 2, 0, 4, 2))))
def test_fork_and_executable_do_the_same(
    controller: Controller, monkeypatch: pytest.MonkeyPatch, play: str, status: int
) -> None:
    folder, forks, run_in_fork = controller.folder, [], WarmAnsible.run

    def count_and_run(*arguments: Any) -> Any:
        forks.append(arguments)
        return run_in_fork(*arguments)

    monkeypatch.setattr(WarmAnsible, "run", count_and_run)
    (folder / "lookup_plugins").mkdir()
    (folder / "lookup_plugins/state.py").write_text(STATE, encoding="utf-8")
    (folder / "searched").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "searched").chmod(0o700)
    content = [{"hosts": "localhost", "gather_facts": False, "tasks": PLAYS[play]}]
    (folder / "play.yml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def run(**environment: str) -> list[str]:
        if play == "other folders":
            environment |= {**OTHER_FOLDERS, "TMPDIR": str(folder), "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
        (folder / "ansible").mkdir(exist_ok=True)
        run = controller.run("ansible-playbook", "play.yml", "-v", "--diff", environment=environment, separate=True)
        assert run.status == status
        assert list((folder / "ansible").iterdir()) == []
        return [without_random(text) for text in (run.output, run.errors, repr(run.results))]

    assert run(OTHER="") == run(TENCENTCLOUD_OTHER="")
    assert len(forks) == 1


def without_random(text: str) -> str:
    """Return a text without the parts that differ between any two runs."""
    text = re.sub(r"pipe:\[\d+\]|ansible-local-\w+|\d+:\d+:[\d.]+| at 0x\w+", "", text)
    return str(normalize(text))


def test_fork_that_hangs_is_killed(controller: Controller) -> None:
    tasks = [{"debug": {"msg": "before"}}, {"pause": {"seconds": 60}}]
    path = controller.folder / "play.yml"
    path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    with pytest.raises(subprocess.TimeoutExpired) as raised:
        run_ansible(["ansible-playbook", str(path)], controller.environment, controller.folder, False, 5)
    assert b"before" in raised.value.output
