# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. A record of the settings that the API never shows, stored in one tag of the cache.

The tag holds a short digest of each recorded setting, so that a change can be detected and attributed to a setting.
The nine settings contain no password: credentials are not recorded.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS, Field
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache

__all__ = ["find_changed_rows", "make_record", "read_record", "update_record"]

# 24 bits suffice to detect a change; the digest is not a security measure. Nine digests fit easily into a tag.
DIGITS = 6
ENTRY = re.compile(rf"([a-z]+)-([0-9a-f]{{{DIGITS}}})", re.ASCII)


def make_record(values: Mapping[str, Any]) -> str:
    """Return the value of the tag for the settings in C(values)."""
    return _join(_digests(values))


def read_record(cache: ImageCache) -> Optional[Dict[str, str]]:
    """Return the record of a cache as digests by mark: empty without a record, None if no tags are shown."""
    tag = cache.record
    return None if tag is None else dict(ENTRY.findall(tag))


def find_changed_rows(values: Mapping[str, Any], cache: ImageCache) -> List[Field]:
    """Return the rows whose value differs from the recorded one. Settings that are not recorded are unknown."""
    known = read_record(cache) or {}
    given = _digests(values)
    return [row for row in _hidden(values) if known.get(row.mark, given[row.mark]) != given[row.mark]]


def update_record(values: Mapping[str, Any], cache: ImageCache) -> Optional[str]:
    """Return the new record for the cache, or None if its tags are not shown."""
    known = read_record(cache)
    if known is None:
        return None
    return _join({**known, **_digests(values)})


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
