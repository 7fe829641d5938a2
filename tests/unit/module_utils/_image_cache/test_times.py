# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times in all formats that the API uses."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import (
    add_days,
    days_between,
    days_until,
    iso_utc,
    parse_duration,
)

NOW = datetime(2026, 3, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2021-12-06 22:52:24", "2021-12-06T22:52:24Z"),
        ("2026-03-30 07:03:35 +0000 UTC", "2026-03-30T07:03:35Z"),
        ("2026-03-30 17:07:11.389402882 +0800 CST m=+893.262707991", "2026-03-30T09:07:11Z"),
        ("2026-03-30 01:07:11 -0730 NST", "2026-03-30T08:37:11Z"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T08:00:00+08:00", "2024-01-01T00:00:00Z"),
        ("1574104000000", "2019-11-18T19:06:40Z"),
        (" 2021-12-06 22:52:24 ", "2021-12-06T22:52:24Z"),
        ("", None),
        ("0001-01-01 00:00:00 +0800 CST", None),
        ("2021-13-06 22:52:24", None),
        ("2021-12-06", None),
        ("yesterday", None),
        ("99999999999999", "5138-11-16T09:46:39Z"),
        (1574104000000, None),
        (None, None),
    ],
)
def test_time_is_parsed_from_every_format(text: Any, iso: Optional[str]) -> None:
    assert iso_utc(text) == iso


def test_days_until_a_past_time_are_negative_and_days_since_a_future_one_are_zero() -> None:
    for days in (0.0, 1.25, -3.5):
        moment = NOW + timedelta(days=days)
        assert (days_until(moment, NOW), days_between(moment, NOW)) == (days, max(0.0, -days))
    assert (days_until(None, NOW), days_between(None, NOW)) == (None, None)


@pytest.mark.parametrize("days", [None, 10**7, -(10**7), 10**30])
def test_date_that_is_unknown_or_too_late_is_none(days: Optional[int]) -> None:
    assert add_days(NOW, days) is None
    assert add_days(None, 1) is None
    assert add_days(NOW, 1) == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2018-05-25 00:00:00", "2018-05-25T00:00:00Z"),
        ("2018-05-24 23:59:59", None),
        ("1970-01-01T00:00:00Z", None),
    ],
)
def test_time_before_the_api_existed_is_not_set(text: str, iso: Optional[str]) -> None:
    assert iso_utc(text) == iso


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7s", 7),
        ("1.5m", 90),
        ("2h", 7200),
        ("3 d", 259200),
        (" 2w ", 1209600),
        ("0d", 0),
        ("7", None),
        ("d", None),
        ("-1d", None),
        ("1y", None),
        ("1d2h", None),
        ("\u0661d", None),
    ],
)
def test_duration_is_a_number_and_a_unit(text: str, seconds: Optional[float]) -> None:
    assert parse_duration(text) == seconds
