# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry that speaks the OCI Distribution API over real HTTP, with its token service and its storage.

Each of the three has a port of its own. It takes pushes and checks passwords and the tokens that it has issued.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import hashlib
import json
import re
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union
from urllib.parse import parse_qs

import trustme
from aiohttp import web

from .registry_faults import BLOB, CHALLENGE, MANIFEST, OTHER, TOKEN, Reply, ReplyFault

__all__ = ["ReceivedRequest", "Registry"]

NONE, BASIC, BEARER = "none", "basic", "token"
REGISTRY, TOKEN_SERVICE, STORAGE = "registry", "token service", "storage"
SERVICE_NAME = "registry.example"
MAX_BODY_BYTES = 64 * 1024 * 1024
PLACE = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs/uploads|blobs)/(?P<last>[^/]*)")
RANGE = re.compile(r"bytes=(\d+)-(\d+)")


def write_opaque_token(_scopes: Sequence[str]) -> str:
    """Return a token that tells nothing to anybody but its issuer."""
    return f"opaque-{uuid.uuid4()}"


@dataclass(frozen=True)
class ReceivedRequest:
    """One request as it arrived, and at which of the services."""

    service: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]


class Registry:
    """A registry in a thread of its own, on the loopback address.

    C(auth) is C(none), C(basic) or C(token); with C(is_public) a token for pulls needs no password. An C(authority)
    makes it speak TLS; C(verify) is how tests check its certificate. C(write_token) makes the token for scopes.
    C(faults) change what it is about to send, one after the other.
    """

    def __init__(
        self,
        auth: str = NONE,
        *,
        authority: Optional[trustme.CA] = None,
        is_public: bool = False,
        token_life: Any = 300,
        write_token: Callable[[Sequence[str]], str] = write_opaque_token,
    ) -> None:
        self.auth, self.is_public, self.token_life = auth, is_public, token_life
        self.verify: Union[bool, str] = True
        self.username, self.password = "puller", "p4ss:word-of-the-registry"
        self.received: list[ReceivedRequest] = []
        self.faults: list[ReplyFault] = []
        self.blobs: dict[str, bytes] = {}
        # By repository and by tag or digest: media type and body.
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        # Each token with its scopes, and when it ends.
        self.tokens: dict[str, tuple[list[str], float]] = {}
        self.ports: dict[str, int] = {}
        self.is_encrypted = authority is not None
        self._ssl_context = _ssl_context(authority) if authority else None
        self._write_token = write_token
        self._uploads: dict[str, bytes] = {}
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="registry", daemon=True)

    @property
    def scheme(self) -> str:
        """What it speaks."""
        return "https" if self.is_encrypted else "http"

    @property
    def host(self) -> str:
        """Where image references say it is."""
        return f"127.0.0.1:{self.ports[REGISTRY]}"

    def url(self, service: str = REGISTRY, name: str = "127.0.0.1") -> str:
        """Return the root of one of its services."""
        return f"{self.scheme}://{name}:{self.ports[service]}"

    def start(self) -> Registry:
        """Begin to listen. Returns once connections are accepted."""
        self._thread.start()
        if not self._started.wait(60):
            raise OSError("the registry does not listen within 60 s")
        return self

    def stop(self) -> None:
        """Stop listening and wait for the thread's end."""
        # It may have stopped before.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)

    def restart(self) -> Registry:
        """Return a started registry on the same ports, with the content of this one, which has been stopped."""
        successor = Registry(
            self.auth, is_public=self.is_public, token_life=self.token_life, write_token=self._write_token
        )
        successor.is_encrypted, successor._ssl_context = self.is_encrypted, self._ssl_context
        for name in ("verify", "received", "faults", "blobs", "manifests", "ports"):
            setattr(successor, name, getattr(self, name))
        return successor.start()

    def requests(self, service: str = REGISTRY) -> list[tuple[str, str]]:
        """Return method and path of what one of its services has received, in order."""
        return [(request.method, request.path) for request in self.received if request.service == service]

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        runners = []
        for service in (REGISTRY, TOKEN_SERVICE, STORAGE):
            application = web.Application(client_max_size=MAX_BODY_BYTES)
            application.router.add_route("*", "/{path:.*}", functools.partial(self._answer, service))
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self.ports.get(service, 0), ssl_context=self._ssl_context).start()
            self.ports[service] = runner.addresses[0][1]
            runners.append(runner)
        self._started.set()
        await self._stop.wait()
        for runner in runners:
            await runner.cleanup()

    async def _answer(self, service: str, request: web.Request) -> web.StreamResponse:
        headers, query = dict(request.headers), request.rel_url.raw_query_string
        self.received.append(ReceivedRequest(service, request.method, request.path, query, headers))
        reply = self._reply(service, request, await request.read())
        for fault in self.faults:
            fault(reply)
        if reply.reset:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))

    def _reply(self, service: str, request: web.Request, body: bytes) -> Reply:
        if service == TOKEN_SERVICE:
            return self._issue_token(request)
        if service == STORAGE:
            return self._get_blob(request, request.path.rpartition("/")[2])
        place = PLACE.fullmatch(request.path)
        challenge = self._challenge(request, place["name"] if place else "")
        if challenge is not None:
            return challenge
        if place is None:
            return Reply(OTHER, request.method, request.path, 200 if request.path == "/v2/" else 404)
        return self._act(request, place["kind"], place["name"], place["last"], body)

    def _act(self, request: web.Request, kind: str, name: str, last: str, body: bytes) -> Reply:
        if kind == "blobs/uploads":
            return self._upload(request, name, last, body)
        if kind == "blobs":
            return self._get_blob(request, last)
        if request.method == "PUT":
            return self._put_manifest(request, name, last, body)
        return self._get_manifest(request, name, last)

    def _challenge(self, request: web.Request, name: str) -> Optional[Reply]:
        """Return what demands authentication, None where there is enough."""
        given = request.headers.get("Authorization", "")
        action = "pull" if request.method in ("GET", "HEAD") else "push"
        if self.auth == NONE or (self.auth == BASIC and given == self._basic()):
            return None
        scopes, ends = self.tokens.get(given.removeprefix("Bearer "), ([], 0.0))
        if ends > time.monotonic() and any(_allows(scope, name, action) for scope in scopes):
            return None
        scope = f"repository:{name}:{'pull' if action == 'pull' else 'pull,push'}"
        realm = f"{self.url(TOKEN_SERVICE)}/token"
        header = f'Bearer realm="{realm}",service="{SERVICE_NAME}",scope="{scope}"'
        if self.auth == BASIC:
            header = 'Basic realm="A registry, of which \\"nobody\\" knows"'
        return _error(CHALLENGE, request, 401, "UNAUTHORIZED", {"WWW-Authenticate": header})

    def _basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def _issue_token(self, request: web.Request) -> Reply:
        given, scopes = request.headers.get("Authorization"), parse_qs(request.query_string).get("scope", [])
        if given not in (None, self._basic()):
            return _error(TOKEN, request, 401, "UNAUTHORIZED")
        if given is None:
            scopes = [scope for scope in scopes if self.is_public and scope.endswith(":pull")]
        token = self._write_token(scopes)
        # A life that makes no sense is the default one.
        life = self.token_life if isinstance(self.token_life, (int, float)) and self.token_life > 1 else 60
        self.tokens[token] = scopes, time.monotonic() + life
        answer = {"token": token, "expires_in": self.token_life}
        return Reply(TOKEN, request.method, request.path, 200, {}, json.dumps(answer).encode())

    def _upload(self, request: web.Request, name: str, upload: str, body: bytes) -> Reply:
        if request.method == "POST":
            upload = str(uuid.uuid4())
            self._uploads[upload] = b""
            headers = {"Location": f"/v2/{name}/blobs/uploads/{upload}"}
            return Reply(OTHER, request.method, request.path, 202, headers)
        digest, content = request.query.get("digest", ""), self._uploads.pop(upload, b"") + body
        if digest != _sha256(content):
            return _error(OTHER, request, 400, "DIGEST_INVALID")
        self.blobs[digest] = content
        return Reply(OTHER, request.method, request.path, 201, {"Docker-Content-Digest": digest})

    def _get_blob(self, request: web.Request, digest: str) -> Reply:
        blob = self.blobs.get(digest)
        if blob is None:
            return _error(BLOB, request, 404, "BLOB_UNKNOWN")
        wanted = RANGE.fullmatch(request.headers.get("Range", ""))
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
        if wanted is None or int(wanted[1]) >= len(blob):
            return Reply(BLOB, request.method, request.path, 416 if wanted else 200, headers, blob, whole=blob)
        first, last = int(wanted[1]), min(int(wanted[2]), len(blob) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(blob)}"
        return Reply(BLOB, request.method, request.path, 206, headers, blob[first : last + 1], whole=blob)

    def _put_manifest(self, request: web.Request, name: str, last: str, body: bytes) -> Reply:
        media_type, digest = request.headers.get("Content-Type", ""), _sha256(body)
        if ":" in last and last != digest:
            return _error(OTHER, request, 400, "DIGEST_INVALID")
        for key in (last, digest):
            self.manifests[name, key] = media_type, body
        return Reply(OTHER, request.method, request.path, 201, {"Docker-Content-Digest": digest})

    def _get_manifest(self, request: web.Request, name: str, last: str) -> Reply:
        media_type, body = self.manifests.get((name, last), ("", b""))
        if not any(repository == name for repository, _last in self.manifests):
            return _error(MANIFEST, request, 404, "NAME_UNKNOWN")
        # As distribution has it: what the client does not accept is not there.
        if not body or media_type not in request.headers.get("Accept", ""):
            return _error(MANIFEST, request, 404, "MANIFEST_UNKNOWN")
        headers = {"Content-Type": media_type, "Docker-Content-Digest": _sha256(body)}
        return Reply(MANIFEST, request.method, request.path, 200, headers, body)


def _allows(scope: str, name: str, action: str) -> bool:
    kind, _colon, rest = scope.partition(":")
    path, _colon, actions = rest.rpartition(":")
    return kind == "repository" and path == name and action in actions.split(",")


def _error(
    kind: str, request: web.Request, status: int, code: str, headers: Optional[Mapping[str, str]] = None
) -> Reply:
    body = json.dumps({"errors": [{"code": code, "message": "words of the registry"}]}).encode()
    reply = Reply(kind, request.method, request.path, status, {"Content-Type": "application/json"}, body)
    reply.headers.update(headers or {})
    return reply


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _ssl_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context
