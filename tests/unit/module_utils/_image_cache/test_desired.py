# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from unit.support.world import World, web_params


def test_credential_without_server_is_refused() -> None:
    with pytest.raises(errors.InvalidInput, match=r"image cache web: image_registry_credentials\[1\] has no server"):
        Desired.from_params(web_params(image_registry_credentials=[{"server": "h.example.com"}, {"server": None}]))


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
    with pytest.raises(errors.InvalidInput):
        Desired.from_params(World.params(**changed))
