#!/usr/bin/python
# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cache_prune
short_description: Delete unused image caches of Tencent Kubernetes Engine
version_added: 1.0.0
description:
  - Deletes the image caches of a region that match all selectors that are set. At least one of O(older_than),
    O(unmatched_for), O(never_matched), O(statuses), O(name_pattern), O(tags), and O(superseded) is required.
  - Never deletes image caches that the platform created, that are still being built, or that have a date that is
    missing, unreadable, or more than one day in the future. O(include_auto) lifts only the first of these restrictions.
  - If more image caches match than O(max_deletions), the module fails without deleting any and lists them.
  - Run it with C(--check --diff) first. The diff has one line for each image cache, with the reason if it is kept.
notes:
  - The API does not report which image caches Pods are pinned to. A pinned image cache counts as unmatched if the
    service does not record its use. List such image caches in O(keep_ids) or O(keep_names).
  - If you delete an image cache that is declared elsewhere, the next run there rebuilds it. List such image caches in
    O(keep_names). The role does this for the image caches that it declares.
  - A running Pod keeps the disk that was created from the snapshot. The next Pod pulls its images.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
extends_documentation_fragment:
  - tencentcloud.tke.attributes
  - tencentcloud.tke.connection
attributes:
  check_mode:
    description: Can run in check mode and return the predicted deletions without making them.
    support: full
  diff_mode:
    description: Returns the list of image caches before and after, one line each.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: partial
    details:
      - A later run can match more image caches, because they have become older. The image caches that O(keep_newest)
        keeps can also change.
options:
  older_than:
    description:
      - Minimum age of the image caches to delete, for example V(30d) or V(12h).
      - The units are V(s), V(m), V(h), V(d), and V(w).
    type: str
  unmatched_for:
    description:
      - Minimum time since a Pod last matched the image caches to delete, with the units of O(older_than). An image
        cache that was never matched counts as unmatched since its creation.
    type: str
  never_matched:
    description:
      - Whether to delete only image caches that no Pod has ever matched. Set O(older_than) as well to keep image caches
        that were just built.
    type: bool
    default: false
  statuses:
    description:
      - States of the image caches to delete. Image caches that are still being built are never deleted.
      - An empty list matches no image cache, so nothing is deleted.
    type: list
    elements: str
    choices: [Pending, Ready, Failed, Updating, UpdateFailed]
  name_pattern:
    description:
      - Shell pattern that the name must match, for example V(ci-*). Matching is case-sensitive.
    type: str
  tags:
    description:
      - Tags that an image cache must have, with these values. An empty dictionary would match all image caches and is
        rejected.
    type: dict
  superseded:
    description:
      - Whether to delete only superseded image caches. No Pod matches them any more, because a newer image cache that
        is V(Ready) contains all their images.
      - For images with equal names and tags, the platform prefers the smaller image cache, then the newer one. The
        newer image cache must therefore not be larger, and must have the same snapshotter.
      - Image references are compared literally.
    type: bool
    default: false
  keep_newest:
    description:
      - Number of newest matching image caches to keep.
    type: int
    default: 0
  keep_ids:
    description:
      - IDs of image caches to keep, for example those that Pods are pinned to. An empty list keeps none.
    type: list
    elements: str
    default: []
  keep_names:
    description:
      - Names of image caches to keep, for example those that are declared. An empty list keeps none.
    type: list
    elements: str
    default: []
  max_deletions:
    description:
      - Maximum number of image caches to delete in one run. If more image caches match, the module fails without
        deleting any and lists up to 50 of them with the reason for each.
      - In check mode, the module does not fail. RV(deleted) and the diff then show all matching image caches, and a
        warning says that a run would fail.
    type: int
    default: 10
  include_auto:
    description:
      - Whether to also delete image caches that the platform created.
    type: bool
    default: false
seealso:
  - module: tencentcloud.tke.image_cache_info
  - module: tencentcloud.tke.image_cache
"""

EXAMPLES = r"""
- name: Preview the deletion of image caches that no Pod has matched for 30 days
  tencentcloud.tke.image_cache_prune:
    region: ap-guangzhou
    unmatched_for: 30d
  check_mode: true
  diff: true

- name: Delete superseded image caches
  tencentcloud.tke.image_cache_prune:
    region: ap-guangzhou
    superseded: true

- name: Delete failed image caches after one day
  tencentcloud.tke.image_cache_prune:
    region: ap-guangzhou
    statuses:
      - Failed
      - UpdateFailed
    older_than: 1d

- name: Delete CI image caches except the three newest and those that Pods are pinned to
  tencentcloud.tke.image_cache_prune:
    region: ap-guangzhou
    name_pattern: ci-*
    older_than: 12h
    keep_newest: 3
    keep_ids: "{{ pinned_image_cache_ids }}"
    max_deletions: 50
"""

RETURN = r"""
deleted:
  description:
    - Image caches that were deleted, oldest first. In check mode, those that would be deleted, even if they are more
      than O(max_deletions).
  returned: when the input is valid and the listing succeeded
  type: list
  elements: dict
  contains:
    <<: &shown
      image_cache_id:
        description: ID of the image cache.
        type: str
      image_cache_name:
        description: Name of the image cache. Image caches that the platform created have none.
        type: str
      images:
        description: Images in the cache.
        type: list
        elements: str
      image_cache_size:
        description: Size in GiB.
        type: int
      status:
        description: State of the image cache.
        type: str
      image_cache_type:
        description: V(manual), or V(auto) for a cache that the platform created.
        type: str
      tags:
        description: Tags of the cache.
        type: dict
      created_at:
        description: Creation time in ISO 8601 format (UTC), C(null) if it cannot be read.
        type: str
      last_matched_at:
        description:
          - Time when a Pod last matched the cache, in ISO 8601 format (UTC), C(null) if it was never matched or if the
            time cannot be read.
        type: str
      age_days:
        description: Days since the creation, to two decimal places, C(null) if the creation time cannot be read.
        type: float
      days_since_match:
        description:
          - Days since a Pod last matched the cache, to two decimal places, C(null) if it was never matched or if the
            time cannot be read.
        type: float
    reason:
      description: Reason for the deletion.
      type: str
      version_added: 1.1.0
  sample:
    - image_cache_id: imc-r1htp8tg
      image_cache_name: ci-4711
      images: [registry.example.com/shop:4711]
      image_cache_size: 20
      status: Ready
      image_cache_type: manual
      tags: {}
      created_at: "2026-03-30T07:03:35Z"
      last_matched_at: null
      age_days: 41.2
      days_since_match: null
      reason: never matched
kept:
  description: Image caches that are kept, oldest first. Those that another process has deleted are in neither list.
  returned: when the input is valid and the listing succeeded
  type: list
  elements: dict
  contains:
    <<: *shown
    reason:
      description: Reason for keeping it.
      type: str
  sample:
    - image_cache_id: imc-4dxc7dx5
      image_cache_name: web
      images: [nginx:1.27.3]
      image_cache_size: 50
      status: Ready
      image_cache_type: manual
      tags: {team: web}
      created_at: "2026-03-30T07:03:35Z"
      last_matched_at: "2026-05-09T11:40:02Z"
      age_days: 41.2
      days_since_match: 1.01
      reason: it last matched 1.01 d ago, not more than 30d
freed_gib:
  description:
    - Total size of RV(deleted) in GiB. A snapshot is billed by its content, so this is the upper limit of the savings.
  returned: when the input is valid and the listing succeeded
  type: int
  sample: 20
request_id:
  description: ID of the last request that deleted image caches, C(null) if there was none.
  returned: when the input is valid and the listing succeeded
  type: str
  sample: 7c2d8e51-5ed9-4cb7-9194-a95e2cd626e5
error:
  description: Details of the failed request, or of the first one if several failed.
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
    message: "You are not authorized to perform operation (tke:DeleteImageCaches)."
    request_id: d981508f-969e-449d-a0ba-8cc4193c33ac
    action: DeleteImageCaches
    http_status: 200
    retryable: false
"""

from ansible_collections.tencentcloud.tke.plugins.module_utils._module import run_module
from ansible_collections.tencentcloud.tke.plugins.module_utils._prune import image_cache_prune, image_cache_prune_spec


def main() -> None:
    """Run the module."""
    run_module(image_cache_prune_spec, image_cache_prune)


if __name__ == "__main__":
    main()
