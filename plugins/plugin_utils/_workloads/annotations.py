# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Add annotations to the Pod templates of manifests, without modifying the input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import Manifest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.pod_templates import Keys, PodTemplate
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.serving import ServingCaches

__all__ = ["Match", "annotate", "match_template", "report_matches"]

NO_PLACE = "the resource has no metadata for the annotations of its Pods"


@dataclass(frozen=True)
class Match:
    """A Pod template, and the image cache that contains its images, or None.

    C(annotations) are the ones to set, empty if the Pod template has no place for them. C(kept) names those that the
    Pod template already has with another value and that are kept.
    """

    template: PodTemplate
    cache: Optional[Mapping[str, Any]]
    annotations: Mapping[str, str] = field(default_factory=dict)
    kept: Sequence[str] = ()


def match_template(
    template: PodTemplate,
    caches: ServingCaches,
    annotations_of: Callable[[Mapping[str, Any]], Mapping[str, str]],
    overwrite: bool,
) -> Match:
    """Return the match of a Pod template. C(annotations_of) returns the annotations for a cache.

    Annotations that the Pod template already has are kept, unless C(overwrite) is true.
    """
    cache = caches.find_for(template.images)
    if cache is None or template.keys is None:
        return Match(template, cache)
    wanted, present = annotations_of(cache), _present_annotations(template, template.keys)
    kept = [] if overwrite else [name for name, value in wanted.items() if present.get(name, value) != value]
    return Match(template, cache, {**wanted, **{name: present[name] for name in kept}}, kept)


def _present_annotations(template: PodTemplate, keys: Keys) -> Dict[str, Any]:
    holder: Any = template.manifest.body
    for key in keys:
        holder = holder[key]
    return _mapping(_mapping(holder.get("metadata")).get("annotations"))


def annotate(manifests: Sequence[Manifest], matches: Sequence[Match]) -> List[Any]:
    """Return the manifests with the annotations of the matches. The input is not modified."""
    edits = {manifest: Edit() for manifest in manifests}
    for match in matches:
        if match.annotations:
            edits[match.template.manifest].add(match.template.keys or (), match.annotations)
    return [_edited(manifest.body, edits[manifest]) for manifest in manifests]


def report_matches(matches: Sequence[Match], caches: ServingCaches) -> Dict[str, List[Dict[str, Any]]]:
    """Return the Pod templates with annotations as C(served), and the others with the reason as C(unserved)."""
    return {
        "served": [_served(match) for match in matches if match.annotations],
        "unserved": [_unserved(match, caches) for match in matches if not match.annotations],
    }


def _served(match: Match) -> Dict[str, Any]:
    cache = match.cache or {}
    identity = {key: cache.get(key) for key in ("image_cache_id", "image_cache_name")}
    return {**_facts(match.template), **identity, "kept": list(match.kept)}


def _unserved(match: Match, caches: ServingCaches) -> Dict[str, Any]:
    images = match.template.images
    reason = caches.explain(images) if match.cache is None else NO_PLACE
    return {**_facts(match.template), "missing": caches.find_missing(images), "reason": reason}


def _facts(template: PodTemplate) -> Dict[str, Any]:
    return {**template.workload.facts, "path": template.path, "images": template.images}


@dataclass
class Edit:
    """The annotations to set in a value of a manifest, and the edits of the values inside it, by key."""

    annotations: Mapping[str, str] = field(default_factory=dict)
    nested: Dict[Any, Edit] = field(default_factory=dict)

    def add(self, keys: Keys, annotations: Mapping[str, str]) -> None:
        """Set annotations in the value to which C(keys) lead."""
        edit = self
        for key in keys:
            edit = edit.nested.setdefault(key, Edit())
        edit.annotations = annotations


def _edited(value: Any, edit: Edit) -> Any:
    """Return a copy of a value with its edits. The parts without edits are shared with the input."""
    if not edit.nested and not edit.annotations:
        return value
    # The containers of Ansible render their values in items() and in iterations.
    copy: Any = dict(value.items()) if isinstance(value, dict) else list(value)
    for key, inner in edit.nested.items():
        copy[key] = _edited(copy[key], inner)
    if edit.annotations:
        metadata = _mapping(copy.get("metadata"))
        copy["metadata"] = {**metadata, "annotations": {**_mapping(metadata.get("annotations")), **edit.annotations}}
    return copy


def _mapping(value: Any) -> Dict[Any, Any]:
    """Return a copy of a mapping; of other values, such as null, an empty one."""
    return dict(value.items()) if isinstance(value, dict) else {}
