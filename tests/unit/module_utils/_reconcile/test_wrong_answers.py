# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With any answers of the service a run ends with the correct result or with a failure message.

Ten thousand cases change the correct answers to all actions, down to their bytes. No run is endless or has an internal
error, none deletes a cache that is not declared, and none writes in check mode.
"""

from __future__ import annotations

import json
import unicodedata
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, settings
from hypothesis import strategies as st
from unit.support.random_caches import create_cache_in_state, present_options
from unit.support.world import CREATE, DELETE, LIST, UPDATE
from unit.support.wrong_answers import WrongAnswer, WrongAnswerWorld, wrong_answers

WRITES = {CREATE, UPDATE, DELETE}
CASES = {"image_cache": 4000, "image_cache_set": 2000, "image_cache_info": 2000, "image_cache_prune": 2000}
DECLARED_NAMES = frozenset(["web", "web-replacement"])
# Seconds of virtual time: the longest wait_timeout, the delay of listings, and the pauses between repeated requests.
MAX_SECONDS = 1800 + 600
one_or_two_wrong_answers = st.lists(wrong_answers, min_size=1, max_size=2)
declarations = st.fixed_dictionaries({"state": st.just("absent"), "name": st.just("web")}) | present_options
REGISTRY = [{"server": "h.example.com", "username": "u", "password": "pass-1"}]
# These are prepared because drawing each part takes longer than a run.
STATES = [
    {
        "images": images,
        "size": 20,
        "retention": retention,
        "tags": {"team": "a"},
        "status": status,
        "age": age,
        "credentials": REGISTRY,
        "recorded": None,
    }
    for status in ("Ready", "Ready", "Pending", "Failed", "Updating", "UpdateFailed")
    for images in (["nginx:1"], ["nginx:2", "redis:7"])
    for retention, age in ((0, 60.0), (5, 30 * 86400.0))
]
named = st.sampled_from([None, *STATES])
caches = st.lists(st.sampled_from(STATES), max_size=2)


def run_cases(cases: int) -> Any:
    """Return settings for a number of cases that are the same in each run."""
    # A failing case is not shrunk because each case may take long.
    phases = [Phase.generate]
    return settings(
        max_examples=cases, phases=phases, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )


def create_world(drawn: list[WrongAnswer], named: Any, replacements: list[Any]) -> WrongAnswerWorld:
    """Return a world with caches in any state, and two caches that are not declared."""
    world = WrongAnswerWorld()
    world.start_build(ImageCacheName="other").id = "imc-other"
    world.start_build(ImageCacheName="web-2")
    if named:
        create_cache_in_state(world, "web", named)
    for state in replacements:
        create_cache_in_state(world, "web-replacement", state)
    world.service.caches = {cache.id: cache for cache in world.service.caches.values()}
    world.clock.now += 700
    world.wrong_answers = drawn
    return world


def check_run(world: WrongAnswerWorld, result: dict[str, Any], start_time: float, check_mode: bool = False) -> None:
    """Check the bounds of every run. A run with only correct answers does not count as a case."""
    printed = json.dumps(result, allow_nan=False)
    assert len(printed) < 20 * world.received + 20000, len(printed)
    assert world.clock.now - start_time < MAX_SECONDS
    check_message(result)
    for message in (*world.warnings, *world.messages):
        assert is_printable(message), message
    if check_mode:
        assert not WRITES & set(world.calls)
    assume(world.has_wrong_answers)
    event("failed" if result.get("failed") else "succeeded")


def check_message(result: dict[str, Any]) -> None:
    """Check that a failure has a message that a terminal can show."""
    assert "exception" not in result, result["exception"]
    if not result.get("failed"):
        assert "msg" not in result
        return
    assert isinstance(result["msg"], str)
    assert result["msg"]
    assert "Internal error" not in result["msg"]
    assert len(result["msg"]) < 20000
    assert is_printable(result["msg"]), result["msg"]
    if "error" in result:
        assert len(json.dumps(result["error"])) < 20000


def is_printable(text: str) -> bool:
    """Return whether a text has no control characters except ends of lines."""
    return not any(
        unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text if character != "\n"
    )


def check_writes(world: WrongAnswerWorld, names: frozenset[str] = DECLARED_NAMES) -> None:
    """Check that only caches with a declared name or of this run are deleted or updated."""
    listed = [cache.get("ImageCacheId") for cache in world.listed if str(cache.get("ImageCacheName")) in names]
    allowed = [*listed, *world.created]
    for action, request in world.requests:
        if action == DELETE:
            assert all(image_cache_id in allowed for image_cache_id in request["ImageCacheIds"]), request
        elif action == UPDATE:
            assert request["ImageCacheId"] in allowed, request


@pytest.mark.exhaustive
@given(drawn=one_or_two_wrong_answers, named=named, replacements=caches, options=declarations, check_mode=st.booleans())
@run_cases(CASES["image_cache"])
def test_run_with_wrong_answers_ends_correctly(
    drawn: list[WrongAnswer], named: Any, replacements: list[Any], options: dict[str, Any], check_mode: bool
) -> None:
    world = create_world(drawn, named, replacements)
    start_time = world.clock.now
    result = world.run(check_mode=check_mode, **options)
    check_run(world, result, start_time, check_mode)
    check_writes(world)
    if not check_mode:
        check_recovery(world, options)


def check_recovery(world: WrongAnswerWorld, options: dict[str, Any]) -> None:
    """Check that a run with correct answers ends as declared or fails with a message."""
    world.wrong_answers.clear()
    world.clock.now += 2000
    if sum(cache.declared["ImageCacheName"] == "web" for cache in world.caches) > 1:
        return
    result = world.run(**{**options, "wait": True})
    check_message(result)
    if not result.get("failed"):
        remaining = [cache for cache in world.caches if cache.declared["ImageCacheName"] in DECLARED_NAMES]
        assert len(remaining) == (0 if options.get("state") == "absent" else 1)
        assert result["image_cache_id"] == remaining[0].id if remaining else result["image_cache"] is None


@pytest.mark.exhaustive
@given(drawn=one_or_two_wrong_answers, named=named, replacements=caches, options=declarations, check_mode=st.booleans())
@run_cases(CASES["image_cache_set"])
def test_set_with_wrong_answers_ends_correctly(
    drawn: list[WrongAnswer], named: Any, replacements: list[Any], options: dict[str, Any], check_mode: bool
) -> None:
    world = create_world(drawn, named, replacements)
    start_time = world.clock.now
    entry = {"images": ["nginx:1"], "vpc_id": "vpc-1", "subnet_id": "subnet-1", **options, "image_cache_name": "web"}
    entry.pop("name", None)
    entries = [entry, {**entry, "image_cache_name": "new"}, {"image_cache_name": "gone", "state": "absent"}]
    result = world.run_set(check_mode=check_mode, image_caches=entries)
    check_run(world, result, start_time, check_mode)
    check_writes(world, frozenset(name + end for name in ("web", "new", "gone") for end in ("", "-replacement")))
    assert len(result["image_caches"]) == 3
    for one in result["image_caches"]:
        assert is_printable(one.get("msg", ""))


@pytest.mark.exhaustive
@given(
    drawn=one_or_two_wrong_answers,
    named=named,
    options=st.fixed_dictionaries(
        {},
        optional={
            "image_cache_names": st.just(["web", "other"]),
            "image_cache_ids": st.just(["imc-other"]),
            "name_pattern": st.just("w*"),
            "statuses": st.just(["Ready"]),
            "tags": st.just({"team": "a"}),
            "contains_image": st.just("nginx:*"),
            "match_images": st.just(["nginx:1", "redis:7"]),
        },
    ),
)
@run_cases(CASES["image_cache_info"])
def test_info_with_wrong_answers_ends_correctly(drawn: list[WrongAnswer], named: Any, options: dict[str, Any]) -> None:
    world = create_world(drawn, named, [])
    start_time = world.clock.now
    result = world.run_info(**options)
    check_run(world, result, start_time)
    assert not WRITES & set(world.calls)
    listed_ids = [cache.get("ImageCacheId") for cache in world.listed]
    for cache in result.get("image_caches", ()):
        assert cache["image_cache_id"] in listed_ids
        assert fnmatchcase(cache["image_cache_name"] or "", options.get("name_pattern", "*"))
        if "image_cache_ids" in options:
            assert cache["image_cache_id"] == "imc-other"


@pytest.mark.exhaustive
@given(
    drawn=one_or_two_wrong_answers,
    named=named,
    replacements=caches,
    options=st.fixed_dictionaries(
        {"name_pattern": st.just("web*")},
        optional={
            "statuses": st.just(["Ready", "Failed"]),
            "superseded": st.booleans(),
            "older_than": st.sampled_from(["1m", "7d"]),
            "never_matched": st.booleans(),
            "unmatched_for": st.sampled_from(["1m", "7d"]),
            "keep_newest": st.sampled_from([0, 1]),
            "max_deletions": st.sampled_from([1, 10]),
            "include_auto": st.booleans(),
        },
    ),
    check_mode=st.booleans(),
)
@run_cases(CASES["image_cache_prune"])
def test_prune_with_wrong_answers_ends_correctly(
    drawn: list[WrongAnswer], named: Any, replacements: list[Any], options: dict[str, Any], check_mode: bool
) -> None:
    world = create_world(drawn, named, replacements)
    start_time = world.clock.now
    result = world.run_prune(check_mode=check_mode, keep_ids=["imc-other"], **options)
    check_run(world, result, start_time, check_mode)
    allowed = [
        cache.get("ImageCacheId")
        for cache in world.listed
        if fnmatchcase(str(cache.get("ImageCacheName")), "web*") and cache.get("Status") not in ("Pending", "Updating")
    ]
    for action, request in world.requests:
        assert action in (LIST, DELETE)
        if action == DELETE:
            assert all(image_cache_id in allowed for image_cache_id in request["ImageCacheIds"])
            assert "imc-other" not in request["ImageCacheIds"]
    deleted = [cache["image_cache_id"] for cache in result.get("deleted", ())]
    if not check_mode:
        assert set(deleted) <= {one for a, request in world.requests if a == DELETE for one in request["ImageCacheIds"]}
        assert len(deleted) <= options.get("max_deletions", 10)
