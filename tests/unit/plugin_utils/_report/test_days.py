# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Days are whole, and rounded down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.days import (
    days_ago,
    days_left,
    iso_date,
    whole_days,
)
from unit.support.pruning import NOW


@pytest.mark.parametrize(
    ("since", "ago", "left"),
    [
        (timedelta(0), 0, 0),
        (timedelta(hours=23), 0, -1),
        (timedelta(days=1), 1, -1),
        (timedelta(days=1, seconds=1), 1, -2),
        (timedelta(days=400.9), 400, -401),
        (timedelta(seconds=-1), 0, 0),
        (timedelta(days=-1), 0, 1),
        (timedelta(days=-2.5), 0, 2),
    ],
)
def test_days_are_rounded_down(since: timedelta, ago: int, left: int) -> None:
    assert (days_ago(NOW - since, NOW), days_left(NOW - since, NOW)) == (ago, left)


def test_unknown_time_has_no_days_and_no_date() -> None:
    assert (days_ago(None, NOW), iso_date(None), iso_date(NOW)) == (None, None, "2026-05-01")


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("it last matched 2.99 d ago, not more than 30d", "it last matched 2 d ago, not more than 30d"),
        ("it was created 12.5 d ago", "it was created 12 d ago"),
        ("its name does not match '1.5 d'", "its name does not match '1.5 d'"),
        ("older than 1.5d", "older than 1.5d"),
    ],
)
def test_reason_has_whole_days(reason: str, shown: str) -> None:
    assert whole_days(reason) == shown
