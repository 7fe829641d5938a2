# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts on images, from any registry that speaks the standard API."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry import images
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import RegistryError
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth, ImageLayer, look_up_images
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import Platform
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.sizes import sum_sizes
from emulator.registry import Registry
from unit.support.clock import FakeClock
from unit.support.registry_access import QuickClock, Server, client_of, look_up, pusher_to, with_password
from unit.support.registry_images import (
    DOCKER,
    OCI,
    ImageFormat,
    PackedLayer,
    Pusher,
    digest_of,
    estargz_layer,
    gzip_layer,
    tar_layer,
    zstd_layer,
)


class StubClient:
    """Notes how much time lookups have, and answers none."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.seconds: list[float] = []

    def find_digest(self, _reference: Any, deadline: Deadline) -> None:
        self.seconds.append(deadline.remaining)
        raise RegistryError("no answer")


LAYERS = (gzip_layer(300000), gzip_layer(5000, b"y"))


def known(*layers: PackedLayer) -> tuple[ImageLayer, ...]:
    return tuple(ImageLayer(digest_of(layer.body), len(layer.body), layer.unpacked) for layer in layers)


@pytest.mark.parametrize("kind", [OCI, DOCKER])
def test_single_manifest_gives_digest_layers_and_platform(registry: Server, pusher: Pusher, kind: ImageFormat) -> None:
    digest = pusher.push_image("team/app", "1.0", LAYERS, kind)
    image = f"{registry.host}/team/app:1.0"
    found = look_up(client_of(registry), image)
    assert (found.error, found.exists, found.is_refused) == (None, True, False)
    assert (found.image, found.registry, found.repository, found.tag) == (image, registry.host, "team/app", "1.0")
    assert (found.digest, found.platform_digest, found.pinned) == (digest, digest, f"{image}@{digest}")
    assert (found.platforms, found.layers) == (("linux/amd64",), known(*LAYERS))


@pytest.mark.parametrize("kind", [OCI, DOCKER])
def test_index_gives_the_manifest_of_the_platform(registry: Server, pusher: Pusher, kind: ImageFormat) -> None:
    amd64 = pusher.push_image("app", None, LAYERS, kind, {"os": "linux", "architecture": "amd64"})
    images = {"linux/arm64/v8": [gzip_layer(9)], "linux/amd64": LAYERS}
    digest = pusher.push_index("app", "1.0", images, kind, attest=True)
    for depth in (Depth.PLATFORM, Depth.SIZES):
        found = look_up(client_of(registry), f"{registry.host}/app:1.0", depth)
        assert (found.error, found.digest, found.platform_digest) == (None, digest, amd64)
        assert found.platforms == ("linux/arm64/v8", "linux/amd64")
        assert found.layers == (known(*LAYERS) if depth is Depth.SIZES else None)


def test_digest_alone_is_known_without_more(registry: Server, pusher: Pusher) -> None:
    digest = pusher.push_index("app", "latest", {"linux/amd64": LAYERS})
    found = look_up(client_of(registry), f"{registry.host}/app", Depth.DIGEST)
    assert (found.digest, found.exists, found.tag) == (digest, True, "latest")
    assert (found.platform_digest, found.platforms, found.layers, found.error) == (None, (), None, None)
    assert found.pinned == f"{registry.host}/app:latest@{digest}"


def test_closer_look_does_not_ask_for_the_tag_again(emulated: Registry) -> None:
    pusher_to(emulated).push_index("app", "1.0", {"linux/amd64": LAYERS})
    client, image = client_of(emulated), f"{emulated.host}/app:1.0"
    emulated.received.clear()
    digests = [look_up(client, image, depth).digest for depth in Depth]
    assert len(set(digests)) == 1
    assert [path for method, path in emulated.requests() if method == "HEAD"] == ["/v2/app/manifests/1.0"]


def test_failed_look_is_repeated(emulated: Registry) -> None:
    client, image = client_of(emulated), f"{emulated.host}/app:1.0"
    assert look_up(client, image, Depth.DIGEST).error is not None
    pusher_to(emulated).push_image("app", "1.0", LAYERS)
    assert look_up(client, image, Depth.PLATFORM).error is None


def test_image_by_digest_is_found_by_it(registry: Server, pusher: Pusher) -> None:
    digest = pusher.push_index("app", "1.0", {"linux/amd64": LAYERS})
    alone, tagged = f"{registry.host}/app@{digest}", f"{registry.host}/app:other@{digest}"
    for found in look_up(client_of(registry), [alone, tagged]):
        assert (found.error, found.digest, found.pinned, found.layers) == (None, digest, found.image, known(*LAYERS))


def test_index_of_indexes_is_opened_once(registry: Server, pusher: Pusher) -> None:
    def index_of(name: str, *inner: str) -> str:
        return pusher.push_entries("app", name, [pusher.entry("app", digest, OCI.index, None) for digest in inner])

    arm, amd = (pusher.push_index("app", None, {f"linux/{name}": LAYERS}) for name in ("arm64", "amd64"))
    nested = index_of("nested", arm, amd)
    index_of("deeper", nested)
    shallow, deep = look_up(client_of(registry), [f"{registry.host}/app:{tag}" for tag in ("nested", "deeper")])
    assert (shallow.error, shallow.platforms) == (None, ("linux/arm64", "linux/amd64"))
    assert shallow.layers == known(*LAYERS)
    assert deep.error.message == (
        f"cannot look up image {registry.host}/app:deeper in registry {registry.host}: the image is an index of indexes"
        " of indexes, which is not supported."
    )
    assert (deep.exists, deep.is_refused) == (True, False)


def test_index_beside_the_manifest_of_the_platform_is_not_opened(registry: Server, pusher: Pusher) -> None:
    inner = pusher.push_index("app", None, {"linux/arm64": LAYERS})
    amd64 = pusher.push_image("app", None, LAYERS)
    words = {"os": "linux", "architecture": "amd64"}
    entries = [pusher.entry("app", inner, OCI.index, None), pusher.entry("app", amd64, OCI.manifest, words)]
    pusher.push_entries("app", "mixed", entries)
    found = look_up(client_of(registry), f"{registry.host}/app:mixed")
    assert (found.error, found.platforms, found.platform_digest) == (None, ("linux/amd64",), amd64)


@pytest.mark.parametrize("kind", [OCI, DOCKER])
def test_each_compression_tells_what_it_can(registry: Server, pusher: Pusher, kind: ImageFormat) -> None:
    layers = (gzip_layer(), zstd_layer(), tar_layer(), estargz_layer(), zstd_layer(200000, says_size=False))
    pusher.push_image("app", "1.0", layers, kind)
    found = look_up(client_of(registry), f"{registry.host}/app:1.0")
    sizes = [layer.unpacked_bytes for layer in found.layers]
    assert sizes == [*(layer.unpacked for layer in layers[:3]), None, None]
    assert sum_sizes([found]).unpacked_bytes is None
    assert sum_sizes([found]).compressed_bytes == sum(len(layer.body) for layer in layers)


def test_missing_image_is_definite(registry: Server, pusher: Pusher) -> None:
    digest = pusher.push_image("app", "1.0", LAYERS)
    wrong = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    images = [f"{registry.host}/{name}" for name in ("app:2.0", "other:1.0", f"app@{wrong}")]
    for found, depth in itertools.product(images, Depth):
        facts = look_up(client_of(registry), found, depth)
        assert (facts.exists, facts.is_refused, facts.digest) == (False, True, None)
        assert facts.error.code in ("MANIFEST_UNKNOWN", "NAME_UNKNOWN")
        assert not facts.error.retryable
        assert facts.error.message.startswith(f"image {found} does not exist in registry {registry.host}: ")


@pytest.mark.parametrize("platform", ["linux/arm64", "windows/amd64"])
def test_missing_platform_is_definite(registry: Server, pusher: Pusher, platform: str) -> None:
    index = pusher.push_index("app", "index", {"linux/amd64": LAYERS, "linux/386": LAYERS}, attest=True)
    single = pusher.push_image("app", "single", LAYERS)
    images = [f"{registry.host}/app:{tag}" for tag in ("index", "single")]
    for found, digest in zip(look_up(client_of(registry), images, platform=platform), (index, single)):
        assert (found.exists, found.is_refused, found.digest) == (True, True, digest)
        assert (found.platform_digest, found.layers) == (None, None)
        assert found.error.code == "PlatformMissing"
        assert found.error.message.startswith(
            f"image {found.image} in registry {registry.host} does not support the platform: expected {platform}, found"
            " linux/amd64"
        )


def test_wrong_password_is_a_definite_refusal(registry: Server, pusher: Pusher) -> None:
    if registry.auth == "none":
        pytest.skip("this registry takes no credentials")
    pusher.push_image("app", "1.0", LAYERS)
    client = RegistryClient(with_password(registry, "wrong"), QuickClock())
    found = look_up(client, f"{registry.host}/app:1.0")
    assert (found.exists, found.is_refused, found.error.code) == (None, True, "CredentialsRefused")
    assert "wrong" not in found.error.message
    assert "image_registry_credentials" in found.error.message


def test_anonymous_refusal_is_not_definite(registry: Server, pusher: Pusher) -> None:
    if registry.auth == "none":
        pytest.skip("this registry takes no credentials")
    found = look_up(client_of(registry, anonymous=True), f"{registry.host}/app:1.0")
    assert (found.exists, found.is_refused) == (None, False)
    assert "the image does not exist or requires credentials" in found.error.message


def test_failures_leave_the_other_images_alone(registry: Server, pusher: Pusher) -> None:
    digest = pusher.push_image("app", "1.0", LAYERS)
    images = [f"{registry.host}/{name}" for name in ("app:2.0", "app:1.0", "UPPER")]
    missing, there, invalid = look_up(client_of(registry), images)
    assert (missing.exists, there.exists, invalid.exists) == (False, True, False)
    assert there.digest == digest
    assert (invalid.is_refused, invalid.error.code, invalid.registry) == (True, "InvalidImage", None)
    assert "upper-case" in invalid.error.message


def test_two_spellings_of_a_tag_have_the_same_facts(registry: Server, pusher: Pusher) -> None:
    pusher.push_image("app", "latest", LAYERS)
    bare, tagged = look_up(client_of(registry), [f"{registry.host}/app", f"{registry.host}/app:latest"])
    assert (bare.digest, bare.layers, bare.pinned) == (tagged.digest, tagged.layers, tagged.pinned)


def test_no_images_need_no_request(registry: Server) -> None:
    assert look_up(client_of(registry), []) == []


def test_report_is_called_before_images_and_layers_and_while_they_last(
    registry: Server, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    pusher.push_image("app", "1.0", LAYERS)
    reports: list[tuple[str, int, int]] = []
    written = [f"{registry.host}/app:1.0", f"{registry.host}/app:2.0"]
    platform = Platform("linux", "amd64")

    def report(*said: Any) -> None:
        reports.append(said)

    look_up_images(client_of(registry), written, Depth.SIZES, platform, report=report)
    assert reports == [("images", 0, 2), ("layers", 0, 2)]
    reports.clear()
    monkeypatch.setattr(images, "HEARTBEAT", 0.0)
    look_up_images(client_of(registry), written, Depth.SIZES, platform, report=report)
    assert len(reports) > 2
    assert reports == sorted(reports)


def test_report_counts_the_completed_lookups() -> None:
    reports: list[tuple[str, int, int]] = []
    may_end = [threading.Event(), threading.Event()]

    def report(*said: Any) -> None:
        reports.append(said)
        # The next lookup ends only after the end of the one before it was reported.
        may_end[said[1]].set()

    with ThreadPoolExecutor(2) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "HEARTBEAT", 0.01)
        found = images.Workers(pool, report).run_all("images", lambda index: may_end[index].wait(5), [0, 1])
    assert found == [True, True]
    assert sorted(set(reports)) == [("images", 0, 2), ("images", 1, 2)]


def test_lookup_has_300_s_by_default() -> None:
    client = StubClient()
    look_up_images(client, ["app", "b.example/app"], Depth.DIGEST, Platform("linux", "amd64"))  # type: ignore[arg-type]
    assert client.seconds == [300, 300]
