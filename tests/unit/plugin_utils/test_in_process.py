# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The in-process action: the internals of ansible-core that it needs, and what it loads when Ansible loads it."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader
from ansible.template import Templar
from ansible.utils.display import Display
from ansible_collections.tencentcloud.tke.plugins.module_utils._module import Definition
from ansible_collections.tencentcloud.tke.plugins.plugin_utils import _in_process
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._in_process import (
    InProcess,
    find_unsupported_internals,
    rare_garbage_collection,
    share_strings,
)


def test_installed_ansible_core_is_supported() -> None:
    assert find_unsupported_internals(InProcess) == ""


@pytest.mark.parametrize("name", _in_process.METHODS)
def test_method_with_another_signature_is_found(name: str) -> None:
    action = type("Other", (InProcess,), {name: lambda self: {}})
    assert name in find_unsupported_internals(action)


@pytest.mark.parametrize("returned", [None, [], "text"], ids=repr)
def test_result_of_another_type_is_found(returned: Any) -> None:
    action = type("Other", (InProcess,), {"_parse_returned_data": lambda self, streams, profile: returned})
    assert "parses results differently: AttributeError" in find_unsupported_internals(action)


def test_codecs_that_cannot_be_imported_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_in_process, "CODECS_IMPORT_ERROR", "cannot import name 'Direction'")
    assert find_unsupported_internals(InProcess) == "cannot import name 'Direction'"


def test_garbage_is_collected_less_often_only_during_a_run() -> None:
    usual = gc.get_threshold()
    with rare_garbage_collection():
        assert gc.get_threshold() == (_in_process.MOST_UNCOLLECTED, *usual[1:])
    assert gc.get_threshold() == usual


def test_garbage_is_collected_as_usual_after_a_run_that_fails() -> None:
    usual = gc.get_threshold()
    with pytest.raises(KeyError), rare_garbage_collection():
        raise KeyError
    assert gc.get_threshold() == usual


def test_equal_strings_of_a_result_become_one_object() -> None:
    text = '{"a": "same value", "b": [{"c": "same value", "d": null}, "same value", 1], "e": "other"}'
    result, expected = json.loads(text), json.loads(text)
    assert result["a"] is not result["b"][0]["c"]
    share_strings(result, {})
    assert result == expected
    assert result["a"] is result["b"][0]["c"] is result["b"][1]


DEFINITION = Definition(
    lambda env_fallback: {
        "name": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "region": {"type": "str", "fallback": (env_fallback, ["TENCENTCLOUD_REGION"])},
    },
    lambda params, runtime: {"changed": True, "name": params["name"], "region": params["region"], "words": ["a", "b"]},
)


class ModuleFiles(InProcess):
    """The action of a module whose own process is only recorded."""

    definition = DEFINITION

    def __init__(self, *, become: bool = False, transport: str = "local", **keys: Any) -> None:
        task = Task.load({"action": "tencentcloud.tke.image_cache", "args": {"name": "web"}, **keys})
        context = PlayContext()
        context.become = become
        connection = connection_loader.get("local", context)
        connection.transport = transport
        connection._shell.tmpdir = "/tmp/of-the-task"
        loader = DataLoader()
        super().__init__(task, connection, context, loader, Templar(loader=loader), None)
        self.executed: list[bool] = []
        self.removed: list[str] = []

    def _execute_module(self, task_vars: Any = None, wrap_async: Any = False, **_given: Any) -> dict[str, Any]:
        self.executed.append(bool(wrap_async))
        return {"changed": False, "own_process": True}

    def _remove_tmp_path(self, tmp_path: str, force: bool = False) -> None:
        self.removed.append(tmp_path)


class TestRun:
    @pytest.fixture(autouse=True)
    def clear_region(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TENCENTCLOUD_REGION", raising=False)

    def test_local_task_runs_in_this_process(self) -> None:
        action = ModuleFiles()
        result = action.run(task_vars={})
        assert (result["changed"], result["name"], result["words"]) == (True, "web", ["a", "b"])
        assert (action.executed, action.removed) == ([], [])
        assert "_ansible_parsed" not in result

    def test_variables_of_the_task_are_optional(self) -> None:
        assert ModuleFiles().run()["name"] == "web"

    @pytest.mark.parametrize(
        ("options", "variables"),
        [
            ({"transport": "ssh"}, {}),
            ({"become": True}, {}),
            ({}, {"tencentcloud_tke_in_process": False}),
            ({}, {"tencentcloud_tke_in_process": "no"}),
        ],
        ids=str,
    )
    def test_other_task_runs_in_its_own_process(self, options: dict[str, Any], variables: dict[str, Any]) -> None:
        action = ModuleFiles(**options)
        result = action.run(task_vars=variables)
        assert (result["own_process"], action.executed, action.removed) == (True, [False], ["/tmp/of-the-task"])

    def test_async_task_keeps_the_folder_that_its_process_uses(self) -> None:
        action = ModuleFiles(**{"async": 30, "poll": 0})
        assert action.run(task_vars={})["own_process"] is True
        assert (action.executed, action.removed) == ([True], [])

    def test_task_runs_in_its_own_process_without_requests(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_in_process, "REQUESTS_IMPORT_ERROR", "no requests")
        assert ModuleFiles().run(task_vars={})["own_process"] is True

    def test_task_runs_in_its_own_process_with_an_unsupported_core(self, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list[str] = []
        monkeypatch.setattr(_in_process, "UNSUPPORTED_CORE", "this ansible-core does not have X as expected")
        monkeypatch.setattr(Display, "vvv", lambda _self, message, *_args: shown.append(message))
        assert ModuleFiles().run(task_vars={})["own_process"] is True
        assert "The task runs as an ordinary module: this ansible-core does not have X as expected." in shown

    def test_flag_that_is_no_boolean_fails_the_task(self) -> None:
        with pytest.raises(
            AnsibleActionFail, match="Invalid variable tencentcloud_tke_in_process: The value 'perhaps'"
        ):
            ModuleFiles().run(task_vars={"tencentcloud_tke_in_process": "perhaps"})

    def test_environment_of_the_task_is_set_only_while_it_runs(self) -> None:
        before = dict(os.environ)
        action = ModuleFiles(environment=[{"TENCENTCLOUD_REGION": "ap-tokyo", "HOME": "/nowhere"}])
        assert action.run(task_vars={})["region"] == "ap-tokyo"
        assert dict(os.environ) == before

    def test_environment_is_restored_after_an_exception(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_args: Any) -> None:
            raise RuntimeError("broken")

        before = dict(os.environ)
        monkeypatch.setattr(_in_process, "run_in_process", fail)
        with pytest.raises(RuntimeError):
            ModuleFiles(environment=[{"TENCENTCLOUD_REGION": "ap-tokyo"}]).run(task_vars={})
        assert dict(os.environ) == before

    @pytest.mark.parametrize("check_mode", [True, False])
    @pytest.mark.parametrize("diff", [True, False])
    def test_run_gets_the_modes_of_the_task(
        self, monkeypatch: pytest.MonkeyPatch, check_mode: bool, diff: bool
    ) -> None:
        def run(_params: Any, runtime: Any) -> dict[str, Any]:
            return {"changed": False, "modes": [runtime.check_mode, runtime.diff]}

        monkeypatch.setattr(ModuleFiles, "definition", Definition(DEFINITION.spec, run))
        assert ModuleFiles(check_mode=check_mode, diff=diff).run(task_vars={})["modes"] == [check_mode, diff]

    def test_equal_strings_of_the_result_are_one_object(self, monkeypatch: pytest.MonkeyPatch) -> None:
        spoken = Definition(DEFINITION.spec, lambda params, runtime: {"changed": False, "a": "word", "b": ["word"]})
        monkeypatch.setattr(ModuleFiles, "definition", spoken)
        result = ModuleFiles().run(task_vars={})
        assert result["a"] == "word"
        assert result["a"] is result["b"][0]

    def test_failure_of_the_run_is_that_of_the_task(self, monkeypatch: pytest.MonkeyPatch) -> None:
        failing = Definition(DEFINITION.spec, lambda params, runtime: {"failed": True, "msg": "broken"})
        monkeypatch.setattr(ModuleFiles, "definition", failing)
        result = ModuleFiles().run(task_vars={})
        assert (result["failed"], result["msg"]) == (True, "broken")


class TestProgress:
    @pytest.fixture(autouse=True)
    def report_progress(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the run report progress."""

        def run(params: Any, runtime: Any) -> dict[str, Any]:
            runtime.reporter.progress("building")
            return {"changed": False, "speaks": runtime.reporter.speaks}

        monkeypatch.setattr(ModuleFiles, "definition", Definition(DEFINITION.spec, run))

    @pytest.fixture(name="lines")
    def record_lines(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Optional[bool]]]:
        """The lines that are displayed, each with whether it goes to stderr."""
        lines: list[tuple[str, Optional[bool]]] = []

        def display(_self: Any, message: str, *_args: Any, stderr: bool = False, **_more: Any) -> None:
            lines.append((message, stderr))

        monkeypatch.setattr(Display, "display", display)
        return lines

    @pytest.mark.parametrize(("variables", "host"), [({}, "localhost"), ({"inventory_hostname": "near"}, "near")])
    def test_lines_name_the_host_and_go_to_stderr(self, lines: list[Any], variables: Any, host: str) -> None:
        assert ModuleFiles().run(task_vars=variables)["speaks"] is True
        assert lines == [(f"[{host}] building", True)]

    @pytest.mark.parametrize(
        ("keys", "variables"), [({"no_log": True}, {}), ({}, {"tencentcloud_tke_progress": False})], ids=str
    )
    def test_progress_can_be_disabled(self, lines: list[Any], keys: Any, variables: Any) -> None:
        assert ModuleFiles(**keys).run(task_vars=variables)["speaks"] is False
        assert lines == []


# Prints what a process has done when it has loaded an action plugin as Ansible does.
LOAD = """
import gc, json, sys
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader()
before = len(gc.get_objects())
action_loader.get("tencentcloud.tke.image_cache", class_only=True)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import certificates
loaded = [name.partition(".module_utils.")[2] for name in sys.modules if ".tke.plugins.module_utils." in name]
bundles = certificates._load.cache_info().currsize
print(json.dumps({"before": before, "frozen": gc.get_freeze_count(), "loaded": loaded, "bundles": bundles}))
"""


@pytest.fixture(scope="module", name="start")
def load_plugin() -> dict[str, Any]:
    """Return what a new process reports after it has loaded the action plugin."""
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(Path(_in_process.__file__).parents[5])}
    process = subprocess.run([sys.executable, "-c", LOAD], env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(process.stdout))


class TestStart:
    """What Ansible's process does once for all tasks, and what it leaves to the tasks that need it."""

    def test_all_objects_are_exempt_from_garbage_collection(self, start: dict[str, Any]) -> None:
        assert start["frozen"] > start["before"] > 10000

    def test_certificates_are_loaded_before_workers_are_forked(self, start: dict[str, Any]) -> None:
        assert start["bundles"] == 1

    @pytest.mark.parametrize(
        "layer",
        ["_diagnosis", "_diff", "_failure", "_registry", *(f"_reconcile.{name}" for name in ("applying", "creating"))],
    )
    def test_layers_that_an_unchanged_run_does_not_need_are_not_loaded(self, start: dict[str, Any], layer: str) -> None:
        assert "_reconcile.reconciliation" in start["loaded"]
        assert layer not in start["loaded"]
