# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The declared state of an image cache, checked before any request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Iterator, List, Mapping, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.digests import TagDigests
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache, cache_label
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.options import (
    credential_problems,
    duration_problems,
    plain_tags,
    text_problems,
    value_problems,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import parse_reference
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import parse_duration

__all__ = ["REPLACEMENT_SUFFIX", "Desired"]

REPLACEMENT_SUFFIX = "-replacement"
# In seconds. Builds take minutes, and the clocks of Python cannot handle waits of many years.
LONGEST_WAIT = 10**8
# Maximum length of a name in a message, because the name itself may be invalid.
MUCH = 80


@dataclass(frozen=True)
class Desired:
    """One declared image cache. C(values) holds only those of the fifteen options that are set."""

    present: bool
    image_cache_id: Optional[str]
    values: Mapping[str, Any]
    purge_tags: bool
    update_password: str
    on_change: str
    recreate_failed: bool
    track_build_settings: bool
    verify_images: bool
    follow_tags: bool
    force_rebuild: bool
    # As set by the user, for example "7d".
    max_age: Optional[str]
    # Only with a retention that is longer.
    min_days_left: Optional[int]
    wait: bool
    wait_timeout: float
    wait_interval: float
    # What the tags of the images name today, by the images as they are written; of those that a registry told.
    digests: Mapping[str, TagDigests] = field(default_factory=dict)
    # In days, for a cache whose retention is renewed: it is sent even if the listing shows no difference.
    expires_in: Optional[float] = None

    @property
    def name(self) -> Optional[str]:
        """The declared name."""
        name: Optional[str] = self.values.get("image_cache_name")
        return name

    @property
    def replacement_name(self) -> Optional[str]:
        """The name under which a replacement is built."""
        return self.name + REPLACEMENT_SUFFIX if self.name else None

    @property
    def asks_registries(self) -> bool:
        """Whether a run looks up images in their registries."""
        return self.verify_images or self.follow_tags

    @property
    def max_age_seconds(self) -> Optional[float]:
        """The age in seconds above which the cache is rebuilt."""
        return parse_duration(self.max_age) if self.max_age else None

    def with_name(self, name: Optional[str]) -> Desired:
        """Return the declaration with this name, if it has none. A cache declared by its id keeps its name."""
        if self.name or not name:
            return self
        return replace(self, values={"image_cache_name": name, **self.values})

    def with_tags_of(self, cache: ImageCache) -> Desired:
        """Return the declaration with the tags for a cache, including its current ones if C(purge_tags) is false."""
        if self.purge_tags or "tags" not in self.values:
            return self
        tags = {**(cache.value_of("tags") or {}), **self.values["tags"]}
        return replace(self, values={**self.values, "tags": tags})

    def images_of(self, cache: Optional[ImageCache]) -> List[str]:
        """Return the declared images, or those of the cache if none are declared."""
        images: Optional[List[str]] = self.values.get("images") or (cache.value_of("images") if cache else None)
        return list(images or ())

    @property
    def label(self) -> str:
        """The label of the cache for messages."""
        return cache_label(self.name, self.image_cache_id)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Desired:
        """Return the declaration from the parameters of a module.

        Raises InvalidInput with all problems.
        """
        values = {row.option: params[row.option] for row in FIELDS if params.get(row.option) is not None}
        if "tags" in values:
            values["tags"] = plain_tags(values["tags"])
        image_cache_id = params.get("image_cache_id")
        problems = [*_problems(values, image_cache_id), *_name_problems(params), *_wait_problems(params)]
        problems += [*duration_problems("max_age", params["max_age"]), *_renewal_problems(params)]
        if problems:
            address = values.get("image_cache_name") or image_cache_id
            place = f"image cache {str(address)[:MUCH]}: " if address else ""
            raise InvalidInput(place + " ".join(problems))
        return cls(
            present=params["state"] == "present",
            image_cache_id=image_cache_id,
            values=values,
            purge_tags=params["purge_tags"],
            update_password=params["update_password"],
            on_change=params["on_change"],
            recreate_failed=params["recreate_failed"],
            track_build_settings=params["track_build_settings"],
            verify_images=params["verify_images"],
            follow_tags=params["follow_tags"],
            force_rebuild=params["force_rebuild"],
            max_age=params["max_age"],
            min_days_left=params["min_days_left"],
            wait=params["wait"],
            wait_timeout=float(params["wait_timeout"]),
            wait_interval=float(params["wait_interval"]),
        )

    def find_doubts(self) -> List[str]:
        """Return warnings about values that are valid but often unintended."""
        if not self.present:
            return []
        return [
            f"image cache {self.label}: image {image!r} has no fixed tag. The cache keeps the image that the tag"
            " referred to at build time, and Pods match it by name even after the tag has moved. Pin a version or a"
            " digest."
            for image in self.values.get("images", [])
            if parse_reference(image).is_floating
        ]


def _problems(values: Mapping[str, Any], image_cache_id: Optional[str]) -> Iterator[str]:
    if image_cache_id is None and "image_cache_name" not in values:
        yield "Neither image_cache_name nor image_cache_id is set. Set one of them."
    yield from text_problems("image_cache_id", image_cache_id)
    yield from value_problems(values)
    yield from _image_problems(values)
    yield from _eip_problems(values)
    yield from credential_problems(values)


def _name_problems(params: Mapping[str, Any]) -> Iterator[str]:
    name = params.get("image_cache_name")
    if params["state"] == "present" and name and name.endswith(REPLACEMENT_SUFFIX):
        yield (
            f"image_cache_name ends in {REPLACEMENT_SUFFIX!r}, which is reserved for replacements. Choose another"
            " name. Only state: absent accepts such a name, to delete a leftover replacement."
        )


def _image_problems(values: Mapping[str, Any]) -> Iterator[str]:
    images = values.get("images")
    if images is None:
        return
    if not images:
        yield "images is an empty list. Set at least one image, or omit images."
    # Compared as written: two spellings of one image are valid, because the platform may distinguish them.
    for image in dict.fromkeys(images):
        if images.count(image) > 1:
            yield f"image {image!r} is listed {images.count(image)} times in images. List it once."


def _eip_problems(values: Mapping[str, Any]) -> Iterator[str]:
    given = [option for option in ("auto_create_eip", "auto_create_eip_attribute") if values.get(option)]
    if "existed_eip_id" in values and given:
        yield f"existed_eip_id and {given[0]} are mutually exclusive. Bind an existing EIP or create one, not both."
    if values.get("auto_create_eip") is False and "auto_create_eip_attribute" in values:
        yield (
            "auto_create_eip is false, but auto_create_eip_attribute enables the creation of an EIP. Omit one of them."
        )


def _renewal_problems(params: Mapping[str, Any]) -> Iterator[str]:
    least, retention = params["min_days_left"], params.get("retention_days")
    if least is None:
        return
    if least < 1:
        yield f"Invalid min_days_left: expected 1 or more, got {least}."
    elif params["state"] == "present" and not retention:
        yield "min_days_left requires retention_days above 0. Set retention_days, or omit min_days_left."
    elif params["state"] == "present" and least >= retention:
        yield (
            f"Invalid min_days_left: expected less than retention_days ({retention}), got {least}. Otherwise a cache"
            " would be renewed again and again."
        )


def _wait_problems(params: Mapping[str, Any]) -> Iterator[str]:
    if params["wait_timeout"] < 0:
        yield f"Invalid wait_timeout: expected 0 s or more, got {params['wait_timeout']}."
    if params["wait_timeout"] > LONGEST_WAIT:
        yield f"Invalid wait_timeout: expected at most {LONGEST_WAIT} s, got {params['wait_timeout']}."
    if not params["wait_interval"] > 0:
        yield f"Invalid wait_interval: expected more than 0 s, got {params['wait_interval']:g}."
