# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. A record of settings that the API never returns, stored in a tag of the cache.

The tag contains a short digest of each recorded setting, so that a run detects which settings have changed. They are
followed by the digests that the images' tags had when the build began (digests.py). The nine settings contain no
passwords.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.digests import (
    DigestRecord,
    MovedImage,
    floating_images,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS, Field
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache

__all__ = ["find_changed_rows", "find_images_to_inspect", "find_moved_images", "make_record", "make_settings_record"]
__all__ += ["read_digests", "read_record", "split_record", "update_record"]

# 24 bits. The digests detect changes and are not a protection against attacks. Nine of them fit into a tag.
DIGITS = 6
ENTRY = re.compile(rf"([a-z]+)-([0-9a-f]{{{DIGITS}}})", re.ASCII)
# Separates the record of the settings from that of the digests. Neither contains it, and the API accepts it in tags.
SEPARATOR = "@"


def make_record(desired: Desired, values: Mapping[str, Any]) -> str:
    """Return the tag's value for a cache that is built from these values of the options."""
    settings = make_settings_record(desired.values) if desired.track_build_settings else ""
    return _combine(settings, _digests_of_build(desired, values.get("images") or ()))


def make_settings_record(values: Mapping[str, Any]) -> str:
    """Return the record of the nine settings, as far as C(values) contains them."""
    return _join(_digests(values))


def read_record(cache: ImageCache) -> Optional[Dict[str, str]]:
    """Return the recorded digests of settings by mark, empty if there are none, None if the tags are unknown."""
    tag = cache.record
    return None if tag is None else dict(ENTRY.findall(split_record(tag)[0]))


def read_digests(desired: Desired, cache: ImageCache) -> Optional[DigestRecord]:
    """Return the recorded digests of the declared images, None if there is no record for exactly these."""
    text = split_record(cache.record or "")[1]
    return DigestRecord.parse(text, desired.images_of(cache)) if text else None


def find_moved_images(desired: Desired, cache: ImageCache) -> List[MovedImage]:
    """Return the images whose tags are known to have moved since the cache was built."""
    record = read_digests(desired, cache) if desired.follow_tags else None
    return record.find_moved(desired.digests) if record else []


def find_images_to_inspect(desired: Desired, cache: ImageCache) -> List[str]:
    """Return the images for which the digest of the platform's manifest must be looked up."""
    record = read_digests(desired, cache)
    if record is None:
        return floating_images(desired.images_of(cache))
    return [*record.find_suspects(desired.digests), *record.find_unknown()]


def find_changed_rows(values: Mapping[str, Any], cache: ImageCache) -> List[Field]:
    """Return the rows whose value differs from the recorded one. Settings that are not recorded are unknown."""
    known = read_record(cache) or {}
    given = _digests(values)
    return [row for row in _hidden(values) if known.get(row.mark, given[row.mark]) != given[row.mark]]


def update_record(desired: Desired, cache: ImageCache, rebuilds: bool) -> Optional[str]:
    """Return the new record for a cache that is updated, None if its tags are unknown.

    C(rebuilds) is whether the update pulls the images again.
    """
    known = read_record(cache)
    if known is None:
        return None
    settings, digests = split_record(str(cache.record))
    if desired.track_build_settings:
        settings = _join({**known, **_digests(desired.values)})
    return _combine(settings, _update_digests(desired, cache, digests, rebuilds))


def _update_digests(desired: Desired, cache: ImageCache, recorded: str, rebuilds: bool) -> str:
    if not desired.follow_tags:
        return recorded
    record = None if rebuilds else read_digests(desired, cache)
    if record is None:
        return _digests_of_build(desired, desired.images_of(cache))
    return str(record.complete(desired.digests))


def _digests_of_build(desired: Desired, images: Sequence[str]) -> str:
    """Return the record of digests for a build that begins now; empty if none is known."""
    if not desired.follow_tags or not any(image in desired.digests for image in floating_images(images)):
        return ""
    return str(DigestRecord.from_digests(images, desired.digests))


def split_record(record: str) -> Tuple[str, str]:
    """Return the record of the settings and that of the digests. A missing one is empty."""
    settings, _separator, digests = record.partition(SEPARATOR)
    return settings, digests


def _combine(settings: str, digests: str) -> str:
    return f"{settings}{SEPARATOR}{digests}" if digests else settings


def _hidden(values: Mapping[str, Any]) -> List[Field]:
    return [row for row in FIELDS if row.mark and row.option in values]


def _digests(values: Mapping[str, Any]) -> Dict[str, str]:
    return {row.mark: _digest(row, values[row.option]) for row in _hidden(values)}


def _join(digests: Mapping[str, str]) -> str:
    return ".".join(f"{row.mark}-{digests[row.mark]}" for row in FIELDS if row.mark in digests)


def _digest(row: Field, value: Any) -> str:
    # Security groups and registries are sets, so a different order is not a change.
    canonical = sorted(set(value)) if isinstance(value, list) else row.encode(value)
    text = json.dumps([row.option, canonical], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:DIGITS]
