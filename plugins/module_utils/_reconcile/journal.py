# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What one run did and found: the part of its result that is valid even if it fails."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Protocol, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.digests import MovedImage
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache, cache_label
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import RENAME, REPLACE, Step

__all__ = ["Journal", "Reporter", "action_result"]


class Reporter(Protocol):
    """The receiver of warnings and progress messages during a run."""

    # Whether progress messages are shown.
    speaks: bool

    def warn(self, message: str) -> None:
        """Show a warning to the user."""

    def progress(self, message: str) -> None:
        """Show the progress of the run."""


class Journal:
    """The actions and findings of one run for one cache."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        # The cache as first found and as last read; None if it did not or does not exist.
        self.before: Optional[ImageCache] = None
        self.seen: Optional[ImageCache] = None
        # The id is known even if the cache is not listed yet or no longer listed.
        self.image_cache_id: Optional[str] = None
        self.request_id: Optional[str] = None
        self.actions: List[Dict[str, Any]] = []
        self.replaced: Optional[Dict[str, Optional[str]]] = None
        # The Failed cache that was rebuilt.
        self.recovered: Optional[ImageCache] = None
        self._old: Optional[str] = None
        # The current step in words (None before the first one), its start on the monotonic clock, and whether it still
        # has to be reported.
        self.doing: Optional[str] = None
        self.since = 0.0
        self.news = False

    def label(self, desired: Desired) -> str:
        """Return the label of the declared cache for messages, with its id if known."""
        name = desired.name or (self.seen.name if self.seen else None)
        return cache_label(name, self.image_cache_id or desired.image_cache_id)

    def begin_step(self, doing: str, now: float) -> None:
        """Record what the run does next or waits for."""
        if doing != self.doing:
            self.doing, self.since, self.news = doing, now, True

    def claim(self, cache: ImageCache) -> None:
        """Record a cache that the run may change or delete."""

    def note_found(self, cache: ImageCache) -> None:
        """Record the cache that the run manages."""
        self.claim(cache)
        self.seen, self.image_cache_id = cache, cache.id
        entry = self._replace_entry()
        if entry and entry["image_cache_id"] == cache.id and self._old != cache.id:
            # Another run has completed the replace that this run started.
            self.replaced = {"old_id": self._old, "new_id": cache.id}

    def update_view(self, cache: ImageCache) -> None:
        """Record the latest state of a cache, if it is the one that the run manages."""
        if cache.id == self.image_cache_id:
            self.seen = cache

    def note_creation(self, image_cache_id: str, request_id: Optional[str], fields: Tuple[str, ...]) -> None:
        """Record a cache that the API has created. The run manages this one from now on."""
        self.seen, self.image_cache_id = None, image_cache_id
        self.note_action("create", image_cache_id, request_id, fields)

    def note_deletion(self, image_cache_id: str, request_id: Optional[str]) -> None:
        """Record a deletion that the API has accepted."""
        if self.seen and self.seen.id == image_cache_id:
            self.seen = None
        self.note_action("delete", image_cache_id, request_id)

    def note_action(
        self,
        action: str,
        image_cache_id: str,
        request_id: Optional[str],
        fields: Tuple[str, ...] = (),
        moved: Sequence[MovedImage] = (),
    ) -> None:
        """Record a writing action that the API has accepted."""
        entry = self._replace_entry()
        if action == RENAME and entry and entry["image_cache_id"] == image_cache_id:
            # Another run has deleted the old cache. The rename completes the replace that this run started.
            return
        self.actions.append(action_result(action, image_cache_id, request_id, fields, moved))

    def note_replace(self, new: str, request_id: Optional[str], step: Step) -> None:
        """Note the new cache of a replace: one entry, whichever cache takes the old one's place in the end."""
        self._old, entry = step.old, self._replace_entry()
        if entry is None:
            self.note_action(REPLACE, new, request_id, step.fields, step.moved)
        else:
            entry["image_cache_id"] = new

    def note_exchange(self, old: str, new: str) -> None:
        """Record that the old cache is deleted. The run manages the new one from now on."""
        self.seen, self.image_cache_id = None, new
        self.replaced = {"old_id": old, "new_id": new}

    def _replace_entry(self) -> Optional[Dict[str, Any]]:
        return next((entry for entry in self.actions if entry["action"] == REPLACE), None)


def action_result(
    action: str,
    image_cache_id: Optional[str],
    request_id: Optional[str],
    fields: Tuple[str, ...],
    moved: Sequence[MovedImage] = (),
) -> Dict[str, Any]:
    """Return an entry of the result's RV(actions)."""
    entry: Dict[str, Any] = {
        "action": action,
        "image_cache_id": image_cache_id,
        "request_id": request_id,
        "fields": list(fields),
    }
    return {**entry, "moved_images": [image.as_result() for image in moved]} if moved else entry
