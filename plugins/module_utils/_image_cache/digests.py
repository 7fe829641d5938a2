# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The record of the digests that the tags of a cache had when its build began.

A tag's value has at most 255 characters, however many images a cache has. The record begins with short hashes over the
list of images, over all digests of the tags and over all digests of the platform's manifests. They decide whether
anything has moved. Then each image has its share of what is left: the beginning of both digests. These tell which one
has moved, and which images need a closer look. More than 120 images leave no share: then the record only tells that
some image has moved.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    DEFAULT_TAG,
    parse_reference,
)

__all__ = ["DigestRecord", "MovedImage", "TagDigests", "floating_images"]

# In characters of base64, 6 bits each.
LIST_WIDTH, CHECK_WIDTH = 4, 8
HEAD_WIDTH = LIST_WIDTH + 2 * CHECK_WIDTH
# What the record of the build settings, at its longest, leaves of a tag's 255 characters.
SHARES_WIDTH = 120
# How much of a digest the share of an image may hold; the widest that fits is used. Of the even numbers, an old digest
# can be shown as hexadecimal digits.
WIDTHS = (8, 6, 4, 2, 1, 0)
# From this width on an image's own share decides: 24 bits.
RELIABLE_WIDTH = 4
# Stands for a digest that no registry told. Not a character of base64.
UNKNOWN = "."
SHOWN_DIGITS = 12


@dataclass(frozen=True)
class TagDigests:
    """What a tag names today: a digest, and that of the platform's manifest, None where it was not asked for."""

    digest: str
    platform_digest: Optional[str] = None


@dataclass(frozen=True)
class MovedImage:
    """An image whose tag has moved, with the beginnings of the old and new digest of its manifest.

    C(old) is None where the record is too short to hold it.
    """

    image: str
    old: Optional[str]
    new: str

    def as_result(self) -> Dict[str, Optional[str]]:
        """Return it as results show it."""
        return {"image": self.image, "old_digest": self.old, "new_digest": self.new}

    def __str__(self) -> str:
        return f"{self.image}: {self.old or 'another digest'} -> {self.new}"


def floating_images(images: Sequence[str]) -> List[str]:
    """Return the images without a digest, in the order of records. Those with one cannot move."""
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
        """Return the record of these images. An image that C(digests) lacks is recorded as unknown."""
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
        """Return the record that C(text) is, None where it is none, or that of another list of images."""
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
        """Return the images whose tags name another digest today: their platform's manifest may be another one.

        Where the shares are too short to tell which images those are, all images are suspects.
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
        """Return the images whose platform's manifest is another one than when the cache was built."""
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
        """Return the record with today's digests of the images that were unknown when the cache was built.

        The hashes over all digests stay unknown: the other digests are known by their beginnings only.
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
    """Return how much of a tag's digest, and of its platform's, a record of C(count) images holds for each."""
    tag = next(width for width in WIDTHS if 2 * width * count <= SHARES_WIDTH)
    platform = next(width for width in WIDTHS if (tag + width) * count <= SHARES_WIDTH)
    return tag, platform


def _list_hash(images: Sequence[str]) -> str:
    return _base64(hashlib.sha256("\n".join(map(_canonical, images)).encode("utf-8")).digest())[:LIST_WIDTH]


def _check(digests: Sequence[Optional[str]]) -> str:
    """Return a hash over digests; one that is not known makes it unknown."""
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
    """Return the digest that begins with this share, as far as the share tells it."""
    digits = base64.urlsafe_b64decode(share + "A" * (-len(share) % 4)).hex()[: len(share) * 6 // 4]
    return f"sha256:{digits}" if digits else None


def _shorten(digest: str) -> str:
    algorithm, _colon, value = digest.partition(":")
    return f"{algorithm}:{value[:SHOWN_DIGITS]}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
