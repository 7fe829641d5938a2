# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many image caches in one task: few calls, in parallel, with the result of a single task for each entry."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest
from emulator import OPTIONAL_FIELDS, BuildFailure, Emulator, Fault

from .caches import CREATE, DELETE, LIST, SET_OPTIONS, UPDATE, create_cache, numbered_names, set_entries
from .controller import SET, Controller
from .processes import ModuleProcesses


def test_set_of_different_entries_applies_each_of_them(emulator: Emulator, controller: Controller) -> None:
    kept = create_cache(emulator, ImageCacheName="kept")
    changed = create_cache(emulator, ImageCacheName="changed")
    replaced = create_cache(emulator, ImageCacheName="replaced", Images=["nginx:1"])
    gone = create_cache(emulator, ImageCacheName="gone")
    emulator.settings.failures = [BuildFailure("broken")]
    entries = [
        *set_entries("kept", "new"),
        *set_entries("changed", retention_days=9),
        *set_entries("replaced", on_change="replace"),
        {"name": "gone", "state": "absent"},
        {**set_entries("bad")[0], "images": ["broken:1"]},
        *set_entries("new", region="ap-shanghai"),
        {"name": "lacking", "images": ["nginx:1"], "vpc_id": "vpc-1", "subnet_id": "subnet-1", "id": "imc-none"},
    ]
    task = {SET: {**SET_OPTIONS, "image_caches": entries}, "ignore_errors": True}
    predicted = controller.play({**task, "check_mode": True, "diff": True}).result
    assert set(emulator.calls()) == {LIST}
    run = controller.play({**task, "diff": True})
    result = run.result
    assert result["failed"] is True
    # Check mode cannot know that a build will fail.
    assert predicted["summary"] == {**result["summary"], "created": 3, "failed": 1}
    assert result["summary"] == {
        "created": 2,
        "updated": 1,
        "replaced": 1,
        "deleted": 1,
        "unchanged": 1,
        "failed": 2,
    }
    assert result["changed"] is True
    by_entry = result["image_caches"]
    assert [entry["image_cache_id"] for entry in by_entry[:1]] == [kept]
    assert by_entry[2]["image_cache_id"] == changed
    assert by_entry[3]["replaced"]["old_id"] == replaced
    assert by_entry[4]["actions"][0]["image_cache_id"] == gone
    assert by_entry[4]["image_cache_id"] is predicted["image_caches"][4]["image_cache_id"] is None
    assert [entry["failed"] for entry in by_entry] == [False] * 5 + [True, False, True]
    assert by_entry[5]["build_failure"]["reason"] == "PullImageFailed"
    assert result["msg"].startswith("2 of 8 image caches failed:\n- image_caches[5]: image cache bad")
    assert "- image_caches[7]: image cache lacking (imc-none): " in result["msg"]
    assert len(emulator.region("ap-shanghai").caches) == 1
    headers = [
        "image cache kept",
        "image cache new: created",
        "image cache changed: updated in place: retention_days",
        "image cache replaced: replaced by a new cache: images",
        "image cache gone: deleted",
    ]
    assert [diff["after_header"] for diff in result["diff"]][:5] == headers
    assert [diff["after_header"] for diff in predicted["diff"]][:5] == headers
    again = controller.play(task).result
    assert again["summary"] == {"created": 0, "updated": 0, "replaced": 0, "deleted": 0, "unchanged": 6, "failed": 2}


def test_hundred_unchanged_caches_take_two_calls(emulator: Emulator, controller: Controller) -> None:
    for name in numbered_names(100):
        create_cache(emulator, ImageCacheName=name)
    run = controller.play({SET: {**SET_OPTIONS, "image_caches": set_entries(*numbered_names(100))}})
    assert run.status == 0, run.output
    assert run.result["changed"] is False
    assert run.result["summary"]["unchanged"] == 100
    assert emulator.calls() == [LIST] * 2
    assert [len(request.parameters["ImageCacheNames"]) for request in emulator.received] == [100, 100]


@pytest.mark.waiting
def test_hundred_new_caches_keep_the_rate_limit_and_share_polls(emulator: Emulator, processes: ModuleProcesses) -> None:
    emulator.settings.build_seconds = 1.0
    # The emulator's limit is high because a busy machine can send delayed requests together.
    emulator.settings.requests_per_second = 1000
    began = time.monotonic()
    run = processes.set(**{**SET_OPTIONS, "wait_interval": 1}, image_caches=set_entries(*numbered_names(100)))
    took = time.monotonic() - began
    assert run.status == 0, run.output
    assert run.result["summary"]["created"] == 100
    assert {entry["image_cache"]["status"] for entry in run.result["image_caches"]} == {"Ready"}
    names = [entry["image_cache"]["image_cache_name"] for entry in run.result["image_caches"]]
    assert names == numbered_names(100)
    calls = emulator.calls()
    assert calls.count(CREATE) == 100
    # At 20 requests per second the last starts 99 intervals after the first; delays only add to that.
    assert took > 99 / 20
    # Separate tasks would take at least four listings each.
    assert calls.count(LIST) < 100
    assert [request.code for request in emulator.received if request.code] == []


@pytest.mark.waiting
def test_set_succeeds_when_throttled_by_the_service(emulator: Emulator, processes: ModuleProcesses) -> None:
    emulator.settings.requests_per_second = 5
    run = processes.set(**SET_OPTIONS, image_caches=set_entries(*numbered_names(12)), api_retries=10)
    assert run.status == 0, run.output
    assert len(emulator.region().caches) == 12


class TestValidation:
    @pytest.mark.parametrize(
        ("entries", "message"),
        [
            (set_entries("a", "b", "a"), "image_caches[0] and image_caches[2] have the same image_cache_name 'a'"),
            ([{"id": "imc-1"}, {"id": "imc-1"}], "image_caches[0] and image_caches[1] have the same image_cache_id"),
            (
                set_entries("a-replacement", "a", state="absent"),
                "image_caches[0] is named 'a-replacement', which is res",
            ),
            (
                set_entries("a", "b-replacement"),
                "image_caches[1]: image cache b-replacement: image_cache_name ends in",
            ),
            (
                [*set_entries("a"), {"images": ["nginx:1"]}],
                "image_caches[1]: Neither image_cache_name nor image_cache_id is set",
            ),
            ([*set_entries("a"), {"name": "b", "imgaes": []}], "image_caches[1]: Unsupported parameters"),
            ([*set_entries("a"), {"name": "b", "size": "big"}], "image_caches[1]: argument 'image_cache_size'"),
            (
                [*set_entries("a", "b"), {"name": "c", "state": "here"}],
                "image_caches[2]: value of state must be one of",
            ),
            (
                set_entries("a", images=["x:1", "x:1"]),
                "image_caches[0]: image cache a: image 'x:1' is listed 2 times",
            ),
        ],
    )
    def test_invalid_entry_rejects_the_set_before_any_call(
        self, emulator: Emulator, processes: ModuleProcesses, entries: Any, message: str
    ) -> None:
        result = processes.set(**SET_OPTIONS, image_caches=entries).result
        assert result["failed"] is True
        assert message in result["msg"]
        assert emulator.received == []

    def test_concurrency_and_rate_outside_their_limits_are_rejected(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        result = processes.set(image_caches=set_entries("a"), concurrency=0, requests_per_second=0).result
        assert "Invalid concurrency: expected 1 to 100, got 0" in result["msg"]
        assert "Invalid requests_per_second: expected 0.1 to 1000, got 0" in result["msg"]
        assert emulator.received == []

    def test_same_name_in_two_regions_is_two_caches(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.settings.build_seconds = 600
        entries = [*set_entries("a", region="ap-tokyo"), *set_entries("a", region="ap-seoul"), *set_entries("a")]
        entries += set_entries("a-replacement", region="ap-paris", state="absent")
        assert processes.set(**SET_OPTIONS, image_caches=entries, wait=False).result["summary"]["created"] == 3

    def test_reserved_name_is_accepted_only_with_state_absent(self, emulator: Emulator, controller: Controller) -> None:
        create_cache(emulator, ImageCacheName="a-replacement")
        tasks = [
            {SET: {**SET_OPTIONS, "image_caches": set_entries("b", "a-replacement")}, "ignore_errors": True},
            {SET: {"image_caches": [{"name": "a-replacement", "state": "absent"}]}},
        ]
        refused, removed = controller.play(*tasks).results
        assert "image_caches[1]: image cache a-replacement: image_cache_name ends in '-replacement'" in refused["msg"]
        assert removed["summary"]["deleted"] == 1
        assert emulator.calls()[:2] == [LIST, DELETE]


def test_entries_that_cannot_be_compared_give_a_warning_each(emulator: Emulator, controller: Controller) -> None:
    emulator.settings.omitted_fields = OPTIONAL_FIELDS
    for name in ("a", "b", "c"):
        create_cache(emulator, ImageCacheName=name)
    entries = [
        *set_entries("a"),
        *set_entries("b", tags={"team": "b"}),
        *set_entries("c", retention_days=3),
        *set_entries("d", tags={"a": 1}),
    ]
    run = controller.play({SET: {**SET_OPTIONS, "image_caches": entries}}, arguments=("--check",))
    assert run.result["summary"]["unchanged"] == 3
    ids = [entry["image_cache_id"] for entry in run.result["image_caches"]]
    assert sorted(run.result["warnings"]) == [
        f"image cache {name} ({ids[number]}): the API does not return {option}, so a difference from the declaration is"
        " not detected."
        for number, name, option in ((1, "b", "tags"), (2, "c", "retention_days"))
    ]


def test_typo_in_one_entry_is_one_error_without_warnings(emulator: Emulator, controller: Controller) -> None:
    entries = [{**set_entries("a")[0], "size": 20}, {"name": "b", "imgaes": ["nginx:1"]}, {"id": "imc-1", "size": 30}]
    run = controller.play({SET: {**SET_OPTIONS, "image_caches": entries}})
    assert run.status != 0
    assert run.result["msg"].startswith("image_caches[1]: Unsupported parameters for (tencentcloud.tke")
    assert "image_caches.imgaes" in run.result["msg"]
    assert run.result.get("warnings", []) == []
    assert "WARNING" not in run.output
    assert emulator.received == []


def test_option_and_its_alias_in_one_entry_give_a_warning(emulator: Emulator, controller: Controller) -> None:
    entries = [*set_entries("a"), {**set_entries("b")[0], "size": 20, "image_cache_size": 30}]
    run = controller.play({SET: {**SET_OPTIONS, "image_caches": entries}}, arguments=("--check",))
    assert run.result["warnings"] == [
        "Both option image_caches[1].image_cache_size and its alias image_caches[1].size are set."
    ]


def test_absent_by_id_and_another_name_fails_only_that_entry(emulator: Emulator, controller: Controller) -> None:
    prod = create_cache(emulator, ImageCacheName="prod")
    entries = [{"id": prod, "name": "stage", "state": "absent"}, {"id": "imc-none", "name": "x", "state": "absent"}]
    run = controller.play({SET: {"image_caches": [*entries, *set_entries("kept")], **SET_OPTIONS}})
    result = run.result
    assert [entry["failed"] for entry in result["image_caches"]] == [True, False, False]
    assert f"image_caches[0]: image cache stage ({prod}): it is named 'prod'" in result["msg"]
    assert result["summary"] == {**dict.fromkeys(result["summary"], 0), "created": 1, "unchanged": 1, "failed": 1}
    assert prod in emulator.region().caches
    assert DELETE not in emulator.calls()


def test_on_error_stop_skips_the_remaining_entries(emulator: Emulator, processes: ModuleProcesses) -> None:
    emulator.faults.append(Fault.error("LimitExceeded", CREATE, times=99, message="No more."))
    entries = set_entries(*numbered_names(30))
    result = processes.set(**SET_OPTIONS, image_caches=entries, on_error="stop", concurrency=2).result
    assert emulator.calls().count(CREATE) < 10
    assert result["summary"]["failed"] == 30
    assert "Skipped because another entry failed (on_error=stop)" in result["image_caches"][29]["msg"]
    emulator.received.clear()
    assert processes.set(**SET_OPTIONS, image_caches=entries).result["summary"]["failed"] == 30
    assert emulator.calls().count(CREATE) == 30


def test_output_contains_no_password_of_an_entry(emulator: Emulator, controller: Controller) -> None:
    credentials = [{"server": "h.example.com", "username": "u", "password": "canary-in-entry"}]
    variables = {"entries": set_entries("a", image_registry_credentials=credentials)}
    run = controller.play(
        {SET: {**SET_OPTIONS, "image_caches": "{{ entries }}"}}, vars=variables, arguments=("-vvvv", "--diff")
    )
    assert run.status == 0, run.output
    assert "canary-in-entry" not in run.output + str(run.results)


# A run of this set sends 30 writes and some listings.
@pytest.mark.parametrize("killed_at", [1, 6, 14, 25, 32])
def test_killed_set_is_completed_by_the_next_run(
    emulator: Emulator, processes: ModuleProcesses, killed_at: int
) -> None:
    for name in numbered_names(10):
        create_cache(emulator, ImageCacheName=name, Images=["nginx:0"])
    emulator.settings.build_seconds = 0.5
    entries = [
        *set_entries(*numbered_names(5), on_change="replace"),
        *set_entries(*numbered_names(10)[5:], state="absent"),
        *set_entries(*(f"new-{number}" for number in range(10))),
    ]

    def kill_process(moment: str, action: str) -> None:
        if moment == "after" and len(emulator.received) == killed_at:
            os.kill(processes.current(), signal.SIGKILL)

    emulator.watch = kill_process
    assert processes.run("image_cache_set", **SET_OPTIONS, image_caches=entries) is None
    emulator.watch = lambda moment, action: None
    run = processes.set(**SET_OPTIONS, image_caches=entries)
    assert run.status == 0, run.output
    declared = sorted(cache.declared["ImageCacheName"] for cache in emulator.region().caches.values())
    assert declared == sorted([*numbered_names(5), *(f"new-{number}" for number in range(10))])
    assert {tuple(cache.declared["Images"]) for cache in emulator.region().caches.values()} == {("nginx:1.27.3",)}
    assert processes.set(**SET_OPTIONS, image_caches=entries).result["changed"] is False


def test_empty_set_sends_no_request(emulator: Emulator, processes: ModuleProcesses) -> None:
    result = processes.set(image_caches=[]).result
    assert (result["changed"], result["image_caches"]) == (False, [])
    assert emulator.received == []


def test_update_is_sent_and_missing_cache_is_not_deleted(emulator: Emulator, processes: ModuleProcesses) -> None:
    create_cache(emulator, ImageCacheName="a")
    processes.set(**SET_OPTIONS, image_caches=[*set_entries("a", retention_days=3), *set_entries("b", state="absent")])
    assert emulator.calls()[:2] == [LIST, UPDATE]
    assert DELETE not in emulator.calls()
