# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes over several images."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Image, ImageLayer
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.sizes import Sizes, sum_sizes

GIB = 1024**3


def image(*layers: ImageLayer) -> Image:
    return Image("a", layers=layers)


BASE, TOP = ImageLayer("base", 10 * GIB, 30 * GIB), ImageLayer("top", 1 * GIB, 2 * GIB)


def test_layer_of_several_images_counts_once() -> None:
    assert sum_sizes([image(BASE, TOP), image(BASE), image(BASE, BASE)]) == Sizes(11 * GIB, 32 * GIB, 39)


def test_unknown_layer_gives_three_times_the_compressed_size() -> None:
    unknown = ImageLayer("unknown", 1)
    assert sum_sizes([image(BASE, unknown)]) == Sizes(10 * GIB + 1, None, 31)


def test_layer_that_one_registry_tells_is_known() -> None:
    assert sum_sizes([image(ImageLayer("base", 10 * GIB)), image(BASE)]).unpacked_bytes == 30 * GIB


@pytest.mark.parametrize(("unpacked", "size"), [(0, 20), (16 * GIB, 20), (25 * GIB, 30), (25 * GIB + 1, 31)])
def test_recommended_size_has_headroom_and_is_at_least_20(unpacked: int, size: int) -> None:
    assert sum_sizes([image(ImageLayer("base", 1, unpacked))]).recommended_size == size


def test_image_that_is_not_known_leaves_all_unknown() -> None:
    assert sum_sizes([image(BASE), Image("b")]) == Sizes(None, None, None)


def test_no_images_need_the_smallest_size() -> None:
    assert sum_sizes([]) == Sizes(0, 0, 20)
