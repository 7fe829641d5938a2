# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Eight hours: keys expire, requests are throttled, and the API and a registry restart and are unreachable.

Time is virtual for the collection and for the emulator. Connections, threads and memory are real. Memory is counted in
blocks, which takes no time; the exhaustive variants trace each allocation and count bytes.
"""

from __future__ import annotations

import itertools
import os
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import poll_interval
from unit.support.long_runs import HOUR, MINUTE, ROLE_SECONDS, Footprint, LongWorld
from unit.support.registry_images import Pusher, gzip_layer
from unit.support.world import BUILD_OPTIONS, CREATE, DELETE, LIST

pytestmark = pytest.mark.slow

SHORT, LONG = [f"short-{number}" for number in range(4)], [f"long-{number}" for number in range(16)]
CACHES = [f"app-{number}" for number in range(20)]
RUNS = 16
# If each poll left one object for each cache, six hours would leave 8,000 blocks.
MOST_BLOCKS, MOST_BYTES = 2000, 256 * 1024


@pytest.fixture(name="world", params=[False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["blocks", "bytes"])
def start_world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LongWorld]:
    """An emulator and a registry in virtual time, and an empty home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    world = LongWorld()
    if request.param:
        tracemalloc.start()
    yield world
    tracemalloc.stop()
    world.stop()


def check_flat(early: Footprint, late: Footprint) -> None:
    """Check that neither memory nor threads and files grow between two measurements."""
    # While coverage is measured, its own data grow.
    assert late.blocks - early.blocks <= MOST_BLOCKS or "STORY_COVERAGE" in os.environ
    assert late.size - early.size <= MOST_BYTES
    # Threads and connections that are kept depend on how many requests were sent at once.
    assert late.threads - early.threads <= 2
    assert late.files - early.files <= 4


def count_polls(seconds: float) -> int:
    """Return the number of polls in so many seconds, by the rule for wait_interval=10."""
    waited, polls = 0.0, 0
    while waited < seconds:
        waited += poll_interval(10, waited)
        polls += 1
    return polls


def test_one_run_waits_for_eight_hours(world: LongWorld) -> None:
    builds = iter([*(20 * MINUTE * (number + 1) for number in range(len(SHORT))), *[8 * HOUR + MINUTE] * len(LONG)])
    world.build_seconds = lambda: next(builds)
    # One outage lasts for a few seconds, and one for longer than the keys of the role.
    for at, seconds in ((1.5 * HOUR, 3 * MINUTE), (3 * HOUR, 10), (4 * HOUR, 20 * MINUTE), (6 * HOUR, 5 * MINUTE)):
        world.plan_outage(at, seconds)
    footprints: list[Footprint] = []
    for hour in (2, 8):
        world.clock.plan(hour * HOUR, lambda: footprints.append(world.measure()))
    entries = [{"image_cache_name": name} for name in (*SHORT, *LONG)]
    with world.check_nothing_is_left():
        result = world.run_set(entries, **BUILD_OPTIONS)
    assert result["summary"]["created"] == len(entries), result.get("msg")
    assert {entry["image_cache"]["status"] for entry in result["image_caches"]} == {"Ready"}
    assert world.clock.elapsed == pytest.approx(8 * HOUR + MINUTE, abs=2 * MINUTE)
    assert len(world.emulator.region().caches) == len(entries)
    assert world.answered(CREATE) == len(entries)
    assert world.codes == {}
    # There is one warning for all outages, and at least one line of progress for each minute.
    assert len(world.warnings) == 1
    assert world.lines >= 8 * HOUR / MINUTE
    # Keys are renewed when a quarter of their life is left.
    assert 8 * HOUR / ROLE_SECONDS <= world.renewals <= 8 * HOUR / (0.75 * ROLE_SECONDS) + 1
    rule = count_polls(8 * HOUR)
    assert 0.75 * rule <= world.answered(LIST) <= 1.5 * rule
    assert sum(world.calls.values()) <= 2 * rule
    check_flat(*footprints)
    check_first_keys_are_refused(world)


def check_first_keys_are_refused(world: LongWorld) -> None:
    """Check that the emulator refuses keys that have expired, so the run has used none."""
    first = next(iter(world.emulator.identity.sessions.values()))
    keys = {"secret_id": first.secret_id, "secret_key": first.secret_key, "token": first.token, "role_arn": None}
    result = world.run_set([{"image_cache_name": "web"}], **BUILD_OPTIONS, **keys)
    assert result["image_caches"][0]["error"]["code"] == "AuthFailure.TokenFailure"


def test_sixteen_runs_in_eight_hours(world: LongWorld) -> None:
    host, pusher = world.registry.host, Pusher(world.registry.url())
    contents = {image: itertools.cycle((b"0", b"1")) for image in CACHES}

    def push(images: Sequence[str]) -> None:
        for image in images:
            pusher.push_image(image, "1", [gzip_layer(fill=next(contents[image]))])

    # The registry knows both contents from the start, so it does not grow later.
    for _content in range(2):
        push(CACHES)
    entries = [{"image_cache_name": name, "images": [f"{host}/{name}:1"]} for name in CACHES]
    options = {**BUILD_OPTIONS, "follow_tags": True, "verify_images": True, "registry_http_end_point_list": [host]}
    for number in (1, 9):
        world.plan_outage(number * HOUR / 2 + 3 * MINUTE, MINUTE)
    footprints: list[Footprint] = []
    replaced = 0
    for number in range(RUNS):
        world.clock.sleep(number * HOUR / 2 - world.clock.elapsed)
        is_up, expected = number % 4 != 3, dict.fromkeys(("created", "updated", "replaced", "deleted", "failed"), 0)
        if number == 0:
            expected["created"] = len(CACHES)
        elif is_up:
            push(CACHES[:number])
            expected["replaced"] = number
        else:
            world.registry.stop()
        with world.check_nothing_is_left():
            result = world.run_set(entries, **options)
        unchanged = len(CACHES) - expected["created"] - expected["replaced"]
        assert result["summary"] == {**expected, "unchanged": unchanged}, result.get("msg")
        replaced += expected["replaced"]
        if not is_up:
            world.restart_registry()
            assert len(world.warnings) == len(CACHES)
            assert all("cannot tell whether the tag of an image has moved" in warning for warning in world.warnings)
        world.warnings.clear()
        if number in (4, RUNS - 1):
            footprints.append(world.measure())
    assert world.answered(CREATE) == len(CACHES) + replaced
    assert world.answered(DELETE) == replaced
    assert len(world.emulator.region().caches) == len(CACHES)
    # The keys of a role last longer than a run waits.
    assert world.renewals == RUNS
    assert world.codes == {}
    check_flat(*footprints)
