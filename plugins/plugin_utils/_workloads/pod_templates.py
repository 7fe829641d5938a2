# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Find the Pod templates of manifests and the images that they use.

A Pod template is found by its structure, in any kind of resource and at any depth: its Pod spec is a mapping whose
C(containers) is a list of mappings with C(name) and C(image). Texts are never searched for images. Source of the fields
that name images: PodSpec of the Kubernetes API, core/v1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    InvalidReference,
    parse_reference,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import (
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
PATH = re.compile(r"[\w-]+(?:\.[\w-]+)*")

# The values that can contain others.
CONTAINERS = (dict, list, tuple)
# The keys on the way to a value, innermost first: (key, rest), or None at the top.
Trail = Optional[Tuple[Any, Any]]


@dataclass(frozen=True)
class Workload:
    """The resource that contains a Pod template. The namespace and the name are None if the manifest has none."""

    kind: str
    namespace: Optional[str]
    name: Optional[str]

    @property
    def label(self) -> str:
        """The label for messages: C(Deployment shop/web)."""
        name = self.name or "without a name"
        return f"{self.kind} {self.namespace}/{name}" if self.namespace else f"{self.kind} {name}"

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
        return " ".join(f"{key} {value}" for key, value in self.facts.items() if value is not None)


@dataclass(frozen=True)
class PodTemplate:
    """A Pod template, or the paths outside of Pod templates at which a workload names images.

    C(keys) lead from the manifest to the mapping that contains the annotations of the Pods in its C(metadata). They are
    None if there is no such mapping.
    """

    manifest: Manifest
    workload: Workload
    usages: Sequence[Usage]
    keys: Optional[Tuple[Any, ...]] = None

    @property
    def images(self) -> List[str]:
        """The images, each once, in order."""
        return list(dict.fromkeys(usage.image for usage in self.usages))

    @property
    def path(self) -> Optional[str]:
        """The keys as a text: C(spec.template)."""
        return None if self.keys is None else ".".join(str(key) for key in self.keys)


@dataclass(frozen=True)
class Place:
    """A value of a manifest, how it was reached, and the workload to which it belongs."""

    value: Any
    trail: Trail
    workload: Workload
    # The trail of the resource that is the workload.
    top: Trail
    # The kind of resources without one: that of the list in which they stand.
    kind: Optional[str]


@dataclass
class Budget:
    """The number of values that may still be visited."""

    left: int = field(default=MOST_VALUES)

    def spend(self, values: int) -> None:
        """Count values. Raises InvalidManifest."""
        self.left -= values
        if self.left < 0:
            raise InvalidManifest(
                f"the manifests contain more than {MOST_VALUES} values. If they are smaller than 50 MB, their YAML"
                " aliases are nested or refer to themselves."
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
    budget = Budget()
    found = [template for manifest in manifests for template in _templates_of(manifest, extra_paths, budget)]
    # Each image is checked where it is used first.
    first = {usage.image: (template, usage) for template in reversed(found) for usage in reversed(template.usages)}
    for template, usage in reversed(list(first.values())):
        _check_image(template, usage)
    return found


def _templates_of(manifest: Manifest, extra_paths: Sequence[Sequence[str]], budget: Budget) -> Iterator[PodTemplate]:
    # A stack instead of recursion, because manifests may be nested deeply.
    stack = [Place(manifest.body, None, Workload(manifest.body["kind"], None, None), None, None)]
    while stack:
        place = stack.pop()
        entries: Sequence[Tuple[Any, Any]] = ()
        if isinstance(place.value, Mapping):
            resource = _resource(place.value, place.kind)
            if resource is not None:
                place = replace(place, workload=resource, top=place.trail)
                yield from _extra_template(manifest, place, extra_paths)
            if _is_pod_spec(place.value):
                yield PodTemplate(manifest, place.workload, _usages(place.value), _annotated_keys(place))
            place = replace(place, kind=_kind_of_items(place.value))
            entries = list(place.value.items())
        elif isinstance(place.value, (list, tuple)):
            entries = list(enumerate(place.value))
        budget.spend(len(entries))
        nested = [(key, value) for key, value in reversed(entries) if isinstance(value, CONTAINERS)]
        stack.extend(replace(place, value=value, trail=(key, place.trail)) for key, value in nested)


def _resource(value: Mapping[str, Any], kind: Optional[str]) -> Optional[Workload]:
    """Return the resource that a mapping describes, or None if it has no kind or no metadata."""
    metadata = value.get("metadata")
    kind = _text(value.get("kind")) or kind
    if kind is None or not isinstance(metadata, Mapping):
        return None
    return Workload(kind, _text(metadata.get("namespace")), _text(metadata.get("name") or metadata.get("generateName")))


def _kind_of_items(value: Mapping[str, Any]) -> Optional[str]:
    """Return the kind of the elements of a list such as C(DeploymentList), which the API server leaves out."""
    kind = _text(value.get("kind")) or ""
    return kind[: -len(LIST_SUFFIX)] or None if kind.endswith(LIST_SUFFIX) and "items" in value else None


def _is_pod_spec(value: Mapping[str, Any]) -> bool:
    containers = value.get("containers")
    if not isinstance(containers, (list, tuple)) or not all(isinstance(container, Mapping) for container in containers):
        return False
    return any(_text(container.get("name")) and _text(container.get("image")) for container in containers)


def _usages(spec: Mapping[str, Any]) -> List[Usage]:
    """Return the images of a Pod spec in the order in which they stand there."""
    usages: List[Usage] = []
    for key, items in spec.items():
        if not isinstance(items, (list, tuple)):
            continue
        entries = [item for item in items if isinstance(item, Mapping)]
        if key in CONTAINER_LISTS:
            usages += [Usage(item["image"], container=_text(item.get("name"))) for item in entries if _image(item)]
        elif key == "volumes":
            usages += [
                Usage(item["image"]["reference"], volume=_text(item.get("name")))
                for item in entries
                if isinstance(item.get("image"), Mapping) and _text(item["image"].get("reference"))
            ]
    return usages


def _image(container: Mapping[str, Any]) -> Optional[str]:
    return _text(container.get("image"))


def _annotated_keys(place: Place) -> Optional[Tuple[Any, ...]]:
    """Return the keys of the mapping that contains the annotations of a Pod spec.

    It is the mapping whose C(spec) is the Pod spec, unless that is a resource of another kind than Pod: annotations of
    a custom resource are not those of its Pods.
    """
    if place.trail is None or place.trail[0] != "spec":
        return None
    holder: Trail = place.trail[1]
    if holder is place.top and place.workload.kind != POD:
        return None
    keys: List[Any] = []
    while holder is not None:
        key, holder = holder
        keys.append(key)
    return tuple(reversed(keys))


def _extra_template(manifest: Manifest, place: Place, paths: Sequence[Sequence[str]]) -> Iterator[PodTemplate]:
    """Yield the images at the extra paths of a resource."""
    found = [(path, image) for path in paths for image in _at(place.value, path, place.workload)]
    if found:
        yield PodTemplate(manifest, place.workload, [Usage(image, path=".".join(path)) for path, image in found])


def _at(value: Any, path: Sequence[str], resource: Workload) -> Iterator[str]:
    """Yield the texts at a path. All elements of a list are read."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _at(item, path, resource)
    elif path and isinstance(value, Mapping):
        yield from _at(value.get(path[0]), path[1:], resource)
    elif not path and isinstance(value, str):
        if value:
            yield value
    elif not path and value is not None:
        raise InvalidManifest(f"{resource.label}: a path of extra_paths leads to a value that is not a text.")


def _check_image(template: PodTemplate, usage: Usage) -> None:
    place = f"{template.manifest.label}: {template.workload.label}, {usage.label}"
    if has_template(usage.image):
        raise InvalidManifest(
            f"{place}: image {usage.image!r} is a template that was not rendered. Render the manifests first, for"
            " example with helm template."
        )
    try:
        parse_reference(usage.image)
    except InvalidReference as error:
        raise InvalidManifest(f"{place}: {error}.") from error


def _text(value: Any) -> Optional[str]:
    return str(value) if isinstance(value, str) and value else None
