# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Creating a cache exactly once, though the API knows no token for that.

After an unclear outcome the name is looked up before anything is tried again. And whoever has created a cache looks
at its name, right after the create and again when it is Ready: the oldest cache keeps the name, then the one of the
smallest id, so that all runs come to the same end; one whose build has failed keeps it from nobody. A run removes what
it has created itself, also where that is not listed yet. In the end it removes too what nobody has removed: after an
unclear create nobody knows whose a second cache is, and runs get killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    AccountProblem,
    ApiError,
    AuthenticationError,
    NoCapacity,
    NotAuthorized,
    QuotaExceeded,
    RequestError,
    Throttled,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import FAILED, READY, ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    REPLACE,
    BuildFailed,
    Found,
    Step,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.deleting import delete, remove
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.effects import Steps
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scene import Scene
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.waiting import (
    RACE_PAUSES,
    UNCLEAR_PAUSES,
    UNCLEAR_REPEATS,
    Vanished,
    await_settled,
)

__all__ = ["Built", "Claims", "build", "create"]

# What has a claim to the name that a new cache was created under, the rightful one first.
Claims = Callable[[Found], Sequence[ImageCache]]
# Told the id and the request id of a create.
Created = Callable[[str, Optional[str]], None]
# Refusals that say by themselves what they are about. Any other may mean that the name is taken: an API may well
# keep names unique without documenting it.
PLAIN_REFUSALS = (AccountProblem, AuthenticationError, NoCapacity, NotAuthorized, QuotaExceeded, Throttled)


@dataclass(frozen=True)
class Built:
    """What came of a create: the id of the run's own cache, or what is there since another cache keeps the name.

    C(named) says that the own cache was seen to have the declared name.
    """

    own: Optional[str] = None
    named: bool = False
    found: Optional[Found] = None
    rival: Optional[ImageCache] = None

    @classmethod
    def yielded(cls, rival: ImageCache, found: Found) -> Built:
        """Return that a rival keeps the name, among what was found."""
        return cls(found=found.agreed_on(rival), rival=rival)


def create(scene: Scene, step: Step) -> Steps[Optional[Found]]:
    """Create the declared cache. Where another one keeps the name, return what is there: plan anew.

    Raises BuildFailed, TimedOut, Vanished and RequestError.
    """

    def claims(found: Found) -> Sequence[ImageCache]:
        return found.caches

    def created(image_cache_id: str, request_id: Optional[str]) -> None:
        scene.journal.created(image_cache_id, request_id, step.fields)

    return (yield from build(scene, step, claims, created)).found


def build(scene: Scene, step: Step, claims: Claims, created: Created) -> Steps[Built]:
    """Create a cache and, if the run waits, wait until it is Ready."""
    built = yield from _created_once(scene, step, claims, created)
    if built.own is not None:
        scene.progress(f"{built.own} is begun")
        built = yield from _rivalled(scene, step, built.own, claims)
    if built.own is not None and scene.desired.wait:
        built = yield from _ready(scene, step, built.own, claims)
    return built


def _ready(scene: Scene, step: Step, own: str, claims: Claims) -> Steps[Built]:
    try:
        cache = yield from await_settled(scene, own)
    except Vanished:
        # A run whose cache is the older one may have removed this one.
        found = yield from scene.by_name()
        for rival in claims(found):
            return Built.yielded(rival, found)
        raise
    if cache.status != READY:
        raise BuildFailed(cache, kept=step.old)
    return (yield from _rivalled(scene, step, own, claims, alone=True))


def _created_once(scene: Scene, step: Step, claims: Claims, created: Created) -> Steps[Built]:
    while True:
        try:
            answer = yield from scene.write("create", step.request)
        except RequestError as error:
            if error.nothing_done:
                return (yield from _taken(scene, error, claims))
            cache = yield from _looked_up_again(scene, error, claims)
            if cache is not None:
                created(cache.id, None)
                return Built(cache.id)
            scene.unclear += 1
            if scene.unclear > UNCLEAR_REPEATS or scene.deadline.passed:
                raise
            continue
        scene.journal.request_id = answer.request_id
        image_cache_id = str(answer.fields["ImageCacheId"])
        created(image_cache_id, answer.request_id)
        return Built(image_cache_id)


def _taken(scene: Scene, error: RequestError, claims: Claims) -> Steps[Built]:
    """Return what has the name of a create that was refused, since another run was faster; else raise the error."""
    if isinstance(error, ApiError) and not isinstance(error, PLAIN_REFUSALS):
        # A new cache may not be listed at once; it is worth waiting for where the refusal is about its name.
        speaks_of_name = str(scene.desired.name) in error.message
        for pause in UNCLEAR_PAUSES if speaks_of_name else UNCLEAR_PAUSES[:1]:
            found = yield from scene.by_name(after=pause)
            for rival in claims(found):
                return Built.yielded(rival, found)
    raise error


def _looked_up_again(scene: Scene, error: RequestError, claims: Claims) -> Steps[Optional[ImageCache]]:
    scene.progress(f"it may or may not have been created ({error.message}); looking")
    for pause in UNCLEAR_PAUSES:
        for cache in claims((yield from scene.by_name(after=pause))):
            return cache
    return None


def _rivalled(scene: Scene, step: Step, own: str, claims: Claims, alone: bool = False) -> Steps[Built]:
    """Look at the name, remove what has no claim to it, and return what keeps it.

    With C(alone) no second cache is left: other runs get the time to remove theirs, but they may have been killed.
    """
    found = yield from scene.by_name()
    for pause in RACE_PAUSES:
        if not _may_settle(scene, _by_right(claims(found)), own, alone):
            break
        found = yield from scene.by_name(after=min(pause, scene.deadline.remaining))
    rivals = _by_right(claims(found))
    keeper = next(iter((*_left_by_others(scene, rivals, own), *rivals)), None)
    if keeper is None:
        return Built(own)
    for cache in rivals:
        if cache is not keeper and (cache.id == own or scene.unclear or alone):
            yield from _yielded(scene, keeper, cache.id, replacement=cache.name == scene.desired.replacement_name)
    if _unlisted(rivals, own) and not alone:
        yield from _yielded(scene, keeper, own, replacement=step.action == REPLACE)
    scene.journal.looked_at(keeper)
    if keeper.id == own:
        return Built(own, named=keeper in found.caches)
    return Built.yielded(keeper, found)


def _by_right(caches: Sequence[ImageCache]) -> Sequence[ImageCache]:
    """Return caches of one name by their right to it: the oldest first, but one that has failed after all others."""
    return sorted(caches, key=lambda cache: cache.status == FAILED)


def _may_settle(scene: Scene, rivals: Sequence[ImageCache], own: str, alone: bool) -> bool:
    """Return whether another look may show what runs agree on: one of them is about to remove its cache, or this one's
    is not listed yet."""
    if _unlisted(rivals, own):
        return not alone
    if scene.unclear or len(rivals) < 2 or rivals[0].id != own:
        return False
    # A run that waits looks again when its cache is Ready; a rival that is Ready has nobody left to remove it.
    return alone or not (scene.desired.wait or any(cache.status == READY for cache in rivals[1:]))


def _left_by_others(scene: Scene, rivals: Sequence[ImageCache], own: str) -> Sequence[ImageCache]:
    """Return what stays, for a run that does not wait: it will not look again, and nobody is left to remove these."""
    if scene.desired.wait:
        return ()
    others = [cache for cache in rivals if cache.id != own and cache.status != FAILED]
    ready = [cache for cache in others if cache.status == READY]
    return ready or ([] if scene.unclear else others)


def _unlisted(rivals: Sequence[ImageCache], own: str) -> bool:
    """Return whether others show, and the run's own cache does not: not yet, if it was just created."""
    return bool(rivals) and all(cache.id != own for cache in rivals)


def _yielded(scene: Scene, keeper: ImageCache, image_cache_id: str, replacement: bool) -> Steps[None]:
    scene.progress(f"it exists twice, and {keeper.id} keeps the name; removing {image_cache_id}")
    # The new cache of a replace is a part of that action, and so is its removal.
    yield from (remove if replacement else delete)(scene, image_cache_id)
