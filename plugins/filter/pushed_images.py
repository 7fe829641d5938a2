# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pushed_images
short_description: List the images whose tags were pushed to a registry
version_added: 1.1.0
description:
  - Returns the images whose tags were pushed, from the events that TCR (webhook), Harbor (webhook in the format
    V(Default)) and Docker's distribution (notifications) send.
  - The playbook C(tencentcloud.tke.refresh_pushed_images) uses it for the rulebook C(tencentcloud.tke.refresh_on_push).
  - Only a push of a tag counts. Pulls, deletions, pushes of layers and pushes by digest are ignored, and so are events
    of other senders and invalid events.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
positional: _input
options:
  _input:
    description:
      - The events, in one of the following forms.
      - An event of C(ansible-rulebook), its C(payload), a list of these, or the C(events) of a rule that matches many.
      - A string with one of these as percent-encoded JSON, as C(tojson | urlencode) returns it in a rulebook. Use this
        form for events that are passed as an extra variable. Ansible evaluates templates in extra variables, and
        anyone who pushes an image can choose parts of an event.
    type: raw
    required: true
  registry_hosts:
    description:
      - Dictionary from the host that a registry reports to the host that image caches use.
      - Docker's distribution reports the host to which the image was pushed, or the one in its setting C(http.host).
    type: dict
    default: {}
seealso:
  - module: tencentcloud.tke.image_cache_info
  - module: tencentcloud.tke.image_cache_set
"""

EXAMPLES = r"""
- name: List the image caches that contain a pushed image
  tencentcloud.tke.image_cache_info:
    contains_image: "{{ item }}"
  loop: "{{ image_cache_push_events | tencentcloud.tke.pushed_images }}"

- name: Show the images that were pushed to a registry behind a proxy
  ansible.builtin.debug:
    msg: "{{ image_cache_push_events | tencentcloud.tke.pushed_images(registry_hosts=hosts) }}"
  vars:
    hosts:
      10.0.0.5:5000: registry.example.com
"""

RETURN = r"""
_value:
  description: Images with their tags, each once, in the order of the events.
  type: list
  elements: str
  sample:
    - registry.example.com/shop:4.12.0
"""

from typing import Any, Callable, Dict, List, Mapping, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._push_events import find_pushed_images


def pushed_images(events: Any, registry_hosts: Optional[Mapping[str, str]] = None) -> List[str]:
    """Return the images whose tags were pushed. Raises AnsibleFilterError if C(registry_hosts) is not a dictionary."""
    if not isinstance(registry_hosts, (Mapping, type(None))):
        raise AnsibleFilterError(
            "pushed_images: invalid registry_hosts: expected a dictionary of hosts by the hosts that registries report."
        )
    return find_pushed_images(events, registry_hosts or {})


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"pushed_images": pushed_images}
