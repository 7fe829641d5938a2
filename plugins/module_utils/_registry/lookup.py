# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The lookup of one image, from its tag to the layers of its platform."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, Optional, Tuple, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import Reference
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import (
    ImageNotFound,
    MalformedManifest,
    PlatformMissing,
    RegistryError,
    UnsupportedManifest,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import (
    INDEX_TYPES,
    MANIFEST_TYPES,
    Entry,
    Index,
    Layer,
    Manifest,
    Platform,
    select_platform,
)

__all__ = ["Depth", "Lookup"]

# Maximum number of nested indexes that are read.
MOST_NESTED = 10
DEEP_INDEX = "the image is an index of indexes of indexes, which is not supported"


class Depth(enum.IntEnum):
    """How much to look up.

    C(DIGEST): the digest of the tag. C(PLATFORM): also the manifest of the platform if the image is an index.
    C(SIZES): also the layers.
    """

    DIGEST = 1
    PLATFORM = 2
    SIZES = 3


@dataclass
class Lookup:
    """The lookup of one reference, with its results so far."""

    client: RegistryClient
    reference: Reference
    depth: Depth
    platform: Platform
    deadline: Deadline
    facts: Dict[str, Any] = field(default_factory=dict)
    layers: Optional[Tuple[Layer, ...]] = None

    def run(self) -> None:
        """Look up the reference to the requested depth."""
        try:
            self._run()
        except ImageNotFound as error:
            # If the tag was found, only a part of the image is missing.
            self.facts.setdefault("exists", False)
            self.facts["error"] = error
        except RegistryError as error:
            # The client has named the image in its own errors, but not in errors of this file.
            error.name_image(self.reference)
            self.facts["error"] = error

    def _run(self) -> None:
        found = self.client.find_digest(self.reference, self.deadline)
        self.facts.update(digest=found.digest, exists=True)
        if self.depth is Depth.DIGEST:
            return
        if self.depth is Depth.PLATFORM and found.media_type in MANIFEST_TYPES:
            self.facts["platform_digest"] = found.digest
            return
        content = self._read(found.digest)
        if isinstance(content, Index):
            digest = self._find_entry(content).digest
            manifest = self._read(digest) if self.depth is Depth.SIZES else None
        else:
            digest, manifest = found.digest, content
        if isinstance(manifest, Index):
            raise UnsupportedManifest(DEEP_INDEX)
        if manifest is not None and self.depth is Depth.SIZES:
            if manifest is content:
                self._check_platform(manifest)
            self.layers = manifest.layers
        self.facts["platform_digest"] = digest

    def _read(self, digest: str) -> Union[Index, Manifest]:
        return self.client.read_manifest(self.reference, digest, self.deadline)

    def _find_entry(self, index: Index) -> Entry:
        """Return the entry for the platform from the index or from its nested indexes."""
        entries = list(index.entries)
        if not self._is_manifest(select_platform(index, self.platform)):
            entries = list(self._open_indexes(entries))
        platforms = dict.fromkeys(str(entry.platform) for entry in entries if entry.platform)
        self.facts["platforms"] = tuple(platforms)
        entry = select_platform(Index(tuple(entries)), self.platform)
        if entry is not None and self._is_manifest(entry):
            return entry
        if entry is None and all(other.platform for other in entries):
            raise PlatformMissing(f"expected {self.platform}, found {', '.join(platforms) or 'no platform'}")
        if not all(map(self._is_manifest, entries)):
            raise UnsupportedManifest(DEEP_INDEX)
        raise UnsupportedManifest("the image index does not specify the platforms of its manifests")

    @staticmethod
    def _is_manifest(entry: Optional[Entry]) -> bool:
        return entry is not None and entry.media_type not in INDEX_TYPES

    def _open_indexes(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Yield the entries, with each index replaced by its own entries."""
        opened = 0
        for entry in entries:
            if self._is_manifest(entry):
                yield entry
                continue
            opened += 1
            if opened > MOST_NESTED:
                raise UnsupportedManifest(f"the image index contains more than {MOST_NESTED} indexes")
            content = self._read(entry.digest)
            if not isinstance(content, Index):
                raise MalformedManifest("the image index refers to a manifest as an index")
            yield from content.entries

    def _check_platform(self, manifest: Manifest) -> None:
        """Raise PlatformMissing if an image without an index is for another platform."""
        try:
            platform = self.client.read_platform(self.reference, manifest, self.deadline)
        except RegistryError:
            # An unknown platform is no reason to refuse the image.
            return
        if platform is None:
            return
        self.facts["platforms"] = (str(platform),)
        if not self.platform.includes(platform):
            raise PlatformMissing(f"expected {self.platform}, found {platform}")
