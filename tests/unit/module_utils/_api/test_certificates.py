# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CA bundles are loaded once in each process, and again only after a change; what they trust is verified."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import certificates
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.certificates import (
    load_usual_bundle,
    trusting_context,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import ConnectionFailed, UntrustedCertificate
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import exchange, open_session, read_body

VARIABLES = ("TENCENTCLOUD_CA_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@pytest.fixture(autouse=True)
def _forget_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    certificates._load.cache_clear()
    for name in (*VARIABLES, "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module", name="authority")
def make_authority() -> trustme.CA:
    """Return the authority of the servers."""
    return trustme.CA()


@pytest.fixture(name="bundle")
def write_bundle(authority: trustme.CA, tmp_path: Path) -> Path:
    """Return a file with the certificate of the authority."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


Serve = Callable[[socket.socket], None]


@pytest.fixture(name="listen")
def make_listen() -> Iterator[Callable[[Serve], int]]:
    """Return a function that serves connections in threads and returns the port."""
    listening: list[socket.socket] = []

    def listen(serve: Serve) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def accept() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return int(server.getsockname()[1])

    yield listen
    for server in listening:
        server.close()


def encrypted(authority: trustme.CA, serve: Serve) -> Serve:
    """Return a function that serves connections with TLS, with a certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def serve_encrypted(connection: socket.socket) -> None:
        try:
            serve(context.wrap_socket(connection, server_side=True))
        except OSError:
            connection.close()

    return serve_encrypted


def answer(connection: socket.socket) -> None:
    """Answer one request."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    connection.close()


def get(port: int, verify: object, *, direct: bool = True) -> bytes:
    """Return the answer of the server at the port, over a new connection."""
    with open_session(1, verify=verify, direct=direct, most=65536) as session:
        url = f"https://localhost:{port}/"
        response = exchange(
            session, "GET", url, lambda one: read_body(one, 10), host="localhost", timeout=5, verify=verify
        )
    return response.body


class TestLoading:
    def test_bundle_is_loaded_once(self, bundle: Path) -> None:
        context = trusting_context(str(bundle))
        assert trusting_context(str(bundle)) is context
        assert len(context.get_ca_certs()) == 1
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname

    def test_changed_bundle_is_loaded_again(self, bundle: Path) -> None:
        context = trusting_context(str(bundle))
        trustme.CA(organization_name="other").cert_pem.write_to_path(str(bundle), append=True)
        assert trusting_context(str(bundle)) is not context
        assert len(trusting_context(str(bundle)).get_ca_certs()) == 2

    def test_default_bundle_is_that_of_requests(self) -> None:
        assert len(trusting_context(True).get_ca_certs()) > 50

    @pytest.mark.parametrize("name", VARIABLES[:3])
    def test_usual_bundle_is_that_of_the_environment(self, name: str, bundle: Path) -> None:
        load_usual_bundle({name: str(bundle)})
        misses = certificates._load.cache_info().misses
        trusting_context(str(bundle))
        assert (misses, certificates._load.cache_info().misses) == (1, 1)

    def test_usual_bundle_is_the_default_one_without_variables(self) -> None:
        load_usual_bundle({"TENCENTCLOUD_CA_PATH": ""})
        assert certificates._load.cache_info().misses == 1
        trusting_context(True)
        assert certificates._load.cache_info().hits == 1

    @pytest.mark.parametrize("path", ["/no/such/file", "/a\x00b", os.devnull])
    def test_usual_bundle_that_cannot_be_loaded_is_left_to_the_task(self, path: str) -> None:
        load_usual_bundle({"TENCENTCLOUD_CA_PATH": path})
        assert certificates._load.cache_info().currsize == 0


class TestConnections:
    def test_connections_share_the_context(
        self, listen: Callable[[Serve], int], authority: trustme.CA, bundle: Path
    ) -> None:
        port = listen(encrypted(authority, answer))
        assert [get(port, str(bundle)) for _time in range(3)] == [b"ok"] * 3
        assert certificates._load.cache_info().misses == 1

    def test_certificate_of_another_authority_is_refused(
        self, listen: Callable[[Serve], int], authority: trustme.CA, tmp_path: Path
    ) -> None:
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(other))
        port = listen(encrypted(authority, answer))
        for verify in (True, str(other)):
            with pytest.raises(UntrustedCertificate):
                get(port, verify)
        assert get(port, False) == b"ok"
        # A connection without verification does not change the shared contexts.
        for verify in (True, str(other)):
            with pytest.raises(UntrustedCertificate):
                get(port, verify)

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl computes the names of the files")
    def test_authorities_in_a_directory_are_trusted(
        self, listen: Callable[[Serve], int], authority: trustme.CA, bundle: Path, tmp_path: Path
    ) -> None:
        port = listen(encrypted(authority, answer))
        folder = tmp_path / "authorities"
        folder.mkdir()
        with pytest.raises(UntrustedCertificate):
            get(port, str(folder))
        command = ["openssl", "x509", "-noout", "-hash", "-in", str(bundle)]
        name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        trusted = tmp_path / "trusted"
        trusted.mkdir()
        shutil.copy(bundle, trusted / f"{name}.0")
        assert get(port, str(trusted)) == b"ok"

    def test_file_without_certificates_fails_before_any_request(
        self, listen: Callable[[Serve], int], authority: trustme.CA, tmp_path: Path
    ) -> None:
        empty = tmp_path / "empty.pem"
        empty.write_text("no certificate\n", encoding="utf-8")
        with pytest.raises(ConnectionFailed, match="cannot connect to localhost"):
            get(listen(encrypted(authority, answer)), str(empty))

    def test_bundle_of_the_environment_is_trusted(
        self,
        listen: Callable[[Serve], int],
        authority: trustme.CA,
        bundle: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        port = listen(encrypted(authority, answer))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        assert get(port, True, direct=False) == b"ok"
        with pytest.raises(UntrustedCertificate):
            get(port, True)

    @pytest.mark.parametrize("trusted", [True, False])
    def test_certificate_of_an_encrypted_proxy_is_verified_too(
        self,
        listen: Callable[[Serve], int],
        authority: trustme.CA,
        bundle: Path,
        monkeypatch: pytest.MonkeyPatch,
        trusted: bool,
    ) -> None:
        target = listen(encrypted(authority, answer))
        requested: list[bytes] = []

        def tunnel(connection: socket.socket) -> None:
            requested.append(connection.recv(65536).splitlines()[0])
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with socket.create_connection(("127.0.0.1", target)) as onward:
                threading.Thread(target=pump, args=(connection, onward), daemon=True).start()
                pump(onward, connection)

        proxy = listen(encrypted(authority if trusted else trustme.CA(), tunnel))
        monkeypatch.setenv("https_proxy", f"https://localhost:{proxy}")
        if trusted:
            assert get(target, str(bundle), direct=False) == b"ok"
            assert [line.split()[:2] for line in requested] == [[b"CONNECT", f"localhost:{target}".encode()]]
        else:
            with pytest.raises(UntrustedCertificate):
                get(target, str(bundle), direct=False)
            assert requested == []


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Copy bytes until one side closes."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
