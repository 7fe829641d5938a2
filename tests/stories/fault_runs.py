# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stories about network faults have in common: time limits, certificates, and a proxy in the environment."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import trustme
from emulator import Emulator

from .controller import Controller
from .faulty_proxy import FaultyProxy

TUNNEL_HOST = "tke.example.com"
TIMEOUT, RETRIES = 1.0, 2
# Tolerance for a slow machine, in seconds.
SLACK = 60.0
# The attempts, with the longest pause before each except the first.
READ_SECONDS = (RETRIES + 1) * TIMEOUT + 0.5 + 1.0
CERTIFICATE_FAULTS = ("wrong host", "expired", "self-signed")
TUNNEL_FAULTS = ("answers 407", "answers 502", "answers 302", "answers 200 with a page", "stall")


def proxy_environment(proxy: FaultyProxy, folder: Path) -> dict[str, str]:
    """Return an environment without keys, in which requests with TLS go through the proxy."""
    environment = Controller(Emulator(), folder).environment
    address = f"http://127.0.0.1:{proxy.port}"
    environment.update(https_proxy=address, HTTPS_PROXY=address, no_proxy="", NO_PROXY="")
    for name in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TKE_ENDPOINT"):
        del environment[name]
    return environment


def tls_context(authority: trustme.CA, *names: str, **facts: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **facts).configure_cert(context)
    return context


def untrusted_context(fault: str, authority: trustme.CA, folder: Path) -> ssl.SSLContext:
    """Return a TLS context with a certificate that must not be trusted."""
    if fault == "wrong host":
        return tls_context(authority, "other.example.com")
    if fault == "expired":
        past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        start = past - datetime.timedelta(days=30)
        return tls_context(authority, "localhost", TUNNEL_HOST, not_before=start, not_after=past)
    unknown_authority = trustme.CA()
    path = folder / "self-signed.pem"
    unknown_authority.private_key_pem.write_to_path(str(path))
    unknown_authority.cert_pem.write_to_path(str(path), append=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
