# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check whether ansible-core has the internals that the in-process action uses."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils import _in_process
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._in_process import (
    InProcess,
    find_unsupported_internals,
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
