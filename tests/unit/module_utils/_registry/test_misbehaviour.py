# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries, token services and storage that misbehave: what is not sent to them, and what becomes of the lookup."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryAccess
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.sizes import sum_sizes
from emulator import registry_faults as faults
from emulator.registry import REGISTRY, STORAGE, TOKEN_SERVICE, Registry
from unit.support.registry_access import QuickClock, client_of, look_up, pusher_to, with_password
from unit.support.registry_images import OCI, gzip_layer

LAYER = gzip_layer(5000)
OTHER_DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def image(emulated: Registry) -> str:
    """An image in the emulated registry."""
    pusher_to(emulated).push_image("app", "1.0", [LAYER])
    emulated.received.clear()
    return f"{emulated.host}/app:1.0"


@pytest.fixture
def guarded_image(guarded: Registry) -> str:
    """An image in the registry with a token service."""
    pusher_to(guarded).push_image("app", "1.0", [LAYER])
    guarded.received.clear()
    return f"{guarded.host}/app:1.0"


@pytest.fixture
def authority() -> trustme.CA:
    """The authority of a registry's certificate."""
    return trustme.CA()


@pytest.fixture
def encrypted(authority: trustme.CA) -> Iterator[Registry]:
    """A registry with TLS and a token service."""
    server = Registry("token", authority=authority).start()
    yield server
    server.stop()


@pytest.fixture
def encrypted_image(encrypted: Registry, authority: trustme.CA, tmp_path: Path) -> tuple[str, str]:
    """An image in the registry with TLS, and the path of the authority's certificate."""
    path = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(path)
    pusher_to(encrypted, path).push_image("app", "1.0", [LAYER])
    encrypted.received.clear()
    return f"{encrypted.host}/app:1.0", path


def services(server: Registry) -> list[str]:
    return [request.service for request in server.received]


def logins(server: Registry, service: str) -> list[Any]:
    return [request.headers.get("Authorization") for request in server.received if request.service == service]


class TestAuthentication:
    @pytest.mark.parametrize("challenge", ['Basic realm="x"', "Negotiate", "", "nonsense ="])
    def test_endless_401_ends(self, emulated: Registry, image: str, challenge: str) -> None:
        emulated.faults.append(faults.unauthorize(challenge))
        found = look_up(client_of(emulated), image)
        assert found.exists is None
        assert found.is_refused is challenge.startswith("Basic")
        assert len(emulated.received) <= 2

    def test_endless_401_with_tokens_ends(self, emulated: Registry, image: str) -> None:
        challenge = f'Bearer realm="{emulated.url(TOKEN_SERVICE)}/token"'
        emulated.faults.append(faults.unauthorize(challenge))
        found = look_up(client_of(emulated), image)
        assert (found.exists, found.is_refused, found.error.code) == (None, True, "CredentialsRefused")
        assert services(emulated) == [REGISTRY, TOKEN_SERVICE, REGISTRY]

    def test_403_before_credentials_were_sent_is_not_definite(self, emulated: Registry, image: str) -> None:
        emulated.faults.append(faults.fail(403))
        found = look_up(client_of(emulated), image)
        assert (found.exists, found.is_refused, found.error.code) == (None, False, "NotFoundOrNotAllowed")

    @pytest.mark.parametrize(
        "realm",
        [
            "http://169.254.0.23/latest/meta-data/",
            "https://169.254.0.23/token",
            "http://[fe80::1]/token",
            "https://10.1.2.3/token",
            "http://auth.example/token",
            "https://user@auth.example/token",
            "file:///etc/passwd",
            "/token",
            "",
        ],
    )
    def test_forbidden_token_service_is_not_asked(self, guarded: Registry, guarded_image: str, realm: str) -> None:
        guarded.faults.append(faults.move_token_service(realm))
        found = look_up(client_of(guarded), guarded_image)
        assert (found.exists, found.is_refused, found.error.code) == (None, False, "TokenServiceRefused")
        assert services(guarded) == [REGISTRY]

    def test_token_service_without_tls_is_not_asked_for_a_registry_with(
        self, encrypted: Registry, encrypted_image: tuple[str, str], emulated: Registry
    ) -> None:
        image, path = encrypted_image
        encrypted.faults.append(faults.move_token_service(f"{emulated.url(TOKEN_SERVICE)}/token"))
        found = look_up(client_of(encrypted, verify=path), image)
        assert found.error.code == "TokenServiceRefused"
        assert "does not use HTTPS" in found.error.message
        assert services(emulated) == []

    def test_password_does_not_go_to_another_host_without_tls(self, guarded: Registry, guarded_image: str) -> None:
        realm = f"{guarded.url(TOKEN_SERVICE, 'localhost')}/token"
        guarded.faults.append(faults.move_token_service(realm))
        found = look_up(client_of(guarded), guarded_image)
        assert found.error.code == "TokenServiceRefused"
        assert "password" in found.error.message
        assert services(guarded) == [REGISTRY]

    def test_anonymous_token_may_come_from_there(self, guarded: Registry, guarded_image: str) -> None:
        guarded.is_public = True
        guarded.faults.append(faults.move_token_service(f"{guarded.url(TOKEN_SERVICE, 'localhost')}/token"))
        assert look_up(client_of(guarded, anonymous=True), guarded_image).error is None
        assert logins(guarded, TOKEN_SERVICE) == [None]

    def test_password_goes_to_the_token_service_over_tls(
        self, encrypted: Registry, encrypted_image: tuple[str, str]
    ) -> None:
        image, path = encrypted_image
        encrypted.faults.append(faults.move_token_service(f"{encrypted.url(TOKEN_SERVICE, 'localhost')}/token"))
        client = client_of(encrypted, verify=path)
        found = look_up(client, image)
        assert (found.error, found.layers[0].unpacked_bytes) == (None, LAYER.unpacked)
        assert logins(encrypted, TOKEN_SERVICE)[0].startswith("Basic ")
        assert not any(str(login).startswith("Basic") for login in logins(encrypted, REGISTRY))

    def test_password_of_another_registry_goes_nowhere(self, guarded: Registry, guarded_image: str) -> None:
        guarded.is_public = True
        other = {"server": "other.example", "username": "user", "password": "word"}
        client = RegistryClient(RegistryAccess.from_options([other], [guarded.host]), QuickClock())
        assert look_up(client, guarded_image).error is None
        assert logins(guarded, TOKEN_SERVICE) == [None]

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b'{"token": ""}',
            b'{"token": 7}',
            b'{"token": ["x"]}',
            b'{"token": "a\\r\\nX-Injected: 1"}',
            '{"token": "ä"}'.encode(),
            b'{"token": "x"' + b" " * 70000 + b"}",
        ],
    )
    def test_spoilt_token_is_not_used(self, guarded: Registry, guarded_image: str, body: bytes) -> None:
        guarded.faults.append(faults.answer_token(body))
        found = look_up(client_of(guarded), guarded_image)
        assert (found.exists, found.is_refused, found.error.code) == (None, False, "MalformedRegistryAnswer")
        assert services(guarded) == [REGISTRY, TOKEN_SERVICE]

    def test_access_token_is_a_token_too(self, guarded: Registry, guarded_image: str) -> None:
        guarded.tokens["mine"] = ["repository:app:pull"], float("inf")
        guarded.faults.append(faults.answer_token(b'{"access_token": "mine"}'))
        assert look_up(client_of(guarded), guarded_image).error is None

    @pytest.mark.parametrize(("status", "is_refused"), [(401, True), (403, True), (404, False), (400, False)])
    def test_refusal_of_the_token_service_counts_with_credentials(
        self, guarded: Registry, guarded_image: str, status: int, is_refused: bool
    ) -> None:
        body = b'{"errors": [{"code": "NAME_UNKNOWN"}]}'
        guarded.faults.append(faults.answer_token(body, status))
        found = look_up(client_of(guarded), guarded_image)
        assert (found.exists, found.is_refused) == (None, is_refused)
        anonymous = look_up(client_of(guarded, anonymous=True), guarded_image)
        assert (anonymous.exists, anonymous.is_refused) == (None, False)

    def test_refused_password_is_not_sent_for_each_repository(self, guarded: Registry) -> None:
        client = RegistryClient(with_password(guarded, "wrong"), QuickClock())
        images = [f"{guarded.host}/app{number}:1" for number in range(40)]
        for found in look_up(client, images):
            assert (found.is_refused, found.error.code) == (True, "CredentialsRefused")
            assert found.image in found.error.message
        # As many as ask before the first of them has its answer.
        assert len(guarded.requests(TOKEN_SERVICE)) <= 10

    def test_redirect_of_the_token_service_is_not_followed(self, guarded: Registry, guarded_image: str) -> None:
        def move(reply: faults.Reply) -> None:
            if reply.kind == faults.TOKEN:
                reply.status, reply.headers["Location"] = 302, f"{guarded.url(STORAGE)}/token"

        guarded.faults.append(move)
        found = look_up(client_of(guarded), guarded_image)
        assert found.error.code == "UnexpectedStatus"
        assert STORAGE not in services(guarded)


class TestRedirects:
    def storage(self, server: Registry, name: str = "127.0.0.1") -> faults.ReplyFault:
        return faults.redirect(lambda path: f"{server.url(STORAGE, name)}/{path.rpartition('/')[2]}")

    @pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
    def test_no_authorization_goes_to_the_storage(self, guarded: Registry, guarded_image: str, name: str) -> None:
        guarded.faults.append(self.storage(guarded, name))
        found = look_up(client_of(guarded), guarded_image)
        assert found.layers[0].unpacked_bytes == LAYER.unpacked
        assert logins(guarded, STORAGE)
        assert set(logins(guarded, STORAGE)) == {None}

    def test_no_password_goes_to_the_storage(self) -> None:
        server = Registry("basic").start()
        pusher_to(server).push_image("app", "1.0", [LAYER])
        server.received.clear()
        server.faults.append(self.storage(server))
        found = look_up(client_of(server), f"{server.host}/app:1.0")
        server.stop()
        assert found.layers[0].unpacked_bytes == LAYER.unpacked
        assert set(logins(server, STORAGE)) == {None}

    def test_redirect_of_a_manifest_is_followed_without_authorization(
        self, guarded: Registry, guarded_image: str, emulated: Registry
    ) -> None:
        pusher_to(emulated).push_image("app", "1.0", [LAYER])
        emulated.received.clear()
        guarded.faults.append(faults.redirect(lambda path: emulated.url() + path, faults.MANIFEST))
        found = look_up(client_of(guarded), guarded_image)
        assert found.error is None
        assert set(logins(emulated, REGISTRY)) == {None}

    def test_storage_that_demands_authentication_gets_none(
        self, guarded: Registry, guarded_image: str, emulated: Registry
    ) -> None:
        guarded.faults.append(faults.redirect(lambda path: emulated.url() + path, faults.MANIFEST))
        emulated.faults.append(faults.unauthorize(f'Bearer realm="{emulated.url(TOKEN_SERVICE)}/token"'))
        found = look_up(client_of(guarded), guarded_image)
        assert found.error.code == "RedirectRefused"
        assert set(logins(emulated, REGISTRY)) == {None}
        assert TOKEN_SERVICE not in services(emulated)

    @pytest.mark.parametrize("kind", [faults.MANIFEST, faults.BLOB])
    def test_endless_redirects_end(self, emulated: Registry, image: str, kind: str) -> None:
        emulated.faults.append(faults.redirect(lambda path: path, kind))
        found = look_up(client_of(emulated), image)
        assert (found.error is None) == (kind == faults.BLOB)
        assert len(emulated.received) <= 2 + 2 * 4

    @pytest.mark.parametrize(
        "location",
        [
            "http://169.254.0.23/latest/meta-data/",
            "http://user:word@storage.example/",
            "ftp://storage.example/blob",
            "http://[::1",
            "//",
            "http://" + "a" * 300 + ".example/",
        ],
    )
    def test_forbidden_redirect_is_not_followed(self, emulated: Registry, image: str, location: str) -> None:
        emulated.faults.append(faults.redirect(lambda _path: location, faults.MANIFEST))
        found = look_up(client_of(emulated), image)
        assert (found.exists, found.is_refused, found.error.code) == (None, False, "RedirectRefused")
        assert "word" not in found.error.message
        emulated.faults[:] = [faults.redirect(lambda _path: location)]
        found = look_up(client_of(emulated), image)
        assert (found.exists, found.error, found.layers[0].unpacked_bytes) == (True, None, None)

    def test_redirect_from_tls_to_plain_http_is_not_followed(
        self, encrypted: Registry, encrypted_image: tuple[str, str], emulated: Registry
    ) -> None:
        image, path = encrypted_image
        encrypted.faults.append(self.storage(emulated))
        found = look_up(client_of(encrypted, verify=path), image)
        assert (found.error, found.layers[0].unpacked_bytes) == (None, None)
        assert services(emulated) == []


class TestTrust:
    def test_certificate_is_checked(self, encrypted: Registry, encrypted_image: tuple[str, str]) -> None:
        found = look_up(client_of(encrypted), encrypted_image[0])
        assert (found.exists, found.error.code, found.error.retryable) == (None, "UntrustedCertificate", False)
        assert encrypted.received == []

    def test_certificate_is_not_checked_where_that_is_declared(
        self, encrypted: Registry, encrypted_image: tuple[str, str]
    ) -> None:
        entry = {"server": encrypted.host, "username": encrypted.username, "password": encrypted.password}
        for hosts, exists in ([encrypted.host], True), (["other.example"], None):
            access = RegistryAccess.from_options([entry], (), hosts, retries=0)
            assert look_up(RegistryClient(access, QuickClock()), encrypted_image[0]).exists is exists

    def test_plain_registry_that_is_not_declared_is_not_asked(self, emulated: Registry, image: str) -> None:
        access = RegistryAccess.from_options(retries=0)
        found = look_up(RegistryClient(access, QuickClock()), image)
        assert (found.exists, found.error.code) == (None, "TlsMissing")
        assert emulated.received == []

    def test_netrc_is_not_read(
        self, emulated: Registry, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "netrc").write_text("default login user password word")
        (tmp_path / "netrc").chmod(0o600)
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        look_up(client_of(emulated, anonymous=True), image)
        assert set(logins(emulated, REGISTRY)) == {None}


class TestRetries:
    @pytest.mark.parametrize(
        "fault", [faults.throttle(2), faults.fail(503, 2), faults.reset(2)], ids=["throttled", "failed", "reset"]
    )
    def test_passing_failure_is_repeated(self, emulated: Registry, image: str, fault: faults.ReplyFault) -> None:
        emulated.faults.append(fault)
        assert look_up(client_of(emulated), image, Depth.DIGEST).error is None
        assert len(emulated.received) == 3

    @pytest.mark.parametrize(
        ("make", "code"),
        [
            (faults.throttle, "RegistryThrottled"),
            (lambda: faults.fail(500), "RegistryFailure"),
            (faults.reset, "NoAnswer"),
        ],
    )
    def test_lasting_failure_is_unknown_and_retryable(
        self, emulated: Registry, image: str, make: Any, code: str
    ) -> None:
        emulated.faults.append(make())
        found = look_up(client_of(emulated), image, Depth.DIGEST)
        assert (found.exists, found.is_refused, found.error.retryable) == (None, False, True)
        assert found.error.code == code
        assert len(emulated.received) == 3

    def test_retry_after_is_kept_to(self, emulated: Registry, image: str) -> None:
        clock = QuickClock()
        emulated.faults.append(faults.throttle(1, "17"))
        assert look_up(client_of(emulated, clock), image, Depth.DIGEST).error is None
        assert clock.slept == [17]

    def test_nothing_is_repeated_beyond_the_deadline(self, emulated: Registry, image: str) -> None:
        emulated.faults.append(faults.throttle(None, "60"))
        found = look_up(client_of(emulated, retries=1000), image, Depth.DIGEST)
        assert found.error.retryable
        assert len(emulated.received) == 5

    def test_registry_that_is_not_there_is_unknown(self) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            host = f"127.0.0.1:{listener.getsockname()[1]}"
            access = RegistryAccess.from_options((), [host], retries=1, timeout=2)
            found = look_up(RegistryClient(access, QuickClock()), f"{host}/app:1.0")
        assert (found.exists, found.is_refused, found.error.code) == (None, False, "ConnectionFailed")
        assert found.error.retryable


class TestLies:
    @pytest.mark.parametrize("depth", Depth)
    @pytest.mark.parametrize("digest", [OTHER_DIGEST, "sha256:x", "md5:" + "0" * 32, "../../blobs"])
    def test_digest_that_lies_is_an_error(self, emulated: Registry, image: str, digest: str, depth: Depth) -> None:
        emulated.faults.append(faults.lie_about_digest(digest, ("GET",)))
        if depth is not Depth.SIZES:
            emulated.faults.append(faults.close_head(405))
        found = look_up(client_of(emulated), image, depth)
        assert (found.is_refused, found.error.code) == (False, "MalformedRegistryAnswer")

    def test_digest_that_lies_at_head_is_found_out_by_the_manifest(self, emulated: Registry, image: str) -> None:
        emulated.faults.append(faults.lie_about_digest(OTHER_DIGEST))
        found = look_up(client_of(emulated), image)
        assert (found.platform_digest, found.layers) == (None, None)
        assert found.error

    def test_other_digest_than_the_one_asked_for_is_an_error(self, emulated: Registry, image: str) -> None:
        digest = look_up(client_of(emulated), image, Depth.DIGEST).digest
        emulated.faults.append(faults.lie_about_digest(OTHER_DIGEST))
        found = look_up(client_of(emulated), f"{image}@{digest}", Depth.DIGEST)
        assert "digest mismatch" in found.error.message

    @pytest.mark.parametrize("content_type", [None, OCI.manifest, OCI.index, "text/html"])
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<html>",
            b'{"layers": 7}',
            b"x" * (4 * 1024 * 1024 + 1),
            json.dumps({"schemaVersion": 1, "fsLayers": []}).encode(),
            json.dumps({"schemaVersion": 2, "manifests": [{"digest": 7}]}).encode(),
        ],
        ids=["empty", "page", "wrong type", "huge", "schema 1", "wrong digest"],
    )
    def test_manifest_that_is_none_is_an_error(
        self, emulated: Registry, image: str, content: bytes, content_type: Any
    ) -> None:
        emulated.faults.append(faults.answer_manifest(content, content_type))
        found = look_up(client_of(emulated), image)
        assert found.error.code in ("MalformedRegistryAnswer", "MalformedManifest", "UnsupportedManifest")
        assert (found.is_refused, found.layers, found.error.retryable) == (False, None, False)
        assert f"{emulated.host}/app:1.0" in found.error.message

    @pytest.mark.parametrize("depth", Depth)
    def test_page_is_not_taken_for_an_image(self, emulated: Registry, image: str, depth: Depth) -> None:
        emulated.faults.append(faults.fail(200))
        for name, code in ((image, "MalformedManifest"), (f"{image}@{OTHER_DIGEST}", "MalformedRegistryAnswer")):
            found = look_up(client_of(emulated), name, depth)
            assert (found.exists, found.digest, found.error.code) == (None, None, code)

    def test_404_of_a_web_server_is_not_definite(self, emulated: Registry, image: str) -> None:
        emulated.faults.append(faults.fail(404))
        found = look_up(client_of(emulated), image)
        assert (found.exists, found.is_refused, found.error.code) == (None, False, "UnexpectedStatus")

    def test_404_of_harbor_is_definite(self, emulated: Registry, image: str) -> None:
        body = b'{"errors": [{"code": "NOT_FOUND", "message": "artifact not found"}]}'
        emulated.faults.append(faults.fail(404, body=body))
        found = look_up(client_of(emulated), image)
        assert (found.exists, found.is_refused, found.error.code) == (False, True, "NOT_FOUND")

    def test_whole_blob_is_not_read(self, emulated: Registry, image: str) -> None:
        emulated.faults.append(faults.ignore_ranges())
        found = look_up(client_of(emulated), image)
        assert (found.error, found.layers[0].unpacked_bytes) == (None, None)
        assert sum_sizes([found]).recommended_size == 20

    @pytest.mark.parametrize("given", ["", "bytes 0-3/4", "bytes */99", "nonsense"])
    def test_other_range_than_the_one_asked_for_tells_nothing(self, emulated: Registry, image: str, given: str) -> None:
        def change(reply: faults.Reply) -> None:
            if reply.status == 206:
                reply.headers["Content-Range"] = given

        emulated.faults.append(change)
        assert look_up(client_of(emulated), image).layers[0].unpacked_bytes is None

    @pytest.mark.parametrize("body", [b"", b"\xff", b"\xff" * 100000])
    def test_range_of_another_length_tells_nothing(self, emulated: Registry, image: str, body: bytes) -> None:
        def change(reply: faults.Reply) -> None:
            if reply.status == 206:
                reply.body = body

        emulated.faults.append(change)
        assert look_up(client_of(emulated), image).layers[0].unpacked_bytes is None

    def test_configuration_that_is_not_there_is_no_failure(self, emulated: Registry, image: str) -> None:
        emulated.blobs.clear()
        found = look_up(client_of(emulated), image)
        assert (found.error, found.platforms, found.layers[0].unpacked_bytes) == (None, (), None)

    def test_too_many_indexes_are_not_opened(self, emulated: Registry) -> None:
        pusher = pusher_to(emulated)
        inner = [pusher.push_index("app", None, {f"linux/arm{number}": [LAYER]}) for number in range(12)]
        pusher.push_entries("app", "many", [pusher.entry("app", digest, OCI.index, None) for digest in inner])
        emulated.received.clear()
        found = look_up(client_of(emulated), f"{emulated.host}/app:many")
        assert found.error.code == "UnsupportedManifest"
        assert len(emulated.received) == 12

    def test_index_that_names_no_platforms_is_not_definite(self, emulated: Registry) -> None:
        pusher = pusher_to(emulated)
        digest = pusher.push_image("app", None, [LAYER])
        pusher.push_entries("app", "bare", [pusher.entry("app", digest, OCI.manifest, None)])
        found = look_up(client_of(emulated), f"{emulated.host}/app:bare")
        assert (found.exists, found.is_refused, found.error.code) == (True, False, "UnsupportedManifest")


class TestSecrets:
    def test_registry_that_repeats_what_it_was_sent_is_not_quoted(self, guarded: Registry, guarded_image: str) -> None:
        def repeat(reply: faults.Reply) -> None:
            sent = str([dict(request.headers) for request in guarded.received]) + guarded.password
            if reply.kind in (faults.MANIFEST, faults.TOKEN) and guarded.received[-1].method != "HEAD":
                error = {"code": sent, "message": sent, "detail": sent}
                reply.status, reply.body = statuses.pop(), json.dumps({"errors": [error]}).encode()

        guarded.faults.append(repeat)
        for status in (400, 401, 403, 404, 418, 200):
            statuses = [status] * 10
            error = look_up(client_of(guarded, retries=0), guarded_image).error
            shown = f"{error!r} {error} {error.facts()} {error.cause}"
            for secret in (guarded.password, *guarded.tokens, "Basic", "Bearer"):
                assert secret not in shown

    def test_no_repr_shows_what_is_sent(self, guarded: Registry, guarded_image: str) -> None:
        client = client_of(guarded)
        look_up(client, guarded_image)
        for shown in (vars(client), vars(client._wire), vars(client._authorizer)):
            for secret in (guarded.password, *guarded.tokens, *filter(None, logins(guarded, TOKEN_SERVICE))):
                assert secret not in repr(shown)
