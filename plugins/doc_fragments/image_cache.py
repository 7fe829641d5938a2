# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import textwrap

# The options that declare an image cache, said once: a task of M(tencentcloud.tke.image_cache) has them, and in
# M(tencentcloud.tke.image_cache_set) every entry has them, and all but the first two are defaults of the entries.
ADDRESS = r"""
  image_cache_name:
    description:
      - The name of the image cache. It is found by exactly this name, unless O(image_cache_id) is given.
      - Together with O(image_cache_id) it is the name that the cache shall have. A name that another cache has is
        refused.
      - With O(state=absent) an O(image_cache_id) and the name of another cache contradict each other. The module then
        fails without deleting anything.
      - A name that ends in C(-replacement) is reserved for the new cache of a replace. It is refused, except with
        O(state=absent).
      - The API does not promise that names are unique. Several caches of one name are an error that lists their ids.
      - One of O(image_cache_name) and O(image_cache_id) is required.
    type: str
    aliases: [name]
  image_cache_id:
    description:
      - The id of an image cache that exists. It outranks O(image_cache_name).
    type: str
    aliases: [id]
"""

DECLARATION = r"""
  state:
    description:
      - Whether the image cache is to exist.
    type: str
    choices: [present, absent]
    default: present
  images:
    description:
      - The container images that the cache holds, as references with a fixed tag or a digest. Their order does not
        matter. References that Docker's grammar does not allow are refused before any request.
      - The platform matches a Pod's image to a cache by its name and tag, whatever the tag means today. An image
        without a tag, or with C(:latest), is warned about.
      - Required to create a cache.
    type: list
    elements: str
  vpc_id:
    description:
      - The VPC in which the cache is built.
      - Required to create a cache. The API never shows it; see O(track_build_settings).
    type: str
  subnet_id:
    description:
      - The subnet in which the cache is built. It must have a way to the registries.
      - Required to create a cache. The API never shows it; see O(track_build_settings).
    type: str
  security_group_ids:
    description:
      - The security groups of the build.
      - The API never shows them, so a change goes unseen by itself, unless O(track_build_settings) is true. They are
        sent along with any other update.
    type: list
    elements: str
  image_registry_credentials:
    description:
      - Credentials for registries. Compared as a set, by all that is given of each. Each needs a C(server).
    type: list
    elements: dict
    suboptions:
      server:
        description:
          - The registry's host, without a scheme.
        type: str
      username:
        description:
          - The user's name.
        type: str
      password:
        description:
          - The password. See O(update_password).
        type: str
      name:
        description:
          - A name for the credential.
        type: str
  update_password:
    description:
      - With V(on_change) a registry password is compared with what the API shows. One that the API masks, or does not
        show, counts as equal.
      - With V(always) given passwords are sent in every run, and reported as a change.
    type: str
    choices: [on_change, always]
    default: on_change
  existed_eip_id:
    description:
      - An elastic IP that exists, to be bound to the build. Mutually exclusive with O(auto_create_eip=true) and with
        O(auto_create_eip_attribute).
      - The API never shows it; see O(track_build_settings).
    type: str
  auto_create_eip:
    description:
      - Whether an elastic IP is created for the build, so that it reaches public registries.
      - The API never shows it; see O(track_build_settings).
    type: bool
  auto_create_eip_attribute:
    description:
      - How that elastic IP is created. Given at all, it switches the creation on.
      - The API never shows it; see O(track_build_settings).
    type: dict
    suboptions:
      delete_policy:
        description:
          - With V(Never) the elastic IP is kept after the build, and costs money. Any other value, the empty one
            included, releases it.
        type: str
        required: true
      internet_service_provider:
        description:
          - The line, V(BGP) if not given. V(CMCC), V(CTCC) and V(CUCC) are open to some accounts in some regions.
        type: str
      internet_max_bandwidth_out:
        description:
          - The bandwidth out, in Mbps.
        type: int
  image_cache_size:
    description:
      - The size of the cache in GiB. If not given, a new cache has 20, and one that exists stays as it is. Unpacked
        images need about three times their pulled size.
      - Every Pod that uses the cache gets a disk of this size.
    type: int
    aliases: [size]
  retention_days:
    description:
      - The days after which the cache is removed by the platform; V(0) keeps it for ever. If not given, a new cache is
        kept for ever, and one that exists stays as it is.
    type: int
  registry_skip_verify_list:
    description:
      - Registry hosts whose certificate is not verified in the build.
      - The API never shows it; see O(track_build_settings).
    type: list
    elements: str
  registry_http_end_point_list:
    description:
      - Registry hosts that the build pulls from over plain HTTP.
      - The API never shows it; see O(track_build_settings).
    type: list
    elements: str
  resolve_config:
    description:
      - The text of the build's C(resolv.conf).
      - The API never shows it; see O(track_build_settings).
    type: str
  tags:
    description:
      - The tags of the cache. With O(purge_tags=true) they replace the whole set, and an empty dictionary removes all.
      - The tag C(ansible-build-settings) is reserved for O(track_build_settings). It is neither compared, nor
        removed, nor returned.
    type: dict
  purge_tags:
    description:
      - Whether to remove tags of the cache that O(tags) does not name.
      - With V(false), O(tags) are added to the tags of the cache, or override their values. All other tags are kept,
        and a replacement gets them too.
      - Has no effect if O(tags) is not set.
    version_added: 1.1.0
    type: bool
    default: true
  on_change:
    description:
      - How other O(images) or another O(image_cache_size) reach a cache that exists.
      - With V(update) it is rebuilt in place. Its id stays, and it is out of use until it is Ready again.
      - With V(replace) a new cache is built under the name with C(-replacement) and becomes Ready first, then the old
        one is deleted and the new one gets its name, so that there is a usable cache all the time. The id changes.
        When the new cache fails, the old one stays as it is and the run fails. What is not declared is taken over
        from what the API shows of the old cache. That needs O(vpc_id) and O(subnet_id), which it does not show, and
        the other settings that it never shows are not taken over; declare them, too.
      - With V(fail) nothing is changed, and the run fails.
      - Other options are updated in place, unless V(fail) ends the run.
    type: str
    choices: [update, replace, fail]
    default: update
  recreate_failed:
    description:
      - Whether a cache in state Failed is deleted and built anew, once in a run. Its failure is in
        RV(recovered_failure).
      - If V(false), the run fails and says why the build did.
      - A cache whose update has failed is updated again, or replaced, as O(on_change) says. Where the API refuses to
        update such a cache, it is replaced unless this is V(false).
    version_added: 1.0.0
    type: bool
    default: true
  track_build_settings:
    description:
      - Whether to record the settings that the API never shows, so that another value is seen. A short digest of each
        given one is kept in the tag C(ansible-build-settings), beside your own tags. No password is in it.
      - Other O(security_group_ids) are then updated in place; another value of any other of the nine options leads to a
        replace, as with O(on_change=replace), or fails with O(on_change=fail).
      - A cache without the record gets it, as it is declared now, without a rebuild.
    version_added: 1.0.0
    type: bool
    default: false
  force_rebuild:
    description:
      - Whether to build the cache anew though nothing differs, for images whose tag means something else by now. Always
        done by a replace; with O(on_change=fail) the run fails.
      - A replacement that an earlier run has begun within the last day is taken for the new build.
    version_added: 1.0.0
    type: bool
    default: false
  max_age:
    description:
      - Build the cache anew when it was created longer ago than this, V(7d) or V(12h) for instance. The units are
        V(s), V(m), V(h), V(d) and V(w). Always done by a replace; with O(on_change=fail) the run fails.
      - A cache whose date of creation cannot be read is left alone.
    version_added: 1.0.0
    type: str
  wait:
    description:
      - Whether to wait until the cache is Ready, or gone with O(state=absent).
      - Without waiting, what is to be started is started. A cache that is being built is left as it is, and a
        replacement takes the old cache's place in a later run.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds after which a run stops waiting, however many steps it takes, and fails. The build goes on, and the
        next run joins it.
      - While a run waits, it warns once of an outage of the API or the network and continues to poll until the
        timeout. A refusal, such as a missing permission, ends the run at once.
    type: int
    default: 1800
  wait_interval:
    description:
      - Polling interval in seconds. After ten intervals, the module polls after each tenth of the time waited so far,
        at most every 4 intervals.
    type: float
    default: 10
"""


def in_entries(text: str) -> str:
    """Return options as those of an entry: without defaults, and with references to what is the entry's own."""
    text = re.sub(r"^ +default: .*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"\b(RV|O)\((\w+)", r"\1(image_caches[].\2", text)


def beside_entries(text: str) -> str:
    """Return options as they stand beside the entries, where only the entries have names, ids and results."""
    text = re.sub(r"\bRV\((\w+)", r"RV(image_caches[].\1", text)
    return re.sub(r"\bO\((image_cache_name|image_cache_id)\b", r"O(image_caches[].\1", text)


REGION = """
  region:
    description:
      - The region of this cache.
    type: str
"""
ENTRY = textwrap.indent(in_entries(f"{ADDRESS}{DECLARATION}{REGION}"), "    ")


class ModuleDocFragment:
    """What declares an image cache, for one and for many."""

    DOCUMENTATION: str = f"options:\n{ADDRESS}{DECLARATION}"

    ENTRIES: str = f"""
options:
{beside_entries(DECLARATION)}
  image_caches:
    description:
      - The image caches, each with the options of M(tencentcloud.tke.image_cache).
      - An option that an entry does not give is taken from beside the list.
    type: list
    elements: dict
    required: true
    suboptions:
{ENTRY}
"""
