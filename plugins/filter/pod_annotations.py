# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pod_annotations
short_description: Create Pod annotations that select an image cache
version_added: 1.0.0
description:
  - Returns annotations for a Pod template. Pods on super nodes and on TKE Serverless with these annotations start from
    an image cache. Set the annotations in C(spec.template.metadata.annotations) of a Deployment, not in its own
    metadata.
  - Fails if the image cache is not V(Ready) or if the disk is smaller than the image cache.
  - With O(allow_pending=true), you can preview a whole stack in check mode before its image caches exist.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
positional: _input
options:
  _input:
    description:
      - Image cache to use, in one of the following forms.
      - A result of M(tencentcloud.tke.image_cache) or of an entry of M(tencentcloud.tke.image_cache_set), or an
        image cache or the C(match) of M(tencentcloud.tke.image_cache_info). The Pods are pinned to this image cache.
      - An ID, for example V(imc-r1htp8tg). The state and the size of the image cache cannot be checked.
      - V(auto). The platform matches an image cache by the images of the Pod.
    type: raw
    required: true
  disk_type:
    description:
      - Type of the disk that is created from the snapshot for each Pod. If not set, the platform uses V(CLOUD_PREMIUM).
    type: str
    choices: [CLOUD_BASIC, CLOUD_PREMIUM, CLOUD_SSD, CLOUD_HSSD, CLOUD_TSSD]
  disk_size:
    description:
      - Size of the disk in GiB, at least that of the image cache. If not set, the platform uses the size of the image
        cache.
    type: int
  retain_minutes:
    description:
      - Number of minutes to keep the disk for the next Pod after its Pod is deleted. A disk that is kept is billed.
      - If not set, the platform deletes the disk with the Pod.
    type: int
  allow_pending:
    description:
      - Whether to accept an image cache that is not V(Ready) yet. A failed image cache is always rejected.
      - An image cache that check mode predicts has no ID. The annotation then contains the placeholder
        V(known-after-build), which Kubernetes accepts but which is not an ID.
      - Set it to C(ansible_check_mode) to preview Pods in check mode and to require V(Ready) image caches otherwise.
    version_added: 1.1.0
    type: bool
    default: false
notes:
  - The filter accepts a single image cache. Select one from a result that contains several, for example
    C(result.image_caches[0]), or C(result.results[0]) of a task with a loop.
seealso:
  - module: tencentcloud.tke.image_cache
  - module: tencentcloud.tke.image_cache_info
"""

EXAMPLES = r"""
- name: Create an image cache and wait until it is ready
  tencentcloud.tke.image_cache:
    name: web
    images:
      - nginx:1.27.3
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
  register: web

- name: Create a Deployment whose Pods start from the image cache
  kubernetes.core.k8s:
    definition:
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: web
        namespace: shop
      spec:
        replicas: 3
        selector:
          matchLabels:
            app: web
        template:
          metadata:
            labels:
              app: web
            annotations: "{{ web | tencentcloud.tke.pod_annotations(disk_type='CLOUD_SSD', retain_minutes=10) }}"
          spec:
            containers:
              - name: web
                image: nginx:1.27.3

- name: Preview the annotations in check mode before the image cache exists
  ansible.builtin.debug:
    msg: "{{ web | tencentcloud.tke.pod_annotations(allow_pending=ansible_check_mode) }}"

- name: Show the annotations that let the platform match an image cache
  ansible.builtin.debug:
    msg: "{{ 'auto' | tencentcloud.tke.pod_annotations }}"
"""

RETURN = r"""
_value:
  description: Annotations. All values are strings, as Kubernetes requires.
  type: dict
  sample:
    eks.tke.cloud.tencent.com/use-image-cache: imc-r1htp8tg
    eks.tke.cloud.tencent.com/image-cache-disk-type: CLOUD_SSD
    eks.tke.cloud.tencent.com/image-cache-disk-size: "50"
    eks.tke.cloud.tencent.com/image-cache-disk-retain-minute: "10"
"""

import re
from typing import Any, Callable, Dict, Mapping, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import cache_label
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._descriptions import describe

# Source: the section on image caches of the page about annotations of super nodes and TKE Serverless.
PREFIX = "eks.tke.cloud.tencent.com/"
DISK_TYPES = ("CLOUD_BASIC", "CLOUD_PREMIUM", "CLOUD_SSD", "CLOUD_HSSD", "CLOUD_TSSD")
AUTO = "auto"
# The placeholder for the id of an image cache that check mode predicts.
PLACEHOLDER = "known-after-build"
FAILURES = ("Failed", "UpdateFailed")
ID = re.compile(r"imc-[\w-]+", re.ASCII)


def pod_annotations(
    cache: Any,
    disk_type: Optional[str] = None,
    disk_size: Any = None,
    retain_minutes: Any = None,
    allow_pending: bool = False,
) -> Dict[str, str]:
    """Return the annotations of a Pod template that uses this image cache.

    C(disk_size) is in GiB. Raises AnsibleFilterError for invalid arguments.
    """
    resource = _resource(cache, allow_pending)
    annotations = {"use-image-cache": resource["image_cache_id"] or PLACEHOLDER}
    if disk_type is not None:
        if disk_type not in DISK_TYPES:
            raise _error(f"invalid disk_type {disk_type!r}: expected one of {', '.join(DISK_TYPES)}.")
        annotations["image-cache-disk-type"] = disk_type
    if disk_size is not None:
        size, least = _number("disk_size", disk_size, 1), resource.get("image_cache_size")
        if least is not None and size < least:
            raise _error(
                f"disk_size {size} is smaller than image cache {_label(resource)}, which has a size of {least} GiB."
                f" The disk is created from the snapshot of the cache. Set at least {least}, or omit disk_size."
            )
        annotations["image-cache-disk-size"] = str(size)
    if retain_minutes is not None:
        annotations["image-cache-disk-retain-minute"] = str(_number("retain_minutes", retain_minutes, 0))
    return {PREFIX + name: value for name, value in annotations.items()}


def _resource(cache: Any, allow_pending: bool) -> Mapping[str, Any]:
    """Return the image cache to use, with its id, which may be null with C(allow_pending), and its size if known."""
    if isinstance(cache, str):
        if cache != AUTO and not ID.fullmatch(cache):
            raise _error(f"{cache!r} is neither the ID of an image cache (imc-...) nor 'auto'.")
        return {"image_cache_id": str(cache)}
    if not isinstance(cache, Mapping):
        raise _error(f"expected an image cache, an ID or 'auto', got {describe(cache)}.{_pick_hint('list', cache)}")
    if cache.get("failed"):
        raise _error(f"the task that returned this result failed: {cache.get('msg')}")
    for key in ("image_caches", "results"):
        if isinstance(cache.get(key), list):
            how = _pick_hint(f"result.{key}", cache[key])
            raise _error(f"expected one image cache, got a list in {key}.{how}")
    resource = cache.get("image_cache", cache)
    if not isinstance(resource, Mapping) or not ("image_cache_id" in resource and "status" in resource):
        raise _error(
            "the value contains no image cache. The image cache is absent or was not found, or the result is from"
            " another module."
        )
    _refuse_unusable(resource, allow_pending)
    return resource


def _refuse_unusable(resource: Mapping[str, Any], allow_pending: bool) -> None:
    if allow_pending and resource["status"] not in FAILURES:
        return
    if not resource["image_cache_id"]:
        raise _error(
            f"image cache {_label(resource)} is not built yet and has no ID in check mode."
            " To preview the annotations, set allow_pending=true."
        )
    if resource["status"] != "Ready":
        raise _error(
            f"image cache {_label(resource)} is {resource['status'] or 'of unknown status'}, but only a Ready cache can"
            " be used. Set wait: true in the task that declares it."
        )


def _pick_hint(name: str, value: Any) -> str:
    """Return how to select one image cache from a list, or an empty string if the value is not a list."""
    if not isinstance(value, list):
        return ""
    # The entries of a set contain their image caches, or null if those are absent.
    nested = any(isinstance(entry, Mapping) and "image_cache" in entry for entry in value)
    present, attribute = ("selectattr('image_cache') | ", "image_cache.") if nested else ("", "")
    by_name = f"{present}selectattr('{attribute}image_cache_name', 'equalto', 'web') | first"
    return f" Pick one, for example {name}[0] or {name} | {by_name}."


def _label(resource: Mapping[str, Any]) -> str:
    return cache_label(resource.get("image_cache_name"), resource.get("image_cache_id"))


def _number(name: str, value: Any, least: int) -> int:
    """Return an integer, also from a string, because templates return strings."""
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()) or int(text) < least:
        raise _error(f"invalid {name} {value!r}: expected a whole number of {least} or more.")
    return int(text)


def _error(reason: str) -> AnsibleFilterError:
    return AnsibleFilterError(f"pod_annotations: {reason}")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"pod_annotations": pod_annotations}
