# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What people read: nothing in it acts on their terminal, and it can be read to its end.

Names, statuses and events are whatever the API says they are. Results hold them as they are; in messages, lines of
progress and listings a character that does not print is shown by its escape sequence, as C(!r) shows it.
"""

from __future__ import annotations

import unicodedata

__all__ = ["MOST", "line_of", "lines_of", "shortened"]

# Characters of one message. An API that sends a novel has not written it to be read.
MOST = 10000
# Control characters, those that turn the direction of writing and the like, halves of pairs, and ends of lines.
UNPRINTED = frozenset(["Cc", "Cf", "Cs", "Zl", "Zp"])


def line_of(text: str, most: int = MOST) -> str:
    """Return a text as one line of at most about C(most) characters."""
    text = shortened(text, most)
    return text if text.isprintable() else "".join(map(_printed, text))


def lines_of(text: str) -> str:
    """Return a text in which of all characters that do not print only the ends of lines are left."""
    return "\n".join(line_of(line, len(line)) for line in text.split("\n"))


def shortened(text: str, most: int = MOST) -> str:
    """Return a text without its middle, where that makes it longer than C(most) characters."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"


def _printed(character: str) -> str:
    if unicodedata.category(character) not in UNPRINTED:
        return character
    return character.encode("unicode_escape").decode("ascii")
