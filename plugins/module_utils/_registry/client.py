# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. A client that reads digests, manifests, and a few bytes of layers from registries.

Source: OCI Distribution Spec 1.1. Digests are read with HEAD, because Docker Hub counts each GET of a manifest as a
pull.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import HttpResponse
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    DEFAULT_TAG,
    Reference,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryAccess
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.challenges import parse_challenges
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import (
    MalformedRegistryAnswer,
    RegistryError,
    status_error,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.layers import find_unpacked_size
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import (
    ACCEPT,
    Index,
    Layer,
    Manifest,
    Platform,
    is_digest,
    media_type_of,
    parse_manifest,
    parse_platform,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.tokens import Authorizer, Grant
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.wire import RegistryRequest, Wire

__all__ = ["Descriptor", "RegistryClient"]

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
MAX_REDIRECTS = 3

Place = Tuple[str, str, str]


@dataclass(frozen=True)
class Descriptor:
    """The manifest that a tag or digest refers to. C(media_type) is None if it is not one of the four known types."""

    digest: str
    media_type: Optional[str]


class RegistryClient:
    """Sends requests to registries. It is thread-safe and keeps up to C(connections) connections open for each host.

    Every failure is a RegistryError whose message names the image.
    """

    def __init__(self, access: RegistryAccess, clock: Clock, connections: int = 10) -> None:
        self.clock = clock
        self._access, self._wire = access, Wire(access, clock, connections)
        self._authorizer = Authorizer(self._wire)
        # Manifests by domain, path and digest. The content of a digest never changes.
        self._manifests: Dict[Place, Union[Index, Manifest]] = {}
        # Descriptors by domain, path and tag or digest.
        self._found: Dict[Place, Descriptor] = {}

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def find_digest(self, reference: Reference, deadline: Deadline) -> Descriptor:
        """Return the descriptor of a reference, with HEAD, or with GET if the response to HEAD is incomplete.

        A descriptor that was read is cached. A failure is not.
        """
        with _naming(reference):
            name = reference.digest or reference.tag or DEFAULT_TAG
            place = reference.domain, reference.path, name
            if place not in self._found:
                self._found[place] = self._find_digest(reference, name, deadline)
            return self._found[place]

    def _find_digest(self, reference: Reference, name: str, deadline: Deadline) -> Descriptor:
        response, grant = self._ask(reference, _manifest_request("HEAD", name), deadline)
        if response.status in (401, 403):
            raise _refusal(response, grant)
        if response.status == 200:
            shown = _content_digest(response.headers)
            media_type = media_type_of(response.headers.get("Content-Type"))
            _check_digest(reference.digest, shown)
            # A gateway can return 200 for any request. Without a digest and a known type, the manifest is read.
            digest = (reference.digest or shown) if shown or media_type else None
            if digest:
                return Descriptor(digest, media_type)
        return self._get_manifest(reference, name, deadline)

    def read_manifest(self, reference: Reference, digest: str, deadline: Deadline) -> Union[Index, Manifest]:
        """Return the manifest or index with this digest in the repository of a reference. Verifies the digest."""
        with _naming(reference):
            place = reference.domain, reference.path, digest
            if place not in self._manifests:
                self._get_manifest(reference, digest, deadline)
            return self._manifests[place]

    def read_platform(self, reference: Reference, manifest: Manifest, deadline: Deadline) -> Optional[Platform]:
        """Return the platform in the configuration of a manifest, None if unknown."""
        with _naming(reference):
            if manifest.config_size > MAX_MANIFEST_BYTES:
                return None
            request = _blob_request(manifest.config_digest, most=MAX_MANIFEST_BYTES)
            response, _grant = self._ask(reference, request, deadline)
            if response.status != 200 or _digest_of(response.body, manifest.config_digest) != manifest.config_digest:
                return None
            return _parse_config(response.body)

    def find_unpacked_size(self, reference: Reference, layer: Layer, deadline: Deadline) -> Optional[int]:
        """Return the unpacked size of a layer in bytes, None if unknown."""

        def read_range(first: int, last: int) -> Optional[bytes]:
            return self._read_range(reference, layer, (first, last), deadline)

        with _naming(reference):
            return find_unpacked_size(layer, read_range)

    def _read_range(
        self, reference: Reference, layer: Layer, bounds: Tuple[int, int], deadline: Deadline
    ) -> Optional[bytes]:
        first, last = bounds
        request = _blob_request(
            layer.digest, headers={"Range": f"bytes={first}-{last}"}, status=206, most=last - first + 1
        )
        response, _grant = self._ask(reference, request, deadline)
        given = response.headers.get("Content-Range", "")
        if response.status != 206 or given != f"bytes {first}-{last}/{layer.size}":
            return None
        return response.body if len(response.body) == last - first + 1 else None

    def _get_manifest(self, reference: Reference, name: str, deadline: Deadline) -> Descriptor:
        """Read a manifest by its tag or digest, and cache it if it is valid."""
        response, grant = self._ask(reference, _manifest_request("GET", name), deadline)
        if response.status != 200:
            raise _refusal(response, grant)
        named, shown = name if is_digest(name) else None, _content_digest(response.headers)
        digest = _digest_of(response.body, named or shown)
        _check_digest(named, digest)
        _check_digest(shown, digest)
        found = Descriptor(digest, media_type_of(response.headers.get("Content-Type")))
        self._manifests[reference.domain, reference.path, digest] = parse_manifest(response.body, found.media_type)
        return found

    def _ask(
        self, reference: Reference, request: RegistryRequest, deadline: Deadline
    ) -> Tuple[HttpResponse, Optional[Grant]]:
        """Return the response to a request, after at most one challenge, and the grant that was sent."""
        endpoint = self._access.endpoint(reference.domain)
        root = f"{endpoint.url}/v2/{reference.path}/"
        grant = self._authorizer.find_grant(endpoint, reference.path)
        response = self._wire.send(endpoint, _authorized(request, root, grant), deadline)
        if response.status == 401:
            challenges = parse_challenges([response.headers.get("WWW-Authenticate", "")])
            answer = self._authorizer.authorize(endpoint, reference.path, challenges, grant, deadline)
            if answer is not None:
                grant = answer
                response = self._wire.send(endpoint, _authorized(request, root, grant), deadline)
        return response, grant


def _manifest_request(method: str, name: str) -> RegistryRequest:
    return RegistryRequest(
        method, f"manifests/{name}", {"Accept": ACCEPT}, most=MAX_MANIFEST_BYTES, redirects=MAX_REDIRECTS
    )


def _blob_request(digest: str, **facts: Any) -> RegistryRequest:
    return RegistryRequest("GET", f"blobs/{digest}", redirects=MAX_REDIRECTS, **facts)


def _authorized(request: RegistryRequest, root: str, grant: Optional[Grant]) -> RegistryRequest:
    return replace(request, url=root + request.url, authorization=grant.authorization if grant else None)


def _refusal(response: HttpResponse, grant: Optional[Grant]) -> RegistryError:
    sent_credentials = grant is not None and grant.has_credentials
    return status_error("the registry", response.status, response.body, sent_credentials=sent_credentials)


def _content_digest(headers: Mapping[str, str]) -> Optional[str]:
    digest = headers.get("Docker-Content-Digest")
    if digest and not is_digest(digest):
        raise MalformedRegistryAnswer("the registry sent an invalid Docker-Content-Digest header")
    return digest or None


def _digest_of(body: bytes, like: Optional[str]) -> str:
    """Return the digest of a body, with the algorithm of another digest."""
    algorithm = (like or "sha256").partition(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def _check_digest(expected: Optional[str], digest: Optional[str]) -> None:
    """Raise MalformedRegistryAnswer if two known digests of the same algorithm differ."""
    if expected is None or digest is None or expected.partition(":")[0] != digest.partition(":")[0]:
        return
    if expected != digest:
        raise MalformedRegistryAnswer(f"digest mismatch: expected {expected}, got {digest}")


def _parse_config(body: bytes) -> Optional[Platform]:
    try:
        config = json.loads(body.decode("utf-8"))
        words = [config.get("os"), config.get("architecture"), config.get("variant")]
        return parse_platform("/".join(word for word in words if word))
    except (AttributeError, TypeError, ValueError, RecursionError):
        return None


@contextlib.contextmanager
def _naming(reference: Reference) -> Iterator[None]:
    """Add the image to the message of errors that are raised in the block."""
    try:
        yield
    except RegistryError as error:
        error.name_image(reference)
        raise
