# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. A record of the settings that the API never shows, kept in one tag of the cache.

The tag holds a short digest for each recorded setting, so that a change of one is seen, and which one it was.
The nine settings hold no password; credentials are none of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, List, Mapping, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS, Field
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache

__all__ = ["find_changed_rows", "make_record", "read_record", "update_record"]

# 24 bits: it has to tell a change, not to withstand anybody. Nine of them stay far below the length of a tag.
DIGITS = 6
ENTRY = re.compile(rf"([a-z]+)-([0-9a-f]{{{DIGITS}}})", re.ASCII)


def make_record(values: Mapping[str, Any]) -> str:
    """Return the tag's value for the given ones of the nine settings."""
    return _join(_digests(values))


def read_record(cache: ImageCache) -> Optional[Dict[str, str]]:
    """Return the record of a cache, from mark to digest; empty without one, None where no tags are shown."""
    tag = cache.record
    return None if tag is None else dict(ENTRY.findall(tag))


def find_changed_rows(values: Mapping[str, Any], cache: ImageCache) -> List[Field]:
    """Return the rows whose given value is another than the recorded one. What is not recorded is unknown."""
    known = read_record(cache) or {}
    given = _digests(values)
    return [row for row in _hidden(values) if known.get(row.mark, given[row.mark]) != given[row.mark]]


def update_record(values: Mapping[str, Any], cache: ImageCache) -> Optional[str]:
    """Return the record that the cache is to have, None where its tags are not shown."""
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
    # Groups and registries are sets: their order is no change.
    canonical = sorted(set(value)) if isinstance(value, list) else row.encode(value)
    text = json.dumps([row.option, canonical], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:DIGITS]
