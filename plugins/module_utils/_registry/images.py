# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Parallel lookups of images. A failure is part of the result for its image."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
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
# Maximum seconds between two reports.
HEARTBEAT = 60.0

# Called with C(images) or C(layers), the number of completed lookups and their total number.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ImageLayer:
    """The sizes of a layer in bytes. C(unpacked_bytes) is None if unknown."""

    digest: str
    compressed_bytes: int
    unpacked_bytes: Optional[int] = None


@dataclass(frozen=True)
class Image:
    """The result of a lookup. C(exists) and C(layers) are None if unknown or not requested."""

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
        """Return whether, according to the registry, the image definitely cannot be pulled."""
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
    """Return the results of lookups by image. A failed lookup is returned as an error, not raised.

    Each image and each layer is looked up once, by at most C(threads) threads. The default C(deadline) is in 300 s.
    C(report) is called before images, before layers, and at least once a minute.
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
    """A pool of threads, and the function to which their progress is reported."""

    pool: ThreadPoolExecutor
    report: Report

    def run_all(self, what: str, call: Callable[[Any], Any], items: Sequence[Any]) -> List[Any]:
        """Return the results of a function for all items, in their order."""
        futures = [self.pool.submit(call, item) for item in items]
        pending = set(futures)
        while pending:
            self.report(what, len(futures) - len(pending), len(futures))
            pending = wait(pending, HEARTBEAT).not_done
        return [future.result() for future in futures]


def _parse(image: str) -> Union[Reference, InvalidReference]:
    """Return the reference with its tag, C(latest) by default, or the error if the image is not a valid reference."""
    try:
        reference = parse_reference(image)
    except InvalidReference as error:
        return error
    return reference if reference.tag or reference.digest else reference._replace(tag=DEFAULT_TAG)


def _look_up_layers(workers: Workers, lookups: List[Lookup]) -> Mapping[Tuple[str, str], Optional[int]]:
    """Return the unpacked sizes of all layers, by registry and digest.

    The size that a registry reports for a layer is used only for images of that registry.
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
        # A missing size is not a failure of the image.
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
    """Return the image as given, with its tag and its digest."""
    name = image.partition("@")[0]
    has_tag = reference.tag is None or name.endswith(f":{reference.tag}")
    return f"{name}{'' if has_tag else f':{reference.tag}'}@{digest}"
