# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of one declared cache, where nothing that is declared tells that it changes, or only its passwords do."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._diff import make_diff
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import Plan

from .world import World, patient

GIVEN = {"server": "h.example.com", "username": "u", "password": "p"}
SHOWN = {"Server": "h.example.com", "Username": "u", "Password": "q", "Name": "n"}


def shown(status: str = "Ready") -> ImageCache:
    """Return C(web) as a listing shows it."""
    return ImageCache({"ImageCacheId": "imc-1", "ImageCacheName": "web", "Images": ["nginx:1"], "Status": status})


def passwords(given: list[dict[str, Any]], there: list[dict[str, Any]], **options: Any) -> list[list[Optional[str]]]:
    """Return what the diff shows of the passwords before and after an update of the credentials."""
    world = World()
    world.settled(ImageRegistryCredentials=there)
    world.settings.passwords = options.pop("passwords", "shown")
    diff = world.run(check_mode=True, image_registry_credentials=given, **options)["diff"]
    resources = (diff["before"], diff["after"])
    return [[c.get("password") for c in resource.get("image_registry_credentials", ())] for resource in resources]


@pytest.mark.parametrize("mode", ["shown", "masked"])
def test_a_password_that_is_always_sent_shows_as_changed(mode: str) -> None:
    for known in ("p", "q"):
        there = [{**SHOWN, "Password": known}]
        assert passwords([GIVEN], there, update_password="always", passwords=mode) == [["(hidden)"], ["(changed)"]]


def test_only_passwords_that_change_are_shown() -> None:
    other = {"Server": "r.example.com", "Username": "r", "Password": "r"}
    declared = [{"server": "r.example.com", "username": "r", "password": "r"}, GIVEN]
    assert passwords(declared, [SHOWN, other]) == [["(hidden)", None], [None, "(changed)"]]


def test_each_of_two_equal_logins_shows_its_own_change() -> None:
    there = [SHOWN, {**SHOWN, "Name": "m"}]
    assert passwords([GIVEN, GIVEN], there) == [["(hidden)", "(hidden)"], ["(changed)", "(changed)"]]


def test_credentials_that_the_api_does_not_show_are_new() -> None:
    world = World()
    world.settled()
    world.settings.omitted_fields = ("ImageRegistryCredentials",)
    options = {"image_registry_credentials": [GIVEN], "update_password": "always"}
    diff = world.run(check_mode=True, **options)["diff"]
    assert "image_registry_credentials" not in diff["before"]
    assert [list(credential) for credential in diff["after"]["image_registry_credentials"]] == [["server", "username"]]


def test_a_new_credential_or_one_without_a_password_is_no_changed_password() -> None:
    declared = [{**GIVEN, "username": "other"}, {"server": "h.example.com", "username": "u"}]
    assert passwords(declared, [SHOWN], update_password="always") == [[None], [None, None]]


def test_a_duplicate_of_the_run_itself_is_no_left_over_replacement() -> None:
    actions = [{"action": action, "image_cache_id": "imc-2", "fields": []} for action in ("create", "delete")]
    plan = Plan((), shown().as_result())
    diff = make_diff(Desired.from_params(patient()), plan, None, {"actions": actions, "replaced": None})
    assert diff["before"] == {}
    assert diff["after_header"] == "image cache web: created"


def test_a_failed_update_that_is_repeated_without_waiting_is_being_built() -> None:
    plan = Plan((), {**shown().as_result(), "status": None})
    actions = [{"action": "update", "image_cache_id": "imc-1", "fields": ["images"]}]
    before = shown("UpdateFailed")
    diff = make_diff(Desired.from_params(patient(wait=False)), plan, before, {"actions": actions, "replaced": None})
    assert (diff["before"]["status"], diff["after"]["status"]) == ("UpdateFailed", "(building)")


def test_every_left_over_replacement_is_listed() -> None:
    world = World()
    world.settled()
    for images in (["nginx:8"], ["nginx:9"]):
        world.settled(ImageCacheName="web-replacement", Images=images)
    result = world.run(state="absent", name="web")
    left = [action["image_cache_id"] for action in result["actions"]][:2]
    assert [replacement["image_cache_id"] for replacement in result["diff"]["before"]["replacements"]] == left
    assert result["diff"]["after_header"] == "image cache web: left-over replacement removed; deleted"


def test_a_replacement_that_another_run_has_started_shows_its_id() -> None:
    actions = [{"action": "replace", "image_cache_id": "imc-2", "fields": ["images"]}]
    plan = Plan((), shown().as_result())
    diff = make_diff(Desired.from_params(patient()), plan, shown(), {"actions": actions, "replaced": None})
    assert diff["after"]["replacements"] == [{"image_cache_id": "imc-2"}]
    assert diff["after_header"].startswith("image cache web: replacement started: images; ")
