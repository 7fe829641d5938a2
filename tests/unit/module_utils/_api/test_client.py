# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions of the client, in check mode and with an unclear response."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import READS, WRITES
from unit.support.clock import distant_deadline
from unit.support.transport import ScriptedTransport, create_client


@pytest.mark.parametrize("call", ["create", "update", "delete"])
def test_write_in_check_mode_is_refused_without_request(call: str) -> None:
    script = ScriptedTransport()
    with pytest.raises(errors.WriteRefused):
        getattr(create_client(script, check_mode=True), call)({}, distant_deadline())
    assert script.calls == []


def test_each_action_is_either_read_or_write() -> None:
    assert len(READS | WRITES) == 5
    assert not READS & WRITES


@pytest.mark.parametrize("answer", [{}, {"ImageCacheId": ""}, {"ImageCacheId": ["imc-1"]}])
def test_create_response_without_id_has_unclear_outcome(answer: Any) -> None:
    with pytest.raises(errors.MalformedAnswer) as raised:
        create_client(ScriptedTransport(answer)).create({}, distant_deadline())
    assert not raised.value.not_executed
