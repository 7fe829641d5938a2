#!/usr/bin/python
# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_image_info
short_description: Look up container images in their registries
version_added: 1.1.0
description:
  - Asks registries whether images exist, and returns their digests, platforms, and sizes.
  - Recommends a size for an image cache that contains all these images.
  - Uses the OCI Distribution API with the same registry options as M(tencentcloud.tke.image_cache). It reads manifests
    and a few bytes of each layer, and does not download images.
  - Does not fail if an image does not exist or cannot be looked up. RV(images[].error) contains the reason.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
extends_documentation_fragment:
  - tencentcloud.tke.attributes
  - tencentcloud.tke.registry
attributes:
  check_mode:
    description: This module does not modify state.
    support: full
  diff_mode:
    description: This module does not modify state.
    support: N/A
  idempotent:
    description: This module does not modify state.
    support: full
options:
  images:
    description:
      - Images to look up. A reference without a tag or digest means C(latest).
      - References that do not conform to Docker's grammar, and an empty list, are rejected before any request.
      - Each image and each layer is looked up once, even if it occurs several times.
    type: list
    elements: str
    required: true
  platform:
    description:
      - Platform for which to return RV(images[].platform_digest) and sizes, as V(os/architecture) or
        V(os/architecture/variant). Without a variant, the first matching variant of the image is used.
      - The default is the platform on which image caches are built.
    type: str
    default: linux/amd64
notes:
  - Docker Hub counts each manifest that is read as a pull. Looking up an image reads one manifest, or two if the image
    has several platforms.
  - A registry can be unreachable from the machine that runs the module and still be reachable from the subnet in which
    an image cache is built, and vice versa.
seealso:
  - module: tencentcloud.tke.image_cache
  - module: tencentcloud.tke.image_cache_set
"""

EXAMPLES = r"""
- name: Look up the images of an image cache
  tencentcloud.tke.registry_image_info:
    images:
      - nginx:1.27.3
      - registry.example.com/shop/web:1.4.2
    image_registry_credentials:
      - server: registry.example.com
        username: puller
        password: "{{ vault_registry_password }}"
  register: result

- name: Fail in CI if an image cannot be pulled
  ansible.builtin.assert:
    that: result.images | selectattr('error') | length == 0
    fail_msg: "{{ result.images | selectattr('error') | map(attribute='error.message') | join(' ') }}"

- name: Create an image cache of the recommended size
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: shop
    images: "{{ result.images | map(attribute='image') }}"
    image_cache_size: "{{ result.recommended_size }}"
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    image_registry_credentials:
      - server: registry.example.com
        username: puller
        password: "{{ vault_registry_password }}"

# Pinned images do not change when a tag moves. The image cache and its Pods need the same references.
- name: Create an image cache of pinned images
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: shop-pinned
    images: "{{ result.images | map(attribute='pinned') }}"
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    image_registry_credentials:
      - server: registry.example.com
        username: puller
        password: "{{ vault_registry_password }}"
  register: cache

- name: Run a Pod with a pinned image from the image cache
  kubernetes.core.k8s:
    definition:
      apiVersion: v1
      kind: Pod
      metadata:
        name: web
        namespace: shop
        annotations: "{{ cache | tencentcloud.tke.pod_annotations }}"
      spec:
        containers:
          - name: web
            image: "{{ result.images[0].pinned }}"

- name: Verify that an image supports another platform
  tencentcloud.tke.registry_image_info:
    images:
      - nginx:1.27.3
    platform: linux/arm64
  register: arm
  failed_when: arm.images[0].platform_digest is none
"""

RETURN = r"""
images:
  description: Result for each entry of O(images), in the same order.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    image:
      description: Image as given in O(images).
      type: str
    registry:
      description: Host of the registry, C(docker.io) for Docker Hub.
      type: str
    repository:
      description: Repository in the registry, for example V(library/nginx).
      type: str
    tag:
      description: Tag, C(null) if the image has only a digest.
      type: str
    digest:
      description:
        - Digest of the image, C(null) if unknown. For an image with several platforms, this is the digest of its index.
      type: str
    platform_digest:
      description:
        - Digest of the manifest for O(platform), C(null) if unknown or if the image does not support O(platform).
      type: str
    pinned:
      description:
        - Image with its tag and digest, C(null) if the digest is unknown. The content of this reference does not change
          when the tag moves.
      type: str
    platforms:
      description:
        - Platforms that the image supports, as far as its index or its configuration names them, without attestations.
      type: list
      elements: str
    compressed_bytes:
      description: Download size for O(platform) in bytes, C(null) if unknown.
      type: int
    unpacked_bytes:
      description:
        - Size of the unpacked layers for O(platform) in bytes. The module reads it from the end of gzip layers and from
          the header of zstd layers.
        - C(null) if the size of a layer is unknown, for example because the registry does not support range requests.
        - A gzip layer stores its size modulo 4 GiB, so a layer with more than 4 GiB can have a size that is too low.
      type: int
    exists:
      description:
        - Whether the image exists, C(null) if unknown. Many registries do not tell anonymous clients whether an image
          does not exist or is private.
      type: bool
    error:
      description: Reason why the lookup failed or is incomplete, C(null) if it succeeded.
      type: dict
      contains:
        code:
          description: Error code of the registry, for example V(MANIFEST_UNKNOWN), or the type of failure.
          type: str
        message:
          description: Error message with the image, the registry, the cause, and a suggested solution.
          type: str
        retryable:
          description: Whether the same lookup may succeed later.
          type: bool
  sample:
    - image: registry.example.com/shop/web:1.4.2
      registry: registry.example.com
      repository: shop/web
      tag: 1.4.2
      digest: sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
      platform_digest: sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9
      pinned:
        registry.example.com/shop/web:1.4.2@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
      platforms: [linux/amd64, linux/arm64]
      exists: true
      error: null
    - image: registry.example.com/shop/web:1.4.3
      registry: registry.example.com
      repository: shop/web
      tag: 1.4.3
      digest: null
      platform_digest: null
      pinned: null
      platforms: []
      compressed_bytes: null
      unpacked_bytes: null
      exists: false
      error:
        code: MANIFEST_UNKNOWN
        message: >-
          image registry.example.com/shop/web:1.4.3 does not exist in registry registry.example.com: the registry
          returned HTTP status 404 (MANIFEST_UNKNOWN). Check the repository and the tag or digest.
        retryable: false
compressed_bytes:
  description: Download size of all images together in bytes, each layer counted once. C(null) if unknown for an image.
  returned: when the input is valid
  type: int
  sample: 412390144
unpacked_bytes:
  description: Unpacked size of all images together in bytes, each layer counted once. C(null) if unknown for an image.
  returned: when the input is valid
  type: int
  sample: 1168231104
recommended_size:
  description:
    - Recommended size in GiB of an image cache that contains all images, at least 20.
    - RV(unpacked_bytes) plus 20 percent, rounded up. The headroom is for file system metadata, partly filled blocks,
      and the metadata of the snapshotter.
    - If RV(unpacked_bytes) is unknown, three times RV(compressed_bytes). C(null) if both are unknown.
  returned: when the input is valid
  type: int
  sample: 20
"""

from ansible_collections.tencentcloud.tke.plugins.module_utils._module import run_module
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry_info import (
    registry_image_info,
    registry_image_info_spec,
)


def main() -> None:
    """Run the module."""
    run_module(registry_image_info_spec, registry_image_info)


if __name__ == "__main__":
    main()
