# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import textwrap

from ansible_collections.tencentcloud.tke.plugins.doc_fragments.registry import registry_options

# The options that declare an image cache. M(tencentcloud.tke.image_cache) and every entry of
# M(tencentcloud.tke.image_cache_set) have them; all but those in C(ADDRESS) are also defaults of the entries.
ADDRESS = r"""
  image_cache_name:
    description:
      - Name of the image cache. If O(image_cache_id) is not set, the module finds the cache by exactly this name.
      - Set it together with O(image_cache_id) to rename the cache. A name that another cache has is rejected.
      - With O(state=absent), the module fails without deleting anything if the cache with O(image_cache_id) has another
        name.
      - Names that end in C(-replacement) are reserved for replacements. They are rejected, except with
        O(state=absent).
      - The API does not guarantee that names are unique. If several caches have this name, the module fails and lists
        their IDs.
      - At least one of O(image_cache_name) and O(image_cache_id) is required.
    type: str
    aliases: [name]
  image_cache_id:
    description:
      - ID of an existing image cache. It takes precedence over O(image_cache_name).
    type: str
    aliases: [id]
"""

REGISTRIES = registry_options(
    credentials="The entries are compared as a set, using only the keys that you set.",
    password="See O(update_password).",
    hosts="The API never returns this setting; see O(track_build_settings).",
)
DECLARATION = rf"""
  state:
    description:
      - Whether the image cache should exist.
    type: str
    choices: [present, absent]
    default: present
  images:
    description:
      - Container images in the cache, each with a fixed tag or a digest. The order does not matter.
      - References that do not conform to Docker's grammar are rejected before any request.
      - The platform matches a Pod's images by name and tag, even if the tag has moved to another image since the build.
        The module warns about images without a tag or with C(:latest). See O(follow_tags).
      - Required to create a cache.
    type: list
    elements: str
  vpc_id:
    description:
      - ID of the VPC in which the cache is built.
      - Required to create a cache. The API never returns this setting; see O(track_build_settings).
    type: str
  subnet_id:
    description:
      - ID of the subnet in which the cache is built. The registries must be reachable from it.
      - Required to create a cache. The API never returns this setting; see O(track_build_settings).
    type: str
  security_group_ids:
    description:
      - IDs of the security groups for the build.
      - The API never returns them, so a change to this option alone is only detected with
        O(track_build_settings=true). They are also sent with each update of other options.
    type: list
    elements: str
{REGISTRIES}
  update_password:
    description:
      - When to update registry passwords.
      - With V(on_change), a password is compared with the one that the API returns. A password that the API masks or
        omits counts as equal.
      - With V(always), passwords are sent in every run and reported as a change.
    type: str
    choices: [on_change, always]
    default: on_change
  existed_eip_id:
    description:
      - ID of an existing elastic IP (EIP) to bind to the build. Mutually exclusive with O(auto_create_eip=true) and
        O(auto_create_eip_attribute).
      - The API never returns this setting; see O(track_build_settings).
    type: str
  auto_create_eip:
    description:
      - Whether to create an EIP for the build, so that it can reach public registries.
      - The API never returns this setting; see O(track_build_settings).
    type: bool
  auto_create_eip_attribute:
    description:
      - Settings of the EIP that is created for the build. Setting this option enables creation of an EIP.
      - The API never returns this setting; see O(track_build_settings).
    type: dict
    suboptions:
      delete_policy:
        description:
          - Release policy of the EIP. With V(Never), the EIP is kept after the build and continues to incur costs. Any
            other value, including an empty string, releases it.
        type: str
        required: true
      internet_service_provider:
        description:
          - ISP line type; defaults to V(BGP). V(CMCC), V(CTCC), and V(CUCC) are available to some accounts in some
            regions.
        type: str
      internet_max_bandwidth_out:
        description:
          - Maximum outbound bandwidth in Mbps.
        type: int
  image_cache_size:
    description:
      - Size of the cache in GiB. If not set, a new cache has a size of 20 GiB and an existing cache keeps its size.
      - Unpacked images need about three times their download size.
      - Every Pod that uses the cache gets a disk of at least this size.
    type: int
    aliases: [size]
  retention_days:
    description:
      - Number of days after which the platform deletes the cache; with V(0), it never expires.
      - If not set, a new cache never expires and an existing cache keeps its retention.
      - With O(min_days_left), the retention is renewed before the cache expires.
    type: int
  resolve_config:
    description:
      - Content of C(resolv.conf) for the build.
      - The API never returns this setting; see O(track_build_settings).
    type: str
  tags:
    description:
      - Tags of the cache. With O(purge_tags=true), they replace all existing tags, and an empty dictionary removes all
        tags.
      - The tag C(ansible-build-settings) is reserved for O(track_build_settings) and O(follow_tags). It is never
        compared, removed, or returned.
    type: dict
  purge_tags:
    description:
      - Whether to remove tags of the cache that are not in O(tags).
      - With V(false), O(tags) are added to the existing tags or override their values. All other tags are kept and
        copied to a replacement.
      - Has no effect if O(tags) is not set.
    version_added: 1.1.0
    type: bool
    default: true
  on_change:
    description:
      - How to apply changes in O(images) and O(image_cache_size) to an existing cache.
      - With V(update), the cache is rebuilt in place. Its ID does not change, and it is unusable until it is V(Ready)
        again.
      - With V(replace), a new cache is built under the name with the suffix C(-replacement). When it is V(Ready), the
        old cache is deleted and the new one is renamed, so that a usable cache exists at all times. The ID changes.
      - If the build of a replacement fails, the old cache is kept unchanged and the run fails.
      - A replacement requires O(vpc_id) and O(subnet_id). For other options that are not set, it takes over the values
        that the API returns for the old cache. Settings that the API never returns are not taken over, so set them
        again.
      - With V(fail), the run fails if O(images) or O(image_cache_size) differs, and changes nothing.
      - Other options are updated in place, unless V(fail) ends the run.
    type: str
    choices: [update, replace, fail]
    default: update
  recreate_failed:
    description:
      - Whether to delete and rebuild a cache in state V(Failed), once per run. The failure is returned in
        RV(recovered_failure).
      - If V(false), the run fails and reports why the build failed.
      - A cache whose update failed is updated again or replaced, as set in O(on_change). If the API refuses to update
        it, it is replaced unless this option is V(false).
    version_added: 1.0.0
    type: bool
    default: true
  track_build_settings:
    description:
      - Whether to record the settings that the API never returns, so that changes are detected.
      - The tag C(ansible-build-settings) stores a short digest of each of these settings that you set. It contains no
        passwords.
      - Changed O(security_group_ids) are then updated in place. A change to any other of these settings replaces the
        cache, as with O(on_change=replace), or fails with O(on_change=fail).
      - If a cache has no record, the current settings are recorded without a rebuild.
    version_added: 1.0.0
    type: bool
    default: false
  verify_images:
    description:
      - Whether to ask the registries about the images before a build, also in check mode.
      - The requests are sent from the host that runs the module, with O(image_registry_credentials),
        O(registry_http_end_point_list), and O(registry_skip_verify_list). They do not use the credentials of Tencent
        Cloud.
      - The run fails without changing anything if an image does not exist, if a registry refuses the given
        credentials, if an image does not support C(linux/amd64), or if the images are larger than
        O(image_cache_size).
      - The module warns and starts the build if a registry does not give a definite answer, for example because it
        cannot be reached, limits requests, or denies an anonymous request. It also warns if O(image_cache_size) is
        smaller than recommended for the images.
      - A run that builds nothing sends no requests for this option. Registries may count a lookup as a pull.
    version_added: 1.1.0
    type: bool
    default: false
  follow_tags:
    description:
      - Whether to rebuild the cache if the tag of an image has moved. In every run, the module asks the registries for
        the digests of the tags, with one HEAD request per image. Registries do not count these requests as pulls.
      - The rebuild is always a replacement. With O(on_change=fail), the run fails. RV(actions) and the diff name the
        images whose tags have moved.
      - The digests of the C(linux/amd64) manifests are compared. Changes to attestations or other architectures do not
        cause a rebuild.
      - Images with a digest cannot move. The registries are not asked about them.
      - The module warns and does not rebuild the cache if a registry does not return a digest.
      - The registries are reached as described for O(verify_images).
      - The tag C(ansible-build-settings) contains a short record of the digests that were read before the build, in
        addition to the record of O(track_build_settings). If a cache has no record, the current digests are recorded
        without a rebuild.
      - The value of this tag has at most 255 characters. For a cache with more than 120 images, the record does not
        show which tag has moved, so all images are named.
      - Each rebuild may count towards the account's quota of tag values.
    version_added: 1.1.0
    type: bool
    default: false
  force_rebuild:
    description:
      - Whether to rebuild the cache even if nothing differs, for example because a tag has moved to another image.
      - The rebuild is always a replacement. With O(on_change=fail), the run fails.
      - A replacement that an earlier run started within the last day counts as the rebuild.
    version_added: 1.0.0
    type: bool
    default: false
  max_age:
    description:
      - Maximum age of the cache, for example V(7d) or V(12h). An older cache is rebuilt.
      - The units are V(s), V(m), V(h), V(d), and V(w).
      - The rebuild is always a replacement. With O(on_change=fail), the run fails.
      - A cache whose creation time cannot be read is not rebuilt.
    version_added: 1.0.0
    type: str
  min_days_left:
    description:
      - Minimum number of days until the cache expires; with fewer days left, its retention is renewed in place.
      - The renewed retention is the age of the cache, rounded up to whole days, plus O(retention_days). This is
        sufficient whether the platform counts the retention from the creation or from the update.
      - A cache that is declared and reconciled at least once in this number of days does not expire.
      - A retention that is longer than O(retention_days) is not a difference. A shorter one, or V(0), is updated to
        O(retention_days), or to the renewed retention if the cache would otherwise expire too soon.
      - A cache that is rebuilt is not renewed. The new cache has the retention of O(retention_days).
      - The module warns and does not renew the cache if its expiry time or its creation time cannot be read.
      - Requires O(retention_days), and must be less than it.
    version_added: 1.1.0
    type: int
  wait:
    description:
      - Whether to wait until the cache is V(Ready), or, with O(state=absent), until it is deleted.
      - With V(false), the module starts the necessary actions and returns. A cache that is being built is left
        unchanged, and a later run completes a replacement.
    type: bool
    default: true
  wait_timeout:
    description:
      - Timeout in seconds for one cache and all steps of a run. When it expires, the run fails. The build continues,
        and the next run waits for it.
      - During an outage of the API or the network, the module warns once and continues to poll until the timeout. If
        the API rejects a request, for example because a permission is missing, the run fails at once.
    type: int
    default: 1800
  wait_interval:
    description:
      - Initial polling interval in seconds.
      - After ten intervals, the polling interval grows to a tenth of the time waited so far, up to 4 times the initial
        interval.
    type: float
    default: 10
"""


def in_entries(text: str) -> str:
    """Return options as those of an entry: without defaults, and with references to options of the entry."""
    text = re.sub(r"^ +default: .*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"\b(RV|O)\((\w+)", r"\1(image_caches[].\2", text)


def beside_entries(text: str) -> str:
    """Return options as defaults of the entries. Only entries have names, IDs, and results."""
    text = re.sub(r"\bRV\((\w+)", r"RV(image_caches[].\1", text)
    return re.sub(r"\bO\((image_cache_name|image_cache_id)\b", r"O(image_caches[].\1", text)


REGION = """
  region:
    description:
      - Region of this cache. If not set, the region of the task is used.
    type: str
"""
ENTRY = textwrap.indent(in_entries(f"{ADDRESS}{DECLARATION}{REGION}"), "    ")


class ModuleDocFragment:
    """The options that declare one image cache, or many."""

    DOCUMENTATION: str = f"options:\n{ADDRESS}{DECLARATION}"

    ENTRIES: str = f"""
options:
{beside_entries(DECLARATION)}
  image_caches:
    description:
      - Image caches to manage, each with the options of M(tencentcloud.tke.image_cache).
      - The module's options of the same name are the defaults for every entry.
    type: list
    elements: dict
    required: true
    suboptions:
{ENTRY}
"""
