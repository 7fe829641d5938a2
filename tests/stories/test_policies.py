# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each CAM policy of the guide on authentication allows exactly the actions that its tasks call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from emulator import Emulator

from .caches import DELETE, UPDATE, create_cache_of_age
from .controller import INFO, MODULE, PRUNE, ROOT, WEB, Controller
from .examples import code_blocks

GUIDE = ROOT / "docs/docsite/rst/guide_authentication.rst"
POLICIES: Sequence[Mapping[str, Any]] = [
    json.loads(block.text) for block in code_blocks(GUIDE) if block.language == "json"
]
READ_TASKS: Sequence[Mapping[str, Any]] = [
    {INFO: {"match_images": WEB["images"]}},
    {MODULE: WEB, "check_mode": True},
    {PRUNE: {"unmatched_for": "30d"}, "check_mode": True},
]
BUILD_TASKS: Sequence[Mapping[str, Any]] = [
    {MODULE: WEB},
    {MODULE: {**WEB, "images": ["nginx:2"], "on_change": "replace"}},
]
PRUNE_TASKS: Sequence[Mapping[str, Any]] = [{PRUNE: {"unmatched_for": "30d"}}]
# According to the API's error messages, CAM authorizes these actions for each image cache.
PER_CACHE = {UPDATE, DELETE}


def resources_by_action(policy: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """Return the resources of each action that a policy allows. Actions are without the name of the service."""
    rows = ((action, statement["resource"]) for statement in policy["statement"] for action in statement["action"])
    return {action.split(":")[1]: resources for action, resources in rows}


@pytest.mark.parametrize(
    ("policy", "tasks"),
    list(zip(POLICIES, (READ_TASKS, BUILD_TASKS, PRUNE_TASKS), strict=True)),
    ids=["read", "build", "prune"],
)
def test_policy_allows_exactly_the_calls_of_its_tasks(
    emulator: Emulator, controller: Controller, policy: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]
) -> None:
    create_cache_of_age(emulator, 90, ImageCacheName="old")
    run = controller.play(*({"name": f"Task {number}", **task} for number, task in enumerate(tasks)))
    assert run.status == 0, run.output
    assert set(resources_by_action(policy)) == set(emulator.calls())


def test_files_contain_the_policies_of_the_guide() -> None:
    files = [
        json.loads((ROOT / f"docs/policies/{name}.json").read_text("utf-8")) for name in ("read", "build", "prune")
    ]
    assert files == POLICIES
    assert len(list((ROOT / "docs/policies").iterdir())) == len(POLICIES)


def test_policies_name_image_caches_for_actions_authorized_per_cache() -> None:
    for policy in POLICIES:
        assert policy["version"] == "2.0"
        assert {statement["effect"] for statement in policy["statement"]} == {"allow"}
        for action, resources in resources_by_action(policy).items():
            expected = "qcs::tke:ap-guangzhou:uin/100000000001:imagecache/*" if action in PER_CACHE else "*"
            assert resources == [expected], action
