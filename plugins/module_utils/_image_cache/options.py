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

__all__ = [
    "credential_problems",
    "duration_problems",
    "image_problems",
    "plain_tags",
    "text_problems",
    "value_problems",
]

# The API's other names for it: 0 is "for ever" there, and "any other value, even empty" releases the EIP.
MAY_BE_EMPTY = frozenset(["auto_create_eip_attribute.delete_policy"])
LEAST = {
    "image_cache_size": 1,
    "retention_days": 0,
    "auto_create_eip_attribute.internet_max_bandwidth_out": 1,
}


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


def value_problems(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with each single value of options: an empty text, an invalid image, a number that is too low.

    C(values) are options by name; those of lists and dictionaries are checked one by one.
    """
    for place, value in _leaves(values):
        yield from _leaf_problems(place, value)


def credential_problems(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the servers of registry credentials; C(values) are options by name."""
    for number, credential in enumerate(values.get("image_registry_credentials", [])):
        if credential.get("server") is None:
            yield f"image_registry_credentials[{number}] has no server. Set it to the host of the registry."
        server = credential.get("server") or ""
        if "://" in server:
            yield (
                f"image_registry_credentials: server {server!r} has a scheme. Set only the host:"
                f" {server.split('://', 1)[1]!r}."
            )


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
            raise InvalidInput(f"Invalid tags: {key!r} needs a non-empty key and a string, number or boolean value.")
        if str(key) == RECORD_TAG:
            raise InvalidInput(f"Invalid tags: {RECORD_TAG} is reserved. Choose another key.")
    return {str(key): str(value).lower() if isinstance(value, bool) else str(value) for key, value in tags.items()}


def _is_unicode(text: str) -> bool:
    """Return whether a text is valid Unicode. The API cannot store half of a surrogate pair."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[Any]:
    """Yield every single value with the place that a message names, C(images[0]) for instance."""
    for name, value in values.items():
        place = f"{prefix}{name}"
        for number, item in enumerate(value) if isinstance(value, list) else ((None, value),):
            at = place if number is None else f"{place}[{number}]"
            if isinstance(item, Mapping) and name != "tags":
                yield from _leaves(item, f"{at}.")
            elif not isinstance(item, Mapping):
                yield at, item


def _leaf_problems(place: str, value: Any) -> Iterator[str]:
    if place not in MAY_BE_EMPTY or str(value).strip():
        yield from (image_problems if place.startswith("images[") else text_problems)(place, value)
    least = LEAST.get(place)
    if least is not None and value is not None and value < least:
        yield f"Invalid {place}: expected {least} or more, got {value}."
