# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How tests reach a registry: the same for the emulated one and for a real one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Optional, Protocol, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryAccess
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth, Image, look_up_images
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import is_digest, parse_platform
from unit.support.registry_images import Pusher

__all__ = ["QuickClock", "Server", "access_to", "check_facts", "client_of", "look_up", "pusher_to", "with_password"]


class Server(Protocol):
    """What tests need to know of a registry."""

    @property
    def auth(self) -> str:
        """C(none), C(basic) or C(token)."""

    @property
    def scheme(self) -> str:
        """C(http) or C(https)."""

    @property
    def host(self) -> str:
        """Host and port, as image references have them."""

    @property
    def username(self) -> str:
        """A user who may pull and push."""

    @property
    def password(self) -> str:
        """That user's password."""

    @property
    def verify(self) -> Union[bool, str]:
        """Whether its certificate is checked, or the path of a CA bundle."""


class QuickClock(Clock):
    """The real clock, but pauses take no time: they only pass on it."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Return seconds that pass with each pause."""
        return super().monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        """Note a pause."""
        self.slept.append(seconds)


def access_to(server: Server, *, anonymous: bool = False, **facts: Any) -> RegistryAccess:
    """Return the access that a user would declare for a registry: credentials, and plain http where it speaks that."""
    entry = {"server": server.host, "username": server.username, "password": server.password}
    plain = [server.host] if server.scheme == "http" else []
    common = {"timeout": 10, "retries": 2, "verify": server.verify}
    return RegistryAccess.from_options([] if anonymous else [entry], plain, **{**common, **facts})


def with_password(server: Server, password: str) -> RegistryAccess:
    """Return the access with another password."""
    entry = {"server": server.host, "username": server.username, "password": password}
    plain = [server.host] if server.scheme == "http" else []
    return RegistryAccess.from_options([entry], plain, retries=2, verify=server.verify)


def client_of(server: Server, clock: Optional[Clock] = None, **facts: Any) -> RegistryClient:
    """Return a client for a registry."""
    return RegistryClient(access_to(server, **facts), clock or QuickClock())


def look_up(
    client: RegistryClient, images: Union[str, Iterable[str]], depth: Depth = Depth.SIZES, platform: str = "linux/amd64"
) -> Any:
    """Return the facts on one image, or those on several in their order."""
    written = [images] if isinstance(images, str) else list(images)
    deadline = Deadline(client.clock, 300)
    found: dict[str, Image] = look_up_images(client, written, depth, parse_platform(platform), deadline=deadline)
    assert list(found) == list(dict.fromkeys(written))
    return found[images] if isinstance(images, str) else list(found.values())


def check_facts(found: Image, secrets: list[str]) -> None:
    """Check that facts are of their types, and that an error says which image it is about, but no secret."""
    assert found.exists in (None, True, False)
    assert (found.digest is None) == (found.pinned is None)
    for digest in (found.digest, found.platform_digest):
        assert digest is None or is_digest(digest)
    for layer in found.layers or ():
        assert is_digest(layer.digest)
        assert isinstance(layer.compressed_bytes, int)
        assert layer.unpacked_bytes is None or layer.unpacked_bytes >= layer.compressed_bytes
    for platform in found.platforms:
        assert platform.isascii()
    if found.error is None:
        assert found.exists
        return
    facts = found.error.facts()
    assert facts["code"]
    assert found.image in facts["message"]
    shown = json.dumps(facts)
    assert shown.isascii()
    assert not any(secret in shown for secret in secrets)


def pusher_to(server: Server, verify: Any = None) -> Pusher:
    """Return what pushes images to a registry."""
    url = f"{server.scheme}://{server.host}"
    return Pusher(url, server.username, server.password, server.verify if verify is None else verify)
