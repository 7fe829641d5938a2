# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The in-process action: the internals of ansible-core that it needs, and what it loads when Ansible loads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils import _in_process
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._in_process import (
    InProcess,
    find_unsupported_internals,
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


def test_equal_strings_of_a_result_become_one_object() -> None:
    text = '{"a": "same value", "b": [{"c": "same value", "d": null}, "same value", 1], "e": "other"}'
    result, expected = json.loads(text), json.loads(text)
    assert result["a"] is not result["b"][0]["c"]
    share_strings(result, {})
    assert result == expected
    assert result["a"] is result["b"][0]["c"] is result["b"][1]


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
