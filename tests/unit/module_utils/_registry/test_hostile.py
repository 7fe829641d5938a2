# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries that attack the machine that asks them: bounded memory and time, and nothing sent to other hosts."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryEndpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.challenges import parse_challenges
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.targets import (
    find_peer_problem,
    find_redirect_problem,
    find_token_service_problem,
    parse_target,
)
from emulator import registry_faults as faults
from emulator.registry import REGISTRY, TOKEN_SERVICE, Registry
from unit.support.raw_server import RawServer
from unit.support.registry_access import client_of, look_up, pusher_to
from unit.support.registry_images import gzip_layer

pytestmark = pytest.mark.slow

MB = 1 << 20
TIMEOUT = 2.0
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
# A head, and the piece that follows without end.
ENDLESS = {
    "body": (OK + b"\r\n", b" " * 65536),
    "body of an error": (b"HTTP/1.1 404 x\r\n\r\n", b" " * 65536),
    "body of a redirect": (b"HTTP/1.1 307 x\r\nLocation: /v2/\r\n\r\n", b" " * 65536),
    "chunks": (CHUNKED, b"400\r\n" + b" " * 1024 + b"\r\n"),
    "size of a chunk": (CHUNKED, b"0" * 65536),
    "extension of a chunk": (CHUNKED + b"1;x=", b"a" * 65536),
    "trailer": (CHUNKED + b"0\r\nX: ", b"a" * 65536),
    "trailers": (CHUNKED + b"0\r\n", b"X: y\r\n" * 10000),
    "status line": (b"HTTP/1.1 200 ", b"a" * 65536),
    "header": (OK + b"X: ", b"a" * 65536),
    "headers": (OK, b"X: y\r\n" * 10000),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
}


def endless(head: bytes, piece: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield head
        while True:
            yield piece

    return pieces


def registry_at(port: int) -> Registry:
    """Return what clients need to know of a registry on a port."""
    server = Registry()
    server.ports.update({REGISTRY: port, TOKEN_SERVICE: 1})
    return server


@pytest.fixture
def memory() -> Iterator[Callable[[], float]]:
    """Return a function that returns the largest amount of memory in MB since the beginning of the test."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] / MB
    tracemalloc.stop()


@pytest.mark.parametrize("part", ENDLESS)
def test_endless_part_of_a_response_ends_in_time_and_memory(part: str, memory: Callable[[], float]) -> None:
    started = time.monotonic()
    with RawServer(endless(*ENDLESS[part])) as server:
        found = look_up(
            client_of(registry_at(server.port), retries=0, timeout=TIMEOUT), "127.0.0.1:{}/app:1".format(server.port)
        )
    assert (found.exists, found.is_refused) == (None, False)
    assert found.error.code in ("MalformedRegistryAnswer", "NoAnswer", "UnexpectedStatus", "RedirectRefused")
    assert memory() < 40
    # HEAD, GET and three redirects at most. A run without a limit would never end.
    assert time.monotonic() - started < 5 * TIMEOUT + 60


class TestCompression:
    """Nothing is decompressed: a few kilobytes can become gigabytes."""

    @pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "deflate", "br", "zstd", "nonsense"])
    def test_compressed_manifest_is_refused_unread(self, emulated: Registry, encoding: str) -> None:
        pusher_to(emulated).push_image("app", "1", [gzip_layer()])

        def compress(reply: faults.Reply) -> None:
            if reply.kind == faults.MANIFEST and reply.method == "GET":
                reply.body = gzip.compress(reply.body)
                reply.headers["Content-Encoding"] = encoding

        emulated.faults.append(compress)
        found = look_up(client_of(emulated), f"{emulated.host}/app:1")
        assert found.error.code == "MalformedRegistryAnswer"
        assert "the response is compressed" in found.error.message

    def test_bomb_is_not_decompressed(self, memory: Callable[[], float]) -> None:
        body = gzip.compress(gzip.compress(b"\0" * (64 * MB)))
        # The bomb itself needed that memory.
        tracemalloc.reset_peak()
        answer = OK + f"Content-Encoding: gzip, gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        with RawServer(lambda: [answer]) as server:
            found = look_up(client_of(registry_at(server.port), retries=0), f"127.0.0.1:{server.port}/app:1")
        assert "the response is compressed" in found.error.message
        assert memory() < 20

    def test_part_of_a_blob_is_read_as_it_is_stored(self, emulated: Registry) -> None:
        layer = gzip_layer(5000)
        pusher_to(emulated).push_image("app", "1", [layer])

        def label(reply: faults.Reply) -> None:
            if reply.status == 206:
                reply.headers["Content-Encoding"] = "gzip"

        emulated.faults.append(label)
        found = look_up(client_of(emulated), f"{emulated.host}/app:1")
        assert (found.error, found.layers[0].unpacked_bytes) == (None, layer.unpacked)


@pytest.mark.parametrize("piece", ["a ", "a=b,", 'a="\\', "a =", ","])
def test_huge_challenge_is_not_parsed(piece: str, memory: Callable[[], float]) -> None:
    header = piece * (4 * MB // len(piece))
    tracemalloc.reset_peak()
    challenges = parse_challenges([header])
    assert memory() < 4 + 10
    assert len(challenges) < 10000


METADATA = [
    "169.254.169.254",
    "169.254.0.23",
    "169.254.0.23.",
    "0xa9fea9fe",
    "0XA9FEA9FE",
    "2852039166",
    "169.16689662",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "[fe80::1]",
    "0.0.0.0",
    "metadata.tencentyun.com",
    "METADATA.tencentyun.com.",
]


class TestMetadata:
    """The metadata service of an instance returns the keys of its role to anybody who asks from that instance."""

    @pytest.mark.parametrize("host", METADATA)
    @pytest.mark.parametrize("is_plain", [True, False])
    def test_metadata_service_is_no_target(self, host: str, is_plain: bool) -> None:
        endpoint = RegistryEndpoint("r.example", "r.example", is_plain, True)
        target = parse_target(f"{'http' if is_plain else 'https'}://{host}/latest/meta-data/")
        assert target is None or find_redirect_problem(target, endpoint)
        assert target is None or find_token_service_problem(target, endpoint)

    @pytest.mark.parametrize("host", METADATA)
    def test_registry_that_names_it_gets_an_error(self, emulated: Registry, host: str) -> None:
        pusher_to(emulated).push_image("app", "1", [gzip_layer()])
        place = f"http://{host}/latest/meta-data/"
        for fault, code in (
            (faults.redirect(lambda _path: place, faults.MANIFEST), "RedirectRefused"),
            (faults.unauthorize(f'Bearer realm="{place}"'), "TokenServiceRefused"),
        ):
            emulated.faults[:] = [fault]
            found = look_up(client_of(emulated, anonymous=True), f"{emulated.host}/app:1", Depth.DIGEST)
            assert (found.exists, found.error.code) == (None, code)

    @pytest.mark.parametrize("address", ["169.254.0.23", "::ffff:169.254.0.23", "fe80::1%eth0"])
    def test_name_that_leads_to_a_link_local_address_gets_nothing(self, address: str) -> None:
        endpoint = RegistryEndpoint("r.example", "r.example", True, True)
        for host in ("storage.example", "a.example", "[fd00::1]"):
            assert find_peer_problem(endpoint, host, address) == f"its address {address} is link-local"
        assert find_peer_problem(endpoint, "r.example", address) == ""

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "1.2.3.4", "::1"])
    def test_other_addresses_are_allowed(self, address: str) -> None:
        endpoint = RegistryEndpoint("r.example", "r.example", True, True)
        assert find_peer_problem(endpoint, "storage.example", address) == ""


class TestScope:
    """A token is for pulling, whatever the registry asks for: its token service may serve other registries, too."""

    @pytest.mark.parametrize(
        ("challenge", "scopes"),
        [
            ("repository:app:pull", ["repository:app:pull"]),
            ("repository:app:pull,push", ["repository:app:pull"]),
            ("repository:app:push,delete", ["repository:app:pull"]),
            ("repository:app:*", ["repository:app:pull"]),
            ("repository(plugin):app:pull,push", ["repository:app:pull"]),
            ("registry:catalog:*", ["repository:app:pull"]),
            ("registry:catalog:* repository:mirror/app:pull,push", ["repository:mirror/app:pull"]),
            ("repository:host:5000/app:pull", ["repository:host:5000/app:pull"]),
            ("repository:a:pull " * 500, ["repository:a:pull"]),
            ("nonsense", ["repository:app:pull"]),
            ("", ["repository:app:pull"]),
        ],
    )
    def test_token_is_only_for_pulling(self, emulated: Registry, challenge: str, scopes: Iterable[str]) -> None:
        pusher_to(emulated).push_image("app", "1", [gzip_layer()])
        emulated.received.clear()
        header = f'Bearer realm="{emulated.url(TOKEN_SERVICE)}/token",scope="{challenge}"'
        emulated.faults.append(faults.unauthorize(header))
        look_up(client_of(emulated), f"{emulated.host}/app:1", Depth.DIGEST)
        (query,) = [request.query for request in emulated.received if request.service == TOKEN_SERVICE]
        assert query == "&".join("scope=" + scope.replace(":", "%3A").replace("/", "%2F") for scope in scopes)


def test_manifest_of_the_largest_size_needs_bounded_memory(emulated: Registry, memory: Callable[[], float]) -> None:
    body = b'{"layers": [' + b"[]," * (4 * MB // 3 - 20) + b"[]]}"
    emulated.faults.append(faults.answer_manifest(body, "application/vnd.oci.image.manifest.v1+json"))
    found = look_up(client_of(emulated), f"{emulated.host}/app:1")
    assert found.error.code == "MalformedManifest"
    assert memory() < 300
    assert len(json.dumps(found.error.facts())) < 1000
