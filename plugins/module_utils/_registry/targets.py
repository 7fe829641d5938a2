# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Checks of the addresses of token services and redirects that a registry names.

Source of the rules for token services: C(bearer.go) of github.com/google/go-containerregistry.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Any, Optional
from urllib.parse import urlsplit

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import DEFAULT_PORTS, is_host
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import (
    RegistryEndpoint,
    is_loopback,
)

__all__ = ["Target", "find_peer_problem", "find_redirect_problem", "find_token_service_problem", "parse_target"]

# The metadata service of an instance, which returns the keys of its role. It has a link-local address.
METADATA = "metadata.tencentyun.com"

# Other notations of IPv4 addresses that the C library accepts: 127.1, 0x7f.0.0.1, 2130706433. The host of a parsed URL
# is in lower case.
NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?")


@dataclass(frozen=True)
class Target:
    """A parsed URL. C(host) includes the port if it is not the default port of the scheme."""

    url: str
    scheme: str
    name: str
    port: int

    @property
    def host(self) -> str:
        """Return the name and port for messages."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    def has_origin_of(self, other: Target) -> bool:
        """Return whether both have the same scheme, host and port."""
        return (self.scheme, self.name, self.port) == (other.scheme, other.name, other.port)


def parse_target(url: str) -> Optional[Target]:
    """Return the parts of an absolute HTTP or HTTPS URL, None if it is another URL or contains a user or password."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or "@" in parts.netloc or not is_host(name):
        return None
    return Target(url, parts.scheme, name, DEFAULT_PORTS[parts.scheme] if port is None else port)


def find_token_service_problem(target: Target, endpoint: RegistryEndpoint) -> str:
    """Return the reason to reject a token service, an empty string if it is allowed."""
    if target.scheme != "https" and not endpoint.is_insecure:
        return "it does not use HTTPS"
    address = _address_of(target.name)
    if not _is_own(target, endpoint) and (is_loopback(target.name) or (address and not address.is_global)):
        return "it has a loopback or non-public address"
    return "it is the metadata service" if _is_metadata(target.name) else ""


def find_redirect_problem(target: Target, endpoint: RegistryEndpoint) -> str:
    """Return the reason to reject a redirect, an empty string if it is allowed.

    Private addresses are allowed, because the storage is often in the same network as the registry.
    """
    if target.scheme != "https" and not endpoint.is_insecure:
        return "the target does not use HTTPS"
    address = _address_of(target.name)
    special = address and (address.is_loopback or address.is_link_local or address.is_unspecified)
    if (special or is_loopback(target.name)) and not _is_own(target, endpoint):
        return "the target has a loopback, link-local, or unspecified address"
    return "the target is the metadata service" if _is_metadata(target.name) else ""


def find_peer_problem(endpoint: RegistryEndpoint, host: str, address: str) -> str:
    """Return the reason to send nothing to the address of a host, an empty string if it is allowed.

    The DNS can return any address for a token service or a redirect. Metadata services have link-local addresses.
    """
    peer = _address_of(address.partition("%")[0])
    if peer is not None and peer.is_link_local and host.strip("[]").lower() != endpoint.host_name:
        return f"its address {address} is link-local"
    return ""


def _is_metadata(name: str) -> bool:
    return name.rstrip(".") == METADATA


def _is_own(target: Target, endpoint: RegistryEndpoint) -> bool:
    """Return whether the target is on the host of the registry, or both are on this machine."""
    own = endpoint.host_name
    return target.name == own or (is_loopback(own) and is_loopback(target.name))


def _address_of(name: str) -> Any:
    """Return the IP address that a host is written as, None for a host name."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        if not NUMERIC.fullmatch(name):
            return None
        try:
            address = ipaddress.ip_address(socket.inet_aton(name.rstrip(".")))
        except (OSError, ValueError):
            return None
    return getattr(address, "ipv4_mapped", None) or address
