# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Convert values of the API into the form of options.

A value that is missing, or that does not have the defined type, is unknown and reads as None.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

__all__ = ["ABSENT", "CREDENTIAL_FIELDS", "RECORD_TAG"]
__all__ += ["read_all_tags", "read_credentials", "read_number", "read_string", "read_strings", "read_tags", "read_text"]

# The tag for the record of O(track_build_settings). It does not count as a user's tag and is not reported.
RECORD_TAG = "ansible-build-settings"

CREDENTIAL_FIELDS = {"server": "Server", "username": "Username", "password": "Password", "name": "Name"}


class Absent:
    """Marks a field that the response does not contain. C(null), in contrast, is an empty list in Go."""


ABSENT = Absent()


def read_string(value: Any) -> Optional[str]:
    """Return a string, or None for any other value."""
    return value if isinstance(value, str) else None


def read_text(value: Any) -> Optional[str]:
    """Return a non-empty string, or None for any other value."""
    return value if isinstance(value, str) and value else None


def read_number(value: Any) -> Optional[int]:
    """Return an integer, or None for any other value."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_strings(value: Any) -> Optional[List[str]]:
    """Return a list of strings, or None for any other value."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else None


def _read_dicts(value: Any) -> Optional[List[Mapping[str, Any]]]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) and all(isinstance(item, dict) for item in value) else None


def read_credentials(value: Any) -> Optional[List[Dict[str, Any]]]:
    """Return registry credentials, with their passwords if the API shows them."""
    entries = _read_dicts(value)
    if entries is None:
        return None
    return [{key: read_text(entry.get(field)) for key, field in CREDENTIAL_FIELDS.items()} for entry in entries]


def read_tags(value: Any) -> Optional[Dict[str, str]]:
    """Return the user's tags."""
    tags = read_all_tags(value)
    return None if tags is None else {key: item for key, item in tags.items() if key != RECORD_TAG}


def read_all_tags(value: Any) -> Optional[Dict[str, str]]:
    """Return all tags, including that of the record."""
    entries = _read_dicts(value)
    if entries is None or not all(_is_tag(entry) for entry in entries):
        return None
    return {entry["Key"]: entry.get("Value") or "" for entry in entries}


def _is_tag(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("Key"), str) and isinstance(entry.get("Value"), (str, type(None)))
