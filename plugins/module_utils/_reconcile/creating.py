# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Create a cache exactly once, and resolve races between runs that use the same name.

The API has no idempotency token. After a create with an unknown outcome, the run looks up the name before it sends
another request. The API may also accept duplicate names. A run that has created a cache therefore reads its name
right after the create, and again when the cache is Ready. The oldest cache keeps the name, then the one with the
smallest id, so that all runs decide alike. A cache whose build failed never takes precedence over another. Each run
deletes its own duplicate, even if it is not listed yet, and plans again from the cache that keeps the name.

A run deletes only caches that it has created or may have created, and caches whose name has the reserved suffix. A
duplicate that still exists after 15 s may belong to a person. The run then fails and names both caches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Mapping, Optional, Sequence

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
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import is_listing_of
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    RACE_PAUSES,
    UNCLEAR_PAUSES,
    UNCLEAR_REPEATS,
    Duplicates,
    RunContext,
    Steps,
    Vanished,
    await_settled,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.deleting import delete_cache, remove_cache

__all__ = ["Build", "CreateResult", "build_cache", "create_cache"]

# Called with the id and the request id of a create.
OnCreated = Callable[[str, Optional[str]], None]
# Errors that state their own cause. Any other error may mean that the name is taken, because the API may enforce
# unique names without documenting it.
PLAIN_REFUSALS = (AccountProblem, AuthenticationError, NoCapacity, NotAuthorized, QuotaExceeded, Throttled)


@dataclass(frozen=True)
class Build:
    """A cache to create: the step that creates it, and the callback for its id.

    C(step.old) is the cache that it will replace, if any. That cache is not one of its rivals.
    """

    step: Step
    on_created: OnCreated

    def find_rivals(self, found: Found, own: Optional[str]) -> Sequence[ImageCache]:
        """Return the caches that runs may have created for this purpose, including C(own), the one to keep first."""
        if self.step.action != REPLACE:
            return _sort_by_right(found.caches)
        if any(cache.id == own for cache in found.caches):
            # Another run has renamed this run's replacement to the declared name.
            return _sort_by_right(self.find_named(found))
        if any(cache.id == self.step.old for cache in found.caches):
            return _sort_by_right(found.replacements)
        # Another run may have finished: then a new cache has the name, and the old one is deleted.
        return _sort_by_right((*self.find_named(found), *found.replacements))

    def find_named(self, found: Found) -> Sequence[ImageCache]:
        """Return the caches that have the declared name, except the one to be replaced."""
        return [cache for cache in found.caches if cache.id != self.step.old]


@dataclass(frozen=True)
class CreateResult:
    """The result of a create: the id of the run's own cache, or what was found if another cache keeps the name.

    C(has_name) says that the own cache was listed with the declared name.
    """

    own: Optional[str] = None
    has_name: bool = False
    found: Optional[Found] = None
    lost_to: Optional[ImageCache] = None

    @classmethod
    def lost_race(cls, to: ImageCache, found: Found) -> CreateResult:
        """Return the result for a run whose name is kept by another cache."""
        return cls(found=found.assuming_kept(to), lost_to=to)


def create_cache(context: RunContext, step: Step) -> Steps[Optional[Found]]:
    """Create the declared cache. If another cache keeps the name, return what was found, to plan again.

    Raises BuildFailed, Duplicates, TimedOut, Vanished and RequestError.
    """

    def on_created(image_cache_id: str, request_id: Optional[str]) -> None:
        context.journal.note_creation(image_cache_id, request_id, step.fields)

    return (yield from build_cache(context, Build(step, on_created))).found


def build_cache(context: RunContext, this: Build) -> Steps[CreateResult]:
    """Create a cache and, if the run waits, wait until it is Ready. Raises what create_cache() raises."""
    created = yield from _create_once(context, this)
    if created.own is not None:
        context.report(f"{created.own} is being built")
        created = yield from resolve_duplicates(context, this, created.own)
    if created.own is not None and context.desired.wait:
        created = yield from _await_ready(context, this, created.own)
    return created


def _await_ready(context: RunContext, this: Build, own: str) -> Steps[CreateResult]:
    try:
        cache = yield from await_settled(context, own)
    except Vanished:
        # Another run whose cache is older may have deleted this one.
        found = yield from context.read_by_name()
        for rival in this.find_rivals(found, own):
            return CreateResult.lost_race(rival, found)
        raise
    if cache.status != READY:
        raise BuildFailed(cache, kept=this.step.old)
    return (yield from resolve_duplicates(context, this, own, final_check=True))


# Exactly once


def _create_once(context: RunContext, this: Build) -> Steps[CreateResult]:
    while True:
        try:
            answer = yield from context.write("create", this.step.request)
        except RequestError as error:
            if error.not_executed:
                return (yield from _find_who_has_the_name(context, this, error))
            created = yield from _find_unclear_create(context, this, error)
            if created is not None:
                return created
            context.unclear += 1
            if context.unclear > UNCLEAR_REPEATS or context.deadline.passed:
                raise
            continue
        image_cache_id = str(answer.fields["ImageCacheId"])
        this.on_created(image_cache_id, answer.request_id)
        return CreateResult(image_cache_id)


def _find_who_has_the_name(context: RunContext, this: Build, error: RequestError) -> Steps[CreateResult]:
    """Return the caches with the name if another run was faster and the create was refused; else raise the error."""
    if isinstance(error, ApiError) and not isinstance(error, PLAIN_REFUSALS):
        # A new cache may be listed late. Polling for it makes sense only if the error mentions the name.
        speaks_of_name = str(context.desired.name) in error.message
        for pause in UNCLEAR_PAUSES if speaks_of_name else UNCLEAR_PAUSES[:1]:
            found = yield from context.read_by_name(after=pause)
            for rival in this.find_rivals(found, None):
                return CreateResult.lost_race(rival, found)
    raise error


def _find_unclear_create(context: RunContext, this: Build, error: RequestError) -> Steps[Optional[CreateResult]]:
    """Poll for the cache of a create with an unknown outcome; return None if it is not listed."""
    context.report(f"it is unknown whether the cache was created ({error.message}); checking")
    for pause in UNCLEAR_PAUSES:
        found = yield from context.read_by_name(after=pause)
        rivals = this.find_rivals(found, None)
        for cache in rivals:
            if is_as_requested(cache, this.step.request):
                this.on_created(cache.id, None)
                return CreateResult(cache.id)
        for cache in rivals:
            return CreateResult.lost_race(cache, found)
    return None


def is_as_requested(cache: ImageCache, request: Mapping[str, Any]) -> bool:
    """Return whether a cache may be the result of a create request, judging by its images and size."""
    images, size = cache.value_of("images"), cache.value_of("image_cache_size")
    same_images = not images or is_listing_of(images, request.get("Images", images))
    return same_images and (size is None or size == request.get("ImageCacheSize", size))


# Races between runs


def resolve_duplicates(context: RunContext, this: Build, own: str, final_check: bool = False) -> Steps[CreateResult]:
    """Read the name and return which cache keeps it. If it is not the run's own, delete the own one.

    With C(final_check), when the own cache is Ready, other runs get 15 s to delete theirs. Raises Duplicates if a cache
    remains that this run must not delete.
    """
    found = yield from context.read_by_name()
    for pause in RACE_PAUSES:
        if not _may_settle(context, this, found, own, final_check):
            break
        found = yield from context.read_by_name(after=min(pause, context.deadline.remaining))
    rivals = this.find_rivals(found, own)
    keeper = next(iter((*_find_survivors(context, rivals, own), *rivals)), None)
    if keeper is None:
        return CreateResult(own)
    for cache in rivals:
        if cache is not keeper and _is_removable(context, this, cache, own, final_check):
            yield from remove_duplicate(context, keeper, cache.id, is_replacement=_is_replacement(context, cache))
    if _is_unlisted(rivals, own) and not final_check:
        yield from remove_duplicate(context, keeper, own, is_replacement=this.step.action == REPLACE)
    context.journal.update_view(keeper)
    if keeper.id != own:
        return CreateResult.lost_race(keeper, found)
    if final_check:
        _refuse_duplicates(context, this, found, own)
    return CreateResult(own, has_name=keeper in found.caches)


def remove_duplicate(context: RunContext, keeper: ImageCache, image_cache_id: str, is_replacement: bool) -> Steps[None]:
    """Delete a cache of this run, or a replacement, because C(keeper) keeps the name."""
    context.report(f"duplicate found: {keeper.id} keeps the name; deleting {image_cache_id}")
    # Building and deleting a replacement belong to the replace, so its deletion is not reported as an action.
    yield from (remove_cache if is_replacement else delete_cache)(context, image_cache_id)


def _refuse_duplicates(context: RunContext, this: Build, found: Found, own: str) -> None:
    """Raise Duplicates if another cache with the declared name remains."""
    others = [cache for cache in this.find_named(found) if cache.id not in (own, *context.removed)]
    if others:
        old = [cache for cache in found.caches if cache.id == this.step.old]
        raise Duplicates(own, [*old, *others], replaces=bool(old))


def _sort_by_right(caches: Sequence[ImageCache]) -> List[ImageCache]:
    """Return the caches sorted by precedence for the name: the oldest first, failed ones last."""
    return sorted(caches, key=lambda cache: cache.status == FAILED)


def _may_settle(context: RunContext, this: Build, found: Found, own: str, final_check: bool) -> bool:
    """Return whether another poll may resolve the duplicates.

    Another run may be about to delete its cache, or this run's cache is not listed yet.
    """
    rivals = this.find_rivals(found, own)
    if _is_unlisted(rivals, own):
        return not final_check
    if final_check:
        others = [cache for cache in (*rivals, *this.find_named(found)) if cache.id != own]
        return bool(others) and (not rivals or rivals[0].id == own) and not context.unclear
    if context.unclear or len(rivals) < 2 or rivals[0].id != own:
        return False
    # A run that waits checks again when its cache is Ready. The run that created a Ready rival no longer checks it.
    return not (context.desired.wait or any(cache.status == READY for cache in rivals[1:]))


def _find_survivors(context: RunContext, rivals: Sequence[ImageCache], own: str) -> Sequence[ImageCache]:
    """Return the rivals to keep if the run does not wait.

    Such a run does not check again, and no other run will delete these caches.
    """
    if context.desired.wait:
        return ()
    others = [cache for cache in rivals if cache.id != own and cache.status != FAILED]
    ready = [cache for cache in others if cache.status == READY]
    return ready or ([] if context.unclear else others)


def _is_removable(context: RunContext, this: Build, cache: ImageCache, own: str, final_check: bool) -> bool:
    """Return whether this run may delete a rival.

    It may delete its own cache, one that its create with an unknown outcome may have made, and, in the final check, a
    replacement that no other run has deleted.
    """
    if cache.id == own:
        return True
    if context.unclear and is_as_requested(cache, this.step.request):
        return True
    return final_check and _is_replacement(context, cache)


def _is_replacement(context: RunContext, cache: ImageCache) -> bool:
    return cache.name == context.desired.replacement_name


def _is_unlisted(rivals: Sequence[ImageCache], own: str) -> bool:
    """Return whether rivals are listed but the run's own cache is not. A cache that was just created may not be."""
    return bool(rivals) and all(cache.id != own for cache in rivals)
