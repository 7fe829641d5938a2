# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens and passwords: which are requested, how long they are used, and where they are sent."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import parse_reference
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryAccess
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import RegistryError
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import MANIFEST_TYPES
from emulator import registry_faults as faults
from emulator.registry import Registry
from unit.support.clock import FakeClock
from unit.support.registry_access import client_of, look_up, pusher_to
from unit.support.registry_images import gzip_layer
from unit.support.registry_network import Answer, Sent, registry_network

HOST = "r.example.com"
REALM = "https://auth.example.com/token"
LOGIN = {"server": HOST, "username": "user", "password": "word"}
BASIC = RegistryAccess.from_options([LOGIN]).endpoint(HOST).credentials.basic  # type: ignore[union-attr]
FOUND = 200, {"Content-Type": MANIFEST_TYPES[0], "Docker-Content-Digest": "sha256:" + "a" * 64}, b""


class Scripted:
    """A registry that takes each login that C(accepted) lists, and challenges all others."""

    def __init__(self, challenge: str, *accepted: str) -> None:
        self.challenge, self.accepted = challenge, list(accepted)
        self.token: dict[str, Any] = {"token": "t1"}
        self.token_status = 200

    def __call__(self, request: Sent) -> Answer:
        if request.host != HOST:
            return self.token_status, {}, json.dumps(self.token).encode()
        if request.headers.get("Authorization") in self.accepted:
            return FOUND
        return 401, {"WWW-Authenticate": self.challenge}, b""


def client_at(clock: FakeClock, *logins: Any, **facts: Any) -> RegistryClient:
    return RegistryClient(RegistryAccess.from_options(logins, retries=0, user_agent="test", **facts), clock)


def find(client: RegistryClient, image: str = f"{HOST}/app:1") -> str:
    """Look up a digest. Other tags are new questions, because no tag is asked for twice."""
    return client.find_digest(parse_reference(image), Deadline(client.clock, 300)).digest


def logins(sent: list[Sent]) -> list[Any]:
    return [(request.host, request.headers.get("Authorization")) for request in sent]


@pytest.mark.parametrize(
    ("stated", "life"),
    [(300, 300), (20.5, 20.5), (None, 60), ("soon", 60), (True, 60), (-5, 60), (0, 60), (1e9, 86400)],
)
def test_token_is_used_until_the_end_of_its_life(stated: Any, life: float) -> None:
    clock, registry = FakeClock(), Scripted(f'Bearer realm="{REALM}"', "Bearer t1", "Bearer t2")
    registry.token = {"token": "t1", "expires_in": stated}
    client = client_at(clock)
    with registry_network(registry) as sent:
        find(client)
        clock.now += life - 0.25
        find(client, f"{HOST}/app:2")
        assert logins(sent)[2:] == [(HOST, "Bearer t1"), (HOST, "Bearer t1")]
        registry.token = {"token": "t2"}
        clock.now += 0.25
        find(client, f"{HOST}/app:3")
    assert logins(sent)[4:] == [(HOST, None), ("auth.example.com", None), (HOST, "Bearer t2")]


@pytest.mark.parametrize(
    ("realm", "service", "url"),
    [
        (REALM, "", f"{REALM}?scope=repository%3Aapp%3Apull"),
        (REALM, "r", f"{REALM}?service=r&scope=repository%3Aapp%3Apull"),
        (f"{REALM}?a=b", "r", f"{REALM}?a=b&service=r&scope=repository%3Aapp%3Apull"),
        (f"{REALM}#part", "a b&c", f"{REALM}?service=a+b%26c&scope=repository%3Aapp%3Apull"),
        (REALM, "\ud800", f"{REALM}?service=%3F&scope=repository%3Aapp%3Apull"),
    ],
)
def test_token_request_names_the_service_and_the_repository(realm: str, service: str, url: str) -> None:
    registry = Scripted(f'Bearer realm="{realm}",service="{service}"', "Bearer t1")
    with registry_network(registry) as sent:
        find(client_at(FakeClock(), LOGIN))
    (request,) = [request for request in sent if request.host != HOST]
    assert (request.method, request.url) == ("GET", url)
    assert request.headers == {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Authorization": BASIC,
        "User-Agent": "test",
    }


@pytest.mark.parametrize(
    ("asked", "scope"),
    [
        ("repository:mirror/app:pull", "repository:mirror/app:pull"),
        ("repository:mirror/app:pull,push", "repository:mirror/app:pull"),
        ("repository:mirror/app:*", "repository:mirror/app:pull"),
        ("repository:mirror/app:", "repository:mirror/app:pull"),
        ("repository(plugin):mirror/app:push", "repository:mirror/app:pull"),
        ("repository:host:5000/app:pull", "repository:host:5000/app:pull"),
        ("registry:catalog:* repository:first:pull repository:second:pull", "repository:first:pull"),
        ("registry:catalog:*", "repository:app:pull"),
        ("xrepository:mirror/app:pull", "repository:app:pull"),
        ("repository:mirror/app:PULL", "repository:app:pull"),
        ("", "repository:app:pull"),
    ],
)
def test_token_is_for_pulling_the_first_repository_of_the_challenge(asked: str, scope: str) -> None:
    registry = Scripted(f'Bearer realm="{REALM}",scope="{asked}"', "Bearer t1")
    with registry_network(registry) as sent:
        find(client_at(FakeClock()))
    (query,) = [request.url.partition("?")[2] for request in sent if request.host != HOST]
    assert parse_qs(query) == {"scope": [scope]}


def test_token_is_for_one_repository() -> None:
    registry = Scripted(f'Bearer realm="{REALM}"', "Bearer t1")
    client = client_at(FakeClock())
    with registry_network(registry) as sent:
        find(client)
        find(client, f"{HOST}/other:1")
    assert logins(sent)[3:] == [(HOST, None), ("auth.example.com", None), (HOST, "Bearer t1")]
    assert sent[4].url.endswith("repository%3Aother%3Apull")


def test_password_is_sent_to_all_repositories_after_one_challenge() -> None:
    registry = Scripted('Basic realm="r"', BASIC)
    client = client_at(FakeClock(), LOGIN)
    with registry_network(registry) as sent:
        find(client)
        find(client, f"{HOST}/other:1")
    assert logins(sent) == [(HOST, None), (HOST, BASIC), (HOST, BASIC)]


def test_refused_password_is_not_sent_twice_for_a_request() -> None:
    client = client_at(FakeClock(), LOGIN)
    with registry_network(Scripted('Basic realm="r"')) as sent:
        for image in ("app:1", "app:2"):
            with pytest.raises(RegistryError, match="refused the credentials with HTTP status 401"):
                find(client, f"{HOST}/{image}")
    assert logins(sent) == [(HOST, None), (HOST, BASIC), (HOST, BASIC)]


def test_password_is_sent_after_a_token_was_refused() -> None:
    registry = Scripted(f'Bearer realm="{REALM}"', "Bearer t1")
    client = client_at(FakeClock(), LOGIN)
    with registry_network(registry) as sent:
        find(client)
        registry.challenge, registry.accepted = 'Basic realm="r"', [BASIC]
        find(client, f"{HOST}/app:2")
    assert logins(sent)[3:] == [(HOST, "Bearer t1"), (HOST, BASIC)]


def test_challenge_for_a_password_without_one_is_not_answered() -> None:
    with registry_network(Scripted('Basic realm="r"')) as sent, pytest.raises(RegistryError) as raised:
        find(client_at(FakeClock()))
    assert raised.value.code == "NotFoundOrNotAllowed"
    assert logins(sent) == [(HOST, None)]


def test_token_is_preferred_and_the_first_service_counts() -> None:
    registry = Scripted(f'Basic realm="r", Bearer realm="{REALM}", Bearer realm="https://b.example/"', "Bearer t1")
    with registry_network(registry) as sent:
        find(client_at(FakeClock(), LOGIN))
    assert logins(sent) == [(HOST, None), ("auth.example.com", BASIC), (HOST, "Bearer t1")]


def test_other_schemes_are_named_in_the_error() -> None:
    with registry_network(Scripted("Negotiate abc=")), pytest.raises(RegistryError) as raised:
        find(client_at(FakeClock(), LOGIN))
    assert raised.value.code == "UnsupportedAuthentication"
    assert raised.value.cause == "the registry requires an authentication scheme other than Basic and Bearer"


@pytest.mark.parametrize(("status", "requests"), [(401, 1), (403, 2), (404, 2)])
def test_refused_password_is_not_sent_again_for_another_repository(status: int, requests: int) -> None:
    registry = Scripted(f'Bearer realm="{REALM}"')
    registry.token_status = status
    client = client_at(FakeClock(), LOGIN)
    causes = []
    with registry_network(registry) as sent:
        for image in ("app:1", "other:1"):
            with pytest.raises(RegistryError) as raised:
                find(client, f"{HOST}/{image}")
            assert raised.value.http_status == status
            assert f"image {HOST}/{image} " in str(raised.value)
            causes.append((raised.value.cause, raised.value.code))
    assert [host for host, _login in logins(sent) if host != HOST] == ["auth.example.com"] * requests
    assert causes[0] == causes[1]
    assert causes[0][0].startswith("the token service auth.example.com re")


def test_refusal_without_a_password_is_asked_again() -> None:
    registry = Scripted(f'Bearer realm="{REALM}"')
    registry.token_status = 401
    client = client_at(FakeClock())
    with registry_network(registry) as sent:
        for image in ("app:1", "other:1"):
            with pytest.raises(RegistryError, match=r"auth\.example\.com returned HTTP status 401;"):
                find(client, f"{HOST}/{image}")
    assert [host for host, _login in logins(sent)] == [HOST, "auth.example.com"] * 2


@pytest.mark.parametrize(
    ("realm", "problem"),
    [
        ("", "the registry names a token service with an invalid address"),
        (
            "http://auth.example.com/token",
            "the registry names the token service auth.example.com, which is not allowed because it does not use HTTPS",
        ),
        (
            "https://10.0.0.1:8443/token",
            "the registry names the token service 10.0.0.1:8443, which is not allowed because it has a loopback or"
            " non-public address",
        ),
    ],
)
def test_message_names_the_token_service_that_is_not_allowed(realm: str, problem: str) -> None:
    with registry_network(Scripted(f'Bearer realm="{realm}"')), pytest.raises(RegistryError) as raised:
        find(client_at(FakeClock()))
    assert (raised.value.code, raised.value.cause) == ("TokenServiceRefused", problem)


@pytest.mark.parametrize("plain", [True, False])
def test_password_is_sent_without_tls_only_to_a_registry_with_plain_http(plain: bool) -> None:
    registry = Scripted(f'Bearer realm="http://{HOST}/token"', "Bearer t1")
    options: Any = {"plain_hosts": [HOST]} if plain else {"unverified_hosts": [HOST]}

    def answer(request: Sent) -> Answer:
        return (200, {}, b'{"token": "t1"}') if "/token" in request.url else registry(request)

    with registry_network(answer) as sent:
        if plain:
            find(client_at(FakeClock(), LOGIN, **options))
        else:
            with pytest.raises(RegistryError, match="so the password would be sent unencrypted"):
                find(client_at(FakeClock(), LOGIN, **options))
        sent_before = len(sent)
        # An anonymous token needs no encryption if the registry is declared to be insecure.
        find(client_at(FakeClock(), **options))
    assert sent_before == (3 if plain else 1)


@pytest.mark.parametrize(
    "answer", [b"", b"{", b"[]", b'{"token": 7}', b'{"token": "a b"}', b'{"access_token": ""}', b"[" * 100000, b"\xff"]
)
def test_answer_without_a_token_is_malformed(answer: bytes) -> None:
    def reply(request: Sent) -> Answer:
        if request.host == HOST:
            return 401, {"WWW-Authenticate": f'Bearer realm="{REALM}"'}, b""
        return 200, {}, answer

    with registry_network(reply), pytest.raises(RegistryError) as raised:
        find(client_at(FakeClock()))
    assert raised.value.cause == "the token service auth.example.com returned no valid token"


def test_token_is_read_before_the_access_token() -> None:
    registry = Scripted(f'Bearer realm="{REALM}"', "Bearer t1")
    for registry.token in ({"token": "t1", "access_token": "t2"}, {"token": 7, "access_token": "t1"}):
        with registry_network(registry):
            find(client_at(FakeClock()))


@pytest.mark.parametrize(("length", "is_read"), [(64 * 1024, True), (64 * 1024 + 1, False)])
def test_token_answer_has_at_most_64_kib(guarded: Registry, length: int, is_read: bool) -> None:
    pusher_to(guarded).push_image("app", "1.0", [gzip_layer()])
    guarded.tokens["mine"] = ["repository:app:pull"], float("inf")
    guarded.faults.append(faults.answer_token(b'{"token": "mine"}'.ljust(length)))
    found = look_up(client_of(guarded), f"{guarded.host}/app:1.0", Depth.DIGEST)
    assert (found.error is None) is is_read
    if not is_read:
        assert "the response is larger than 64 KiB" in found.error.message
