# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Reads what the report is made of: saved or fresh results of image_cache_info, and prices.

All functions raise InvalidInput if the input is invalid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._budget import Budget

__all__ = ["Prices", "Region", "read_prices", "read_regions"]

# Characters of the message of another task in a message.
LONGEST_REASON = 1000


@dataclass(frozen=True)
class Region:
    """The image caches of a region. The name is empty if the listing does not contain it."""

    name: str
    caches: Sequence[ImageCache]


@dataclass(frozen=True)
class Prices:
    """The price of a GiB of snapshot for a month, with different prices in some regions."""

    per_gib_month: float
    currency: str = ""
    regions: Mapping[str, float] = field(default_factory=dict)

    def cost(self, region: str, gib: int) -> float:
        """Return the monthly cost of snapshots."""
        return gib * self.regions.get(region, self.per_gib_month)


def read_regions(listings: Any) -> List[Region]:
    """Return the regions of one result, of the result of a loop, or of a list of results, in order of their names.

    Several results of one region are combined, and each cache counts once.
    """
    regions: Dict[str, Dict[str, ImageCache]] = {}
    for result in _results(listings, Budget(_invalid_listing), 0):
        caches = regions.setdefault(str(result.get("region") or ""), {})
        caches.update((cache.id, cache) for cache in map(_read_cache, result["image_caches"]))
    if not regions:
        raise InvalidInput("No listing is given. Pass at least one result of image_cache_info.")
    return [Region(name, list(caches.values())) for name, caches in sorted(regions.items())]


def _invalid_listing(problem: str) -> InvalidInput:
    return InvalidInput(f"Invalid listings: {problem}")


def _results(value: Any, budget: Budget, levels: int) -> Iterator[Mapping[str, Any]]:
    budget.spend(levels)
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _results(item, budget, levels + 1)
    elif isinstance(value, Mapping) and isinstance(value.get("image_caches"), list):
        yield value
    elif isinstance(value, Mapping) and isinstance(value.get("results"), list):
        yield from _results(value["results"], budget, levels + 1)
    elif isinstance(value, Mapping) and value.get("failed"):
        raise InvalidInput(f"A listing failed: {str(value.get('msg'))[:LONGEST_REASON]}")
    else:
        raise InvalidInput("A listing is not a result of image_cache_info: it has no list in image_caches.")


def _read_cache(resource: Any) -> ImageCache:
    if not isinstance(resource, Mapping) or not isinstance(resource.get("image_cache_id"), str):
        raise InvalidInput("A listing is not a result of image_cache_info: an image cache has no image_cache_id.")
    return ImageCache.from_result(resource)


def read_prices(given: Any) -> Prices:
    """Return the prices from the dictionary that the user sets."""
    if not isinstance(given, Mapping):
        raise InvalidInput("Invalid prices: expected a dictionary with per_gib_month.")
    unknown = sorted(map(str, set(given) - set(Prices.__dataclass_fields__)))
    if unknown or "per_gib_month" not in given:
        raise InvalidInput(
            f"Invalid prices: {'unknown keys ' + ', '.join(unknown)[:200] if unknown else 'per_gib_month is missing'}."
            f" The keys are {', '.join(Prices.__dataclass_fields__)}."
        )
    regions = given.get("regions") or {}
    if not isinstance(regions, Mapping):
        raise InvalidInput("Invalid prices: expected a dictionary of prices in regions.")
    return Prices(
        _price("per_gib_month", given["per_gib_month"]),
        str(given.get("currency") or ""),
        {str(region): _price(f"regions.{region}", price) for region, price in regions.items()},
    )


def _price(key: str, value: Any) -> float:
    try:
        price = float(value)
    except (TypeError, ValueError, OverflowError):
        price = -1.0
    if not 0 <= price < float("inf"):
        raise InvalidInput(f"Invalid {key} in prices: expected a number of 0 or more, got {str(value)[:50]!r}.")
    return price
