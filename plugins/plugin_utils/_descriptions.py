# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Describe values in messages about invalid input."""

from __future__ import annotations

from typing import Any, Tuple

__all__ = ["describe", "shorten"]

# Characters of a name in a message. The longest name in Kubernetes has 253.
LONGEST_NAME = 253

# Ansible passes its own types, which are derived from these. A bool is an int, so it comes first.
KINDS: Tuple[Tuple[Any, str], ...] = (
    (type(None), "null"),
    (bool, "true or false"),
    ((int, float), "a number"),
    ((list, tuple), "a list"),
    (dict, "a mapping"),
)


def describe(value: Any) -> str:
    """Return a short description of a value, by its type in YAML."""
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return next((words for types, words in KINDS if isinstance(value, types)), "a value of another type")


def shorten(text: str) -> str:
    """Return a name for a message. Names that Kubernetes refuses can have any length."""
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}..."
