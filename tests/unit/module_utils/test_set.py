# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results, regions and concurrency of a set, and its failed, invalid and conflicting entries."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection, _run, _set
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from emulator import BuildFailure
from unit.support.world import BUILD_OPTIONS, SameThreadExecutor, World


def test_result_has_each_entry_and_counts_what_happened() -> None:
    world = World()
    ids = {name: world.create_cache(ImageCacheName=name).id for name in ("same", "longer", "rebuilt", "gone", "named")}
    entries = [
        {"image_cache_name": "same"},
        {"image_cache_name": "longer", "retention_days": 9},
        {"image_cache_name": "rebuilt", "images": ["redis:7"], "on_change": "replace"},
        {"image_cache_name": "gone", "state": "absent"},
        {"image_cache_name": "new"},
        {"image_cache_name": "renamed", "image_cache_id": ids["named"]},
    ]
    result = world.run_set(image_caches=entries, **BUILD_OPTIONS)
    assert result["summary"] == {
        "created": 1,
        "updated": 2,
        "replaced": 1,
        "deleted": 1,
        "unchanged": 1,
        "failed": 0,
    }
    assert "failed" not in result
    assert "msg" not in result
    assert [entry["changed"] for entry in result["image_caches"]] == [False, *[True] * 5]
    assert {(entry["failed"], entry["region"]) for entry in result["image_caches"]} == {(False, "ap-guangzhou")}
    assert result["changed"] is True
    again = world.run_set(image_caches=[*entries[:5], {"image_cache_name": "renamed"}], **BUILD_OPTIONS)
    assert again["summary"]["unchanged"] == 6
    assert again["changed"] is False


@pytest.mark.parametrize("diff", [True, False])
def test_diffs_of_all_entries_are_one_list(diff: bool) -> None:
    entries = [{"image_cache_name": "a"}, {"image_cache_name": "b"}]
    result = World().run_set(image_caches=entries, diff=diff, **BUILD_OPTIONS)
    assert all("diff" not in entry for entry in result["image_caches"])
    headers = [entry["after_header"] for entry in result.get("diff", ())]
    assert ("diff" in result) is diff
    assert len(headers) == (2 if diff else 0)
    assert all(f"image cache {name}" in header for name, header in zip("ab", headers))


def test_warning_about_a_tag_names_its_entry() -> None:
    world = World()
    entries = [{"image_cache_name": "a"}, {"image_cache_name": "b", "images": ["nginx"]}]
    world.run_set(image_caches=entries, **BUILD_OPTIONS)
    (warning,) = world.warnings
    assert warning.startswith("image_caches[1]: image cache b: image 'nginx' has no fixed tag.")


def test_message_has_the_failure_of_each_entry() -> None:
    world = World()
    world.settings.failures = [BuildFailure("broken")]
    entries = [
        {"image_cache_name": "first", "images": ["broken:1"]},
        {"image_cache_name": "good"},
        {"image_cache_name": "second", "images": ["broken:2"]},
    ]
    result = world.run_set(image_caches=entries, **BUILD_OPTIONS)
    head, *lines = result["msg"].split("\n")
    assert head == "2 of 3 image caches failed:"
    failed = [entry["msg"] for entry in result["image_caches"] if entry["failed"]]
    assert lines == [f"- image_caches[0]: {failed[0]}", f"- image_caches[2]: {failed[1]}"]
    assert result["summary"]["failed"] == 2
    assert result["summary"]["created"] == 1


def test_entry_that_has_not_started_is_skipped_after_a_failure() -> None:
    world = World()
    # The entry without build options fails when the listing shows no cache, before the other one creates its cache.
    entries = [{"image_cache_name": "incomplete"}, {"image_cache_name": "web", **BUILD_OPTIONS}]
    result = world.run_set(image_caches=entries, on_error="stop")
    skipped = result["image_caches"][1]
    assert skipped["msg"].endswith("Skipped because another entry failed (on_error=stop).")
    assert skipped["failed"] is True
    assert world.caches == []
    assert world.run_set(image_caches=entries, on_error="continue")["summary"]["created"] == 1


@pytest.fixture(name="connections")
def record_connections(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The settings with which the set has opened its clients, and the numbers of concurrent writes."""
    opened: list[dict[str, Any]] = []
    world = World()

    def connect(_params: Any, regions: list[str], **settings: Any) -> Any:
        opened.append({"regions": regions, **settings})
        client = Client(world, retries=3, check_mode=settings["check_mode"], clock=world.clock)
        return dict.fromkeys(regions, client), []

    def count_writes(max_writes: int) -> SameThreadExecutor:
        opened.append({"max_writes": max_writes})
        return SameThreadExecutor(world.clock)

    monkeypatch.setattr(_connection, "connect", connect)
    monkeypatch.setattr(_run, "ThreadExecutor", count_writes)
    return opened


def run_connected(world: World, **options: Any) -> dict[str, Any]:
    """Return the result of a run that opens its clients itself."""
    spec = _set.image_cache_set_spec(lambda *_args: None)
    runtime = _set.Runtime(world, ansible_version="2.19", check_mode=True, diff=False, clock=world.clock)
    return _set.image_cache_set({**{name: row.get("default") for name, row in spec.items()}, **options}, runtime)


def test_each_region_gets_one_client_with_the_settings_of_the_task(connections: list[dict[str, Any]]) -> None:
    entries = [
        {"image_cache_name": "a"},
        {"image_cache_name": "a", "region": "ap-tokyo"},
        {"image_cache_name": "b", "region": "ap-tokyo"},
    ]
    options = {"region": "ap-guangzhou", "concurrency": 4, "requests_per_second": 7.5}
    result = run_connected(World(), image_caches=entries, **options, **BUILD_OPTIONS)
    assert [entry["region"] for entry in result["image_caches"]] == ["ap-guangzhou", "ap-tokyo", "ap-tokyo"]
    settings, writes = connections
    assert settings["regions"] == ["ap-guangzhou", "ap-tokyo"]
    assert (settings["check_mode"], settings["ansible_version"]) == (True, "2.19")
    assert settings["requests_per_second"] == 7.5
    # Two reads may be sent besides the writes.
    assert (writes["max_writes"], settings["connections"]) == (4, 6)


def test_single_entry_needs_no_threads(connections: list[dict[str, Any]]) -> None:
    run_connected(World(), image_caches=[{"image_cache_name": "a"}], region="ap-guangzhou", **BUILD_OPTIONS)
    assert [set(opened) & {"max_writes"} for opened in connections] == [set()]


def test_region_of_the_task_is_not_needed_if_each_entry_has_one(
    connections: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    entries = [{"image_cache_name": "a", "region": "ap-tokyo"}]
    assert run_connected(World(), image_caches=entries, **BUILD_OPTIONS)["image_caches"][0]["region"] == "ap-tokyo"
    entries.append({"image_cache_name": "b"})
    assert "No region is set" in run_connected(World(), image_caches=entries, **BUILD_OPTIONS)["msg"]


def test_empty_set_opens_no_client(connections: list[dict[str, Any]]) -> None:
    result = run_connected(World(), image_caches=[], region="ap-guangzhou")
    assert (result["changed"], result["image_caches"], sum(result["summary"].values())) == (False, [], 0)
    assert connections == []


def test_limits_of_concurrency_and_rate_are_accepted(connections: list[dict[str, Any]]) -> None:
    entries = [{"image_cache_name": "a"}]
    for option, least, most in (("concurrency", 1, 100), ("requests_per_second", 0.1, 1000)):
        for value in (least, most):
            result = run_connected(World(), image_caches=entries, region="ap-tokyo", **{option: value}, **BUILD_OPTIONS)
            assert "failed" not in result
        for value in (least * 0.5 if least < 1 else 0, most + 1):
            message = run_connected(World(), image_caches=entries, region="ap-tokyo", **{option: value})["msg"]
            assert f"Invalid {option}: expected {least:g} to {most:g}, got {value:g}." in message


def test_same_name_in_two_regions_is_no_conflict(connections: list[dict[str, Any]]) -> None:
    entries = [
        {"image_cache_name": "a", "region": "ap-tokyo"},
        {"image_cache_name": "a-replacement", "state": "absent"},
        {"image_cache_name": "a"},
    ]
    assert "failed" not in run_connected(World(), image_caches=entries[::2], region="ap-guangzhou", **BUILD_OPTIONS)
    message = run_connected(World(), image_caches=entries, region="ap-guangzhou", **BUILD_OPTIONS)["msg"]
    assert "image_caches[1] is named 'a-replacement', which is reserved for the replacement of image_caches[2]" in (
        message
    )


@pytest.mark.parametrize("on_error", ["continue", "stop"])
def test_failed_entry_does_not_stop_started_entries(on_error: str) -> None:
    world = World()
    world.settings.failures = [BuildFailure("broken")]
    entries = [{"image_cache_name": "bad", "images": ["broken:1"]}, {"image_cache_name": "good"}]
    result = world.run_set(image_caches=entries, on_error=on_error, **BUILD_OPTIONS)
    assert result["failed"] is True
    # Both builds have started, and started entries are completed.
    assert [entry["failed"] for entry in result["image_caches"]] == [True, False]
    assert result["msg"].startswith("1 of 2 image caches failed:\n- image_caches[0]: image cache bad (imc-")


def test_all_invalid_entries_are_reported_together() -> None:
    world = World()
    entries = [
        {"image_cache_name": "a"},
        {"image_cache_name": "a"},
        {"image_cache_name": "a-replacement", "state": "absent"},
        {"image_cache_name": "b-replacement"},
        {"image_cache_id": "imc-1"},
        {"image_cache_id": "imc-1"},
        {"images": ["x:1"]},
    ]
    message = world.run_set(image_caches=entries, concurrency=0, **BUILD_OPTIONS)["msg"]
    for words in (
        "concurrency: expected 1 to 100, got 0",
        "image_caches[0] and image_caches[1] have the same image_cache_name 'a'",
        "image_caches[2] is named 'a-replacement', which is reserved for the replacement of image_caches[0]",
        "image_caches[3]: image cache b-replacement: image_cache_name ends in '-replacement', which is reserved",
        "image_caches[4] and image_caches[5] have the same image_cache_id 'imc-1'",
        "image_caches[6]: Neither image_cache_name nor image_cache_id is set",
    ):
        assert words in message
    assert world.calls == []


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({}, {"image_cache_name": "keep"}),
        ({"images": ["redis:7"], "on_change": "replace"}, {}),
        ({"state": "absent"}, {}),
    ],
    ids=["undeclared replacement", "renamed replacement", "used replacement", "absent"],
)
def test_replacement_declared_by_id_conflicts_with_the_entry_of_its_cache(
    first: dict[str, Any], second: dict[str, Any], is_reversed: bool, check_mode: bool
) -> None:
    world = World()
    cache, other = world.create_cache(), world.create_cache(ImageCacheName="web-replacement", Images=["redis:7"])
    entries = [
        {**BUILD_OPTIONS, "image_cache_name": "web", **first},
        {**BUILD_OPTIONS, "image_cache_id": other.id, "images": ["redis:7"], **second},
    ]
    result = world.run_set(image_caches=entries[::-1] if is_reversed else entries, check_mode=check_mode)
    assert result["summary"]["failed"] == 1
    (refused,) = (entry for entry in result["image_caches"] if entry["failed"])
    assert f"web-replacement ({other.id}) is also declared by image_caches[" in refused["msg"]
    assert refused["changed"] is False
    if result["image_caches"].index(refused) == int(not is_reversed):
        # The entry with the name came first and handled the replacement as it does alone.
        assert result["image_caches"][int(is_reversed)]["changed"] is True
    else:
        assert {cache.id, other.id} == set(world.service.caches)


def test_name_and_id_of_the_same_cache_conflict() -> None:
    world = World()
    cache = world.create_cache(ImageCacheName="web")
    entries = [{"image_cache_id": cache.id, "state": "absent"}, {"image_cache_name": "web", **BUILD_OPTIONS}]
    result = world.run_set(image_caches=entries)
    assert result["summary"]["deleted"] == 1
    assert result["summary"]["failed"] == 1
    assert f"web ({cache.id}) is also declared by image_caches[0]" in result["image_caches"][1]["msg"]
    # The next run creates the declared cache.
    assert world.run_set(image_caches=entries)["summary"]["created"] == 1
    both = [
        {"image_cache_id": world.caches[0].id, "image_cache_name": "shop"},
        {"image_cache_name": "web", **BUILD_OPTIONS},
    ]
    assert world.run_set(image_caches=both)["summary"]["failed"] == 1
    assert world.run_set(image_caches=both)["summary"]["created"] == 1
