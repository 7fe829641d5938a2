# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of permissions: what is sent, and what each response says."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.errors import ApiProblem
from unit.support.world import CREATE, DELETE, LIST, UPDATE, World

MATCH = "GetMostSuitableImageCache"


def refuse(world: World, code: str, *actions: str) -> None:
    """Make the service refuse some actions."""
    call = world.service.call

    def refuse_or_call(action: str, parameters: Any) -> dict[str, Any]:
        if action in actions:
            raise ApiProblem(code, f"No {action}.")
        return call(action, parameters)

    world.service.call = refuse_or_call  # type: ignore[method-assign]


def check(world: World, **options: Any) -> dict[str, tuple[Any, str]]:
    """Return whether each action is allowed, and the reason."""
    result = world.run_info(check_permissions=True, **options)
    assert result["image_caches"] == []
    return {entry["action"]: (entry["allowed"], entry["reason"]) for entry in result["permissions"]}


def allowed(world: World) -> dict[str, Any]:
    return {action: permission for action, (permission, _reason) in check(world).items()}


NOT_SENT = (None, "It was not sent, because it would build an image cache.")


def test_requests_change_nothing_and_show_what_is_allowed() -> None:
    world = World()
    world.create_cache()
    succeeded = (True, "The request succeeded.")
    permissions = check(world)
    assert list(permissions) == [LIST, MATCH, CREATE, UPDATE, DELETE]
    assert (permissions[LIST], permissions[MATCH], permissions[CREATE]) == (succeeded, succeeded, NOT_SENT)
    for action in (UPDATE, DELETE):
        permission, reason = permissions[action]
        # Only a request for a cache that does not exist can be refused in this way.
        assert permission is True
        assert reason.startswith("ResourceNotFound: ")
    assert world.calls == [LIST, MATCH, UPDATE, DELETE]
    assert len(world.caches) == 1


@pytest.mark.parametrize(
    ("code", "permission"),
    [
        ("UnauthorizedOperation.CamNoAuth", False),
        ("ResourceNotFound", True),
        ("UnsupportedOperation", True),
        ("InvalidParameter", None),
    ],
)
@pytest.mark.parametrize("action", [MATCH, UPDATE, DELETE])
def test_error_says_whether_the_action_is_allowed(action: str, code: str, permission: Any) -> None:
    world = World()
    refuse(world, code, action)
    assert check(world)[action] == (permission, f"{code}: No {action}.")


def test_nothing_is_updated_or_deleted_without_the_permission_to_list() -> None:
    world = World()
    refuse(world, "UnauthorizedOperation.CamNoAuth", LIST)
    unknown = (None, "It was not sent, because no ID is known to be unused.")
    permissions = check(world)
    assert permissions[LIST] == (False, f"UnauthorizedOperation.CamNoAuth: No {LIST}.")
    assert (permissions[UPDATE], permissions[DELETE]) == (unknown, unknown)
    assert world.calls == [LIST, MATCH]


@pytest.mark.parametrize("unused", [0, 3, 9])
def test_request_is_sent_for_the_first_id_that_is_not_in_use(unused: int) -> None:
    world = World()
    for number in range(10):
        if number != unused:
            cache = world.service.caches.pop(world.create_cache(ImageCacheName=f"c-{number}").id)
            cache.id = f"imc-{number:08}"
            world.service.caches[cache.id] = cache
    check(world)
    assert [request for action, request in world.requests if action in (UPDATE, DELETE)] == [
        {"ImageCacheId": f"imc-{unused:08}"},
        {"ImageCacheIds": [f"imc-{unused:08}"]},
    ]
    assert len(world.caches) == 9


def test_nothing_is_sent_if_all_ids_are_in_use() -> None:
    world = World()
    for number in range(10):
        cache = world.service.caches.pop(world.create_cache(ImageCacheName=f"c-{number}").id)
        cache.id = f"imc-{number:08}"
        world.service.caches[cache.id] = cache
    permissions = allowed(world)
    assert permissions == {LIST: True, MATCH: True, CREATE: None, UPDATE: None, DELETE: None}
    assert world.calls == [LIST, MATCH]


def test_writes_are_not_sent_in_check_mode() -> None:
    world = World()
    unknown = (None, "It was not sent in check mode.")
    permissions = check(world, check_mode=True)
    assert (permissions[UPDATE], permissions[DELETE]) == (unknown, unknown)
    assert world.calls == [LIST, MATCH]


def test_no_image_cache_can_contain_the_image_of_the_check() -> None:
    world = World()
    check(world)
    (request,) = (request for action, request in world.requests if action == MATCH)
    # RFC 2606 reserves the domain.
    assert request == {"Images": ["permission-check.invalid/no-image:1"]}


def test_invalid_credentials_fail_the_run() -> None:
    world = World()
    refuse(world, "AuthFailure.SecretIdNotFound", LIST)
    result = world.run_info(check_permissions=True)
    assert result["failed"] is True
    assert result["error"]["code"] == "AuthFailure.SecretIdNotFound"
    assert "permissions" not in result
