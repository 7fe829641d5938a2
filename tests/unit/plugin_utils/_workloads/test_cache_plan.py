# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which image caches workloads get, by grouping and merging."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads import cache_plan
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.cache_plan import plan_caches
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import (
    InvalidManifest,
    read_manifests,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.pod_templates import find_pod_templates
from unit.support.manifests import pod_spec, resource, workload


def plan(
    manifests: Any, group_by: Any = "workload", prefix: Any = "", merge: Any = "identical"
) -> dict[str, list[str]]:
    """Return the images of the caches by name, in order."""
    templates = find_pod_templates(read_manifests(manifests))
    entries = plan_caches(templates, group_by, prefix, merge)
    assert all(set(entry) == {"name", "images"} for entry in entries)
    names = [entry["name"] for entry in entries]
    assert len(set(names)) == len(names)
    return {entry["name"]: entry["images"] for entry in entries}


API, WEB = workload("app:1", "proxy:1", name="api"), workload("app:1", "proxy:1")
JOB, DB = workload("app:1", kind="CronJob", name="job"), workload("db:1", kind="StatefulSet", name="db", namespace=None)
ALL = [WEB, JOB, DB, API]


def test_workloads_with_identical_images_share_the_cache_of_the_first() -> None:
    assert plan(ALL) == {
        "default-statefulset-db": ["db:1"],
        "shop-cronjob-job": ["app:1"],
        "shop-deployment-api": ["app:1", "proxy:1"],
    }


def test_order_of_images_makes_no_difference_for_sharing() -> None:
    assert plan([workload("b:1", "a:1", name="a"), workload("a:1", "b:1", name="b")]) == {
        "shop-deployment-a": ["b:1", "a:1"]
    }


def test_images_are_compared_as_written() -> None:
    assert len(plan([workload("nginx", name="a"), workload("nginx:latest", name="b")])) == 2


def test_subset_has_no_cache_of_its_own_with_merge_subsets() -> None:
    assert plan(ALL, merge="subsets") == {
        "default-statefulset-db": ["db:1"],
        "shop-deployment-api": ["app:1", "proxy:1"],
    }


def test_sets_that_overlap_are_no_subsets() -> None:
    assert len(plan([workload("a:1", "b:1", name="a"), workload("b:1", "c:1", name="b")], merge="subsets")) == 2


def test_each_workload_has_a_cache_with_merge_none() -> None:
    assert plan(ALL, merge="none") == {
        "default-statefulset-db": ["db:1"],
        "shop-cronjob-job": ["app:1"],
        "shop-deployment-api": ["app:1", "proxy:1"],
        "shop-deployment-web": ["app:1", "proxy:1"],
    }


@pytest.mark.parametrize("merge", ["identical", "subsets", "none"])
def test_namespaces_have_a_cache_each(merge: str) -> None:
    assert plan(ALL, "namespace", "prod-", merge) == {
        "prod-default": ["db:1"],
        "prod-shop": ["app:1", "proxy:1"],
    }


def test_namespaces_with_identical_images_share_a_cache() -> None:
    manifests = [workload("a:1", namespace="y"), workload("a:1", namespace="x")]
    assert plan(manifests, "namespace") == {"x": ["a:1"]}
    assert plan(manifests, "namespace", merge="none") == {"x": ["a:1"], "y": ["a:1"]}


def test_all_workloads_have_one_cache() -> None:
    assert plan(ALL, "all", "prod-") == {"prod-all": ["db:1", "app:1", "proxy:1"]}
    assert plan([], "all") == {}


def test_missing_namespace_is_default() -> None:
    assert plan([workload("a:1", namespace=None)]) == plan([workload("a:1", namespace="default")])


def test_pod_templates_of_one_workload_are_in_one_cache() -> None:
    sets = [{"template": {"spec": pod_spec("a:1", "b:1")}}, {"template": {"spec": pod_spec("b:1", "c:1")}}]
    assert list(plan([resource("Cluster", "x", "shop", ("spec", "sets"), sets)]).values()) == [["a:1", "b:1", "c:1"]]
    # Twice the same workload, for example of two clusters.
    assert plan([workload("a:1"), workload("a:2")]) == {"shop-deployment-web": ["a:1", "a:2"]}


def test_name_of_a_shared_cache_changes_only_with_its_first_workload() -> None:
    middle, last = workload("a:1", name="m"), workload("a:1", name="z")
    assert list(plan([last, middle])) == list(plan([middle])) == ["shop-deployment-m"]
    assert list(plan([last, middle, workload("a:1", name="a")])) == ["shop-deployment-a"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group_by": "pod"}, "invalid group_by 'pod': expected one of workload, namespace, all."),
        ({"merge": "union"}, "invalid merge 'union': expected one of identical, subsets, none."),
        ({"merge": ["none"]}, "invalid merge ['none']: expected one of identical, subsets, none."),
        ({"group_by": None}, "invalid group_by None: expected one of workload, namespace, all."),
        ({"prefix": "A"}, "invalid prefix 'A': expected at most 30 lower-case letters"),
    ],
)
def test_invalid_option_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidManifest) as raised:
        plan(ALL, **options)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (
            workload("a:1", name=None),
            "item 1: a Deployment has no metadata.name, on which the name of its image cache dep",
        ),
        (
            workload("a:1", name="{{ x }}"),
            "item 1: name '{{ x }}' of a Deployment is a template that was not rendered.",
        ),
        (
            workload("a:1", namespace="{{ x }}"),
            "item 1: namespace '{{ x }}' of a Deployment is a template that was not",
        ),
    ],
)
def test_workload_without_a_usable_name_is_refused(manifest: Any, message: str) -> None:
    with pytest.raises(InvalidManifest) as raised:
        plan([manifest])
    assert str(raised.value).startswith(message)


def test_hundreds_of_sets_are_merged_with_few_comparisons() -> None:
    """A common sidecar must not lead to a comparison of each set with each other."""
    compared = 0

    class CountingSet(frozenset):  # type: ignore[type-arg]
        def __lt__(self, other: Any) -> bool:
            nonlocal compared
            compared += 1
            return super().__lt__(other)

    manifests = [workload("sidecar:1", f"app:{number}", name=f"w{number}") for number in range(500)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache_plan, "frozenset", CountingSet, raising=False)
        assert len(plan(manifests, merge="subsets")) == 500
    assert compared == 500
