# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. How one image is looked up: from its tag to the layers of its platform."""

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

# An index that names more indexes than this is not looked into.
MOST_NESTED = 10
DEEP_INDEX = "the image is an index of indexes of indexes"


class Depth(enum.IntEnum):
    """How much is asked.

    C(DIGEST): what the tags name. C(PLATFORM): the manifest of the platform, where the image is an index. C(SIZES): the
    layers.
    """

    DIGEST = 1
    PLATFORM = 2
    SIZES = 3


@dataclass
class Lookup:
    """One reference on its way: what is known of it so far."""

    client: RegistryClient
    reference: Reference
    depth: Depth
    platform: Platform
    deadline: Deadline
    facts: Dict[str, Any] = field(default_factory=dict)
    layers: Optional[Tuple[Layer, ...]] = None

    def run(self) -> None:
        """Ask as deep as is wanted."""
        try:
            self._run()
        except ImageNotFound as error:
            # Where the tag was there, only a part of the image is missing.
            self.facts.setdefault("exists", False)
            self.facts["error"] = error
        except RegistryError as error:
            # Those of this file have been raised outside of the client.
            if error.message == error.cause:
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
        """Return the entry for the platform, also of an index that the index names."""
        entries = list(index.entries)
        if not self._is_manifest(select_platform(index, self.platform)):
            entries = list(self._open_indexes(entries))
        platforms = dict.fromkeys(str(entry.platform) for entry in entries if entry.platform)
        self.facts["platforms"] = tuple(platforms)
        entry = select_platform(Index(tuple(entries)), self.platform)
        if entry is not None and self._is_manifest(entry):
            return entry
        if entry is None and all(other.platform for other in entries):
            raise PlatformMissing(f"{self.platform} is not among {', '.join(platforms) or 'its platforms'}")
        if not all(map(self._is_manifest, entries)):
            raise UnsupportedManifest(DEEP_INDEX)
        raise UnsupportedManifest("the image does not say which platforms it is for")

    @staticmethod
    def _is_manifest(entry: Optional[Entry]) -> bool:
        return entry is not None and entry.media_type not in INDEX_TYPES

    def _open_indexes(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Yield the entries with those of each index in its place."""
        opened = 0
        for entry in entries:
            if self._is_manifest(entry):
                yield entry
                continue
            opened += 1
            if opened > MOST_NESTED:
                raise UnsupportedManifest(f"the image is an index of more than {MOST_NESTED} indexes")
            content = self._read(entry.digest)
            if not isinstance(content, Index):
                raise MalformedManifest("the image names a manifest as an index")
            yield from content.entries

    def _check_platform(self, manifest: Manifest) -> None:
        """Raise PlatformMissing where an image without an index says that it is for another platform."""
        try:
            platform = self.client.read_platform(self.reference, manifest, self.deadline)
        except RegistryError:
            # The image is known all the same; that its platform is not is no reason to refuse it.
            return
        if platform is None:
            return
        self.facts["platforms"] = (str(platform),)
        if not self.platform.includes(platform):
            raise PlatformMissing(f"{self.platform} is not among {platform}")
