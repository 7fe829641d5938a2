# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Scrub all known secrets from results and messages."""

from __future__ import annotations

import base64
import functools
import html
import json
import re
from collections import abc
from typing import Any, Callable, Iterable, Iterator, List, Mapping, Optional
from urllib.parse import quote, quote_plus

__all__ = ["MASK", "collect_secrets", "scrub"]

MASK = "********"
TAGS = "tags"
ESCAPED = re.compile("%[0-9A-F]{2}")
URL_SAFE = str.maketrans("+/", "-_")
# Minimum length of Base64 to scrub. Shorter texts may occur by chance.
LEAST_OF_BASE64 = 8
# The mark where an excerpt was cut, and the number of characters of a secret that may be left before it.
CUT, TELLS_NOTHING = "...", 3
# A server that echoes a request reveals its Authorization header, which is valid for five minutes.
AUTHORIZATION = re.compile(
    r"(?:TC3-HMAC-SHA256\s+Credential=[^\s,]*,?\s*SignedHeaders=[^\s,]*,?\s*)?Signature=[0-9A-Fa-f]+"
)


def collect_secrets(params: Mapping[str, Any], spec: Mapping[str, Any]) -> List[str]:
    """Return the values of all options with C(no_log) in the argument spec, at any depth."""
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
    """Return a copy of a result in which no string contains one of the secrets.

    This covers the keys of tags, and the spellings of a secret in URLs, JSON, HTML and Base64.
    """
    # Longest first, because a secret may be part of another one.
    known = sorted({spelling for secret in secrets if secret for spelling in _spellings(secret)}, key=len, reverse=True)
    # Most strings of a large result occur many times.
    return _scrub(value, functools.lru_cache(maxsize=None)(lambda text: _scrub_text(text, known)))


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    for quoted in (quote(secret, safe="", errors="replace"), quote_plus(secret, safe="", errors="replace")):
        yield quoted
        yield ESCAPED.sub(lambda match: match.group().lower(), quoted)
    for encoded in _base64(secret.encode("utf-8", "replace")):
        if len(encoded) >= LEAST_OF_BASE64:
            yield encoded
            yield encoded.translate(URL_SAFE)


def _base64(secret: bytes) -> Iterator[str]:
    """Yield the Base64 of a secret alone, and within other text, as in C(user:password).

    Base64 encodes three bytes as four characters, so the encoding depends on the position. Characters that also encode
    adjacent bytes are omitted.
    """
    yield base64.b64encode(secret).decode("ascii")
    for before, mixed in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(bytes(before) + secret).decode("ascii")
        yield encoded[mixed : (before + len(secret)) // 3 * 4]


def _scrub(value: Any, scrub_text: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return scrub_text(value)
    if value is None or isinstance(value, (bool, int, float)):
        # Most values of a large result. The other checks take longer.
        return value
    if isinstance(value, abc.Mapping):
        # The keys of results contain no secrets, and playbooks rely on them. The keys of tags are arbitrary.
        return {
            key: {_scrub(name, scrub_text): _scrub(tag, scrub_text) for name, tag in item.items()}
            if key == TAGS and isinstance(item, abc.Mapping)
            else _scrub(item, scrub_text)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_scrub(item, scrub_text) for item in value]
    return value


def _scrub_text(text: str, known: List[str]) -> str:
    for secret in known:
        text = text.replace(secret, MASK)
        if CUT in text:
            text = _without_start(text, secret)
    return AUTHORIZATION.sub(MASK, text)


def _without_start(text: str, secret: str) -> str:
    """Return a text without the start of a secret at the end of an excerpt."""
    for length in range(len(secret) - 1, TELLS_NOTHING, -1):
        text = text.replace(secret[:length] + CUT, MASK + CUT)
    return text
