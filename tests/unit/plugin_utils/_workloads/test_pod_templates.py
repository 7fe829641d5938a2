# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pod templates are found by their structure, with all their images; other texts are not searched."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads import pod_templates
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import (
    InvalidManifest,
    read_manifests,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.pod_templates import (
    PodTemplate,
    find_pod_templates,
    parse_paths,
)
from unit.support.manifests import POD_SPECS, pod_spec, resource, workload


def find(manifests: Any, *paths: str) -> list[PodTemplate]:
    return find_pod_templates(read_manifests(manifests), parse_paths(paths))


def images(manifests: Any, *paths: str) -> list[list[str]]:
    return [template.images for template in find(manifests, *paths)]


def error(manifests: Any, *paths: str) -> str:
    with pytest.raises(InvalidManifest) as raised:
        find(manifests, *paths)
    return str(raised.value)


@pytest.mark.parametrize("kind", POD_SPECS)
def test_pod_template_of_each_kind_is_found(kind: str) -> None:
    (template,) = find(workload("a:1", "b:1", kind=kind))
    assert template.images == ["a:1", "b:1"]
    assert template.workload.label == f"{kind} shop/web"
    assert template.keys == POD_SPECS[kind][:-1]


def test_all_places_of_a_pod_spec_that_use_images_are_read_in_order() -> None:
    spec = {
        "ephemeralContainers": [{"name": "debug", "image": "e:1", "targetContainerName": "web"}],
        "initContainers": [
            {"name": "wait", "image": "i:1"},
            {"name": "proxy", "image": "s:1", "restartPolicy": "Always"},
        ],
        "containers": [{"name": "web", "image": "c:1"}, {"name": "again", "image": "i:1"}, {"name": "none"}],
        "volumes": [
            {"name": "model", "image": {"reference": "v:1", "pullPolicy": "Always"}},
            {"name": "config", "configMap": {"name": "image"}},
            {"name": "broken", "image": "not-a-mapping"},
        ],
        "nodeSelector": {"image": "n:1"},
    }
    (template,) = find(resource("Pod", "web", "shop", ("spec",), spec))
    assert template.images == ["e:1", "i:1", "s:1", "c:1", "v:1"]
    assert [usage.label for usage in template.usages] == [
        "container debug",
        "container wait",
        "container proxy",
        "container web",
        "container again",
        "volume model",
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"containers": None},
        {"containers": []},
        {"containers": "web"},
        {"containers": {"name": "web", "image": "a:1"}},
        {"containers": ["a:1"]},
        {"containers": [{"name": "web", "image": "a:1"}, "text"]},
        {"containers": [{"name": "web"}]},
        {"containers": [{"name": "web", "image": ""}]},
        {"containers": [{"name": "web", "image": 7}]},
        {"containers": [{"name": "web", "image": {"repository": "a"}}]},
        {"containers": [{"image": "a:1"}]},
        {"image": "a:1", "initContainers": [{"name": "web", "image": "a:1"}]},
    ],
)
def test_mapping_of_another_structure_is_no_pod_spec(value: Any) -> None:
    assert images(resource("Deployment", "web", None, ("spec", "pod"), value)) == []


def test_texts_that_look_like_images_are_not_searched() -> None:
    applied = yaml.safe_dump(workload("a:1"))
    others = [
        {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"image": "a:1", "containers": applied}},
        {"kind": "Secret", "metadata": {"name": "a"}, "stringData": {"manifest.yaml": applied}},
        {"kind": "Service", "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}}},
        {
            "kind": "HelmRelease",
            "metadata": {"name": "a"},
            "spec": {"values": {"image": {"repository": "a", "tag": "1"}}},
        },
    ]
    assert images(others) == []


@pytest.mark.parametrize(
    "keys",
    [
        ("spec", "template", "spec"),
        ("template", "spec"),
        ("spec", "jobTargetRef", "template", "spec"),
        ("spec", "a", "b", "c", "d", "e", "podTemplate", "spec"),
    ],
)
def test_custom_resource_is_searched_at_any_depth(keys: tuple[str, ...]) -> None:
    (template,) = find(resource("Rollout", "web", "shop", keys, pod_spec("a:1")))
    assert template.images == ["a:1"]
    assert template.workload.label == "Rollout shop/web"
    assert template.keys == keys[:-1]


def test_pod_specs_in_lists_are_found() -> None:
    sets = [{"name": "hot", "podTemplate": {"spec": pod_spec("a:1")}}, {"podTemplate": {"spec": pod_spec("b:1")}}]
    found = find(resource("Elasticsearch", "logs", "shop", ("spec", "nodeSets"), sets))
    assert [template.images for template in found] == [["a:1"], ["b:1"]]
    assert [template.path for template in found] == ["spec.nodeSets.0.podTemplate", "spec.nodeSets.1.podTemplate"]


@pytest.mark.parametrize("keys", [("spec",), ("spec", "kubernetesPodSpec"), ("podSpec",)])
def test_pod_spec_without_metadata_of_its_pods_has_no_place_for_annotations(keys: tuple[str, ...]) -> None:
    (template,) = find(resource("Prometheus", "main", "shop", keys, pod_spec("a:1")))
    assert template.images == ["a:1"]
    assert template.keys is None
    assert template.path is None


def test_containers_below_template_and_spec_need_no_names() -> None:
    # A Service of Knative.
    spec = {"containers": [{"image": "a:1"}]}
    (template,) = find(resource("Service", "web", "shop", ("spec", "template", "spec"), spec))
    assert template.images == ["a:1"]
    assert template.usages[0].facts == {"container": None}


class TestLists:
    def test_items_of_lists_and_of_nested_lists_are_found(self) -> None:
        inner = {"kind": "List", "metadata": {"resourceVersion": ""}, "items": [workload("b:1", kind="CronJob")]}
        found = find({"apiVersion": "v1", "kind": "List", "items": [workload("a:1"), inner]})
        assert [template.workload.label for template in found] == ["Deployment shop/web", "CronJob shop/web"]
        assert [template.keys for template in found] == [
            ("items", 0, "spec", "template"),
            ("items", 1, "items", 0, "spec", "jobTemplate", "spec", "template"),
        ]

    @pytest.mark.parametrize("kind", ["Deployment", "Pod", "Rollout"])
    def test_items_of_a_typed_list_have_its_kind(self, kind: str) -> None:
        item = resource(kind, "web", "shop", POD_SPECS.get(kind, ("spec", "template", "spec")), pod_spec("a:1"))
        del item["kind"]
        (template,) = find({"kind": f"{kind}List", "metadata": {}, "items": [item]})
        assert template.workload.label == f"{kind} shop/web"
        assert template.keys == ("items", 0, *POD_SPECS.get(kind, ("spec", "template", "spec"))[:-1])

    def test_only_items_have_the_kind_of_a_typed_list(self) -> None:
        part = {"metadata": {"name": "part"}, "spec": {"template": {"spec": pod_spec("a:1")}}}
        (template,) = find({"kind": "AllowList", "metadata": {"name": "x"}, "items": [], "spec": {"part": part}})
        assert template.workload.label == "AllowList x"


class TestOwners:
    def test_resource_inside_another_is_the_workload(self) -> None:
        inner = [workload("a:1", name="inner", namespace=None), workload("b:1", kind="Pod", name="pod", namespace="x")]
        found = find(resource("ManifestWork", "outer", "cluster", ("spec", "workload", "manifests"), inner))
        assert [template.workload.label for template in found] == ["Deployment inner", "Pod x/pod"]
        assert found[1].keys == ("spec", "workload", "manifests", 1)

    def test_pod_as_a_part_of_a_resource_is_its_pod_template(self) -> None:
        # A FlinkDeployment.
        pod = workload("a:1", kind="Pod", name="pod-template", namespace=None)
        (template,) = find(resource("FlinkDeployment", "jobs", "shop", ("spec", "podTemplate"), pod))
        assert template.workload.label == "FlinkDeployment shop/jobs"
        assert template.keys == ("spec", "podTemplate")

    def test_reference_to_a_resource_is_no_owner(self) -> None:
        spec = {
            "workloadRef": {"kind": "Deployment", "name": "x"},
            "template": {"metadata": {}, "spec": pod_spec("a:1")},
        }
        (template,) = find(resource("Rollout", "web", None, ("spec",), spec))
        assert template.workload.label == "Rollout web"

    def test_resource_can_lack_metadata_and_name(self) -> None:
        labels = []
        for metadata in ({}, {"metadata": None}, {"metadata": {"generateName": "web-", "namespace": "shop"}}):
            (template,) = find({"kind": "Pod", "spec": pod_spec("a:1"), **metadata})
            labels.append(template.workload.label)
            assert template.keys == ()
        assert labels == ["Pod without a name", "Pod without a name", "Pod shop/web-"]


class TestExtraPaths:
    def test_images_at_paths_are_found_in_each_resource(self) -> None:
        prometheus = resource("Prometheus", "main", "shop", ("spec", "image"), "p:1")
        flow = {"templates": [{"container": {"image": "a:1"}}, {"script": {}}, {"container": {"image": "b:1"}}]}
        manifests = [prometheus, resource("Workflow", "flow", None, ("spec",), flow), {"kind": "Bare", "image": "c:1"}]
        found = find({"kind": "List", "items": manifests}, "spec.image", "spec.templates.container.image", "image")
        assert [template.images for template in found] == [["p:1"], ["a:1", "b:1"]]
        assert found[0].usages[0].facts == {"container": None, "path": "spec.image"}
        assert found[0].keys is None
        # A manifest is a resource even without metadata.
        assert images(manifests, "image") == [["c:1"]]

    @pytest.mark.parametrize("value", [None, "", [], {"other": 1}, [None, ""]])
    def test_missing_value_is_no_image(self, value: Any) -> None:
        assert images(resource("A", "a", None, ("spec", "image"), value), "spec.image.name", "spec.image.other.x") == []

    @pytest.mark.parametrize(
        ("value", "words"),
        [(7, "a number"), ({"tag": "1"}, "a mapping"), ([["a:1"]], "a list"), (True, "true or false")],
    )
    def test_value_that_is_no_text_is_refused(self, value: Any, words: str) -> None:
        assert error(resource("A", "a", "shop", ("spec", "image"), value), "spec.image") == (
            f"the input: A shop/a: spec.image of extra_paths is {words}. Extend the path until it leads to a text."
        )

    @pytest.mark.parametrize("paths", ["spec.image", None, 7, {"a": 1}])
    def test_paths_that_are_no_list_are_refused(self, paths: Any) -> None:
        with pytest.raises(InvalidManifest, match="extra_paths must be a list of paths"):
            parse_paths(paths)

    @pytest.mark.parametrize("path", ["", ".", "a..b", "a.", "a[0]", "$.a", 7, None])
    def test_invalid_path_is_refused(self, path: Any) -> None:
        with pytest.raises(InvalidManifest, match=r"invalid path .* in extra_paths: expected keys sep"):
            parse_paths([path])


class TestImages:
    def test_template_that_was_not_rendered_is_refused_with_its_document(self) -> None:
        text = "kind: A\n---\n" + yaml.safe_dump(workload("{{ .Values.image }}:1"))
        assert error(text) == (
            "document 2: Deployment shop/web, container c0: image '{{ .Values.image }}:1' is a template that was not"
            " rendered. Render the manifests first, for example with helm template."
        )

    def test_invalid_reference_is_refused_where_it_is_used_first(self) -> None:
        manifests = [workload("a:1"), workload("b:1", "Bad:1", name="x"), workload("Bad:1", name="y")]
        message = error(manifests)
        assert message.startswith("item 2: Deployment shop/x, container c1: invalid image reference 'Bad:1': the repo")
        assert message.endswith(".")

    def test_invalid_reference_of_a_volume_and_of_a_path_is_refused(self) -> None:
        volumes = [{"name": "model", "image": {"reference": "a b"}}]
        assert "Deployment shop/web, volume model: invalid image" in error(workload("a:1", volumes=volumes))
        assert "A a, path spec.image: invalid image" in error(
            resource("A", "a", None, ("spec", "image"), "B"), "spec.image"
        )

    def test_template_outside_of_images_is_no_problem(self) -> None:
        alerts = {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"rule": "{{ $labels.instance }}"}}
        assert images([alerts, workload("a:1")]) == [["a:1"]]


class TestEffort:
    def test_each_value_is_visited_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        manifest = {"kind": "List", "items": [workload("a:1", name=f"w{number}") for number in range(50)]}
        # Each workload has 12 values, its element of the list included.
        values = 2 + 50 * 13
        monkeypatch.setattr(pod_templates, "MOST_VALUES", values)
        assert len(find(manifest)) == 50
        monkeypatch.setattr(pod_templates, "MOST_VALUES", values - 1)
        assert error(manifest) == (
            f"the manifests contain more than {values - 1} values, counting each use of a YAML alias. Read fewer"
            " manifests at a time."
        )

    def test_nested_aliases_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pod_templates, "MOST_VALUES", 100_000)
        lines = ["kind: A", "a0: &a0 [x]"]
        lines += [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 10)]
        assert "counting each use of a YAML alias" in error("\n".join(lines))

    def test_alias_that_refers_to_itself_is_refused(self) -> None:
        for text in ("x: &x [*x]", "x: &x {y: *x}"):
            assert error(f"kind: A\n{text}") == (
                "document 1 has more than 400 levels. A YAML alias probably refers to itself."
            )

    def test_shared_alias_is_two_pod_templates(self) -> None:
        text = "kind: List\nitems:\n" + "\n".join(
            f"- kind: Deployment\n  metadata: {{name: {name}}}\n  spec: {spec}"
            for name, spec in (
                ("a", "&spec {template: {spec: {containers: [{name: c, image: 'a:1'}]}}}"),
                ("b", "*spec"),
            )
        )
        assert [template.workload.name for template in find(text)] == ["a", "b"]
