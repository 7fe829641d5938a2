# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Annotations are set in copies of the manifests, in one pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.annotations import (
    Match,
    annotate,
    match_template,
    report_matches,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import Manifest, read_manifests
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.pod_templates import find_pod_templates
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.serving import ServingCaches
from unit.support.manifests import POD_SPECS, image_cache, pod_spec, resource, workload

CACHES = ServingCaches([image_cache("a:1", "b:1")], allow_pending=False)


def matches_of(manifests: list[Manifest], overwrite: bool = False) -> list[Match]:
    def annotations_of(cache: Any) -> dict[str, str]:
        return {"use": cache["image_cache_id"], "disk": "50"}

    templates = find_pod_templates(manifests)
    return [match_template(template, CACHES, annotations_of, overwrite) for template in templates]


def annotated(body: Any, overwrite: bool = False) -> Any:
    """Return an annotated manifest. The input stays as it was."""
    before, manifests = copy.deepcopy(body), read_manifests(body)
    (result,) = annotate(manifests, matches_of(manifests, overwrite))
    assert body == before
    return result


def with_metadata(metadata: Any) -> Any:
    template = {"metadata": metadata, "spec": pod_spec("a:1")}
    return {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": template}}


def metadata_of(body: Any) -> Any:
    return body["spec"]["template"]["metadata"]


@pytest.mark.parametrize("kind", POD_SPECS)
def test_annotations_are_in_the_metadata_of_the_pods(kind: str) -> None:
    holder = annotated(workload("a:1", kind=kind))
    for key in POD_SPECS[kind][:-1]:
        holder = holder[key]
    assert holder["metadata"]["annotations"] == {"use": "imc-1", "disk": "50"}


def test_other_metadata_and_annotations_are_kept_in_their_order() -> None:
    metadata = {"labels": {"app": "web"}, "annotations": {"z": "1", "a": "2"}}
    result = annotated(with_metadata(metadata))
    assert list(metadata_of(result)) == ["labels", "annotations"]
    assert list(metadata_of(result)["annotations"].items()) == [
        ("z", "1"),
        ("a", "2"),
        ("use", "imc-1"),
        ("disk", "50"),
    ]
    assert list(result) == ["kind", "metadata", "spec"]


@pytest.mark.parametrize("metadata", [None, {}, {"annotations": None}])
def test_empty_metadata_is_completed(metadata: Any) -> None:
    assert metadata_of(annotated(with_metadata(metadata))) == {"annotations": {"use": "imc-1", "disk": "50"}}


def test_present_annotation_is_kept_unless_it_is_overwritten() -> None:
    body = with_metadata({"annotations": {"use": "imc-old"}})
    assert metadata_of(annotated(body))["annotations"] == {"use": "imc-old", "disk": "50"}
    assert metadata_of(annotated(body, overwrite=True))["annotations"] == {"use": "imc-1", "disk": "50"}


def test_second_pass_changes_nothing() -> None:
    once = annotated(workload("a:1", kind="CronJob"))
    assert annotated(once) == annotated(once, overwrite=True) == once


def test_manifest_without_a_match_is_returned_itself() -> None:
    for body in (workload("c:1"), resource("Prometheus", "main", None, ("spec",), pod_spec("a:1")), {"kind": "A"}):
        assert annotated(body) is body


def test_parts_without_annotations_are_shared_with_the_input() -> None:
    body = {"kind": "List", "items": [workload("c:1"), workload("a:1")]}
    result = annotated(body)
    assert result["items"][0] is body["items"][0]
    assert result["items"][1] is not body["items"][1]
    assert result["items"][1]["spec"]["template"]["spec"] is body["items"][1]["spec"]["template"]["spec"]


def test_uses_of_one_alias_are_annotated_each() -> None:
    template = {"spec": pod_spec("a:1")}
    other = {"kind": "Job", "metadata": {"name": "job"}, "spec": {"template": template}}
    result = annotated({"kind": "List", "items": [{**other, "kind": "Deployment"}, other]})
    for item in result["items"]:
        assert metadata_of(item)["annotations"]["use"] == "imc-1"
    assert template == {"spec": pod_spec("a:1")}


def test_list_is_copied_once_for_all_its_items() -> None:
    copied = 0

    class CountingList(list):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            nonlocal copied
            copied += 1
            return super().__iter__()

    body = {"kind": "List", "items": CountingList(workload("a:1", name=f"w{number}") for number in range(100))}
    manifests = read_manifests(body)
    matches = matches_of(manifests)
    copied = 0
    (result,) = annotate(manifests, matches)
    assert copied == 1
    assert all(metadata_of(item)["annotations"]["use"] == "imc-1" for item in result["items"])


def test_report_says_what_serves_each_pod_template_and_why_nothing_does() -> None:
    prometheus = resource("Prometheus", "main", None, ("spec",), pod_spec("a:1"))
    manifests = read_manifests(
        [
            workload("a:1", kind="Pod"),
            workload("b:1", "c:1"),
            prometheus,
            with_metadata({"annotations": {"disk": "20"}}),
        ]
    )
    report = report_matches(matches_of(manifests), CACHES)
    cache = {"image_cache_id": "imc-1", "image_cache_name": "web"}
    pod = {"kind": "Pod", "namespace": "shop", "name": "web", "path": "", "images": ["a:1"]}
    deployment = {"kind": "Deployment", "name": "web", "path": "spec.template"}
    assert report == {
        "served": [
            {**pod, **cache, "kept": []},
            {**deployment, "namespace": None, "images": ["a:1"], **cache, "kept": ["disk"]},
        ],
        "unserved": [
            {
                **deployment,
                "namespace": "shop",
                "images": ["b:1", "c:1"],
                "missing": ["c:1"],
                "reason": "no image cache contains all images",
            },
            {
                "kind": "Prometheus",
                "namespace": None,
                "name": "main",
                "path": None,
                "images": ["a:1"],
                "missing": [],
                "reason": "the resource has no metadata for the annotations of its Pods",
            },
        ],
    }
