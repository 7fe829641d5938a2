# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks with verify_images ask a registry before they build, and not otherwise."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from emulator import Emulator
from emulator.registry import Registry
from unit.support.registry_images import PackedLayer

from .caches import CREATE, LIST, SET_OPTIONS, set_entries
from .controller import MODULE, SET, Controller
from .guides import table
from .registries import ARM64, ClaimedLayer, credentials_for, options_for, push, push_index, pusher_to

GIB = 1 << 30
# Of the guide: a missing image, refused credentials, a missing platform, and a size that is too small.
MISSING, REFUSED, PLATFORM, LARGER = (row[0] for row in table("Refused builds"))
VERIFY: dict[str, Any] = {"verify_images": True}


def layer_of(size: int) -> list[PackedLayer]:
    return [ClaimedLayer(b"content", size * GIB)]


@pytest.fixture(params=["basic", "token"])
def private_registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    """A registry that demands a password, with an image."""
    registry = Registry(request.param).start()
    push(registry, "shop:1")
    yield registry
    registry.stop()


class TestRefusals:
    """A build that must fail does not start."""

    @pytest.mark.parametrize("arguments", [("--check",), ()])
    def test_missing_tag_is_refused_before_any_write(
        self, emulator: Emulator, controller: Controller, registry: Registry, arguments: tuple[str, ...]
    ) -> None:
        push(registry, "shop:1")
        run = controller.web(*arguments, **options_for(registry, "shop:2", **VERIFY))
        assert run.status != 0
        assert f"the build would fail: image {registry.host}/shop:2 {MISSING} {registry.host}" in run.result["msg"]
        assert "Nothing was changed. To build without asking the registries, set verify_images: false" in run.output
        assert emulator.calls() == [LIST]
        assert run.result["actions"] == []

    def test_image_without_linux_amd64_is_refused(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        pusher_to(registry).push_index("shop", "1", ARM64)
        run = controller.web(**options_for(registry, "shop:1", **VERIFY))
        assert f"{PLATFORM}: expected linux/amd64, found linux/arm64" in run.result["msg"]
        assert emulator.calls() == [LIST]

    def test_images_that_do_not_fit_are_refused_with_the_size_to_set(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push(registry, "shop:1", layers=layer_of(30))
        options = options_for(registry, "shop:1", **VERIFY)
        run = controller.web(**options)
        assert f"{LARGER} 30 GiB, but image_cache_size is 20 GiB. Set it to at least 36." in run.result["msg"]
        assert emulator.calls() == [LIST]
        run = controller.web(**options, size=36)
        assert (run.status, run.result.get("warnings", [])) == (0, [])

    def test_refused_entry_of_a_set_leaves_the_others_alone(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push(registry, "shop:1")
        options = options_for(registry, **VERIFY)
        entries = [{"name": f"shop-{tag}", "images": [f"{registry.host}/shop:{tag}"]} for tag in (1, 2)]
        result = controller.play({SET: {**SET_OPTIONS, **options, "image_caches": entries}}).result
        assert [entry["failed"] for entry in result["image_caches"]] == [False, True]
        assert "- image_caches[1]: image cache shop-2: " in result["msg"]
        assert emulator.calls().count(CREATE) == 1


class TestPasswords:
    """The registry gets the password that the build would use."""

    def test_wrong_password_is_refused_and_not_shown(
        self, emulator: Emulator, controller: Controller, private_registry: Registry
    ) -> None:
        options = options_for(private_registry, "shop:1", **credentials_for(private_registry, "canary-wrong"))
        run = controller.web("-vvvv", **options, **VERIFY)
        assert f"{REFUSED} with HTTP status 401" in run.result["msg"]
        assert f"Check the entry for {private_registry.host} in image_registry_credentials" in run.output
        assert emulator.calls() == [LIST]
        assert "canary-wrong" not in run.output

    def test_right_password_passes_and_is_not_shown(
        self, emulator: Emulator, controller: Controller, private_registry: Registry
    ) -> None:
        password = private_registry.password
        options = options_for(private_registry, "shop:1", **credentials_for(private_registry, password))
        run = controller.web("-vvvv", "--diff", **options, **VERIFY, follow_tags=True)
        assert (run.status, run.result.get("warnings", [])) == (0, []), run.output
        assert emulator.calls().count(CREATE) == 1
        basic = base64.b64encode(f"{private_registry.username}:{password}".encode()).decode()
        for secret in (password, basic, *private_registry.tokens):
            assert secret not in run.output
        # The registry never gets the credentials of the API.
        received = str(private_registry.received)
        assert controller.environment["TENCENTCLOUD_SECRET_KEY"] not in received
        assert controller.environment["TENCENTCLOUD_SECRET_ID"] not in received

    def test_anonymous_request_that_is_refused_causes_a_warning(
        self, emulator: Emulator, controller: Controller, private_registry: Registry
    ) -> None:
        run = controller.web(**options_for(private_registry, "shop:1", **VERIFY))
        assert run.status == 0, run.output
        assert "the image does not exist or requires credentials" in run.result["warnings"][0]
        assert emulator.calls().count(CREATE) == 1


class TestUnclearAnswers:
    """A registry that cannot be asked does not prevent a build."""

    def test_unreachable_registry_causes_a_warning_and_the_build_starts(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        registry.stop()
        run = controller.web(**options_for(registry, "shop:1", **VERIFY))
        assert run.status == 0, run.output
        (warning,) = run.result["warnings"]
        assert "could not verify an image before the build" in warning
        assert f"registry {registry.host}" in warning
        assert emulator.calls().count(CREATE) == 1

    def test_size_below_the_recommended_one_causes_a_warning(self, controller: Controller, registry: Registry) -> None:
        push(registry, "shop:1", layers=layer_of(19))
        run = controller.web("--check", **options_for(registry, "shop:1", **VERIFY))
        assert run.status == 0, run.output
        (warning,) = run.result["warnings"]
        assert "image_cache_size may be too small: it is 20 GiB, but 23 GiB are recommended for the images" in warning


class TestRequests:
    """The registry gets requests before a build only."""

    def test_unchanged_run_sends_no_request_to_the_registry(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push_index(registry, "shop:1")
        options = options_for(registry, "shop:1", **VERIFY)
        assert controller.web(**options).result["changed"] is True
        assert registry.received != []
        for received in (registry.received, emulator.received):
            received.clear()
        assert controller.web(**options).result["changed"] is False
        assert emulator.calls() == [LIST]
        assert registry.received == []

    def test_set_asks_for_each_image_once(self, controller: Controller, registry: Registry) -> None:
        push(registry, "shop:1", "tools:1")
        options = options_for(registry, "shop:1", "tools:1", **VERIFY)
        entries = set_entries(*(f"shop-{number}" for number in range(5)), images=options["images"])
        run = controller.play({SET: {**SET_OPTIONS, **options, "image_caches": entries}})
        assert run.status == 0, run.output
        heads = [path for method, path in registry.requests() if method == "HEAD" and "manifests" in path]
        assert sorted(heads) == ["/v2/shop/manifests/1", "/v2/tools/manifests/1"]

    def test_ad_hoc_command_verifies(self, emulator: Emulator, controller: Controller, registry: Registry) -> None:
        push(registry, "shop:1")
        place = f"registry_http_end_point_list={registry.host} vpc_id=vpc-1 subnet_id=subnet-1 verify_images=true"
        for tag, words in ((1, "CHANGED"), (2, MISSING)):
            arguments = f"name=web images={registry.host}/shop:{tag} {place}"
            run = controller.run("ansible", "localhost", "-m", MODULE, "-a", arguments, "--check")
            assert words in run.output
        assert set(emulator.calls()) == {LIST}
