# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The progress and the failure of a build, from its events.

The events of a successful build, in order: disk, build instance, snapshot, clean-up (TKE image cache events).
The spelling differs between editions (EksciCreated, EksCiCreated). The listing has the newest event first.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.causes import (
    Cause,
    cause_of_phase,
    cause_of_words,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import Event, ImageCache

__all__ = ["build_failure", "phase", "recovered_failure", "describe_stall"]

CHAIN = ("DiskCreated", "EksCiCreated", "SnapCreated", "EksCiDeleted", "DiskDeleted")
STEPS = {reason.lower(): number for number, reason in enumerate(CHAIN)}
UNKNOWN = Cause("The cause is unknown.", "Check the events, the subnet and the registries of the build.")


def phase(cache: ImageCache) -> Optional[str]:
    """Return the last step that the newest build reached by its normal events, or None before the first step."""
    reached = [STEPS.get(event.reason.lower(), -1) for event in cache.events if not event.is_warning]
    return CHAIN[max(reached)] if max(reached, default=-1) >= 0 else None


def build_failure(cache: ImageCache) -> Dict[str, Any]:
    """Return RV(build_failure): the last step, the service's own words, the cause and the action.

    The words are those of the newest warning with a known cause, else of the newest warning.
    """
    warnings = [event for event in reversed(cache.events) if event.is_warning]
    telling = [(event, cause) for event in warnings for cause in [cause_of_words(_text(event))] if cause]
    reached = phase(cache)
    event: Optional[Event]
    if telling:
        event, cause = telling[0]
    else:
        event, cause = (warnings[0] if warnings else None), cause_of_phase(reached) or UNKNOWN
    return {
        "phase": reached,
        "reason": event.reason if event else None,
        "message": event.message if event else None,
        "hint": cause.hint,
        "options": list(cause.options),
    }


def recovered_failure(cache: ImageCache) -> Dict[str, Any]:
    """Return RV(recovered_failure): the failure of a cache that is rebuilt, with its events."""
    return {**build_failure(cache), "image_cache_id": cache.id, "events": cache.as_result()["events"]}


def describe_stall(cache: ImageCache) -> str:
    """Return why a build may take too long, or an empty string if nothing is known."""
    warned = any(event.is_warning for event in cache.events)
    failure = build_failure(cache)
    if warned:
        return f"{failure['reason']}: {failure['message'].rstrip('.')}. {failure['hint']}"
    return failure["hint"] if failure["phase"] == "EksCiCreated" else ""


def _text(event: Event) -> str:
    return f"{event.reason}: {event.message}"
