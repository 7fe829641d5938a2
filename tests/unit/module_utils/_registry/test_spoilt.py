# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thousands of spoilt answers: none gives an exception, and none a fact that makes no sense."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from emulator.registry import STORAGE, TOKEN_SERVICE, Registry
from emulator.registry_faults import Reply
from unit.support.raw_server import RawServer
from unit.support.registry_access import check_facts, client_of, look_up, pusher_to
from unit.support.registry_images import DOCKER, OCI, estargz_layer, gzip_layer, zstd_layer

pytestmark = pytest.mark.slow

ROUNDS = 80
STATUSES = (200, 201, 204, 206, 301, 307, 308, 400, 401, 403, 404, 405, 416, 418, 429, 500, 503, 599)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    float("nan"),
    float("inf"),
    10**30,
    "",
    "x",
    "\ud800",
    "sha256:" + "0" * 64,
    "../../etc",
    [],
    [[]],
    {},
    {"digest": {}},
    "application/vnd.oci.image.index.v1+json",
)
HEADERS = (
    "",
    "x",
    "-1",
    "äÿ",
    '"',
    "a" * 5000,
    "sha256:" + "0" * 64,
    "Basic",
    "Bearer",
    'Bearer realm="',
    'Bearer realm="http://[::1"',
    "bytes 0-0/1",
    "/v2/",
    "//",
    "http://127.0.0.1:1/",
    "Thu, 99 Foo 9999 99:99:99 GMT",
    "application/vnd.oci.image.index.v1+json",
)
NAMES = (
    "WWW-Authenticate",
    "Content-Type",
    "Docker-Content-Digest",
    "Content-Range",
    "Location",
    "Retry-After",
)


class Spoiler:
    """Spoils about every third reply, in one way of many."""

    def __init__(self, seed: int) -> None:
        self._random, self._lock = random.Random(seed), threading.Lock()
        self.spoilt = 0

    def __call__(self, reply: Reply) -> None:
        with self._lock:
            if self._random.random() < 0.4:
                self._random.choice((self.status, self.header, self.json, self.json, self.json, self.bytes))(reply)
                self.spoilt += 1

    def status(self, reply: Reply) -> None:
        reply.status = self._random.choice(STATUSES)
        if reply.status == 599:
            reply.reset = True

    def header(self, reply: Reply) -> None:
        name = self._random.choice([*reply.headers, *NAMES])
        reply.headers.pop(name, None)
        if self._random.random() < 0.7:
            reply.headers[name] = self._random.choice(HEADERS)

    def bytes(self, reply: Reply) -> None:
        cut = self._random.randrange(len(reply.body) + 1)
        ends = (b"", b"\0", b"\xff" * 10, b"[" * 5000, b"<html>", b"9" * 5000, reply.body)
        reply.body = reply.body[:cut] + self._random.choice(ends)

    def json(self, reply: Reply) -> None:
        try:
            content = json.loads(reply.body)
        except ValueError:
            return self.bytes(reply)
        places = list(_places(content))
        holder, key = self._random.choice(places) if places else (None, None)
        if holder is None:
            content = self._random.choice(VALUES)
        elif self._random.random() < 0.2:
            del holder[key]
        else:
            holder[key] = self._random.choice(VALUES)
        reply.body = json.dumps(content).encode()
        return None


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in list(content.items() if isinstance(content, dict) else enumerate(content)):
        yield content, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


def push_all(server: Registry) -> list[str]:
    """Push an image of each kind, and return them."""
    pusher = pusher_to(server)
    layers = [gzip_layer(), zstd_layer(), estargz_layer()]
    pusher.push_image("single", "1", layers)
    pusher.push_image("docker", "1", layers, DOCKER)
    pusher.push_index("index", "1", {"linux/arm64": layers, "linux/amd64": layers}, attest=True)
    inner = pusher.push_index("nested", None, {"linux/amd64": layers})
    pusher.push_entries("nested", "1", [pusher.entry("nested", inner, OCI.index, None)])
    return [f"{server.host}/{name}:1" for name in ("single", "docker", "index", "nested", "missing")]


@pytest.mark.parametrize("auth", ["none", "basic", "token"])
@pytest.mark.parametrize("with_storage", [False, True])
def test_spoilt_answers_are_facts(auth: str, with_storage: bool) -> None:
    server = Registry(auth).start()
    images = push_all(server)
    spoiler = Spoiler(seed=len(auth) + with_storage)

    def to_storage(reply: Reply) -> None:
        if with_storage and reply.kind == "blob" and reply.path.startswith("/v2/"):
            reply.status, reply.body = 307, b""
            reply.headers["Location"] = f"{server.url(STORAGE)}/{reply.path.rpartition('/')[2]}"

    server.faults += [to_storage, spoiler]
    try:
        for number in range(ROUNDS):
            depth = (Depth.SIZES, Depth.PLATFORM)[number % 4 == 0]
            for found in look_up(client_of(server, retries=1), images, depth):
                check_facts(found, [server.password, *server.tokens])
    finally:
        server.stop()
    assert spoiler.spoilt > 350


RAW = (
    b"",
    b"\r\n\r\n",
    b"nonsense",
    b"HTTP/1.1 abc\r\n\r\n",
    b"HTTP/1.1 99999 x\r\n\r\n",
    b"HTTP/9.9 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nshort",
    b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\nx",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: br, gzip, deflate\r\nContent-Length: 4\r\n\r\nnope",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n: \r\n\0\xff: \xff\r\n\r\n",
    b"HTTP/1.1 307 x\r\nLocation: http://[::1\r\n\r\n",
    b"HTTP/1.1 307 x\r\nLocation: \xff\xfe\r\n\r\n",
    b"HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer realm=\xff\r\nWWW-Authenticate: Basic\r\n\r\n",
    b"HTTP/1.1 429 x\r\nRetry-After: " + b"9" * 400 + b"\r\n\r\n",
    b"HTTP/1.1 429 x\r\nRetry-After: \xb2\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    b"HTTP/1.1 200 OK\r\nSet-Cookie: \xff=;;;domain=\r\nDocker-Content-Digest: \xff\r\n\r\n",
)


@pytest.mark.parametrize("answer", RAW, ids=lambda answer: str(answer[:60]))
def test_answer_that_is_not_http_is_a_fact(answer: bytes) -> None:
    with RawServer(lambda: [answer]) as listener:
        server = Registry()
        server.ports.update({"registry": listener.port, TOKEN_SERVICE: 1})
        found = look_up(client_of(server, retries=1), f"{server.host}/app:1")
    check_facts(found, [server.password])
    assert found.error
    assert not found.exists
