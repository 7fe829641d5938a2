# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The helpers that change answers."""

from __future__ import annotations

from unit.support.wrong_answers import reverse_ids


def test_reversed_ids_belong_to_other_caches() -> None:
    assert reverse_ids([{"ImageCacheId": "a"}, {"ImageCacheId": "b"}]) == [{"ImageCacheId": "b"}, {"ImageCacheId": "a"}]
