# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is there, and whatever is declared: what check mode predicts is what the run does, and the next is quiet."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._diff import UNKNOWN_ID
from emulator import BuildFailure, settings_of, worlds
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from .world import World

IMAGES = ["nginx:1", "nginx:2", "redis:7"]
# In these worlds the API refuses, or does only in part, what it is asked for; that is seen only when it is asked.
UNFORESEEABLE = {"no update after a failed one", "no delete while building", "tags are merged"}
UNFORESEEABLE.update(world for world in worlds() if "all at once" in world)
CASES = 1000

image_sets = st.lists(st.sampled_from(IMAGES), min_size=1, max_size=2, unique=True)
tag_sets = st.dictionaries(st.sampled_from(["team", "stage"]), st.sampled_from(["a", "b"]), max_size=2)
credentials = st.lists(
    st.fixed_dictionaries(
        {"server": st.sampled_from(["h.example.com", "r.example.com"])},
        optional={"username": st.just("u"), "password": st.sampled_from(["pass-1", "pass-2"])},
    ),
    max_size=2,
    unique_by=lambda credential: credential["server"],
)
groups = st.lists(st.sampled_from(["sg-1", "sg-2"]), min_size=1, max_size=2, unique=True)
present = st.fixed_dictionaries(
    {},
    optional={
        "images": image_sets,
        "vpc_id": st.sampled_from(["vpc-1", "vpc-2"]),
        "subnet_id": st.just("subnet-1"),
        "security_group_ids": groups,
        "image_registry_credentials": credentials,
        "auto_create_eip": st.booleans(),
        "image_cache_size": st.sampled_from([20, 50]),
        "retention_days": st.sampled_from([0, 5]),
        "resolve_config": st.just("nameserver 10.0.0.2"),
        "tags": tag_sets,
        "purge_tags": st.booleans(),
        "update_password": st.sampled_from(["on_change", "always"]),
        "on_change": st.sampled_from(["update", "replace", "fail"]),
        "recreate_failed": st.booleans(),
        "track_build_settings": st.booleans(),
        "force_rebuild": st.booleans(),
        "max_age": st.sampled_from(["7d", "20m"]),
        "wait": st.booleans(),
    },
)
there = st.fixed_dictionaries(
    {
        "images": image_sets,
        "size": st.sampled_from([20, 50]),
        "retention": st.sampled_from([0, 5]),
        "tags": tag_sets,
        "credentials": credentials,
        "status": st.sampled_from(["Ready", "Ready", "Pending", "Failed", "Updating", "UpdateFailed"]),
        "age": st.sampled_from([60.0, 3600.0, 30 * 86400.0]),
        # The settings with which a tracking run would have recorded it.
        "recorded": st.none() | st.sampled_from(["vpc-1", "vpc-2"]),
    }
)


def put(world: World, name: str, state: dict[str, Any]) -> str:
    """Put a cache there that is in any state."""
    fails = state["status"] in ("Failed", "UpdateFailed")
    world.settings.failures = [BuildFailure(":")] if state["status"] == "Failed" else []
    capital = [{key.title(): value for key, value in c.items()} for c in state["credentials"]]
    cache = world.begun(
        ImageCacheName=name,
        Images=state["images"],
        ImageCacheSize=state["size"],
        RetentionDays=state["retention"],
        Tags=[{"Key": key, "Value": value} for key, value in state["tags"].items()],
        ImageRegistryCredentials=capital,
    )
    if state["recorded"]:
        record = World()
        record.run(track_build_settings=True, vpc_id=state["recorded"])
        cache.declared["Tags"] += record.caches[0].declared["Tags"]
    if state["status"] != "Pending":
        cache.builds[-1].began -= 600
    if state["status"].startswith("Updat"):
        world.settings.failures = [BuildFailure(":")] if fails else []
        world.settings.every_update_builds, builds = True, world.settings.every_update_builds
        world.service.call("UpdateImageCache", {"ImageCacheId": cache.id, "Images": state["images"]})
        world.settings.every_update_builds = builds
        cache.builds[-1].began -= 600 if fails else 0
    cache.created -= state["age"]
    world.settings.failures = []
    return cache.id


def known(predicted: Any, real: Any) -> Any:
    """Return what is real, without what nobody can know before: the request ids, and the ids of new caches."""
    if isinstance(predicted, dict) and isinstance(real, dict) and set(predicted) == set(real):
        return {key: None if key == "request_id" else known(predicted[key], real[key]) for key in real}
    if isinstance(predicted, list) and isinstance(real, list) and len(predicted) == len(real):
        return [known(*pair) for pair in zip(predicted, real)]
    unknown = predicted in (None, UNKNOWN_ID) and isinstance(real, str) and real.startswith("imc-")
    return predicted if unknown else real


@pytest.mark.exhaustive
@given(
    world_name=st.sampled_from(sorted(set(worlds()) - UNFORESEEABLE)),
    named=st.none() | there,
    replacements=st.lists(there, max_size=2),
    declared=st.fixed_dictionaries({"state": st.just("absent")}, optional={"wait": st.booleans()}) | present,
    by_id=st.booleans(),
)
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_a_prediction_comes_true_and_the_next_run_is_quiet(
    world_name: str,
    named: Optional[dict[str, Any]],
    replacements: list[dict[str, Any]],
    declared: dict[str, Any],
    by_id: bool,
) -> None:
    world = World(settings_of(world_name))
    unique, world.settings.unique_names = world.settings.unique_names, False
    image_cache_id = put(world, "web", named) if named else None
    for replacement in replacements:
        put(world, "web-replacement", replacement)
    world.settings.unique_names = unique
    world.clock.now += 5
    address = {"id": image_cache_id} if by_id and image_cache_id else {"name": "web"}
    # Only what is drawn is declared, without the defaults of other tests.
    params = {**dict.fromkeys(["name", "images", "vpc_id", "subnet_id"]), **declared, **address}

    before = [(cache.id, dict(cache.declared)) for cache in world.caches]
    predicted = world.run(check_mode=True, **params)
    assert [(cache.id, dict(cache.declared)) for cache in world.caches] == before
    assert not set(world.calls) - {"DescribeImageCaches"}
    real = world.run(**params)
    event(" ".join(action["action"] for action in real["actions"]) or real.get("msg", "unchanged")[:40])

    assert real.get("msg") == predicted.get("msg")
    for key in ("changed", "actions", "replaced", "recovered_failure", "diff", "image_cache_id"):
        assert known(predicted.get(key), real.get(key)) == predicted.get(key), key
    if "failed" in real or params.get("wait") is False:
        return
    world.clock.now += 90
    if params.get("state") == "absent":
        assert world.caches == []
    else:
        names = [cache.declared["ImageCacheName"] for cache in world.caches]
        # By its id a cache that is as declared is one call, and that one shows no replacement.
        assert names == ["web"] or (by_id and not real["changed"] and names.count("web") == 1)
        assert real["image_cache_id"] in [cache.id for cache in world.ready()]
    if "id" in params and real["image_cache"]:
        params = {**params, "id": real["image_cache_id"]}
    again = world.run(**params)
    if not params.get("force_rebuild") and params.get("update_password") != "always":
        assert "failed" not in again, again["msg"]
        assert again["changed"] is False, again["actions"]
        assert world.calls[-1] == "DescribeImageCaches"
