# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images for tests: layers as bytes, and what pushes them to a registry that speaks the standard API."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import struct
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import urljoin

import requests

__all__ = [
    "DOCKER",
    "OCI",
    "ImageFormat",
    "PackedLayer",
    "Pusher",
    "digest_of",
    "estargz_layer",
    "gzip_layer",
    "large_layer",
    "tar_layer",
    "zstd_layer",
]

ATTESTATION = {"vnd.docker.reference.type": "attestation-manifest"}
TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest"
# The longest block of a zstd frame.
BLOCK = 128 * 1024


@dataclass(frozen=True)
class ImageFormat:
    """The media types of a family; layers get the ending of how they are compressed."""

    index: str
    manifest: str
    config: str
    layer: str
    separator: str


OCI = ImageFormat(
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar",
    "+",
)
DOCKER = ImageFormat(
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar",
    ".",
)


@dataclass(frozen=True)
class PackedLayer:
    """A layer as it lies in a registry, and how many bytes it has unpacked."""

    body: bytes
    unpacked: int
    compression: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)

    def descriptor(self, kind: ImageFormat) -> dict[str, Any]:
        """Return how a manifest names it."""
        ending = kind.separator + self.compression if self.compression else ""
        described = {"mediaType": kind.layer + ending, "digest": digest_of(self.body), "size": len(self.body)}
        return {**described, "annotations": dict(self.annotations)} if self.annotations else described


def tar_of(size: int, fill: bytes = b"x") -> bytes:
    """Return a tar archive with one file of so many bytes."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("content")
        member.size = size
        tar.addfile(member, io.BytesIO(fill * size))
    return archive.getvalue()


def tar_layer(size: int = 1000, fill: bytes = b"x") -> PackedLayer:
    """Return a layer that is not compressed."""
    archive = tar_of(size, fill)
    return PackedLayer(archive, len(archive))


def gzip_layer(size: int = 1000, fill: bytes = b"x") -> PackedLayer:
    """Return a layer of one gzip member."""
    archive = tar_of(size, fill)
    return PackedLayer(gzip.compress(archive, mtime=0), len(archive), "gzip")


def estargz_layer(size: int = 1000, fill: bytes = b"x") -> PackedLayer:
    """Return a layer of several gzip members, annotated as eStargz."""
    archive = tar_of(size, fill)
    half = len(archive) // 2
    body = gzip.compress(archive[:half], mtime=0) + gzip.compress(archive[half:], mtime=0)
    return PackedLayer(body, len(archive), "gzip", {TOC_DIGEST: digest_of(b"toc")})


def zstd_layer(size: int = 300000, *, says_size: bool = True) -> PackedLayer:
    """Return a layer of one zstd frame, RFC 8878, of zeros: an empty archive. Each block is one repeated byte."""
    header = b"\x28\xb5\x2f\xfd" + (b"\xa0" + struct.pack("<I", size) if says_size else b"\x00\x50")
    blocks = b""
    for start in range(0, size, BLOCK):
        length = min(BLOCK, size - start)
        is_last = start + length >= size
        blocks += ((length << 3) | (1 << 1) | is_last).to_bytes(3, "little") + b"\0"
    return PackedLayer(header + blocks, size, "zstd")


def large_layer(size: int) -> PackedLayer:
    """Return a layer whose zstd header names so many bytes, and that nobody unpacks."""
    return PackedLayer(b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + bytes(20), size, "zstd")


def digest_of(content: bytes) -> str:
    """Return the digest of a blob or manifest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Pusher:
    """Pushes images over the standard API, with a password or a token where the registry demands one."""

    def __init__(
        self, url: str, username: Optional[str] = None, password: Optional[str] = None, verify: Any = True
    ) -> None:
        self._url = url
        self._login: Any = (username, password) if username else None
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = verify

    def push_image(
        self,
        name: str,
        tag: Optional[str],
        layers: Sequence[PackedLayer],
        kind: ImageFormat = OCI,
        platform: Optional[Mapping[str, str]] = None,
    ) -> str:
        """Push an image for one platform, and return its digest."""
        config = json.dumps(platform or {"os": "linux", "architecture": "amd64"}).encode()
        for body in (config, *(layer.body for layer in layers)):
            self.push_blob(name, body)
        manifest = {
            "schemaVersion": 2,
            "mediaType": kind.manifest,
            "config": {"mediaType": kind.config, "digest": digest_of(config), "size": len(config)},
            "layers": [layer.descriptor(kind) for layer in layers],
        }
        return self.push_manifest(name, tag, kind.manifest, manifest)

    def push_index(
        self,
        name: str,
        tag: Optional[str],
        images: Mapping[str, Sequence[PackedLayer]],
        kind: ImageFormat = OCI,
        *,
        attest: bool = False,
    ) -> str:
        """Push an image for several platforms, C(os/architecture) to layers, and return the digest of its index."""
        entries = []
        for platform, layers in images.items():
            words = dict(zip(("os", "architecture", "variant"), platform.split("/")))
            digest = self.push_image(name, None, layers, kind, words)
            entries.append(self.entry(name, digest, kind.manifest, words))
        if attest:
            digest = self.push_image(name, None, [PackedLayer(b"{}", 2)], kind, {"os": "unknown"})
            unknown = {"os": "unknown", "architecture": "unknown"}
            entries.append({**self.entry(name, digest, kind.manifest, unknown), "annotations": ATTESTATION})
        return self.push_entries(name, tag, entries, kind)

    def push_entries(
        self, name: str, tag: Optional[str], entries: Sequence[Mapping[str, Any]], kind: ImageFormat = OCI
    ) -> str:
        """Push an index of entries, and return its digest."""
        return self.push_manifest(
            name, tag, kind.index, {"schemaVersion": 2, "mediaType": kind.index, "manifests": list(entries)}
        )

    def entry(self, name: str, digest: str, media_type: str, platform: Optional[Mapping[str, str]]) -> dict[str, Any]:
        """Return how an index names a manifest that has been pushed."""
        response = self._send("GET", name, f"/v2/{name}/manifests/{digest}", headers={"Accept": media_type})
        entry: dict[str, Any] = {"mediaType": media_type, "digest": digest, "size": len(response.content)}
        return {**entry, "platform": dict(platform)} if platform else entry

    def push_manifest(self, name: str, tag: Optional[str], media_type: str, manifest: Mapping[str, Any]) -> str:
        """Push a manifest by its tag, or without one by its digest, and return the digest."""
        body = json.dumps(manifest).encode()
        digest = digest_of(body)
        headers = {"Content-Type": media_type}
        self._send("PUT", name, f"/v2/{name}/manifests/{tag or digest}", data=body, headers=headers)
        return digest

    def push_blob(self, name: str, body: bytes) -> str:
        """Push a blob, and return its digest."""
        started = self._send("POST", name, f"/v2/{name}/blobs/uploads/")
        location, digest = started.headers["Location"], digest_of(body)
        mark = "&" if "?" in location else "?"
        headers = {"Content-Type": "application/octet-stream"}
        self._send("PUT", name, f"{location}{mark}digest={digest}", data=body, headers=headers)
        return digest

    def _send(self, method: str, name: str, path: str, **request: Any) -> requests.Response:
        url = urljoin(self._url, path)
        response = self._session.request(method, url, timeout=60, **request)
        if response.status_code == 401:
            response = self._session.request(method, url, timeout=60, auth=self._authorize(name, response), **request)
        response.raise_for_status()
        return response

    def _authorize(self, name: str, response: requests.Response) -> Any:
        challenge = response.headers["WWW-Authenticate"]
        if challenge.startswith("Basic"):
            return self._login
        fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        query = {"service": fields["service"], "scope": f"repository:{name}:pull,push"}
        answer = self._session.get(fields["realm"], params=query, auth=self._login, timeout=60).json()

        def authorized(request: Any) -> Any:
            request.headers["Authorization"] = f"Bearer {answer['token']}"
            return request

        return authorized
