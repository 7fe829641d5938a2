#!/usr/bin/python
# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cache_prune
short_description: Delete image caches that are no longer worth their snapshot
version_added: 1.0.0
description:
  - Deletes the image caches of a region for which all given selectors hold. At least one of O(older_than),
    O(unmatched_for), O(never_matched), O(statuses), O(name_pattern), O(tags) and O(superseded) is needed.
  - Never touches an image cache that the platform made, one that is still being built, and one with a date that is
    missing, cannot be read, or lies ahead. O(include_auto) lifts the first of these only.
  - If there are more candidates than O(max_deletions), the module fails without deleting any and lists them.
  - Run it with C(--check --diff) first. The difference is a list, a line for each image cache, with the reason why it
    stays.
notes:
  - Which image caches Pods are pinned to by their id, the API does not know. An image cache that Pods use by its id
    counts as unmatched if the service does not date it. Name them with O(keep_ids) or O(keep_names).
  - An image cache that is declared elsewhere and pruned here is built again by the next run there. Name those with
    O(keep_names), as the role does for the ones that it declares.
  - A Pod that runs keeps the disk that was made from the snapshot; the next one pulls its images.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
extends_documentation_fragment:
  - tencentcloud.tke.attributes
  - tencentcloud.tke.connection
attributes:
  check_mode:
    description: Can run in check mode and return what would be deleted, without deleting it.
    support: full
  diff_mode:
    description: Returns the list of image caches before and after, a line each.
    support: full
  idempotent:
    description: Run again with the same options, the module changes nothing.
    support: partial
    details:
      - Time passes, so that other image caches may have become old meanwhile, and the newest that O(keep_newest) kept
        may be others.
options:
  older_than:
    description:
      - Created longer ago than this, V(30d) or V(12h) for instance. The units are s, m, h, d and w.
    type: str
  unmatched_for:
    description:
      - Not matched by a Pod for longer than this. An image cache that has never matched counts as unmatched since its
        creation.
    type: str
  never_matched:
    description:
      - Whether only image caches go that no Pod has ever matched. Give O(older_than) too, or those go that were built a
        minute ago.
    type: bool
    default: false
  statuses:
    description:
      - In one of these states. One that is still being built is never touched.
      - An empty list selects no image cache, so that nothing is deleted.
    type: list
    elements: str
    choices: [Pending, Ready, Failed, Updating, UpdateFailed]
  name_pattern:
    description:
      - With a name like this shell pattern, C(ci-*) for instance. The case counts.
    type: str
  tags:
    description:
      - With all these tags, with these values. An empty dictionary would select all image caches, and is refused.
    type: dict
  superseded:
    description:
      - Whether only image caches go that no Pod matches any more, because a newer one that is Ready holds all its
        images.
      - It is the platform's order that counts. Where names and tags of the images are equal, it prefers the smaller
        image cache, then the newer one. So the newer one must not be larger, nor have another snapshotter. Image
        references are compared letter by letter.
    type: bool
    default: false
  keep_newest:
    description:
      - How many of those that would go stay nevertheless, the newest first.
    type: int
    default: 0
  keep_ids:
    description:
      - Ids of image caches that stay, for instance those that Pods are pinned to. An empty list keeps none.
    type: list
    elements: str
    default: []
  keep_names:
    description:
      - Names of image caches that stay, for instance those that are declared. An empty list keeps none.
    type: list
    elements: str
    default: []
  max_deletions:
    description:
      - Maximum number of image caches to delete in one run. If there are more candidates, the module fails, lists up to
        50 of them with the reason for each, and deletes none.
      - In check mode it does not fail. RV(deleted) and the diff then show all candidates, and a warning says that a run
        would be refused.
    type: int
    default: 10
  include_auto:
    description:
      - Whether image caches that the platform made may go, too.
    type: bool
    default: false
seealso:
  - module: tencentcloud.tke.image_cache_info
  - module: tencentcloud.tke.image_cache
"""

EXAMPLES = r"""
- name: See what no Pod has matched for a month
  tencentcloud.tke.image_cache_prune:
    region: ap-guangzhou
    unmatched_for: 30d
  check_mode: true
  diff: true

- name: Image caches that a newer one has taken the place of
  tencentcloud.tke.image_cache_prune:
    region: ap-guangzhou
    superseded: true

- name: Failed ones, when there was a day to look at them
  tencentcloud.tke.image_cache_prune:
    region: ap-guangzhou
    statuses:
      - Failed
      - UpdateFailed
    older_than: 1d

- name: All but the three newest of the CI, unless Pods are pinned to them
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
    - The image caches that were deleted, oldest first. In check mode those that would be deleted, also if they are more
      than O(max_deletions).
  returned: always, except for invalid input and where the listing failed
  type: list
  elements: dict
  contains:
    <<: &shown
      image_cache_id:
        description: The id.
        type: str
      image_cache_name:
        description: The name. Image caches that the platform made have none.
        type: str
      images:
        description: The images that it holds.
        type: list
        elements: str
      image_cache_size:
        description: The size in GiB.
        type: int
      status:
        description: The state.
        type: str
      image_cache_type:
        description: V(manual), or V(auto) for a cache that the platform made.
        type: str
      tags:
        description: The tags.
        type: dict
      created_at:
        description: When it was created, as ISO 8601 in UTC, C(null) where that cannot be read.
        type: str
      last_matched_at:
        description: When a Pod last matched it, as ISO 8601 in UTC, C(null) where none has, or where it cannot be read.
        type: str
      age_days:
        description: The days since its creation, to a hundredth, C(null) where the date cannot be read.
        type: float
      days_since_match:
        description: The days since a Pod last matched it, to a hundredth, C(null) where none has, or it is unknown.
        type: float
    reason:
      description: Why it is deleted.
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
  description: The image caches that stay, oldest first. One that somebody else deleted meanwhile is in neither list.
  returned: always, except for invalid input and where the listing failed
  type: list
  elements: dict
  contains:
    <<: *shown
    reason:
      description: Why it stays.
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
    - The sizes of RV(deleted) added up, in GiB. A snapshot is billed by what it holds, so this is the most that is
      saved.
  returned: always, except for invalid input and where the listing failed
  type: int
  sample: 20
request_id:
  description: The id of the last request that deleted something, C(null) where there was none.
  returned: always, except for invalid input and where the listing failed
  type: str
  sample: 7c2d8e51-5ed9-4cb7-9194-a95e2cd626e5
error:
  description: The failure of a request, of the first one where several failed.
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
