# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. How the platform matches Pods with image caches, as far as documented.

"Image name and version equal, then the smaller cache first, then the newer one": the annotation page of super nodes.
"""

from __future__ import annotations

from typing import Iterable, List

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import READY, ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    add_default_tag,
    spellings,
)

__all__ = ["find_held", "supersedes"]


def find_held(wanted: Iterable[str], images: Iterable[str]) -> List[str]:
    """Return the C(wanted) images that are among C(images), which a listing shows as written or completed."""
    there = {form for image in images for form in (image, add_default_tag(image))}
    return [image for image in wanted if there.intersection(spellings(image))]


def supersedes(newer: ImageCache, older: ImageCache) -> bool:
    """Return whether Pods no longer match C(older) because of C(newer).

    This is the case if the newer cache is Ready, contains all images of the older one, and precedes it in the order of
    the platform, so it must not be larger. Images are compared as written, because it is not known whether the platform
    adds a missing tag. In doubt, a cache is kept.
    """
    if newer.status != READY or newer.created_at is None or older.created_at is None:
        return False
    images, needed = newer.value_of("images"), older.value_of("images")
    sizes = (newer.value_of("image_cache_size"), older.value_of("image_cache_size"))
    if not images or not needed or None in sizes or newer.raw.get("Snapshotter") != older.raw.get("Snapshotter"):
        return False
    return set(needed) <= set(images) and sizes[0] <= sizes[1] and newer.created_at > older.created_at
