# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookups that the caches of a task share."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import Future
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry import registries
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from unit.support.clock import FakeClock
from unit.support.registry_network import Answer, Sent, registry_network

HOST = "r.example.com"
LAYER = {"digest": "sha256:" + "b" * 64, "mediaType": "application/vnd.oci.image.layer.v1.tar", "size": 9}
MANIFEST = json.dumps({"config": {"digest": "sha256:" + "c" * 64, "size": 2}, "layers": [LAYER]}).encode()
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
QUESTIONS = {"nginx:1": Depth.DIGEST, "redis:7": Depth.SIZES}


def test_internal_error_reaches_every_cache_that_waits_for_the_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(registries, "look_up_images", fail)
    clock = FakeClock()
    shared = registries.Registries(clock, timeout=1, retries=0, verify=True, user_agent="test")
    for _cache in range(2):
        for questions in (QUESTIONS, {"redis:7": Depth.SIZES}):
            with pytest.raises(ZeroDivisionError):
                shared.look_up({}, questions, Deadline(clock, 60))


class ImpatientFuture(Future):  # type: ignore[type-arg]
    """A result that fails a test which would otherwise wait for it without end."""

    def result(self, timeout: Optional[float] = None) -> Any:
        return super().result(timeout or 5)


@pytest.fixture(autouse=True)
def wait_with_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "Future", ImpatientFuture)


def answer(request: Sent) -> Answer:
    if "/blobs/" in request.url:
        return 404, {}, b""
    kind = "application/vnd.oci.image.manifest.v1+json"
    return 200, {"Content-Type": kind, "Docker-Content-Digest": DIGEST}, MANIFEST


def shared_registries(clock: FakeClock) -> registries.Registries:
    return registries.Registries(clock, timeout=1000, retries=0, verify="/ca.pem", user_agent="test")


def requests(sent: list[Sent]) -> list[str]:
    return [f"{request.method} {request.url.partition('/v2/')[2]}" for request in sent]


def test_question_that_was_asked_is_not_asked_again() -> None:
    clock = FakeClock()
    shared, deadline = shared_registries(clock), Deadline(clock, 60)
    app, other = f"{HOST}/app:1", f"{HOST}/other:1"
    with registry_network(answer) as sent:
        first = shared.look_up({}, {app: Depth.DIGEST}, deadline)
        again = shared.look_up({}, {app: Depth.DIGEST, other: Depth.PLATFORM}, deadline)
        deeper = shared.look_up({}, {app: Depth.SIZES}, deadline)
    assert first[app] is again[app]
    assert (again[app].platform_digest, again[other].platform_digest) == (None, DIGEST)
    assert (deeper[app].digest, deeper[app].platform_digest) == (DIGEST, DIGEST)
    assert deeper[app].layers is not None
    assert requests(sent)[:3] == ["HEAD app/manifests/1", "HEAD other/manifests/1", f"GET app/manifests/{DIGEST}"]
    assert {(request.verify, request.headers["User-Agent"]) for request in sent} == {("/ca.pem", "test")}


def test_other_access_is_another_question() -> None:
    clock = FakeClock()
    shared, image = shared_registries(clock), f"{HOST}/app:1"
    login = {"server": HOST, "username": "user", "password": "word"}
    with registry_network(answer) as sent:
        for values in (
            {},
            {"image_registry_credentials": [login]},
            {"image_registry_credentials": [{**login, "password": "other"}]},
            {"registry_http_end_point_list": [HOST]},
            {"registry_skip_verify_list": [HOST]},
            {"image_registry_credentials": [login]},
            {"images": [image]},
        ):
            assert shared.look_up(values, {image: Depth.DIGEST}, Deadline(clock, 60))[image].digest == DIGEST
    assert [(request.url.partition(":")[0], request.verify) for request in sent] == [
        ("https", "/ca.pem"),
        ("https", "/ca.pem"),
        ("https", "/ca.pem"),
        ("http", "/ca.pem"),
        ("https", False),
    ]


@pytest.mark.parametrize(("left", "timeout"), [(60, 60), (299, 299), (1000, 300)])
def test_lookup_ends_after_300_s_or_with_the_deadline_of_the_cache(left: float, timeout: float) -> None:
    clock = FakeClock()
    with registry_network(answer) as sent:
        shared_registries(clock).look_up({}, {f"{HOST}/app:1": Depth.DIGEST}, Deadline(clock, left))
    assert [request.timeout for request in sent] == [timeout]


def test_failure_is_a_result() -> None:
    clock = FakeClock()
    shared, image = shared_registries(clock), f"{HOST}/app:1"
    with registry_network(lambda _request: (404, {}, b"")) as sent:
        for _cache in range(2):
            assert shared.look_up({}, {image: Depth.SIZES}, Deadline(clock, 60))[image].error is not None
    assert requests(sent) == ["HEAD app/manifests/1", "GET app/manifests/1"]


def test_platform_is_that_of_super_nodes() -> None:
    assert str(registries.PLATFORM) == "linux/amd64"


def test_close_closes_the_connections_to_all_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Any] = []
    clock = FakeClock()
    shared = shared_registries(clock)

    def close(client: Any) -> None:
        closed.append(client)

    monkeypatch.setattr(RegistryClient, "close", close)
    with registry_network(answer):
        for values in ({}, {"registry_skip_verify_list": [HOST]}, {}):
            shared.look_up(values, {f"{HOST}/app:1": Depth.DIGEST}, Deadline(clock, 60))
    assert closed == []
    shared.close()
    assert len(closed) == len(set(closed)) == 2
