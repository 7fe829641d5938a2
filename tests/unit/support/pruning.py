# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Caches of a known age and plans to prune them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.pruning import (
    PruningPlan,
    Rules,
    plan_pruning,
    rules_spec,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.selection import CacheListing

NOW = datetime(2026, 5, 1, tzinfo=timezone.utc)


def ago(**length: Any) -> str:
    return (NOW - timedelta(**length)).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")


def old_cache(image_cache_id: str = "imc-1", **fields: Any) -> ImageCache:
    """Return a cache that is 40 days old and was last matched 35 days ago."""
    return ImageCache(
        {
            "ImageCacheId": image_cache_id,
            "ImageCacheName": "web",
            "ImageCacheSize": 20,
            "ImageCacheType": "manual",
            "Images": ["nginx:1"],
            "Status": "Ready",
            "CreationTime": ago(days=40),
            "LastMatchedTime": ago(days=35),
            "Tags": [{"Key": "team", "Value": "web"}],
            "Snapshotter": "overlay",
            **fields,
        }
    )


def plan_prune(*caches: ImageCache, **options: Any) -> PruningPlan:
    defaults = {name: entry.get("default") for name, entry in rules_spec().items()}
    return plan_pruning(Rules.from_params({**defaults, **options}), CacheListing(caches, NOW))


def reason_to_keep(only: ImageCache, **options: Any) -> Optional[str]:
    """Return why a cache is kept, None if it is deleted."""
    plan = plan_prune(only, **options)
    return plan.kept[0].reason if plan.kept else None
