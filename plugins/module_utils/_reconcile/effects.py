# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What a reconciliation asks of the world.

A reconciliation is a generator: it yields a look or a write, and is sent what came of it, or has the failure of a
request thrown into it. It neither sends nor sleeps by itself, so that many can be driven side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generator, List, Mapping, Optional, Tuple, TypeVar, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache

__all__ = ["Effect", "Look", "Seen", "Steps", "Write"]

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """Look at caches by id or by name, not before C(after) seconds from now. Sent: a Seen."""

    names: Tuple[str, ...] = ()
    ids: Tuple[str, ...] = ()
    after: float = 0.0


@dataclass(frozen=True)
class Write:
    """Carry out a writing action: C(create), C(update) or C(delete), not before C(after) seconds from now. Sent: an
    Answer."""

    action: str
    request: Mapping[str, Any]
    after: float = 0.0


@dataclass(frozen=True)
class Seen:
    """What a look showed: the caches of exactly those ids or names."""

    image_caches: List[ImageCache]
    request_id: Optional[str]


Effect = Union[Look, Write]
Steps = Generator[Effect, Any, T]
