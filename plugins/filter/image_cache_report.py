# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: image_cache_report
short_description: Create an HTML page about image caches
version_added: 1.1.0
description:
  - Returns a self-contained HTML page about the image caches of one or several regions. The page shows what needs
    attention, totals, all image caches, what a prune would delete and why the others are kept, and a timeline.
  - The role R(image_cache_report, ansible_collections.tencentcloud.tke.image_cache_report_role) writes the page to a
    file. The playbook C(tencentcloud.tke.report_image_caches) also lists the image caches.
  - The filter sends no requests. It accepts saved results, so it needs no credentials.
  - The page loads nothing from elsewhere, and its Content-Security-Policy allows only its own style and script.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
positional: _input
options:
  _input:
    description:
      - Results of M(tencentcloud.tke.image_cache_info) without filters, one for each region. The result of a loop and a
        single result are accepted as well.
      - If the results contain only some image caches of a region, the page cannot show correctly which image caches are
        duplicates or superseded.
    type: raw
    required: true
  title:
    description: Title of the page. If not set, it is C(Image caches) in the language of the page.
    type: str
  language:
    description:
      - Language of the page. Names of the API and the hints for failed builds are always in English.
    type: str
    choices: [en-US, zh-CN]
    default: en-US
  prune_rules:
    description:
      - Rules in the form of the playbook C(tencentcloud.tke.prune_image_caches), each a dictionary with options of
        M(tencentcloud.tke.image_cache_prune). Without rules, the page does not mention pruning.
      - The page shows the decisions of that module. The rules are applied in order to the image caches of each region.
    type: list
    elements: dict
    default: []
  keep_names:
    description: Names of image caches that no rule deletes.
    type: list
    elements: str
    default: []
  keep_ids:
    description: IDs of image caches that no rule deletes.
    type: list
    elements: str
    default: []
  prices:
    description: Prices of snapshots. Without prices, the page contains no costs.
    type: dict
    suboptions:
      per_gib_month:
        description: Price of a GiB of snapshot for a month.
        type: float
        required: true
      currency:
        description: Currency to show in front of amounts, for example V(CNY).
        type: str
      regions:
        description: Prices of regions that differ from O(prices.per_gib_month), by the name of the region.
        type: dict
  owner_tag:
    description: Key of a tag, for example V(team). The page then contains the sums for each value of this tag.
    type: str
  followed:
    description:
      - Result of M(tencentcloud.tke.image_cache_set) in check mode with C(follow_tags=true) for the image caches. The
        page then shows the images whose tags have moved.
    type: dict
  time:
    description:
      - Time in ISO 8601 format at which the image caches are judged, for example the time of a saved listing. Without a
        time zone, it is UTC. If not set, it is the current time.
    type: str
notes:
  - The page contains names, tags, images and events. It does not contain registry credentials.
  - The page shows dates and whole days. It only changes if the listing, the date, or a decision changes.
seealso:
  - module: tencentcloud.tke.image_cache_info
  - module: tencentcloud.tke.image_cache_prune
"""

EXAMPLES = r"""
- name: List all image caches of two regions
  tencentcloud.tke.image_cache_info:
    region: "{{ item }}"
  loop:
    - ap-guangzhou
    - ap-shanghai
  register: listings

- name: Write a page about them
  ansible.builtin.copy:
    content: >-
      {{
        listings | tencentcloud.tke.image_cache_report(
          title='Image caches of the shop',
          prune_rules=[{'unmatched_for': '30d'}],
          owner_tag='team',
        )
      }}
    dest: /var/www/html/image-caches.html
    mode: "0644"
"""

RETURN = r"""
_value:
  description: HTML page.
  type: str
"""

from datetime import datetime, timezone
from typing import Any, Callable, Dict, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.data import Question, report_data
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.inputs import read_prices, read_regions
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.page import render_page
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.verdicts import read_rules

# The report adds and subtracts years, which needs other years on both sides.
YEARS = range(1970, 9000)


def image_cache_report(
    listings: Any,
    *,
    title: str = "",
    language: str = "en-US",
    prune_rules: Any = (),
    keep_names: Any = (),
    keep_ids: Any = (),
    prices: Any = None,
    owner_tag: str = "",
    followed: Any = None,
    time: Optional[str] = None,
) -> str:
    """Return an HTML page about image caches. Raises AnsibleFilterError for invalid arguments."""
    try:
        given = read_prices(prices) if prices else None
        question = Question(
            regions=read_regions(listings),
            rules=read_rules(prune_rules, keep_names, keep_ids),
            prices=given,
            owner_tag=owner_tag or "",
            followed=followed,
        )
        data = report_data(question, _moment(time))
        return render_page(data, language, title=title or "", currency=given.currency if given else "")
    except InvalidInput as error:
        raise AnsibleFilterError(f"image_cache_report: {error}") from None


def _moment(text: Optional[str]) -> datetime:
    """Return a time in UTC, the current one if none is given."""
    if not text:
        return Clock().utc()
    try:
        # Python 3.8 to 3.10 do not read the Z.
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise _invalid_time(text) from None
    if moment.year not in YEARS:
        raise _invalid_time(text)
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _invalid_time(text: Any) -> InvalidInput:
    example = "2026-03-30T07:03:35Z"
    return InvalidInput(f"Invalid time: expected ISO 8601 such as {example}, got {str(text)[:50]!r}.")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"image_cache_report": image_cache_report}
