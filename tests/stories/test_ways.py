# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where tasks run: in the controller's process where that is right, else in one of their own; to the same result."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
import yaml
from emulator import BuildFailure, Emulator, Fault, Settings

from .caches import LIST, create_cache
from .controller import HUNG, INFO, MODULE, ROOT, SET, WEB, Controller, Run
from .ways import VARIABLE, comparable, differences

CANARY = "canary-secret-key-Zq8"
HOSTS = {
    "all": {
        "hosts": {
            "near": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
            "near-too": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
            "far": {"ansible_connection": "elsewhere", "ansible_python_interpreter": sys.executable},
        }
    }
}
PLUGINS = {
    "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "tests/stories/plugins/connection"),
    "ANSIBLE_BECOME_PLUGINS": str(ROOT / "tests/stories/plugins/become"),
}


def play_on(
    controller: Controller,
    hosts: str,
    *tasks: dict[str, Any],
    arguments: tuple[str, ...] = (),
    plays: Optional[list[dict[str, Any]]] = None,
    **play: Any,
) -> Run:
    """Run tasks, or plays, on hosts of the inventory."""
    inventory, playbook = controller.folder / "hosts.yml", controller.folder / "play.yml"
    inventory.write_text(yaml.safe_dump(HOSTS), encoding="utf-8")
    content = plays or [{"hosts": hosts, "gather_facts": False, "tasks": list(tasks), **play}]
    playbook.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    command = ("ansible-playbook", "-i", str(inventory), str(playbook), *arguments)
    return controller.run(*command, environment=PLUGINS)


UNCHANGED: dict[str, Any] = {"name": "unchanged", MODULE: WEB}
BECOME = {"become": True, "become_method": "nobody_else"}


class TestWhere:
    @pytest.mark.parametrize(
        ("hosts", "task", "variables", "here"),
        [
            ("near", {}, {}, True),
            ("localhost", {}, {}, True),
            ("near", {}, {VARIABLE: False}, False),
            ("near", {}, {VARIABLE: "no"}, False),
            ("near", {}, {VARIABLE: "{{ 1 == 1 }}"}, True),
            ("near", BECOME, {}, False),
            ("near", {}, {"ansible_become": True, "ansible_become_method": "nobody_else"}, False),
            # Where its results go, Ansible itself looks up in the user's entry, and not in HOME.
            ("near", {"async": 30, "poll": 1}, {"ansible_async_dir": "{{ playbook_dir }}/async"}, False),
            ("far", {}, {}, False),
            ("near", {"delegate_to": "far"}, {}, False),
            ("far", {"delegate_to": "localhost"}, {}, True),
            ("far", {"delegate_to": "near"}, {}, True),
            ("far", {"delegate_to": "near", **BECOME}, {}, False),
        ],
        ids=str,
    )
    def test_it_runs(
        self,
        emulator: Emulator,
        controller: Controller,
        hosts: str,
        task: dict[str, Any],
        variables: dict[str, Any],
        here: bool,
    ) -> None:
        create_cache(emulator)
        run = play_on(controller, hosts, {**UNCHANGED, **task}, arguments=("-vvv",), vars=variables)
        assert run.status == 0, run.output
        assert ("Using module file" not in run.output) is here
        assert run.results[-1]["image_cache"]["status"] == "Ready"
        assert emulator.calls() == [LIST]

    def test_where_the_controller_lacks_requests(self, emulator: Emulator, controller: Controller) -> None:
        create_cache(emulator)
        (controller.folder / "requests.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
        path = os.pathsep.join([str(controller.folder), controller.environment["PYTHONPATH"]])
        # The module's Python has it.
        task = {**UNCHANGED, "environment": {"PYTHONPATH": ""}}
        controller.environment["PYTHONPATH"] = path
        run = play_on(controller, "near", task, arguments=("-vvv",))
        assert run.status == 0, run.output
        assert "Using module file" in run.output
        run = play_on(controller, "near", UNCHANGED)
        assert "Failed to import the required Python library (requests)" in run.results[-1]["msg"]

    def test_a_flag_that_is_none_is_refused(self, emulator: Emulator, controller: Controller) -> None:
        run = play_on(controller, "near", UNCHANGED, vars={VARIABLE: "perhaps"})
        assert run.status != 0
        assert f"the variable {VARIABLE}: The value 'perhaps' is not a valid boolean" in run.output
        assert emulator.received == []


@dataclass(frozen=True)
class Same:
    """Tasks whose results must be the same whichever way they run."""

    tasks: list[dict[str, Any]]
    there: Callable[[Emulator], Any] = create_cache
    play: dict[str, Any] = field(default_factory=dict)
    hosts: str = "near"
    fails: bool = False


def web(**options: Any) -> dict[str, Any]:
    return {"name": "web", MODULE: {**WEB, **options}}


def failing_build(emulator: Emulator) -> None:
    emulator.settings.failures = [BuildFailure("nginx")]


def slow_build(emulator: Emulator) -> None:
    emulator.settings.build_seconds = 600.0


def refused(emulator: Emulator) -> None:
    emulator.faults.append(Fault.error("UnauthorizedOperation.CamNoAuth", LIST, times=9))


def silent(emulator: Emulator) -> None:
    emulator.faults.append(Fault.garbled(b"?", LIST, times=9))


def nothing(_emulator: Emulator) -> None:
    pass


CREDENTIALS = [{"server": "h.example.com", "username": "u", "password": "canary-registry-pass"}]
SAME = {
    "create": Same([web(images=["nginx"], tags={"n": 1, "on": True})], nothing),
    "unchanged": Same([web()]),
    "update": Same([web(images=["redis:7"])]),
    "replace": Same([web(images=["redis:7"], on_change="replace")]),
    "absent": Same([{MODULE: {"name": "web", "state": "absent"}}]),
    "check mode": Same([web(images=["redis:7"])], play={"check_mode": True}),
    "check mode of the task": Same([{**web(images=["redis:7"]), "check_mode": True, "diff": True}]),
    "no check mode of the task": Same([{**web(retention_days=3), "check_mode": False}], play={"check_mode": True}),
    "secrets": Same([web(image_registry_credentials=CREDENTIALS)], nothing),
    "no_log": Same([{**web(), "no_log": True}]),
    "unknown option": Same([web(imgaes=[])], fails=True),
    "wrong type": Same([web(image_cache_size="big")], fails=True),
    "wrong choice": Same([web(on_change="maybe")], fails=True),
    "invalid input": Same([web(images=[])], fails=True),
    "refused": Same([web()], refused, fails=True),
    "no answer": Same([web(api_retries=0)], silent, fails=True),
    "failed build": Same([web()], failing_build, fails=True),
    "timed out": Same([web(wait_timeout=0)], slow_build, fails=True),
    "rescued": Same([{"block": [web(images=[])], "rescue": [web()]}], fails=True),
    "loop": Same([{MODULE: {**WEB, "name": "{{ item }}"}, "loop": ["a", "b", "a"]}], nothing),
    "loop that fails in the middle": Same(
        [{MODULE: {**WEB, "images": "{{ item }}"}, "loop": [["a:1"], [], ["b:1"]]}], nothing, fails=True
    ),
    "until": Same(
        [{**web(images=[]), "register": "r", "until": "r is succeeded", "retries": 1, "delay": 0}], fails=True
    ),
    "environment": Same([{**web(), "environment": {"TENCENTCLOUD_REGION": "ap-tokyo"}}]),
    "environment of the play": Same([web()], play={"environment": [{"TENCENTCLOUD_API_RETRIES": "2"}]}),
    "environment of one item": Same(
        [{**web(), "environment": {"TENCENTCLOUD_REGION": "{{ item }}"}, "loop": ["ap-tokyo", "ap-guangzhou"]}, web()]
    ),
    "wrong key by environment": Same([{**web(), "environment": {"TENCENTCLOUD_SECRET_KEY": "wrong"}}], fails=True),
    "module_defaults": Same(
        [{MODULE: {"name": "web"}}],
        play={"module_defaults": {MODULE: {"retention_days": 4, "wait_interval": 0.1}}},
    ),
    "group defaults": Same(
        [{MODULE: {"name": "web"}}, {INFO: {}}, {SET: {"image_caches": []}}],
        play={"module_defaults": {"group/tencentcloud.tke.all": {"api_retries": 3}}},
    ),
    "several hosts": Same([web()], hosts="near,near-too"),
    "run_once": Same([{**web(), "run_once": True}], hosts="near,near-too"),
    "delegated": Same([{**web(), "delegate_to": "near"}], hosts="far"),
    "register and template": Same(
        [{**web(), "register": "w"}, {MODULE: {**WEB, "name": "{{ w.image_cache.image_cache_name }}"}}]
    ),
    "set": Same(
        [{SET: {**{k: v for k, v in WEB.items() if k != "name"}, "image_caches": [{"name": "web"}, {"name": "b"}]}}],
    ),
    "set that fails": Same(
        [{SET: {"image_caches": [{"name": "web"}, {"name": "b"}], "wait_interval": 0.1}}], fails=True
    ),
    "set with a wrong entry": Same([{SET: {"image_caches": [{"name": "web"}, {"size": "x"}]}}], fails=True),
    "a date for a tag": Same([web(tags={"day": "2026-11-24"})]),
}


def test_the_results_are_the_same(controller: Controller) -> None:
    """All of them in one run of ansible-playbook for each way, each case against an emulator of its own."""
    told: dict[bool, dict[str, Any]] = {}
    for here in (True, False):
        emulators = {name: Emulator(Settings()).start() for name in SAME}
        for name, case in SAME.items():
            case.there(emulators[name])
        plays = [play_of(name, case, emulators[name], here) for name, case in SAME.items()]
        run = play_on(controller, "none", arguments=("-vvvv", "--diff"), plays=plays)
        for emulator in emulators.values():
            emulator.stop()
        assert run.status == 0, run.output
        assert "Traceback" not in run.output
        assert "canary" not in run.output
        told[here] = {
            name: {
                "results": [result for result in run.results if result["task"].startswith(f"{name} - ")],
                "calls": without_repeated_looks(emulators[name].calls()),
            }
            for name in SAME
        }
    for name, case in SAME.items():
        for results in (told[here][name]["results"] for here in (True, False)):
            assert results, name
            assert any(result["failed"] for result in results) is case.fails, name
    assert differences(*(comparable(results) for results in told.values())) == []


def play_of(name: str, case: Same, emulator: Emulator, here: bool) -> dict[str, Any]:
    """Return a play of a case, whose tasks reach this emulator."""

    def named(tasks: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
        return [
            {**task, "name": f"{name} - {prefix}{number}"}
            | {part: named(task[part], part) for part in ("block", "rescue") if part in task}
            for number, task in enumerate(tasks)
        ]

    variables = {VARIABLE: here, "tencentcloud_tke_progress": False}
    environment = [*case.play.get("environment", ()), emulator.environment()]
    keywords = {"gather_facts": False, "ignore_errors": True, "order": "inventory", **case.play}
    return {
        "hosts": case.hosts,
        **keywords,
        "environment": environment,
        "vars": variables,
        "tasks": named(case.tasks, ""),
    }


def without_repeated_looks(calls: list[str]) -> list[str]:
    """Return the calls, with one for each row of looks: how often a build is looked at depends on the moment."""
    return [
        call for number, call in enumerate(calls) if call != LIST or calls[max(0, number - 1)] != LIST or not number
    ]


def test_ad_hoc(emulator: Emulator, controller: Controller) -> None:
    create_cache(emulator)
    outputs = []
    for here in (True, False):
        command = ("ansible", "localhost", "-m", MODULE, "-a", "name=web retention_days=3", "--check", "--diff", "-vvv")
        run = controller.run(*command, "-e", json.dumps({VARIABLE: here}))
        assert run.status == 0, run.output
        assert ("Using module file" not in run.output) is here
        outputs.append(comparable(run.output[run.output.index("--- before") :]))
    assert outputs[0] == outputs[1]


class TestDefects:
    """What nobody has foreseen: an exception inside."""

    @pytest.fixture
    def defective(self, controller: Controller) -> Controller:
        """A controller on which whatever is sent raises an exception that has a secret in it."""
        path = os.pathsep.join([str(ROOT / "tests/stories/defect"), controller.environment["PYTHONPATH"]])
        controller.environment.update({"PYTHONPATH": path, "TENCENTCLOUD_SECRET_KEY": CANARY})
        return controller

    @pytest.mark.parametrize("traceback", [False, True])
    def test_they_end_the_task_and_nothing_else(self, defective: Controller, traceback: bool) -> None:
        defective.environment["ANSIBLE_DISPLAY_TRACEBACK"] = "error" if traceback else "never"
        loop = {**UNCHANGED, "loop": [1, 2], "ignore_errors": True, "register": "r"}
        after = {"ansible.builtin.debug": {"msg": "{{ r.results | map(attribute='msg') | unique | list | length }}"}}
        told = []
        for here in (True, False):
            run = play_on(defective, "near,near-too", loop, after, arguments=("-vvvv",), vars={VARIABLE: here})
            assert run.status == 0, run.output
            assert run.output.count("this is a defect of the collection: ZeroDivisionError: ******** by zero.") >= 2
            assert CANARY not in run.output
            assert ("Traceback" in run.output) is traceback
            assert [result["msg"] for result in run.results if result["task"] == "debug"] == ["1", "1"] or [
                str(result["msg"]) for result in run.results[-2:]
            ] == ["1", "1"]
            told.append([comparable(without_place(result)) for result in run.results])
        key: Callable[[Any], str] = lambda result: json.dumps(result, sort_keys=True)  # noqa: E731 # a key in one line
        assert differences(*(sorted(results, key=key) for results in told)) == []


def without_place(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without its tracebacks: the files have other names in a module's archive."""
    items = [without_place(item) for item in result.get("results", [])]
    return {
        **{key: value for key, value in result.items() if key != "exception"},
        **({"results": items} if items else {}),
    }


class TestProgress:
    def lines(self, run: Run) -> list[str]:
        return [line for line in run.output.splitlines() if line.startswith("[localhost] ")]

    def test_of_a_replace_and_a_delete(self, controller: Controller, emulator: Emulator) -> None:
        emulator.settings.build_looks = 10
        create_cache(emulator)
        run = controller.web(images=["redis:7"], on_change="replace", wait_interval=0.1)
        lines = self.lines(run)
        text = "\n".join(lines)
        assert all(line.startswith("[localhost] image cache 'web', ") for line in lines)
        for step in (
            "building the replacement 'web-replacement' beside imc-",
            "is Ready",
            "is gone; giving",
        ):
            assert step in text
        for step in ("DiskCreated: create disk disk-", "EksCiCreated: create eksci", "SnapCreated: create snapshot"):
            assert re.search(rf" is Pending, {step}", text)
        assert len(lines) == len(set(lines))

    def test_of_a_set_it_is_a_line_with_the_counts_and_the_slowest(
        self, controller: Controller, emulator: Emulator
    ) -> None:
        emulator.settings.build_looks = 4
        create_cache(emulator)
        caches = [{"name": "web"}, {"name": "b"}, {"name": "c"}]
        task = {SET: {**{k: v for k, v in WEB.items() if k != "name"}, "image_caches": caches, "wait_interval": 0.2}}
        lines = self.lines(controller.play(task))
        assert lines
        assert all(line.startswith("[localhost] image caches, ") for line in lines)
        assert any(re.search("1 done, 2 under way; the slowest is '[bc]': imc-", line) for line in lines)

    def test_of_a_failure_that_the_result_explains_nothing_is_said(
        self, controller: Controller, emulator: Emulator
    ) -> None:
        failing_build(emulator)
        run = controller.web()
        assert run.status != 0
        assert not any("Failed" in line for line in self.lines(run))

    @pytest.mark.parametrize(
        ("options", "task", "arguments"),
        [
            ({"wait": False}, {}, ()),
            ({}, {"no_log": True}, ()),
            ({}, {}, ("-e", '{"tencentcloud_tke_progress": false}')),
            ({}, {}, ("-e", f'{{"{VARIABLE}": false}}')),
            ({}, {}, ("--check",)),
        ],
        ids=str,
    )
    def test_where_nobody_wants_it_nothing_is_said(
        self,
        emulator: Emulator,
        controller: Controller,
        options: dict[str, Any],
        task: dict[str, Any],
        arguments: tuple[str, ...],
    ) -> None:
        run = controller.play({MODULE: {**WEB, **options}, **task}, arguments=arguments)
        assert run.status == 0, run.output
        assert self.lines(run) == []

    def test_an_unchanged_run_says_nothing(self, emulator: Emulator, controller: Controller) -> None:
        create_cache(emulator)
        assert self.lines(controller.web()) == []

    def test_a_json_stdout_callback_stays_valid_json(self, controller: Controller) -> None:
        controller.environment["ANSIBLE_STDOUT_CALLBACK"] = "json_document"
        run = controller.play({"name": "web", MODULE: WEB}, separate=True)
        document = json.loads(run.output)
        assert document["results"] == [{"task": "web", "changed": True}]
        assert document["stats"]["localhost"]["changed"] == 1
        assert run.errors.splitlines()[0].startswith("[localhost] image cache 'web', 0 s: imc-")

    def test_an_ad_hoc_run_with_one_line_prints_one_line(self, controller: Controller) -> None:
        arguments = json.dumps(WEB)
        run = controller.run("ansible", "localhost", "-o", "-m", MODULE, "-a", arguments, separate=True)
        (line,) = run.output.splitlines()
        assert line.startswith("localhost | CHANGED => {")
        assert "[localhost] image cache 'web', 0 s: imc-" in run.errors

    def test_the_log_file_has_each_line_once(self, controller: Controller) -> None:
        log = controller.folder / "ansible.log"
        controller.environment["ANSIBLE_LOG_PATH"] = str(log)
        run = controller.play({"name": "web", MODULE: WEB}, separate=True)
        lines = [line for line in run.errors.splitlines() if line.startswith("[localhost] ")]
        logged = log.read_text(encoding="utf-8")
        assert lines
        for line in lines:
            assert logged.count(f"INFO| {line}\n") == 1

    @pytest.mark.parametrize("terminal", [True, False])
    def test_it_is_seen_before_the_task_ends(self, emulator: Emulator, controller: Controller, terminal: bool) -> None:
        emulator.settings.build_seconds = 1800.0
        playbook = controller.folder / "build.yml"
        tasks = [{"name": "build", MODULE: {**WEB, "wait_interval": 0.3}}]
        playbook.write_text(
            yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8"
        )
        command = [str(Path(sys.executable).parent / "ansible-playbook"), str(playbook)]
        seen = []
        for line in sanitize_lines(command, controller.environment, terminal):
            seen.append(line)
            if line.endswith(" is being built"):
                # The build ends because the line was read, and not before.
                (cache,) = emulator.region().caches.values()
                cache.builds[-1].seconds = 0.0
        assert any(line.endswith(" is being built") for line in seen)
        assert any("changed: [localhost]" in line for line in seen)


def sanitize_lines(command: list[str], environment: dict[str, str], terminal: bool) -> Iterator[str]:
    """Run a command on a pseudo-terminal, or in a pipe, and yield its lines as they come."""
    reading, writing = pty.openpty() if terminal else os.pipe()
    settings = {**environment, "ANSIBLE_NOCOLOR": "true", "STORY_RESULTS": os.devnull}
    process = subprocess.Popen(command, env=settings, stdout=writing, stderr=writing, stdin=subprocess.DEVNULL)
    os.close(writing)
    rest = b""
    while chunk := _read(reading):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode().rstrip("\r") for line in whole)
    os.close(reading)
    assert process.wait(HUNG) == 0


def _read(descriptor: int) -> Optional[bytes]:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        # The end of a pseudo-terminal.
        return None
