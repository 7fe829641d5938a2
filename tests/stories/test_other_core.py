# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""If ansible-core has other internals, tasks run as ordinary modules."""

from __future__ import annotations

import os

import pytest
from ansible.plugins.action import ActionBase
from emulator import Emulator

from .caches import CREATE, LIST
from .controller import ROOT, Controller

INTERNALS = (
    "_load_params",
    "_record_module_result",
    "_ANSIBLE_ARGS",
    "_ANSIBLE_PROFILE",
    "_parse_returned_data",
    "_update_module_args",
    "_compute_environment_string",
    "get_module_encoder",
    "get_module_decoder",
    "Direction",
    "MODULE_TO_CONTROLLER",
)
# ansible-core 2.21 and later return an object where the earlier versions return a dict.
RESULT_METHODS = ("remove_internal_keys", "as_result_dict")
RETURNS_DICT = "dict" in str(ActionBase._parse_returned_data.__annotations__["return"])


@pytest.fixture
def other_core(controller: Controller) -> Controller:
    """Return a controller whose ansible-core lacks the name in environment["STORY_RENAMED"]."""
    folders = [str(ROOT / "tests/stories/renamed"), controller.environment["PYTHONPATH"]]
    controller.environment["PYTHONPATH"] = os.pathsep.join(folders)
    return controller


@pytest.mark.parametrize("name", INTERNALS if RETURNS_DICT else INTERNALS + RESULT_METHODS)
def test_missing_internal_runs_the_task_as_an_ordinary_module(
    name: str, other_core: Controller, emulator: Emulator
) -> None:
    other_core.environment["STORY_RENAMED"] = name
    run = other_core.web("-vvv")
    assert run.status == 0, run.output
    assert run.output.count("The task runs as an ordinary module: ") == 1
    assert "Using module file" in run.output
    assert run.result["image_cache"]["status"] == "Ready"
    assert emulator.calls()[:2] == [LIST, CREATE]


def test_missing_unused_name_keeps_the_task_in_process(other_core: Controller) -> None:
    other_core.environment["STORY_RENAMED"] = "unused_name"
    run = other_core.web("-vvv")
    assert run.status == 0, run.output
    assert "Using module file" not in run.output
