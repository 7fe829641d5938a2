# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The unpacked size of a layer, from a few bytes of it."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.layers import find_unpacked_size
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import Layer
from unit.support.registry_images import (
    DOCKER,
    OCI,
    ImageFormat,
    PackedLayer,
    estargz_layer,
    gzip_layer,
    tar_layer,
    zstd_layer,
)


def size_of(packed: PackedLayer, kind: ImageFormat = OCI, asked: Optional[list[Any]] = None) -> Optional[int]:
    described = packed.descriptor(kind)
    layer = Layer(described["digest"], described["mediaType"], described["size"], described.get("annotations", {}))

    def read_range(first: int, last: int) -> bytes:
        if asked is not None:
            asked.append((first, last))
        return packed.body[first : last + 1]

    return find_unpacked_size(layer, read_range)


@pytest.mark.parametrize("kind", [OCI, DOCKER])
@pytest.mark.parametrize("packed", [gzip_layer(), gzip_layer(300000), zstd_layer(), tar_layer()])
def test_layer_tells_its_size(packed: PackedLayer, kind: ImageFormat) -> None:
    assert size_of(packed, kind) == packed.unpacked


def test_only_the_bytes_that_tell_are_asked_for() -> None:
    asked: list[Any] = []
    packed = gzip_layer(300000)
    size_of(packed, asked=asked)
    size_of(zstd_layer(), asked=asked)
    size_of(tar_layer(), asked=asked)
    assert asked == [(len(packed.body) - 4, len(packed.body) - 1), (0, 17)]


@pytest.mark.parametrize(
    "packed",
    [
        estargz_layer(),
        zstd_layer(says_size=False),
        PackedLayer(gzip.compress(b"x" * 5000) + gzip.compress(b""), 5000, "gzip"),
        PackedLayer(b"", 0, "gzip"),
        PackedLayer(b"", 0, "zstd"),
        PackedLayer(b"x" * 100, 100, "zstd"),
        PackedLayer(b"\x28\xb5\x2f\xfd\xe0\1", 100, "zstd"),
        PackedLayer(b"x" * 100, 100, "lzma"),
    ],
)
def test_layer_that_does_not_tell_has_no_size(packed: PackedLayer) -> None:
    assert size_of(packed) is None


@pytest.mark.parametrize(
    ("descriptor", "fields", "size"),
    [
        # Single segment: the size follows the descriptor directly, in 1, 2, 4 or 8 bytes.
        (0x20, b"\xff", 255),
        (0x60, b"\x01\x02", 0x201 + 256),
        (0xA0, b"\x01\x02\x03\x04", 0x4030201),
        (0xE0, b"\x01\x02\x03\0\0\0\0\0", 0x30201),
        # A byte for the window, and none for a size of 0 bytes.
        (0x00, b"\x50", None),
        (0x40, b"\x50\x01\x02", 0x201 + 256),
        (0x80, b"\x50\x01\x02\x03\x04", 0x4030201),
        (0xC0, b"\x50\x01\x02\x03\0\0\0\0\0", 0x30201),
        # An ID of a dictionary, of 1, 2 or 4 bytes.
        (0x61, b"\xd1\x01\x02", 0x201 + 256),
        (0x62, b"\xd1\xd2\x01\x02", 0x201 + 256),
        (0x63, b"\xd1\xd2\xd3\xd4\x01\x02", 0x201 + 256),
        (0x41, b"\x50\xd1\x01\x02", 0x201 + 256),
        (0xC3, b"\x50\xd1\xd2\xd3\xd4\x01\x02\x03\0\0\0\0\0", 0x30201),
    ],
)
def test_each_zstd_header_gives_its_size(descriptor: int, fields: bytes, size: Optional[int]) -> None:
    body = b"\x28\xb5\x2f\xfd" + bytes([descriptor]) + fields
    # The header of RFC 8878, 3.1.1.1, without any block.
    assert size_of(PackedLayer(body, 0, "zstd")) == size
    assert size_of(PackedLayer(body[:-1], 0, "zstd")) is None


def test_size_below_the_compressed_size_is_not_believed() -> None:
    for size, known in ((39, None), (40, 40)):
        body = bytes(36) + size.to_bytes(4, "little")
        assert size_of(PackedLayer(body, size, "gzip")) == known


def test_layer_that_is_too_small_is_not_read() -> None:
    asked: list[Any] = []
    for packed in (PackedLayer(bytes(19), 0, "gzip"), PackedLayer(b"", 0, "zstd"), PackedLayer(bytes(100), 0, "lzma")):
        assert size_of(packed, asked=asked) is None
    assert asked == []
    size_of(PackedLayer(bytes(20), 0, "gzip"), asked=asked)
    size_of(PackedLayer(bytes(5), 0, "zstd"), asked=asked)
    assert asked == [(16, 19), (0, 4)]


def test_registry_without_ranges_leaves_the_size_unknown() -> None:
    for packed in (gzip_layer(), zstd_layer()):
        described = packed.descriptor(OCI)
        layer = Layer(described["digest"], described["mediaType"], described["size"])
        assert find_unpacked_size(layer, lambda _first, _last: None) is None


@pytest.mark.parametrize("size", [200, 70000, 5000000])
@pytest.mark.skipif(shutil.which("zstd") is None, reason="needs the command zstd")
def test_zstd_command_writes_what_is_read(size: int) -> None:
    content = b"word " * (size // 5)
    packed = subprocess.run(
        ["zstd", "-q", "-c", f"--stream-size={len(content)}"], input=content, stdout=subprocess.PIPE, check=True
    )
    assert size_of(PackedLayer(packed.stdout, len(content), "zstd")) == len(content)
