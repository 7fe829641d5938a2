# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results, refusals and progress of registry_image_info, with a registry on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection, _registry_info
from ansible_collections.tencentcloud.tke.plugins.module_utils._run import image_cache_spec
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime
from emulator.registry import Registry
from emulator.registry_faults import fail
from unit.support.registry_access import QuickClock, pusher_to
from unit.support.registry_images import gzip_layer


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry that requires a password."""
    registry = Registry("basic").start()
    yield registry
    registry.stop()


class Reports:
    """Collects warnings and progress."""

    speaks = True

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warn(self, message: str) -> None:
        raise AssertionError(message)

    def progress(self, message: str) -> None:
        self.lines.append(message)


def look_up(registry: Registry, *images: str, reports: Reports | None = None, **options: Any) -> dict[str, Any]:
    """Return the result for images of a registry, given without its host."""
    spec = _registry_info.registry_image_info_spec(lambda *_args: None)
    entry = {"server": registry.host, "username": registry.username, "password": registry.password}
    params = {
        **{name: row.get("default") for name, row in spec.items()},
        "images": [f"{registry.host}/{image}" for image in images],
        "image_registry_credentials": [entry],
        "registry_http_end_point_list": [registry.host],
        "api_retries": 1,
        **options,
    }
    runtime = Runtime(reports or Reports(), ansible_version="2.19", check_mode=False, diff=False, clock=QuickClock())
    return _registry_info.registry_image_info(params, runtime)


def test_images_are_returned_in_the_given_order_with_all_keys(registry: Registry) -> None:
    layer = gzip_layer(2000)
    digest = pusher_to(registry).push_index("shop/web", "1", {"linux/amd64": [layer], "linux/arm64": [layer]})
    result = look_up(registry, "shop/none:1", "shop/web:1", "shop/none:1")
    missing, web, again = result["images"]
    assert missing == again
    assert missing == {
        "image": f"{registry.host}/shop/none:1",
        "registry": registry.host,
        "repository": "shop/none",
        "tag": "1",
        **dict.fromkeys(("digest", "platform_digest", "pinned", "compressed_bytes", "unpacked_bytes")),
        "platforms": [],
        "exists": False,
        "error": missing["error"],
    }
    assert set(missing["error"]) == {"code", "message", "retryable"}
    assert (missing["error"]["retryable"], missing["error"]["code"]) == (False, "NAME_UNKNOWN")
    assert f"image {registry.host}/shop/none:1 does not exist" in missing["error"]["message"]
    assert web == {
        "image": f"{registry.host}/shop/web:1",
        "registry": registry.host,
        "repository": "shop/web",
        "tag": "1",
        "digest": digest,
        "platform_digest": web["platform_digest"],
        "pinned": f"{registry.host}/shop/web:1@{digest}",
        "platforms": ["linux/amd64", "linux/arm64"],
        "compressed_bytes": len(layer.body),
        "unpacked_bytes": layer.unpacked,
        "exists": True,
        "error": None,
    }
    assert web["platform_digest"].startswith("sha256:")
    assert {key: value for key, value in result.items() if key != "images"} == {
        "changed": False,
        # The sizes of all images together are not known.
        **dict.fromkeys(("compressed_bytes", "unpacked_bytes", "recommended_size")),
    }


def test_layers_that_images_share_are_counted_once(registry: Registry) -> None:
    base, own = gzip_layer(2000), gzip_layer(3000, b"w")
    pusher_to(registry).push_image("shop/web", "1", [base, own])
    pusher_to(registry).push_image("shop/api", "1", [base])
    result = look_up(registry, "shop/web:1", "shop/api:1")
    assert [image["unpacked_bytes"] for image in result["images"]] == [base.unpacked + own.unpacked, base.unpacked]
    assert result["compressed_bytes"] == len(base.body) + len(own.body)
    assert result["unpacked_bytes"] == base.unpacked + own.unpacked
    assert result["recommended_size"] == 20


def test_platform_of_the_option_is_looked_up(registry: Registry) -> None:
    layer = gzip_layer()
    pusher_to(registry).push_index("shop/arm", "1", {"linux/arm64/v8": [layer]})
    (image,) = look_up(registry, "shop/arm:1")["images"]
    assert (image["exists"], image["error"]["code"]) == (True, "PlatformMissing")
    (image,) = look_up(registry, "shop/arm:1", platform="linux/arm64")["images"]
    assert (image["error"], image["compressed_bytes"]) == (None, len(layer.body))


def test_settings_of_requests_apply_to_registries(registry: Registry) -> None:
    pusher_to(registry).push_image("shop/web", "1", [gzip_layer()])
    registry.received.clear()
    registry.faults.append(fail(500))
    (image,) = look_up(registry, "shop/web:1", api_retries=2)["images"]
    assert (image["exists"], image["error"]["retryable"]) == (None, True)
    requests = [request for request in registry.received if "/manifests/" in request.path]
    assert len([request for request in requests if "Authorization" in request.headers]) == 3
    assert requests[0].headers["User-Agent"].endswith(" ansible-core/2.19")


def test_progress_counts_the_images(registry: Registry) -> None:
    pusher_to(registry).push_image("shop/web", "1", [gzip_layer()])
    reports = Reports()
    look_up(registry, "shop/web:1", "shop/none:1", reports=reports)
    assert reports.lines == [
        "registries, 0 s: 0 of 2 images looked up",
        "registries, 0 s: 0 of 1 layers looked up",
    ]


def test_nothing_to_look_up_is_no_progress(registry: Registry) -> None:
    reports = Reports()
    look_up(registry, "shop/none:1", reports=reports)
    assert reports.lines == ["registries, 0 s: 0 of 1 images looked up"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": []}, "images is an empty list. Set at least one image."),
        ({"images": ["nginx:1", "Nginx:1"]}, "images[1]"),
        ({"platform": "amd64"}, "Invalid platform: expected os/architecture or os/architecture/variant"),
        ({"platform": "amd64"}, "for example linux/amd64, got 'amd64'."),
        (
            {"image_registry_credentials": [{"username": "u", "password": "p"}]},
            "image_registry_credentials[0] has no server. Set it to the host of the registry.",
        ),
    ],
    ids=str,
)
def test_invalid_options_are_refused_before_any_request(
    registry: Registry, options: dict[str, Any], message: str
) -> None:
    result = look_up(registry, "shop/web:1", **options)
    assert result["failed"] is True
    assert message in result["msg"]
    assert registry.received == []


def test_password_is_in_no_result(registry: Registry) -> None:
    result = look_up(registry, f"shop/{registry.password}:1", api_retries=0)
    assert registry.password not in str(result)


def test_options_are_those_of_image_caches_and_requests() -> None:
    spec = _registry_info.registry_image_info_spec(lambda *_args: None)
    own = image_cache_spec(lambda *_args: None)
    pulling = ("image_registry_credentials", "registry_skip_verify_list", "registry_http_end_point_list")
    assert set(spec) == {"images", "platform", *pulling, *_connection.REQUEST_OPTIONS}
    assert {name: spec[name] for name in pulling} == {name: own[name] for name in pulling}
    assert spec["images"] == {**own["images"], "required": True}
    assert spec["platform"] == {"type": "str", "default": "linux/amd64"}
