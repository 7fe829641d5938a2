# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Temporary keys of an assumed role."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.sts import Role
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.advice import advice
from unit.support.machine import ENVIRONMENT, Machine


def test_failed_assume_role_is_not_executed_and_not_repeated_at_once(machine: Machine) -> None:
    machine.environment, machine.role = ENVIRONMENT, Role("qcs::cam::uin/1:roleName/r", "session", 900)
    refusals = [errors.NoAnswer("down", action="AssumeRole"), errors.NotAuthorized("no", action="AssumeRole")]
    # A later attempt may succeed after an outage, but not after a refusal.
    for refusal, retryable in zip(refusals, (True, False)):

        def refused(*_args: Any, refusal: Any = refusal, **_kwargs: Any) -> Answer:
            raise refusal

        machine.sts.call = refused  # type: ignore[method-assign]
        with pytest.raises(errors.RequestError) as raised:
            machine.keys()
        facts = raised.value.not_executed, raised.value.retried, raised.value.retryable
        assert facts == (True, True, retryable)
    assert "allow sts:AssumeRole on resource *" in advice(refusals[1])


def test_response_without_keys_is_malformed(machine: Machine) -> None:
    machine.environment, machine.role = ENVIRONMENT, Role("qcs::cam::uin/1:roleName/r", "session", 900)
    for fields in ({}, {"Credentials": {"TmpSecretId": "a"}, "ExpiredTime": 1}, {"Credentials": 1}):
        machine.sts.call = lambda *_a, fields=fields, **_k: Answer(fields, "r")  # type: ignore[method-assign]
        with pytest.raises(errors.MalformedAnswer, match="contains no temporary credentials") as raised:
            machine.keys()
        assert (raised.value.action, raised.value.request_id) == ("AssumeRole", "r")


def test_role_is_assumed_within_two_minutes(machine: Machine) -> None:
    machine.environment, machine.role = ENVIRONMENT, Role("qcs::cam::uin/1:roleName/r", "session", 900)
    call, left = machine.sts.call, []

    def record_deadline(action: str, parameters: Any, deadline: Deadline, **options: Any) -> Answer:
        left.append(deadline.remaining)
        return call(action, parameters, deadline, **options)

    machine.sts.call = record_deadline  # type: ignore[method-assign]
    machine.keys()
    assert left == [120]


@pytest.mark.parametrize("external_id", [None, "outside"])
def test_role_is_assumed_with_its_parameters(machine: Machine, external_id: Optional[str]) -> None:
    machine.environment, machine.role = ENVIRONMENT, Role("qcs::cam::uin/1:roleName/r", "session", 900, external_id)
    machine.keys()
    ((_action, parameters, _signed, _region),) = machine.sts.calls
    given = {"RoleArn": "qcs::cam::uin/1:roleName/r", "RoleSessionName": "session", "DurationSeconds": 900}
    assert parameters == ({**given, "ExternalId": external_id} if external_id else given)
