# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of guarded runs."""

from __future__ import annotations

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime, run_guarded
from unit.support.world import World


def test_secrets_are_removed_before_texts_are_sanitized() -> None:
    runtime = Runtime(World(), ansible_version="2.19", check_mode=False, diff=False, clock=Clock())
    msg = f"{'x' * 3990}pass\x1bword"
    params, spec = {"token": "pass\x1bword"}, {"token": {"no_log": True}}
    result = run_guarded(params, lambda _fallback: spec, runtime, lambda _reporter: {"failed": True, "msg": msg})
    assert result["msg"] == "x" * 3990 + "********"
