# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Add annotations to the Pod templates of manifests, without modifying the input."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence

from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import Manifest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.pod_templates import (
    PodTemplate,
    find_pod_templates,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.serving import ServingCaches

__all__ = ["Annotated", "annotate"]

NO_PLACE = "the resource has no metadata for the annotations of its Pods"


class Annotated:
    """Annotated manifests, and which Pod templates an image cache serves."""

    def __init__(self) -> None:
        """Start without manifests."""
        self.manifests: List[Any] = []
        self.served: List[Dict[str, Any]] = []
        self.unserved: List[Dict[str, Any]] = []


def annotate(
    manifests: Sequence[Manifest],
    caches: ServingCaches,
    annotations_of: Callable[[Mapping[str, Any]], Mapping[str, str]],
    overwrite: bool,
) -> Annotated:
    """Return the manifests with annotations in each Pod template that a cache serves.

    C(annotations_of) returns the annotations for a cache. Annotations that a Pod template already has are kept, unless
    C(overwrite) is true. Raises InvalidManifest.
    """
    annotated = Annotated()
    for manifest in manifests:
        body: Any = manifest.body
        for template in find_pod_templates([manifest]):
            cache = caches.find_for(template.images)
            if cache is None or template.keys is None:
                annotated.unserved.append(_unserved(template, caches))
                continue
            body = _with_annotations(body, template.keys, annotations_of(cache), overwrite)
            annotated.served.append(_served(template, cache))
        annotated.manifests.append(body)
    return annotated


def _served(template: PodTemplate, cache: Mapping[str, Any]) -> Dict[str, Any]:
    facts = {key: cache.get(key) for key in ("image_cache_id", "image_cache_name")}
    return {**template.workload.facts, "path": template.path, "images": template.images, **facts}


def _unserved(template: PodTemplate, caches: ServingCaches) -> Dict[str, Any]:
    is_served = caches.find_for(template.images) is not None
    return {
        **template.workload.facts,
        "path": template.path,
        "images": template.images,
        "missing": caches.find_missing(template.images),
        "reason": NO_PLACE if is_served else caches.explain(template.images),
    }


def _with_annotations(body: Any, keys: Sequence[Any], annotations: Mapping[str, str], overwrite: bool) -> Any:
    """Return a copy of a manifest in which one Pod template has annotations. Other parts are shared with the input."""
    if keys:
        key, *rest = keys
        return _replaced(body, key, _with_annotations(body[key], rest, annotations, overwrite))
    metadata = _mapping(body.get("metadata"))
    present = _mapping(metadata.get("annotations"))
    kept = {} if overwrite else present
    return _replaced(body, "metadata", {**metadata, "annotations": {**present, **annotations, **kept}})


def _replaced(container: Any, key: Any, value: Any) -> Any:
    """Return a copy of a mapping or list with another value for a key."""
    if isinstance(container, Mapping):
        return {**_mapping(container), key: value}
    return [value if number == key else item for number, item in enumerate(container)]


def _mapping(value: Any) -> Dict[Any, Any]:
    """Return a copy of a mapping, with items() because those of Ansible are rendered there; of others, an empty one."""
    return dict(value.items()) if isinstance(value, Mapping) else {}
