# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Nothing secret leaves: every result is scrubbed of what the run knows to be secret."""

from __future__ import annotations

import re
from typing import Any, Iterable, List, Mapping, Optional

__all__ = ["MASK", "collect_secrets", "scrub"]

MASK = "********"
# A server that echoes a request shows its Authorization header, which is good for five minutes.
AUTHORIZATION = re.compile(
    r"(?:TC3-HMAC-SHA256\s+Credential=[^\s,]*,?\s*SignedHeaders=[^\s,]*,?\s*)?Signature=[0-9A-Fa-f]{16,}"
)


def collect_secrets(params: Mapping[str, Any], spec: Mapping[str, Any]) -> List[str]:
    """Return the values of all options that the argument spec marks C(no_log), at any depth."""
    found: List[str] = []
    for name, entry in spec.items():
        value = params.get(name)
        if value is None:
            continue
        if entry.get("no_log"):
            found.append(str(value))
        if "options" in entry:
            for element in value if isinstance(value, list) else [value]:
                found += collect_secrets(element, entry["options"])
    return found


def scrub(value: Any, secrets: Iterable[Optional[str]]) -> Any:
    """Return a copy of a result in which no string contains one of the secrets, keys of dictionaries included."""
    # Longest first: a secret may be part of another one.
    known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
    return _scrubbed(value, known)


def _scrubbed(value: Any, known: List[str]) -> Any:
    if isinstance(value, str):
        for secret in known:
            value = value.replace(secret, MASK)
        return AUTHORIZATION.sub(MASK, value)
    if isinstance(value, Mapping):
        return {_scrubbed(key, known): _scrubbed(item, known) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(item, known) for item in value]
    return value
