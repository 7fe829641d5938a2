# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations and observed caches, and the plans that follow from them."""

from __future__ import annotations

import json
from typing import Any, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    Found,
    Plan,
    Step,
    make_plan,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import parse_time
from unit.support.conversation import listed_cache
from unit.support.world import web_params

# The caches of these tests were created one day before NOW.
CREATED = parse_time("2026-01-01T00:00:00Z")
assert CREATED is not None
NOW = CREATED.timestamp() + 86400
BUILD_SETTINGS = {"vpc_id": "vpc-1", "subnet_id": "subnet-1"}
REPLACEMENT_REQUEST = {
    "ImageCacheName": "web-replacement",
    "Images": ["nginx:2"],
    "VpcId": "vpc-1",
    "SubnetId": "subnet-1",
}
RENAME_STEP = Step("rename", None, ("image_cache_name",), {"ImageCacheName": "web"})
CREDENTIAL = {"server": "h.example.com", "username": "u", "password": "p", "name": None}
LISTED_CREDENTIAL = {"Server": "h.example.com", "Username": "u", "Password": "****"}
REPORTED_CREDENTIAL = {"server": "h.example.com", "username": "u", "name": None}


def declaration(**options: Any) -> Desired:
    """Return a declaration of C(web) with the image nginx:1 and its build settings; None omits an option."""
    return Desired.from_params(copy_as_received(web_params(**options)))


def copy_as_received(value: dict[str, Any]) -> Any:
    """Return an equal value as it comes from a request: no string is the same object."""
    return json.loads(json.dumps(value))


def observed_cache(image_cache_id: str = "imc-1", status: str = "Ready", **fields: Any) -> ImageCache:
    return ImageCache(copy_as_received(listed_cache(image_cache_id, status, **fields)))


def observed_replacement(image_cache_id: str = "imc-2", status: str = "Ready", **fields: Any) -> ImageCache:
    """Return a cache with the name of the replacement."""
    return observed_cache(image_cache_id, status, **{"ImageCacheName": "web-replacement", **fields})


def plan_run(options: dict[str, Any], *caches: ImageCache, replacements: Any = ()) -> Plan:
    return make_plan(declaration(**options), Found(caches, tuple(replacements)), NOW)


def steps_of(plan: Plan) -> list[tuple[str, Optional[str]]]:
    return [(step.action, step.image_cache_id) for step in plan.steps]
