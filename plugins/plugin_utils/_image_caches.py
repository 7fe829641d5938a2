# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Read image caches from the results of the collection's modules."""

from __future__ import annotations

from typing import Any, Callable, Iterator, List, Mapping

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import RESULT_KEYS
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._budget import Budget
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._descriptions import describe

__all__ = ["InvalidResult", "list_image_caches"]

# Characters of the message of another task in a message.
LONGEST_REASON = 1000


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, (list, tuple)) and all(map(check, value))


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _are_tags(value: Any) -> bool:
    return _is_mapping(value) and all(_is_text(key) and _is_text(tag) for key, tag in value.items())


# By the type and the elements of an option.
OPTION_CHECKS: Mapping[Any, Callable[[Any], bool]] = {
    ("str", None): _is_text,
    ("int", None): _is_number,
    ("list", "str"): _is_list_of(_is_text),
    ("list", "dict"): _is_list_of(_is_mapping),
    ("dict", None): _are_tags,
}
# Whether a value of a result has the type that the modules return. Most are texts.
CHECKS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(RESULT_KEYS, _is_text),
    **{row.option: OPTION_CHECKS[row.spec["type"], row.spec.get("elements")] for row in FIELDS if row.is_shown},
    "events": _is_list_of(_is_mapping),
    "never_expires": lambda value: isinstance(value, bool),
}


class InvalidResult(ValueError):
    """A value contains no image caches. The message consists of whole sentences."""


def list_image_caches(result: Any) -> List[Mapping[str, Any]]:
    """Return the image caches of a result, in order.

    The result is that of image_cache, image_cache_set or image_cache_info, or a list of image caches. Entries of a set
    that are absent have no image cache and are left out. Values of another type than the modules return are null, as
    in a file that was edited. Raises InvalidResult.
    """
    return list(_list(result, Budget(InvalidResult), 0))


def _list(value: Any, budget: Budget, levels: int) -> Iterator[Mapping[str, Any]]:
    budget.spend(levels)
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _list(item, budget, levels + 1)
    elif not isinstance(value, Mapping):
        raise InvalidResult("expected a result of image_cache_info, image_cache_set or image_cache, or a list of them.")
    elif isinstance(value.get("image_caches"), (list, tuple)):
        # A set in which an entry failed still has the caches of the others.
        yield from _list(value["image_caches"], budget, levels + 1)
    elif isinstance(value.get("results"), (list, tuple)):
        yield from _list(value["results"], budget, levels + 1)
    elif "image_cache" in value:
        if value["image_cache"] is not None:
            yield from _list(value["image_cache"], budget, levels + 1)
    elif "image_cache_id" in value and "status" in value:
        yield _with_known_values(value)
    elif value.get("failed"):
        raise InvalidResult(f"the task that returned this result failed: {str(value.get('msg'))[:LONGEST_REASON]}")
    else:
        raise InvalidResult("the value contains no image caches. The result is from another module.")


def _with_known_values(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    image_cache_id = resource["image_cache_id"]
    if image_cache_id is not None and not isinstance(image_cache_id, str):
        raise InvalidResult(f"an image_cache_id is {describe(image_cache_id)}. The result is from another module.")
    known = {key: value for key, value in resource.items() if isinstance(key, str)}
    return {key: value if key not in CHECKS or CHECKS[key](value) else None for key, value in known.items()}
