# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of the client, and what it takes for an answer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from emulator import registry_faults as faults
from emulator.registry import TOKEN_SERVICE, Registry
from unit.support.registry_access import client_of, look_up, pusher_to
from unit.support.registry_images import OCI, digest_of, gzip_layer

LAYER = gzip_layer(5000)
LARGEST = 4 * 1024 * 1024


@pytest.fixture
def image(emulated: Registry) -> str:
    """An image in the emulated registry."""
    pusher_to(emulated).push_image("app", "1.0", [LAYER])
    emulated.received.clear()
    return f"{emulated.host}/app:1.0"


def padded(body: bytes, length: int) -> bytes:
    return body + b" " * (length - len(body))


def change_parts(**changes: Any) -> faults.ReplyFault:
    """Change the replies that contain a part of a layer."""

    def change(reply: faults.Reply) -> None:
        if reply.status == 206:
            for name, value in changes.items():
                setattr(reply, name, value)

    return change


def test_manifest_of_4_mib_is_read_and_a_larger_one_refused(emulated: Registry, image: str) -> None:
    kind, manifest = emulated.manifests["app", "1.0"]
    for length, is_read in ((LARGEST, True), (LARGEST + 1, False)):
        emulated.manifests["app", "1.0"] = kind, padded(manifest, length)
        digest = digest_of(padded(manifest, length))
        emulated.manifests["app", digest] = emulated.manifests["app", "1.0"]
        found = look_up(client_of(emulated), image)
        assert (found.digest, found.error is None) == (digest, is_read)
    assert "the response is larger than 4 MiB" in found.error.message


def test_configuration_of_4_mib_is_read_and_a_larger_one_is_not_requested(emulated: Registry, image: str) -> None:
    manifest = json.loads(emulated.manifests["app", "1.0"][1])
    words = json.dumps({"os": "linux", "architecture": "arm64"}).encode()
    for length, platforms in ((LARGEST, ("linux/arm64",)), (LARGEST + 1, ())):
        config = padded(words, length)
        emulated.blobs[digest_of(config)] = config
        changed = {**manifest, "config": {"digest": digest_of(config), "size": length}}
        pusher_to(emulated).push_manifest("app", "1.0", OCI.manifest, changed)
        emulated.received.clear()
        found = look_up(client_of(emulated), image)
        assert (found.platforms, found.exists) == (platforms, True)
        requested = [path for _method, path in emulated.requests() if digest_of(config) in path]
        assert len(requested) == (1 if platforms else 0)


@pytest.mark.parametrize("config", [b"", b"[]", b"{}", b'{"os": "linux"}', b'{"os": 7, "architecture": 8}', b"\xff"])
def test_configuration_that_names_no_platform_is_no_failure(emulated: Registry, image: str, config: bytes) -> None:
    emulated.blobs[digest_of(config)] = config
    manifest = json.loads(emulated.manifests["app", "1.0"][1])
    changed = {**manifest, "config": {"digest": digest_of(config), "size": len(config)}}
    pusher_to(emulated).push_manifest("app", "1.0", OCI.manifest, changed)
    found = look_up(client_of(emulated), image)
    assert (found.error, found.platforms, found.layers[0].unpacked_bytes) == (None, (), LAYER.unpacked)


def test_configuration_with_another_digest_is_not_used(emulated: Registry, image: str) -> None:
    (digest,) = [digest for digest in emulated.blobs if digest != digest_of(LAYER.body)]
    # Each has another digest, some of which sort before that of the manifest and some after it.
    for spaces in range(8):
        emulated.blobs[digest] = b'{"os": "windows", "architecture": "amd64"}' + b" " * spaces
        found = look_up(client_of(emulated), image)
        assert (found.error, found.platforms) == (None, ())


def test_variant_of_the_configuration_is_part_of_the_platform(emulated: Registry) -> None:
    words = {"os": "linux", "architecture": "arm", "variant": "v7"}
    pusher_to(emulated).push_image("app", "1.0", [LAYER], platform=words)
    assert look_up(client_of(emulated), f"{emulated.host}/app:1.0", platform="linux/arm").platforms == ("linux/arm/v7",)


@pytest.mark.parametrize("count", [3, 4])
def test_three_redirects_are_followed_and_a_fourth_is_not(emulated: Registry, image: str, count: int) -> None:
    left = [count]

    def redirect(reply: faults.Reply) -> None:
        if reply.kind == faults.MANIFEST and reply.method == "GET" and left[0]:
            left[0] -= 1
            reply.status, reply.body = 307, b""
            reply.headers["Location"] = reply.path

    emulated.faults.append(redirect)
    found = look_up(client_of(emulated), image)
    if count == 3:
        assert found.error is None
    else:
        assert found.error.code == "RedirectRefused"
        assert "the registry redirects more than 3 times" in found.error.message


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_digest_of_another_algorithm_is_verified(emulated: Registry, image: str, algorithm: str) -> None:
    kind, body = emulated.manifests["app", "1.0"]
    name = f"{image}@{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"
    place = "app", name.partition("@")[2]
    emulated.manifests[place] = kind, body
    # The header has the digest of sha256, which cannot be compared with the one in the reference.
    found = look_up(client_of(emulated), name)
    assert (found.error, found.digest) == (None, place[1])
    emulated.manifests[place] = kind, body + b" "
    assert "digest mismatch: expected " + place[1] in look_up(client_of(emulated), name).error.message


@pytest.mark.parametrize("depth", Depth)
def test_head_without_digest_and_type_is_followed_by_get(emulated: Registry, image: str, depth: Depth) -> None:
    def hide(reply: faults.Reply) -> None:
        if reply.method == "HEAD":
            reply.headers.clear()

    digest = digest_of(emulated.manifests["app", "1.0"][1])
    emulated.faults.append(hide)
    for name in (image, f"{image}@{digest}"):
        emulated.received.clear()
        found = look_up(client_of(emulated), name, depth)
        assert (found.error, found.digest, found.exists) == (None, digest, True)
        assert [method for method, path in emulated.requests() if "/manifests/" in path] == ["HEAD", "GET"]


def test_digest_alone_at_head_is_enough(emulated: Registry, image: str) -> None:
    digest = digest_of(emulated.manifests["app", "1.0"][1])
    emulated.faults.append(faults.hide_content_type())
    found = look_up(client_of(emulated), image, Depth.DIGEST)
    assert (found.error, found.digest) == (None, digest)
    emulated.faults[:] = [faults.hide_digest()]
    found = look_up(client_of(emulated), f"{image}@{digest}", Depth.DIGEST)
    assert (found.error, found.digest) == (None, digest)
    assert {method for method, _path in emulated.requests()} == {"HEAD"}


@pytest.mark.parametrize(
    "changes", [{"status": 404}, {"status": 200}, {"status": 207}, {"body": b"\xff\xff"}, {"body": b"\xff" * 5}]
)
def test_other_answer_than_the_part_leaves_the_size_unknown(
    emulated: Registry, image: str, changes: dict[str, Any]
) -> None:
    emulated.faults.append(change_parts(**changes))
    found = look_up(client_of(emulated), image)
    assert (found.error, found.layers[0].unpacked_bytes) == (None, None)


@pytest.mark.parametrize("status", [400, 402, 403, 404])
def test_challenge_counts_with_status_401_only(emulated: Registry, image: str, status: int) -> None:
    def refuse(reply: faults.Reply) -> None:
        reply.status = status
        reply.headers["WWW-Authenticate"] = f'Bearer realm="{emulated.url(TOKEN_SERVICE)}/token"'

    emulated.faults.append(refuse)
    found = look_up(client_of(emulated), image)
    assert found.error.http_status == status
    assert emulated.requests(TOKEN_SERVICE) == []
