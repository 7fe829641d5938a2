# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens as a real registry checks them: JWTs whose header carries the certificate of the key that signed them.

Source: distribution.github.io, "Token Authentication Implementation".
"""

from __future__ import annotations

import base64
import json
import ssl
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import trustme
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import load_pem_private_key

__all__ = ["TokenSigner"]

LIFE = 300
# Half of a signature of ES256, RFC 7518.
NUMBER_BYTES = 32


class TokenSigner:
    """Signs tokens of an issuer for a service, with a key whose certificate comes from an authority of its own."""

    def __init__(self, issuer: str, service: str) -> None:
        self.authority = trustme.CA()
        self._issuer, self._service = issuer, service
        certificate = self.authority.issue_cert(issuer)
        key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        chain = [ssl.PEM_cert_to_DER_cert(pem.bytes().decode()) for pem in certificate.cert_chain_pems]
        self._header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode() for der in chain]}

    def write_token(self, scopes: Iterable[str]) -> str:
        """Return a token that allows what the scopes say."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._service,
            "sub": "",
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + LIFE,
            "access": [_access_of(scope) for scope in scopes],
        }
        text = f"{_encode(self._header)}.{_encode(claims)}"
        return f"{text}.{_encode_bytes(self._sign(text.encode()))}"

    def _sign(self, content: bytes) -> bytes:
        numbers = utils.decode_dss_signature(self._key.sign(content, ec.ECDSA(hashes.SHA256())))
        return b"".join(number.to_bytes(NUMBER_BYTES, "big") for number in numbers)


def _access_of(scope: str) -> dict[str, Any]:
    kind, _colon, rest = scope.partition(":")
    name, _colon, actions = rest.rpartition(":")
    return {"type": kind, "name": name, "actions": actions.split(",")}


def _encode(part: Mapping[str, Any]) -> str:
    return _encode_bytes(json.dumps(part).encode())


def _encode_bytes(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")
