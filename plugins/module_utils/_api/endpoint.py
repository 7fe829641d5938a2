# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The address for requests: a host name, or an emulator on this machine."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput

__all__ = ["DEFAULT_PORTS", "TKE_ENDPOINT", "Endpoint", "is_host"]

TKE_ENDPOINT = "tke.tencentcloudapi.com"
DEFAULT_PORTS = {"https": 443, "http": 80}
# RFC 1035, 2.3.4: labels of 63 octets, names of 255 with their lengths. It forbids underscores, but they are in use.
HOST_NAME = re.compile(r"(?=.{1,253}\.?$)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?", re.ASCII)


class Endpoint(NamedTuple):
    """A scheme and a C(host) or C(host:port), spelled as in the Host header and the signature."""

    scheme: str
    host: str
    loopback: bool

    @property
    def url(self) -> str:
        """The URL for POST requests."""
        return f"{self.scheme}://{self.host}/"

    @classmethod
    def parse(cls, text: str, option: str = "endpoint", plain: bool = False) -> Endpoint:
        """Return the endpoint for a host, a host and port, or a URL. The default scheme is https.

        Raises InvalidInput for anything else, and for plain http to another machine: without TLS, a request reveals its
        signature and everything that it signs. C(plain) is for a service that only supports http and gets no signed
        requests: the default scheme is then http.
        """
        # urlsplit() silently removes some of these characters, which were hardly intended.
        if not text.isprintable():
            raise InvalidInput(f"Invalid {option}: {text!r} contains a character that is not allowed in a URL.")
        try:
            parts = urlsplit(text if "://" in text else f"{'http' if plain else 'https'}://{text}")
            name, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise InvalidInput(f"Invalid {option}: {text!r} is not a host, host:port or URL: {error}.") from None
        problem = _problem(parts.scheme, name, parts.netloc, parts.path + parts.query + parts.fragment)
        if problem:
            raise InvalidInput(f"Invalid {option}: {text!r} {problem}.")
        loopback = _is_loopback(name)
        if parts.scheme == "http" and not loopback and not plain:
            raise InvalidInput(
                f"Invalid {option}: {text!r} would send signed requests unencrypted. Plain HTTP is allowed only for"
                " a loopback address such as http://127.0.0.1:8400."
            )
        host = f"[{name}]" if ":" in name else name
        if port is not None and port != DEFAULT_PORTS[parts.scheme]:
            host = f"{host}:{port}"
        return cls(parts.scheme, host, loopback)


def _problem(scheme: str, name: str, netloc: str, rest: str) -> str:
    if scheme not in DEFAULT_PORTS:
        return "has a scheme other than https or http"
    if "@" in netloc:
        return "contains a user name or password. Set secret_id and secret_key instead"
    if not is_host(name):
        return "has no valid host"
    if rest not in ("", "/"):
        return "has a path, a query or a fragment. The API is served at the root path"
    return ""


def is_host(name: str) -> bool:
    """Return whether this is a host name or an IP address."""
    if ":" not in name:
        return HOST_NAME.fullmatch(name) is not None
    try:
        return "%" not in name and bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
