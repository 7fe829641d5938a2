# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pod_images
short_description: List the images that Kubernetes manifests use
version_added: 1.1.0
description:
  - Returns the images of all Pod templates, each image once, in the order of the manifests. Init containers, sidecars,
    ephemeral containers and image volumes are included.
  - The filter finds a Pod template by its structure, in any kind of resource and at any depth. A mapping whose
    C(containers) is a list of mappings with C(name) and C(image) is a Pod spec. In C(template.spec), C(name) is
    optional. Other texts are never searched for images.
  - Fails if an image is not a valid reference, or if the manifests contain templates that were not rendered.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
positional: _input
extends_documentation_fragment:
  - tencentcloud.tke.manifests
options:
  why:
    description:
      - Whether to return a dictionary with C(image) and C(used_by) for each image instead of the image alone.
    type: bool
    default: false
  extra_paths:
    description:
      - Paths at which resources name images outside of Pod templates, for example V(spec.image). Each path is looked up
        in each resource. A path consists of keys that are separated by periods. If a key leads to a list, all elements
        of the list are read.
    type: list
    elements: str
    default: []
seealso:
  - plugin: tencentcloud.tke.workload_image_caches
    plugin_type: filter
  - module: tencentcloud.tke.registry_image_info
"""

EXAMPLES = r"""
- name: Show the images of rendered manifests
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'rendered.yml') | tencentcloud.tke.pod_images }}"

- name: Show which containers use each image
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'rendered.yml') | tencentcloud.tke.pod_images(why=true) }}"

- name: Render a Helm chart
  ansible.builtin.command:
    argv: [helm, template, shop, ./chart, --namespace, shop]
  register: rendered
  changed_when: false

- name: Create an image cache with all images of the chart
  tencentcloud.tke.image_cache:
    name: shop
    images: "{{ rendered.stdout | tencentcloud.tke.pod_images }}"
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8

- name: Include images that custom resources name outside of Pod templates
  ansible.builtin.debug:
    msg: "{{ manifests | tencentcloud.tke.pod_images(extra_paths=['spec.image', 'spec.sidecars.image']) }}"
"""

RETURN = r"""
_value:
  description:
    - Images as they are written in the manifests.
    - With O(why=true), a list of dictionaries with C(image) and C(used_by). C(used_by) is a list with C(kind),
      C(namespace), C(name) and C(container) of each use. C(namespace) is null if the manifest has none. C(container) is
      null for image volumes, which have C(volume) in addition, and for images at O(extra_paths), which have C(path).
  type: list
  elements: raw
  sample:
    - nginx:1.27.3
    - registry.example.com/shop/api:4711
"""

from typing import Any, Callable, Dict, List, Sequence, Union

from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import (
    InvalidManifest,
    read_manifests,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.pod_templates import (
    find_pod_templates,
    parse_paths,
)


def pod_images(
    manifests: Any, why: bool = False, extra_paths: Sequence[str] = ()
) -> Union[List[str], List[Dict[str, Any]]]:
    """Return the images of manifests, with C(why) as dictionaries. Raises AnsibleFilterError."""
    try:
        templates = find_pod_templates(read_manifests(manifests), parse_paths(extra_paths))
    except InvalidManifest as error:
        raise AnsibleFilterError(f"pod_images: {error}") from None
    users: Dict[str, List[Dict[str, Any]]] = {}
    for template in templates:
        for usage in template.usages:
            users.setdefault(usage.image, []).append({**template.workload.facts, **usage.facts})
    return [{"image": image, "used_by": used_by} for image, used_by in users.items()] if why else list(users)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"pod_images": pod_images}
