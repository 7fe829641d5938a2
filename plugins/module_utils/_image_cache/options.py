# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Checks of option values that several modules share, made before any request."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Mapping, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import RECORD_TAG
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    InvalidReference,
    parse_reference,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import parse_duration

__all__ = ["duration_problems", "image_problems", "plain_tags", "text_problems"]


def text_problems(place: str, value: Any) -> Iterator[str]:
    """Yield the problems of a text, which may be empty or None. C(place) is its name in messages."""
    if not isinstance(value, str):
        return
    if not value.strip():
        yield f"{place} is empty. Set a value or omit it."
    if not _is_unicode(value):
        yield f"{place} is not valid Unicode."


def image_problems(place: str, value: str) -> Iterator[str]:
    """Yield the problems of an image reference. C(place) is its name in messages."""
    problems = list(text_problems(place, value))
    try:
        parse_reference(value)
    except InvalidReference as error:
        problems = problems or [f"{place}: {error}."]
    yield from problems


def duration_problems(option: str, value: Optional[str]) -> Iterator[str]:
    """Yield the problems of a duration."""
    if value is not None and not parse_duration(value):
        yield f"Invalid {option}: expected a duration above 0 such as 7d, 12h or 30m, got {value!r}."


def plain_tags(tags: Mapping[Any, Any]) -> Dict[str, str]:
    """Return the tags as strings, as the API stores them. Numbers and booleans of YAML get their usual spelling.

    Raises InvalidInput.
    """
    for key, value in tags.items():
        if not isinstance(value, (str, int, float)) or not str(key).strip() or not _is_unicode(f"{key}{value}"):
            raise InvalidInput(f"Invalid tags: {key!r} must be a non-empty key with a text value.")
        if str(key) == RECORD_TAG:
            raise InvalidInput(f"Invalid tags: {RECORD_TAG} is reserved for track_build_settings.")
    return {str(key): str(value).lower() if isinstance(value, bool) else str(value) for key, value in tags.items()}


def _is_unicode(text: str) -> bool:
    """Return whether a text is valid Unicode. The API cannot store half of a surrogate pair."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
