# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Find the Pod templates of manifests and the images that they use.

A Pod template is found by its structure, in any kind of resource and at any depth: its Pod spec is a mapping whose
C(containers) is a list of mappings with C(name) and C(image). In C(template.spec), the name is optional, as in a
Service of Knative. Texts are never searched for images. Source of the fields that name images: PodSpec of the
Kubernetes API, core/v1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    InvalidReference,
    parse_reference,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._descriptions import describe, shorten
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import (
    UNRENDERED,
    InvalidManifest,
    Manifest,
    has_template,
)

__all__ = ["PodTemplate", "Usage", "Workload", "find_pod_templates", "parse_paths"]

# The lists of a Pod spec whose elements have an image.
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
# A resource whose Pod spec is its own spec, so that the annotations of its Pod are its own.
POD = "Pod"
LIST_SUFFIX = "List"
# More than 50 MB of manifests. Nested YAML aliases exceed it with a few lines of text.
MOST_VALUES = 5_000_000
# Definitions of custom resources have about 100 levels. An alias that refers to itself has no end.
MOST_LEVELS = 400
PATH = re.compile(r"[\w-]+(?:\.[\w-]+)*")

# The values that can contain others.
CONTAINERS = (dict, list, tuple)
# The keys that lead from a manifest to a value.
Keys = Tuple[Any, ...]


@dataclass(frozen=True)
class Workload:
    """The resource that contains a Pod template. The namespace and the name are None if the manifest has none."""

    kind: str
    namespace: Optional[str]
    name: Optional[str]

    @property
    def label(self) -> str:
        """The label for messages: C(Deployment shop/web)."""
        name = shorten(self.name or "without a name")
        return (
            f"{shorten(self.kind)} {shorten(self.namespace)}/{name}"
            if self.namespace
            else f"{shorten(self.kind)} {name}"
        )

    @property
    def facts(self) -> Dict[str, Optional[str]]:
        """The workload as results show it."""
        return {"kind": self.kind, "namespace": self.namespace, "name": self.name}


@dataclass(frozen=True)
class Usage:
    """One place of a workload that uses an image: a container, an image volume, or a path of its own."""

    image: str
    container: Optional[str] = None
    volume: Optional[str] = None
    path: Optional[str] = None

    @property
    def facts(self) -> Dict[str, Optional[str]]:
        """The place as results show it."""
        others = {"volume": self.volume, "path": self.path}
        return {"container": self.container, **{key: value for key, value in others.items() if value is not None}}

    @property
    def label(self) -> str:
        """The label for messages: C(container web)."""
        return " ".join(f"{key} {shorten(value)}" for key, value in self.facts.items() if value is not None)


@dataclass(frozen=True)
class PodTemplate:
    """A Pod template, or the paths outside of Pod templates at which a workload names images.

    C(keys) lead from the manifest to the mapping that contains the annotations of the Pods in its C(metadata). They are
    None if there is no such mapping.
    """

    manifest: Manifest
    workload: Workload
    usages: Sequence[Usage]
    keys: Optional[Keys] = None

    @property
    def images(self) -> List[str]:
        """The images, each once, in order."""
        return list(dict.fromkeys(usage.image for usage in self.usages))

    @property
    def path(self) -> Optional[str]:
        """The keys as a text: C(spec.template)."""
        return None if self.keys is None else ".".join(str(key) for key in self.keys)


@dataclass(frozen=True)
class Owner:
    """The resource to which the values of a manifest belong.

    C(keys) lead to it. C(kind_of_items) is the kind of the elements of C(items) if the resource is a list such as
    C(DeploymentList), because the API server leaves it out there.
    """

    workload: Workload
    keys: Keys
    kind_of_items: Optional[str]


@dataclass
class Budget:
    """The number of values that may still be visited."""

    left: int

    def spend(self, manifest: Manifest, values: int, levels: int) -> None:
        """Count values at a depth. Raises InvalidManifest."""
        self.left -= values
        if levels > MOST_LEVELS:
            raise InvalidManifest(
                f"{manifest.label} has more than {MOST_LEVELS} levels. A YAML alias probably refers to itself."
            )
        if self.left < 0:
            raise InvalidManifest(
                f"the manifests contain more than {MOST_VALUES} values, counting each use of a YAML alias. Read fewer"
                " manifests at a time."
            )


def parse_paths(paths: Sequence[Any]) -> List[List[str]]:
    """Return the keys of each path, for example C(spec.image). Raises InvalidManifest."""
    if isinstance(paths, str) or not isinstance(paths, Sequence):
        raise InvalidManifest("extra_paths must be a list of paths, for example ['spec.image'].")
    for path in paths:
        if not isinstance(path, str) or not PATH.fullmatch(path):
            raise InvalidManifest(
                f"invalid path {path!r} in extra_paths: expected keys separated by periods, for example spec.image."
                " Lists need no index: all their elements are read."
            )
    return [path.split(".") for path in paths]


def find_pod_templates(manifests: Sequence[Manifest], extra_paths: Sequence[Sequence[str]] = ()) -> List[PodTemplate]:
    """Return the Pod templates of manifests in order, and the images at C(extra_paths) of their resources.

    Raises InvalidManifest if an image is not a valid reference.
    """
    budget = Budget(MOST_VALUES)
    found = [template for manifest in manifests for template in _templates_of(manifest, extra_paths, budget)]
    checked: Set[str] = set()
    for template in found:
        for usage in template.usages:
            if usage.image not in checked:
                _check_image(template, usage)
                checked.add(usage.image)
    return found


def _templates_of(manifest: Manifest, extra_paths: Sequence[Sequence[str]], budget: Budget) -> Iterator[PodTemplate]:
    nobody = Owner(Workload(manifest.body["kind"], None, None), (), None)
    stack: List[Tuple[Any, Keys, Owner]] = [(manifest.body, (), nobody)]
    while stack:
        value, keys, owner = stack.pop()
        if isinstance(value, dict):
            if "metadata" in value or not keys:
                owner = _resource(value, keys, owner) or owner
                if owner.keys == keys:
                    yield from _extra_template(manifest, value, owner.workload, extra_paths)
            if "containers" in value and _is_pod_spec(value, keys):
                yield PodTemplate(manifest, owner.workload, _usages(value), _annotated_keys(keys, owner))
            entries: Iterable[Tuple[Any, Any]] = value.items()
        else:
            entries = enumerate(value)
        budget.spend(manifest, len(value), len(keys))
        nested = [((item, (*keys, key), owner)) for key, item in entries if isinstance(item, CONTAINERS)]
        stack.extend(reversed(nested))


def _resource(value: Mapping[str, Any], keys: Keys, owner: Owner) -> Optional[Owner]:
    """Return the resource that a mapping describes, or None if it has no kind or no metadata.

    A manifest is a resource even without metadata. A Pod that is not in a list is a Pod template of the outer resource,
    as in a FlinkDeployment.
    """
    metadata = value.get("metadata")
    is_item = keys[:-1] == (*owner.keys, "items")
    kind = _text(value.get("kind")) or (owner.kind_of_items if is_item else None)
    if kind is None or (keys and not isinstance(metadata, dict)):
        return None
    if kind == POD and keys and isinstance(keys[-1], str):
        return None
    facts = metadata if isinstance(metadata, dict) else {}
    workload = Workload(kind, _text(facts.get("namespace")), _text(facts.get("name") or facts.get("generateName")))
    kind_of_items = kind[: -len(LIST_SUFFIX)] if kind.endswith(LIST_SUFFIX) and "items" in value else None
    return Owner(workload, keys, kind_of_items or None)


def _is_pod_spec(value: Mapping[str, Any], keys: Keys) -> bool:
    containers = value["containers"]
    if not isinstance(containers, (list, tuple)) or not all(isinstance(container, dict) for container in containers):
        return False
    needs_name = keys[-2:] != ("template", "spec")
    return any(_image(container) and (_text(container.get("name")) or not needs_name) for container in containers)


def _usages(spec: Mapping[str, Any]) -> List[Usage]:
    """Return the images of a Pod spec in the order in which they stand there."""
    usages: List[Usage] = []
    for key, items in spec.items():
        if not isinstance(items, (list, tuple)):
            continue
        entries = [item for item in items if isinstance(item, dict)]
        if key in CONTAINER_LISTS:
            usages += [Usage(item["image"], container=_text(item.get("name"))) for item in entries if _image(item)]
        elif key == "volumes":
            usages += [
                Usage(item["image"]["reference"], volume=_text(item.get("name")))
                for item in entries
                if isinstance(item.get("image"), dict) and _text(item["image"].get("reference"))
            ]
    return usages


def _image(container: Mapping[str, Any]) -> Optional[str]:
    return _text(container.get("image"))


def _annotated_keys(keys: Keys, owner: Owner) -> Optional[Keys]:
    """Return the keys of the mapping that contains the annotations of a Pod spec.

    It is the mapping whose C(spec) is the Pod spec, unless that is a resource of another kind than Pod: annotations of
    a custom resource are not those of its Pods.
    """
    if keys[-1:] != ("spec",):
        return None
    holder = keys[:-1]
    return None if holder == owner.keys and owner.workload.kind != POD else holder


def _extra_template(
    manifest: Manifest, resource: Mapping[str, Any], workload: Workload, paths: Sequence[Sequence[str]]
) -> Iterator[PodTemplate]:
    """Yield the images at the extra paths of a resource, if it has any."""
    usages: List[Usage] = []
    for path in paths:
        dotted = ".".join(path)
        for image in _values_at(resource, path):
            if not isinstance(image, str):
                raise InvalidManifest(
                    f"{manifest.label}: {workload.label}: {dotted} of extra_paths is {describe(image)}. Extend the path"
                    " until it leads to a text."
                )
            usages.append(Usage(image, path=dotted))
    if usages:
        yield PodTemplate(manifest, workload, usages)


def _values_at(resource: Mapping[str, Any], path: Sequence[str]) -> List[Any]:
    """Return the values at a path that are not empty. All elements of a list are read."""
    values: List[Any] = [resource]
    for key in path:
        found = [value.get(key) for value in values if isinstance(value, dict)]
        values = [item for value in found for item in (value if isinstance(value, (list, tuple)) else [value])]
    return [value for value in values if value not in (None, "")]


def _check_image(template: PodTemplate, usage: Usage) -> None:
    place = f"{template.manifest.label}: {template.workload.label}, {usage.label}"
    if has_template(usage.image):
        raise InvalidManifest(f"{place}: image {usage.image!r} is {UNRENDERED}")
    try:
        parse_reference(usage.image)
    except InvalidReference as error:
        raise InvalidManifest(f"{place}: {error}.") from error


def _text(value: Any) -> Optional[str]:
    return str(value) if isinstance(value, str) and value else None
