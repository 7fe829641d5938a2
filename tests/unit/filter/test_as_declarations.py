# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries that declare image caches as they exist: a run with them changes nothing, in every world of the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter import as_declarations as filter_plugin
from ansible_collections.tencentcloud.tke.plugins.filter.as_declarations import as_declarations
from emulator import BuildFailure, settings_of, worlds
from unit.support.manifests import image_cache
from unit.support.world import LIST, World

CREDENTIALS = [{"Server": "h.example.com", "Username": "u", "Password": "canary-password"}]
TRACKED = [{"Key": "team", "Value": "shop"}, {"Key": "ansible-build-settings", "Value": "vpc-012345"}]


def create_account(world: World) -> None:
    """Create image caches of all kinds, as people, other tools and the platform do."""
    unique, world.settings.unique_names = world.settings.unique_names, False
    world.start_build(ImageCacheName="plain")
    world.start_build(ImageCacheName="tracked", Tags=TRACKED, RetentionDays=7, ImageCacheSize=50)
    world.start_build(ImageCacheName="private", ImageRegistryCredentials=CREDENTIALS, Images=["h.example.com/a:1", "b"])
    world.start_build(ImageCacheName="twice")
    world.start_build(ImageCacheName="twice", Images=["nginx:2"])
    world.start_build(ImageCacheName="shadowed")
    world.settings.failures = [BuildFailure("nginx")]
    world.start_build(ImageCacheName="shadowed")
    world.start_build(ImageCacheName="broken")
    world.settings.failures = []
    world.start_build(ImageCacheName="cut-off")
    world.start_build(ImageCacheName="cut-off-replacement")
    world.start_build(ImageCacheName="").shown["ImageCacheType"] = "auto"
    world.clock.now += 660
    world.settings.unique_names = unique


def as_module_options(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as Ansible passes it to the module: aliases are resolved."""
    return {"image_cache_name" if key == "name" else key: value for key, value in entry.items()}


@pytest.mark.parametrize("world_name", worlds())
def test_run_with_the_declarations_of_an_account_changes_nothing(world_name: str) -> None:
    world = World(settings_of(world_name))
    create_account(world)
    listed = world.run_info()
    report = as_declarations(listed, report=True)
    assert as_declarations(listed) == report["declarations"]
    for output in (report, listed):
        assert "canary-password" not in json.dumps(output)
    names = [entry.get("name") for entry in report["declarations"]]
    assert sorted(filter(None, names)) == ["plain", "private", "tracked"]
    assert sorted(entry["image_cache_name"] or "" for entry in report["left_out"]) == [
        "",
        "broken",
        "cut-off-replacement",
        "shadowed",
    ]
    # Two named twice, the Ready one named shadowed, and the one with a leftover replacement.
    assert names.count(None) == 4
    world.calls.clear()
    world.warnings.clear()
    entries = [as_module_options(entry) for entry in report["declarations"]]
    result = world.run_set(image_caches=entries)
    assert result["summary"] == {**dict.fromkeys(result["summary"], 0), "unchanged": 7}
    assert result["changed"] is False
    # One listing by names and one by IDs.
    assert world.calls == [LIST, LIST]
    assert [warning for warning in world.warnings if "no fixed tag" not in warning] == []


@pytest.mark.parametrize("world_name", worlds())
@pytest.mark.parametrize(("caches", "calls"), [(50, 1), (120, 3)])
def test_run_lists_the_declared_caches_once_per_fifty(world_name: str, caches: int, calls: int) -> None:
    settings = settings_of(world_name)
    # Each listing is refused, and then sent again in parts of 10 names, those of replacements included.
    parts = (calls + 2 * caches // 10) if settings.most_listed_at_once else calls
    world = World(settings)
    for number in range(caches):
        world.start_build(ImageCacheName=f"cache-{number:03}", Tags=TRACKED)
    world.clock.now += 660
    entries = [as_module_options(entry) for entry in as_declarations(world.run_info())]
    world.calls.clear()
    result = world.run_set(image_caches=entries)
    assert result["summary"]["unchanged"] == caches
    assert world.calls == [LIST] * parts


def test_entry_has_what_the_api_returns_completely() -> None:
    cache = image_cache(
        "nginx:1", image_cache_type="manual", retention_days=0, tags={"team": "shop"}, image_registry_credentials=[]
    )
    report = as_declarations([cache], report=True)
    assert report["declarations"] == [
        {
            "name": "web",
            "images": ["nginx:1"],
            "image_cache_size": 20,
            "retention_days": 0,
            "tags": {"team": "shop"},
        }
    ]
    assert report["hidden"] == [
        {
            "image_cache_id": "imc-1",
            "image_cache_name": "web",
            "options": [
                "vpc_id",
                "subnet_id",
                "security_group_ids",
                "existed_eip_id",
                "auto_create_eip",
                "auto_create_eip_attribute",
                "registry_skip_verify_list",
                "registry_http_end_point_list",
                "resolve_config",
            ],
        }
    ]
    assert report["left_out"] == []


def test_unknown_value_is_hidden() -> None:
    cache = image_cache("nginx:1", image_cache_size=None, image_registry_credentials=[{"server": "h.example.com"}])
    report = as_declarations([cache], report=True)
    assert report["declarations"] == [{"name": "web", "images": ["nginx:1"]}]
    assert {"image_cache_size", "retention_days", "tags", "image_registry_credentials"} <= set(
        report["hidden"][0]["options"]
    )


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({"images": ["nginx:1", "Not-Valid:1"]}, "images"),
        ({"images": []}, None),
        ({"tags": {"": "x"}}, "tags"),
        ({"retention_days": -1}, "retention_days"),
    ],
)
def test_value_that_the_modules_refuse_is_not_declared(more: dict[str, Any], missing: str | None) -> None:
    report = as_declarations([image_cache("nginx:1", **more)], report=True)
    (entry,) = report["declarations"]
    assert set(more) & set(entry) == set()
    if missing:
        assert missing in report["hidden"][0]["options"]


def test_identical_images_are_declared_once() -> None:
    (entry,) = as_declarations([image_cache("nginx:1", "redis:7", "nginx:1")])
    assert entry["images"] == ["nginx:1", "redis:7"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"image_cache_type": "auto"}, "the platform created it"),
        ({"image_cache_type": "Auto"}, "the platform created it"),
        ({"image_cache_type": None, "image_cache_name": None}, "the platform created it"),
        ({"image_cache_name": "web-replacement"}, "it is a leftover replacement"),
        ({"status": "Failed"}, "its status is Failed, so a run would rebuild or update it"),
        ({"status": "UpdateFailed"}, "its status is UpdateFailed, so a run would rebuild or update it"),
        ({"image_cache_id": None}, "it does not exist yet"),
    ],
)
def test_cache_that_cannot_be_declared_is_left_out_with_the_reason(more: dict[str, Any], reason: str) -> None:
    cache = image_cache("nginx:1", **more)
    assert as_declarations([cache]) == []
    assert as_declarations([cache], report=True)["left_out"] == [
        {"image_cache_id": cache["image_cache_id"], "image_cache_name": cache["image_cache_name"], "reason": reason}
    ]


@pytest.mark.parametrize("name", [None, "", " ", "\ud800"])
def test_manual_cache_without_a_usable_name_has_its_id(name: str | None) -> None:
    (entry,) = as_declarations([image_cache("nginx:1", image_cache_name=name, image_cache_type="manual")])
    assert entry["image_cache_id"] == "imc-1"
    assert "name" not in entry


def test_other_value_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="as_declarations: the value contains no image caches"):
        as_declarations({"stdout": "x"})
    assert filter_plugin.FilterModule().filters() == {"as_declarations": as_declarations}
