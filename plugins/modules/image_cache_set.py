#!/usr/bin/python
# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cache_set
short_description: Manage many image caches of Tencent Kubernetes Engine in one pass
version_added: 1.0.0
description:
  - Brings any number of image caches to what is declared, as M(tencentcloud.tke.image_cache) does for one, in one
    process. One listing shows 50 of them, creates and updates go out in parallel under the API's rate limit, and all
    that are being built are awaited together, so that many caches take hardly longer than the slowest one.
  - Everything that can be done is done. Then the module fails if any entry has failed, and says which and why.
  - Invalid input refuses the whole set before any call, and so do two entries of one name or id in a region, and a
    name that is reserved for the replacement of another entry. That a name and an id mean the same image cache only a
    listing shows; then the later entry fails.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
extends_documentation_fragment:
  - tencentcloud.tke.attributes
  - tencentcloud.tke.connection
  - tencentcloud.tke.image_cache.entries
attributes:
  check_mode:
    description: Can run in check mode and return what would be done, without doing it.
    support: full
  diff_mode:
    description: Returns what changes, or would change in check mode, an entry at a time.
    support: full
    details:
      - A list with one diff per entry that did not fail, in the order given, each as that of
        M(tencentcloud.tke.image_cache).
  idempotent:
    description: Run again with the same options, the module changes nothing.
    support: partial
    details:
      - With O(update_password=always) registry passwords are sent in every run, and with O(force_rebuild=true) the
        caches are built anew in every run.
options:
  concurrency:
    description:
      - How many creates, updates and deletes may be under way at once, from 1 to 100.
    type: int
    default: 10
  requests_per_second:
    description:
      - How many requests of each action may be sent in a second, in each region, from 0.1 to 1000. It is lowered by
        itself while the API throttles.
      - The API allows 20. Whether it counts them by the account or by the region is not documented.
    type: float
    default: 20
  on_error:
    description:
      - With V(continue) a failed entry does not keep the others from being done.
      - With V(stop) nothing is begun any more once an entry has failed. What has been begun is brought to its end.
    type: str
    choices: [continue, stop]
    default: continue
seealso:
  - module: tencentcloud.tke.image_cache
  - name: On a schedule and at scale, with AWX
    link: https://github.com/tencentcloud/ansible-collection-tke/blob/main/docs/docsite/rst/guide_controller.rst
    description: >-
      R(The guide on AWX, ansible_collections.tencentcloud.tke.docsite.guide_controller)
      shows how to manage all image caches of an account in one job.
"""

EXAMPLES = r"""
- name: All image caches of the shop are there, and Ready
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

- name: The ids of all of them
  ansible.builtin.debug:
    msg: "{{ shop.image_caches | map(attribute='image_cache_id') }}"
"""

RETURN = r"""
image_caches:
  description: One result per entry, in the order given, each as M(tencentcloud.tke.image_cache) returns it.
  returned: always, except for invalid input
  type: list
  elements: dict
  contains:
    changed:
      description: Whether anything was changed.
      type: bool
    failed:
      description: Whether the entry failed. The others were done nevertheless, as O(on_error) says.
      type: bool
    region:
      description: Region of the entry, also if the environment or the profile names it.
      type: str
      version_added: 1.1.0
    msg:
      description: Why it failed, and what to do. Only of a failed entry.
      type: str
    image_cache:
      description: The image cache, C(null) when it is absent.
      type: dict
    image_cache_id:
      description: Its id, C(null) when it is absent, and in check mode when it is yet to be built.
      type: str
    actions:
      description: What was done.
      type: list
      elements: dict
    replaced:
      description: The ids of the cache that went and of the one that took its place.
      type: dict
    recovered_failure:
      description: The failure of a Failed cache that was built anew.
      type: dict
    request_id:
      description: The id of the last request that was answered for it.
      type: str
    error:
      description: The failure of a request.
      type: dict
    build_failure:
      description: The failure of a build.
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
  description: How many entries there were of each kind. Each counts once, failed before all else.
  returned: always, except for invalid input
  type: dict
  contains:
    created:
      description: New ones, and failed ones that were built anew.
      type: int
    updated:
      description: Those that were updated in place or renamed.
      type: int
    replaced:
      description: Those that were replaced.
      type: int
    deleted:
      description: Those that were deleted.
      type: int
    unchanged:
      description: Those that were as declared.
      type: int
    failed:
      description: Those that failed.
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
