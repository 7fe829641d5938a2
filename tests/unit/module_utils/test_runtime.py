# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of guarded runs, and what leaves a run without its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import (
    Runtime,
    ScrubbingReporter,
    no_fallback,
    run_guarded,
    run_in_region,
)
from unit.support.world import World

MASK = "********"
SPEC: Mapping[str, Any] = {"token": {"no_log": True}}


class Reports:
    """Records warnings and progress."""

    speaks = True

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.lines: list[str] = []

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def progress(self, message: str) -> None:
        self.lines.append(message)


def guard(run: Any, reports: Any = None, **params: Any) -> dict[str, Any]:
    """Return the result of a guarded run."""
    runtime = Runtime(reports or Reports(), ansible_version="2.19", check_mode=False, diff=False, clock=Clock())
    return run_guarded(params, lambda _fallback: SPEC, runtime, run)


def test_secrets_are_removed_before_texts_are_sanitized() -> None:
    runtime = Runtime(World(), ansible_version="2.19", check_mode=False, diff=False, clock=Clock())
    msg = f"{'x' * 3990}pass\x1bword"
    params, spec = {"token": "pass\x1bword"}, {"token": {"no_log": True}}
    result = run_guarded(params, lambda _fallback: spec, runtime, lambda _reporter: {"failed": True, "msg": msg})
    assert result["msg"] == "x" * 3990 + "********"


def test_result_of_the_run_is_returned() -> None:
    assert guard(lambda _reporter: {"changed": True, "image_caches": []}) == {"changed": True, "image_caches": []}


def test_refused_input_is_a_failure_without_a_traceback() -> None:
    def refuse(_reporter: Any) -> Any:
        raise InvalidInput("images is empty.")

    assert guard(refuse) == {"failed": True, "changed": False, "msg": "images is empty."}


def test_internal_error_is_reported_with_a_traceback_and_without_secrets() -> None:
    def fail(reporter: ScrubbingReporter) -> Any:
        reporter.add_secrets(["fetched-key"])
        raise ZeroDivisionError("the token is given-token, the key is fetched-key")

    result = guard(fail, token="given-token")
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"] == (
        "Internal error in tencentcloud.tke (please report it): ZeroDivisionError: the token is"
        f" {MASK}, the key is {MASK}. Actions that were started may continue; the next run starts from the current"
        " state. Set ANSIBLE_DISPLAY_TRACEBACK=error to see the traceback."
    )
    assert result["exception"].startswith("Traceback ")
    assert "given-token" not in result["exception"]
    assert "fetched-key" not in result["exception"]


class TestReporter:
    def test_messages_pass_without_secrets_and_control_characters(self) -> None:
        reports = Reports()

        def report(reporter: ScrubbingReporter) -> dict[str, Any]:
            secrets = ["first-key"]
            reporter.add_secrets(secrets)
            # Renewed keys are added to the same list.
            secrets.append("second-key")
            reporter.warn("given-token, first-key\nand second-key\x1b")
            reporter.progress("first-key\nand given-token\x1b")
            return {"speaks": reporter.speaks, "secrets": reporter.secrets()}

        result = guard(report, reports, token="given-token")
        assert result == {"speaks": True, "secrets": [MASK] * 3}
        assert reports.warnings == [f"{MASK}, {MASK}\nand {MASK}\\x1b"]
        assert reports.lines == [f"{MASK}\\nand {MASK}\\x1b"]

    @pytest.mark.parametrize("speaks", [True, False])
    def test_progress_is_shown_if_the_caller_shows_it(self, speaks: bool) -> None:
        reports = Reports()
        reports.speaks = speaks
        assert ScrubbingReporter(reports, []).speaks is speaks


class TestRegion:
    @pytest.fixture(name="opened")
    def record_connections(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        """The arguments with which clients were opened."""
        opened: list[Any] = []

        def connect(params: Any, regions: list[str], **settings: Any) -> Any:
            opened.append((params, regions, settings))
            return {region: f"client of {region}" for region in regions}, ["fetched-key"]

        monkeypatch.setattr(_connection, "connect", connect)
        return opened

    @pytest.mark.parametrize("check_mode", [True, False])
    def test_run_gets_its_input_and_a_client_of_its_region(self, opened: list[Any], check_mode: bool) -> None:
        clock = Clock()
        runtime = Runtime(Reports(), ansible_version="2.19.1", check_mode=check_mode, diff=False, clock=clock)
        params = {"region": "ap-tokyo", "images": ["nginx:1"]}

        def run(declared: Any, client: Any, reporter: Any) -> dict[str, Any]:
            return {"declared": declared, "client": client, "said": "fetched-key"}

        result = run_in_region(params, lambda _fallback: SPEC, runtime, lambda given: given["images"], run)
        assert result == {"declared": ["nginx:1"], "client": "client of ap-tokyo", "said": MASK}
        settings = {
            "ansible_version": "2.19.1",
            "check_mode": check_mode,
            "clock": clock,
            "resources": runtime.resources,
        }
        assert opened == [(params, ["ap-tokyo"], settings)]

    def test_invalid_input_opens_no_client(self, opened: list[Any]) -> None:
        def refuse(_params: Any) -> Any:
            raise InvalidInput("images is empty.")

        runtime = Runtime(Reports(), ansible_version="2.19", check_mode=False, diff=False, clock=Clock())
        result = run_in_region({"region": "ap-tokyo"}, lambda _f: SPEC, runtime, refuse, lambda *_args: {})
        assert (result["failed"], result["msg"]) == (True, "images is empty.")
        assert opened == []


def test_no_variable_is_read_when_only_the_secrets_of_a_spec_are_collected() -> None:
    assert no_fallback("TENCENTCLOUD_REGION") is None
