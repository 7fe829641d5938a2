# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What a reconciliation asks of the world, and who carries it out.

A reconciliation is a generator: it yields a look or a write, and is sent what came of it. It neither sends nor
sleeps by itself, so that one driver can run it alone and another can run many side by side with shared looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generator, List, Mapping, Optional, Tuple, TypeVar, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Answer, Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache

__all__ = ["Effect", "Look", "Seen", "Steps", "Write", "drive"]

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """Look at caches by id or by name, not before C(after) seconds from now. Sent: a Seen."""

    names: Tuple[str, ...] = ()
    ids: Tuple[str, ...] = ()
    after: float = 0.0


@dataclass(frozen=True)
class Write:
    """Carry out a writing action: C(create), C(update) or C(delete). Sent: an Answer."""

    action: str
    request: Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What a look showed: the caches of exactly those ids or names."""

    image_caches: List[ImageCache]
    request_id: Optional[str]


Effect = Union[Look, Write]
Steps = Generator[Effect, Any, T]


def drive(steps: Steps[T], client: Client, clock: Clock, deadline: Deadline) -> T:
    """Run one reconciliation to its end and return what it returns; its exceptions pass through.

    A request that fails is thrown into it, since it alone knows what the failure means.
    """
    try:
        effect = next(steps)
        while True:
            try:
                came = _carry_out(effect, client, clock, deadline)
            except RequestError as error:
                effect = steps.throw(error)
            else:
                effect = steps.send(came)
    except StopIteration as end:
        result: T = end.value
        return result


def _carry_out(effect: Effect, client: Client, clock: Clock, deadline: Deadline) -> Union[Seen, Answer]:
    if isinstance(effect, Look):
        if effect.after > 0:
            clock.sleep(effect.after)
        return _look(effect, client, deadline)
    write = {"create": client.create, "update": client.update, "delete": client.delete}[effect.action]
    return write(effect.request, deadline)


def _look(look: Look, client: Client, deadline: Deadline) -> Seen:
    if look.ids:
        listing = client.describe(deadline, ImageCacheIds=list(look.ids))
    else:
        listing = client.describe(deadline, ImageCacheNames=list(look.names))
    caches = [ImageCache(raw) for raw in listing.image_caches]
    # Whether the API compares names exactly is not documented, and it need not ignore what it does not know.
    return Seen([cache for cache in caches if cache.id in look.ids or cache.name in look.names], listing.request_id)
