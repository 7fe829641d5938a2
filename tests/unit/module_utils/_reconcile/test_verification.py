# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that ask registries: before a build, and whether tags have moved."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import RECORD_TAG
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import (
    ImageNotFound,
    RegistryThrottled,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from unit.support.registries import digest_of
from unit.support.world import World

WRITES = {"CreateImageCache", "UpdateImageCache", "DeleteImageCaches"}
FOLLOW: dict[str, Any] = {"follow_tags": True}
VERIFY: dict[str, Any] = {"verify_images": True}


@pytest.fixture
def world() -> World:
    return World()


def writes_of(world: World) -> list[str]:
    return [call for call in world.calls if call in WRITES]


def create_followed_cache(world: World, **options: Any) -> dict[str, Any]:
    """Create the cache by a run that records the digests, and forget the calls and questions."""
    result = world.run(**FOLLOW, **options)
    assert result["changed"], result
    world.calls.clear()
    world.registries.asked.clear()
    return result


def record_of(world: World, image_cache_id: str) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in world.service.caches[image_cache_id].declared["Tags"]}
    return str(tags[RECORD_TAG])


class TestFollowTags:
    def test_create_records_the_digests_and_the_next_run_is_unchanged(self, world: World) -> None:
        create_followed_cache(world)
        result = world.run(**FOLLOW)
        assert result["changed"] is False
        assert world.calls == ["DescribeImageCaches"]
        assert world.registries.asked == [("nginx:1", Depth.DIGEST)]

    @pytest.mark.parametrize("check_mode", [True, False])
    def test_moved_tag_replaces_the_cache_and_is_named(self, world: World, check_mode: bool) -> None:
        created = create_followed_cache(world)
        world.registries.contents["nginx:1"] = "new content"
        result = world.run(**FOLLOW, check_mode=check_mode)
        (action,) = result["actions"]
        assert (action["action"], action["fields"]) == ("replace", ["follow_tags"])
        (moved,) = action["moved_images"]
        assert moved == {
            "image": "nginx:1",
            "old_digest": digest_of("nginx:1")[:19],
            "new_digest": digest_of("new content")[:19],
        }
        assert result["diff"]["before"]["image_digests"] == {"nginx:1": moved["old_digest"]}
        assert result["diff"]["after"]["image_digests"] == {"nginx:1": moved["new_digest"]}
        assert bool(writes_of(world)) is not check_mode
        if not check_mode:
            assert result["image_cache_id"] != created["image_cache_id"]
            assert world.run(**FOLLOW)["changed"] is False

    def test_moved_tag_with_on_change_fail_is_refused_and_named(self, world: World) -> None:
        create_followed_cache(world)
        world.registries.contents["nginx:1"] = "new content"
        result = world.run(**FOLLOW, on_change="fail")
        assert result["failed"]
        assert f"tags have moved: nginx:1: {digest_of('nginx:1')[:19]} -> " in result["msg"]
        assert writes_of(world) == []

    def test_another_attestation_rebuilds_nothing(self, world: World) -> None:
        create_followed_cache(world)
        world.registries.indexes["nginx:1"] = "another attestation"
        assert world.run(**FOLLOW)["changed"] is False
        assert world.registries.asked == [("nginx:1", Depth.DIGEST), ("nginx:1", Depth.PLATFORM)]

    def test_cache_without_record_gets_one_without_a_rebuild(self, world: World) -> None:
        created = world.run()
        world.calls.clear()
        result = world.run(**FOLLOW, tags={"team": "web"})
        assert [(action["action"], action["fields"]) for action in result["actions"]] == [
            ("update", ["tags", "follow_tags"])
        ]
        assert result["image_cache_id"] == created["image_cache_id"]
        assert world.run(**FOLLOW)["changed"] is False

    def test_registry_that_cannot_be_asked_causes_a_warning_and_no_rebuild(self, world: World) -> None:
        create_followed_cache(world)
        world.registries.errors["nginx:1"] = RegistryThrottled("too many requests")
        assert world.run(**FOLLOW)["changed"] is False
        assert any("too many requests" in warning for warning in world.warnings)

    def test_tag_whose_manifest_cannot_be_read_causes_a_warning_and_no_rebuild(self, world: World) -> None:
        create_followed_cache(world)
        world.registries.contents["nginx:1"] = "new content"
        world.registries.manifest_errors["nginx:1"] = RegistryThrottled("too many requests")
        assert world.run(**FOLLOW)["changed"] is False
        assert any("cannot tell whether the tag" in warning for warning in world.warnings)

    def test_digest_that_was_unknown_at_the_build_is_recorded_later(self, world: World) -> None:
        images = ["nginx:1", "redis:7"]
        world.registries.errors["redis:7"] = RegistryThrottled("too many requests")
        create_followed_cache(world, images=images)
        world.registries.errors.clear()
        result = world.run(**FOLLOW, images=images)
        assert [action["fields"] for action in result["actions"]] == [["follow_tags"]]
        world.registries.contents["redis:7"] = "new content"
        (action,) = world.run(**FOLLOW, images=images)["actions"]
        assert [moved["image"] for moved in action["moved_images"]] == ["redis:7"]

    def test_new_images_are_recorded_with_the_update(self, world: World) -> None:
        created = create_followed_cache(world)
        result = world.run(**FOLLOW, images=["nginx:2"])
        assert [(action["action"], action["fields"]) for action in result["actions"]] == [("update", ["images"])]
        before = record_of(world, created["image_cache_id"])
        assert world.run(**FOLLOW, images=["nginx:2"])["changed"] is False
        assert record_of(world, created["image_cache_id"]) == before

    def test_record_of_settings_and_of_digests_share_the_tag(self, world: World) -> None:
        options = {"track_build_settings": True}
        created = create_followed_cache(world, **options)
        settings, _separator, digests = record_of(world, created["image_cache_id"]).partition("@")
        assert settings.startswith("vpc-")
        assert digests
        assert world.run(**FOLLOW, **options)["changed"] is False
        # A run that does not follow tags keeps the record.
        assert world.run(**options, tags={"a": "1"})["changed"] is True
        assert record_of(world, created["image_cache_id"]).endswith(f"@{digests}")

    def test_images_with_a_digest_are_not_asked_for(self, world: World) -> None:
        world.run(**FOLLOW, images=[f"nginx@{digest_of('x')}"])
        assert world.registries.asked == []

    def test_replacement_with_today_s_digests_takes_the_place(self, world: World) -> None:
        create_followed_cache(world)
        world.registries.contents["nginx:1"] = "new content"
        world.run(**FOLLOW, wait=False)
        world.clock.now += 600
        result = world.run(**FOLLOW)
        assert [action["action"] for action in result["actions"]] == ["replace"]
        assert len(world.service.caches) == 1
        assert world.run(**FOLLOW)["changed"] is False

    def test_absent_asks_no_registry(self, world: World) -> None:
        create_followed_cache(world)
        world.run(state="absent", name="web", **FOLLOW, **VERIFY)
        assert world.registries.asked == []


class TestVerifyImages:
    @pytest.mark.parametrize("check_mode", [True, False])
    def test_missing_tag_is_refused_before_any_write(self, world: World, check_mode: bool) -> None:
        error = ImageNotFound("status 404")
        error.message = "image nginx:1 does not exist in registry docker.io: status 404."
        world.registries.errors["nginx:1"] = error
        result = world.run(**VERIFY, check_mode=check_mode)
        assert result["failed"]
        assert "image nginx:1 does not exist" in result["msg"]
        assert "Nothing was changed" in result["msg"]
        assert writes_of(world) == []

    @pytest.mark.parametrize("options", [{}, FOLLOW])
    def test_unclear_answer_causes_one_warning(self, world: World, options: dict[str, Any]) -> None:
        world.registries.errors["nginx:1"] = RegistryThrottled("too many requests.")
        assert world.run(**VERIFY, **options)["changed"] is True
        (warning,) = world.warnings
        assert "could not verify" in warning
        assert warning.endswith("too many requests.")
        assert not warning.endswith("..")

    def test_images_larger_than_the_cache_are_refused_with_a_size(self, world: World) -> None:
        world.registries.bytes["nginx:1"] = 30 << 30
        result = world.run(**VERIFY)
        need = "The images need more than 30 GiB, but image_cache_size is 20 GiB. Set it to at least 36."
        assert need in result["msg"]
        assert world.run(**VERIFY, size=40)["changed"] is True

    def test_size_below_the_recommended_one_causes_a_warning(self, world: World) -> None:
        world.registries.bytes["nginx:1"] = 19 << 30
        assert world.run(**VERIFY)["changed"] is True
        assert any("it is 20 GiB, but 23 GiB are recommended for the images" in warning for warning in world.warnings)

    def test_unchanged_run_asks_no_registry(self, world: World) -> None:
        world.run(**VERIFY)
        world.registries.asked.clear()
        assert world.run(**VERIFY, retention_days=3)["changed"] is True
        assert world.registries.asked == []

    @pytest.mark.parametrize("options", [{"images": ["nginx:2"]}, {"images": ["nginx:2"], "on_change": "replace"}])
    def test_every_way_to_build_is_verified(self, world: World, options: dict[str, Any]) -> None:
        world.run(**VERIFY)
        world.registries.errors["nginx:2"] = ImageNotFound("status 404")
        assert world.run(**VERIFY, **options)["failed"]

    def test_failed_cache_is_not_deleted_if_its_rebuild_would_fail(self, world: World) -> None:
        cache = world.create_cache(Images=["nginx:1"])
        cache.shown["Status"] = "Failed"
        world.registries.errors["nginx:1"] = ImageNotFound("status 404")
        assert world.run(**VERIFY)["failed"]
        assert writes_of(world) == []


def test_set_asks_for_each_image_of_its_entries(world: World) -> None:
    entries = [
        {
            "image_cache_name": f"web-{number}",
            "images": ["nginx:1", f"app:{number}"],
            "vpc_id": "vpc-1",
            "subnet_id": "s-1",
        }
        for number in range(3)
    ]
    result = world.run_set(image_caches=entries, verify_images=True)
    assert result["summary"]["created"] == 3
    assert {image for image, _depth in world.registries.asked} == {"nginx:1", "app:0", "app:1", "app:2"}
