# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a probe waits between requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """The polling interval of builds in seconds. The other durations are in proportion."""

    interval: float = 10.0

    @property
    def pause(self) -> float:
        """Seconds between polls for an effect that is expected at once."""
        return self.interval / 20

    @property
    def lag(self) -> float:
        """Seconds for which a listing may lag behind a request."""
        return self.interval * 1.5
