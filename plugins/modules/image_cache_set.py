#!/usr/bin/python
# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cache_set
short_description: Manage many image caches of Tencent Kubernetes Engine in one task
version_added: 1.0.0
description:
  - Manages any number of image caches in one process. Each entry works like M(tencentcloud.tke.image_cache).
  - One request lists up to 50 image caches. The module sends create and update requests in parallel under the
    API's rate limit and polls all builds together, so that many caches take little longer than the slowest one.
  - By default, the module processes all entries. It then fails if any entry failed and reports which ones and why.
  - The module rejects the whole set before any request if the input is invalid, if two entries have the same name or ID
    in a region, or if an entry has a name that is reserved for the replacement of another entry. A name and an ID that
    refer to the same image cache are only detected after listing; the later entry then fails.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
extends_documentation_fragment:
  - tencentcloud.tke.attributes
  - tencentcloud.tke.connection
  - tencentcloud.tke.image_cache.entries
attributes:
  check_mode:
    description: Can run in check mode and return the predicted changes without making them.
    support: full
  diff_mode:
    description: Returns what has changed, or what would change in check mode, for each entry.
    support: full
    details:
      - The diff is a list with one diff for each entry that did not fail, in the order of the entries. Each is like
        that of M(tencentcloud.tke.image_cache).
  idempotent:
    description: A second run with the same options changes nothing.
    support: partial
    details:
      - With O(update_password=always), registry passwords are sent in every run.
      - With O(force_rebuild=true), the caches are rebuilt in every run.
      - With O(follow_tags=true), a cache is rebuilt if a tag has moved between the runs.
      - With O(min_days_left), the retention of a cache is renewed if too few days are left at the second run.
options:
  concurrency:
    description:
      - Maximum number of concurrent create, update, and delete requests, from 1 to 100.
    type: int
    default: 10
  requests_per_second:
    description:
      - Maximum number of requests per second, for each action in each region, from 0.1 to 1000. The module lowers the
        rate while the API throttles requests.
      - The API allows 20. It is not documented whether this limit applies per account or per region.
    type: float
    default: 20
  on_error:
    description:
      - What to do when an entry fails.
      - With V(continue), the module processes the other entries.
      - With V(stop), the module starts no further entries and completes those that it has started.
    type: str
    choices: [continue, stop]
    default: continue
seealso:
  - module: tencentcloud.tke.image_cache
  - name: Schedules, scale and AWX
    link: https://github.com/tencentcloud/ansible-collection-tke/blob/main/docs/docsite/rst/guide_controller.rst
    description: >-
      R(The guide on AWX, ansible_collections.tencentcloud.tke.docsite.guide_controller)
      shows how to manage all image caches of an account in one job.
"""

EXAMPLES = r"""
- name: Create the image caches of a shop and wait until they are ready
  tencentcloud.tke.image_cache_set:
    region: ap-guangzhou
    vpc_id: vpc-508ctkfb
    subnet_id: subnet-8ah75lo8
    auto_create_eip: true
    retention_days: 90
    on_change: replace
    image_caches:
      - name: web
        images:
          - nginx:1.27.3
      - name: queue
        images:
          - redis:7.4.1
        image_cache_size: 40
      - name: web
        region: ap-shanghai
        vpc_id: vpc-2x8dlr6y
        subnet_id: subnet-1f9q0c4w
        images:
          - nginx:1.27.3
      - name: old-shop
        state: absent
  register: shop

- name: Show the IDs of the image caches
  ansible.builtin.debug:
    msg: "{{ shop.image_caches | map(attribute='image_cache_id') }}"
"""

RETURN = r"""
image_caches:
  description: Results in the order of the entries, each as M(tencentcloud.tke.image_cache) returns it.
  returned: when the input is valid
  type: list
  elements: dict
  contains:
    changed:
      description: Whether the entry changed anything.
      type: bool
    failed:
      description: Whether the entry failed. O(on_error) controls what happens to the other entries.
      type: bool
    region:
      description: Region of the entry, including one from the environment or the profile.
      type: str
      version_added: 1.1.0
    msg:
      description: Cause of the failure and suggested solution. Only for a failed entry.
      type: str
    image_cache:
      description: Image cache, C(null) if it is absent.
      type: dict
    image_cache_id:
      description: ID of the image cache. C(null) if it is absent, and in check mode if it has not been built yet.
      type: str
    actions:
      description:
        - Actions that were taken, or would be taken in check mode, in order.
        - For a replacement that O(image_caches[].follow_tags) causes, C(moved_images) names the images whose tags
          have moved, each with C(image), C(old_digest), and C(new_digest).
      type: list
      elements: dict
    replaced:
      description: IDs of the replaced cache and of its replacement.
      type: dict
    recovered_failure:
      description: Details of the failure of a rebuilt V(Failed) cache.
      type: dict
    request_id:
      description: ID of the entry's last request that received a response.
      type: str
    error:
      description: Details of the failed request.
      type: dict
    build_failure:
      description: Details of the failed build.
      type: dict
  sample:
    - changed: true
      failed: false
      region: ap-guangzhou
      image_cache_id: imc-r1htp8tg
      image_cache:
        image_cache_id: imc-r1htp8tg
        image_cache_name: web
        images: [nginx:1.27.3]
        status: Ready
      actions:
        - action: create
          image_cache_id: imc-r1htp8tg
          request_id: 1f0e9c7a-5ed9-4cb7-9194-a95e2cd626e5
          fields:
            - image_cache_name
            - images
            - vpc_id
            - subnet_id
            - image_registry_credentials
            - auto_create_eip
            - image_cache_size
            - retention_days
            - tags
      replaced: null
summary:
  description: Number of entries by outcome. Each entry counts once; a failed entry counts only as failed.
  returned: when the input is valid
  type: dict
  contains:
    created:
      description: Number of new image caches and of rebuilt failed ones.
      type: int
    updated:
      description: Number of image caches that were updated in place or renamed.
      type: int
    replaced:
      description: Number of image caches that were replaced.
      type: int
    deleted:
      description: Number of image caches that were deleted.
      type: int
    unchanged:
      description: Number of entries without changes.
      type: int
    failed:
      description: Number of entries that failed.
      type: int
  sample:
    created: 2
    updated: 0
    replaced: 1
    deleted: 2
    unchanged: 95
    failed: 0
"""

from ansible_collections.tencentcloud.tke.plugins.module_utils._module import run_module
from ansible_collections.tencentcloud.tke.plugins.module_utils._set import image_cache_set, image_cache_set_spec


def main() -> None:
    """Run the module."""
    run_module(image_cache_set_spec, image_cache_set)


if __name__ == "__main__":
    main()
