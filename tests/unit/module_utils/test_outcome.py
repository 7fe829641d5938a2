# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of results: the documented ones, and those that check mode predicts."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import RESULT_KEYS
from stories.controller import ROOT
from unit.support.world import World


def documented_keys(module: str) -> set[str]:
    """Return the keys that the documentation of a module describes as returned by each valid run, and C(diff)."""
    (text,) = (
        ast.literal_eval(node.value)
        for node in ast.parse((ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RETURN"
    )
    returned = yaml.safe_load(text)
    always = {key for key, entry in returned.items() if entry["returned"] == "when the input is valid"}
    return {"diff", "changed", *always}


ALWAYS = documented_keys("image_cache")


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("options", [{}, {"images": ["redis:7"]}, {"images": ["redis:7"], "on_change": "replace"}])
@pytest.mark.parametrize("exists", [True, False])
def test_result_has_the_documented_keys(options: dict[str, Any], exists: bool, check_mode: bool) -> None:
    world = World()
    if exists:
        world.create_cache()
    result = world.run(check_mode=check_mode, **options)
    assert set(result) >= ALWAYS
    assert set(result["image_cache"]) == set(RESULT_KEYS)


def test_check_mode_predicts_a_create_whose_id_is_unknown() -> None:
    result = World().run(check_mode=True)
    assert (result["changed"], result["image_cache_id"]) == (True, None)
    assert [action["action"] for action in result["actions"]] == ["create"]
    assert result["image_cache"]["image_cache_id"] is None
    assert result["image_cache"]["image_cache_name"] == "web"
    assert result["replaced"] is None


def test_check_mode_predicts_an_update_with_the_id_of_the_cache() -> None:
    world = World()
    cache = world.create_cache()
    result = world.run(check_mode=True, retention_days=9)
    assert (result["changed"], result["image_cache_id"]) == (True, cache.id)
    assert [(action["action"], action["image_cache_id"]) for action in result["actions"]] == [("update", cache.id)]
    assert result["image_cache"]["image_cache_id"] == cache.id
    assert result["replaced"] is None


def test_check_mode_predicts_which_cache_is_replaced() -> None:
    world = World()
    cache = world.create_cache()
    result = world.run(check_mode=True, images=["redis:7"], on_change="replace")
    assert result["replaced"] == {"old_id": cache.id, "new_id": None}
    assert result["image_cache_id"] is result["image_cache"]["image_cache_id"] is None
    assert result["image_cache"]["images"] == ["redis:7"]
    # Without waiting, the run only starts the replacement.
    result = world.run(check_mode=True, images=["redis:7"], on_change="replace", wait=False)
    assert result["replaced"] is None


def test_check_mode_of_an_unchanged_cache_predicts_nothing() -> None:
    world = World()
    cache = world.create_cache()
    result = world.run(check_mode=True)
    assert (result["changed"], result["actions"], result["image_cache_id"]) == (False, [], cache.id)
    assert result["recovered_failure"] is None


@pytest.mark.parametrize("check_mode", [True, False])
def test_rebuilt_cache_is_returned_with_the_failure_of_the_old_one(check_mode: bool) -> None:
    world = World()
    failed = world.create_cache()
    world.service.status = lambda cache: "Failed" if cache.id == failed.id else "Ready"  # type: ignore[method-assign]
    result = world.run(check_mode=check_mode)
    assert result["recovered_failure"]["image_cache_id"] == failed.id
    assert set(result["recovered_failure"]) == {
        "image_cache_id",
        "phase",
        "reason",
        "message",
        "hint",
        "options",
        "events",
    }


@pytest.mark.parametrize("check_mode", [True, False])
def test_deleted_cache_has_no_id_and_its_actions_name_it(check_mode: bool) -> None:
    world = World()
    cache = world.create_cache()
    result = world.run(check_mode=check_mode, state="absent", name="web")
    assert (result["changed"], result["image_cache"], result["image_cache_id"]) == (True, None, None)
    assert [(action["action"], action["image_cache_id"]) for action in result["actions"]] == [("delete", cache.id)]
    again = world.run(state="absent", name="nobody")
    assert (again["changed"], again["image_cache"], again["actions"]) == (False, None, [])


def test_new_cache_that_is_not_listed_yet_is_returned_as_declared() -> None:
    world = World()
    world.settings.listed_after = 600.0
    result = world.run(wait=False, tags={"team": "web"})
    assert result["image_cache_id"] == world.caches[0].id == result["image_cache"]["image_cache_id"]
    assert (result["image_cache"]["images"], result["image_cache"]["tags"]) == (["nginx:1"], {"team": "web"})
    assert set(result["image_cache"]) == set(RESULT_KEYS)
