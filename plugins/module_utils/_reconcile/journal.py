# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What one run did and saw: the part of its result that holds however it ends."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Protocol, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache, cache_label
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import RENAME, REPLACE

__all__ = ["Journal", "Reporter", "action_result"]


class Reporter(Protocol):
    """Where a run speaks while it goes on."""

    # Whether anybody hears of progress.
    speaks: bool

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
        self.replaced: Optional[Dict[str, Optional[str]]] = None
        # The Failed cache that was built anew.
        self.recovered: Optional[ImageCache] = None
        self._old: Optional[str] = None
        # What the run is doing, for whoever watches: in words, since when on the monotonic clock, and whether that is
        # news. None where it has not begun to do anything.
        self.doing: Optional[str] = None
        self.since = 0.0
        self.news = False

    def label(self, desired: Desired) -> str:
        """Return how messages name the declared cache, with its id as soon as that is known."""
        name = desired.name or (self.seen.name if self.seen else None)
        return cache_label(name, self.image_cache_id or desired.image_cache_id)

    def begin_step(self, doing: str, now: float) -> None:
        """Note what the run is about to do, or wait for."""
        if doing != self.doing:
            self.doing, self.since, self.news = doing, now, True

    def claim(self, cache: ImageCache) -> None:
        """Note a cache that the run may change or delete."""

    def note_found(self, cache: ImageCache) -> None:
        """Note the cache that the run is about."""
        self.claim(cache)
        self.seen, self.image_cache_id = cache, cache.id
        entry = self._replace_entry()
        if entry and entry["image_cache_id"] == cache.id and self._old != cache.id:
            # Another run has brought to its end what this one has begun.
            self.replaced = {"old_id": self._old, "new_id": cache.id}

    def update_view(self, cache: ImageCache) -> None:
        """Note a newer view of a cache, if it is the one that the run is about."""
        if cache.id == self.image_cache_id:
            self.seen = cache

    def note_creation(self, image_cache_id: str, request_id: Optional[str], fields: Tuple[str, ...]) -> None:
        """Note a cache that the API has created: from now on the run is about this one."""
        self.seen, self.image_cache_id = None, image_cache_id
        self.note_action("create", image_cache_id, request_id, fields)

    def note_deletion(self, image_cache_id: str, request_id: Optional[str]) -> None:
        """Note a deletion that the API has accepted."""
        if self.seen and self.seen.id == image_cache_id:
            self.seen = None
        self.note_action("delete", image_cache_id, request_id)

    def note_action(
        self, action: str, image_cache_id: str, request_id: Optional[str], fields: Tuple[str, ...] = ()
    ) -> None:
        """Note a writing action that the API has accepted."""
        entry = self._replace_entry()
        if action == RENAME and entry and entry["image_cache_id"] == image_cache_id:
            # Another run has deleted the old cache; the name is the end of the replace that this run has begun.
            return
        self.actions.append(action_result(action, image_cache_id, request_id, fields))

    def note_replace(self, old: str, new: str, request_id: Optional[str], fields: Tuple[str, ...]) -> None:
        """Note the new cache of a replace: one entry, whichever cache takes the old one's place in the end."""
        self._old, entry = old, self._replace_entry()
        if entry is None:
            self.note_action(REPLACE, new, request_id, fields)
        else:
            entry["image_cache_id"] = new

    def note_exchange(self, old: str, new: str) -> None:
        """Note that the old cache is gone, and that the run is about the new one from now on."""
        self.seen, self.image_cache_id = None, new
        self.replaced = {"old_id": old, "new_id": new}

    def _replace_entry(self) -> Optional[Dict[str, Any]]:
        return next((entry for entry in self.actions if entry["action"] == REPLACE), None)


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
