# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten thousand random manifests, tokens, challenges and references each: facts or an error, and never an exception.

The responses replace those of the network, after the client has built its request. Real connections, with fewer cases,
are in test_spoilt.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional
from unittest import mock
from urllib.parse import urlsplit

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import HttpResponse
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry import wire
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryAccess
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import INDEX_TYPES, MANIFEST_TYPES
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from unit.support.registry_access import QuickClock, check_facts, look_up
from unit.support.wrong_answers import HOSTILE, TOKENS

HOST = "r.example.com"
PASSWORD = "canary-password-Zk4"
ACCESS = RegistryAccess.from_options(
    [{"server": HOST, "username": "user", "password": PASSWORD}], retries=0, user_agent="test"
)
CASES = settings(
    max_examples=10_000, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True
)
MEDIA_TYPES = (*INDEX_TYPES, *MANIFEST_TYPES)
DIGEST = "sha256:" + "a" * 64

words = st.sampled_from((*HOSTILE, *TOKENS, DIGEST, DIGEST.upper(), "sha512:" + "b" * 128, "md5:x", *MEDIA_TYPES))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def spoilt(value: Any, valid: Any = None) -> Any:
    """Return a strategy for a field: mostly valid, else anything."""
    good = st.just(value) if valid is None else valid
    return st.one_of(good, good, good, values)


platforms = st.fixed_dictionaries(
    {},
    optional={
        "os": spoilt("linux"),
        "architecture": spoilt("amd64"),
        "variant": spoilt("v8"),
    },
)
layers = st.fixed_dictionaries(
    {},
    optional={
        "digest": spoilt(DIGEST),
        "mediaType": spoilt("application/vnd.oci.image.layer.v1.tar+gzip"),
        "size": spoilt(100, st.integers(-1, 1 << 64)),
        "annotations": values,
    },
)
entries = st.fixed_dictionaries(
    {"digest": spoilt(DIGEST)},
    optional={"mediaType": spoilt("", st.sampled_from(MEDIA_TYPES)), "platform": spoilt(None, platforms)},
)
manifests = st.fixed_dictionaries(
    {},
    optional={
        "schemaVersion": spoilt(2),
        "mediaType": spoilt("", st.sampled_from(MEDIA_TYPES)),
        "config": spoilt(None, layers),
        "layers": spoilt(None, st.lists(layers, max_size=3)),
        "manifests": spoilt(None, st.lists(entries, max_size=3)),
    },
)


def encode(value: Any) -> bytes:
    """Return JSON with the values of TOKENS, which json.dumps() does not write."""
    body = json.dumps(value).encode()
    for token, replacement in TOKENS.items():
        body = body.replace(json.dumps(token).encode(), replacement)
    return body


bodies = st.one_of(manifests.map(encode), manifests.map(encode), values.map(encode), st.binary(max_size=50))
header_values = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30)
statuses = st.sampled_from((200, 200, 200, 200, 201, 206, 301, 307, 400, 401, 403, 404, 416, 429, 500, 599))


class Network:
    """Answers requests by functions of the method and path, and keeps what is sent to each host."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.sent: list[tuple[str, Optional[str]]] = []

    def exchange(
        self, _session: Any, method: str, url: str, _read: Any, *, auth: Any, headers: Mapping[str, str], **_facts: Any
    ) -> HttpResponse:
        request = mock.Mock(headers=dict(headers))
        auth(request)
        parts = urlsplit(url)
        self.sent.append((parts.netloc, request.headers.get("Authorization")))
        status, given, body = self._answer(method, parts)
        return HttpResponse(status, CaseInsensitiveDict(given), b"" if method == "HEAD" else body)


@contextmanager
def network(answer: Any) -> Iterator[Network]:
    """Replace the network inside the context."""
    replaced = Network(answer)
    with mock.patch.object(wire, "exchange", replaced.exchange):
        yield replaced


def find(image: str = f"{HOST}/app:1") -> Any:
    """Return the result of a lookup after checking its facts."""
    found = look_up(RegistryClient(ACCESS, QuickClock()), image, Depth.SIZES)
    check_facts(found, [PASSWORD, ACCESS.credentials[HOST].basic])
    return found


@pytest.mark.exhaustive
@given(body=bodies, inner=bodies, media_type=st.sampled_from(MEDIA_TYPES) | header_values, has_digest=st.booleans())
@CASES
def test_random_manifest_is_an_image_or_an_error(body: bytes, inner: bytes, media_type: str, has_digest: bool) -> None:
    def answer(method: str, parts: Any) -> Any:
        if "/blobs/" in parts.path:
            return 206, {"Content-Range": "bytes 96-99/100"}, b"\0\1\0\0"
        content = body if parts.path.endswith("/1") else inner
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        headers = {"Content-Type": media_type, **({"Docker-Content-Digest": digest} if has_digest else {})}
        return 405 if method == "HEAD" else 200, headers, content

    with network(answer):
        found = find()
    # A password was never wanted.
    assert found.error is None or found.error.code != "CredentialsRefused"


@pytest.mark.exhaustive
@given(
    body=st.one_of(
        st.fixed_dictionaries(
            {}, optional={"token": spoilt("t"), "access_token": spoilt("t"), "expires_in": spoilt(60)}
        ).map(encode),
        values.map(encode),
        st.binary(max_size=50),
    ),
    status=statuses,
    headers=st.dictionaries(st.sampled_from(["Retry-After", "Location", "WWW-Authenticate"]), header_values),
)
@CASES
def test_random_token_is_used_or_an_error(body: bytes, status: int, headers: dict[str, str]) -> None:
    manifest = encode({"config": {"digest": DIGEST, "size": 1}, "layers": []})

    def answer(method: str, parts: Any) -> Any:
        if parts.netloc == "auth.example.com":
            return status, headers, body
        if not replaced.sent[-1][1]:
            return 401, {"WWW-Authenticate": 'Bearer realm="https://auth.example.com/token"'}, b""
        return 200, {"Content-Type": MANIFEST_TYPES[0]}, manifest

    with network(answer) as replaced:
        found = find()
    assert (found.error is None) == any(login and login.startswith("Bearer ") for _host, login in replaced.sent)
    for host, login in replaced.sent:
        assert login is None or (login.isascii() and login.isprintable())
        assert login is None or host == HOST or login.startswith("Basic ")


challenge_text = st.lists(
    st.sampled_from(
        [
            *(
                'Bearer realm="',
                "Basic ",
                "Negotiate ",
                "realm=",
                "service=",
                'scope="',
                '"',
                "\\",
                ",",
                " ",
                "=",
                "\xff",
            ),
            *(
                "https://",
                "http://",
                "auth.example.com",
                HOST,
                "169.254.0.23",
                "metadata.tencentyun.com",
                "user@",
                "/token",
            ),
            *("[::1]", "127.1", ":0", ":99999", "#", "?", "repository:app:pull,push", "%0d%0a", "&service=other"),
        ]
    )
    | st.characters(max_codepoint=255, exclude_characters="\r\n"),
    max_size=12,
).map("".join)


@pytest.mark.exhaustive
@given(challenge_text, challenge_text)
@CASES
def test_random_challenge_sends_the_password_only_where_it_may_go(first: str, second: str) -> None:
    challenges = [first, second]

    def answer(_method: str, parts: Any) -> Any:
        if parts.netloc != HOST:
            return 200, {}, b'{"token": "t"}'
        return 401, {"WWW-Authenticate": challenges.pop() if challenges else first}, b""

    with network(answer) as replaced:
        found = find()
    assert found.error
    for host, login in replaced.sent:
        assert "169.254" not in host
        assert "metadata" not in host
        assert "127." not in host
        assert "::1" not in host
        if login and login.startswith("Basic "):
            assert host == HOST or host in first or host in second
    assert len(replaced.sent) <= 6


reference_text = st.lists(
    st.sampled_from(["a", "A", "/", ":", "@", ".", "-", "_", "1", HOST, DIGEST, "localhost", "[::1]", "docker.io", " "])
    | st.characters(),
    max_size=10,
).map("".join)


@pytest.mark.exhaustive
@given(st.one_of(reference_text, st.text(), st.sampled_from(HOSTILE)), st.sampled_from((200, 404, 500)))
@CASES
def test_random_reference_is_looked_up_or_an_error(image: str, status: int) -> None:
    body = b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}'
    with network(lambda _method, _parts: (status, {}, body)) as replaced:
        found = look_up(RegistryClient(ACCESS, QuickClock()), image, Depth.SIZES)
    facts = found.error.facts()
    assert len(facts["message"]) < 5000
    assert facts["message"].isprintable()
    if found.error.code == "InvalidImage":
        assert replaced.sent == []
    for host, login in replaced.sent:
        assert login is None or host == HOST
