# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What people read: nothing in it acts on their terminal, and it can be read to its end.

Names, statuses and events are whatever the API says they are. Results hold them as they are; in messages, lines of
progress and listings a character that does not print is shown by its escape sequence, as C(!r) shows it.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Dict, Mapping

__all__ = ["sanitize_line", "sanitize_lines", "sanitize_result"]

# Characters of a line, and of a message. An API that sends a novel has not written it to be read.
LONGEST_LINE, LONGEST_MESSAGE = 4000, 100000
# Control characters, those that turn the direction of writing and the like, halves of pairs, and ends of lines.
UNPRINTED = frozenset(["Cc", "Cf", "Cs", "Zl", "Zp"])


def sanitize_result(result: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a result with its messages, and those of its entries, as people can read them."""
    read = dict(result)
    if "msg" in read:
        read["msg"] = sanitize_lines(read["msg"])
    if "error" in read:
        read["error"] = {**read["error"], "message": _shorten(read["error"]["message"], LONGEST_LINE)}
    if "image_caches" in read:
        read["image_caches"] = [sanitize_result(entry) for entry in read["image_caches"]]
    return read


def sanitize_line(text: str, most: int = LONGEST_LINE) -> str:
    """Return a text as one line of at most about C(most) characters."""
    text = _shorten(text, most)
    return text if text.isprintable() else "".join(map(_escape, text))


def sanitize_lines(text: str) -> str:
    """Return a text in which of all characters that do not print only the ends of lines are left."""
    return "\n".join(map(sanitize_line, _shorten(text, LONGEST_MESSAGE).split("\n")))


def _shorten(text: str, most: int) -> str:
    # What it is about stands at its beginning, and what to do at its end.
    half = most // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"


def _escape(character: str) -> str:
    if unicodedata.category(character) not in UNPRINTED:
        return character
    return character.encode("unicode_escape").decode("ascii")
