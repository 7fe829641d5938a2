# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every tree of manifests: where each image is cached, under which name, and that Pods are served."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.filter.pod_images import pod_images
from ansible_collections.tencentcloud.tke.plugins.filter.with_image_caches import with_image_caches
from ansible_collections.tencentcloud.tke.plugins.filter.workload_image_caches import workload_image_caches
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.support.manifests import ANNOTATION
from unit.support.random_manifests import IMAGES, Identity, Workload, trees, workload_lists
from unit.support.world import World

pytestmark = pytest.mark.slow

NAME = re.compile(r"(?=.{1,51}$)(?!.*-replacement$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
MERGES = ("identical", "subsets", "none")
GROUPINGS = ("workload", "namespace", "all")
several = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def images_of_groups(workloads: Iterable[Workload], group_by: str) -> dict[Any, set[str]]:
    """Return the images that must be in one cache, by group."""
    groups: dict[Any, set[str]] = defaultdict(set)
    for workload in workloads:
        group = {"workload": workload.identity, "namespace": workload.identity[0], "all": ""}[group_by]
        groups[group].update(workload.images)
    return groups


def own_names(workloads: Iterable[Workload]) -> dict[Identity, str]:
    """Return the name of the cache that each workload has on its own."""
    return {w.identity: workload_image_caches(w.manifest())[0]["name"] for w in workloads}


def caches(manifests: Any, **options: Any) -> dict[str, set[str]]:
    """Return the images of the planned caches by name. Names are unique and valid, images are listed once."""
    entries = workload_image_caches(manifests, **options)
    assert all(NAME.fullmatch(entry["name"]) for entry in entries), entries
    assert all(len(set(entry["images"])) == len(entry["images"]) > 0 for entry in entries), entries
    assert len({entry["name"] for entry in entries}) == len(entries)
    return {entry["name"]: set(entry["images"]) for entry in entries}


@several
@given(st.data(), workload_lists)
def test_images_are_those_of_all_pod_templates(data: st.DataObject, workloads: list[Workload]) -> None:
    manifests = data.draw(trees(workloads))
    before = copy.deepcopy(manifests)
    listed = pod_images(manifests)
    assert len(set(listed)) == len(listed)
    assert set(listed) == {image for workload in workloads for image in workload.images}
    why = pod_images(manifests, why=True)
    assert [entry["image"] for entry in why] == listed
    uses = [(use["namespace"], use["kind"], use["name"], e["image"]) for e in why for use in e["used_by"]]
    assert sorted(map(repr, uses)) == sorted(
        repr((w.namespace, w.kind, w.name, i)) for w in workloads for i in w.images
    )
    assert manifests == before


@several
@given(st.data(), workload_lists, st.sampled_from(GROUPINGS), st.sampled_from(["", "prod-"]))
def test_each_group_has_its_images_in_the_caches_of_its_merge(
    data: st.DataObject, workloads: list[Workload], group_by: str, prefix: str
) -> None:
    manifests = data.draw(trees(workloads))
    before = copy.deepcopy(manifests)
    groups = images_of_groups(workloads, group_by)
    none, identical, subsets = (
        caches(manifests, group_by=group_by, prefix=prefix, merge=merge) for merge in ("none", "identical", "subsets")
    )
    assert sorted(map(sorted, none.values())) == sorted(map(sorted, groups.values()))
    distinct = {frozenset(images) for images in groups.values()}
    assert sorted(map(sorted, identical.values())) == sorted(map(sorted, distinct))
    largest = [images for images in distinct if not any(images < other for other in distinct)]
    assert sorted(map(sorted, subsets.values())) == sorted(map(sorted, largest))
    # Merging leaves caches out, and never changes one.
    assert subsets.items() <= identical.items() <= none.items()
    assert all(name.startswith(prefix) for name in none)
    assert manifests == before


@several
@given(st.data(), workload_lists)
def test_name_depends_on_the_workload_alone(data: st.DataObject, workloads: list[Workload]) -> None:
    names = own_names(workloads)
    assert len(set(names.values())) == len(workloads)
    groups = images_of_groups(workloads, "workload")
    manifests = data.draw(trees(data.draw(st.permutations(workloads))))
    assert caches(manifests, merge="none") == {names[identity]: images for identity, images in groups.items()}
    # With shared caches, it is that of the first workload.
    first: dict[frozenset[str], str] = {}
    for identity in sorted(groups):
        first.setdefault(frozenset(groups[identity]), names[identity])
    assert caches(manifests) == {name: set(images) for images, name in first.items()}


@several
@given(workload_lists, st.sampled_from(IMAGES))
def test_release_of_a_workload_reaches_the_same_cache(workloads: list[Workload], image: str) -> None:
    before = caches([workload.manifest() for workload in workloads], merge="none")
    released = [{**w.spec, "containers": [{"name": "a", "image": image}]} for w in workloads]
    manifests = [
        Workload(w.kind, w.namespace, w.name, w.keys, spec).manifest()
        for w, spec in zip(workloads, released, strict=True)
    ]
    assert caches(manifests, merge="none").keys() == before.keys()


def without_annotations(value: Any) -> Any:
    """Return a copy without the annotations of the filter, and without the mappings that are then empty."""
    if isinstance(value, list):
        return [without_annotations(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: without_annotations(item) for key, item in value.items() if key != ANNOTATION}
    return {key: item for key, item in kept.items() if key not in ("annotations", "metadata") or item}


@several
@given(st.data(), workload_lists, st.sampled_from(GROUPINGS), st.sampled_from(MERGES), st.booleans())
def test_caches_of_workloads_serve_all_their_pods(
    data: st.DataObject, workloads: list[Workload], group_by: str, merge: str, check_mode: bool
) -> None:
    manifests = data.draw(trees(workloads))
    entries = workload_image_caches(manifests, group_by=group_by, merge=merge)
    world = World()
    result = world.run_set(
        image_caches=[{"image_cache_name": entry["name"], "images": entry["images"]} for entry in entries],
        vpc_id="vpc-1",
        subnet_id="subnet-1",
        check_mode=check_mode,
    )
    before = copy.deepcopy(manifests)
    report = with_image_caches(manifests, result, allow_pending=check_mode, report=True)
    assert manifests == before
    reasons = [entry["reason"] for entry in report["unserved"]]
    assert reasons == ["the resource has no metadata for the annotations of its Pods"] * len(reasons)
    assert len(reasons) == sum(not workload.has_place for workload in workloads)
    assert len(report["served"]) == len(workloads) - len(reasons)
    # Nothing but annotations was added, and these serve the same Pods in the next run.
    plain = with_image_caches(manifests, [])
    assert without_annotations(report["manifests"]) == without_annotations(plain)
    again = with_image_caches(report["manifests"], result, allow_pending=check_mode, report=True)
    assert again["manifests"] == report["manifests"]
    assert [entry["kept"] for entry in again["served"]] == [[]] * len(again["served"])
