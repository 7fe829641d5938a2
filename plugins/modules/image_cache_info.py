#!/usr/bin/python
# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cache_info
short_description: List, filter and match image caches of Tencent Kubernetes Engine
version_added: 1.0.0
description:
  - Lists the image caches of a region, with their age and how long ago a Pod last matched them. All filters that are
    given must hold; without any, all image caches are returned, from every page of the API's listing.
  - Tells, with O(match_images), which image cache the platform would give to a Pod of these images.
  - Never changes anything.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
extends_documentation_fragment:
  - tencentcloud.tke.attributes
  - tencentcloud.tke.connection
attributes:
  check_mode:
    description: Does the same in check mode.
    support: full
  diff_mode:
    description: Nothing changes, so there is no difference to show.
    support: N/A
  idempotent:
    description: Changes nothing, however often it runs.
    support: full
options:
  image_cache_ids:
    description:
      - Only these ids. One that does not exist is left out, which is no error.
      - An empty list selects no image cache.
    type: list
    elements: str
  image_cache_names:
    description:
      - Only these names, compared exactly. Several image caches can have one name.
      - An empty list selects no image cache.
    type: list
    elements: str
  name_pattern:
    description:
      - Only names like this shell pattern, C(ci-*) for instance. The case counts.
    type: str
  statuses:
    description:
      - Only image caches in one of these states. Only those that are V(Ready) are usable.
      - An empty list selects no image cache.
    type: list
    elements: str
    choices: [Pending, Ready, Failed, Updating, UpdateFailed]
  tags:
    description:
      - Only image caches that have all these tags, with these values. An empty dictionary is refused.
    type: dict
  contains_image:
    description:
      - Only image caches that hold this image. A reference without a tag means C(latest).
      - A shell pattern such as C(nginx:*) is compared with the whole reference, its tag included.
    type: str
  match_images:
    description:
      - Ask the API, besides, which image cache suits a Pod of these images best. The answer is RV(match).
      - Whether the API counts the question as a match of the image cache, and so dates
        RV(image_caches[].last_matched_time) anew, is not documented.
    type: list
    elements: str
  snapshotter:
    description:
      - The snapshotter that O(match_images) are to be matched for, V(overlay) for instance.
    type: str
  events:
    description:
      - Which events of an image cache are returned in RV(image_caches[].events).
      - V(last) returns those of the current or last build, V(all) those of all builds that the API lists. With V(none)
        the list is empty, which keeps a result with many image caches short.
    version_added: 1.1.0
    type: str
    choices: [last, all, none]
    default: last
seealso:
  - module: tencentcloud.tke.image_cache
  - module: tencentcloud.tke.image_cache_prune
  - plugin: tencentcloud.tke.pod_annotations
    plugin_type: filter
"""

EXAMPLES = r"""
- name: All image caches
  tencentcloud.tke.image_cache_info:
    region: ap-guangzhou
  register: all_of_them

- name: Those that no Pod is known to have matched
  ansible.builtin.debug:
    msg: "{{ all_of_them.image_caches | selectattr('days_since_match', 'none') | map(attribute='image_cache_name') }}"

- name: Ready ones of a team that hold any nginx
  tencentcloud.tke.image_cache_info:
    region: ap-guangzhou
    statuses:
      - Ready
    tags:
      team: web
    contains_image: nginx:*

- name: Which image cache would a Pod of these images get
  tencentcloud.tke.image_cache_info:
    region: ap-guangzhou
    image_cache_names:
      - web
    match_images:
      - nginx:1.27.3
      - redis:7.4.1
  register: web

- name: Every image is in it
  ansible.builtin.assert:
    that: web.match.missing | length == 0
    fail_msg: "These would be pulled: {{ web.match.missing | join(', ') }}"
"""

RETURN = r"""
image_caches:
  description: The image caches, without any password. An empty list where there are none.
  returned: always, except for invalid input and where the listing failed
  type: list
  elements: dict
  contains:
    image_cache_id:
      description: The id, by which a Pod can name the cache.
      type: str
    image_cache_name:
      description: The name. Image caches that the platform made have none.
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
      description: RV(image_caches[].creation_time) as ISO 8601 in UTC, C(null) where it cannot be read.
      type: str
    expires_at:
      description: RV(image_caches[].expire_date_time) as ISO 8601 in UTC, C(null) where it never does, or is unknown.
      type: str
    last_matched_at:
      description: RV(image_caches[].last_matched_time) as ISO 8601 in UTC, C(null) where it cannot be read.
      type: str
    never_expires:
      description: Whether the cache is kept for ever, C(null) where the API does not tell.
      type: bool
    age_days:
      description: The days since its creation, to a hundredth, C(null) where the date cannot be read.
      type: float
    days_since_match:
      description: The days since a Pod last matched it, to a hundredth, C(null) where none has, or it is unknown.
      type: float
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
      description: The events of its builds that O(events) selects, in the API's order.
      type: list
      elements: dict
      contains:
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
    - image_cache_id: imc-r1htp8tg
      image_cache_name: web
      image_cache_size: 50
      images: [nginx:1.27.3, redis:7.4.1]
      status: Ready
      created_at: "2026-03-30T07:03:35Z"
      last_matched_at: "2026-03-30T09:07:11Z"
      age_days: 12.5
      days_since_match: 12.41
      tags: {team: web}
match:
  description: What the platform would give to a Pod of O(match_images).
  returned: when O(match_images) is given and no request failed
  type: dict
  contains:
    found:
      description: Whether there is an image cache for it.
      type: bool
    image_cache:
      description: The image cache, as in RV(image_caches), C(null) without one. It need not be among those.
      type: dict
    covered:
      description: Those of O(match_images) that it holds.
      type: list
      elements: str
    missing:
      description: Those that the Pod would pull.
      type: list
      elements: str
  sample:
    found: true
    image_cache:
      image_cache_id: imc-r1htp8tg
    covered: [nginx:1.27.3, redis:7.4.1]
    missing: []
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
