# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Access to registries: the addresses, trust and credentials of a build."""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, Iterable, Mapping, Optional, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import DEFAULT_DOMAIN

__all__ = ["RegistryAccess", "RegistryCredentials", "RegistryEndpoint", "host_of", "is_loopback", "normalize_domain"]

# Options for the access to registries: credentials, hosts with plain HTTP, hosts whose certificates are not verified.
ACCESS_OPTIONS = ("image_registry_credentials", "registry_http_end_point_list", "registry_skip_verify_list")
DOCKER_HUB_HOST = "registry-1.docker.io"
DOCKER_HUB = frozenset(["", DEFAULT_DOMAIN, "index.docker.io", DOCKER_HUB_HOST])


@dataclass(frozen=True)
class RegistryCredentials:
    """User name and password for one registry."""

    username: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """Return the value of the Authorization header (RFC 7617)."""
        pair = f"{self.username}:{self.password}".encode("utf-8", "surrogatepass")
        return "Basic " + base64.b64encode(pair).decode("ascii")


@dataclass(frozen=True)
class RegistryEndpoint:
    """The address of a registry. C(domain) is from image references. C(host) is the host with its port."""

    domain: str
    host: str
    is_plain: bool
    verify: Union[bool, str]
    credentials: Optional[RegistryCredentials] = None

    @property
    def url(self) -> str:
        """Return the root URL of the registry."""
        return f"{'http' if self.is_plain else 'https'}://{self.host}"

    @property
    def is_insecure(self) -> bool:
        """Return whether the registry is declared to use plain HTTP or an unverified certificate."""
        return self.is_plain or self.verify is False

    @property
    def host_name(self) -> str:
        """Return the host without its port."""
        return host_name_of(self.host)


@dataclass(frozen=True)
class RegistryAccess:
    """The settings for requests to registries. C(timeout) is in seconds for one request.

    C(verify) is whether certificates are verified, or the path of a CA bundle.
    """

    credentials: Mapping[str, RegistryCredentials] = field(default_factory=dict)
    plain_domains: FrozenSet[str] = frozenset()
    unverified_domains: FrozenSet[str] = frozenset()
    timeout: float = 30.0
    retries: int = 5
    verify: Union[bool, str] = True
    user_agent: str = ""

    @classmethod
    def from_options(
        cls,
        credentials: Iterable[Mapping[str, Any]] = (),
        plain_hosts: Iterable[str] = (),
        unverified_hosts: Iterable[str] = (),
        **facts: Any,
    ) -> RegistryAccess:
        """Return the access for options of image caches.

        C(credentials) are the entries of O(image_registry_credentials); the first entry of a server is used. The lists
        are O(registry_http_end_point_list) and O(registry_skip_verify_list).
        """
        by_domain: Dict[str, RegistryCredentials] = {}
        for entry in credentials:
            if entry.get("username") and entry.get("password"):
                login = RegistryCredentials(entry["username"], entry["password"])
                by_domain.setdefault(normalize_domain(entry.get("server")), login)
        return cls(by_domain, _domains(plain_hosts), _domains(unverified_hosts), **facts)

    @classmethod
    def from_values(cls, values: Mapping[str, Any], **facts: Any) -> RegistryAccess:
        """Return the access for the options of an image cache, which C(values) maps by name."""
        credentials, plain_hosts, unverified_hosts = (values.get(option) or () for option in ACCESS_OPTIONS)
        return cls.from_options(credentials, plain_hosts, unverified_hosts, **facts)

    def endpoint(self, domain: str) -> RegistryEndpoint:
        """Return the endpoint of the registry for the domain of a reference."""
        domain = normalize_domain(domain)
        verify = False if domain in self.unverified_domains else self.verify
        is_plain = domain in self.plain_domains
        return RegistryEndpoint(domain, host_of(domain), is_plain, verify, self.credentials.get(domain))


def normalize_domain(server: Optional[str]) -> str:
    """Return the domain of a server as in image references. An empty server is Docker Hub, which has several names."""
    host = (server or "").strip().split("://", 1)[-1].split("/", 1)[0].lower()
    return DEFAULT_DOMAIN if host in DOCKER_HUB else host


def host_of(domain: str) -> str:
    """Return the host to connect to for a domain."""
    return DOCKER_HUB_HOST if domain == DEFAULT_DOMAIN else domain


def host_name_of(host: str) -> str:
    """Return a host without its port and brackets."""
    name, _bracket, _port = host.partition("]")
    return name[1:] if name.startswith("[") else host.partition(":")[0]


def is_loopback(name: str) -> bool:
    """Return whether a host is a loopback name or address."""
    if name.rstrip(".").split(".")[-1] == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _domains(hosts: Iterable[str]) -> FrozenSet[str]:
    return frozenset(map(normalize_domain, hosts))
