# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Facts on many images, asked side by side; a failure is a fact of its image."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    DEFAULT_TAG,
    InvalidReference,
    Reference,
    parse_reference,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import InvalidImage, RegistryError
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.lookup import Depth, Lookup
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import Layer, Platform

__all__ = ["Depth", "Image", "ImageLayer", "look_up_images"]

LOOKUP_SECONDS = 300.0
# Seconds without a report after which there is one, though nothing is new.
HEARTBEAT = 60.0

# Is given what is asked for, C(images) or C(layers), and how many of how many are done.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ImageLayer:
    """A layer: its sizes in bytes, the unpacked one None where it is not known."""

    digest: str
    compressed_bytes: int
    unpacked_bytes: Optional[int] = None


@dataclass(frozen=True)
class Image:
    """What is known of an image. C(exists) and C(layers) are None where it is not known, or was not asked."""

    image: str
    registry: Optional[str] = None
    repository: Optional[str] = None
    tag: Optional[str] = None
    digest: Optional[str] = None
    platform_digest: Optional[str] = None
    pinned: Optional[str] = None
    platforms: Tuple[str, ...] = ()
    layers: Optional[Tuple[ImageLayer, ...]] = None
    exists: Optional[bool] = None
    error: Optional[RegistryError] = None

    @property
    def is_refused(self) -> bool:
        """Whether the registry says definitely that it cannot be pulled."""
        return self.error is not None and self.error.is_definite


def look_up_images(
    client: RegistryClient,
    images: Iterable[str],
    depth: Depth,
    platform: Platform,
    *,
    threads: int = 10,
    deadline: Optional[Deadline] = None,
    report: Report = lambda _what, _done, _total: None,
) -> Dict[str, Image]:
    """Return what registries tell of images, by the images as they are written. It never raises for one of them.

    Each image and each layer is asked for once, however often it is named, C(threads) at once, until the C(deadline),
    300 s from now without one. C(report) is called before images, before layers, and at least once a minute.
    """
    deadline = deadline or Deadline(client.clock, LOOKUP_SECONDS)
    written = list(dict.fromkeys(images))
    references: Dict[str, Union[Reference, InvalidReference]] = {image: _parse(image) for image in written}
    lookups = {
        str(reference): Lookup(client, reference, depth, platform, deadline)
        for reference in references.values()
        if isinstance(reference, Reference)
    }
    with ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="tencentcloud.tke") as pool:
        workers = Workers(pool, report)
        workers.run_all("images", Lookup.run, list(lookups.values()))
        sizes = _look_up_layers(workers, list(lookups.values()))
    return {image: _image(image, reference, lookups, sizes) for image, reference in references.items()}


@dataclass(frozen=True)
class Workers:
    """Threads that ask, and whom to tell how far they are."""

    pool: ThreadPoolExecutor
    report: Report

    def run_all(self, what: str, call: Callable[[Any], Any], items: Sequence[Any]) -> List[Any]:
        """Return what a function returns for each item, in their order."""
        futures = [self.pool.submit(call, item) for item in items]
        pending = set(futures)
        while pending:
            self.report(what, len(futures) - len(pending), len(futures))
            pending = wait(pending, HEARTBEAT).not_done
        return [future.result() for future in futures]


def _parse(image: str) -> Union[Reference, InvalidReference]:
    """Return the reference that an image is, with the tag that is meant, or why it is none."""
    try:
        reference = parse_reference(image)
    except InvalidReference as error:
        return error
    return reference if reference.tag or reference.digest else replace(reference, tag=DEFAULT_TAG)


def _look_up_layers(workers: Workers, lookups: List[Lookup]) -> Mapping[Tuple[str, str], Optional[int]]:
    """Return the unpacked sizes of all layers, by registry and digest.

    What one registry says of a layer counts for its own images alone.
    """
    wanted = {
        (lookup.reference.domain, layer.digest): (lookup, layer)
        for lookup in reversed(lookups)
        for layer in lookup.layers or ()
    }
    return dict(zip(wanted, workers.run_all("layers", _look_up_layer, list(wanted.values()))))


def _look_up_layer(wanted: Tuple[Lookup, Layer]) -> Optional[int]:
    lookup, layer = wanted
    try:
        return lookup.client.find_unpacked_size(lookup.reference, layer, lookup.deadline)
    except RegistryError:
        # The image is known all the same; that this size is not is its fact.
        return None


def _image(
    image: str,
    reference: Union[Reference, InvalidReference],
    lookups: Mapping[str, Lookup],
    sizes: Mapping[Tuple[str, str], Optional[int]],
) -> Image:
    if isinstance(reference, InvalidReference):
        return Image(image, exists=False, error=InvalidImage(str(reference)))
    lookup = lookups[str(reference)]
    layers = lookup.layers
    digest = lookup.facts.get("digest")
    return Image(
        image,
        registry=reference.domain,
        repository=reference.path,
        tag=reference.tag,
        pinned=_pin(image, reference, digest) if digest else None,
        layers=None if layers is None else tuple(_layer(layer, reference, sizes) for layer in layers),
        **lookup.facts,
    )


def _layer(layer: Layer, reference: Reference, sizes: Mapping[Tuple[str, str], Optional[int]]) -> ImageLayer:
    return ImageLayer(layer.digest, layer.size, sizes[reference.domain, layer.digest])


def _pin(image: str, reference: Reference, digest: str) -> str:
    """Return the image as it is written, with its tag and its digest."""
    name = image.partition("@")[0]
    has_tag = reference.tag is None or name.endswith(f":{reference.tag}")
    return f"{name}{'' if has_tag else f':{reference.tag}'}@{digest}"
