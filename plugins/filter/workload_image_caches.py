# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: workload_image_caches
short_description: Declare image caches for the workloads in Kubernetes manifests
version_added: 1.1.0
description:
  - Returns entries for M(tencentcloud.tke.image_cache_set) or for
    O(tencentcloud.tke.image_cache#role:main:image_cache_caches) of the role P(tencentcloud.tke.image_cache#role). Each
    entry has a C(name) and C(images).
  - All images of a Pod template are in one image cache, because a Pod uses only one. Init containers, sidecars,
    ephemeral containers and image volumes are included.
  - A name depends only on the namespace, the kind and the name of a workload, for example C(shop-deployment-web). A
    second run therefore changes nothing, and a new release of a workload updates its image cache.
  - A name ends in a digest if it would otherwise have more than 51 characters, or characters other than lower-case
    letters, digits and hyphens. It also ends in a digest if another workload could have the same name, as with all
    custom resources.
  - A workload without a namespace is treated as in the namespace V(default).
  - Pod templates are found as described for the filter P(tencentcloud.tke.pod_images#filter).
author:
  - The tencentcloud.tke contributors (@tencentcloud)
positional: _input
extends_documentation_fragment:
  - tencentcloud.tke.manifests
options:
  group_by:
    description:
      - Which workloads share an image cache.
      - With V(workload), each workload has its own image cache, which O(merge) can combine.
      - With V(namespace), all workloads of a namespace share one. Its name is that of the namespace.
      - With V(all), all workloads share one, whose name is V(all).
      - The disk of each Pod is as large as its image cache. Large image caches therefore make each Pod more expensive.
    type: str
    choices: [workload, namespace, all]
    default: workload
  prefix:
    description:
      - Prefix of each name, for example V(prod-). It distinguishes the image caches of several clusters or
        environments in one region, and selects them for M(tencentcloud.tke.image_cache_prune).
      - At most 30 lower-case letters, digits and hyphens.
    type: str
    default: ''
  merge:
    description:
      - Which image caches to combine.
      - With V(identical), workloads with the same images share one image cache, with the name of the first workload by
        namespace, kind and name. The name changes if another workload becomes the first one, for example because the
        first one is removed or gets other images. The image cache is then built under the new name.
      - With V(subsets), a workload has no image cache of its own if another image cache contains all its images. Fewer
        image caches are built, but the disk of each Pod of that workload is as large as the larger image cache.
      - With V(none), each workload has its own image cache. No change of another workload affects its name.
    type: str
    choices: [identical, subsets, none]
    default: identical
  extra_paths:
    description:
      - Paths at which resources name images outside of Pod templates, for example V(spec.image). These images are added
        to the image cache of the resource. See the filter P(tencentcloud.tke.pod_images#filter).
    type: list
    elements: str
    default: []
seealso:
  - plugin: tencentcloud.tke.with_image_caches
    plugin_type: filter
  - plugin: tencentcloud.tke.pod_images
    plugin_type: filter
  - module: tencentcloud.tke.image_cache_set
"""

EXAMPLES = r"""
- name: Create an image cache for each distinct set of images in the manifests
  tencentcloud.tke.image_cache_set:
    image_caches: "{{ manifests | tencentcloud.tke.workload_image_caches(prefix='prod-') }}"
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    on_change: replace
  vars:
    manifests: "{{ lookup('ansible.builtin.file', 'rendered.yml') }}"

- name: Read the Deployments of a namespace
  kubernetes.core.k8s_info:
    api_version: apps/v1
    kind: Deployment
    namespace: shop
  register: deployments

- name: Create one image cache for the whole namespace
  tencentcloud.tke.image_cache_set:
    image_caches: "{{ deployments | tencentcloud.tke.workload_image_caches(group_by='namespace') }}"
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
"""

RETURN = r"""
_value:
  description: Entries with C(name) and C(images), sorted by namespace, kind and name of the workloads.
  type: list
  elements: dict
  sample:
    - name: shop-deployment-web
      images:
        - nginx:1.27.3
        - registry.example.com/shop/web:4711
"""

from typing import Any, Callable, Dict, List, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.cache_plan import plan_caches
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import (
    InvalidManifest,
    read_manifests,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.pod_templates import (
    find_pod_templates,
    parse_paths,
)


def workload_image_caches(
    manifests: Any,
    group_by: str = "workload",
    prefix: str = "",
    merge: str = "identical",
    extra_paths: Sequence[str] = (),
) -> List[Dict[str, Any]]:
    """Return an entry of image_cache_set for each image cache that workloads need. Raises AnsibleFilterError."""
    try:
        templates = find_pod_templates(read_manifests(manifests), parse_paths(extra_paths))
        return plan_caches(templates, group_by, prefix, merge)
    except InvalidManifest as error:
        raise AnsibleFilterError(f"workload_image_caches: {error}") from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"workload_image_caches": workload_image_caches}
