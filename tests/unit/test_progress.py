# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far runs are: a line at a change, at least one a minute, and none that repeats another."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _run
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.progress import HEARTBEAT, in_words
from emulator import BuildFailure
from unit.support.world import START_TIME, SameThreadExecutor, World


class Told(World):
    """A world in which somebody hears of progress: C(said) has the lines with the seconds since the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.speaks = True
        self.said: list[tuple[float, str]] = []

    def progress(self, message: str) -> None:
        self.said.append((self.clock.now - START_TIME, message))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    world = Told()
    monkeypatch.setattr(_run, "ThreadExecutor", lambda room: SameThreadExecutor(world.clock))
    return world


def silences(world: Told, until: float) -> list[float]:
    moments = [0.0, *(moment for moment, _line in world.said), until]
    return [later - earlier for earlier, later in zip(moments, moments[1:])]


def test_a_build_is_told_step_by_step(told: Told) -> None:
    told.settings.build_seconds = 300.0
    result = told.run(wait_interval=10)
    assert result["changed"]
    lines = [line for _moment, line in told.said]
    assert lines[0] == f"image cache 'web', 0 s: {result['image_cache_id']} is being built"
    assert lines[-1].endswith(f": {result['image_cache_id']} is Ready")
    steps = [line.split("is Pending, ")[1].split(":")[0] for line in lines if "is Pending, " in line]
    # Those that two looks have between them are not seen.
    assert list(dict.fromkeys(steps))[:3] == ["DiskCreated", "EksCiCreated", "SnapCreated"]
    assert max(silences(told, told.clock.now - START_TIME)) <= HEARTBEAT + 1


def test_there_is_a_line_a_minute_however_seldom_it_looks(told: Told) -> None:
    told.settings.build_seconds = 1000.0
    told.run(wait_interval=400)
    assert max(silences(told, told.clock.now - START_TIME)) <= HEARTBEAT + 1
    assert len(told.said) >= 1000 / HEARTBEAT - 1


def test_an_update_is_told_from_its_beginning_to_its_end(told: Told) -> None:
    cache = told.create_cache()
    began = told.clock.now
    told.settings.build_seconds = 300.0
    told.run(images=["nginx:2"], wait_interval=65)
    lines = [line.split(": ", 1)[1] for _moment, line in told.said]
    assert lines[0] == f"updating {cache.id}: images"
    assert not any("asking the API" in line for line in lines)
    assert lines[-1] == f"{cache.id} is Ready"
    assert told.said[0][0] - (began - START_TIME) < 1


def test_an_update_that_is_joined_and_followed_by_another_is_told_twice(told: Told) -> None:
    cache = told.create_cache(Images=["nginx:0"])
    told.service.call("UpdateImageCache", {"ImageCacheId": cache.id, "Images": ["nginx:1"]})
    told.run(images=["nginx:2"], wait_interval=61)
    lines = [line.split(": ", 1)[1] for _moment, line in told.said]
    # A minute's line may say the same again.
    assert [line for line, _again in itertools.groupby(lines)] == [
        f"joining the build of {cache.id}",
        f"{cache.id} is Ready",
        f"updating {cache.id}: images",
        f"{cache.id} is Ready",
    ]


def test_the_end_of_a_failure_is_left_to_the_result(told: Told) -> None:
    told.create_cache()
    told.settings.failures = [BuildFailure("redis")]
    assert told.run(images=["redis:7"], wait_interval=10)["failed"]
    assert not any("Failed" in line or "Ready" in line for _moment, line in told.said)


def test_an_unchanged_run_and_one_that_does_not_wait_say_nothing(told: Told) -> None:
    told.create_cache()
    told.run()
    told.run(wait=False, images=["redis:7"])
    assert told.said == []


def test_a_delete_that_takes_its_time(told: Told) -> None:
    told.create_cache()
    told.settings.listed_after_deletion = 130.0
    told.run(state="absent", name="web")
    assert {line.split(": ", 1)[1][13:] for _moment, line in told.said} == {"is deleted, but still listed"}
    assert len(told.said) == 3


def test_of_a_failure_only_what_went_before_is_told(told: Told) -> None:
    told.settings.failures = [BuildFailure("nginx")]
    assert told.run(wait_interval=1)["failed"]
    assert told.said
    assert not any("Failed" in line for _moment, line in told.said)


def test_many_are_summed_up(told: Told) -> None:
    told.create_cache()
    caches = [{"image_cache_name": name} for name in ("web", "b", "c")]
    options: dict[str, Any] = {"images": ["nginx:1"], "vpc_id": "vpc-1", "subnet_id": "subnet-1"}
    result = told.run_set(image_caches=caches, wait_interval=5, **options)
    assert result["summary"]["created"] == 2
    lines = [line for _moment, line in told.said]
    assert all(line.startswith("image caches, ") for line in lines)
    assert any(": 1 done, 2 under way; the slowest is 'b': imc-" in line for line in lines)
    assert not any("not begun" in line for line in lines[-2:])


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (125, "2 min 5 s"), (7260, "2 h 1 min")]
)
def test_lengths_of_time(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
