# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks run in the controller's process when possible, otherwise as modules, with the same results."""

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
from .ways import VARIABLE, differences, normalize

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


class TestProcessOfTheTask:
    @pytest.mark.parametrize(
        ("hosts", "task", "variables", "in_process"),
        [
            ("near", {}, {}, True),
            ("localhost", {}, {}, True),
            ("near", {}, {VARIABLE: False}, False),
            ("near", {}, {VARIABLE: "no"}, False),
            ("near", {}, {VARIABLE: "{{ 1 == 1 }}"}, True),
            ("near", BECOME, {}, False),
            ("near", {}, {"ansible_become": True, "ansible_become_method": "nobody_else"}, False),
            # Ansible's default for this folder comes from the user database and not from HOME.
            ("near", {"async": 30, "poll": 1}, {"ansible_async_dir": "{{ playbook_dir }}/async"}, False),
            ("far", {}, {}, False),
            ("near", {"delegate_to": "far"}, {}, False),
            ("far", {"delegate_to": "localhost"}, {}, True),
            ("far", {"delegate_to": "near"}, {}, True),
            ("far", {"delegate_to": "near", **BECOME}, {}, False),
        ],
        ids=str,
    )
    def test_task_runs_in_the_expected_process(
        self,
        emulator: Emulator,
        controller: Controller,
        hosts: str,
        task: dict[str, Any],
        variables: dict[str, Any],
        in_process: bool,
    ) -> None:
        create_cache(emulator)
        run = play_on(controller, hosts, {**UNCHANGED, **task}, arguments=("-vvv",), vars=variables)
        assert run.status == 0, run.output
        assert ("Using module file" not in run.output) is in_process
        assert run.results[-1]["image_cache"]["status"] == "Ready"
        assert emulator.calls() == [LIST]

    def test_controller_without_requests_runs_the_task_as_a_module(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        create_cache(emulator)
        (controller.folder / "requests.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
        path = os.pathsep.join([str(controller.folder), controller.environment["PYTHONPATH"]])
        # The Python of the module has requests.
        task = {**UNCHANGED, "environment": {"PYTHONPATH": ""}}
        controller.environment["PYTHONPATH"] = path
        run = play_on(controller, "near", task, arguments=("-vvv",))
        assert run.status == 0, run.output
        assert "Using module file" in run.output
        run = play_on(controller, "near", UNCHANGED)
        assert "Failed to import the required Python library (requests)" in run.results[-1]["msg"]

    def test_invalid_in_process_flag_is_rejected(self, emulator: Emulator, controller: Controller) -> None:
        run = play_on(controller, "near", UNCHANGED, vars={VARIABLE: "perhaps"})
        assert run.status != 0
        assert f"Invalid variable {VARIABLE}: The value 'perhaps' is not a valid boolean" in run.output
        assert emulator.received == []


@dataclass(frozen=True)
class ComparedTasks:
    """Tasks whose results must be the same in the controller's process and as modules."""

    tasks: list[dict[str, Any]]
    prepare: Callable[[Emulator], Any] = create_cache
    play: dict[str, Any] = field(default_factory=dict)
    hosts: str = "near"
    fails: bool = False


def web(**options: Any) -> dict[str, Any]:
    return {"name": "web", MODULE: {**WEB, **options}}


def let_builds_fail(emulator: Emulator) -> None:
    emulator.settings.failures = [BuildFailure("nginx")]


def slow_down_builds(emulator: Emulator) -> None:
    emulator.settings.build_seconds = 600.0


def deny_listings(emulator: Emulator) -> None:
    emulator.faults.append(Fault.error("UnauthorizedOperation.CamNoAuth", LIST, times=9))


def garble_listings(emulator: Emulator) -> None:
    emulator.faults.append(Fault.garbled(b"?", LIST, times=9))


def create_no_cache(_emulator: Emulator) -> None:
    pass


CREDENTIALS = [{"server": "h.example.com", "username": "u", "password": "canary-registry-pass"}]
COMPARED_TASKS = {
    "create": ComparedTasks([web(images=["nginx"], tags={"n": 1, "on": True})], create_no_cache),
    "unchanged": ComparedTasks([web()]),
    "update": ComparedTasks([web(images=["redis:7"])]),
    "replace": ComparedTasks([web(images=["redis:7"], on_change="replace")]),
    "absent": ComparedTasks([{MODULE: {"name": "web", "state": "absent"}}]),
    "check mode": ComparedTasks([web(images=["redis:7"])], play={"check_mode": True}),
    "check mode of the task": ComparedTasks([{**web(images=["redis:7"]), "check_mode": True, "diff": True}]),
    "no check mode of the task": ComparedTasks(
        [{**web(retention_days=3), "check_mode": False}], play={"check_mode": True}
    ),
    "secrets": ComparedTasks([web(image_registry_credentials=CREDENTIALS)], create_no_cache),
    "no_log": ComparedTasks([{**web(), "no_log": True}]),
    "unknown option": ComparedTasks([web(imgaes=[])], fails=True),
    "wrong type": ComparedTasks([web(image_cache_size="big")], fails=True),
    "wrong choice": ComparedTasks([web(on_change="maybe")], fails=True),
    "invalid input": ComparedTasks([web(images=[])], fails=True),
    "permission denied": ComparedTasks([web()], deny_listings, fails=True),
    "no answer": ComparedTasks([web(api_retries=0)], garble_listings, fails=True),
    "failed build": ComparedTasks([web()], let_builds_fail, fails=True),
    "timed out": ComparedTasks([web(wait_timeout=0)], slow_down_builds, fails=True),
    "rescued": ComparedTasks([{"block": [web(images=[])], "rescue": [web()]}], fails=True),
    "loop": ComparedTasks([{MODULE: {**WEB, "name": "{{ item }}"}, "loop": ["a", "b", "a"]}], create_no_cache),
    "loop that fails in the middle": ComparedTasks(
        [{MODULE: {**WEB, "images": "{{ item }}"}, "loop": [["a:1"], [], ["b:1"]]}], create_no_cache, fails=True
    ),
    "until": ComparedTasks(
        [{**web(images=[]), "register": "r", "until": "r is succeeded", "retries": 1, "delay": 0}], fails=True
    ),
    "environment": ComparedTasks([{**web(), "environment": {"TENCENTCLOUD_REGION": "ap-tokyo"}}]),
    "environment of the play": ComparedTasks([web()], play={"environment": [{"TENCENTCLOUD_API_RETRIES": "2"}]}),
    "environment of one item": ComparedTasks(
        [{**web(), "environment": {"TENCENTCLOUD_REGION": "{{ item }}"}, "loop": ["ap-tokyo", "ap-guangzhou"]}, web()]
    ),
    "wrong key by environment": ComparedTasks(
        [{**web(), "environment": {"TENCENTCLOUD_SECRET_KEY": "wrong"}}], fails=True
    ),
    "module_defaults": ComparedTasks(
        [{MODULE: {"name": "web"}}],
        play={"module_defaults": {MODULE: {"retention_days": 4, "wait_interval": 0.1}}},
    ),
    "group defaults": ComparedTasks(
        [{MODULE: {"name": "web"}}, {INFO: {}}, {SET: {"image_caches": []}}],
        play={"module_defaults": {"group/tencentcloud.tke.all": {"api_retries": 3}}},
    ),
    "several hosts": ComparedTasks([web()], hosts="near,near-too"),
    "run_once": ComparedTasks([{**web(), "run_once": True}], hosts="near,near-too"),
    "delegated": ComparedTasks([{**web(), "delegate_to": "near"}], hosts="far"),
    "register and template": ComparedTasks(
        [{**web(), "register": "w"}, {MODULE: {**WEB, "name": "{{ w.image_cache.image_cache_name }}"}}]
    ),
    "set": ComparedTasks(
        [{SET: {**{k: v for k, v in WEB.items() if k != "name"}, "image_caches": [{"name": "web"}, {"name": "b"}]}}],
    ),
    "set that fails": ComparedTasks(
        [{SET: {"image_caches": [{"name": "web"}, {"name": "b"}], "wait_interval": 0.1}}], fails=True
    ),
    "set with a wrong entry": ComparedTasks([{SET: {"image_caches": [{"name": "web"}, {"size": "x"}]}}], fails=True),
    "date as a tag value": ComparedTasks([web(tags={"day": "2026-11-24"})]),
}


def test_results_are_the_same_in_process_and_as_a_module(controller: Controller) -> None:
    """One run of ansible-playbook for each way has all cases, each with an emulator of its own."""
    results_by_way: dict[bool, dict[str, Any]] = {}
    for in_process in (True, False):
        emulators = {name: Emulator(Settings()).start() for name in COMPARED_TASKS}
        for name, case in COMPARED_TASKS.items():
            case.prepare(emulators[name])
        plays = [play_of_case(name, case, emulators[name], in_process) for name, case in COMPARED_TASKS.items()]
        run = play_on(controller, "none", arguments=("-vvvv", "--diff"), plays=plays)
        for emulator in emulators.values():
            emulator.stop()
        assert run.status == 0, run.output
        assert "Traceback" not in run.output
        assert "canary" not in run.output
        results_by_way[in_process] = {
            name: {
                "results": [result for result in run.results if result["task"].startswith(f"{name} - ")],
                "calls": without_repeated_polls(emulators[name].calls()),
            }
            for name in COMPARED_TASKS
        }
    for name, case in COMPARED_TASKS.items():
        for results in (results_by_way[in_process][name]["results"] for in_process in (True, False)):
            assert results, name
            assert any(result["failed"] for result in results) is case.fails, name
    assert differences(*(normalize(results) for results in results_by_way.values())) == []


def play_of_case(name: str, case: ComparedTasks, emulator: Emulator, in_process: bool) -> dict[str, Any]:
    """Return the play of a case, whose tasks use this emulator."""

    def name_tasks(tasks: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
        return [
            {**task, "name": f"{name} - {prefix}{number}"}
            | {part: name_tasks(task[part], part) for part in ("block", "rescue") if part in task}
            for number, task in enumerate(tasks)
        ]

    variables = {VARIABLE: in_process, "tencentcloud_tke_progress": False}
    environment = [*case.play.get("environment", ()), emulator.environment()]
    keywords = {"gather_facts": False, "ignore_errors": True, "order": "inventory", **case.play}
    return {
        "hosts": case.hosts,
        **keywords,
        "environment": environment,
        "vars": variables,
        "tasks": name_tasks(case.tasks, ""),
    }


def without_repeated_polls(calls: list[str]) -> list[str]:
    """Return the calls with repeated listings reduced to one, because the number of polls depends on timing."""
    return [
        call for number, call in enumerate(calls) if call != LIST or calls[max(0, number - 1)] != LIST or not number
    ]


def test_ad_hoc_output_is_the_same_in_process_and_as_a_module(emulator: Emulator, controller: Controller) -> None:
    create_cache(emulator)
    outputs = []
    for in_process in (True, False):
        command = ("ansible", "localhost", "-m", MODULE, "-a", "name=web retention_days=3", "--check", "--diff", "-vvv")
        run = controller.run(*command, "-e", json.dumps({VARIABLE: in_process}))
        assert run.status == 0, run.output
        assert ("Using module file" not in run.output) is in_process
        outputs.append(normalize(run.output[run.output.index("--- before") :]))
    assert outputs[0] == outputs[1]


class TestInternalErrors:
    """An unexpected exception in the collection."""

    @pytest.fixture
    def defective_controller(self, controller: Controller) -> Controller:
        """Return a controller on which each request raises an exception whose message has a secret."""
        path = os.pathsep.join([str(ROOT / "tests/stories/defect"), controller.environment["PYTHONPATH"]])
        controller.environment.update({"PYTHONPATH": path, "TENCENTCLOUD_SECRET_KEY": CANARY})
        return controller

    @pytest.mark.parametrize("traceback", [False, True])
    def test_internal_error_fails_only_its_task(self, defective_controller: Controller, traceback: bool) -> None:
        defective_controller.environment["ANSIBLE_DISPLAY_TRACEBACK"] = "error" if traceback else "never"
        loop = {**UNCHANGED, "loop": [1, 2], "ignore_errors": True, "register": "r"}
        after = {"ansible.builtin.debug": {"msg": "{{ r.results | map(attribute='msg') | unique | list | length }}"}}
        results_by_way = []
        for in_process in (True, False):
            run = play_on(
                defective_controller, "near,near-too", loop, after, arguments=("-vvvv",), vars={VARIABLE: in_process}
            )
            assert run.status == 0, run.output
            assert (
                # Ansible wraps the lines of errors.
                " ".join(run.output.split()).count(
                    "Internal error in tencentcloud.tke (please report it): ZeroDivisionError: ******** by zero."
                )
                >= 2
            )
            assert CANARY not in run.output
            assert ("Traceback" in run.output) is traceback
            assert [result["msg"] for result in run.results if result["task"] == "debug"] == ["1", "1"] or [
                str(result["msg"]) for result in run.results[-2:]
            ] == ["1", "1"]
            results_by_way.append([normalize(without_tracebacks(result)) for result in run.results])
        key: Callable[[Any], str] = lambda result: json.dumps(result, sort_keys=True)  # noqa: E731 # a key in one line
        assert differences(*(sorted(results, key=key) for results in results_by_way)) == []


def without_tracebacks(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without its tracebacks, because files have other names in a module's archive."""
    items = [without_tracebacks(item) for item in result.get("results", [])]
    return {
        **{key: value for key, value in result.items() if key != "exception"},
        **({"results": items} if items else {}),
    }


class TestProgress:
    def progress_lines(self, run: Run) -> list[str]:
        return [line for line in run.output.splitlines() if line.startswith("[localhost] ")]

    def test_replace_prints_each_step_once(self, controller: Controller, emulator: Emulator) -> None:
        emulator.settings.build_looks = 10
        create_cache(emulator)
        run = controller.web(images=["redis:7"], on_change="replace", wait_interval=0.1)
        lines = self.progress_lines(run)
        text = "\n".join(lines)
        assert all(line.startswith("[localhost] image cache web, ") for line in lines)
        for step in (
            "building the replacement web-replacement of imc-",
            "is Ready",
            "is deleted; renaming",
        ):
            assert step in text
        for step in ("DiskCreated: create disk disk-", "EksCiCreated: create eksci", "SnapCreated: create snapshot"):
            assert re.search(rf" is Pending, {step}", text)
        assert len(lines) == len(set(lines))

    def test_set_prints_the_counts_and_the_slowest_cache(self, controller: Controller, emulator: Emulator) -> None:
        emulator.settings.build_looks = 4
        create_cache(emulator)
        caches = [{"name": "web"}, {"name": "b"}, {"name": "c"}]
        task = {SET: {**{k: v for k, v in WEB.items() if k != "name"}, "image_caches": caches, "wait_interval": 0.2}}
        lines = self.progress_lines(controller.play(task))
        assert lines
        assert all(line.startswith("[localhost] image caches, ") for line in lines)
        assert any(re.search("1 done, 2 in progress; the slowest is [bc]: imc-", line) for line in lines)

    def test_failed_build_prints_no_line_about_the_failure(self, controller: Controller, emulator: Emulator) -> None:
        let_builds_fail(emulator)
        run = controller.web()
        assert run.status != 0
        assert not any("Failed" in line for line in self.progress_lines(run))

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
    def test_no_progress_is_printed_if_disabled_or_not_waiting(
        self,
        emulator: Emulator,
        controller: Controller,
        options: dict[str, Any],
        task: dict[str, Any],
        arguments: tuple[str, ...],
    ) -> None:
        run = controller.play({MODULE: {**WEB, **options}, **task}, arguments=arguments)
        assert run.status == 0, run.output
        assert self.progress_lines(run) == []

    def test_unchanged_run_prints_nothing(self, emulator: Emulator, controller: Controller) -> None:
        create_cache(emulator)
        assert self.progress_lines(controller.web()) == []

    def test_output_of_a_json_callback_stays_valid_json(self, controller: Controller) -> None:
        controller.environment["ANSIBLE_STDOUT_CALLBACK"] = "json_document"
        run = controller.play({"name": "web", MODULE: WEB}, separate=True)
        document = json.loads(run.output)
        assert document["results"] == [{"task": "web", "changed": True}]
        assert document["stats"]["localhost"]["changed"] == 1
        assert run.errors.splitlines()[0].startswith("[localhost] image cache web, 0 s: imc-")

    def test_ad_hoc_run_with_one_line_option_prints_one_line(self, controller: Controller) -> None:
        arguments = json.dumps(WEB)
        run = controller.run("ansible", "localhost", "-o", "-m", MODULE, "-a", arguments, separate=True)
        (line,) = run.output.splitlines()
        assert line.startswith("localhost | CHANGED => {")
        assert "[localhost] image cache web, 0 s: imc-" in run.errors

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
    def test_progress_is_printed_before_the_task_ends(
        self, emulator: Emulator, controller: Controller, terminal: bool
    ) -> None:
        emulator.settings.build_seconds = 1800.0
        playbook = controller.folder / "build.yml"
        tasks = [{"name": "build", MODULE: {**WEB, "wait_interval": 0.3}}]
        playbook.write_text(
            yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8"
        )
        command = [str(Path(sys.executable).parent / "ansible-playbook"), str(playbook)]
        printed = []
        for line in run_and_read_lines(command, controller.environment, terminal):
            printed.append(line)
            if line.endswith(" is being built"):
                # The build ends only after the line was read.
                (cache,) = emulator.region().caches.values()
                cache.builds[-1].seconds = 0.0
        assert any(line.endswith(" is being built") for line in printed)
        assert any("changed: [localhost]" in line for line in printed)


def run_and_read_lines(command: list[str], environment: dict[str, str], terminal: bool) -> Iterator[str]:
    """Run a command with a pseudo-terminal or a pipe, and yield its lines as they are printed."""
    reading, writing = pty.openpty() if terminal else os.pipe()
    settings = {**environment, "ANSIBLE_NOCOLOR": "true", "STORY_RESULTS": os.devnull}
    process = subprocess.Popen(command, env=settings, stdout=writing, stderr=writing, stdin=subprocess.DEVNULL)
    os.close(writing)
    rest = b""
    while chunk := read_chunk(reading):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode().rstrip("\r") for line in whole)
    os.close(reading)
    assert process.wait(HUNG) == 0


def read_chunk(descriptor: int) -> Optional[bytes]:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        # A pseudo-terminal raises this error at its end.
        return None
