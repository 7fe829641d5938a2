# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image caches of a probe, and what it may do with them.

A Lab uses the collection's own client. It only changes caches that it has made, has at most three at a time, and
records the exchanges as evidence.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set, TypeVar

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import SETTLED
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    InvalidReference,
    parse_reference,
)

from .journal import Journal
from .pace import Pace

MOST_CACHES = 3
SIZE_GIB = 20
# In seconds: how long the questions may take together, and how long one build is awaited.
LONGEST = 3600.0
LONGEST_BUILD = 1800.0
# The roles of the caches: one that is used; one that is deleted while it is built; one whose build fails; one whose
# image has a digest.
MAIN, TWIN, FAILING, PINNED = "main", "twin", "failing", "pinned"
# The image of a cache that is never used. It is written without tag and registry.
PLAIN_IMAGE = "busybox"
# A registry of this name cannot exist (RFC 2606).
NO_IMAGE = "tke-probe.invalid/no-image:1"
SERVER = "tke-probe.invalid"

T = TypeVar("T")
Raw = Mapping[str, Any]


class CannotTell(Exception):
    """A question cannot be answered. The message is the reason."""


@dataclass(frozen=True)
class Setting:
    """Where the caches are built, and of which image."""

    vpc_id: str
    subnet_id: str
    # With a tag, without a digest.
    image: str
    # With the digest, if it is known.
    pinned_image: Optional[str]

    @classmethod
    def parse(cls, vpc_id: str, subnet_id: str, image: str) -> Setting:
        """Return the setting for the values of the command line. Raises InvalidInput."""
        try:
            reference = parse_reference(image)
        except InvalidReference as error:
            raise InvalidInput(f"Invalid IMAGE: {error}.") from None
        if not (vpc_id and subnet_id and reference.tag):
            raise InvalidInput("Set VPC and SUBNET to the IDs of a VPC and a subnet. IMAGE needs a tag.")
        return cls(vpc_id, subnet_id, image.partition("@")[0], image if reference.digest else None)

    @property
    def missing_image(self) -> str:
        """An image that does not exist in the same repository."""
        return f"{self.image.rpartition(':')[0]}:does-not-exist"


@dataclass
class Subject:
    """An image cache of the probe. C(made) is the time on the monotonic clock when its create was answered."""

    name: str
    id: str
    made: float


@dataclass(frozen=True)
class Exchange:
    """A request, and its answer or error as the API names its parts."""

    action: str
    request: Raw
    answer: Raw


@dataclass(frozen=True)
class Watched:
    """An accepted update of a usable cache, and whether it passed through Updating."""

    fields: Sequence[str]
    builds: bool
    exchanges: Sequence[Exchange]


class Lab:
    """The caches of one probe."""

    def __init__(self, client: Client, clock: Clock, journal: Journal, setting: Setting, pace: Pace) -> None:
        self.setting, self.pace, self.clock = setting, pace, clock
        self.deadline = Deadline(clock, LONGEST)
        self.password = f"not-a-password-{secrets.token_hex(4)}"
        self.exchanges: List[Exchange] = []
        self.updates: List[Watched] = []
        # Every listing of a cache of the probe.
        self.listings: List[Raw] = []
        self._client, self._journal = client, journal
        self._prefix = f"tke-probe-{secrets.token_hex(4)}"
        self._subjects: Dict[str, Subject] = {}
        self._existing: Set[str] = set()
        self._own: Set[str] = set()
        self._creates = self._unclear = 0

    # Changes

    def make(self, role: str, name: Optional[str] = None) -> Subject:
        """Create the cache of a role. Raises RequestError, and CannotTell if there are three already."""
        if len(self._existing) + self._unclear >= MOST_CACHES:
            raise CannotTell(f"The probe already has {MOST_CACHES} image caches.")
        self._creates += 1
        name = name or f"{self._prefix}-{self._creates}"
        request = {**self._recipe(role), "ImageCacheName": name}
        self._journal.note_create(name)
        try:
            answer = self._call("CreateImageCache", request, lambda: self._client.create(request, self.deadline).fields)
        except RequestError as error:
            self._unclear += not error.not_executed
            raise
        subject = Subject(name, answer["ImageCacheId"], self.clock.monotonic())
        self._journal.note_created(name, subject.id)
        self._subjects[role] = subject
        self._existing.add(subject.id)
        self._own.add(subject.id)
        return subject

    def _recipe(self, role: str) -> Dict[str, Any]:
        request = {
            "VpcId": self.setting.vpc_id,
            "SubnetId": self.setting.subnet_id,
            "ImageCacheSize": SIZE_GIB,
            "RetentionDays": 1,
            "Tags": tags("a"),
        }
        if role == TWIN:
            credential = {"Server": SERVER, "Username": "probe", "Password": self.password}
            return {**request, "Images": [PLAIN_IMAGE], "ImageRegistryCredentials": [credential]}
        images = {MAIN: self.setting.image, FAILING: self.setting.missing_image, PINNED: self.setting.pinned_image}
        return {**request, "Images": [images[role]], "AutoCreateEip": True}

    def send_update(self, subject: Subject, **fields: Any) -> None:
        """Send an update of a cache. Raises RequestError."""
        request = {"ImageCacheId": subject.id, **fields}
        self._call("UpdateImageCache", request, lambda: self._client.update(request, self.deadline).fields)

    def update(self, subject: Subject, **fields: Any) -> Raw:
        """Update a usable cache, and return it as it is listed once it is usable again. Raises RequestError."""
        first = len(self.exchanges)
        self.send_update(subject, **fields)
        builds = self.is_seen(lambda: (self.look(subject) or {}).get("Status") == "Updating", self.pace.lag / 5)
        raw = self.await_settled(subject)
        self.updates.append(Watched(tuple(fields), builds, self.exchanges[first:]))
        return raw

    def delete(self, subject: Subject) -> None:
        """Delete a cache. Raises RequestError."""
        self.send_delete([subject.id])
        self._existing.discard(subject.id)

    def send_delete(self, ids: Sequence[str]) -> None:
        """Send one delete for these ids, of caches of the probe or of no cache at all. Raises RequestError."""
        request = {"ImageCacheIds": list(ids)}
        self._call("DeleteImageCaches", request, lambda: self._client.delete(request, self.deadline).fields)

    def remove(self, subject: Subject) -> None:
        """Delete a cache as soon as it can be deleted, and wait until it is no longer listed. Raises RequestError."""
        if subject.id in self._existing:
            self.await_settled(subject)
            self.delete(subject)
        if not self.is_seen(lambda: self.look(subject) is None, 4 * self.pace.lag):
            raise CannotTell(f"{subject.id} was deleted but is still listed.")
        self.note_gone(subject)

    def note_gone(self, subject: Subject) -> None:
        """Record that a cache is no longer listed."""
        self._existing.discard(subject.id)
        self._journal.note_gone(subject.id)

    # Reads

    def get(self, role: str) -> Optional[Subject]:
        """Return the cache of a role, if it was made."""
        return self._subjects.get(role)

    def need(self, role: str) -> Subject:
        """Return the cache of a role. Raises CannotTell if it was not made."""
        if role not in self._subjects:
            raise CannotTell(f"The probe has no {role} image cache.")
        return self._subjects[role]

    def list_caches(self, **selection: Any) -> List[Raw]:
        """Return those of the selected caches that belong to the probe. Raises RequestError."""

        def describe() -> Raw:
            listing = self._client.describe(self.deadline, **selection)
            own = [raw for raw in listing.image_caches if raw["ImageCacheId"] in self._own]
            return {"ImageCaches": own, "others": len(listing.image_caches) - len(own)}

        caches: List[Raw] = self._call("DescribeImageCaches", selection, describe)["ImageCaches"]
        self.listings += caches
        return caches

    def look(self, subject: Subject) -> Optional[Raw]:
        """Return a cache as it is listed now, or None. Raises RequestError."""
        return next(iter(self.list_caches(ImageCacheIds=[subject.id])), None)

    def await_settled(self, subject: Subject) -> Raw:
        """Return a cache as it is listed when no build is running. Raises CannotTell if that takes too long."""
        build, late = Deadline(self.clock, LONGEST_BUILD), Deadline(self.clock, 4 * self.pace.lag)
        while True:
            raw = self.look(subject)
            if raw and raw.get("Status") in SETTLED:
                return raw
            if (raw is None and late.passed) or build.passed or self.deadline.passed:
                raise CannotTell(f"{subject.id} is {raw.get('Status') if raw else 'not listed'} for too long.")
            self.clock.sleep(self.pace.interval)

    def is_seen(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Return whether a condition holds now or within C(seconds)."""
        limit = Deadline(self.clock, seconds)
        while not condition():
            if limit.passed:
                return False
            self.clock.sleep(self.pace.pause)
        return True

    def match(self, *images: str) -> Optional[Raw]:
        """Return the most suitable cache, or None. Another cache than those of the probe has only an id.

        Raises RequestError.
        """

        def most_suitable() -> Raw:
            raw = self._client.most_suitable(images, None, self.deadline)
            own = raw is not None and raw["ImageCacheId"] in self._own
            return {"Found": raw is not None, "ImageCache": raw if own or raw is None else {"ImageCacheId": "another"}}

        answer = self._call("GetMostSuitableImageCache", {"Images": list(images)}, most_suitable)
        found: Optional[Raw] = answer["ImageCache"]
        return found

    def unused_names(self, count: int) -> List[str]:
        """Return names that no cache has."""
        return [f"{self._prefix}-none-{number}" for number in range(count)]

    def unused_ids(self, count: int) -> List[str]:
        """Return ids in the form of the API that a listing has just shown to be unused. Raises RequestError."""
        ids = [f"imc-{number:08}" for number in range(count)]
        # More than ten in one request may be refused.
        parts = [ids[first : first + 10] for first in range(0, count, 10)]
        listings = [self._client.describe(self.deadline, ImageCacheIds=part) for part in parts]
        used = {raw["ImageCacheId"] for listing in listings for raw in listing.image_caches}
        if used:
            raise CannotTell("The account has image caches whose IDs consist of digits.")
        return ids

    def _call(self, action: str, request: Raw, send: Callable[[], Raw]) -> Raw:
        try:
            answer = send()
        except RequestError as error:
            facts = error.facts()
            self.exchanges.append(Exchange(action, request, {"Code": facts["code"], "Message": facts["message"]}))
            raise
        self.exchanges.append(Exchange(action, request, answer))
        return answer


def tags(*keys: str) -> List[Dict[str, str]]:
    """Return tags in the form of the API."""
    return [{"Key": key, "Value": "tke-probe"} for key in keys]
