# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The run of M(tencentcloud.tke.image_cache_info), which lists and matches caches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import PAGE_SIZE, Client, describe_selected
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.listing import combine
from ansible_collections.tencentcloud.tke.plugins.module_utils._failure import request_failure
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.matching import find_held
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    EVENT_SELECTIONS,
    ImageCache,
    with_ages,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.options import image_problems, text_problems
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.selection import (
    FILTERS,
    CacheListing,
    Selection,
    argument_spec,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._permissions import find_permissions
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Reporter
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import (
    RETRY_BUDGET,
    Runtime,
    list_all,
    run_in_region,
)

__all__ = ["image_cache_info", "image_cache_info_spec"]


@dataclass(frozen=True)
class Question:
    """The query: which caches to return, and the images for which to find the most suitable one."""

    ids: Sequence[str]
    names: Sequence[str]
    selection: Selection
    match_images: Optional[Sequence[str]]
    snapshotter: Optional[str]
    # The events to return, a key of EVENT_SELECTIONS.
    events: str
    check_permissions: bool

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Question:
        """Return the query from the parameters of the module. Raises InvalidInput."""
        selection = Selection.from_params(params, FILTERS)
        images, snapshotter = params["match_images"], params["snapshotter"]
        problems = list(text_problems("snapshotter", snapshotter))
        if images is not None and not images:
            problems.append("match_images is empty. Set it to the images of the Pod.")
        for number, image in enumerate(images or ()):
            problems += image_problems(f"match_images[{number}]", image)
        if snapshotter is not None and images is None:
            problems.append("snapshotter requires match_images.")
        if params["check_permissions"]:
            problems += _permission_problems(params)
        if problems:
            raise InvalidInput(" ".join(problems))
        ids, names = params["image_cache_ids"] or (), params["image_cache_names"] or ()
        return cls(ids, names, selection, images, snapshotter, params["events"], params["check_permissions"])


def _permission_problems(params: Mapping[str, Any]) -> Iterator[str]:
    for option in (*argument_spec(FILTERS), "match_images"):
        if params[option] is not None:
            yield f"check_permissions and {option} are mutually exclusive."


def image_cache_info_spec(env_fallback: Callable[..., Any]) -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the module M(tencentcloud.tke.image_cache_info)."""
    return {
        **_connection.argument_spec(env_fallback),
        **argument_spec(FILTERS),
        "match_images": {"type": "list", "elements": "str"},
        "snapshotter": {"type": "str"},
        "events": {"type": "str", "default": "last", "choices": list(EVENT_SELECTIONS)},
        "check_permissions": {"type": "bool", "default": False},
    }


def image_cache_info(params: Mapping[str, Any], runtime: Runtime) -> Dict[str, Any]:
    """Return the result of one run of M(tencentcloud.tke.image_cache_info)."""

    def run(question: Question, client: Client, reporter: Reporter) -> Dict[str, Any]:
        deadline, now = Deadline(runtime.clock, RETRY_BUDGET), runtime.clock.utc()
        result: Dict[str, Any] = {"changed": False, "region": _connection.region_of(params)}
        try:
            if question.check_permissions:
                return {**result, "image_caches": [], "permissions": find_permissions(client, deadline)}
            listed = CacheListing(_list(question, client, deadline, reporter), now)
            selected = question.selection.select(listed)
            result["image_caches"] = [with_ages(cache, now, question.events) for cache in selected]
            if question.match_images is not None:
                result["match"] = _match(question, question.match_images, client, deadline, now)
        except RequestError as error:
            result.update(request_failure(error, "image caches"))
        return result

    return run_in_region(params, image_cache_info_spec, runtime, Question.from_params, run)


def _list(question: Question, client: Client, deadline: Deadline, reporter: Reporter) -> List[ImageCache]:
    """Return the caches to select from: none for an empty list, those with the ids, else with the names, else all."""
    if question.selection.selects_nothing:
        return []
    # The API does not document whether it combines ids and names, or whether it compares names exactly.
    if not (question.ids or question.names):
        return list_all(client, deadline, reporter)
    field, values = ("ImageCacheIds", question.ids) if question.ids else ("ImageCacheNames", question.names)
    unique = list(dict.fromkeys(values))
    parts = (unique[start : start + PAGE_SIZE] for start in range(0, len(unique), PAGE_SIZE))
    listing = combine([describe_selected(client, deadline, field, part) for part in parts])
    return [ImageCache(raw) for raw in listing.image_caches]


def _match(
    question: Question, images: Sequence[str], client: Client, deadline: Deadline, now: datetime
) -> Dict[str, Any]:
    raw = client.most_suitable(images, question.snapshotter, deadline)
    cache = ImageCache(raw) if raw is not None else None
    covered = find_held(images, cache.value_of("images") or ()) if cache else []
    return {
        "found": cache is not None,
        "image_cache": with_ages(cache, now, question.events) if cache else None,
        "covered": covered,
        "missing": [image for image in images if image not in covered],
    }
