# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks with follow_tags replace a cache if a tag has moved, and ask the registry for little else."""

from __future__ import annotations

from typing import Any

import pytest
from emulator import Emulator
from emulator.registry import Registry
from emulator.registry_faults import throttle

from .caches import CREATE, LIST, SET_OPTIONS, UPDATE, create_cache, find_only_cache, reported_actions, set_entries
from .controller import MODULE, SET, WEB, Controller, Run
from .registries import options_for, push, push_index

FOLLOW: dict[str, Any] = {"follow_tags": True}
HEAD_OF_TAG = [("HEAD", "/v2/shop/manifests/1")]


def forget_requests(emulator: Emulator, registry: Registry) -> None:
    for received in (emulator.received, registry.received):
        received.clear()


def create_followed_cache(
    emulator: Emulator, controller: Controller, registry: Registry, **options: Any
) -> tuple[dict[str, Any], str]:
    """Create a cache of C(shop:1) with a record, forget the requests, and return the options and the ID."""
    declared = options_for(registry, "shop:1", **FOLLOW, **options)
    run = controller.web(**declared)
    assert run.status == 0, run.output
    forget_requests(emulator, registry)
    return declared, run.result["image_cache_id"]


def check_moved(run: Run, registry: Registry) -> None:
    """Check that the result and the diff name the image that has moved."""
    image = f"{registry.host}/shop:1"
    (action,) = run.result["actions"]
    assert (action["action"], action["fields"]) == ("replace", ["follow_tags"])
    (moved,) = action["moved_images"]
    assert moved["image"] == image
    assert moved["old_digest"] != moved["new_digest"]
    for side, digest in (("before", moved["old_digest"]), ("after", moved["new_digest"])):
        assert digest.startswith("sha256:")
        assert run.result["diff"][side]["image_digests"] == {image: digest}
    assert run.result["diff"]["after_header"] == "image cache web: replaced by a new cache: follow_tags"
    assert f"-    {image}: {moved['old_digest']}" in run.output.replace("        ", "    ")


class TestUnchangedTags:
    """Nothing is rebuilt."""

    def test_unchanged_run_takes_one_call_and_one_head_request_for_each_image(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push_index(registry, "shop:1")
        declared, _id = create_followed_cache(emulator, controller, registry, verify_images=True)
        assert controller.web(**declared).result["changed"] is False
        assert emulator.calls() == [LIST]
        assert registry.requests() == HEAD_OF_TAG

    def test_another_attestation_rebuilds_nothing(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push_index(registry, "shop:1")
        declared, _id = create_followed_cache(emulator, controller, registry)
        push_index(registry, "shop:1", attest=True)
        assert controller.web(**declared).result["changed"] is False
        assert emulator.calls() == [LIST]
        assert [method for method, _path in registry.requests()] == ["HEAD", "GET"]

    def test_cache_without_a_record_gets_one_without_a_rebuild(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push(registry, "shop:1")
        declared = options_for(registry, "shop:1", **FOLLOW)
        old = create_cache(emulator, Images=declared["images"], Tags=[{"Key": "team", "Value": "web"}])
        emulator.received.clear()
        run = controller.web("--diff", **declared)
        assert reported_actions(run) == [("update", ["follow_tags"])], run.output
        assert run.result["image_cache"]["tags"] == {"team": "web"}
        assert (find_only_cache(emulator).id, CREATE in emulator.calls()) == (old, False)
        assert controller.web(**declared).result["changed"] is False
        push(registry, "shop:1", content=b"2")
        check_moved(controller.web("--check", "--diff", **declared), registry)

    @pytest.mark.parametrize("options", [{}, {"verify_images": True}])
    def test_registry_that_cannot_be_asked_causes_a_warning_and_no_rebuild(
        self, emulator: Emulator, controller: Controller, registry: Registry, options: dict[str, Any]
    ) -> None:
        push(registry, "shop:1")
        declared, _id = create_followed_cache(emulator, controller, registry, **options)
        registry.stop()
        run = controller.web(**declared)
        assert (run.status, run.result["changed"]) == (0, False), run.output
        (warning,) = run.result["warnings"]
        assert "cannot tell whether the tag of an image has moved" in warning
        assert emulator.calls() == [LIST]

    def test_closer_look_that_fails_causes_a_warning_and_no_rebuild(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push_index(registry, "shop:1")
        declared, _id = create_followed_cache(emulator, controller, registry)
        push(registry, "shop:1", content=b"2")
        push_index(registry, "shop:1", attest=True)
        limit = throttle()
        registry.faults.append(lambda reply: limit(reply) if reply.method == "GET" else None)
        run = controller.web(**declared)
        assert (run.status, run.result["changed"]) == (0, False), run.output
        (warning,) = run.result["warnings"]
        assert "cannot tell whether the tag of an image has moved" in warning
        assert "TOOMANYREQUESTS" in warning


class TestMovedTags:
    """The cache is replaced, and the images are named."""

    def test_moved_tag_replaces_the_cache_and_is_named(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push(registry, "shop:1")
        declared, old = create_followed_cache(emulator, controller, registry)
        push(registry, "shop:1", content=b"2")
        predicted = controller.web("--check", "--diff", **declared)
        check_moved(predicted, registry)
        assert emulator.calls() == [LIST]
        run = controller.web("--diff", **declared)
        check_moved(run, registry)
        assert run.result["replaced"] == {"old_id": old, "new_id": find_only_cache(emulator).id}
        assert run.result["actions"][0]["moved_images"] == predicted.result["actions"][0]["moved_images"]
        forget_requests(emulator, registry)
        assert controller.web(**declared).result["changed"] is False
        assert (emulator.calls(), registry.requests()) == ([LIST], HEAD_OF_TAG)

    def test_moved_tag_is_refused_with_on_change_fail(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push(registry, "shop:1")
        declared, _old = create_followed_cache(emulator, controller, registry)
        push(registry, "shop:1", content=b"2")
        run = controller.web(**declared, on_change="fail")
        assert run.status != 0
        assert f"tags have moved: {registry.host}/shop:1: sha256:" in run.result["msg"]
        assert emulator.calls() == [LIST]

    def test_replacement_with_a_missing_image_is_refused_with_verify_images(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push(registry, "shop:1", "shop:2")
        declared = options_for(registry, "shop:1", "shop:2", **FOLLOW, verify_images=True)
        assert controller.web(**declared).status == 0
        forget_requests(emulator, registry)
        push(registry, "shop:1", content=b"2")
        del registry.manifests["shop", "2"]
        run = controller.web(**declared)
        assert "/shop:2 does not exist in registry" in run.result["msg"]
        assert emulator.calls() == [LIST]


class TestSets:
    """Entries share what registries tell."""

    def test_entries_that_share_images_ask_for_each_image_once(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push(registry, "shop:1", "tools:1")
        options = options_for(registry, "shop:1", "tools:1", **FOLLOW)
        entries = set_entries(*(f"shop-{number}" for number in range(5)), images=options["images"])
        task = {SET: {**SET_OPTIONS, **options, "image_caches": entries}, "diff": True}
        heads = [("HEAD", "/v2/shop/manifests/1"), ("HEAD", "/v2/tools/manifests/1")]
        created = controller.play(task)
        assert created.result["summary"]["created"] == 5, created.output
        assert set(registry.requests()) == set(heads)
        forget_requests(emulator, registry)
        assert controller.play(task).result["summary"]["unchanged"] == 5
        assert (emulator.calls(), sorted(registry.requests())) == ([LIST], heads)
        push(registry, "tools:1", content=b"2")
        run = controller.play(task)
        assert run.result["summary"]["replaced"] == 5, run.output
        moved = [image for entry in run.result["image_caches"] for image in entry["actions"][0]["moved_images"]]
        assert {image["image"] for image in moved} == {f"{registry.host}/tools:1"}
        assert len([path for method, path in registry.requests() if (method, path) == heads[0]]) == 1

    def test_role_accepts_the_options(self, emulator: Emulator, controller: Controller, registry: Registry) -> None:
        push(registry, "shop:1")
        entry = {**WEB, **options_for(registry, "shop:1", **FOLLOW, verify_images=True)}
        del entry["api_retries"]
        role = {"include_role": {"name": "tencentcloud.tke.image_cache"}, "vars": {"image_cache_caches": [entry]}}
        run = controller.play(role)
        assert run.status == 0, run.output
        assert find_only_cache(emulator).declared["Images"] == entry["images"]
        assert registry.received != []


def test_ad_hoc_command_follows_tags(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    push(registry, "shop:1")
    declared, _old = create_followed_cache(emulator, controller, registry)
    arguments = f"name=web images={declared['images'][0]} vpc_id=vpc-1 subnet_id=subnet-1 follow_tags=true"
    command = ("ansible", "localhost", "-m", MODULE, "-a", f"{arguments} registry_http_end_point_list={registry.host}")
    assert "CHANGED" not in controller.run(*command, "--check").output
    push(registry, "shop:1", content=b"2")
    run = controller.run(*command, "--check")
    assert "CHANGED" in run.output
    assert "moved_images:" in run.output
    assert UPDATE not in emulator.calls()
