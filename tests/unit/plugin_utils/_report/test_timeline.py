# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The timeline: events are counted by periods, within the picture."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.timeline import LANES, timeline

TODAY = date(2026, 5, 1)


def at(*days: int) -> list[date]:
    return [TODAY + timedelta(days=day) for day in days]


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [(0, 0, 1), (-59, 0, 1), (-60, 0, 7), (-200, 200, 7), (-365, 365, 14), (-9000, 9000, 1)],
)
def test_period_fits_the_range_of_near_events(first: int, last: int, period: int) -> None:
    drawn = timeline({"builds": at(first), "matches": [], "expiries": at(last)}, TODAY)
    assert drawn["period"] == period
    for lane in drawn["lanes"]:
        for box in lane["bars"]:
            assert drawn["left"] <= box["x"]
            assert box["x"] + box["width"] <= drawn["right"]
            assert 0 < box["height"] <= lane["base"]
    assert drawn["left"] <= drawn["now"] <= drawn["right"]


def test_events_are_counted_in_bars_and_rows() -> None:
    drawn = timeline({"builds": at(-3, -3, -1), "matches": at(0), "expiries": at(2, 400, 40000)}, TODAY)
    builds, matches, expiries = drawn["lanes"]
    assert [(box["start"], box["count"]) for box in builds["bars"]] == [("2026-04-28", 2), ("2026-04-30", 1)]
    assert (builds["most"], matches["most"]) == (2, 1)
    assert builds["bars"][0]["height"] == 2 * builds["bars"][1]["height"]
    assert drawn["rows"][0] == {"start": "2026-04-28", "counts": [2, 0, 0]}
    assert drawn["far"] == {"builds": 0, "matches": 0, "expiries": 2}
    assert len(expiries["bars"]) == 1


def test_lanes_lie_above_the_axis_with_their_number_beside_the_highest_bar() -> None:
    drawn = timeline({"builds": at(-3, -3, -1), "matches": at(0), "expiries": at(2)}, TODAY)
    bases = [lane["base"] for lane in drawn["lanes"]]
    assert [lane["name"] for lane in drawn["lanes"]] == list(LANES)
    assert bases[-1] == drawn["axis"] < drawn["height"]
    assert drawn["left"] < drawn["right"] < drawn["width"]
    for lane, above in zip(drawn["lanes"], [0, *bases]):
        highest = max(lane["bars"], key=lambda bar: bar["height"])
        assert highest["y"] + highest["height"] == lane["base"]
        assert lane["middle"] == lane["base"] - highest["height"] / 2
        assert highest["y"] > above


def test_today_is_in_the_middle_of_its_day() -> None:
    drawn = timeline({"builds": at(-2), "matches": [], "expiries": at(1)}, TODAY)
    (build,), (expiry,) = (drawn["lanes"][number]["bars"] for number in (0, 2))
    step = (expiry["x"] - build["x"]) / 3
    assert drawn["now"] == pytest.approx(drawn["left"] + 2.5 * step, abs=0.2)


def test_dates_of_the_axis_do_not_touch() -> None:
    for last in (0, 1, 30, 365):
        ticks = timeline({**{lane: [] for lane in LANES}, "builds": at(-last, last)}, TODAY)["ticks"]
        places = [tick["x"] for tick in ticks]
        assert all(right - left > 80 for left, right in zip(places, places[1:]))
        assert ticks


def test_whole_picture_of_a_few_events() -> None:
    drawn = timeline({"builds": at(-3, -3, -1), "matches": at(0), "expiries": at(6, 366, -366, 365000)}, TODAY)
    first = {"height": 40.0, "width": 67.0, "count": 1}
    lanes = drawn.pop("lanes")
    assert [lane.pop("bars") for lane in lanes] == [
        [
            {**first, "start": "2026-04-28", "x": 118.4, "y": 32.0, "count": 2},
            {**first, "start": "2026-04-30", "x": 286.0, "y": 52.0, "height": 20.0},
        ],
        [{**first, "start": "2026-05-01", "x": 369.8, "y": 96.0}],
        [{**first, "start": "2026-05-07", "x": 872.6, "y": 160.0}],
    ]
    assert lanes == [
        {"name": "builds", "base": 72, "middle": 52, "most": 2},
        {"name": "matches", "base": 136, "middle": 116, "most": 1},
        {"name": "expiries", "base": 200, "middle": 180, "most": 1},
    ]
    assert drawn == {
        "width": 960,
        "height": 226,
        "left": 110,
        "right": 948,
        "axis": 200,
        "period": 1,
        "now": 403.3,
        "ticks": [
            {"date": "2026-04-28", "x": 110.0},
            {"date": "2026-04-30", "x": 277.6},
            {"date": "2026-05-02", "x": 445.2},
            {"date": "2026-05-04", "x": 612.8},
            {"date": "2026-05-06", "x": 780.4},
        ],
        "rows": [
            {"start": "2026-04-28", "counts": [2, 0, 0]},
            {"start": "2026-04-30", "counts": [1, 0, 0]},
            {"start": "2026-05-01", "counts": [0, 1, 0]},
            {"start": "2026-05-07", "counts": [0, 0, 1]},
        ],
        "far": {"builds": 0, "matches": 0, "expiries": 3},
    }


def test_lane_without_events_has_no_bars() -> None:
    drawn = timeline({"builds": [], "matches": at(0), "expiries": []}, TODAY)
    assert [(lane["most"], len(lane["bars"])) for lane in drawn["lanes"]] == [(0, 0), (1, 1), (0, 0)]


@pytest.mark.parametrize(
    ("first", "last", "starts"),
    [
        (-30, 29, ["2026-04-01", "2026-04-08", "2026-04-15"]),
        (-60, 0, ["2026-03-02", "2026-03-09"]),
        (-365, 365, ["2025-05-01", "2025-07-24"]),
    ],
)
def test_axis_has_a_date_where_there_is_room(first: int, last: int, starts: list[str]) -> None:
    ticks = timeline({"builds": at(first), "matches": [], "expiries": at(last)}, TODAY)["ticks"]
    assert [tick["date"] for tick in ticks][: len(starts)] == starts
    # The last one ends within the picture.
    assert 960 - 84 - 100 < ticks[-1]["x"] <= 960 - 84
