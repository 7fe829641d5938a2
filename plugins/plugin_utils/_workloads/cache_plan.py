# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Decide which image caches workloads need: a pure function of their Pod templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.plugin_utils._descriptions import shorten
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.cache_names import (
    DEFAULT_NAMESPACE,
    check_prefix,
    name_all,
    name_namespace,
    name_workload,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import (
    UNRENDERED,
    InvalidManifest,
    has_template,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.pod_templates import PodTemplate

__all__ = ["GROUPINGS", "MERGES", "plan_caches"]

# Namespace, kind and name of a workload. Sorted, they say which workload is the first.
Identity = Tuple[str, str, str]


@dataclass
class Group:
    """The images of the workloads that share a cache."""

    name: str
    images: List[str]


def plan_caches(templates: Sequence[PodTemplate], group_by: str, prefix: str, merge: str) -> List[Dict[str, Any]]:
    """Return the image caches for Pod templates, as entries of image_cache_set, sorted by workload.

    C(group_by) is a key of GROUPINGS, C(merge) one of MERGES. All images of a Pod template are in one cache, because a
    Pod uses only one. Raises InvalidManifest.
    """
    for option, value, known in (("group_by", group_by, GROUPINGS), ("merge", merge, MERGES)):
        if value not in [*known]:
            raise InvalidManifest(f"invalid {option} {value!r}: expected one of {', '.join(known)}.")
    check_prefix(prefix)
    images: Dict[Identity, List[str]] = {}
    for template in templates:
        images.setdefault(_identity(template), []).extend(template.images)
    groups: Dict[str, Group] = {}
    for identity in sorted(images):
        name = GROUPINGS[group_by](prefix, identity)
        groups.setdefault(name, Group(name, [])).images.extend(images[identity])
    merged = MERGES[merge]([Group(group.name, list(dict.fromkeys(group.images))) for group in groups.values()])
    return [{"name": group.name, "images": group.images} for group in merged]


def _identity(template: PodTemplate) -> Identity:
    workload = template.workload
    for field, value in (("name", workload.name), ("namespace", workload.namespace)):
        if value is not None and has_template(value):
            raise InvalidManifest(
                f"{template.manifest.label}: {field} {shorten(value)!r} of a {shorten(workload.kind)} is {UNRENDERED}"
            )
    if workload.name is None:
        raise InvalidManifest(
            f"{template.manifest.label}: a {shorten(workload.kind)} has no metadata.name, on which the name of its"
            " image cache depends."
        )
    return (workload.namespace or DEFAULT_NAMESPACE, workload.kind, workload.name)


def _merge_identical(groups: Sequence[Group]) -> List[Group]:
    """Return one group for each set of images: the first one."""
    first: Dict[frozenset[str], Group] = {}
    for group in groups:
        first.setdefault(frozenset(group.images), group)
    return list(first.values())


def _merge_subsets(groups: Sequence[Group]) -> List[Group]:
    """Return the groups whose images are not all part of another group."""
    distinct = [(frozenset(group.images), group) for group in _merge_identical(groups)]
    users: Dict[str, List[frozenset[str]]] = {}
    for images, _group in distinct:
        for image in images:
            users.setdefault(image, []).append(images)
    # A larger set contains the rarest image of the smaller one, so only the sets with that image are compared.
    return [
        group
        for images, group in distinct
        if not any(images < other for other in min((users[image] for image in images), key=len))
    ]


GROUPINGS: Mapping[str, Callable[[str, Identity], str]] = {
    "workload": lambda prefix, identity: name_workload(prefix, *identity),
    "namespace": lambda prefix, identity: name_namespace(prefix, identity[0]),
    "all": lambda prefix, identity: name_all(prefix),
}
MERGES: Mapping[str, Callable[[Sequence[Group]], List[Group]]] = {
    "identical": _merge_identical,
    "subsets": _merge_subsets,
    "none": list,
}
