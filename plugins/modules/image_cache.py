#!/usr/bin/python
# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cache
short_description: Manage an image cache of Tencent Kubernetes Engine
version_added: 0.1.0
description:
  - Creates, updates, replaces, renames, and deletes an image cache, which is a snapshot that contains container images.
    Pods on super nodes and on TKE Serverless that start from an image cache do not pull its images.
  - A build takes minutes, and a cache incurs costs until it is deleted. The module therefore looks for an existing
    cache before it creates one and waits for a build that is in progress. If the outcome of a request is unclear, the
    module checks it before it retries the request. If a run is interrupted, the next run continues it.
  - The name of a cache followed by C(-replacement) is reserved for its replacement. If a replacement was interrupted,
    the next run completes or deletes it. This includes runs with O(state=absent).
notes:
  - >-
    The API does not return the following options, so changes to them are only detected with
    O(track_build_settings=true): O(vpc_id), O(subnet_id), O(security_group_ids), O(existed_eip_id), O(auto_create_eip),
    O(auto_create_eip_attribute), O(registry_skip_verify_list), O(registry_http_end_point_list), and O(resolve_config).
  - The ID changes when a cache is replaced and when a failed cache is rebuilt. Pods that are pinned to the old ID then
    pull their images. Roll them out again with the ID in RV(image_cache_id). Alternatively, pass V(auto) to the filter
    P(tencentcloud.tke.pod_annotations#filter), so that the platform finds a newer cache of the same size at once.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
extends_documentation_fragment:
  - tencentcloud.tke.attributes
  - tencentcloud.tke.connection
  - tencentcloud.tke.image_cache
attributes:
  check_mode:
    description: Can run in check mode and return the predicted changes without making them.
    support: full
  diff_mode:
    description: Returns what has changed, or what would change in check mode.
    support: full
    details:
      - The header describes the change and names the options that cause it, for example C(updated in place, not
        usable during the build) or C(replaced by a new cache). Every change produces a diff.
      - The diff omits values that the service changes by itself, such as RV(image_cache.events). It includes
        RV(image_cache.status) only for an image cache that has failed.
      - A registry password that changes, or that O(update_password=always) sends, is shown as V((changed\)). The diff
        contains neither value.
      - An ID that is unknown in check mode is shown as V((known after build\)).
      - Replacements of earlier runs that this run deletes are listed as C(replacements). So is the replacement that a
        run with O(wait=false) starts.
      - If O(follow_tags) causes a replacement, C(image_digests) shows the images whose tags have moved, with the
        first characters of their old and new digests.
      - If O(min_days_left) renews the retention, the header says in how many days the cache expires.
  idempotent:
    description: A second run with the same options changes nothing.
    support: partial
    details:
      - With O(update_password=always), a registry password is sent in every run.
      - With O(force_rebuild=true), the cache is rebuilt in every run.
      - With O(follow_tags=true), the cache is rebuilt if a tag has moved between the runs.
      - With O(min_days_left), the retention is renewed if too few days are left at the second run.
seealso:
  - module: tencentcloud.tke.image_cache_set
  - module: tencentcloud.tke.image_cache_info
  - module: tencentcloud.tke.image_cache_prune
  - plugin: tencentcloud.tke.pod_annotations
    plugin_type: filter
  - name: Operating image caches
    link: https://github.com/tencentcloud/ansible-collection-tke/blob/main/docs/docsite/rst/guide_operations.rst
    description: >-
      R(The guide on operations, ansible_collections.tencentcloud.tke.docsite.guide_operations)
      covers size, retention, freshness, and costs.
  - name: Troubleshooting
    link: https://github.com/tencentcloud/ansible-collection-tke/blob/main/docs/docsite/rst/guide_troubleshooting.rst
    description: >-
      R(The guide on troubleshooting, ansible_collections.tencentcloud.tke.docsite.guide_troubleshooting)
      explains failures and their solutions.
"""

EXAMPLES = r"""
- name: Create an image cache and wait until it is ready
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: web
    images:
      - nginx:1.27.3
      - redis:7.4.1
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    image_cache_size: 50
    retention_days: 90
    auto_create_eip: true
    tags:
      team: web
  register: web

- name: Preview a change
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: web
    images:
      - nginx:1.27.4
      - redis:7.4.1
  check_mode: true
  diff: true

- name: Create an image cache from a private registry with a password from Ansible Vault
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: billing
    images:
      - harbor.example.com/billing/api:3.1.0
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    image_registry_credentials:
      - server: harbor.example.com
        username: puller
        password: "{{ billing_registry_password }}"

- name: Change the images while keeping a usable cache at all times
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: web
    images:
      - nginx:1.27.5
      - redis:7.4.1
    # The API does not return these settings, so the replacement needs them again.
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    auto_create_eip: true
    on_change: replace
  register: web

- name: Rebuild the image cache every week and when its network settings change
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: nightly
    images:
      - registry.example.com/nightly:stable
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    max_age: 7d
    track_build_settings: true

- name: Check the images in their registry before the image cache is built
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: billing
    images:
      - harbor.example.com/billing/api:3.1.0
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    image_registry_credentials:
      - server: harbor.example.com
        username: puller
        password: "{{ billing_registry_password }}"
    verify_images: true

- name: Rebuild the image cache when its tag moves
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: nightly
    images:
      - registry.example.com/nightly:stable
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    follow_tags: true

- name: Keep the image cache for 30 days, and renew it in place when fewer than 10 are left
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: web
    images:
      - nginx:1.27.3
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    retention_days: 30
    min_days_left: 10

- name: Rename an image cache
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    id: "{{ web.image_cache_id }}"
    name: web-frontend

- name: Delete an image cache
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: web-frontend
    state: absent
"""

RETURN = r"""
image_cache:
  description:
    - Image cache as the API last returned it, without passwords. C(null) if it is absent.
    - In check mode, this is the predicted image cache. Unknown values are C(null).
    - If a run with O(wait=false) starts a replacement, this is the old cache, which is kept until a later run.
    - If the module fails, this is the image cache as last read. If a build fails, it is the cache whose build failed.
  returned: when the input is valid
  type: dict
  contains:
    image_cache_id:
      description: ID of the image cache, to which Pods can be pinned.
      type: str
    image_cache_name:
      description: Name of the image cache.
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
      description: RV(image_cache.creation_time) in ISO 8601 format (UTC), C(null) if it cannot be read.
      type: str
    expires_at:
      description:
        - RV(image_cache.expire_date_time) in ISO 8601 format (UTC), C(null) if the cache never expires or if the time
          cannot be read.
      type: str
    last_matched_at:
      description:
        - RV(image_cache.last_matched_time) in ISO 8601 format (UTC), C(null) if the cache was never matched or if the
          time cannot be read.
      type: str
    never_expires:
      description: Whether the cache never expires, C(null) if the API does not report it.
      type: bool
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
      description:
        - Events of the current or last build, in the API's order. A build starts with C(DiskCreated).
        - All events that the API lists, if their times cannot be read or if no event starts a build.
        - M(tencentcloud.tke.image_cache_info) returns the events of all builds with
          O(tencentcloud.tke.image_cache_info#module:events=all).
      type: list
      elements: dict
      contains: &event
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
    image_cache_id: imc-r1htp8tg
    image_cache_name: web
    image_cache_size: 50
    images: [nginx:1.27.3, redis:7.4.1]
    status: Ready
    creation_time: "2026-03-30 07:03:35 +0000 UTC"
    expire_date_time: "2026-06-28 07:03:35 +0000 UTC"
    last_matched_time: ""
    retention_days: 90
    image_cache_type: manual
    snapshot_id: snap-61ze0b16
    snapshotter: overlay
    image_registry_credentials: []
    tags: {team: web}
    events:
      - image_cache_id: imc-r1htp8tg
        type: Normal
        reason: DiskDeleted
        message: delete disk disk-61ze0b16 successfully
        first_timestamp: "2026-03-30 07:10:50 +0000 UTC"
        last_timestamp: "2026-03-30 07:10:50 +0000 UTC"
    created_at: "2026-03-30T07:03:35Z"
    expires_at: "2026-06-28T07:03:35Z"
    last_matched_at: null
    never_expires: false
image_cache_id:
  description:
    - ID of the image cache. C(null) if the image cache is absent, and in check mode if it has not been built yet.
    - RV(actions) contains the ID of a deleted image cache.
  returned: when the input is valid
  type: str
  sample: imc-r1htp8tg
actions:
  description: Actions that were taken, or would be taken in check mode, in order.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    action:
      description:
        - Type of the action, one of V(create), V(update), V(replace), V(rename), or V(delete).
        - A replacement is a single V(replace). If an interrupted replacement is completed after the old cache was
          deleted, it is a V(rename). The rebuild of a failed cache is a V(delete) and a V(create).
      type: str
    image_cache_id:
      description: ID of the cache; for a V(replace), of the new cache. C(null) for a new cache in check mode.
      type: str
    request_id:
      description: ID of the request. C(null) in check mode and if the response was lost.
      type: str
    fields:
      description:
        - Options that the action sets.
        - For a V(replace), first the options that cause it, such as O(images), O(force_rebuild), O(max_age), or
          O(follow_tags), then the other options whose values change. If a replacement of an earlier run is used, also
          the options that are updated in it, including O(image_cache_name).
      type: list
      elements: str
    moved_images:
      description:
        - Images whose tags have moved since the replaced cache was built. Only for a V(replace) that O(follow_tags)
          causes.
      type: list
      elements: dict
      version_added: 1.1.0
      contains:
        image:
          description: Image, as declared.
          type: str
        old_digest:
          description:
            - First characters of the digest that was recorded at the build. The more images the cache has, the
              fewer characters are recorded. C(null) if none are recorded.
          type: str
        new_digest:
          description: First characters of the current digest of the tag.
          type: str
  sample:
    - action: update
      image_cache_id: imc-r1htp8tg
      request_id: 1f0e9c7a-5ed9-4cb7-9194-a95e2cd626e5
      fields: [images, image_registry_credentials]
replaced:
  description:
    - IDs of the replaced cache and of its replacement.
    - C(null) if no cache was replaced, and if the run only starts a replacement (O(wait=false)).
  returned: when the input is valid
  type: dict
  contains:
    old_id:
      description: ID of the cache that was replaced.
      type: str
    new_id:
      description: ID of the new cache. C(null) in check mode if it has not been built yet.
      type: str
  sample:
    old_id: imc-r1htp8tg
    new_id: imc-4dxc7dx5
recovered_failure:
  description: Details of the failure of a rebuilt V(Failed) cache, as in RV(build_failure). C(null) if there was none.
  returned: when the input is valid
  type: dict
  contains:
    image_cache_id:
      description: ID of the failed cache.
      type: str
    events:
      description: Events of its last build, in the API's order.
      type: list
      elements: dict
      contains: *event
  sample:
    phase: EksCiCreated
    reason: PullImageFailed
    message: "failed to pull image: manifest unknown: not found"
    hint: The registry has no such image or tag. Check the spelling of the image and its tag.
    options: [images]
    image_cache_id: imc-lsj2pg0l
    events:
      - image_cache_id: imc-lsj2pg0l
        type: Warning
        reason: PullImageFailed
        message: "failed to pull image: manifest unknown: not found"
        first_timestamp: "2026-03-30 07:05:02 +0000 UTC"
        last_timestamp: "2026-03-30 07:05:02 +0000 UTC"
request_id:
  description: ID of the last request that received a response.
  returned: when the input is valid
  type: str
  sample: 6704dc99-e331-4055-8af9-1c9d4f0a62be
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
    message: "You are not authorized to perform operation (tke:CreateImageCache)."
    request_id: d981508f-969e-449d-a0ba-8cc4193c33ac
    action: CreateImageCache
    http_status: 200
    retryable: false
build_failure:
  description: Details of the failed build.
  returned: when a build failed
  type: dict
  contains:
    phase:
      description: Last step that the build reached, C(null) if there was none.
      type: str
    reason:
      description:
        - Reason of the newest warning that points to a cause, or else of the newest warning. C(null) if there is none.
      type: str
    message:
      description: Message of that warning.
      type: str
    hint:
      description: Likely cause and suggested solution.
      type: str
    options:
      description: Options of this module to check.
      type: list
      elements: str
  sample:
    phase: EksCiCreated
    reason: PullImageFailed
    message: "failed to pull image: manifest unknown: not found"
    hint: The registry has no such image or tag. Check the spelling of the image and its tag.
    options: [images]
"""

from ansible_collections.tencentcloud.tke.plugins.module_utils._module import run_module
from ansible_collections.tencentcloud.tke.plugins.module_utils._run import image_cache, image_cache_spec


def main() -> None:
    """Run the module."""
    run_module(image_cache_spec, image_cache)


if __name__ == "__main__":
    main()
