# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What a build's events say: how far it came, and what went wrong.

The chain of a good build, by its events: disk, build instance, snapshot, clean-up (TKE image cache events).
Spelling differs between editions (EksciCreated, EksCiCreated), and the listing has the newest first.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache

__all__ = ["build_failure", "phase"]

CHAIN = ("DiskCreated", "EksCiCreated", "SnapCreated", "EksCiDeleted", "DiskDeleted")


def phase(cache: ImageCache) -> Optional[str]:
    """Return the furthest step of the chain that the cache's normal events show, None before the first."""
    seen = {event.reason.lower() for event in cache.events if event.type.lower() != "warning"}
    reached = [step for step in CHAIN if step.lower() in seen]
    return reached[-1] if reached else None


def build_failure(cache: ImageCache) -> Dict[str, Any]:
    """Return the result's RV(build_failure): the phase, and the newest warning in the service's own words."""
    warnings = [event for event in cache.events if event.type.lower() == "warning"]
    newest = warnings[-1] if warnings else None
    return {
        "phase": phase(cache),
        "reason": newest.reason if newest else None,
        "message": newest.message if newest else None,
    }
