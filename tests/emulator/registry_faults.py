# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of a registry that a test switches on: each is a function that changes replies before they are sent.

Without C(times) a fault lasts.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Callable, Optional

__all__ = [
    "Reply",
    "ReplyFault",
    "answer_manifest",
    "answer_token",
    "close_head",
    "fail",
    "hide_content_type",
    "hide_digest",
    "ignore_ranges",
    "lie_about_digest",
    "move_token_service",
    "redirect",
    "reset",
    "throttle",
    "unauthorize",
]

# Kinds of replies.
MANIFEST, BLOB, TOKEN, CHALLENGE, OTHER = "manifest", "blob", "token", "challenge", "other"


@dataclass
class Reply:
    """What a service is about to send. C(kind) is what it is about: C(manifest), C(blob), C(token) or C(challenge)."""

    kind: str
    method: str
    path: str
    status: int
    headers: MutableMapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    # Instead of an answer the connection is reset.
    reset: bool = False
    # The whole of a blob of which the body is a part.
    whole: Optional[bytes] = None


ReplyFault = Callable[[Reply], None]


def _for(times: Optional[int], kinds: tuple[str, ...], change: ReplyFault) -> ReplyFault:
    """Return a fault that befalls the first replies of some kinds."""
    seen = 0

    def fault(reply: Reply) -> None:
        nonlocal seen
        if reply.kind in kinds:
            seen += 1
            if times is None or seen <= times:
                change(reply)

    return fault


def _answer(reply: Reply, status: int, body: bytes = b"", **headers: str) -> None:
    reply.status, reply.body = status, body
    reply.headers.clear()
    reply.headers.update({name.replace("_", "-"): value for name, value in headers.items()})


def unauthorize(challenge: str, kind: str = MANIFEST) -> ReplyFault:
    """It demands the same again, whatever it gets."""
    return _for(None, (kind,), lambda reply: _answer(reply, 401, WWW_Authenticate=challenge))


def throttle(times: Optional[int] = None, retry_after: str = "1", kind: str = MANIFEST) -> ReplyFault:
    """It answers 429."""
    body = b'{"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}'
    return _for(times, (kind,), lambda reply: _answer(reply, 429, body, Retry_After=retry_after))


def fail(status: int, times: Optional[int] = None, kind: str = MANIFEST, body: bytes = b"<html>") -> ReplyFault:
    """It answers with a status, and a page."""
    return _for(times, (kind,), lambda reply: _answer(reply, status, body, Content_Type="text/html"))


def reset(times: Optional[int] = None, kind: str = MANIFEST) -> ReplyFault:
    """It resets the connection."""
    return _for(times, (kind,), lambda reply: setattr(reply, "reset", True))


def redirect(location: Callable[[str], str], kind: str = BLOB) -> ReplyFault:
    """The registry, not its storage, redirects to what C(location) makes of the path."""

    def change(reply: Reply) -> None:
        if reply.path.startswith("/v2/"):
            _answer(reply, 307, Location=location(reply.path))

    return _for(None, (kind,), change)


def move_token_service(realm: str) -> ReplyFault:
    """Its challenges name another token service."""
    challenge = f'Bearer realm="{realm}",service="registry"'
    return _for(None, (CHALLENGE,), lambda reply: reply.headers.update({"WWW-Authenticate": challenge}))


def answer_token(body: bytes, status: int = 200) -> ReplyFault:
    """The token service answers this."""
    return _for(None, (TOKEN,), lambda reply: _answer(reply, status, body))


def answer_manifest(body: bytes, content_type: Optional[str] = None) -> ReplyFault:
    """Each GET of a manifest gets this body, without a digest; a HEAD says nothing of it."""

    def change(reply: Reply) -> None:
        kind = content_type or reply.headers.get("Content-Type", "application/json")
        _answer(reply, 200, body, Content_Type=kind)

    return _for(None, (MANIFEST,), change)


def ignore_ranges() -> ReplyFault:
    """It gives whole blobs."""

    def change(reply: Reply) -> None:
        if reply.whole is not None and reply.status == 206:
            _answer(reply, 200, reply.whole, Content_Type="application/octet-stream")

    return _for(None, (BLOB,), change)


def hide_digest(methods: tuple[str, ...] = ("HEAD", "GET")) -> ReplyFault:
    """It leaves Docker-Content-Digest out."""

    def change(reply: Reply) -> None:
        if reply.method in methods:
            reply.headers.pop("Docker-Content-Digest", None)

    return _for(None, (MANIFEST,), change)


def lie_about_digest(digest: str, methods: tuple[str, ...] = ("HEAD", "GET")) -> ReplyFault:
    """Its Docker-Content-Digest is another."""

    def change(reply: Reply) -> None:
        if reply.method in methods:
            reply.headers["Docker-Content-Digest"] = digest

    return _for(None, (MANIFEST,), change)


def hide_content_type() -> ReplyFault:
    """It calls everything an octet stream."""
    return _for(None, (MANIFEST,), lambda reply: reply.headers.update({"Content-Type": "application/octet-stream"}))


def close_head(status: int) -> ReplyFault:
    """It does not know HEAD."""

    def change(reply: Reply) -> None:
        if reply.method == "HEAD":
            _answer(reply, status)

    return _for(None, (MANIFEST,), change)
