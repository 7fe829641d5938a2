# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hypothesis strategies for trees of Kubernetes manifests, with the workloads that they contain."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st
from unit.support.manifests import POD_SPECS, resource

IMAGES = ["a:1", "b:1", "c", "r.example.com/d:1", "e@sha256:" + "0" * 64]
NAMES = ["web", "db", "job", "web-job", "web.v1", "web-replacement", "w" * 63]
NAMESPACES = [None, "default", "shop", "shop-job", "n" * 63]
# What a manifest can contain besides its Pod templates.
NOISE = {
    "image": "noise:1",
    "containers": ["noise:1"],
    "data": {"manifest": "containers: [{name: a, image: 'noise:1'}]"},
    "list": [1, None, {"name": "x"}, [["noise:1"]]],
}
Identity = tuple[str, str, str]


@dataclass(frozen=True)
class Workload:
    """A resource with one Pod template: what stands in its manifest, and where."""

    kind: str
    namespace: str | None
    name: str
    keys: tuple[str, ...]
    spec: Any

    @property
    def identity(self) -> Identity:
        """What the name of its image cache depends on."""
        return (self.namespace or "default", self.kind, self.name)

    @property
    def images(self) -> list[str]:
        """The images of its Pod template."""
        lists = ("initContainers", "containers", "ephemeralContainers")
        images = [item["image"] for key in lists for item in self.spec.get(key, ()) if "image" in item]
        return images + [item["image"]["reference"] for item in self.spec.get("volumes", ()) if "image" in item]

    @property
    def has_place(self) -> bool:
        """Whether there is a place for the annotations of its Pods."""
        return self.kind == "Pod" or self.keys != ("spec",)

    def manifest(self) -> Any:
        """Return a new manifest."""
        body = resource(self.kind, self.name, self.namespace, self.keys, copy.deepcopy(self.spec))
        return {**copy.deepcopy(NOISE), **body}


images = st.sampled_from(IMAGES)
containers = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["a", "b"]), "image": images}), min_size=1, max_size=3
)
pod_specs = st.fixed_dictionaries(
    {"containers": containers},
    optional={
        "initContainers": containers,
        "ephemeralContainers": containers,
        "volumes": st.lists(
            st.just({"name": "config", "configMap": {"name": "x"}})
            | images.map(lambda image: {"name": "model", "image": {"reference": image}}),
            max_size=2,
        ),
    },
)
built_in = st.sampled_from(sorted(POD_SPECS.items()))
deep_keys = st.lists(st.sampled_from(["a", "items", "metadata", "template", "podTemplate"]), max_size=6)
custom = st.tuples(
    st.sampled_from(["Rollout", "Job.v2", "AllowList"]), deep_keys.map(lambda keys: ("spec", *keys, "template", "spec"))
) | st.just(("Prometheus", ("spec",)))
workloads = st.builds(
    lambda kind_and_keys, namespace, name, spec: Workload(kind_and_keys[0], namespace, name, kind_and_keys[1], spec),
    built_in | custom,
    st.sampled_from(NAMESPACES),
    st.sampled_from(NAMES),
    pod_specs,
)
workload_lists = st.lists(workloads, min_size=1, max_size=8, unique_by=lambda workload: workload.identity)


@st.composite
def trees(draw: st.DrawFn, given: list[Workload]) -> Any:
    """Return an input of the filters that contains the workloads: objects, Lists, typed lists, results and text."""
    manifests: list[Any] = []
    for workload in given:
        body = workload.manifest()
        form = draw(st.sampled_from(["plain", "list", "typed", "text"]))
        if form == "list":
            manifests.append({"kind": "List", "items": [{"kind": "List", "items": [{"kind": "Secret"}, body]}]})
        elif form == "typed":
            del body["kind"]
            manifests.append({"kind": f"{workload.kind}List", "metadata": {}, "items": [body]})
        elif form == "text":
            manifests.append("---\n---\n" + yaml.safe_dump_all([body, {"kind": "ConfigMap"}]))
        else:
            manifests.append(body)
    whole = draw(st.sampled_from(["objects", "list", "result", "nested"]))
    objects = [manifest for manifest in manifests if not isinstance(manifest, str)]
    if whole == "list" and len(objects) == len(manifests):
        return {"apiVersion": "v1", "kind": "List", "items": objects}
    if whole == "result":
        return {"results": [{"resources": objects}, *(m for m in manifests if isinstance(m, str))]}
    return [manifests] if whole == "nested" else manifests
