# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The unpacked size of a layer, from a few of its bytes.

- gzip, RFC 1952: the last four bytes contain the unpacked length of the last member modulo 4 GiB. If it is less than
  the compressed length, the layer is larger than 4 GiB or has several members, and the size is unknown. The size is too
  low if the layer is larger than 4 GiB and well compressed, or has a large last member. Only a download shows this.
- zstd, RFC 8878, 3.1.1.1: the header of the first frame contains the length, if the packer knew it.
- A layer that can be read in parts (eStargz, zstd:chunked) has many members or frames, so its size is unknown.
"""

from __future__ import annotations

from typing import Callable, Mapping, Optional, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import Layer

__all__ = ["find_unpacked_size"]

# C((first, last) -> bytes first to last of the layer), None if the registry does not return exactly these.
ReadRange = Callable[[int, int], Optional[bytes]]

IN_PARTS = ("containerd.io/snapshot/stargz/toc.digest", "io.github.containers.zstd-chunked.manifest-checksum")
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Length of the longest frame header in bytes.
ZSTD_HEADER = 18
# Length of an empty gzip member in bytes.
SMALLEST_GZIP = 20


def find_unpacked_size(layer: Layer, read_range: ReadRange) -> Optional[int]:
    """Return the unpacked size of a layer in bytes, None if unknown."""
    if any(annotation in layer.annotations for annotation in IN_PARTS):
        return None
    for endings, measure in MEASURES.items():
        if layer.media_type.endswith(endings):
            return measure(layer, read_range)
    return None


def _measure_gzip(layer: Layer, read_range: ReadRange) -> Optional[int]:
    if layer.size < SMALLEST_GZIP:
        return None
    trailer = read_range(layer.size - 4, layer.size - 1)
    return _believable(int.from_bytes(trailer, "little"), layer) if trailer else None


def _measure_zstd(layer: Layer, read_range: ReadRange) -> Optional[int]:
    if not layer.size:
        return None
    header = read_range(0, min(ZSTD_HEADER, layer.size) - 1)
    size = _zstd_content_size(header) if header else None
    return None if size is None else _believable(size, layer)


def _zstd_content_size(header: bytes) -> Optional[int]:
    """Return the Frame_Content_Size of a zstd frame, None if its header does not contain it."""
    if not header.startswith(ZSTD_MAGIC) or len(header) < 6:
        return None
    descriptor = header[4]
    is_single_segment, size_flag = bool(descriptor & 0x20), descriptor >> 6
    width = (1 if is_single_segment else 0, 2, 4, 8)[size_flag]
    first = 5 + (0 if is_single_segment else 1) + (0, 1, 2, 4)[descriptor & 3]
    field = header[first : first + width]
    if not width or len(field) < width:
        return None
    return int.from_bytes(field, "little") + (256 if width == 2 else 0)


def _believable(size: int, layer: Layer) -> Optional[int]:
    return size if size >= layer.size else None


def _measure_tar(layer: Layer, _read_range: ReadRange) -> Optional[int]:
    return layer.size


MEASURES: Mapping[Tuple[str, ...], Callable[[Layer, ReadRange], Optional[int]]] = {
    (".tar+gzip", ".tar.gzip"): _measure_gzip,
    (".tar+zstd", ".tar.zstd"): _measure_zstd,
    (".tar",): _measure_tar,
}
