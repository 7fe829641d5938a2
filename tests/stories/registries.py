# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers of the stories about registries: they push images and describe how a task reaches the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.registry import Registry
from unit.support.registry_images import ImageFormat, PackedLayer, Pusher, gzip_layer

ARM64 = {"linux/arm64": [gzip_layer(fill=b"a")]}


class ClaimedLayer(PackedLayer):
    """A layer that is as large as its manifest claims, without the content."""

    def descriptor(self, kind: ImageFormat) -> dict[str, Any]:
        """Return how a manifest names it."""
        return {**super().descriptor(kind), "size": self.unpacked}


def pusher_to(registry: Registry) -> Pusher:
    """Return what pushes images to a registry."""
    return Pusher(registry.url(), registry.username, registry.password)


def push(registry: Registry, *images: str, content: bytes = b"1", layers: Sequence[PackedLayer] = ()) -> None:
    """Push an image for linux/amd64 to each C(name:tag), and forget the requests."""
    for image in images:
        name, _colon, tag = image.partition(":")
        pusher_to(registry).push_image(name, tag, layers or [gzip_layer(fill=content)])
    registry.received.clear()


def push_index(registry: Registry, image: str, **options: Any) -> None:
    """Push an image for linux/amd64 and linux/arm64, and forget the requests."""
    name, _colon, tag = image.partition(":")
    pusher_to(registry).push_index(name, tag, {"linux/amd64": [gzip_layer()], **ARM64}, **options)
    registry.received.clear()


def options_for(registry: Registry, *images: str, **options: Any) -> dict[str, Any]:
    """Return the options of a task for images of a registry, each C(name:tag)."""
    hosts = {"registry_http_end_point_list": [registry.host], "api_retries": 0}
    return {"images": [f"{registry.host}/{image}" for image in images], **hosts, **options}


def credentials_for(registry: Registry, password: str) -> dict[str, Any]:
    """Return the option that has a password for a registry."""
    entry = {"server": registry.host, "username": registry.username, "password": password}
    return {"image_registry_credentials": [entry]}
