# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of digests in the tracking tag."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.digests import (
    SHARES_WIDTH,
    DigestRecord,
    MovedImage,
    TagDigests,
    floating_images,
)

COUNTS = (1, 2, 7, 8, 15, 16, 30, 31, 60, 61, 120, 121, 500)
# How many images a record can name one by one.
NAMED = [count for count in COUNTS if count <= SHARES_WIDTH]


def digest_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def image_names(count: int) -> list[str]:
    return [f"registry.example.com/app{number}:1" for number in range(count)]


def digests_of(images: list[str], **moved: str) -> dict[str, TagDigests]:
    """Return digests for images; C(moved) gives the images at these positions another content."""
    contents = {image: f"{image} {moved.get(f'at{number}', '')}" for number, image in enumerate(images)}
    return {image: TagDigests(digest_of(f"tag {text}"), digest_of(text)) for image, text in contents.items()}


def recorded(images: list[str], digests: dict[str, TagDigests]) -> DigestRecord:
    """Return the record as it is read from a tag."""
    record = DigestRecord.parse(str(DigestRecord.from_digests(images, digests)), images)
    assert record is not None
    return record


@pytest.mark.parametrize("count", COUNTS)
def test_record_fits_into_its_part_of_the_tag(count: int) -> None:
    images = image_names(count)
    text = str(DigestRecord.from_digests(images, digests_of(images)))
    assert len(text) <= 140
    assert all(character.isascii() and (character.isalnum() or character in "-_.") for character in text)


@pytest.mark.parametrize("count", COUNTS)
def test_unchanged_tags_need_no_closer_look(count: int) -> None:
    images = image_names(count)
    record = recorded(images, digests_of(images))
    assert record.find_suspects(digests_of(images)) == []
    assert record.find_moved(digests_of(images)) == []


@pytest.mark.parametrize("count", NAMED)
def test_moved_image_is_named(count: int) -> None:
    images = image_names(count)
    moved = recorded(images, digests_of(images)).find_moved(digests_of(images, at0="new"))
    assert [each.image for each in moved] == [images[0]]
    assert moved[0].new == digests_of(images, at0="new")[images[0]].platform_digest[:19]  # type: ignore[index]


def test_old_digest_is_the_beginning_of_the_recorded_one() -> None:
    images = image_names(7)
    before = digests_of(images)
    (moved,) = recorded(images, before).find_moved(digests_of(images, at3="new"))
    assert moved.old == str(before[images[3]].platform_digest)[: len("sha256:") + 12]
    assert moved.as_result() == {"image": images[3], "old_digest": moved.old, "new_digest": moved.new}


def test_move_among_too_many_images_to_name_is_noticed() -> None:
    images = image_names(500)
    moved = recorded(images, digests_of(images)).find_moved(digests_of(images, at9="new"))
    assert images[9] in [each.image for each in moved]
    assert {each.old for each in moved} == {None}


@pytest.mark.parametrize("count", COUNTS)
def test_index_with_another_attestation_is_suspect_but_not_moved(count: int) -> None:
    images = image_names(count)
    before = digests_of(images)
    today = {**before, images[0]: TagDigests(digest_of("another index"), before[images[0]].platform_digest)}
    record = recorded(images, before)
    assert images[0] in record.find_suspects(today)
    assert record.find_moved(today) == []


def test_few_images_have_only_the_changed_ones_as_suspects() -> None:
    images = image_names(15)
    record = recorded(images, digests_of(images))
    assert record.find_suspects(digests_of(images, at2="new", at4="new")) == [images[2], images[4]]


def test_image_that_no_registry_tells_today_is_not_moved() -> None:
    images = image_names(3)
    today = digests_of(images, at1="new")
    del today[images[1]]
    assert recorded(images, digests_of(images)).find_moved(today) == []


def test_image_that_was_unknown_at_the_build_is_not_moved_and_is_named() -> None:
    images = image_names(3)
    before = digests_of(images)
    del before[images[1]]
    record = recorded(images, before)
    assert record.find_unknown() == [images[1]]
    assert record.find_moved(digests_of(images, at1="new")) == []
    assert [each.image for each in record.find_moved(digests_of(images, at2="new"))] == [images[2]]


def test_record_of_other_images_is_none() -> None:
    images = image_names(2)
    text = str(DigestRecord.from_digests(images, digests_of(images)))
    assert DigestRecord.parse(text, [images[0], "nginx:1"]) is None
    assert DigestRecord.parse(text[:-1], images) is None
    assert DigestRecord.parse("", images) is None


def test_spelling_and_order_of_images_do_not_matter() -> None:
    digests = digests_of(["nginx", "redis:7"])
    spelled = {"docker.io/library/nginx:latest": digests["nginx"], "redis:7": digests["redis:7"]}
    text = str(DigestRecord.from_digests(["nginx", "redis:7"], digests))
    assert text == str(DigestRecord.from_digests(["redis:7", "docker.io/library/nginx:latest"], spelled))


def test_images_with_a_digest_are_not_recorded() -> None:
    assert floating_images(["nginx:1", f"nginx@{digest_of('x')}", f"redis:7@{digest_of('y')}"]) == ["nginx:1"]


def test_moved_image_reads_as_a_line() -> None:
    assert str(MovedImage("nginx:1", "sha256:1a2b", "sha256:3c4d")) == "nginx:1: sha256:1a2b -> sha256:3c4d"
    assert str(MovedImage("nginx:1", None, "sha256:3c4d")) == "nginx:1: another digest -> sha256:3c4d"
