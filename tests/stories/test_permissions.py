# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of permissions says which actions are allowed, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulator import Emulator, Fault

from .caches import CREATE, DELETE, LIST, UPDATE, create_cache
from .controller import INFO, Controller, Run

MATCH = "GetMostSuitableImageCache"
DENIED = "UnauthorizedOperation.CamNoAuth"
PLAYBOOK = "tencentcloud.tke.check_permissions"
CHECK = {INFO: {"check_permissions": True}}


def deny(emulator: Emulator, *actions: str, code: str = DENIED) -> None:
    """Let CAM refuse the next call of each action."""
    for action in actions:
        message = f"You are not authorized to perform operation (tke:{action})."
        emulator.faults.append(Fault.error(code, action, message=message))


def allowed(run: Run) -> dict[str, Any]:
    """Return the answer for each action."""
    return {permission["action"]: permission["allowed"] for permission in run.result["permissions"]}


def reason(run: Run, action: str) -> str:
    """Return the reason of the answer for an action."""
    return next(str(entry["reason"]) for entry in run.result["permissions"] if entry["action"] == action)


def test_all_actions_are_sent_but_create(emulator: Emulator, controller: Controller) -> None:
    create_cache(emulator)
    before = dict(emulator.region().caches)
    run = controller.play(CHECK)
    assert allowed(run) == {LIST: True, MATCH: True, CREATE: None, UPDATE: True, DELETE: True}
    assert emulator.calls() == [LIST, MATCH, UPDATE, DELETE]
    assert emulator.region().caches == before
    assert run.result["image_caches"] == []
    assert reason(run, CREATE) == "It was not sent, because it would build an image cache."


@pytest.mark.parametrize("code", [DENIED, "InternalError.CamNoAuth", "FailedOperation.CamNoAuth"])
@pytest.mark.parametrize("action", [MATCH, UPDATE, DELETE])
def test_refusal_of_cam_denies_an_action(emulator: Emulator, controller: Controller, action: str, code: str) -> None:
    deny(emulator, action, code=code)
    run = controller.play(CHECK)
    assert {**allowed(run), action: True} == {LIST: True, MATCH: True, CREATE: None, UPDATE: True, DELETE: True}
    assert allowed(run)[action] is False
    assert reason(run, action) == f"{code}: You are not authorized to perform operation (tke:{action})."


def test_nothing_is_updated_or_deleted_without_the_permission_to_list(
    emulator: Emulator, controller: Controller
) -> None:
    deny(emulator, LIST)
    run = controller.play(CHECK)
    assert allowed(run) == {LIST: False, MATCH: True, CREATE: None, UPDATE: None, DELETE: None}
    assert emulator.calls() == [LIST, MATCH]


def test_ids_in_use_are_left_alone(emulator: Emulator, controller: Controller) -> None:
    caches = emulator.region().caches
    for number in range(10):
        if number != 3:
            caches[f"imc-{number:08}"] = caches.pop(create_cache(emulator, ImageCacheName=f"cache-{number}"))
            caches[f"imc-{number:08}"].id = f"imc-{number:08}"
    controller.play(CHECK)
    sent = [request.parameters for request in emulator.received[-2:]]
    assert sent == [{"ImageCacheId": "imc-00000003"}, {"ImageCacheIds": ["imc-00000003"]}]
    assert len(caches) == 9


def test_other_errors_say_nothing_about_the_permission(emulator: Emulator, controller: Controller) -> None:
    emulator.faults.append(Fault.error("InvalidParameter", UPDATE, message="Bad ID."))
    run = controller.play(CHECK)
    assert allowed(run)[UPDATE] is None
    assert reason(run, UPDATE) == "InvalidParameter: Bad ID."


def test_writes_are_not_sent_in_check_mode(emulator: Emulator, controller: Controller) -> None:
    run = controller.play(CHECK, arguments=("--check",))
    assert allowed(run) == {LIST: True, MATCH: True, CREATE: None, UPDATE: None, DELETE: None}
    assert emulator.calls() == [LIST, MATCH]


def test_invalid_credentials_fail(emulator: Emulator, controller: Controller) -> None:
    run = controller.play({INFO: {"check_permissions": True, "secret_id": "AKIDwrong", "secret_key": "wrong"}})
    assert run.status != 0
    assert run.result["error"]["code"].startswith("AuthFailure")


@pytest.mark.parametrize("options", [{"statuses": []}, {"match_images": ["nginx:1"]}, {"name_pattern": "*"}])
def test_filters_are_refused_before_any_request(
    emulator: Emulator, controller: Controller, options: dict[str, Any]
) -> None:
    run = controller.play({INFO: {"check_permissions": True, **options}})
    (option,) = options
    assert f"check_permissions and {option} are mutually exclusive." in run.result["msg"]
    assert emulator.calls() == []


class TestPlaybook:
    """The playbook check_permissions fails if an action is denied that a purpose needs."""

    @staticmethod
    def check(controller: Controller, *arguments: str, **variables: Any) -> Run:
        return controller.run("ansible-playbook", PLAYBOOK, "-e", json.dumps(variables), *arguments)

    def test_permissions_are_shown(self, emulator: Emulator, controller: Controller) -> None:
        run = self.check(controller)
        assert run.status == 0, run.output
        assert f"{CREATE}: unknown. It was not sent, because it would build an image cache." in run.output
        assert f"{LIST}: allowed. The request succeeded." in run.output
        assert "No action that these purposes need is denied: read, build, prune." in run.output

    def test_denied_action_fails_only_if_it_is_needed(self, emulator: Emulator, controller: Controller) -> None:
        deny(emulator, UPDATE)
        run = self.check(controller, purposes=["read", "prune"])
        assert run.status == 0, run.output
        assert f"{UPDATE}: denied. {DENIED}: You are not authorized" in run.output
        deny(emulator, UPDATE)
        run = self.check(controller, purposes=["build"])
        assert run.status != 0
        assert f"The credentials may not use {UPDATE}. Attach the CAM policies of the guide" in run.output

    def test_unknown_purpose_is_refused_before_any_request(self, emulator: Emulator, controller: Controller) -> None:
        run = self.check(controller, purposes=["reed"])
        assert "Invalid purposes ['reed']: expected a list of read, build, prune." in run.output
        assert emulator.calls() == []

    def test_check_mode_sends_no_writes(self, emulator: Emulator, controller: Controller) -> None:
        run = self.check(controller, "--check")
        assert run.status == 0, run.output
        assert emulator.calls() == [LIST, MATCH]
