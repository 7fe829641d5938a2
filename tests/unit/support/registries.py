# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries in memory that answer the questions of runs in virtual time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import RegistryError
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth, Image, ImageLayer


def digest_of(content: str) -> str:
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


class ScriptedRegistries:
    """Has the content of each tag, by the image. C(asked) lists the questions, in their order."""

    def __init__(self) -> None:
        self.contents: dict[str, str] = {}
        # What an index adds to its manifest: another attestation, for example.
        self.indexes: dict[str, str] = {}
        self.bytes: dict[str, int] = {}
        self.errors: dict[str, RegistryError] = {}
        # Of images whose tag can be asked for, and nothing else.
        self.manifest_errors: dict[str, RegistryError] = {}
        self.asked: list[tuple[str, Depth]] = []

    def close(self) -> None:
        """Do nothing: there are no connections."""

    def look_up(self, _values: Mapping[str, Any], questions: Mapping[str, Depth], _deadline: Any) -> dict[str, Image]:
        """Return facts on images, as the product's Registries does."""
        self.asked += questions.items()
        return {image: self._image(image, depth) for image, depth in questions.items()}

    def _image(self, image: str, depth: Depth) -> Image:
        if image in self.errors:
            return Image(image, error=self.errors[image])
        content = self.contents.get(image, image)
        platform_digest = digest_of(content) if depth >= Depth.PLATFORM else None
        layers: Optional[tuple[ImageLayer, ...]] = None
        if depth is Depth.SIZES:
            size = self.bytes.get(image, 1 << 20)
            layers = (ImageLayer(digest_of(f"layer {content}"), size // 3, size),)
        digest = digest_of(f"index {content} {self.indexes.get(image, '')}")
        if depth > Depth.DIGEST and image in self.manifest_errors:
            return Image(image, digest=digest, exists=True, error=self.manifest_errors[image])
        return Image(image, digest=digest, platform_digest=platform_digest, layers=layers, exists=True)
