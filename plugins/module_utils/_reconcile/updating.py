# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Update a cache in place, and wait until the update shows."""

from __future__ import annotations

from typing import Callable, Optional, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    InvalidRequest,
    RequestError,
    StateRefused,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.difference import find_outstanding
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import SHOWN
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    READY,
    UPDATE_FAILED,
    ImageCache,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed, Step
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.renewal import as_sent
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    BUSY_PAUSES,
    LISTING_LAG,
    UNCLEAR_PAUSES,
    UNCLEAR_REPEATS,
    RunContext,
    Steps,
    Vanished,
    await_settled,
)

__all__ = ["update_and_wait", "update_cache"]


def update_cache(context: RunContext, step: Step, before: Optional[ImageCache]) -> Steps[None]:
    """Update a cache and record the action. C(before) is the cache as planned from.

    Raises what update_and_wait() raises.
    """
    image_cache_id = str(step.image_cache_id)

    def on_accepted(request_id: Optional[str]) -> None:
        context.journal.note_action(step.action, image_cache_id, request_id, step.fields)

    context.report(f"updating {image_cache_id}: {', '.join(step.fields)}")
    try:
        yield from update_and_wait(context, step, image_cache_id, before, on_accepted)
    except InvalidRequest:
        _warn_of_long_retention(context, step)
        raise


def _warn_of_long_retention(context: RunContext, step: Step) -> None:
    if step.expires_in is not None:
        context.warn(
            f"the API rejected a retention of {step.request[SHOWN['retention_days'].api]} days, which is the age of the"
            " cache plus retention_days. If the API limits the retention, set max_age to rebuild the cache before it"
            " expires"
        )


def update_and_wait(
    context: RunContext,
    step: Step,
    image_cache_id: str,
    before: Optional[ImageCache],
    on_accepted: Callable[[Optional[str]], None] = lambda request_id: None,
) -> Steps[None]:
    """Update a cache and, if the run waits, wait until it is Ready. C(on_accepted) is called with the request id.

    Raises BuildFailed, TimedOut, Vanished and RequestError. StateRefused for a cache that is not being built means that
    the API does not update it in its current state.
    """
    on_accepted((yield from _send_update(context, step, image_cache_id, before)))
    yield from _await_update(context, step, image_cache_id, before)


def _send_update(
    context: RunContext, step: Step, image_cache_id: str, before: Optional[ImageCache]
) -> Steps[Optional[str]]:
    """Send an update until it is accepted or shows, and return the request id. Repeating an update is harmless."""
    unclear, refused = 0, 0
    while True:
        try:
            answer = yield from context.write("update", {"ImageCacheId": image_cache_id, **step.request})
        except StateRefused:
            if refused == len(BUSY_PAUSES) or not context.desired.wait or context.deadline.passed:
                raise
            cache, waited = yield from _await_settled_again(context, image_cache_id, BUSY_PAUSES[refused])
            if cache is not None and cache.status == UPDATE_FAILED:
                raise
            refused = 0 if waited else refused + 1
        except RequestError as error:
            unclear += 1
            if error.not_executed or unclear > UNCLEAR_REPEATS:
                raise
            cache = yield from context.read_by_id(image_cache_id, after=UNCLEAR_PAUSES[1])
            if cache is not None and not cache.is_settled:
                return None
        else:
            return str(answer.request_id) if answer.request_id else None
        if _has_arrived(context, step, image_cache_id, cache, before):
            return None


def _has_arrived(
    context: RunContext, step: Step, image_cache_id: str, cache: Optional[ImageCache], before: Optional[ImageCache]
) -> bool:
    if cache is None:
        raise Vanished(image_cache_id)
    desired = as_sent(context.desired, step.request)
    return _would_show(desired, step, before, cache) and not find_outstanding(desired, cache, step.fields)


def _would_show(desired: Desired, step: Step, before: Optional[ImageCache], cache: ImageCache) -> bool:
    """Return whether the listing can show that the update has arrived.

    It can if all updated options differed before. It cannot for options that the API does not show.
    """
    if before is None:
        return True
    if before.status == UPDATE_FAILED:
        return cache.status == READY
    return find_outstanding(desired, before, step.fields) == list(step.fields)


def _await_settled_again(
    context: RunContext, image_cache_id: str, pause: float
) -> Steps[Tuple[Optional[ImageCache], bool]]:
    """Return a cache that the API reports as busy, after its build if it has one, and whether there was a build."""
    cache = yield from context.read_by_id(image_cache_id, after=max(pause, context.poll_interval()))
    if cache is None or cache.is_settled:
        return cache, False
    return (yield from await_settled(context, image_cache_id)), True


def _await_update(context: RunContext, step: Step, image_cache_id: str, before: Optional[ImageCache]) -> Steps[None]:
    """Wait until the update shows. The listing may lag, and the service may accept an update without applying it."""
    accepted_at, desired = context.clock.monotonic(), as_sent(context.desired, step.request)
    cache = yield from context.read_by_id(image_cache_id)
    if not context.desired.wait:
        return
    while True:
        if cache is None or not cache.is_settled:
            cache = yield from await_settled(context, image_cache_id)
        unmoved = cache.status == UPDATE_FAILED and before is not None and cache.raw == before.raw
        left = find_outstanding(desired, cache, step.fields) if cache.status == READY else []
        if not (unmoved or left) or context.clock.monotonic() - accepted_at > LISTING_LAG or context.deadline.passed:
            break
        cache = yield from context.read_by_id(image_cache_id, after=context.poll_interval())
    if cache.status != READY:
        raise BuildFailed(cache)
    for option in left:
        context.warn(_describe_not_shown(cache, option))


def _describe_not_shown(cache: ImageCache, option: str) -> str:
    if option in SHOWN and not SHOWN[option].holds_secrets:
        return f"the API accepted the update but shows {option} as {cache.value_of(option)!r}"
    return f"the API accepted the update but does not show {option} as declared"
