# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Find the image cache that serves a Pod template, by the platform's order of matching.

"Image name and version equal, then the smaller cache first, then the newer one": the annotation page of super nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.matching import add_default_tag
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    FAILED,
    READY,
    UPDATE_FAILED,
    cache_label,
)

__all__ = ["ServingCaches"]

# A cache of unknown size comes last. One without a date is predicted by check mode, so it is the newest.
UNKNOWN_SIZE = 10**9
NEWEST = "~"


@dataclass(frozen=True)
class Candidate:
    """An image cache, and its images with their tags."""

    cache: Mapping[str, Any]
    images: FrozenSet[str]


class ServingCaches:
    """The image caches of a result, in the order in which the platform matches them."""

    def __init__(self, caches: Sequence[Mapping[str, Any]], allow_pending: bool) -> None:
        """With C(allow_pending), caches that are not Ready yet also serve Pods."""
        self._allow_pending = allow_pending
        self._tagged: Dict[str, str] = {}
        self._by_image: Dict[str, List[Candidate]] = {}
        newest_first = sorted(caches, key=lambda cache: cache.get("created_at") or NEWEST, reverse=True)
        for cache in sorted(newest_first, key=lambda cache: cache.get("image_cache_size") or UNKNOWN_SIZE):
            candidate = Candidate(cache, self._with_tags(cache.get("images") or ()))
            for image in candidate.images:
                self._by_image.setdefault(image, []).append(candidate)

    def find_for(self, images: Sequence[str]) -> Optional[Mapping[str, Any]]:
        """Return the first usable cache that contains all images, or None."""
        return next((cache for cache in self._holding(images) if self._is_usable(cache)), None)

    def find_missing(self, images: Sequence[str]) -> List[str]:
        """Return the images that the usable cache with most of them lacks, or all."""
        wanted = self._with_tags(images)
        candidates = [
            candidate.images & wanted
            for image in wanted
            for candidate in self._by_image.get(image, ())
            if self._is_usable(candidate.cache)
        ]
        most = max(candidates, key=len, default=frozenset())
        return [image for image in images if self._with_tag(image) not in most]

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
        wanted = self._with_tags(images)
        # Few caches contain the rarest image. Many contain that of a common sidecar.
        candidates = min((self._by_image.get(image, []) for image in wanted), key=len, default=[])
        return (candidate.cache for candidate in candidates if wanted <= candidate.images)

    def _is_usable(self, cache: Mapping[str, Any]) -> bool:
        if self._allow_pending:
            return cache.get("status") not in (FAILED, UPDATE_FAILED)
        return bool(cache.get("status") == READY and cache.get("image_cache_id"))

    def _with_tags(self, images: Sequence[str]) -> FrozenSet[str]:
        return frozenset(self._with_tag(image) for image in images)

    def _with_tag(self, image: str) -> str:
        if image not in self._tagged:
            self._tagged[image] = add_default_tag(image)
        return self._tagged[image]
