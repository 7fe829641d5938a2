# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Make texts safe for terminals and limit their length.

Names, statuses and events are arbitrary strings from the API. Results contain them unchanged. In messages, progress
lines and listings, unprintable characters are replaced by their escape sequences, as C(!r) shows them.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Dict, Mapping

__all__ = ["sanitize_line", "sanitize_lines", "sanitize_result"]

# Maximum characters of a line and of a message. Longer texts from the API are not meant for people.
LONGEST_LINE, LONGEST_MESSAGE = 4000, 100000
# The keys of results per entry: those of a set, and those of images that were looked up.
ENTRIES = ("image_caches", "images")
# Control and format characters (such as those for the text direction), surrogates, line and paragraph separators.
UNPRINTED = frozenset(["Cc", "Cf", "Cs", "Zl", "Zp"])


def sanitize_result(result: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a result with sanitized messages, including those of its entries."""
    read = dict(result)
    if "msg" in read:
        read["msg"] = sanitize_lines(read["msg"])
    if read.get("error"):
        read["error"] = {**read["error"], "message": _shorten(read["error"]["message"], LONGEST_LINE)}
    for entries in ENTRIES:
        # An image cache has images, too: their names, or null.
        if isinstance(read.get(entries), list):
            read[entries] = [sanitize_result(entry) if isinstance(entry, dict) else entry for entry in read[entries]]
    return read


def sanitize_line(text: str, most: int = LONGEST_LINE) -> str:
    """Return a text as one printable line of at most about C(most) characters."""
    text = _shorten(text, most)
    return text if text.isprintable() else "".join(map(_escape, text))


def sanitize_lines(text: str) -> str:
    """Return a text whose only unprintable characters are line breaks."""
    return "\n".join(map(sanitize_line, _shorten(text, LONGEST_MESSAGE).split("\n")))


def _shorten(text: str, most: int) -> str:
    # The beginning contains the subject, and the end what to do.
    half = most // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"


def _escape(character: str) -> str:
    if unicodedata.category(character) not in UNPRINTED:
        return character
    return character.encode("unicode_escape").decode("ascii")
