# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: with_image_caches
short_description: Add the annotations of image caches to Kubernetes manifests
version_added: 1.1.0
description:
  - Returns the manifests with the annotations of the filter P(tencentcloud.tke.pod_annotations#filter) in each Pod
    template whose images are all in one V(Ready) image cache. The input is not modified.
  - If several image caches contain the images, the smallest is used, and among those of the same size the newest, as
    the platform does.
  - Other Pod templates, and resources without Pod templates, are returned unchanged. O(report) names them.
  - If a resource has a Pod spec but no metadata for its Pods, such as a custom resource with C(spec.containers), its
    Pods cannot be annotated.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
positional: _input, result
extends_documentation_fragment:
  - tencentcloud.tke.manifests
options:
  result:
    description:
      - Image caches to use, as a result of M(tencentcloud.tke.image_cache_set), M(tencentcloud.tke.image_cache_info) or
        M(tencentcloud.tke.image_cache), or as a list of image caches.
    type: raw
    required: true
  disk_type:
    description: See the filter P(tencentcloud.tke.pod_annotations#filter).
    type: str
    choices: [CLOUD_BASIC, CLOUD_PREMIUM, CLOUD_SSD, CLOUD_HSSD, CLOUD_TSSD]
  disk_size:
    description: See the filter P(tencentcloud.tke.pod_annotations#filter).
    type: int
  retain_minutes:
    description: See the filter P(tencentcloud.tke.pod_annotations#filter).
    type: int
  allow_pending:
    description:
      - Whether to use image caches that are not V(Ready) yet, including those that check mode predicts. See the filter
        P(tencentcloud.tke.pod_annotations#filter).
    type: bool
    default: false
  overwrite:
    description:
      - Whether to replace annotations of the same names that a Pod template already has. By default, they are kept.
      - Set it to V(true) for manifests that are read from a cluster. Their annotations come from an earlier run, and a
        rebuilt image cache has another ID.
    type: bool
    default: false
  report:
    description:
      - Whether to return a dictionary with C(manifests), C(served) and C(unserved) instead of the manifests alone.
    type: bool
    default: false
notes:
  - To write the manifests to a file, use P(ansible.builtin.to_nice_json#filter). Kubernetes reads JSON, too.
    P(ansible.builtin.to_nice_yaml#filter) does not quote strings such as V(y) and V(1e3). Kubernetes reads them as a
    boolean and a number.
seealso:
  - plugin: tencentcloud.tke.workload_image_caches
    plugin_type: filter
  - plugin: tencentcloud.tke.pod_annotations
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Create the image caches that the manifests need
  tencentcloud.tke.image_cache_set:
    image_caches: "{{ manifests | tencentcloud.tke.workload_image_caches }}"
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
  register: caches
  vars: &manifests
    manifests: "{{ lookup('ansible.builtin.file', 'rendered.yml') }}"

- name: Apply the manifests with the annotations of the image caches
  kubernetes.core.k8s:
    definition: "{{ manifests | tencentcloud.tke.with_image_caches(caches, disk_type='CLOUD_SSD') }}"
  vars: *manifests

- name: Fail if a Pod template has no image cache
  ansible.builtin.assert:
    that: report.unserved | length == 0
    fail_msg: "{{ report.unserved | to_nice_yaml }}"
  vars:
    manifests: "{{ lookup('ansible.builtin.file', 'rendered.yml') }}"
    report: "{{ manifests | tencentcloud.tke.with_image_caches(caches, report=true) }}"
"""

RETURN = r"""
_value:
  description:
    - The manifest, if the input is one manifest, otherwise the list of manifests without empty documents.
    - With O(report=true), a dictionary. Its C(manifests) are these manifests. C(served) and C(unserved) are lists with
      an entry for each Pod template, with C(kind), C(namespace), C(name), C(path) and C(images). Entries of C(served)
      have C(image_cache_id), C(image_cache_name) and C(kept), the names of annotations that the Pod template already
      had with another value. Entries of C(unserved) have a C(reason) and C(missing), the images that the closest image
      cache does not contain.
  type: raw
  sample:
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
    spec:
      template:
        metadata:
          annotations:
            eks.tke.cloud.tencent.com/use-image-cache: imc-r1htp8tg
        spec:
          containers:
            - name: web
              image: nginx:1.27.3
"""

from functools import partial
from typing import Any, Callable, Dict, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter.pod_annotations import pod_annotations
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._image_caches import InvalidResult, list_image_caches
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.annotations import (
    annotate,
    match_template,
    report_matches,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import (
    InvalidManifest,
    is_single,
    read_manifests,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.pod_templates import find_pod_templates
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.serving import ServingCaches


def with_image_caches(
    manifests: Any,
    result: Any,
    *,
    disk_type: Optional[str] = None,
    disk_size: Any = None,
    retain_minutes: Any = None,
    allow_pending: bool = False,
    overwrite: bool = False,
    report: bool = False,
) -> Any:
    """Return manifests whose Pod templates have the annotations of the caches that serve them.

    Raises AnsibleFilterError.
    """
    annotations_of = partial(
        pod_annotations,
        disk_type=disk_type,
        disk_size=disk_size,
        retain_minutes=retain_minutes,
        allow_pending=allow_pending,
    )
    # Invalid options are refused even if no cache serves any Pod.
    annotations_of("auto")
    try:
        caches = ServingCaches(list_image_caches(result), allow_pending)
        given = read_manifests(manifests)
        matches = [
            match_template(template, caches, annotations_of, overwrite) for template in find_pod_templates(given)
        ]
    except (InvalidManifest, InvalidResult) as error:
        raise AnsibleFilterError(f"with_image_caches: {error}") from None
    annotated: Any = annotate(given, matches)
    if is_single(manifests):
        (annotated,) = annotated
    return {"manifests": annotated, **report_matches(matches, caches)} if report else annotated


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"with_image_caches": with_image_caches}
