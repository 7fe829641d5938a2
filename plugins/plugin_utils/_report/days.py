# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Dates and whole days, as the report shows them.

The report shows whole days only, so that two pages of the same caches differ only if a day has passed or a decision
has changed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Optional

__all__ = ["days_ago", "days_left", "iso_date", "whole_days"]

HUNDREDTHS = re.compile(r"\b(\d+)\.\d+(?= d ago\b)", re.ASCII)


def days_ago(moment: Optional[datetime], now: datetime) -> Optional[int]:
    """Return the whole days since a time, at least 0, or None if it is unknown."""
    return max(0, (now - moment).days) if moment else None


def days_left(moment: datetime, now: datetime) -> int:
    """Return the whole days until a time, rounded down: negative if it is past."""
    return (moment - now).days


def iso_date(moment: Optional[datetime]) -> Optional[str]:
    """Return the date of a time in UTC, or None if it is unknown."""
    return moment.date().isoformat() if moment else None


def whole_days(reason: str) -> str:
    """Return a reason of the pruning logic with its days rounded down."""
    return HUNDREDTHS.sub(r"\1", reason)
