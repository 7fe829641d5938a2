# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. TC3-HMAC-SHA256, the signature of TencentCloud API 3.0, as a pure function.

It uses no clock, network or state: the same keys, time and request give the same header.
Source of every rule: "Signature v3" of the API 3.0 documentation (cloud.tencent.com/document/api/457/41494).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import Mapping, Optional

__all__ = ["ALGORITHM", "UNSIGNED_PAYLOAD", "Keys", "authorization", "canonical_request", "signature"]

ALGORITHM = "TC3-HMAC-SHA256"
TERMINATOR = "tc3_request"
# Hashed in place of the body when a client announces X-TC-Content-SHA256: UNSIGNED-PAYLOAD.
UNSIGNED_PAYLOAD = b"UNSIGNED-PAYLOAD"


@dataclass(frozen=True)
class Keys:
    """An API key pair. C(token) belongs to temporary keys. It is sent but not signed."""

    secret_id: str
    secret_key: str = field(repr=False)
    token: Optional[str] = field(default=None, repr=False)


def canonical_request(signed_headers: Mapping[str, str], body: bytes) -> str:
    """Return the canonical form of C(POST /) with these headers and exactly this body."""
    lowered = {name.lower(): value.strip().lower() for name, value in signed_headers.items()}
    lines = "".join(f"{name}:{lowered[name]}\n" for name in sorted(lowered))
    return "\n".join(["POST", "/", "", lines, ";".join(sorted(lowered)), _sha256(body)])


def signature(secret_key: str, timestamp: int, service: str, canonical: str) -> str:
    """Return the signature of a canonical request in lower-case hexadecimal. C(timestamp) is in Unix seconds."""
    scope = _credential_scope(timestamp, service)
    to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{_sha256(canonical.encode())}"
    key = f"TC3{secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return _hmac(key, to_sign).hex()


def authorization(keys: Keys, timestamp: int, service: str, signed_headers: Mapping[str, str], body: bytes) -> str:
    """Return the value of the Authorization header.

    C(signed_headers) and C(body) must be sent exactly as passed here, and C(timestamp) as C(X-TC-Timestamp). C(service)
    is the API prefix of the product, for example C(tke).
    """
    names = ";".join(sorted(name.lower() for name in signed_headers))
    signed = signature(keys.secret_key, timestamp, service, canonical_request(signed_headers, body))
    scope = _credential_scope(timestamp, service)
    return f"{ALGORITHM} Credential={keys.secret_id}/{scope}, SignedHeaders={names}, Signature={signed}"


def _credential_scope(timestamp: int, service: str) -> str:
    # The date is that of the time stamp in UTC. A local date would be wrong for some hours of each day.
    return f"{time.strftime('%Y-%m-%d', time.gmtime(timestamp))}/{service}/{TERMINATOR}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _hmac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).digest()
