# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The values for a new cache: the declaration, completed from an old cache."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS, Field, is_masked
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.tracking import make_record

__all__ = ["Successor"]


class Successor:
    """A cache to be built. If it replaces an old one, it keeps the shown values of options that are not declared.

    Options that the API never shows cannot be carried over, nor can masked passwords.
    """

    def __init__(self, desired: Desired, old: Optional[ImageCache] = None) -> None:
        self._values_of = _values_of(old) if old else {}
        desired = desired.with_tags_of(old) if old else desired
        carried = {row.option: self._values_of[row.option] for row in FIELDS if _is_carried_over(row, self._values_of)}
        self.values: Dict[str, Any] = {**carried, **desired.values}
        self.record = make_record(desired, self.values)
        credentials = self._values_of.get("image_registry_credentials")
        self.lacks_passwords = bool(credentials) and "image_registry_credentials" not in self.values

    @property
    def missing(self) -> List[str]:
        """The options that are required to create the cache but have no value."""
        return [row.option for row in FIELDS if row.needed_to_create and not self.values.get(row.option)]

    def compare_with_old(self, changed: Sequence[str]) -> Dict[str, Any]:
        """Return the values that the new cache will show, and those of changed options that the API never shows.

        Other hidden options would appear as new in a diff, although the old cache may have had them.
        """
        kept = {option: value for option, value in self._values_of.items() if value is not None}
        if self.lacks_passwords:
            kept["image_registry_credentials"] = []
        return {**kept, **{row.option: self.values[row.option] for row in FIELDS if self._is_compared(row, changed)}}

    def _is_compared(self, row: Field, changed: Sequence[str]) -> bool:
        return row.option in self.values and (row.is_shown or row.option in changed)


def _values_of(old: ImageCache) -> Dict[str, Any]:
    return {row.option: old.value_of(row.option) for row in FIELDS if row.is_shown}


def _is_carried_over(row: Field, shown: Mapping[str, Any]) -> bool:
    # Values that equal the default are left to the API.
    value = shown.get(row.option)
    if not value or value == row.default:
        return False
    return row.option != "image_registry_credentials" or not any(is_masked(c.get("password")) for c in value)
