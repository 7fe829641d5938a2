# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the connection options."""

from __future__ import annotations

from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from stories.controller import ROOT


def test_every_environment_variable_is_documented() -> None:
    fragment = (ROOT / "plugins/doc_fragments/connection.py").read_text(encoding="utf-8")
    assert set(_connection.ENVIRONMENT) < set(_connection.OPTIONS)
    for variable in _connection.ENVIRONMENT.values():
        assert f"E({variable})" in fragment
