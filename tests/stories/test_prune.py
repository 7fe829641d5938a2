# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pruning through Ansible: the preview in check mode, the deletions, and the result after failures."""

from __future__ import annotations

from typing import Any

import pytest
from emulator import Emulator, Fault

from .caches import DELETE, LIST, create_cache, create_cache_of_age, start_build
from .controller import PRUNE, Controller
from .processes import ModuleProcesses


def create_typical_account(emulator: Emulator) -> dict[str, str]:
    """Create the caches of a typical account, and return their ids by name."""
    auto = {"ImageCacheType": "auto", "ImageCacheName": ""}
    ids = {
        "web-old": create_cache_of_age(emulator, 60, 41, ImageCacheName="web-old"),
        "odd": create_cache_of_age(emulator, 55, ImageCacheName="odd", shown={"CreationTime": "unknown"}),
        "auto": create_cache_of_age(emulator, 50, shown=auto, Images=["busybox:1"]),
        "ci-17": create_cache_of_age(
            emulator, 45, ImageCacheName="ci-17", Images=["registry.example.com/shop:17"], ImageCacheSize=40
        ),
        "web": create_cache_of_age(emulator, 40, 0.5, ImageCacheName="web"),
        "new": start_build(emulator, ImageCacheName="new"),
    }
    emulator.region().caches[ids["new"]].builds[-1].seconds = 3600
    return ids


class TestPreview:
    def test_check_mode_shows_every_cache_with_its_reason(self, emulator: Emulator, controller: Controller) -> None:
        ids = create_typical_account(emulator)
        run = controller.play({"name": "prune", PRUNE: {"unmatched_for": "30d"}}, arguments=("--check", "--diff"))
        assert run.status == 0, run.output
        assert emulator.calls() == [LIST]
        lines = {line[1:].split()[0]: line.rstrip() for line in run.output.splitlines() if " GiB " in line}
        assert set(lines) == set(ids.values())
        marks = {name: lines[image_cache_id][0] for name, image_cache_id in ids.items()}
        assert marks == {"web-old": "-", "odd": " ", "auto": " ", "ci-17": "-", "web": " ", "new": " "}
        words = "ci-17 40 GiB Ready 45 d old never matched registry.example.com/shop:17"
        assert lines[ids["ci-17"]].split() == [f"-{ids['ci-17']}", *words.split()]
        assert lines[ids["web"]].endswith("kept: it last matched 0.5 d ago, not more than 30d")
        assert lines[ids["auto"]].endswith("kept: it was created by the platform")
        assert lines[ids["odd"]].endswith("kept: its creation date cannot be read: 'unknown'")
        assert lines[ids["new"]].endswith("kept: it is still being built (Pending)")

    def test_run_deletes_what_check_mode_predicted(self, emulator: Emulator, controller: Controller) -> None:
        ids = create_typical_account(emulator)
        predicted = controller.play({PRUNE: {"unmatched_for": "30d"}}, arguments=("--check",)).result
        run = controller.play({PRUNE: {"unmatched_for": "30d"}})
        assert run.status == 0, run.output
        deleted = [cache["image_cache_id"] for cache in run.result["deleted"]]
        assert deleted == [ids["web-old"], ids["ci-17"]]
        assert run.result["freed_gib"] == predicted["freed_gib"] == 60
        assert run.result["deleted"] == predicted["deleted"]
        assert run.result["kept"] == predicted["kept"]
        assert set(run.result) == set(predicted)
        assert (run.result["changed"], predicted["changed"]) == (True, True)
        assert run.result["request_id"]
        assert [r.parameters for r in emulator.received if r.action == DELETE] == [{"ImageCacheIds": deleted}]
        again = controller.play({PRUNE: {"unmatched_for": "30d"}})
        assert again.result["changed"] is False
        assert again.result["deleted"] == []
        assert len(again.result["kept"]) == 4


class TestMoreThanMaxDeletions:
    EXCESS = "the number of candidates (12) exceeds max_deletions (10)"

    def test_fails_and_lists_the_candidates(self, emulator: Emulator, controller: Controller) -> None:
        ids = [create_cache_of_age(emulator, 40 + number, ImageCacheName=f"ci-{number}") for number in range(12)]
        run = controller.play({PRUNE: {"older_than": "30d", "unmatched_for": "20d"}})
        assert run.status != 0
        first, *lines = run.result["msg"].splitlines()
        assert first.startswith(f"No image cache was deleted: {self.EXCESS}. Raise max_deletions")
        assert lines == [
            f"- ci-{number} ({ids[number]}): 20 GiB, {40 + number} d old, older than 30d, never matched"
            for number in reversed(range(12))
        ]
        assert all(line in run.output for line in lines)
        assert (run.result["deleted"], run.result["changed"]) == ([], False)
        assert {entry["reason"] for entry in run.result["kept"]} == {self.EXCESS}
        assert emulator.calls() == [LIST]

    def test_check_mode_shows_the_list_and_warns(self, emulator: Emulator, controller: Controller) -> None:
        ids = [create_cache_of_age(emulator, 40 + number, ImageCacheName=f"ci-{number}") for number in range(12)]
        run = controller.play({PRUNE: {"older_than": "30d"}}, arguments=("--check", "--diff"))
        assert run.status == 0, run.output
        assert [cache["image_cache_id"] for cache in run.result["deleted"]] == ids[::-1]
        assert {cache["reason"] for cache in run.result["deleted"]} == {"older than 30d"}
        assert run.result["freed_gib"] == 240
        assert [line.split()[0] for line in run.output.splitlines() if " GiB " in line] == [f"-{i}" for i in ids[::-1]]
        (warning,) = run.result["warnings"]
        assert warning.startswith(f"Without check mode, the module would fail and delete nothing: {self.EXCESS}.")
        assert emulator.calls() == [LIST]

    def test_as_many_as_max_deletions_are_deleted(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        ids = [create_cache_of_age(emulator, 40 + number, ImageCacheName=f"ci-{number}") for number in range(12)]
        run = processes.prune("--check", older_than="30d", keep_newest=2)
        assert not run.result.get("warnings")
        run = processes.prune(older_than="30d", keep_newest=2)
        assert run.status == 0
        assert len(run.result["deleted"]) == 10
        assert sorted(emulator.region().caches) == sorted(ids[:2])

    def test_message_lists_at_most_fifty_candidates(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        for number in range(53):
            create_cache_of_age(emulator, 40, ImageCacheName=f"ci-{number}")
        lines = processes.prune(name_pattern="ci-*").result["msg"].splitlines()
        assert len(lines) == 52
        assert lines[1].endswith(": 20 GiB, 40 d old, name matches 'ci-*'")
        assert lines[-1] == "- and 3 more"


def test_empty_computed_lists_keep_nothing(emulator: Emulator, controller: Controller) -> None:
    image_cache_id = create_cache_of_age(emulator, 40)
    keeps = {"keep_names": "{{ [] | list }}", "keep_ids": "{{ {} | list }}"}
    run = controller.play({PRUNE: {"older_than": "30d", **keeps}})
    assert [cache["image_cache_id"] for cache in run.result["deleted"]] == [image_cache_id]


def test_newer_but_larger_cache_supersedes_nothing(emulator: Emulator, processes: ModuleProcesses) -> None:
    old, large = create_cache_of_age(emulator, 5), create_cache_of_age(emulator, 3, ImageCacheSize=50)
    assert processes.prune(superseded=True).result["changed"] is False
    newer = create_cache_of_age(emulator, 1, Images=["nginx:1.27.3", "redis:7"])
    run = processes.prune(superseded=True)
    assert [cache["image_cache_id"] for cache in run.result["deleted"]] == [old, large]
    assert list(emulator.region().caches) == [newer]


def test_auto_caches_are_deleted_only_with_include_auto(emulator: Emulator, processes: ModuleProcesses) -> None:
    auto = create_cache_of_age(emulator, 50, shown={"ImageCacheType": "auto", "ImageCacheName": ""})
    assert processes.prune(older_than="30d").result["deleted"] == []
    run = processes.prune(older_than="30d", include_auto=True)
    assert [cache["image_cache_id"] for cache in run.result["deleted"]] == [auto]


def test_cache_deleted_by_another_process_is_not_an_error(emulator: Emulator, processes: ModuleProcesses) -> None:
    ids = [create_cache_of_age(emulator, 40 + number, ImageCacheName=f"ci-{number}") for number in range(3)]

    def delete_first_cache(moment: str, action: str) -> None:
        if moment == "before" and action == DELETE and ids[0] in emulator.region().caches:
            emulator.region().call(DELETE, {"ImageCacheIds": [ids[0]]})

    emulator.watch = delete_first_cache
    run = processes.prune(older_than="30d")
    assert run.status == 0, run.output
    assert sorted(cache["image_cache_id"] for cache in run.result["deleted"]) == sorted(ids[1:])
    assert run.result["kept"] == []
    assert emulator.calls() == [LIST, DELETE, LIST, DELETE]


def test_failed_batch_does_not_stop_the_others(emulator: Emulator, controller: Controller) -> None:
    ids = [create_cache_of_age(emulator, 100 - number, ImageCacheName=f"ci-{number}") for number in range(25)]
    emulator.faults.append(Fault.error("InternalError.CamNoAuth", DELETE))
    run = controller.play({PRUNE: {"older_than": "30d", "max_deletions": 50}})
    assert run.status != 0
    assert [cache["image_cache_id"] for cache in run.result["deleted"]] == ids[20:]
    assert [cache["image_cache_id"] for cache in run.result["kept"]] == ids[:20]
    assert run.result["changed"] is True
    assert run.result["freed_gib"] == 100
    assert run.result["msg"].startswith("20 of 25 image caches could not be deleted (ci-0 (")
    assert "allow tke:DeleteImageCaches on resource *" in run.result["msg"]
    assert "allow tke:DeleteImageCaches" in run.result["kept"][0]["reason"]
    assert run.result["error"]["code"] == "InternalError.CamNoAuth"


def test_delete_with_lost_answer_counts_as_deleted_by_the_run(emulator: Emulator, processes: ModuleProcesses) -> None:
    image_cache_id = create_cache_of_age(emulator, 40)
    emulator.faults.append(Fault.lost_answer(DELETE))
    run = processes.prune(older_than="30d")
    assert run.status == 0, run.output
    assert [cache["image_cache_id"] for cache in run.result["deleted"]] == [image_cache_id]
    assert emulator.calls() == [LIST, DELETE, LIST]


def test_empty_list_of_statuses_deletes_nothing(emulator: Emulator, controller: Controller) -> None:
    image_cache_id = create_cache_of_age(emulator, 40)
    for options in ({"statuses": "{{ [] }}"}, {"statuses": [], "older_than": "1d", "keep_names": [], "keep_ids": []}):
        run = controller.play({PRUNE: options})
        assert run.status == 0, run.output
        assert (run.result["changed"], run.result["deleted"]) == (False, [])
        assert run.result["kept"][0]["reason"] == "statuses is an empty list"
    assert list(emulator.region().caches) == [image_cache_id]
    assert emulator.calls() == [LIST] * 2
    refused = controller.play({PRUNE: {"tags": "{{ {} }}"}})
    assert "tags is empty. Set a value or omit it" in refused.result["msg"]
    assert emulator.calls() == [LIST] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "at least one of name_pattern, tags, statuses, superseded, older_than, never_matched, unmatched_for"),
        ({"never_matched": False}, "No selector is set. Set at least one of"),
        (
            {"older_than": "a month"},
            "Invalid older_than: expected a duration above 0 such as 7d, 12h or 30m, got 'a month'",
        ),
        ({"unmatched_for": "0d"}, "Invalid unmatched_for: expected a duration above 0"),
        ({"statuses": ["Broken"]}, "value of statuses must be one or more of"),
        ({"tags": {}}, "tags is empty"),
        ({"older_than": "1d", "keep_newest": -1}, "Invalid keep_newest: expected 0 or more, got -1"),
    ],
)
def test_invalid_options_are_rejected_before_any_request(
    emulator: Emulator, processes: ModuleProcesses, options: dict[str, Any], message: str
) -> None:
    create_cache(emulator)
    run = processes.prune(**options)
    assert run.status != 0
    assert message in run.result["msg"]
    assert emulator.received == []
