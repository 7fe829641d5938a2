# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags through Ansible: they replace all tags of the cache, or with purge_tags=false add to them."""

from __future__ import annotations

from typing import Any

import pytest
from emulator import Emulator

from .caches import LIST, UPDATE, create_cache, reported_actions
from .controller import SET, WEB, Controller

TEAM = [{"Key": "team", "Value": "web"}, {"Key": "stage", "Value": "test"}]
ADDED: dict[str, Any] = {"tags": {"stage": "prod", "new": 1}, "purge_tags": False}
ALL = {"team": "web", "stage": "prod", "new": "1"}
RECORD = "ansible-build-settings"


def tags_of(emulator: Emulator, image_cache_id: str) -> dict[str, str]:
    """Return the tags of a cache, including that of the record."""
    tags = emulator.region().caches[image_cache_id].declared["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags}


@pytest.mark.parametrize("merges", [False, True])
def test_purge_tags_false_adds_tags_and_keeps_others(emulator: Emulator, controller: Controller, merges: bool) -> None:
    emulator.settings.merges_tags = merges
    image_cache_id = create_cache(emulator, Tags=TEAM)
    predicted = controller.web("--check", "--diff", **ADDED).result
    assert emulator.calls() == [LIST]
    run = controller.web("--diff", **ADDED)
    assert reported_actions(run) == [("update", ["tags"])]
    for result in (predicted, run.result):
        assert result["image_cache"]["tags"] == ALL
        assert result["diff"]["before"]["tags"] == {"team": "web", "stage": "test"}
        assert result["diff"]["after"]["tags"] == ALL
    assert tags_of(emulator, image_cache_id) == ALL
    emulator.received.clear()
    again = controller.web(**ADDED)
    assert (again.result["changed"], "warnings" in again.result, emulator.calls()) == (False, False, [LIST])


def test_tags_that_are_not_declared_are_removed_by_default(emulator: Emulator, controller: Controller) -> None:
    image_cache_id = create_cache(emulator, Tags=TEAM)
    assert reported_actions(controller.web(tags={"stage": "test"})) == [("update", ["tags"])]
    assert tags_of(emulator, image_cache_id) == {"stage": "test"}


def test_kept_tags_and_record_are_copied_to_the_replacement(emulator: Emulator, controller: Controller) -> None:
    tracked = {**ADDED, "track_build_settings": True}
    create_cache(emulator, Tags=TEAM)
    updated = controller.web(**tracked).result
    record = tags_of(emulator, updated["image_cache_id"])[RECORD]
    assert tags_of(emulator, updated["image_cache_id"]) == {**ALL, RECORD: record}
    other = {"images": ["nginx:2"], "on_change": "replace", "tags": {"more": "2"}}
    replaced = controller.web(**{**tracked, **other}).result
    assert replaced["replaced"]["new_id"] == replaced["image_cache_id"]
    assert replaced["image_cache"]["tags"] == {**ALL, "more": "2"}
    assert tags_of(emulator, replaced["image_cache_id"]) == {**ALL, "more": "2", RECORD: record}


def test_set_entries_and_the_role_accept_purge_tags(emulator: Emulator, controller: Controller) -> None:
    ids = {name: create_cache(emulator, ImageCacheName=name, Tags=TEAM) for name in ("a", "b", "c")}
    beside = {key: value for key, value in WEB.items() if key != "name"}
    entries = [{"name": "a"}, {"name": "b", "purge_tags": True}]
    role = {
        "ansible.builtin.include_role": {"name": "tencentcloud.tke.image_cache"},
        "vars": {"image_cache_caches": [{"name": "c", **beside, **ADDED}]},
    }
    run = controller.play({SET: {**beside, **ADDED, "image_caches": entries}}, role)
    assert run.status == 0, run.output
    assert tags_of(emulator, ids["a"]) == tags_of(emulator, ids["c"]) == ALL
    assert tags_of(emulator, ids["b"]) == {"stage": "prod", "new": "1"}
    assert emulator.calls().count(UPDATE) == 3
