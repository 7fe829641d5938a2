# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Limit the values that are read from lists and results that contain each other.

With YAML aliases, a few lines of text are a list that contains itself, or billions of values.
"""

from __future__ import annotations

from typing import Callable

__all__ = ["MOST_LEVELS", "MOST_VALUES", "Budget"]

# Results of loops in results of loops have a few levels.
MOST_LEVELS = 50
# More than 100 MB of manifests.
MOST_VALUES = 200_000


class Budget:
    """The number of values that may still be read."""

    def __init__(self, error: Callable[[str], Exception]) -> None:
        """C(error) makes the exception of a message in whole sentences, for a limit that is exceeded."""
        self._error, self._left = error, MOST_VALUES

    def spend(self, levels: int) -> None:
        """Count a value inside C(levels) lists or results."""
        self._left -= 1
        if levels > MOST_LEVELS:
            raise self._error(f"the value has more than {MOST_LEVELS} levels. It probably contains itself.")
        if self._left < 0:
            raise self._error(
                f"the value contains more than {MOST_VALUES} lists and results, counting each use of a YAML alias."
            )
