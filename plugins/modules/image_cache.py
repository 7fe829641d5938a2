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
  - Creates, updates, replaces, renames and deletes an image cache, a snapshot that already holds container images.
    Pods on super nodes and on TKE Serverless that start from one do not pull those images.
  - A cache costs money from its first minute until it is deleted, and takes minutes to build. The module looks before
    it creates, joins a build that is under way, and looks again before it repeats anything that may have been done. A
    run that was cut off is picked up by the next one.
  - The name of a cache followed by C(-replacement) is reserved for the new cache while a cache is replaced. What is
    left of a replace that was cut off is taken up or removed, also with O(state=absent).
notes:
  - Nine options are neither shown by the API nor compared, unless O(track_build_settings) is true, so that another
    value goes unseen - O(vpc_id), O(subnet_id), O(security_group_ids), O(existed_eip_id), O(auto_create_eip),
    O(auto_create_eip_attribute), O(registry_skip_verify_list), O(registry_http_end_point_list), O(resolve_config).
  - The id changes when a cache is replaced, and when a failed one is built anew. Pods whose annotation names the id
    find no such cache from then on and pull their images; take the new id from RV(image_cache_id) and roll them out
    anew, or let Pods match by C(auto), which finds the newer cache of the same size at once.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
extends_documentation_fragment:
  - tencentcloud.tke.attributes
  - tencentcloud.tke.connection
  - tencentcloud.tke.image_cache
attributes:
  check_mode:
    description: Can run in check mode and return what would be done, without doing it.
    support: full
  diff_mode:
    description: Returns what changes, or would change in check mode.
    support: full
    details:
      - The header says how the image cache changes, for example C(updated in place and out of use meanwhile) or
        C(replaced by a new cache), and which options call for it. Whenever something changes, the diff shows something.
      - The diff holds what is declared. What the service changes by itself, such as RV(image_cache.events), is left
        out; RV(image_cache.status) is shown only of an image cache that has failed.
      - A registry password that changes, or that O(update_password=always) sends, shows as V((changed\)), without
        either value.
      - An id that check mode cannot know shows as V((known after build\)).
      - Replacements that earlier runs have left and this run removes are listed as C(replacements), and so is the one
        that a run with O(wait=false) starts.
  idempotent:
    description: Run again with the same options, the module changes nothing.
    support: partial
    details:
      - With O(update_password=always) a registry password is sent in every run, and with O(force_rebuild=true) the
        cache is built anew in every run.
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
      covers size, retention, freshness and cost.
  - name: Troubleshooting
    link: https://github.com/tencentcloud/ansible-collection-tke/blob/main/docs/docsite/rst/guide_troubleshooting.rst
    description: >-
      R(The guide on troubleshooting, ansible_collections.tencentcloud.tke.docsite.guide_troubleshooting)
      explains failures and their solutions.
"""

EXAMPLES = r"""
- name: An image cache is there, and Ready
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

- name: See what a change would do
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: web
    images:
      - nginx:1.27.4
      - redis:7.4.1
  check_mode: true
  diff: true

- name: From a private registry, with a password from a vault
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

- name: Other images, without a moment in which no cache is usable
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: web
    images:
      - nginx:1.27.5
      - redis:7.4.1
    # What the API never shows is declared again, as the new cache knows nothing of the old one's.
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    auto_create_eip: true
    on_change: replace
  register: web

- name: Built anew every week, and when its network changes
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: nightly
    images:
      - registry.example.com/nightly:stable
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    max_age: 7d
    track_build_settings: true

- name: Another name for the cache of this id
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    id: "{{ web.image_cache_id }}"
    name: web-frontend

- name: The image cache is gone
  tencentcloud.tke.image_cache:
    region: ap-guangzhou
    name: web-frontend
    state: absent
"""

RETURN = r"""
image_cache:
  description:
    - The image cache as the API last showed it, without any password. C(null) when it is absent.
    - In check mode, as it would be; what cannot be known is C(null). With O(wait=false) a run that starts a
      replacement returns the old cache, which stays until a later run.
    - When the module fails, as it was last seen; when a build fails, the cache that failed.
  returned: always, except for invalid input
  type: dict
  contains:
    image_cache_id:
      description: The id, by which a Pod can name the cache.
      type: str
    image_cache_name:
      description: The name.
      type: str
    image_cache_size:
      description: The size in GiB.
      type: int
    images:
      description: The images that it holds.
      type: list
      elements: str
    status:
      description: V(Pending), V(Ready), V(Failed), V(Updating) or V(UpdateFailed). Only V(Ready) is usable.
      type: str
    creation_time:
      description: When it was created, as the API words it.
      type: str
    expire_date_time:
      description: When it expires, as the API words it.
      type: str
    last_matched_time:
      description: When a Pod last matched it, as the API words it.
      type: str
    created_at:
      description: RV(image_cache.creation_time) as ISO 8601 in UTC, C(null) where it cannot be read.
      type: str
    expires_at:
      description: RV(image_cache.expire_date_time) as ISO 8601 in UTC, C(null) where it never expires or is unreadable.
      type: str
    last_matched_at:
      description: RV(image_cache.last_matched_time) as ISO 8601 in UTC, C(null) where it cannot be read.
      type: str
    never_expires:
      description: Whether the cache is kept for ever, C(null) where the API does not tell.
      type: bool
    retention_days:
      description: The days that it is kept, 0 for ever.
      type: int
    image_cache_type:
      description: V(manual), or V(auto) for a cache that the platform made.
      type: str
    snapshot_id:
      description: The snapshot that holds the images.
      type: str
    snapshotter:
      description: How the images are unpacked.
      type: str
    image_registry_credentials:
      description: The credentials, without their passwords.
      type: list
      elements: dict
      contains:
        server:
          description: The registry's host.
          type: str
        username:
          description: The user.
          type: str
        name:
          description: The name of the credentials.
          type: str
    tags:
      description: The tags.
      type: dict
    events:
      description:
        - The events of the current or last build, in the API's order. A build begins with C(DiskCreated).
        - All events that the API lists, if their times cannot be read or none of them begins a build.
        - M(tencentcloud.tke.image_cache_info) returns those of all builds with
          O(tencentcloud.tke.image_cache_info#module:events=all).
      type: list
      elements: dict
      contains: &event
        image_cache_id:
          description: The id of the cache.
          type: str
        type:
          description: V(Normal) or V(Warning).
          type: str
        reason:
          description: The step that was reached, or what went wrong, in a word.
          type: str
        message:
          description: The service's own words.
          type: str
        first_timestamp:
          description: When it first happened, as the API words it.
          type: str
        last_timestamp:
          description: When it last happened, as the API words it.
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
    - The id of the image cache. C(null) when the image cache is absent, and in check mode when it is yet to be built.
    - The id of a deleted image cache is in RV(actions).
  returned: always, except for invalid input
  type: str
  sample: imc-r1htp8tg
actions:
  description: What was done, or would be done in check mode, in order.
  returned: always, except for invalid input
  type: list
  elements: dict
  contains:
    action:
      description:
        - V(create), V(update), V(replace), V(rename) or V(delete).
        - A replace is one entry; the end of one that was cut off is a V(rename), if the old cache was gone. A failed
          cache that is built anew is a V(delete) and a V(create).
      type: str
    image_cache_id:
      description: The id that it was done to; of a V(replace) the new one. C(null) for a new cache in check mode.
      type: str
    request_id:
      description: The id of the request, C(null) in check mode, and where the answer was lost.
      type: str
    fields:
      description:
        - The options that it carried.
        - Of a V(replace) first the options that called for it, such as O(images), O(force_rebuild) or O(max_age), then
          the others whose values change by it. Where a replacement of an earlier run takes the cache's place, also
          those that it is updated with, O(image_cache_name) among them.
      type: list
      elements: str
  sample:
    - action: update
      image_cache_id: imc-r1htp8tg
      request_id: 1f0e9c7a-5ed9-4cb7-9194-a95e2cd626e5
      fields: [images, image_registry_credentials]
replaced:
  description:
    - The ids of the cache that went and of the one that took its place.
    - C(null) without a replace, and where the run only starts a replacement (O(wait=false)).
  returned: always, except for invalid input
  type: dict
  contains:
    old_id:
      description: The id of the cache that was replaced.
      type: str
    new_id:
      description: The id of the new one, C(null) in check mode where it is yet to be built.
      type: str
  sample:
    old_id: imc-r1htp8tg
    new_id: imc-4dxc7dx5
recovered_failure:
  description: The failure of a Failed cache that was built anew, as in RV(build_failure). C(null) where there was none.
  returned: always, except for invalid input
  type: dict
  contains:
    image_cache_id:
      description: The id of the failed cache.
      type: str
    events:
      description: The events of its last build, in the API's order.
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
  description: The id of the last request that was answered.
  returned: always, except for invalid input
  type: str
  sample: 6704dc99-e331-4055-8af9-1c9d4f0a62be
error:
  description: The failure of a request.
  returned: when a request failed
  type: dict
  contains:
    code:
      description: The API's error code, or the kind of failure where the API did not answer.
      type: str
    message:
      description: The API's or the system's words.
      type: str
    request_id:
      description: The id of the request, C(null) where the API did not answer.
      type: str
    action:
      description: The API's action.
      type: str
    http_status:
      description: The HTTP status, C(null) where there was no answer.
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
  description: The failure of a build.
  returned: when a build failed
  type: dict
  contains:
    phase:
      description: The last step of the build that was reached, C(null) where there was none.
      type: str
    reason:
      description:
        - The reason of the newest warning that points to a cause, else of the newest one. C(null) where there is none.
      type: str
    message:
      description: Its message.
      type: str
    hint:
      description: What is likely wrong, and what to do.
      type: str
    options:
      description: The options of this module to look at.
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
