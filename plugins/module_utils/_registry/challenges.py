# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Challenges in the C(WWW-Authenticate) header of a registry (RFC 7235, 4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Mapping

__all__ = ["Challenge", "parse_challenges"]

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# A string without a closing quote ends with the header. It is therefore read only once.
QUOTED = r'"((?:[^"\\]|\\.?)*)"?'
PARAMETER = re.compile(rf"({TOKEN})[ \t]*=[ \t]*(?:{QUOTED}|({TOKEN}))", re.DOTALL)
SCHEME = re.compile(TOKEN)
TOKEN68 = re.compile(r"[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)")
# Characters of a header that are read. Challenges of registries have a few hundred.
MOST_TEXT = 16 * 1024
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Challenge:
    """One way to authenticate: the scheme and the names of its parameters in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_challenges(header_values: Iterable[str]) -> List[Challenge]:
    """Return the challenges of one or several headers, in their order. Other text and long rests are skipped."""
    return [challenge for value in header_values for challenge in _parse(value[:MOST_TEXT])]


def _parse(text: str) -> List[Challenge]:
    challenges: List[Challenge] = []
    parameters: Dict[str, str] = {}
    position = 0
    while position < len(text):
        parameter, scheme = PARAMETER.match(text, position), SCHEME.match(text, position)
        if parameter:
            name, quoted, plain = parameter.groups()
            parameters.setdefault(name.lower(), plain if quoted is None else ESCAPED.sub(r"\1", quoted))
            position = parameter.end()
        elif scheme:
            parameters = {}
            challenges.append(Challenge(scheme.group().lower(), parameters))
            token68 = TOKEN68.match(text, scheme.end())
            position = token68.end() if token68 else scheme.end()
        else:
            # A separator, or a character that the grammar does not allow here.
            position += 1
    return challenges
