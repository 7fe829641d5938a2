# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to registries: redirects, retries, time limits, and where the Authorization header is sent."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    ConnectionFailed,
    MalformedAnswer,
    NoAnswer,
    UntrustedCertificate,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry import wire
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryAccess
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import RegistryError
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.wire import RegistryRequest, Wire
from emulator import registry_faults as faults
from emulator.registry import Registry
from unit.support.clock import FakeClock
from unit.support.registry_access import client_of, look_up, pusher_to
from unit.support.registry_images import gzip_layer
from unit.support.registry_network import Answer, Sent, registry_network

HOST = "r.example.com"
URL = f"https://{HOST}/v2/app/manifests/1"
OK: Answer = (200, {}, b"")


def send(
    answers: list[Answer], *, seconds: float = 300, clock: Optional[FakeClock] = None, **facts: Any
) -> tuple[list[Sent], Any]:
    """Send a request that gets these answers, and return what was sent and the status or the error."""
    clock = clock or FakeClock()
    retries, method = facts.pop("retries", 0), facts.pop("method", "GET")
    access = RegistryAccess.from_options(retries=retries, timeout=20.0, user_agent="test")
    request = RegistryRequest(method, URL, authorization="Basic abc", **facts)
    with registry_network(lambda _sent: answers.pop(0)) as sent:
        try:
            return sent, Wire(access, clock, 1).send(access.endpoint(HOST), request, Deadline(clock, seconds)).status
        except RegistryError as error:
            return sent, error


def to(location: str, status: int = 307) -> Answer:
    return status, {"Location": location}, b""


def places(sent: list[Sent]) -> list[Any]:
    return [(request.url, request.headers.get("Authorization")) for request in sent]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_followed_with_the_same_method(status: int) -> None:
    sent, outcome = send([to("/other", status), OK], method="HEAD", redirects=1)
    assert outcome == 200
    assert places(sent) == [(URL, "Basic abc"), (f"https://{HOST}/other", "Basic abc")]
    assert [request.method for request in sent] == ["HEAD", "HEAD"]


@pytest.mark.parametrize("answer", [to("/other", 300), to("/other", 304), to("/other", 200), (307, {}, b"")])
def test_other_answer_is_not_a_redirect(answer: Any) -> None:
    sent, outcome = send([answer], redirects=3)
    assert (len(sent), outcome) == (1, answer[0])


def test_redirect_that_the_request_does_not_allow_is_its_answer() -> None:
    sent, outcome = send([to("/other")])
    assert (len(sent), outcome) == (1, 307)


def test_too_many_redirects_are_an_error() -> None:
    sent, outcome = send([to("/a"), to("/b"), to("/c")], redirects=2)
    assert len(sent) == 3
    assert (outcome.code, outcome.cause) == ("RedirectRefused", "the registry redirects more than 2 times")


@pytest.mark.parametrize(
    "elsewhere", ["https://b.example.com/x", f"https://{HOST}:8443/x", "https://r.example.com.evil.example/x"]
)
def test_authorization_is_not_sent_to_another_origin_nor_after_it(elsewhere: str) -> None:
    sent, outcome = send([to(elsewhere), to(URL), OK], redirects=2)
    assert outcome == 200
    assert places(sent) == [(URL, "Basic abc"), (elsewhere, None), (URL, None)]


@pytest.mark.parametrize(("status", "is_refusal"), [(400, False), (401, True), (403, True), (404, False)])
def test_refusal_of_another_host_is_not_that_of_the_registry(status: int, is_refusal: bool) -> None:
    sent, outcome = send([to("https://b.example.com:8443/x"), (status, {}, b"")], redirects=1)
    assert len(sent) == 2
    if is_refusal:
        assert outcome.code == "RedirectRefused"
        words = f"the registry redirects to b.example.com:8443, which returned HTTP status {status}"
        assert outcome.cause == words
    else:
        assert outcome == status
    assert send([(status, {}, b"")], redirects=1)[1] == status


@pytest.mark.parametrize(
    ("location", "cause"),
    [
        ("ftp://b.example.com/", "the registry has an invalid address or redirects to one"),
        ("http://[::1", "the registry has an invalid address or redirects to one"),
        (
            "http://b.example.com/",
            "r.example.com redirects to b.example.com, which is not allowed because the target does not use HTTPS",
        ),
        (
            "https://127.0.0.1:81/",
            "r.example.com redirects to 127.0.0.1:81, which is not allowed because the target has a loopback,"
            " link-local, or unspecified address",
        ),
    ],
)
def test_forbidden_redirect_is_named(location: str, cause: str) -> None:
    sent, outcome = send([to(location)], redirects=3)
    assert len(sent) == 1
    assert (outcome.code, outcome.cause) == ("RedirectRefused", cause)


@pytest.mark.parametrize(("status", "code"), [(429, "RegistryThrottled"), (500, "RegistryFailure"), (503, "X")])
def test_passing_failure_is_repeated_and_reported_in_the_end(status: int, code: str) -> None:
    body = b'{"errors": [{"code": "UNAVAILABLE"}]}' if code == "X" else b""
    failure: Answer = (status, {}, body)
    sent, outcome = send([failure, failure, OK], retries=2)
    assert (len(sent), outcome) == (3, 200)
    sent, outcome = send([failure, failure], retries=1, who="the token service b")
    assert len(sent) == 2
    assert (outcome.code, outcome.http_status) == ("UNAVAILABLE" if code == "X" else code, status)
    assert outcome.cause.startswith(f"the token service b returned HTTP status {status}")


@pytest.mark.parametrize("status", [400, 404, 428, 430, 499])
def test_lasting_failure_is_not_repeated(status: int) -> None:
    sent, outcome = send([(status, {}, b"")], retries=5)
    assert (len(sent), outcome) == (1, status)


@pytest.mark.parametrize("status", [429, 503])
def test_pause_is_at_least_that_of_the_registry(status: int) -> None:
    clock = FakeClock()
    send([(status, {"Retry-After": "17"}, b""), OK], retries=1, clock=clock)
    assert clock.slept == [17.0]


@pytest.mark.parametrize(
    ("error", "code", "count"),
    [
        (ConnectionFailed("no connection"), "ConnectionFailed", 3),
        (NoAnswer("no answer"), "NoAnswer", 3),
        (UntrustedCertificate("not trusted"), "UntrustedCertificate", 1),
    ],
)
def test_failed_exchange_is_repeated_if_that_can_help(error: Exception, code: str, count: int) -> None:
    sent, outcome = send([error] * 3, retries=2)
    assert (len(sent), outcome.code, outcome.cause) == (count, code, str(error))


def test_malformed_answer_names_who_sent_it() -> None:
    sent, outcome = send([MalformedAnswer("too large")], retries=2, who="the token service b")
    assert len(sent) == 1
    assert outcome.code == "MalformedRegistryAnswer"
    assert outcome.cause == "invalid response from the token service b: too large"


@pytest.mark.parametrize(("seconds", "timeout"), [(300, 20), (20.5, 20), (5.5, 5.5), (1, 1), (0.25, 1)])
def test_request_ends_with_its_timeout_or_the_deadline(seconds: float, timeout: float) -> None:
    (request,), outcome = send([OK], seconds=seconds)
    assert (request.timeout, request.host, request.verify, outcome) == (timeout, HOST, True, 200)


def test_nothing_is_sent_after_the_deadline() -> None:
    sent, outcome = send([OK], seconds=0, retries=2)
    assert sent == []
    assert outcome.code == "NoAnswer"
    assert outcome.cause == f"the time limit expired before the request to {HOST}"


def test_headers_of_a_request_are_added_to_those_of_all() -> None:
    (request,), _outcome = send([OK], headers={"Range": "bytes=0-3"})
    assert request.headers == {
        "User-Agent": "test",
        "Accept-Encoding": "identity",
        "Range": "bytes=0-3",
        "Authorization": "Basic abc",
    }


class Session:
    """A session that notes its settings and whether it is closed."""

    def __init__(self, *_arguments: Any, **settings: Any) -> None:
        self.settings, self.is_closed = settings, False

    def close(self) -> None:
        self.is_closed = True


def test_each_registry_has_one_session_with_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions: list[Session] = []

    def open_session(*arguments: Any, **settings: Any) -> Session:
        sessions.append(Session(*arguments, **settings))
        return sessions[-1]

    monkeypatch.setattr(wire, "open_session", open_session)
    access = RegistryAccess.from_options((), (), ["b.example.com"], retries=0, verify="/ca.pem")
    opened = Wire(access, FakeClock(), 1)
    hosts = ["a.example.com", "b.example.com", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "a.example.com"]
    with registry_network(lambda _sent: OK) as sent:
        for host in hosts:
            request = RegistryRequest("GET", f"https://{host}/v2/")
            opened.send(access.endpoint(host), request, Deadline(FakeClock(), 300))
    assert len(sent) == 6
    # Proxies are not for this machine.
    assert [(session.settings["verify"], session.settings["direct"]) for session in sessions] == [
        ("/ca.pem", False),
        (False, False),
        ("/ca.pem", True),
        ("/ca.pem", True),
        ("/ca.pem", True),
    ]
    assert sessions[0].settings["find_peer_problem"]("b.example.com", "169.254.0.23")
    assert not any(session.is_closed for session in sessions)
    opened.close()
    assert all(session.is_closed for session in sessions)


@pytest.mark.parametrize(("length", "code"), [(64 * 1024, "NAME_UNKNOWN"), (64 * 1024 + 1, "UnexpectedStatus")])
def test_error_of_up_to_64_kib_is_read(emulated: Registry, length: int, code: str) -> None:
    body = b'{"errors": [{"code": "NAME_UNKNOWN"}]}'.ljust(length)
    emulated.faults.append(faults.fail(404, body=body))
    assert look_up(client_of(emulated), f"{emulated.host}/app:1").error.code == code


@pytest.mark.parametrize(
    ("encoding", "is_read"), [("", True), ("identity", True), (" Identity ", True), ("gzip", False)]
)
def test_only_a_body_that_is_not_compressed_is_read(emulated: Registry, encoding: str, is_read: bool) -> None:
    pusher_to(emulated).push_image("app", "1", [gzip_layer()])
    emulated.faults.append(lambda reply: reply.headers.update({"Content-Encoding": encoding}))
    found = look_up(client_of(emulated), f"{emulated.host}/app:1")
    assert (found.error is None) is is_read


def test_encoding_counts_only_for_a_whole_body(emulated: Registry) -> None:
    layer = gzip_layer(5000)
    pusher_to(emulated).push_image("app", "1", [layer])

    def compress(reply: faults.Reply) -> None:
        if reply.method == "HEAD" or reply.status == 206:
            reply.headers["Content-Encoding"] = "gzip"

    emulated.faults.append(compress)
    found = look_up(client_of(emulated), f"{emulated.host}/app:1")
    assert (found.error, found.layers[0].unpacked_bytes) == (None, layer.unpacked)
