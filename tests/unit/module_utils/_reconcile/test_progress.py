# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Progress messages: one for each change, at least one a minute, and no repetition."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _run
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.progress import (
    HEARTBEAT,
    Progress,
    TrackedRun,
    format_seconds,
)
from emulator import BuildFailure
from unit.support.world import START_TIME, SameThreadExecutor, VirtualClock, World


class ListeningWorld(World):
    """A world that records progress: C(messages) has the messages and their seconds since the start."""

    def __init__(self) -> None:
        super().__init__()
        self.speaks = True
        self.messages: list[tuple[float, str]] = []

    def progress(self, message: str) -> None:
        self.messages.append((self.clock.now - START_TIME, message))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> ListeningWorld:
    world = ListeningWorld()
    monkeypatch.setattr(_run, "ThreadExecutor", lambda max_writes: SameThreadExecutor(world.clock))
    return world


def seconds_between_messages(world: ListeningWorld, until: float) -> list[float]:
    moments = [0.0, *(moment for moment, _message in world.messages), until]
    return [later - earlier for earlier, later in zip(moments, moments[1:])]


def test_build_reports_each_step(world: ListeningWorld) -> None:
    world.settings.build_seconds = 300.0
    result = world.run(wait_interval=10)
    assert result["changed"]
    lines = [line for _moment, line in world.messages]
    assert lines[0] == f"image cache web, 0 s: {result['image_cache_id']} is being built"
    assert lines[-1].endswith(f": {result['image_cache_id']} is Ready")
    steps = [line.split("is Pending, ")[1].split(":")[0] for line in lines if "is Pending, " in line]
    # Steps between two polls are not reported.
    assert list(dict.fromkeys(steps))[:3] == ["DiskCreated", "EksCiCreated", "SnapCreated"]
    assert max(seconds_between_messages(world, world.clock.now - START_TIME)) <= HEARTBEAT + 1


def test_long_polling_interval_still_reports_every_minute(world: ListeningWorld) -> None:
    world.settings.build_seconds = 1000.0
    world.run(wait_interval=400)
    assert max(seconds_between_messages(world, world.clock.now - START_TIME)) <= HEARTBEAT + 1
    assert len(world.messages) >= 1000 / HEARTBEAT - 1


def test_update_reports_its_start_and_its_end(world: ListeningWorld) -> None:
    cache = world.create_cache()
    start_time = world.clock.now
    world.settings.build_seconds = 300.0
    world.run(images=["nginx:2"], wait_interval=65)
    lines = [line.split(": ", 1)[1] for _moment, line in world.messages]
    assert lines[0] == f"updating {cache.id}: images"
    assert not any("waiting for the API" in line for line in lines)
    assert lines[-1] == f"{cache.id} is Ready"
    assert world.messages[0][0] - (start_time - START_TIME) < 1


def test_joined_update_and_own_update_are_both_reported(world: ListeningWorld) -> None:
    cache = world.create_cache(Images=["nginx:0"])
    world.service.call("UpdateImageCache", {"ImageCacheId": cache.id, "Images": ["nginx:1"]})
    world.run(images=["nginx:2"], wait_interval=61)
    lines = [line.split(": ", 1)[1] for _moment, line in world.messages]
    # The message of the next minute may be the same.
    assert [line for line, _again in itertools.groupby(lines)] == [
        f"joining the running build of {cache.id}",
        f"{cache.id} is Ready",
        f"updating {cache.id}: images",
        f"{cache.id} is Ready",
    ]


def test_failed_update_is_not_reported_as_progress(world: ListeningWorld) -> None:
    world.create_cache()
    world.settings.failures = [BuildFailure("redis")]
    assert world.run(images=["redis:7"], wait_interval=10)["failed"]
    assert not any("Failed" in line or "Ready" in line for _moment, line in world.messages)


def test_unchanged_run_and_run_without_waiting_report_nothing(world: ListeningWorld) -> None:
    world.create_cache()
    world.run()
    world.run(wait=False, images=["redis:7"])
    assert world.messages == []


def test_slow_delete_is_reported_every_minute(world: ListeningWorld) -> None:
    world.create_cache()
    world.settings.listed_after_deletion = 130.0
    world.run(state="absent", name="web")
    assert {line.split(": ", 1)[1][13:] for _moment, line in world.messages} == {"is deleted but still listed"}
    assert len(world.messages) == 3


def test_failed_build_reports_only_earlier_progress(world: ListeningWorld) -> None:
    world.settings.failures = [BuildFailure("nginx")]
    assert world.run(wait_interval=1)["failed"]
    assert world.messages
    assert not any("Failed" in line for _moment, line in world.messages)


def test_set_reports_a_summary(world: ListeningWorld) -> None:
    world.create_cache()
    caches = [{"image_cache_name": name} for name in ("web", "b", "c")]
    options: dict[str, Any] = {"images": ["nginx:1"], "vpc_id": "vpc-1", "subnet_id": "subnet-1"}
    result = world.run_set(image_caches=caches, wait_interval=5, **options)
    assert result["summary"]["created"] == 2
    lines = [line for _moment, line in world.messages]
    assert all(line.startswith("image caches, ") for line in lines)
    assert any(": 1 done, 2 in progress; the slowest is b: imc-" in line for line in lines)
    assert not any("not started" in line for line in lines[-2:])


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (125, "2 min 5 s"), (7260, "2 h 1 min")]
)
def test_durations_are_formatted(seconds: float, words: str) -> None:
    assert format_seconds(seconds) == words


@dataclass
class DrivenRun:
    """A run as progress reporting sees it."""

    effect: Any = None
    error: Optional[Exception] = None


def tracked(label: str, run: DrivenRun, doing: str = "", since: float = 0.0) -> TrackedRun:
    journal = Journal(World())
    if doing:
        journal.begin_step(doing, since)
    return TrackedRun(label, journal, run)


def test_summary_counts_each_state_and_names_the_slowest() -> None:
    clock, lines = VirtualClock(), []  # type: ignore[var-annotated]
    runs = [
        *(tracked(f"done-{number}", DrivenRun(), "x is Ready") for number in range(6)),
        *(tracked(f"failed-{number}", DrivenRun(error=ValueError()), "x is Pending") for number in range(3)),
        tracked("b", DrivenRun(effect="read"), "imc-2 is Pending", since=20.0),
        tracked("a", DrivenRun(effect="read"), "imc-1 is Pending", since=10.0),
        *(tracked(f"new-{number}", DrivenRun(effect="read")) for number in range(5)),
    ]
    progress = Progress(runs, clock, lines.append)
    clock.now += 65
    progress.report()
    assert lines == [
        "image caches, 1 min 5 s: 6 done, 3 failed, 2 in progress, 5 not started; the slowest is a: imc-1 is Pending"
    ]
    # Nothing has changed, so the next line is due after a minute.
    clock.now += 59
    progress.report()
    assert len(lines) == 1
    assert progress.seconds_to_heartbeat() == 1
    clock.now += 1
    progress.report()
    assert len(lines) == 2


def test_summary_without_running_steps_has_only_counts() -> None:
    lines: list[str] = []
    runs = [tracked("a", DrivenRun(), "imc-1 is Ready"), tracked("b", DrivenRun(effect="read"))]
    progress = Progress(runs, VirtualClock(), lines.append)
    progress.end()
    assert lines == ["image caches, 0 s: 1 done, 1 not started"]


def test_single_run_without_a_step_waits_for_the_api() -> None:
    clock, lines = VirtualClock(), []  # type: ignore[var-annotated]
    progress = Progress([tracked("web", DrivenRun(effect="read"))], clock, lines.append)
    progress.report()
    assert lines == []
    clock.now += 60
    progress.report()
    assert lines == ["image cache web, 1 min 0 s: waiting for the API"]


def test_end_of_a_failed_run_is_left_to_its_result() -> None:
    lines: list[str] = []
    Progress([tracked("web", DrivenRun(error=ValueError()), "imc-1 is Pending")], VirtualClock(), lines.append).end()
    assert lines == []
