# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Sizes over several images, each layer counted once, and the size that a cache needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Image, ImageLayer

__all__ = ["Sizes", "sum_sizes"]

GIB = 1 << 30
# Of the option image_cache_size.
SMALLEST_SIZE = 20
# Percent: what a file system takes for its own tables and for the ends of small files in their blocks, and what the
# snapshotter keeps of each layer.
HEADROOM = 120
# How many times its compressed size an image is taken to be where its layers do not tell.
USUAL_RATIO = 3


@dataclass(frozen=True)
class Sizes:
    """Bytes of several images together, and the recommended size of a cache in GiB; None where it is not known."""

    compressed_bytes: Optional[int]
    unpacked_bytes: Optional[int]
    recommended_size: Optional[int]


def sum_sizes(images: Iterable[Image]) -> Sizes:
    """Return the sizes of images together. An image whose layers are not known leaves everything unknown."""
    layers: Dict[str, ImageLayer] = {}
    for image in images:
        if image.layers is None:
            return Sizes(None, None, None)
        for layer in image.layers:
            known = layers.get(layer.digest)
            if known is None or known.unpacked_bytes is None:
                layers[layer.digest] = layer
    compressed = sum(layer.compressed_bytes for layer in layers.values())
    unpacked = _sum_known(layer.unpacked_bytes for layer in layers.values())
    return Sizes(compressed, unpacked, _recommend(compressed, unpacked))


def _sum_known(values: Iterable[Optional[int]]) -> Optional[int]:
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _recommend(compressed: int, unpacked: Optional[int]) -> int:
    hundredths = compressed * USUAL_RATIO * 100 if unpacked is None else unpacked * HEADROOM
    # Rounded up.
    return max(SMALLEST_SIZE, -(-hundredths // (100 * GIB)))
