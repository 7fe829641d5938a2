# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Image caches with events of their builds, for unit tests."""

from __future__ import annotations

from typing import Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache

# The reasons of the events of a successful build, oldest first.
STEPS = ("DiskCreated", "EksCiCreated", "SnapCreated", "EksCiDeleted", "DiskDeleted")


def cache_with(*events: tuple[str, str, str], status: str = "Failed") -> ImageCache:
    """Return a cache with these events, given oldest first and one second apart; the API lists the newest first."""
    listed = [
        {"Type": kind, "Reason": reason, "Message": message, "LastTimestamp": f"2026-01-01 00:00:{second:02}"}
        for second, (kind, reason, message) in enumerate(events)
    ]
    return ImageCache({"ImageCacheId": "imc-1", "Status": status, "Events": listed[::-1]})


def normal_events(*reasons: str) -> list[tuple[str, str, str]]:
    """Return normal events with these reasons."""
    return [("Normal", reason, f"{reason} done") for reason in reasons]


def cache_with_times(*events: tuple[str, Optional[str]]) -> ImageCache:
    """Return a cache with these reasons of events, given oldest first, each with its second."""
    listed = [
        {"Type": "Normal", "Reason": reason, "LastTimestamp": f"2026-01-01 00:00:{second}" if second else None}
        for reason, second in events
    ]
    return ImageCache({"ImageCacheId": "imc-1", "Events": listed[::-1]})
