#!/usr/bin/python
# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cache_info
short_description: List, filter, and match image caches of Tencent Kubernetes Engine
version_added: 1.0.0
description:
  - Lists the image caches of a region, with their age, the time since a Pod last matched them, and the time until they
    expire.
  - Returns the image caches that match all filters that are set. Without filters, returns all image caches, from all
    pages of the API's listing.
  - With O(match_images), also returns the image cache that the platform would use for a Pod with these images.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
extends_documentation_fragment:
  - tencentcloud.tke.attributes
  - tencentcloud.tke.connection
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
  image_cache_ids:
    description:
      - IDs of the image caches to return. IDs that do not exist are ignored.
      - An empty list matches no image cache.
    type: list
    elements: str
  image_cache_names:
    description:
      - Names of the image caches to return, compared exactly. Several image caches can have the same name.
      - An empty list matches no image cache.
    type: list
    elements: str
  name_pattern:
    description:
      - Shell pattern that the name must match, for example V(ci-*). Matching is case-sensitive.
    type: str
  statuses:
    description:
      - States of the image caches to return. Only image caches in state V(Ready) are usable.
      - An empty list matches no image cache.
    type: list
    elements: str
    choices: [Pending, Ready, Failed, Updating, UpdateFailed]
  tags:
    description:
      - Tags that an image cache must have, with these values. An empty dictionary is rejected.
    type: dict
  contains_image:
    description:
      - Image that an image cache must contain. A reference without a tag or digest means C(latest).
      - A shell pattern, for example V(nginx:*), is matched against the whole reference, including the tag.
    type: str
  expires_within:
    description:
      - Maximum time until an image cache expires, for example V(7d) or V(12h). Image caches that have expired but are
        still listed match as well.
      - The units are V(s), V(m), V(h), V(d), and V(w).
      - Image caches that never expire, and those whose expiry time is unknown, do not match.
    version_added: 1.1.0
    type: str
  match_images:
    description:
      - Images of a Pod. The module also asks the API for the most suitable image cache and returns it in RV(match).
      - It is not documented whether the API counts this request as a match of the image cache and updates
        RV(image_caches[].last_matched_time).
    type: list
    elements: str
  snapshotter:
    description:
      - Snapshotter for which to match O(match_images), for example V(overlay).
    type: str
  events:
    description:
      - Which events to return in RV(image_caches[].events).
      - V(last) returns the events of the current or last build, and V(all) those of all builds that the API lists.
      - V(none) returns an empty list, which keeps a result with many image caches short.
    version_added: 1.1.0
    type: str
    choices: [last, all, none]
    default: last
  check_permissions:
    description:
      - Whether to find out which actions of the API the credentials may use, instead of listing image caches. Nothing
        is created, changed or deleted. The result is RV(permissions).
      - The module sends C(UpdateImageCache) and C(DeleteImageCaches) for an ID that does not exist. If the API responds
        that it does not exist, the action is allowed. These two requests are not sent in check mode, nor if the
        credentials cannot list image caches.
      - That the API checks the permission before it looks for the image cache is inferred from other services of the
        API. It has not been verified with the real service.
      - C(CreateImageCache) is never sent, because a successful request would build an image cache.
      - Mutually exclusive with the filters and with O(match_images).
    version_added: 1.1.0
    type: bool
    default: false
seealso:
  - module: tencentcloud.tke.image_cache
  - module: tencentcloud.tke.image_cache_prune
  - plugin: tencentcloud.tke.pod_annotations
    plugin_type: filter
"""

EXAMPLES = r"""
- name: List all image caches
  tencentcloud.tke.image_cache_info:
    region: ap-guangzhou
  register: result

- name: Show the image caches that no Pod is known to have matched
  ansible.builtin.debug:
    msg: "{{ result.image_caches | selectattr('days_since_match', 'none') | map(attribute='image_cache_name') }}"

- name: List the ready image caches of a team that contain an nginx image
  tencentcloud.tke.image_cache_info:
    region: ap-guangzhou
    statuses:
      - Ready
    tags:
      team: web
    contains_image: nginx:*

- name: List the image caches that expire within a week
  tencentcloud.tke.image_cache_info:
    region: ap-guangzhou
    expires_within: 7d
  register: expiring

- name: Find the image cache that a Pod with these images would use
  tencentcloud.tke.image_cache_info:
    region: ap-guangzhou
    image_cache_names:
      - web
    match_images:
      - nginx:1.27.3
      - redis:7.4.1
  register: web

- name: Show which actions the credentials may use
  tencentcloud.tke.image_cache_info:
    region: ap-guangzhou
    check_permissions: true
  register: permitted

- name: Verify that the image cache contains every image
  ansible.builtin.assert:
    that: web.match.missing | length == 0
    fail_msg: "The Pod would pull these images: {{ web.match.missing | join(', ') }}"
"""

RETURN = r"""
region:
  description: Region of the image caches.
  returned: when the input is valid
  version_added: 1.1.0
  type: str
  sample: ap-guangzhou
image_caches:
  description: Image caches, without passwords. An empty list if there are none, or with O(check_permissions=true).
  returned: when the input is valid and the listing succeeded
  type: list
  elements: dict
  contains:
    image_cache_id:
      description: ID of the image cache, to which Pods can be pinned.
      type: str
    image_cache_name:
      description: Name of the image cache. Image caches that the platform created have none.
      type: str
    image_cache_size:
      description: Size in GiB.
      type: int
    images:
      description: Images in the cache.
      type: list
      elements: str
    status:
      description:
        - State, one of V(Pending), V(Ready), V(Failed), V(Updating), or V(UpdateFailed). Only V(Ready) caches are
          usable.
      type: str
    creation_time:
      description: Creation time, in the API's format.
      type: str
    expire_date_time:
      description: Expiry time, in the API's format.
      type: str
    last_matched_time:
      description: Time when a Pod last matched the cache, in the API's format.
      type: str
    created_at:
      description: RV(image_caches[].creation_time) in ISO 8601 format (UTC), C(null) if it cannot be read.
      type: str
    expires_at:
      description:
        - RV(image_caches[].expire_date_time) in ISO 8601 format (UTC), C(null) if the cache never expires or if the
          time cannot be read.
      type: str
    last_matched_at:
      description:
        - RV(image_caches[].last_matched_time) in ISO 8601 format (UTC), C(null) if the cache was never matched or if
          the time cannot be read.
      type: str
    never_expires:
      description: Whether the cache never expires, C(null) if the API does not report it.
      type: bool
    age_days:
      description: Days since the creation, to two decimal places, C(null) if the creation time cannot be read.
      type: float
    days_since_match:
      description:
        - Days since a Pod last matched the cache, to two decimal places, C(null) if it was never matched or if the time
          cannot be read.
      type: float
    days_until_expiry:
      description:
        - Days until the cache expires, to two decimal places. Negative if the expiry time is past, C(null) if the cache
          never expires or if the time is unknown.
        - If the API returns no readable expiry time, it is the creation time plus the retention.
      version_added: 1.1.0
      type: float
    retention_days:
      description: Retention in days, V(0) if the cache never expires.
      type: int
    image_cache_type:
      description: V(manual), or V(auto) for a cache that the platform created.
      type: str
    snapshot_id:
      description: ID of the snapshot that contains the images.
      type: str
    snapshotter:
      description: Snapshotter with which the images are unpacked.
      type: str
    image_registry_credentials:
      description: Registry credentials, without passwords.
      type: list
      elements: dict
      contains:
        server:
          description: Host of the registry.
          type: str
        username:
          description: User name.
          type: str
        name:
          description: Name of the credentials.
          type: str
    tags:
      description: Tags of the cache.
      type: dict
    events:
      description: Build events that O(events) selects, in the API's order.
      type: list
      elements: dict
      contains:
        image_cache_id:
          description: ID of the image cache.
          type: str
        type:
          description: V(Normal) or V(Warning).
          type: str
        reason:
          description: Step of the build, or the type of its failure.
          type: str
        message:
          description: Message from the service.
          type: str
        first_timestamp:
          description: Time of the first occurrence, in the API's format.
          type: str
        last_timestamp:
          description: Time of the last occurrence, in the API's format.
          type: str
  sample:
    - image_cache_id: imc-r1htp8tg
      image_cache_name: web
      image_cache_size: 50
      images: [nginx:1.27.3, redis:7.4.1]
      status: Ready
      created_at: "2026-03-30T07:03:35Z"
      last_matched_at: "2026-03-30T09:07:11Z"
      age_days: 12.5
      days_since_match: 12.41
      days_until_expiry: 77.5
      tags: {team: web}
match:
  description: Image cache that the platform would use for a Pod with O(match_images).
  returned: when O(match_images) is set and no request failed
  type: dict
  contains:
    found:
      description: Whether the API found an image cache.
      type: bool
    image_cache:
      description: Image cache with the keys of RV(image_caches), C(null) if none. The filters do not apply to it.
      type: dict
    covered:
      description: Images of O(match_images) that it contains.
      type: list
      elements: str
    missing:
      description: Images that the Pod would pull.
      type: list
      elements: str
  sample:
    found: true
    image_cache:
      image_cache_id: imc-r1htp8tg
    covered: [nginx:1.27.3, redis:7.4.1]
    missing: []
permissions:
  description: Whether the credentials may use each of the API's five actions.
  returned: with O(check_permissions=true), if the credentials are valid
  type: list
  elements: dict
  contains:
    action:
      description: Action of the API.
      type: str
    allowed:
      description: Whether the action is allowed, C(null) if this is not known.
      type: bool
    reason:
      description: Response of the API, or why the request was not sent.
      type: str
  sample:
    - action: DescribeImageCaches
      allowed: true
      reason: The request succeeded.
    - action: GetMostSuitableImageCache
      allowed: true
      reason: The request succeeded.
    - action: CreateImageCache
      allowed: null
      reason: It was not sent, because it would build an image cache.
    - action: UpdateImageCache
      allowed: true
      reason: "ResourceNotFound: The image cache imc-00000000 does not exist."
    - action: DeleteImageCaches
      allowed: false
      reason: "UnauthorizedOperation.CamNoAuth: You are not authorized to perform operation (tke:DeleteImageCaches)."
error:
  description: Details of the failed request.
  returned: when a request failed
  type: dict
  contains:
    code:
      description: Error code of the API, or the type of failure if the API did not respond.
      type: str
    message:
      description: Error message of the API or of the system.
      type: str
    request_id:
      description: ID of the request, C(null) if the API did not respond.
      type: str
    action:
      description: API action.
      type: str
    http_status:
      description: HTTP status code, C(null) if there was no response.
      type: int
    retryable:
      description: Whether the same request may succeed later.
      type: bool
  sample:
    code: UnauthorizedOperation.CamNoAuth
    message: "You are not authorized to perform operation (tke:DescribeImageCaches)."
    request_id: d981508f-969e-449d-a0ba-8cc4193c33ac
    action: DescribeImageCaches
    http_status: 200
    retryable: false
"""

from ansible_collections.tencentcloud.tke.plugins.module_utils._info import image_cache_info, image_cache_info_spec
from ansible_collections.tencentcloud.tke.plugins.module_utils._module import run_module


def main() -> None:
    """Run the module."""
    run_module(image_cache_info_spec, image_cache_info)


if __name__ == "__main__":
    main()
