# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Checks of images in their registries before a build, and the digests that a plan needs.

O(follow_tags) needs the digests of tags. O(verify_images) needs everything that could make a build fail. The functions
are pure; the lookups are effects of the run.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.digests import TagDigests, floating_images
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    Plan,
    PlannedBuild,
    Refused,
    find_build,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.tracking import find_images_to_inspect
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth, Image
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.sizes import sum_sizes

__all__ = ["check_build", "describe_unknown", "find_questions", "read_digests"]

GIB = 1 << 30


def find_questions(desired: Desired, caches: Sequence[ImageCache], plan: Plan) -> Dict[str, Depth]:
    """Return the images to look up before a plan is executed, and the depth for each."""
    questions: Dict[str, Depth] = {}
    if not desired.present:
        return questions
    build = find_build(desired, plan)
    if desired.follow_tags:
        for cache in caches or (None,):
            questions.update(dict.fromkeys(floating_images(desired.images_of(cache)), Depth.DIGEST))
        inspected = [image for cache in caches for image in find_images_to_inspect(desired, cache)]
        inspected += floating_images(build.images) if build else []
        questions.update(dict.fromkeys(inspected, Depth.PLATFORM))
    if desired.verify_images and build:
        questions.update(dict.fromkeys(build.images, Depth.SIZES))
    return questions


def describe_unknown(desired: Desired, images: Mapping[str, Image]) -> Iterator[str]:
    """Yield a warning for each tag whose digest is unknown. Such a tag does not cause a rebuild."""
    for name, image in images.items():
        known = desired.digests.get(name)
        if image.error and not (known and known.platform_digest):
            yield f"cannot tell whether the tag of an image has moved: {image.error.message.rstrip('.')}"


def read_digests(images: Mapping[str, Image]) -> Dict[str, TagDigests]:
    """Return the digests from lookups by image."""
    return {name: TagDigests(image.digest, image.platform_digest) for name, image in images.items() if image.digest}


def check_build(build: PlannedBuild, images: Mapping[str, Image]) -> Iterator[str]:
    """Yield warnings about images that could not be verified. Raises Refused if the build would definitely fail."""
    asked = [images[name] for name in build.images if name in images]
    problems = [image.error.message for image in asked if image.error and image.is_refused]
    problems += _size_problems(build.size, asked)
    if problems:
        raise Refused(
            f"the build would fail: {' '.join(problems)} Nothing was changed. To build without asking the registries,"
            " set verify_images: false."
        )
    for image in asked:
        if image.error:
            yield f"could not verify an image before the build: {image.error.message.rstrip('.')}"
    recommended = sum_sizes(asked).recommended_size
    if recommended is not None and recommended > build.size:
        yield (
            f"image_cache_size may be too small: it is {build.size} GiB, but {recommended} GiB are recommended for the"
            " images"
        )


def _size_problems(size: int, images: Sequence[Image]) -> List[str]:
    sizes = sum_sizes(images)
    least: Optional[int] = sizes.compressed_bytes if sizes.unpacked_bytes is None else sizes.unpacked_bytes
    if least is None or least <= size * GIB:
        return []
    return [
        f"The images need more than {least // GIB} GiB, but image_cache_size is {size} GiB. Set it to at least"
        f" {sizes.recommended_size}."
    ]
