# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Find the image cache that serves a Pod template, by the platform's order of matching.

"Image name and version equal, then the smaller cache first, then the newer one": the annotation page of super nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    FAILED,
    READY,
    UPDATE_FAILED,
    cache_label,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import add_default_tag, spellings

__all__ = ["ServingCaches"]

# A cache of unknown size comes last. One without a date is predicted by check mode, so it is the newest.
UNKNOWN_SIZE = 10**9
NEWEST = "~"


@dataclass(frozen=True)
class Candidate:
    """An image cache, its place in the order of the platform, and its images as listed and with their tags."""

    rank: int
    cache: Mapping[str, Any]
    shown: FrozenSet[str]


class ServingCaches:
    """The image caches of a result, in the order in which the platform matches them."""

    def __init__(self, caches: Sequence[Mapping[str, Any]], allow_pending: bool) -> None:
        """With C(allow_pending), caches that are not Ready yet also serve Pods."""
        self._allow_pending = allow_pending
        self._spellings: Dict[str, FrozenSet[str]] = {}
        self._by_image: Dict[str, List[Candidate]] = {}
        newest_first = sorted(caches, key=lambda cache: cache.get("created_at") or NEWEST, reverse=True)
        ordered = sorted(newest_first, key=lambda cache: cache.get("image_cache_size") or UNKNOWN_SIZE)
        for rank, cache in enumerate(ordered):
            images = cache.get("images") or ()
            candidate = Candidate(rank, cache, frozenset([*images, *map(add_default_tag, images)]))
            for image in candidate.shown:
                self._by_image.setdefault(image, []).append(candidate)

    def find_for(self, images: Sequence[str]) -> Optional[Mapping[str, Any]]:
        """Return the first usable cache that contains all images, or None."""
        return next((cache for cache in self._holding(images) if self._is_usable(cache)), None)

    def find_missing(self, images: Sequence[str]) -> List[str]:
        """Return the images that the usable cache with most of them lacks, or all."""
        candidates = {candidate.rank: candidate for image in images for candidate in self._with_image(image)}
        lacks = [
            [image for image in images if not self._is_shown(image, candidate)]
            for candidate in candidates.values()
            if self._is_usable(candidate.cache)
        ]
        return min(lacks, key=len, default=list(images))

    def explain(self, images: Sequence[str]) -> str:
        """Return why no cache serves the images."""
        unusable = next(self._holding(images), None)
        if unusable is None:
            return "no image cache contains all images"
        label = cache_label(unusable.get("image_cache_name"), unusable.get("image_cache_id"))
        if unusable.get("status") == READY:
            return f"image cache {label} contains all images but has no ID"
        return f"image cache {label} contains all images but is {unusable.get('status') or 'of unknown status'}"

    def _holding(self, images: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield the caches that contain all images, in the order of the platform."""
        # Few caches contain the rarest image. Many contain that of a common sidecar.
        candidates = min(map(self._with_image, images), key=len, default=[])
        for candidate in candidates:
            if all(self._is_shown(image, candidate) for image in images):
                yield candidate.cache

    def _with_image(self, image: str) -> List[Candidate]:
        """Return the candidates with an image, in the order of the platform."""
        found = [self._by_image[form] for form in self._spellings_of(image) if form in self._by_image]
        if len(found) == 1:
            return found[0]
        candidates = {candidate.rank: candidate for part in found for candidate in part}
        return [candidates[rank] for rank in sorted(candidates)]

    def _is_shown(self, image: str, candidate: Candidate) -> bool:
        return not self._spellings_of(image).isdisjoint(candidate.shown)

    def _is_usable(self, cache: Mapping[str, Any]) -> bool:
        if self._allow_pending:
            return cache.get("status") not in (FAILED, UPDATE_FAILED)
        return bool(cache.get("status") == READY and cache.get("image_cache_id"))

    def _spellings_of(self, image: str) -> FrozenSet[str]:
        """Return the forms in which a listing may show an image."""
        if image not in self._spellings:
            self._spellings[image] = frozenset(spellings(image))
        return self._spellings[image]
