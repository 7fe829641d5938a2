# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of one declared cache: passwords, duplicates, retried updates and left-over replacements."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._diff import make_diff
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import Plan
from unit.support.world import World, web_params

DECLARED = {"server": "h.example.com", "username": "u", "password": "p"}
LISTED = {"Server": "h.example.com", "Username": "u", "Password": "q", "Name": "n"}


def listed_cache(status: str = "Ready") -> ImageCache:
    """Return C(web) as the API lists it."""
    return ImageCache({"ImageCacheId": "imc-1", "ImageCacheName": "web", "Images": ["nginx:1"], "Status": status})


def passwords_in_diff(
    declared: list[dict[str, Any]], listed: list[dict[str, Any]], **options: Any
) -> list[list[Optional[str]]]:
    """Return the passwords in the diff before and after an update of the credentials."""
    world = World()
    world.create_cache(ImageRegistryCredentials=listed)
    world.settings.passwords = options.pop("passwords", "shown")
    diff = world.run(check_mode=True, image_registry_credentials=declared, **options)["diff"]
    resources = (diff["before"], diff["after"])
    return [[c.get("password") for c in resource.get("image_registry_credentials", ())] for resource in resources]


@pytest.mark.parametrize("mode", ["shown", "masked"])
def test_password_with_update_always_shows_as_changed(mode: str) -> None:
    for known in ("p", "q"):
        diff = passwords_in_diff([DECLARED], [{**LISTED, "Password": known}], update_password="always", passwords=mode)
        assert diff == [["(hidden)"], ["(changed)"]]


def test_unchanged_password_is_not_shown() -> None:
    other = {"Server": "r.example.com", "Username": "r", "Password": "r"}
    declared = [{"server": "r.example.com", "username": "r", "password": "r"}, DECLARED]
    assert passwords_in_diff(declared, [LISTED, other]) == [["(hidden)", None], [None, "(changed)"]]


def test_two_equal_credentials_each_show_their_change() -> None:
    listed = [LISTED, {**LISTED, "Name": "m"}]
    assert passwords_in_diff([DECLARED, DECLARED], listed) == [["(hidden)", "(hidden)"], ["(changed)", "(changed)"]]


def test_credentials_that_the_api_omits_show_as_new() -> None:
    world = World()
    world.create_cache()
    world.settings.omitted_fields = ("ImageRegistryCredentials",)
    options = {"image_registry_credentials": [DECLARED], "update_password": "always"}
    diff = world.run(check_mode=True, **options)["diff"]
    assert "image_registry_credentials" not in diff["before"]
    assert [list(credential) for credential in diff["after"]["image_registry_credentials"]] == [["server", "username"]]


def test_new_credential_or_one_without_password_shows_no_password() -> None:
    declared = [{**DECLARED, "username": "other"}, {"server": "h.example.com", "username": "u"}]
    assert passwords_in_diff(declared, [LISTED], update_password="always") == [[None], [None, None]]


def test_deleted_duplicate_of_this_run_is_no_left_over_replacement() -> None:
    actions = [{"action": action, "image_cache_id": "imc-2", "fields": []} for action in ("create", "delete")]
    plan = Plan((), listed_cache().as_result())
    diff = make_diff(Desired.from_params(web_params()), plan, None, {"actions": actions, "replaced": None})
    assert diff["before"] == {}
    assert diff["after_header"] == "image cache web: created"


def test_retried_update_without_wait_shows_building() -> None:
    plan = Plan((), {**listed_cache().as_result(), "status": None})
    actions = [{"action": "update", "image_cache_id": "imc-1", "fields": ["images"]}]
    before = listed_cache("UpdateFailed")
    diff = make_diff(Desired.from_params(web_params(wait=False)), plan, before, {"actions": actions, "replaced": None})
    assert (diff["before"]["status"], diff["after"]["status"]) == ("UpdateFailed", "(building)")


def test_renamed_cache_keeps_the_status_of_its_failed_update() -> None:
    plan = Plan((), {**listed_cache().as_result(), "image_cache_name": "shop", "status": "UpdateFailed"})
    actions = [{"action": "rename", "image_cache_id": "imc-1", "fields": ["image_cache_name"]}]
    before = listed_cache("UpdateFailed")
    diff = make_diff(Desired.from_params(web_params()), plan, before, {"actions": actions, "replaced": None})
    assert (diff["before"]["status"], diff["after"]["status"]) == ("UpdateFailed", "UpdateFailed")


def test_replacement_is_started_after_the_deletion_of_a_left_over_one() -> None:
    world = World()
    world.create_cache()
    leftover = world.create_cache(ImageCacheName="web-replacement", Images=["nginx:8"])
    diff = world.run(images=["nginx:9"], on_change="replace", wait=False)["diff"]
    assert diff["before"]["replacements"] == [{"image_cache_id": leftover.id}]
    assert diff["after_header"] == (
        "image cache web: leftover replacement deleted; replacement web-replacement started: images; the old cache is"
        " kept until a later run"
    )


def test_every_left_over_replacement_is_listed() -> None:
    world = World()
    world.create_cache()
    for images in (["nginx:8"], ["nginx:9"]):
        world.create_cache(ImageCacheName="web-replacement", Images=images)
    result = world.run(state="absent", name="web")
    ids = [action["image_cache_id"] for action in result["actions"]][:2]
    assert [replacement["image_cache_id"] for replacement in result["diff"]["before"]["replacements"]] == ids
    assert result["diff"]["after_header"] == "image cache web: leftover replacement deleted; deleted"


def test_replacement_started_by_another_run_shows_its_id() -> None:
    actions = [{"action": "replace", "image_cache_id": "imc-2", "fields": ["images"]}]
    plan = Plan((), listed_cache().as_result())
    diff = make_diff(Desired.from_params(web_params()), plan, listed_cache(), {"actions": actions, "replaced": None})
    assert diff["after"]["replacements"] == [{"image_cache_id": "imc-2"}]
    assert diff["after_header"].startswith("image cache web: replacement started: images; ")


def test_headers_name_the_cache_before_and_after() -> None:
    world = World()
    created = world.run(check_mode=True)["diff"]
    assert created["before_header"] == "image cache web"
    assert created["after_header"] == "image cache web: created"
    cache = world.create_cache()
    renamed = world.run(check_mode=True, image_cache_id=cache.id, name="shop")["diff"]
    assert renamed["before_header"] == "image cache web"
    assert renamed["after_header"] == "image cache shop: renamed"
    deleted = world.run(check_mode=True, state="absent", name="web")["diff"]
    assert deleted["before_header"] == "image cache web"
    assert deleted["after_header"] == "image cache web: deleted"
    unchanged = world.run(check_mode=True)["diff"]
    assert unchanged["before_header"] == unchanged["after_header"] == "image cache web"
