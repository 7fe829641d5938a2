# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible sees it: its arguments, its result, and the entries that its errors name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible_collections.tencentcloud.tke.plugins.module_utils import _module
from ansible_collections.tencentcloud.tke.plugins.module_utils._module import (
    Definition,
    missing_hooks,
    read_variable,
    run_in_process,
    run_module,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime

VARIABLE = "TENCENTCLOUD_REGION"
ENTRY = {"name": {"type": "str", "aliases": ["title"]}, "size": {"type": "int"}}
Run = Callable[[Mapping[str, Any], Runtime], dict[str, Any]]


@pytest.fixture(autouse=True)
def forget_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the warnings of a test out of the results of later modules in this process."""
    monkeypatch.setattr(warnings, "_global_warnings", type(warnings._global_warnings)())


def spec(env_fallback: Any) -> dict[str, dict[str, Any]]:
    """Return an argument spec with what those of the collection have."""
    return {
        "region": {"type": "str", "fallback": (env_fallback, [VARIABLE])},
        "days": {"type": "int", "default": 3},
        "entries": {"type": "list", "elements": "dict", "options": ENTRY},
        "others": {"type": "list", "elements": "str"},
    }


def arguments(**given: Any) -> bytes:
    return json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()


def run(run: Run, say: Any = None, **given: Any) -> dict[str, Any]:
    return run_in_process(Definition(spec, run), arguments(**given), say)


def return_params(params: Mapping[str, Any], _runtime: Runtime) -> dict[str, Any]:
    return {"changed": False, "params": dict(params)}


def refuse_to_run(_params: Mapping[str, Any], _runtime: Runtime) -> dict[str, Any]:
    raise AssertionError("invalid arguments must end the module")


class TestInProcess:
    def test_run_gets_validated_arguments_and_its_result_is_returned(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(VARIABLE, raising=False)
        result = run(return_params, days="7", entries=[{"name": "web", "size": "2"}])
        assert result["params"]["entries"] == [{"name": "web", "size": 2}]
        assert (result["params"]["days"], result["params"]["region"]) == (7, None)
        assert (result["changed"], result.get("failed")) == (False, None)

    def test_failed_result_fails_the_module(self) -> None:
        result = run(lambda _params, _runtime: {"failed": True, "msg": "broken", "error": {"code": "X"}})
        assert (result["failed"], result["msg"], result["error"]) == (True, "broken", {"code": "X"})

    def test_failure_of_the_run_names_no_entry(self) -> None:
        # The message looks like one of the validation, but the validation has ended.
        message = "argument 'size' is of type"
        result = run(lambda _params, _runtime: {"failed": True, "msg": message}, entries=[{"size": 1}])
        assert result["msg"] == message

    @pytest.mark.parametrize("check_mode", [True, False])
    @pytest.mark.parametrize("diff", [True, False])
    def test_runtime_is_that_of_the_task(self, check_mode: bool, diff: bool) -> None:
        def report(_params: Any, runtime: Runtime) -> dict[str, Any]:
            assert runtime.clock.monotonic() > 0
            return {"seen": [runtime.check_mode, runtime.diff, runtime.ansible_version]}

        result = run(report, _ansible_check_mode=check_mode, _ansible_diff=diff, _ansible_version="2.19.3")
        assert result["seen"] == [check_mode, diff, "2.19.3"]
        assert "skipped" not in result

    def test_warnings_reach_the_user(self, capsys: pytest.CaptureFixture[str]) -> None:
        def warn(_params: Any, runtime: Runtime) -> dict[str, Any]:
            runtime.reporter.warn("the build is slow")
            return {"changed": True}

        # Ansible shows a warning at once if its own modules are loaded, else it puts it into the result.
        warnings = run(warn).get("warnings")
        assert "the build is slow" in f"{warnings} {capsys.readouterr().err}"

    @pytest.mark.parametrize("speaks", [True, False])
    def test_progress_is_passed_on_if_it_is_shown(self, speaks: bool) -> None:
        lines: list[str] = []

        def report(_params: Any, runtime: Runtime) -> dict[str, Any]:
            runtime.reporter.progress("building")
            return {"speaks": runtime.reporter.speaks}

        assert run(report, lines.append if speaks else None)["speaks"] is speaks
        assert lines == (["building"] if speaks else [])

    def test_missing_requests_library_fails_before_the_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_module, "REQUESTS_IMPORT_ERROR", "Traceback: no requests")
        fail, facts = basic.AnsibleModule.fail_json, []

        def record_facts(module: Any, msg: str, **given: Any) -> None:
            facts.append(given)
            fail(module, msg, **given)

        monkeypatch.setattr(basic.AnsibleModule, "fail_json", record_facts)
        result = run(refuse_to_run)
        assert result["failed"] is True
        assert "Failed to import the required Python library (requests)" in result["msg"]
        # Ansible shows the traceback if ANSIBLE_DISPLAY_TRACEBACK is set.
        assert facts == [{"exception": "Traceback: no requests"}]

    def test_arguments_of_one_task_do_not_stay_for_the_next(self) -> None:
        before = basic._ANSIBLE_ARGS
        assert run(return_params, days=5)["params"]["days"] == 5
        assert basic._ANSIBLE_ARGS is before is None
        with pytest.raises(Exception, match="Failed to decode JSON"):
            run_in_process(Definition(spec, return_params), b"no JSON", None)
        assert basic._ANSIBLE_ARGS is None

    def test_run_that_exits_without_a_result_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_module, "_run", lambda *_args: None)
        with pytest.raises(AssertionError, match="The module did not exit"):
            run(return_params)


class TestInvalidArguments:
    def test_error_names_the_entry(self) -> None:
        result = run(refuse_to_run, entries=[{"size": 1}, {"size": "large"}, {"size": 2}])
        assert result["failed"] is True
        assert result["msg"].startswith("entries[1]: ")
        assert "'size'" in result["msg"]

    def test_error_of_another_option_names_no_entry(self) -> None:
        result = run(refuse_to_run, days="many", entries=[{"size": 1}], others=["a"])
        assert result["msg"].startswith("argument 'days'")

    def test_unknown_key_of_an_entry_is_named(self) -> None:
        result = run(refuse_to_run, entries=[{"size": 1}, {"colour": "red"}])
        assert result["msg"].startswith("entries[1]: ")
        assert "colour" in result["msg"]

    def test_second_validation_causes_no_warning_about_aliases(self) -> None:
        result = run(refuse_to_run, entries=[{"title": "web"}, {"size": "large"}])
        assert result["msg"].startswith("entries[1]: ")
        assert "alias" not in str(result.get("warnings"))

    def test_entry_that_is_no_dictionary_is_an_error(self) -> None:
        result = run(refuse_to_run, entries=[{"size": 1}, 7])
        assert result["failed"] is True
        assert "'entries'" in result["msg"]


class TestVariables:
    def test_variable_is_used_if_the_option_is_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, "ap-tokyo")
        assert run(return_params)["params"]["region"] == "ap-tokyo"
        assert run(return_params, region="eu-frankfurt")["params"]["region"] == "eu-frankfurt"

    def test_empty_variable_counts_as_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, "")
        assert run(return_params)["params"]["region"] is None
        with pytest.raises(basic.AnsibleFallbackNotFound):
            read_variable(VARIABLE)


class TestOwnProcess:
    def test_result_is_printed(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", arguments(days=4, _ansible_check_mode=True))
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        monkeypatch.setenv(VARIABLE, "ap-tokyo")
        with pytest.raises(SystemExit) as exit_:
            run_module(spec, return_params)
        printed = json.loads(capsys.readouterr().out)
        assert exit_.value.code == 0
        assert (printed["params"]["days"], printed["params"]["region"]) == (4, "ap-tokyo")
        assert "skipped" not in printed

    def test_failure_is_printed_with_a_status(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", arguments(entries=[{"size": "large"}]))
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit) as exit_:
            run_module(spec, refuse_to_run)
        assert exit_.value.code == 1
        assert json.loads(capsys.readouterr().out)["msg"].startswith("entries[0]: ")


@pytest.mark.parametrize("hook", _module.HOOKS, ids=lambda hook: hook[1])
def test_hook_that_this_ansible_core_does_not_have_is_found(monkeypatch: pytest.MonkeyPatch, hook: Any) -> None:
    assert missing_hooks() == []
    assert len(_module.HOOKS) == 4
    monkeypatch.delattr(*hook)
    assert missing_hooks() == [hook[1]]
