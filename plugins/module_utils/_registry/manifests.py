# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Manifests and indexes. The type of every field is checked.

Sources: the OCI Image Spec 1.1 (manifest, image index, descriptor), and Docker's Image Manifest V2, Schema 2.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import DIGEST_LENGTHS
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import (
    MalformedManifest,
    UnsupportedManifest,
)

__all__ = [
    "ACCEPT",
    "DEFAULT_PLATFORM",
    "INDEX_TYPES",
    "MANIFEST_TYPES",
    "Entry",
    "Index",
    "Layer",
    "Manifest",
    "Platform",
    "is_digest",
    "media_type_of",
    "parse_manifest",
    "parse_platform",
    "select_platform",
]

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# If one of the four is missing, a registry may convert the manifest or report that it does not exist.
ACCEPT = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+"
# Docker allows 127 layers.
MOST_LAYERS = 1000
LARGEST_SIZE = 1 << 62
MEDIA_TYPE = re.compile(r"[!-~]{1,255}")
PLATFORM_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
UNKNOWN = "unknown"
# The platform of super nodes, on which image caches are built.
DEFAULT_PLATFORM = "linux/amd64"


@dataclass(frozen=True)
class Platform:
    """A platform, written as C(os/architecture) or C(os/architecture/variant)."""

    os: str
    architecture: str
    variant: Optional[str] = None

    def includes(self, other: Platform) -> bool:
        """Return whether the other platform is the same. If this one has no variant, the other may have any."""
        same = (self.os, self.architecture) == (other.os, other.architecture)
        return same and self.variant in (None, other.variant)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


@dataclass(frozen=True)
class Entry:
    """An entry of an index. C(platform) is None if the index does not specify it."""

    digest: str
    media_type: Optional[str]
    platform: Optional[Platform] = None


@dataclass(frozen=True)
class Index:
    """The manifests of an image for several platforms, without attestations."""

    entries: Tuple[Entry, ...]


@dataclass(frozen=True)
class Layer:
    """A layer in a manifest. C(size) is its compressed size in bytes."""

    digest: str
    media_type: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """An image for one platform."""

    layers: Tuple[Layer, ...]
    config_digest: str
    config_size: int


def parse_platform(text: str) -> Platform:
    """Return the platform. Raises ValueError if the text is invalid."""
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(map(PLATFORM_WORD.fullmatch, parts)):
        raise ValueError(f"invalid platform {text!r}: expected os/architecture or os/architecture/variant")
    return Platform(*parts)


def media_type_of(content_type: Optional[str]) -> Optional[str]:
    """Return the media type of a Content-Type header, None if it is not one of the four known types."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    return media_type if media_type in (*INDEX_TYPES, *MANIFEST_TYPES) else None


def is_digest(value: Any) -> bool:
    """Return whether a value is a digest with an algorithm that Docker accepts."""
    if not isinstance(value, str):
        return False
    algorithm, _colon, digits = value.partition(":")
    return len(digits) == DIGEST_LENGTHS.get(algorithm) and not digits.strip("0123456789abcdef")


def parse_manifest(body: bytes, media_type: Optional[str]) -> Union[Index, Manifest]:
    """Return the index or manifest in a body. C(media_type) is from the response, None if unknown.

    Raises MalformedManifest, and UnsupportedManifest for schema 1.
    """
    content = _load(body)
    named = media_type or _text(content.get("mediaType"))
    if content.get("schemaVersion") == 1 or "fsLayers" in content or (named or "").startswith(SCHEMA_1):
        raise UnsupportedManifest(
            "the image has a manifest of schema 1, which Docker deprecated in 2019. Push it again with a current client"
        )
    if ("manifests" in content) == ("layers" in content):
        raise MalformedManifest("the manifest must contain either layers or manifests")
    if (named in MANIFEST_TYPES and "manifests" in content) or (named in INDEX_TYPES and "layers" in content):
        raise MalformedManifest(f"the manifest does not match its media type {named}")
    return _parse_index(content) if "manifests" in content else _parse_image(content)


def select_platform(index: Index, platform: Platform) -> Optional[Entry]:
    """Return the first entry for a platform, None if there is none."""
    return next((entry for entry in index.entries if entry.platform and platform.includes(entry.platform)), None)


def _load(body: bytes) -> Dict[str, Any]:
    try:
        content = json.loads(body.decode("utf-8"), parse_int=_parse_int)
    except (ValueError, RecursionError):
        raise MalformedManifest("the manifest is not JSON") from None
    if not isinstance(content, dict):
        raise MalformedManifest("the manifest is not a JSON object")
    return content


def _parse_int(digits: str) -> int:
    # The time that Python needs to parse an integer grows with the square of its number of digits.
    if len(digits) > 20:
        raise ValueError("an integer of more than 64 bits")
    return int(digits)


def _parse_index(content: Mapping[str, Any]) -> Index:
    entries = (_parse_entry(_object(item, "manifests")) for item in _list(content, "manifests"))
    return Index(tuple(entry for entry in entries if not _is_attestation(entry)))


def _is_attestation(entry: Entry) -> bool:
    return entry.platform is not None and (entry.platform.os, entry.platform.architecture) == (UNKNOWN, UNKNOWN)


def _parse_entry(item: Mapping[str, Any]) -> Entry:
    return Entry(_digest(item), _text(item.get("mediaType")), _parse_entry_platform(item.get("platform")))


def _parse_entry_platform(value: Any) -> Optional[Platform]:
    if value is None:
        return None
    platform = _object(value, "platform")
    words = [platform.get("os"), platform.get("architecture"), platform.get("variant") or None]
    if words == ["", "", None]:
        return None
    if not all(isinstance(word, str) and PLATFORM_WORD.fullmatch(word) for word in words if word is not None):
        raise MalformedManifest("the manifest contains an invalid platform")
    system, architecture, variant = words
    if system is None or architecture is None:
        raise MalformedManifest("the manifest contains a platform without os or architecture")
    return Platform(system, architecture, variant)


def _parse_image(content: Mapping[str, Any]) -> Manifest:
    items, config = _list(content, "layers"), _object(content.get("config"), "config")
    if len(items) > MOST_LAYERS:
        raise MalformedManifest(f"the manifest has {len(items)} layers, more than {MOST_LAYERS}")
    layers = tuple(_parse_layer(_object(item, "layers")) for item in items)
    return Manifest(layers, _digest(config), _size(config))


def _parse_layer(item: Mapping[str, Any]) -> Layer:
    annotations = item.get("annotations")
    texts = annotations if isinstance(annotations, dict) else {}
    return Layer(
        digest=_digest(item),
        media_type=_text(item.get("mediaType")) or "",
        size=_size(item),
        annotations={name: value for name, value in texts.items() if isinstance(value, str)},
    )


def _list(content: Mapping[str, Any], name: str) -> List[Any]:
    value = content.get(name)
    if not isinstance(value, list):
        raise MalformedManifest(f"{name} in the manifest is not a list")
    return value


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedManifest(f"{name} in the manifest is not an object or contains another type")
    return value


def _digest(item: Mapping[str, Any]) -> str:
    digest = item.get("digest")
    if not isinstance(digest, str) or not is_digest(digest):
        raise MalformedManifest("the manifest contains an invalid digest")
    return digest


def _size(item: Mapping[str, Any]) -> int:
    size = item.get("size")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size < LARGEST_SIZE:
        raise MalformedManifest("the manifest contains an invalid size")
    return size


def _text(value: Any) -> Optional[str]:
    """Return a media type, None if it is missing or empty."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not MEDIA_TYPE.fullmatch(value):
        raise MalformedManifest("the manifest contains an invalid media type")
    return value.lower()
