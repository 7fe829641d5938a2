# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times in all formats that the API uses."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import iso_utc


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
