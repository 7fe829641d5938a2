# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever the service answers, a run ends: with the right result, or with a failure in words.

The true answers to all actions are spoilt in ten thousand ways, down to their bytes. No run goes on for ever, none
comes upon a defect, none deletes what no declaration names, and none writes in check mode.
"""

from __future__ import annotations

import json
import unicodedata
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, settings
from hypothesis import strategies as st

from .lies import CREATE, DELETE, LIST, UPDATE, LyingWorld, Spoilt, spoilt
from .test_prediction import present, put

WRITES = {CREATE, UPDATE, DELETE}
CASES = {"image_cache": 4000, "image_cache_set": 2000, "image_cache_info": 2000, "image_cache_prune": 2000}
NAMED = frozenset(["web", "web-replacement"])
# Seconds of virtual time: the longest wait_timeout, the lag of listings, and the pauses between repeated requests.
LONGEST = 1800 + 600
some_lies = st.lists(spoilt, min_size=1, max_size=2)
declared = st.fixed_dictionaries({"state": st.just("absent"), "name": st.just("web")}) | present
REGISTRY = [{"server": "h.example.com", "username": "u", "password": "pass-1"}]
# Prepared, since drawing each of their parts takes longer than a run.
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


def many(cases: int) -> Any:
    """So many cases, the same ones each time."""
    # Without making a failing case smaller: each of them may take long.
    phases = [Phase.generate]
    return settings(
        max_examples=cases, phases=phases, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )


def furnished(lies: list[Spoilt], named: Any, replacements: list[Any]) -> LyingWorld:
    """Return a world with caches in any state, and two that no declaration names."""
    world = LyingWorld()
    world.begun(ImageCacheName="other").id = "imc-other"
    world.begun(ImageCacheName="web-2")
    if named:
        put(world, "web", named)
    for state in replacements:
        put(world, "web-replacement", state)
    world.service.caches = {cache.id: cache for cache in world.service.caches.values()}
    world.clock.now += 700
    world.faults = lies
    return world


def check(world: LyingWorld, result: dict[str, Any], began: float, check_mode: bool = False) -> None:
    """What holds of every run. One that was told nothing but the truth does not count."""
    printed = json.dumps(result, allow_nan=False)
    assert len(printed) < 20 * world.received + 20000, len(printed)
    assert world.clock.now - began < LONGEST
    check_words(result)
    for message in (*world.warnings, *world.said):
        assert legible(message), message
    if check_mode:
        assert not WRITES & set(world.calls)
    assume(world.lied)
    event("failed" if result.get("failed") else "went well")


def check_words(result: dict[str, Any]) -> None:
    """A failure is said in words that a terminal can show."""
    assert "exception" not in result, result["exception"]
    if not result.get("failed"):
        assert "msg" not in result
        return
    assert isinstance(result["msg"], str)
    assert result["msg"]
    assert "this is a defect of the collection" not in result["msg"]
    assert len(result["msg"]) < 20000
    assert legible(result["msg"]), result["msg"]
    if "error" in result:
        assert len(json.dumps(result["error"])) < 20000


def legible(text: str) -> bool:
    """Return whether a text is nothing but words, and the ends of lines."""
    return not any(
        unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text if character != "\n"
    )


def check_writes(world: LyingWorld, names: frozenset[str] = NAMED) -> None:
    """Only what was listed under a declared name, and what was created here, is deleted or updated."""
    listed = [cache.get("ImageCacheId") for cache in world.listed if str(cache.get("ImageCacheName")) in names]
    own = [*listed, *world.created]
    for action, request in world.requests:
        if action == DELETE:
            assert all(image_cache_id in own for image_cache_id in request["ImageCacheIds"]), request
        elif action == UPDATE:
            assert request["ImageCacheId"] in own, request


@pytest.mark.exhaustive
@given(lies=some_lies, named=named, replacements=caches, options=declared, check_mode=st.booleans())
@many(CASES["image_cache"])
def test_one(
    lies: list[Spoilt], named: Any, replacements: list[Any], options: dict[str, Any], check_mode: bool
) -> None:
    world = furnished(lies, named, replacements)
    began = world.clock.now
    result = world.run(check_mode=check_mode, **options)
    check(world, result, began, check_mode)
    check_writes(world)
    if not check_mode:
        check_recovery(world, options)


def check_recovery(world: LyingWorld, options: dict[str, Any]) -> None:
    """Once the service tells the truth again, a run brings about what is declared, or says why it must not."""
    world.faults.clear()
    world.clock.now += 2000
    if sum(cache.declared["ImageCacheName"] == "web" for cache in world.caches) > 1:
        return
    result = world.run(**{**options, "wait": True})
    check_words(result)
    if not result.get("failed"):
        there = [cache for cache in world.caches if cache.declared["ImageCacheName"] in NAMED]
        assert len(there) == (0 if options.get("state") == "absent" else 1)
        assert result["image_cache_id"] == there[0].id if there else result["image_cache"] is None


@pytest.mark.exhaustive
@given(lies=some_lies, named=named, replacements=caches, options=declared, check_mode=st.booleans())
@many(CASES["image_cache_set"])
def test_a_set(
    lies: list[Spoilt], named: Any, replacements: list[Any], options: dict[str, Any], check_mode: bool
) -> None:
    world = furnished(lies, named, replacements)
    began = world.clock.now
    entry = {"images": ["nginx:1"], "vpc_id": "vpc-1", "subnet_id": "subnet-1", **options, "image_cache_name": "web"}
    entry.pop("name", None)
    entries = [entry, {**entry, "image_cache_name": "new"}, {"image_cache_name": "gone", "state": "absent"}]
    result = world.run_set(check_mode=check_mode, image_caches=entries)
    check(world, result, began, check_mode)
    check_writes(world, frozenset(name + end for name in ("web", "new", "gone") for end in ("", "-replacement")))
    assert len(result["image_caches"]) == 3
    for one in result["image_caches"]:
        assert legible(one.get("msg", ""))


@pytest.mark.exhaustive
@given(
    lies=some_lies,
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
@many(CASES["image_cache_info"])
def test_a_listing(lies: list[Spoilt], named: Any, options: dict[str, Any]) -> None:
    world = furnished(lies, named, [])
    began = world.clock.now
    result = world.run_info(**options)
    check(world, result, began)
    assert not WRITES & set(world.calls)
    shown = [cache.get("ImageCacheId") for cache in world.listed]
    for cache in result.get("image_caches", ()):
        assert cache["image_cache_id"] in shown
        assert fnmatchcase(cache["image_cache_name"] or "", options.get("name_pattern", "*"))
        if "image_cache_ids" in options:
            assert cache["image_cache_id"] == "imc-other"


@pytest.mark.exhaustive
@given(
    lies=some_lies,
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
@many(CASES["image_cache_prune"])
def test_pruning(
    lies: list[Spoilt], named: Any, replacements: list[Any], options: dict[str, Any], check_mode: bool
) -> None:
    world = furnished(lies, named, replacements)
    began = world.clock.now
    result = world.run_prune(check_mode=check_mode, keep_ids=["imc-other"], **options)
    check(world, result, began, check_mode)
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
