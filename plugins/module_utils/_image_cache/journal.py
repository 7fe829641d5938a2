# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What one run did and saw: the part of its result that holds however it ends."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Protocol, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache

__all__ = ["Journal", "Reporter"]


class Reporter(Protocol):
    """Where a run speaks while it goes on."""

    def warn(self, message: str) -> None:
        """Say something that the user should look at."""

    def progress(self, message: str) -> None:
        """Say how far the run is."""


class Journal:
    """The facts of one cache in one run."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        # As first found, and as last seen; None where there was, or is, none.
        self.before: Optional[ImageCache] = None
        self.seen: Optional[ImageCache] = None
        # The id is known before a listing shows the cache, and after a listing has lost it.
        self.image_cache_id: Optional[str] = None
        self.request_id: Optional[str] = None
        self.actions: List[Dict[str, Any]] = []

    def found(self, cache: ImageCache) -> None:
        """Note the cache that the run is about."""
        self.seen, self.image_cache_id = cache, cache.id

    def done(self, action: str, image_cache_id: str, request_id: Optional[str], fields: Tuple[str, ...] = ()) -> None:
        """Note a writing action that the API has accepted."""
        self.image_cache_id = image_cache_id
        self.actions.append(action_result(action, image_cache_id, request_id, fields))


def action_result(
    action: str, image_cache_id: Optional[str], request_id: Optional[str], fields: Tuple[str, ...]
) -> Dict[str, Any]:
    """Return an entry of the result's RV(actions)."""
    return {
        "action": action,
        "image_cache_id": image_cache_id,
        "request_id": request_id,
        "fields": list(fields),
    }
