# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hypothesis strategies for caches in any state and for declarations, and how a cache gets into a state."""

from __future__ import annotations

from typing import Any

from emulator import BuildFailure
from hypothesis import strategies as st
from unit.support.world import World

IMAGES = ["nginx:1", "nginx:2", "redis:7"]
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


def drop_invalid_renewal(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options without C(min_days_left) if they have no retention."""
    return {name: value for name, value in options.items() if name != "min_days_left" or options.get("retention_days")}


security_groups = st.lists(st.sampled_from(["sg-1", "sg-2"]), min_size=1, max_size=2, unique=True)
present_options = st.fixed_dictionaries(
    {},
    optional={
        "images": image_sets,
        "vpc_id": st.sampled_from(["vpc-1", "vpc-2"]),
        "subnet_id": st.just("subnet-1"),
        "security_group_ids": security_groups,
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
        "min_days_left": st.just(3),
        "wait": st.booleans(),
    },
).map(drop_invalid_renewal)
cache_states = st.fixed_dictionaries(
    {
        "images": image_sets,
        "size": st.sampled_from([20, 50]),
        "retention": st.sampled_from([0, 5]),
        "tags": tag_sets,
        "credentials": credentials,
        "status": st.sampled_from(["Ready", "Ready", "Pending", "Failed", "Updating", "UpdateFailed"]),
        # Not in whole days: check mode and the run would then add another age to the retention.
        "age": st.sampled_from([60.0, 3600.0, 2.5 * 86400, 30.5 * 86400]),
        # The VPC in the record of a tracked cache.
        "recorded": st.none() | st.sampled_from(["vpc-1", "vpc-2"]),
    }
)


def create_cache_in_state(world: World, name: str, state: dict[str, Any]) -> str:
    """Create a cache in the given state and return its id."""
    fails = state["status"] in ("Failed", "UpdateFailed")
    world.settings.failures = [BuildFailure(":")] if state["status"] == "Failed" else []
    capitalized = [{key.title(): value for key, value in c.items()} for c in state["credentials"]]
    cache = world.start_build(
        ImageCacheName=name,
        Images=state["images"],
        ImageCacheSize=state["size"],
        RetentionDays=state["retention"],
        Tags=[{"Key": key, "Value": value} for key, value in state["tags"].items()],
        ImageRegistryCredentials=capitalized,
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
