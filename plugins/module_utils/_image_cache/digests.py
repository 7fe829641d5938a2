# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The record of the digests that the images' tags had when a build began.

A tag's value has at most 255 characters. The record starts with short hashes over the list of images, over all digests
of the tags and over all digests of the platform's manifests. The hashes show whether anything has moved. The remaining
characters are divided among the images. Each share contains the first characters of both digests and shows which image
has moved and which images to inspect. With more than 120 images there are no shares, and the record only shows that
some image has moved.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    DEFAULT_TAG,
    parse_reference,
)

__all__ = ["DigestRecord", "MovedImage", "TagDigests", "floating_images"]

# In base64 characters of 6 bits.
LIST_WIDTH, CHECK_WIDTH = 4, 8
HEAD_WIDTH = LIST_WIDTH + 2 * CHECK_WIDTH
# The number of a tag's 255 characters that are left after the longest record of the build settings.
SHARES_WIDTH = 120
# Possible widths of a share; the widest that fits is used. Even widths can be shown as hexadecimal digits.
WIDTHS = (8, 6, 4, 2, 1, 0)
# From this width (24 bits), the share of an image alone shows whether it has moved.
RELIABLE_WIDTH = 4
# Represents an unknown digest. It is not a base64 character.
UNKNOWN = "."
SHOWN_DIGITS = 12


class TagDigests(NamedTuple):
    """The current digest of a tag, and that of the platform's manifest, None if it was not looked up."""

    digest: str
    platform_digest: Optional[str] = None


class MovedImage(NamedTuple):
    """An image whose tag has moved, with the first characters of the old and new digest of its manifest.

    C(old) is None if the record does not contain it.
    """

    image: str
    old: Optional[str]
    new: str

    def as_result(self) -> Dict[str, Optional[str]]:
        """Return the image as a dictionary for the module's result."""
        return {"image": self.image, "old_digest": self.old, "new_digest": self.new}

    def __str__(self) -> str:
        return f"{self.image}: {self.old or 'another digest'} -> {self.new}"


def floating_images(images: Sequence[str]) -> List[str]:
    """Return the images without a digest, in the order of records. Images with a digest cannot move."""
    return sorted((image for image in images if parse_reference(image).digest is None), key=_canonical)


@dataclass(frozen=True)
class DigestRecord:
    """The record of one build. The shares are in the order of C(images)."""

    images: Tuple[str, ...]
    tags_check: str
    platforms_check: str
    tag_shares: Tuple[str, ...]
    platform_shares: Tuple[str, ...]

    @classmethod
    def from_digests(cls, images: Sequence[str], digests: Mapping[str, TagDigests]) -> DigestRecord:
        """Return the record of these images. An image that is not in C(digests) is recorded as unknown."""
        listed = tuple(floating_images(images))
        known = [digests.get(image) for image in listed]
        tags = [each.digest if each else None for each in known]
        platforms = [each.platform_digest if each else None for each in known]
        tag_width, platform_width = _share_widths(len(listed))
        return cls(
            listed,
            _check(tags),
            _check(platforms),
            tuple(_share(digest, tag_width) for digest in tags),
            tuple(_share(digest, platform_width) for digest in platforms),
        )

    @classmethod
    def parse(cls, text: str, images: Sequence[str]) -> Optional[DigestRecord]:
        """Return the record in C(text), None if it is invalid or for another list of images."""
        listed = tuple(floating_images(images))
        widths = _share_widths(len(listed))
        if len(text) != HEAD_WIDTH + len(listed) * sum(widths) or not text.startswith(_list_hash(listed)):
            return None
        checks, shares = text[LIST_WIDTH:HEAD_WIDTH], text[HEAD_WIDTH:]
        edge = len(listed) * widths[0]
        return cls(
            listed,
            checks[:CHECK_WIDTH],
            checks[CHECK_WIDTH:],
            _split(shares[:edge], len(listed)),
            _split(shares[edge:], len(listed)),
        )

    def __str__(self) -> str:
        shares = (*self.tag_shares, *self.platform_shares)
        return "".join((_list_hash(self.images), self.tags_check, self.platforms_check, *shares))

    def find_suspects(self, today: Mapping[str, TagDigests]) -> List[str]:
        """Return the images whose tags have another digest, so that their platform's manifest may differ, too.

        If the shares are too short to identify these images, all images are returned.
        """
        tags = [today[image].digest if image in today else None for image in self.images]
        differing = [
            image
            for image, tag, share in zip(self.images, tags, self.tag_shares)
            if tag and UNKNOWN not in share and _share(tag, len(share)) != share
        ]
        unlike = _differ(self.tags_check, _check(tags))
        if _share_widths(len(self.images))[1] >= RELIABLE_WIDTH and (differing or not unlike):
            return differing
        return [image for image in self.images if image in today] if differing or unlike else []

    def find_moved(self, today: Mapping[str, TagDigests]) -> List[MovedImage]:
        """Return the images whose platform's manifest has changed since the cache was built."""
        suspects = [image for image in self.find_suspects(today) if today[image].platform_digest]
        shares = dict(zip(self.images, self.platform_shares))
        moved = [
            MovedImage(image, _hexadecimal(shares[image]), _shorten(str(today[image].platform_digest)))
            for image in suspects
            if UNKNOWN not in shares[image]
            and _share(today[image].platform_digest, len(shares[image])) != shares[image]
        ]
        if moved or not suspects:
            return moved
        platforms = [today[image].platform_digest if image in today else None for image in self.images]
        if _differ(self.platforms_check, _check(platforms)):
            return [MovedImage(image, None, _shorten(str(today[image].platform_digest))) for image in suspects]
        return []

    def complete(self, today: Mapping[str, TagDigests]) -> DigestRecord:
        """Return the record with the current digests of the images that were unknown when the cache was built.

        The hashes over all digests remain unknown, because the record contains only the first characters of the others.
        """
        filled = [image in today and bool(today[image].platform_digest) for image in self.images]
        tags = [today[image].digest if image in today else None for image in self.images]
        platforms = [today[image].platform_digest if image in today else None for image in self.images]
        return replace(
            self,
            tag_shares=tuple(map(_fill, self.tag_shares, tags, filled)),
            platform_shares=tuple(map(_fill, self.platform_shares, platforms, filled)),
        )

    def find_unknown(self) -> List[str]:
        """Return the images whose digest could not be read when the cache was built."""
        return [image for image, share in zip(self.images, self.platform_shares) if UNKNOWN in share]


def _canonical(image: str) -> str:
    reference = parse_reference(image)
    return f"{reference.name}:{reference.tag or DEFAULT_TAG}"


def _share_widths(count: int) -> Tuple[int, int]:
    """Return the width of the shares for the digests of tags and platforms in a record of C(count) images."""
    tag = next(width for width in WIDTHS if 2 * width * count <= SHARES_WIDTH)
    platform = next(width for width in WIDTHS if (tag + width) * count <= SHARES_WIDTH)
    return tag, platform


def _list_hash(images: Sequence[str]) -> str:
    return _base64(hashlib.sha256("\n".join(map(_canonical, images)).encode("utf-8")).digest())[:LIST_WIDTH]


def _check(digests: Sequence[Optional[str]]) -> str:
    """Return a hash over digests, which is unknown if any digest is unknown."""
    if None in digests:
        return UNKNOWN * CHECK_WIDTH
    return _base64(hashlib.sha256("\n".join(map(str, digests)).encode("utf-8")).digest())[:CHECK_WIDTH]


def _differ(one: str, other: str) -> bool:
    """Return whether two checks are known and differ."""
    return UNKNOWN not in one and UNKNOWN not in other and one != other


def _share(digest: Optional[str], width: int) -> str:
    if digest is None:
        return UNKNOWN * width
    return _base64(bytes.fromhex(digest.partition(":")[2]))[:width]


def _fill(share: str, digest: Optional[str], is_known: bool) -> str:
    return _share(digest, len(share)) if UNKNOWN in share and is_known else share


def _split(shares: str, count: int) -> Tuple[str, ...]:
    width = len(shares) // count if count else 0
    return tuple(shares[number * width : (number + 1) * width] for number in range(count))


def _hexadecimal(share: str) -> Optional[str]:
    """Return the first hexadecimal digits of a digest from its share, None if the share is too short."""
    digits = base64.urlsafe_b64decode(share + "A" * (-len(share) % 4)).hex()[: len(share) * 6 // 4]
    return f"sha256:{digits}" if digits else None


def _shorten(digest: str) -> str:
    algorithm, _colon, value = digest.partition(":")
    return f"{algorithm}:{value[:SHOWN_DIGITS]}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
