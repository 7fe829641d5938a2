# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The output of ansible-playbook with --diff: it shows each change and how it is made, also in check mode."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from emulator import BuildFailure, Emulator

from .caches import UPDATE, create_cache, create_failed_cache
from .controller import MODULE, WEB, Controller, Run

CREDENTIAL = {"server": "h.example.com", "username": "u", "password": "canary-new"}
STORED_CREDENTIAL = {"Server": "h.example.com", "Username": "u", "Password": "canary-old", "Name": ""}


@dataclass(frozen=True)
class Case:
    """The existing caches, the declared options, and the lines that the diff has, its headers first."""

    prepare: Callable[[Emulator], Any]
    declared: dict[str, Any]
    lines: list[str]
    absent_words: list[str] = field(default_factory=list)


def printed_diffs(run: Run) -> list[list[str]]:
    """Return the printed diffs with the random part of each ID removed."""
    found = re.findall(r"^--- before: .*?(?=^\S*changed: |^\S*ok: )", run.output, re.MULTILINE | re.DOTALL)
    lines = [[line for line in diff.splitlines() if not line.startswith("[WARNING]")] for diff in found]
    return [[re.sub(r"imc-\w{8}", "imc-", line).rstrip() for line in diff] for diff in lines]


def create_cache_with_credential(emulator: Emulator) -> None:
    create_cache(emulator, ImageRegistryCredentials=[STORED_CREDENTIAL])


def create_cache_with_masked_password(emulator: Emulator) -> None:
    create_cache_with_credential(emulator)
    emulator.settings.passwords = "masked"


def create_cache_with_leftover_replacement(emulator: Emulator) -> None:
    create_cache(emulator)
    create_cache(emulator, ImageCacheName="web-replacement", Images=["nginx:9"])


def create_cache_of_eight_days(emulator: Emulator) -> None:
    emulator.region().caches[create_cache(emulator)].created -= 8 * 86400


def create_cache_with_failed_update(emulator: Emulator) -> None:
    image_cache_id = create_cache(emulator)
    emulator.settings.failures = [BuildFailure("nginx")]
    emulator.region().call(UPDATE, {"ImageCacheId": image_cache_id, "Images": ["nginx:0"]})
    emulator.region().caches[image_cache_id].builds[-1].began -= 60
    emulator.settings.failures = []


def header(how: str) -> list[str]:
    return ["--- before: image cache web", f"+++ after: image cache web: {how}"]


NEW_ID = ["-    image_cache_id: imc-", "+    image_cache_id: (known after build)"]
CASES = {
    "create": Case(
        lambda emulator: None,
        {"image_registry_credentials": [CREDENTIAL]},
        [*header("created"), "+    image_cache_id: (known after build)", "+    - nginx:1.27.3"],
    ),
    "update that rebuilds": Case(
        create_cache,
        {"images": ["nginx:2"], "retention_days": 9},
        [*header("updated in place, not usable during the build: images, retention_days"), "+    - nginx:2"],
    ),
    "update of tags": Case(
        create_cache, {"tags": {"team": "web"}}, [*header("updated in place: tags"), "+        team: web"]
    ),
    "changed password": Case(
        create_cache_with_credential,
        {"image_registry_credentials": [CREDENTIAL]},
        [
            *header("updated in place: image_registry_credentials"),
            "-        password: (hidden)",
            "+        password: (changed)",
        ],
    ),
    "update_password always": Case(
        create_cache_with_masked_password,
        {"image_registry_credentials": [CREDENTIAL], "update_password": "always"},
        [
            *header("updated in place: image_registry_credentials"),
            "-        password: (hidden)",
            "+        password: (changed)",
        ],
    ),
    "user name of one of two credentials": Case(
        lambda emulator: create_cache(
            emulator,
            ImageRegistryCredentials=[
                STORED_CREDENTIAL,
                {**STORED_CREDENTIAL, "Server": "r.example.com", "Username": "r"},
            ],
        ),
        {
            "image_registry_credentials": [
                {**CREDENTIAL, "password": "canary-old"},
                {**CREDENTIAL, "server": "r.example.com", "username": "other"},
            ]
        },
        [*header("updated in place: image_registry_credentials"), "+        username: other"],
        ["password"],
    ),
    "leftover replacement": Case(
        create_cache_with_leftover_replacement,
        {},
        [*header("leftover replacement deleted"), "-    replacements:", "-    -   image_cache_id: imc-"],
    ),
    "replace": Case(
        create_cache,
        {"images": ["nginx:2"], "on_change": "replace"},
        [*header("replaced by a new cache: images"), *NEW_ID, "+    - nginx:2"],
    ),
    "force_rebuild": Case(
        create_cache, {"force_rebuild": True}, [*header("replaced by a new cache: force_rebuild"), *NEW_ID]
    ),
    "max_age": Case(
        create_cache_of_eight_days, {"max_age": "7d"}, [*header("replaced by a new cache: max_age"), *NEW_ID]
    ),
    "replace without waiting": Case(
        create_cache,
        {"images": ["nginx:2"], "on_change": "replace", "wait": False},
        [
            *header("replacement web-replacement started: images; the old cache is kept until a later run"),
            "+    replacements:",
            "+    -   image_cache_id: (known after build)",
            "+        image_cache_name: web-replacement",
            "+        - nginx:2",
        ],
        ["-    image_cache_id", "-    - nginx"],
    ),
    "recreate failed cache": Case(
        create_failed_cache, {}, [*header("Failed cache rebuilt"), *NEW_ID, "-    status: Failed", "+    status: Ready"]
    ),
    "retry failed update": Case(
        create_cache_with_failed_update,
        {"images": ["nginx:0"]},
        [
            *header("updated in place, not usable during the build: images"),
            "-    status: UpdateFailed",
            "+    status: Ready",
        ],
    ),
    "delete": Case(create_cache, {"state": "absent"}, [*header("deleted"), "-    image_cache_name: web", "+    {}"]),
}


@pytest.mark.parametrize("name", CASES)
def test_diff_shows_each_change_and_check_mode_predicts_it(
    emulator: Emulator, controller: Controller, name: str
) -> None:
    case = CASES[name]
    case.prepare(emulator)
    task = {MODULE: {**WEB, **case.declared}}
    run = controller.play({**task, "check_mode": True}, task, arguments=("--diff",))
    assert run.status == 0, run.output
    predicted, real = printed_diffs(run)
    for line in case.lines:
        assert line in predicted, run.output
    for unwanted in case.absent_words:
        assert unwanted not in "\n".join(predicted), run.output
    # Only the ID of a new cache is unknown in check mode.
    assert [line.replace("(known after build)", "imc-") for line in predicted] == real
    assert "canary" not in run.output
    results = [(result["changed"], [action["action"] for action in result["actions"]]) for result in run.results]
    assert results[0] == results[1]
    assert results[0][0] is True


def test_rename_diff_shows_both_names(emulator: Emulator, controller: Controller) -> None:
    image_cache_id = create_cache(emulator)
    run = controller.task("--diff", id=image_cache_id, name="shop", wait_interval=0.1)
    (shown,) = printed_diffs(run)
    assert shown[:2] == ["--- before: image cache web", "+++ after: image cache shop: renamed"]


def test_unchanged_cache_shows_no_diff(emulator: Emulator, controller: Controller) -> None:
    create_cache_with_credential(emulator)
    emulator.settings.passwords = "masked"
    run = controller.web("--diff", image_registry_credentials=[CREDENTIAL])
    assert run.result["changed"] is False
    assert printed_diffs(run) == []


def test_set_shows_one_diff_per_entry(emulator: Emulator, controller: Controller) -> None:
    create_cache_with_credential(emulator)
    create_cache(emulator, ImageCacheName="queue")
    entries = [
        {"name": "web", "image_registry_credentials": [CREDENTIAL]},
        {"name": "queue", "force_rebuild": True, "wait": False},
        {"name": "new"},
    ]
    options = {**{key: value for key, value in WEB.items() if key != "name"}, "image_caches": entries}
    task = {"tencentcloud.tke.image_cache_set": options}
    run = controller.play({**task, "check_mode": True}, task, arguments=("--diff",))
    assert run.status == 0, run.output
    for line in (
        "image cache web: updated in place: image_registry_credentials",
        "image cache queue: replacement queue-replacement started: force_rebuild;"
        " the old cache is kept until a later run",
        "image cache new: created",
    ):
        assert run.output.count(f"+++ after: {line}\n") == 2, run.output
    assert run.results[0]["summary"] == run.results[1]["summary"]
    assert "canary" not in run.output
