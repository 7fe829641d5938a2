# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The total size of several images, and the recommended size of a cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Image, ImageLayer

__all__ = ["Sizes", "sum_sizes"]

GIB = 1 << 30
# Minimum of the option image_cache_size in GiB.
SMALLEST_SIZE = 20
# Percentage of the unpacked size. The headroom is for file system metadata, partly filled blocks, and the metadata of
# the snapshotter.
HEADROOM = 120
# Ratio of unpacked to compressed size that is assumed if the unpacked size is unknown.
USUAL_RATIO = 3


@dataclass(frozen=True)
class Sizes:
    """The total bytes of several images, and the recommended size of a cache in GiB. Unknown values are None."""

    compressed_bytes: Optional[int]
    unpacked_bytes: Optional[int]
    recommended_size: Optional[int]


def sum_sizes(images: Iterable[Image]) -> Sizes:
    """Return the total sizes, each layer counted once. All are unknown if the layers of any image are unknown."""
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
