# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declared texts that the API cannot store and return."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from unit.support.world import World


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "half\ud83d"},
        {"image_cache_id": "byte\udcff"},
        {"vpc_id": "\ud83d"},
        {"resolve_config": "\ud83d"},
        {"tags": {"\ud83d": "a"}},
        {"image_cache_id": " "},
    ],
)
def test_text_that_the_api_cannot_store_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Desired.from_params(World.params(**changed))
