# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The timeline of the report: builds, matches and expiries, counted by periods.

The functions are pure. Coordinates are in the units of the picture's viewBox.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any, Dict, List, Mapping, Sequence

__all__ = ["LANES", "timeline"]

LANES = ("builds", "matches", "expiries")
# Events that are further away, in days, are only counted.
FAR = 365
# The lengths of a period in days, and the maximum number of periods. The longest one suffices for twice FAR.
PERIODS, MOST_PERIODS = (1, 7, 14), 60
WIDTH, LEFT, RIGHT, TOP, LANE, BAR, AXIS = 960, 110, 12, 8, 64, 40, 26
# The minimum distance of the dates below the axis.
TICK_DISTANCE = 84


def timeline(events: Mapping[str, Sequence[date]], today: date) -> Dict[str, Any]:
    """Return the picture of the dates of each lane: its size, bars, dates of the axis, and the same as a table."""
    days = {lane: [(day - today).days for day in events[lane]] for lane in LANES}
    near = [day for lane in LANES for day in days[lane] if abs(day) <= FAR]
    first, last = min([0, *near]), max([0, *near])
    period = next(length for length in PERIODS if (last - first) // length < MOST_PERIODS)
    count = (last - first) // period + 1
    counts = {lane: Counter((day - first) // period for day in days[lane] if abs(day) <= FAR) for lane in LANES}
    starts = [(today + timedelta(days=first + period * number)).isoformat() for number in range(count)]
    step = (WIDTH - LEFT - RIGHT) / count
    return {
        "width": WIDTH,
        "height": TOP + LANE * len(LANES) + AXIS,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "axis": TOP + LANE * len(LANES),
        "period": period,
        "now": _rounded(LEFT + step * ((0 - first) / period + 0.5 / period)),
        "lanes": [_lane(number, lane, counts[lane], starts, step) for number, lane in enumerate(LANES)],
        "ticks": _ticks(starts, step),
        "rows": [
            {"start": starts[number], "counts": [counts[lane][number] for lane in LANES]}
            for number in range(count)
            if any(counts[lane][number] for lane in LANES)
        ],
        "far": {lane: sum(abs(day) > FAR for day in days[lane]) for lane in LANES},
    }


def _lane(number: int, lane: str, counts: Mapping[int, int], starts: Sequence[str], step: float) -> Dict[str, Any]:
    """Return the bars of a lane. The highest bar is as high as the lane allows."""
    base, most = TOP + LANE * (number + 1), max(counts.values(), default=0)
    bars = []
    for index, amount in sorted(counts.items()):
        height = BAR * amount / most
        bars.append(
            {
                "x": _rounded(LEFT + step * index + step * 0.1),
                "y": _rounded(base - height),
                "width": _rounded(step * 0.8),
                "height": _rounded(height),
                "start": starts[index],
                "count": amount,
            }
        )
    return {"name": lane, "base": base, "middle": base - BAR // 2, "most": most, "bars": bars}


def _ticks(starts: Sequence[str], step: float) -> List[Dict[str, Any]]:
    every = max(1, -int(-TICK_DISTANCE // step))
    at = {number: _rounded(LEFT + step * number) for number in range(0, len(starts), every)}
    return [{"x": x, "date": starts[number]} for number, x in at.items() if x + TICK_DISTANCE <= WIDTH]


def _rounded(value: float) -> float:
    return round(value, 1)
