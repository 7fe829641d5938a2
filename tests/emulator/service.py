# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image caches of one account: the five actions, and the states, events and times of builds."""

from __future__ import annotations

import itertools
import math
import random
import string
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Iterator, Mapping, Optional, Union

from .errors import ApiProblem

CHAIN = ("DiskCreated", "EksCiCreated", "SnapCreated", "EksCiDeleted", "DiskDeleted")
# The time of each step as a fraction of the duration of the build.
REACHED = (0.05, 0.15, 0.8, 0.9, 0.95)
MESSAGES = {
    "DiskCreated": "create disk disk-{suffix} successfully",
    "EksCiCreated": "create eksci eksci-{suffix} successfully",
    "SnapCreated": "create snapshot snap-{suffix} successfully",
    "EksCiDeleted": "delete eksci eksci-{suffix} successfully",
    "DiskDeleted": "delete disk disk-{suffix} successfully",
}
REBUILDS = ("Images", "ImageCacheSize")
# In seconds.
DAY = 86400
CENTURY = 36525 * DAY

TIME_FORMATS: Mapping[str, Callable[[datetime], str]] = {
    "go": lambda at: at.strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
    "plain": lambda at: at.strftime("%Y-%m-%d %H:%M:%S"),
    "rfc3339": lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "milliseconds": lambda at: str(int(at.timestamp() * 1000)),
    "go-monotonic": lambda at: (at + timedelta(hours=8)).strftime(
        "%Y-%m-%d %H:%M:%S.389402882 +0800 CST m=+893.262707991"
    ),
}


def _with_tag(image: str) -> str:
    return image if "@" in image or ":" in image.rpartition("/")[2] else f"{image}:latest"


def _with_domain(image: str) -> str:
    first, slash, _rest = image.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


IMAGE_FORMS: Mapping[str, Callable[[str], str]] = {
    "written": lambda image: image,
    "tagged": _with_tag,
    "full": lambda image: _with_domain(_with_tag(image)),
}


@dataclass
class BuildFailure:
    """The failure of builds whose images contain C(image): the last step before it, and its event."""

    image: str
    reason: str = "PullImageFailed"
    message: str = "failed to pull image: manifest unknown: not found"
    after: str = "EksCiCreated"


@dataclass
class Settings:
    """Answers to open questions of the documentation, differences between editions, and durations in seconds.

    switches.py lists each open question with the answers that the tests try.
    """

    build_seconds: float = 0.3
    # The number of listings after which a build ends, regardless of time; None for a build that ends by time.
    build_looks: Optional[int] = None
    requests_per_second: int = 20
    latency: float = 0.0
    fuzzy_names: bool = False
    time_format: str = "go"
    never_expires_as: str = "century"
    newest_event_first: bool = True
    event_spelling: str = "EksCi"
    passwords: str = "clear"
    refuses_update_while: tuple[str, ...] = ("Pending", "Updating", "Failed")
    every_update_builds: bool = False
    delete_while_building: bool = True
    merges_tags: bool = False
    # Whether an update of the retention counts the days from that update instead of from the creation.
    retention_restarts: bool = False
    unique_names: bool = False
    # The maximum number of ids of a delete, 0 for any number; whether a delete skips unknown ids or is refused.
    most_deleted_at_once: int = 0
    delete_skips_unknown: bool = False
    asking_is_a_match: bool = True
    # Seconds until a new cache is listed, and seconds for which a deleted cache is still listed.
    listed_after: float = 0.0
    listed_after_deletion: float = 0.0
    omitted_fields: tuple[str, ...] = ()
    # The maximum number of ids or names of a listing, 0 for any number.
    most_listed_at_once: int = 0
    # How a listing shows images: as written, with the default tag, or with default tag and domain.
    image_form: str = "written"
    # Whether images with a digest are refused, accepted but never matched, or matched.
    digests: str = "matched"
    # Whether a cache with only some of the requested images is a match.
    matches_part: bool = False
    failures: list[BuildFailure] = field(default_factory=list)


@dataclass
class Build:
    """A build that began at a Unix time. C(failure) is its later failure, C(updates) whether it is an update."""

    began: float
    seconds: float
    updates: bool
    suffix: str
    failure: Optional[BuildFailure] = None
    looks: Optional[int] = None
    looked: int = 0

    def status(self, now: float) -> str:
        """Return the status of the cache at a Unix time."""
        if self._progress(now) < self._end:
            return "Updating" if self.updates else "Pending"
        if self.failure is None:
            return "Ready"
        return "UpdateFailed" if self.updates else "Failed"

    def _progress(self, now: float) -> float:
        """Return the progress of the build; 1 is complete."""
        if self.looks is not None:
            return self.looked / self.looks
        return (now - self.began) / self.seconds if self.seconds else math.inf

    @property
    def _end(self) -> float:
        return REACHED[CHAIN.index(self.failure.after)] + 0.1 if self.failure else 1.0

    def events(self, now: float) -> Iterator[tuple[float, str, str, str]]:
        """Yield time, type, reason and message of the events until now, oldest first."""
        progress = self._progress(now)
        for step, part in zip(CHAIN, REACHED):
            at = self.began + self.seconds * part
            if part > progress:
                return
            yield at, "Normal", step, MESSAGES[step].format(suffix=self.suffix)
            if self.failure and step == self.failure.after:
                if progress >= self._end:
                    yield at, "Warning", self.failure.reason, self.failure.message
                return


@dataclass
class Cache:
    """An image cache. C(declared) has the parameters of its creation and of all updates."""

    id: str
    created: float
    declared: dict[str, Any]
    builds: list[Build]
    matched: Optional[float] = None
    deleted: Optional[float] = None
    # The time of the last update of the retention.
    retained: Optional[float] = None
    # Fields that override those of a listing, for example for caches that the platform creates.
    shown: dict[str, Any] = field(default_factory=dict)


CLOCK_OFFSET = time.time() - time.monotonic()


def monotonic_unix_time() -> float:
    """Return the Unix time by a clock that is never set, so that builds have a constant duration."""
    return CLOCK_OFFSET + time.monotonic()


class ImageCacheService:
    """The caches of one region. C(seed) determines their ids."""

    def __init__(
        self, settings: Settings, now: Callable[[], float] = monotonic_unix_time, seed: Union[int, str] = 20180525
    ) -> None:
        self.settings, self._now = settings, now
        self.caches: dict[str, Cache] = {}
        self.deleted: list[Cache] = []
        self._recent: dict[str, deque[float]] = {}
        self._random = random.Random(seed)

    def call(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Execute an action, and return the members of its Response. Raises ApiProblem."""
        actions: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "CreateImageCache": self._create,
            "DescribeImageCaches": self._describe,
            "UpdateImageCache": self._update,
            "DeleteImageCaches": self._delete,
            "GetMostSuitableImageCache": self._find_match,
        }
        return actions[action](parameters)

    def limit_rate(self, action: str) -> None:
        """Count a request of an action. Raises ApiProblem if it exceeds the rate limit."""
        recent, now = self._recent.setdefault(action, deque()), time.monotonic()
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) >= self.settings.requests_per_second:
            raise ApiProblem("RequestLimitExceeded", "The number of requests exceeds the frequency limit.")
        recent.append(now)

    def _create(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        creates_eip = parameters.get("AutoCreateEip") or "AutoCreateEipAttribute" in parameters
        if "ExistedEipId" in parameters and creates_eip:
            raise ApiProblem("InvalidParameter", "ExistedEipIds and AutoCreateEip are mutually exclusive.")
        if not parameters["Images"]:
            raise ApiProblem("InvalidParameter", "Images is empty.")
        self._refuse_digests(parameters)
        self._refuse_taken_name(parameters)
        cache = Cache(f"imc-{self._random_suffix()}", self._now(), dict(parameters), [])
        cache.declared.setdefault("ImageCacheSize", 20)
        cache.declared.setdefault("RetentionDays", 0)
        self.caches[cache.id] = cache
        self._start_build(cache, updates=False)
        return {"ImageCacheId": cache.id}

    def _refuse_digests(self, parameters: Mapping[str, Any]) -> None:
        if self.settings.digests == "refused" and any("@" in image for image in parameters.get("Images", ())):
            raise ApiProblem("InvalidParameter", "Images with a digest are not supported.")

    def _refuse_taken_name(self, parameters: Mapping[str, Any], own: str = "") -> None:
        name = parameters.get("ImageCacheName")
        if not (self.settings.unique_names and name):
            return
        others = [cache for cache in self.caches.values() if cache.id != own]
        if name in [cache.declared.get("ImageCacheName") for cache in others]:
            raise ApiProblem("InvalidParameter.Param", f"The name {name} is taken.")

    def _start_build(self, cache: Cache, updates: bool) -> None:
        images = " ".join(cache.declared["Images"])
        failure = next((f for f in self.settings.failures if f.image in images), None)
        seconds, looks = self.settings.build_seconds, self.settings.build_looks
        cache.builds.append(Build(self._now(), seconds, updates, self._random_suffix(), failure, looks))

    def _describe(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        limit, offset = parameters.get("Limit", 20), parameters.get("Offset", 0)
        if limit > 50:
            raise ApiProblem("InvalidParameter", "Limit exceeds 50.")
        most = self.settings.most_listed_at_once
        for selection in ("ImageCacheIds", "ImageCacheNames"):
            if 0 < most < len(parameters.get(selection, ())):
                raise ApiProblem("InvalidParameter", f"More than {most} {selection}.")
        for condition in parameters.get("Filters", []):
            if condition["Name"] != "image-cache-name":
                raise ApiProblem("InvalidParameter", f"Unknown filter {condition['Name']}.")
        selects = self._selector(parameters)
        found = [cache for cache in self._listed_caches() if selects(cache)]
        found.sort(key=lambda cache: (cache.created, cache.id), reverse=True)
        page = found[offset : offset + limit]
        shown = [self.shown(cache) for cache in page]
        for cache in page:
            cache.builds[-1].looked += 1
        return {"TotalCount": len(found), "ImageCaches": shown}

    def _listed_caches(self) -> list[Cache]:
        """Return the caches of a listing, which may lag behind creations and deletions."""
        now = self._now()
        live = [cache for cache in self.caches.values() if now >= cache.created + self.settings.listed_after]
        deleted = [c for c in self.deleted if now < (c.deleted or 0.0) + self.settings.listed_after_deletion]
        return live + deleted

    def _selector(self, parameters: Mapping[str, Any]) -> Callable[[Cache], bool]:
        """Return the function that decides which caches a listing contains."""
        ids = frozenset(parameters.get("ImageCacheIds") or ())
        names = [frozenset(condition["Values"]) for condition in parameters.get("Filters", [])]
        if parameters.get("ImageCacheNames"):
            names.append(frozenset(parameters["ImageCacheNames"]))

        def selects(cache: Cache) -> bool:
            return (not ids or cache.id in ids) and all(self._has_name(cache, any_of) for any_of in names)

        return selects

    def _has_name(self, cache: Cache, names: frozenset[str]) -> bool:
        own = cache.declared.get("ImageCacheName", "")
        return any(name in own for name in names) if self.settings.fuzzy_names else own in names

    def _update(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        cache = self._find_cache(parameters["ImageCacheId"])
        status = self.status(cache)
        if status in self.settings.refuses_update_while:
            raise ApiProblem("UnsupportedOperation", f"The image cache is {status} and cannot be updated.")
        self._refuse_digests(parameters)
        self._refuse_taken_name(parameters, cache.id)
        given = {name: value for name, value in parameters.items() if name != "ImageCacheId"}
        if self.settings.merges_tags and "Tags" in given:
            tags = {tag["Key"]: tag for tag in [*cache.declared.get("Tags", []), *given["Tags"]]}
            given["Tags"] = list(tags.values())
        rebuilds = any(n in given and given[n] != cache.declared[n] for n in REBUILDS)
        cache.declared.update(given)
        if "RetentionDays" in given:
            cache.retained = self._now()
        if rebuilds or status == "UpdateFailed" or self.settings.every_update_builds:
            self._start_build(cache, updates=True)
        return {}

    def _delete(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        ids = parameters["ImageCacheIds"]
        if 0 < self.settings.most_deleted_at_once < len(ids):
            raise ApiProblem("InvalidParameter", f"More than {self.settings.most_deleted_at_once} ImageCacheIds.")
        if self.settings.delete_skips_unknown and any(i in self.caches for i in ids):
            ids = [image_cache_id for image_cache_id in ids if image_cache_id in self.caches]
        caches = [self._find_cache(image_cache_id) for image_cache_id in ids]
        for cache in caches:
            status = self.status(cache)
            if status in ("Pending", "Updating") and not self.settings.delete_while_building:
                raise ApiProblem("UnsupportedOperation", f"{cache.id} is {status} and cannot be deleted.")
        for cache in caches:
            del self.caches[cache.id]
            cache.deleted = self._now()
            self.deleted.append(cache)
        return {}

    def _find_match(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        wanted, snapshotter = set(parameters["Images"]), parameters.get("Snapshotter", "overlay")
        fits = [
            cache
            for cache in self.caches.values()
            if self.status(cache) == "Ready" and self._holds(cache, wanted)
            if cache.shown.get("Snapshotter", "overlay") == snapshotter
        ]
        if not fits:
            return {"Found": False, "ImageCache": None}
        # The vendor's page on annotations documents this order: smaller first, then newer.
        best = min(fits, key=lambda cache: (cache.declared["ImageCacheSize"], -cache.created))
        if self.settings.asking_is_a_match:
            best.matched = self._now()
        return {"Found": True, "ImageCache": self.shown(best)}

    def _holds(self, cache: Cache, wanted: set[str]) -> bool:
        matched = self.settings.digests == "matched"
        images = {image for image in cache.declared["Images"] if matched or "@" not in image}
        return bool(wanted & images) if self.settings.matches_part else wanted <= images

    def _find_cache(self, image_cache_id: str) -> Cache:
        if image_cache_id not in self.caches:
            raise ApiProblem("ResourceNotFound", f"The image cache {image_cache_id} does not exist.")
        return self.caches[image_cache_id]

    def status(self, cache: Cache) -> str:
        """Return the current status of a cache."""
        return cache.builds[-1].status(self._now())

    def shown(self, cache: Cache) -> dict[str, Any]:
        """Return a cache as DescribeImageCaches shows it."""
        declared = cache.declared
        ready = any(build.status(self._now()) == "Ready" for build in cache.builds)
        shown = {
            "ImageCacheId": cache.id,
            "ImageCacheName": declared.get("ImageCacheName", ""),
            "ImageCacheSize": declared["ImageCacheSize"],
            "Images": [IMAGE_FORMS[self.settings.image_form](image) for image in declared["Images"]],
            "Status": self.status(cache),
            "CreationTime": self._time(cache.created),
            "ExpireDateTime": self._shown_expiry(cache),
            "Events": self._events(cache),
            "LastMatchedTime": self._time(cache.matched) if cache.matched else "",
            "SnapshotId": f"snap-{cache.builds[-1].suffix}" if ready else "",
            "RetentionDays": declared["RetentionDays"],
            "ImageRegistryCredentials": [self._credential(c) for c in declared.get("ImageRegistryCredentials", [])],
            "Tags": list(declared.get("Tags", [])),
            "ImageCacheType": "manual",
            "Snapshotter": "overlay",
            **cache.shown,
        }
        return {name: value for name, value in shown.items() if name not in self.settings.omitted_fields}

    def _credential(self, credential: Mapping[str, str]) -> dict[str, str]:
        shown = {name: credential.get(name, "") for name in ("Server", "Username", "Password", "Name")}
        if self.settings.passwords == "masked":
            shown["Password"] = "******"
        elif self.settings.passwords == "absent":
            del shown["Password"]
        return shown

    def _events(self, cache: Cache) -> list[dict[str, Any]]:
        events = itertools.chain.from_iterable(build.events(self._now()) for build in cache.builds)
        entries = [
            {
                "ImageCacheId": cache.id,
                "Type": kind,
                "Reason": reason.replace("EksCi", self.settings.event_spelling),
                "Message": message,
                "FirstTimestamp": self._time(at),
                "LastTimestamp": self._time(at),
            }
            for at, kind, reason, message in events
        ]
        return entries[::-1] if self.settings.newest_event_first else entries

    def expires_at(self, cache: Cache) -> float:
        """Return the Unix time at which a cache expires; infinity if it never expires."""
        days = cache.declared["RetentionDays"]
        restarted = cache.retained if self.settings.retention_restarts else None
        return (restarted or cache.created) + days * DAY if days else math.inf

    def _shown_expiry(self, cache: Cache) -> str:
        expires_at = self.expires_at(cache)
        if expires_at < math.inf:
            return self._time(expires_at)
        return "" if self.settings.never_expires_as == "empty" else self._time(cache.created + CENTURY)

    def _time(self, at: float) -> str:
        return TIME_FORMATS[self.settings.time_format](datetime.fromtimestamp(at, timezone.utc))

    def _random_suffix(self) -> str:
        return "".join(self._random.choices(string.ascii_lowercase + string.digits, k=8))
