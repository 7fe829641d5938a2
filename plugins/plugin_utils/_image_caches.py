# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Read image caches from the results of the collection's modules."""

from __future__ import annotations

from typing import Any, Iterator, List, Mapping

__all__ = ["InvalidResult", "list_image_caches"]


class InvalidResult(ValueError):
    """A value contains no image caches. The message consists of whole sentences."""


def list_image_caches(result: Any) -> List[Mapping[str, Any]]:
    """Return the image caches of a result, in order.

    The result is that of image_cache, image_cache_set or image_cache_info, or a list of image caches. Entries of a set
    that are absent have no image cache and are left out. Raises InvalidResult.
    """
    return list(_list(result))


def _list(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _list(item)
    elif not isinstance(value, Mapping):
        raise InvalidResult("expected a result of image_cache_info, image_cache_set or image_cache, or a list of them.")
    elif isinstance(value.get("image_caches"), (list, tuple)):
        # A set in which an entry failed still has the caches of the others.
        yield from _list(value["image_caches"])
    elif isinstance(value.get("results"), (list, tuple)):
        yield from _list(value["results"])
    elif "image_cache" in value:
        if value["image_cache"] is not None:
            yield from _list(value["image_cache"])
    elif "image_cache_id" in value and "status" in value:
        yield value
    elif value.get("failed"):
        raise InvalidResult(f"the task that returned this result failed: {value.get('msg')}")
    else:
        raise InvalidResult("the value contains no image caches. The result is from another module.")
