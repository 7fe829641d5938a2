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
    DEFAULT_TAG,
    InvalidReference,
    parse_reference,
)

__all__ = ["find_held", "supersedes", "add_default_tag"]


def add_default_tag(image: str) -> str:
    """Return an image reference with the tag C(latest) if it has neither a tag nor a digest.

    The rest is kept as written. A text that is not a valid reference is returned unchanged.
    """
    try:
        reference = parse_reference(image)
    except InvalidReference:
        return image
    return image if reference.tag or reference.digest else f"{image}:{DEFAULT_TAG}"


def find_held(wanted: Iterable[str], images: Iterable[str]) -> List[str]:
    """Return the C(wanted) images that are among C(images)."""
    there = {add_default_tag(image) for image in images}
    return [image for image in wanted if add_default_tag(image) in there]


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
