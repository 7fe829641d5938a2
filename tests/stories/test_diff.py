# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-playbook prints with --diff: whatever changes shows, with how it changes, and foretold in check mode."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from emulator import BuildFailure, Emulator

from .caches import create_cache
from .controller import MODULE, WEB, Controller, Run

LOGIN = {"server": "h.example.com", "username": "u", "password": "canary-new"}
SHOWN = {"Server": "h.example.com", "Username": "u", "Password": "canary-old", "Name": ""}


@dataclass(frozen=True)
class Case:
    """What is there, what is declared, and the lines that the diff has, its headers first."""

    there: Callable[[Emulator], Any]
    declared: dict[str, Any]
    lines: list[str]
    lacks: list[str] = field(default_factory=list)


def diffs(run: Run) -> list[list[str]]:
    """Return the printed diffs, the ids in them as C(imc-)."""
    found = re.findall(r"^--- before: .*?(?=^\S*changed: |^\S*ok: )", run.output, re.MULTILINE | re.DOTALL)
    lines = [[line for line in diff.splitlines() if not line.startswith("[WARNING]")] for diff in found]
    return [[re.sub(r"imc-\w{8}", "imc-", line).rstrip() for line in diff] for diff in lines]


def with_login(emulator: Emulator) -> None:
    create_cache(emulator, ImageRegistryCredentials=[SHOWN])


def with_masked_login(emulator: Emulator) -> None:
    with_login(emulator)
    emulator.settings.passwords = "masked"


def with_leftover(emulator: Emulator) -> None:
    create_cache(emulator)
    create_cache(emulator, ImageCacheName="web-replacement", Images=["nginx:9"])


def old(emulator: Emulator) -> None:
    emulator.region().caches[create_cache(emulator)].created -= 8 * 86400


def failed(emulator: Emulator) -> None:
    emulator.settings.failures = [BuildFailure("nginx")]
    create_cache(emulator)
    emulator.settings.failures = []


def update_failed(emulator: Emulator) -> None:
    image_cache_id = create_cache(emulator)
    emulator.settings.failures = [BuildFailure("nginx")]
    emulator.region().call("UpdateImageCache", {"ImageCacheId": image_cache_id, "Images": ["nginx:0"]})
    emulator.region().caches[image_cache_id].builds[-1].began -= 60
    emulator.settings.failures = []


def header(how: str) -> list[str]:
    return ["--- before: image cache web", f"+++ after: image cache web: {how}"]


NEW_ID = ["-    image_cache_id: imc-", "+    image_cache_id: (known after build)"]
CASES = {
    "created": Case(
        lambda emulator: None,
        {"image_registry_credentials": [LOGIN]},
        [*header("created"), "+    image_cache_id: (known after build)", "+    - nginx:1.27.3"],
    ),
    "in place, out of use": Case(
        create_cache,
        {"images": ["nginx:2"], "retention_days": 9},
        [*header("updated in place and out of use meanwhile: images, retention_days"), "+    - nginx:2"],
    ),
    "in place": Case(
        create_cache, {"tags": {"team": "web"}}, [*header("updated in place: tags"), "+        team: web"]
    ),
    "only a password": Case(
        with_login,
        {"image_registry_credentials": [LOGIN]},
        [
            *header("updated in place: image_registry_credentials"),
            "-        password: (hidden)",
            "+        password: (changed)",
        ],
    ),
    "a password that is always sent": Case(
        with_masked_login,
        {"image_registry_credentials": [LOGIN], "update_password": "always"},
        [
            *header("updated in place: image_registry_credentials"),
            "-        password: (hidden)",
            "+        password: (changed)",
        ],
    ),
    "another user of one of two": Case(
        lambda emulator: create_cache(
            emulator, ImageRegistryCredentials=[SHOWN, {**SHOWN, "Server": "r.example.com", "Username": "r"}]
        ),
        {
            "image_registry_credentials": [
                {**LOGIN, "password": "canary-old"},
                {**LOGIN, "server": "r.example.com", "username": "other"},
            ]
        },
        [*header("updated in place: image_registry_credentials"), "+        username: other"],
        ["password"],
    ),
    "a left-over replacement": Case(
        with_leftover,
        {},
        [*header("left-over replacement removed"), "-    replacements:", "-    -   image_cache_id: imc-"],
    ),
    "replaced": Case(
        create_cache,
        {"images": ["nginx:2"], "on_change": "replace"},
        [*header("replaced by a new cache: images"), *NEW_ID, "+    - nginx:2"],
    ),
    "force_rebuild": Case(
        create_cache, {"force_rebuild": True}, [*header("replaced by a new cache: force_rebuild"), *NEW_ID]
    ),
    "max_age": Case(old, {"max_age": "7d"}, [*header("replaced by a new cache: max_age"), *NEW_ID]),
    "started": Case(
        create_cache,
        {"images": ["nginx:2"], "on_change": "replace", "wait": False},
        [
            *header("replacement web-replacement started: images; the old cache stays until a later run"),
            "+    replacements:",
            "+    -   image_cache_id: (known after build)",
            "+        image_cache_name: web-replacement",
            "+        - nginx:2",
        ],
        ["-    image_cache_id", "-    - nginx"],
    ),
    "recreated": Case(
        failed, {}, [*header("Failed cache rebuilt"), *NEW_ID, "-    status: Failed", "+    status: Ready"]
    ),
    "a failed update": Case(
        update_failed,
        {"images": ["nginx:0"]},
        [
            *header("updated in place and out of use meanwhile: images"),
            "-    status: UpdateFailed",
            "+    status: Ready",
        ],
    ),
    "deleted": Case(create_cache, {"state": "absent"}, [*header("deleted"), "-    image_cache_name: web", "+    {}"]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_diff_shows_what_changes_and_how(emulator: Emulator, controller: Controller, name: str) -> None:
    case = CASES[name]
    case.there(emulator)
    task = {MODULE: {**WEB, **case.declared}}
    run = controller.play({**task, "check_mode": True}, task, arguments=("--diff",))
    assert run.status == 0, run.output
    foretold, real = diffs(run)
    for line in case.lines:
        assert line in foretold, run.output
    for unwanted in case.lacks:
        assert unwanted not in "\n".join(foretold), run.output
    # Only an id can be known afterwards, and not before.
    assert [line.replace("(known after build)", "imc-") for line in foretold] == real
    assert "canary" not in run.output
    results = [(result["changed"], [action["action"] for action in result["actions"]]) for result in run.results]
    assert results[0] == results[1]
    assert results[0][0] is True


def test_a_rename_shows_both_names(emulator: Emulator, controller: Controller) -> None:
    image_cache_id = create_cache(emulator)
    run = controller.task("--diff", id=image_cache_id, name="shop", wait_interval=0.1)
    (shown,) = diffs(run)
    assert shown[:2] == ["--- before: image cache web", "+++ after: image cache shop: renamed"]


def test_what_does_not_change_shows_no_diff(emulator: Emulator, controller: Controller) -> None:
    with_login(emulator)
    emulator.settings.passwords = "masked"
    run = controller.web("--diff", image_registry_credentials=[LOGIN])
    assert run.result["changed"] is False
    assert diffs(run) == []


def test_a_set_shows_one_diff_per_entry(emulator: Emulator, controller: Controller) -> None:
    with_login(emulator)
    create_cache(emulator, ImageCacheName="queue")
    entries = [
        {"name": "web", "image_registry_credentials": [LOGIN]},
        {"name": "queue", "force_rebuild": True, "wait": False},
        {"name": "new"},
    ]
    options = {**{key: value for key, value in WEB.items() if key != "name"}, "image_caches": entries}
    task = {"tencentcloud.tke.image_cache_set": options}
    run = controller.play({**task, "check_mode": True}, task, arguments=("--diff",))
    assert run.status == 0, run.output
    for said in (
        "image cache web: updated in place: image_registry_credentials",
        "image cache queue: replacement queue-replacement started: force_rebuild;"
        " the old cache stays until a later run",
        "image cache new: created",
    ):
        assert run.output.count(f"+++ after: {said}\n") == 2, run.output
    assert run.results[0]["summary"] == run.results[1]["summary"]
    assert "canary" not in run.output
