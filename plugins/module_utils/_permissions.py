# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Find out which actions the credentials may use, without changing anything.

CAM has no action that simulates a policy. The reads are sent as usual. The update and the delete are sent for an image
cache that does not exist: CAM refuses them before the service looks for the cache. This order is inferred from other
services of the API. No request can show whether CreateImageCache is allowed, because a successful one builds a cache.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Set, Tuple, Type

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    ApiError,
    AuthenticationError,
    NotAuthorized,
    NotFound,
    StateRefused,
    WriteRefused,
)

__all__ = ["find_permissions"]

# IDs in the form of the API: CAM may check the resource of a malformed ID in another way, or not at all.
CANDIDATES = tuple(f"imc-{number:08}" for number in range(10))
# No registry can have this name (RFC 2606), so no image cache contains the image.
NO_IMAGE = "permission-check.invalid/no-image:1"

Permission = Dict[str, Any]


def find_permissions(client: Client, deadline: Deadline) -> List[Permission]:
    """Return, for each C(action), C(allowed), which is None if unknown, and C(reason).

    Raises RequestError if the credentials are invalid or the API does not respond.
    """
    absent, describe = _find_absent_id(client, deadline)
    permissions = {
        "DescribeImageCaches": describe,
        "GetMostSuitableImageCache": _ask(lambda: client.most_suitable([NO_IMAGE], None, deadline)),
        "CreateImageCache": _unknown("It was not sent, because it would build an image cache."),
        "UpdateImageCache": _ask_for(absent, lambda id_: client.update({"ImageCacheId": id_}, deadline)),
        "DeleteImageCaches": _ask_for(absent, lambda id_: client.delete({"ImageCacheIds": [id_]}, deadline)),
    }
    return [{"action": action, **permission} for action, permission in permissions.items()]


def _find_absent_id(client: Client, deadline: Deadline) -> Tuple[Optional[str], Permission]:
    """Return an ID without an image cache, or None if that cannot be told, and the permission to list caches."""
    present: Set[str] = set()

    def describe() -> None:
        listing = client.describe(deadline, ImageCacheIds=list(CANDIDATES))
        present.update(raw["ImageCacheId"] for raw in listing.image_caches)

    permission = _ask(describe)
    if not permission["allowed"]:
        return None, permission
    return next((candidate for candidate in CANDIDATES if candidate not in present), None), permission


def _ask_for(absent: Optional[str], call: Callable[[str], Any]) -> Permission:
    """Return the permission for an action on an image cache, which is only called for one that does not exist."""
    if absent is None:
        return _unknown("It was not sent, because no ID is known to be unused.")
    return _ask(lambda: call(absent))


def _ask(call: Callable[[], Any]) -> Permission:
    try:
        call()
    except WriteRefused:
        return _unknown("It was not sent in check mode.")
    except AuthenticationError:
        raise
    except ApiError as error:
        allowed = next((allowed for kind, allowed in MEANINGS.items() if isinstance(error, kind)), None)
        return {"allowed": allowed, "reason": f"{error.code}: {error.message}"}
    return {"allowed": True, "reason": "The request succeeded."}


# What an error of the API says about the permission. Other errors say nothing.
MEANINGS: Mapping[Type[ApiError], bool] = {NotAuthorized: False, NotFound: True, StateRefused: True}


def _unknown(reason: str) -> Permission:
    return {"allowed": None, "reason": reason}
