# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: as_declarations
short_description: Return declarations of existing image caches
version_added: 1.1.0
description:
  - Returns entries that declare image caches exactly as they exist, for M(tencentcloud.tke.image_cache_set) or for
    O(tencentcloud.tke.image_cache#role:main:image_cache_caches) of the role P(tencentcloud.tke.image_cache#role). A run
    with these entries changes nothing. Use them to manage image caches that were created in the console or by other
    tools.
  - An entry has the name of its image cache. It has the ID instead if the name is missing or not unique, or if the
    image cache has a leftover replacement. The role accepts only entries with a name.
  - The API never returns some settings, for example the VPC. An entry does not contain them, and O(report) names them.
    To create an image cache again after it was deleted, add O(tencentcloud.tke.image_cache#module:vpc_id) and
    O(tencentcloud.tke.image_cache#module:subnet_id).
  - An entry contains no registry credentials, because results contain no passwords. A rebuilt image cache takes over
    the credentials of the old one.
  - Image caches that the platform created, leftover replacements, and image caches whose build or update has failed get
    no entry.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
positional: _input
options:
  _input:
    description:
      - Image caches, as a result of M(tencentcloud.tke.image_cache_info), M(tencentcloud.tke.image_cache_set) or
        M(tencentcloud.tke.image_cache), or as a list of image caches.
    type: raw
    required: true
  report:
    description:
      - Whether to return a dictionary with C(declarations), C(hidden) and C(left_out) instead of the entries alone.
    type: bool
    default: false
seealso:
  - module: tencentcloud.tke.image_cache_info
  - module: tencentcloud.tke.image_cache_set
"""

EXAMPLES = r"""
- name: List the image caches of a region
  tencentcloud.tke.image_cache_info:
    region: ap-guangzhou
  register: existing

- name: Write them to a file of variables for the role
  ansible.builtin.copy:
    content: "{{ {'image_cache_caches': declared | selectattr('name', 'defined')} | to_nice_yaml }}"
    dest: caches.yml
    mode: "0644"
  vars:
    declared: "{{ existing | tencentcloud.tke.as_declarations }}"

- name: Show which settings to add by hand
  ansible.builtin.debug:
    msg: "{{ (existing | tencentcloud.tke.as_declarations(report=true)).hidden }}"
"""

RETURN = r"""
_value:
  description:
    - Entries, in the order of the input.
    - With O(report=true), a dictionary. Its C(declarations) are these entries. C(hidden) has an entry for each of them,
      with C(image_cache_id), C(image_cache_name) and C(options). These are the options that the image cache can have
      but the declaration does not contain. C(left_out) has an entry with C(image_cache_id), C(image_cache_name) and
      C(reason) for each image cache without a declaration.
  type: raw
  sample:
    - name: web
      images:
        - nginx:1.27.3
      image_cache_size: 20
      retention_days: 7
      tags:
        team: shop
"""

from collections import Counter
from typing import Any, Callable, Dict, List, Mapping, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import REPLACEMENT_SUFFIX
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    FAILED,
    UPDATE_FAILED,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.options import plain_tags, value_problems
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._image_caches import InvalidResult, list_image_caches

NAME = "image_cache_name"
# The options that an entry can have in addition to its name: what the API returns completely.
DECLARED = [row.option for row in FIELDS if row.is_shown and not row.holds_secrets and row.option != NAME]


def as_declarations(caches: Any, report: bool = False) -> Any:
    """Return entries that declare image caches as they exist. Raises AnsibleFilterError."""
    try:
        resources = list_image_caches(caches)
    except InvalidResult as error:
        raise AnsibleFilterError(f"as_declarations: {error}") from None
    names = Counter(resource.get(NAME) for resource in resources)
    declared = [resource for resource in resources if _reason_against(resource) is None]
    entries = [{**_entry_address(resource, names), **_values(resource)} for resource in declared]
    if not report:
        return entries
    left_out = [resource for resource in resources if _reason_against(resource) is not None]
    return {
        "declarations": entries,
        "hidden": [{**_identity(resource), "options": _hidden_options(resource)} for resource in declared],
        "left_out": [{**_identity(resource), "reason": _reason_against(resource)} for resource in left_out],
    }


def _reason_against(resource: Mapping[str, Any]) -> Optional[str]:
    """Return why an image cache cannot be declared as it exists, or None if it can."""
    if not resource.get("image_cache_id"):
        return "it does not exist yet"
    cache = ImageCache.from_result(resource)
    if cache.is_made_by_platform:
        return "the platform created it"
    if cache.name and cache.name.endswith(REPLACEMENT_SUFFIX):
        return "it is a leftover replacement"
    if cache.status in (FAILED, UPDATE_FAILED):
        return f"its status is {cache.status}, so a run would rebuild or update it"
    return None


def _entry_address(resource: Mapping[str, Any], names: Mapping[Any, int]) -> Dict[str, Any]:
    """Return the name, or the ID if a run could not find the image cache by its name or would change it.

    If an image cache has a leftover replacement, a run with its name completes the replacement.
    """
    name = resource.get(NAME)
    if name and _is_accepted(NAME, name) and names[name] == 1 and not names[name + REPLACEMENT_SUFFIX]:
        return {"name": name}
    return {"image_cache_id": resource["image_cache_id"]}


def _values(resource: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the options of an entry. A field that the API did not return is null."""
    values = {option: resource[option] for option in DECLARED if resource.get(option) not in (None, [])}
    if "images" in values:
        # Identical images can only be declared once.
        values["images"] = list(dict.fromkeys(values["images"]))
    return {option: value for option, value in values.items() if _is_accepted(option, value)}


def _is_accepted(option: str, value: Any) -> bool:
    """Return whether the modules accept a value. Those of other tools can be invalid there."""
    try:
        plain_tags(value if option == "tags" else {})
    except InvalidInput:
        return False
    return not list(value_problems({option: value}))


def _hidden_options(resource: Mapping[str, Any]) -> List[str]:
    """Return the options that an entry does not have although the image cache can have a value."""
    # An empty list is known to be empty.
    known = [option for option in DECLARED if resource.get(option) == []]
    known += [row.option for row in FIELDS if row.holds_secrets and resource.get(row.option) == []]
    return [row.option for row in FIELDS if row.option not in (NAME, *_values(resource), *known)]


def _identity(resource: Mapping[str, Any]) -> Dict[str, Any]:
    return {key: resource.get(key) for key in ("image_cache_id", NAME)}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"as_declarations": as_declarations}
