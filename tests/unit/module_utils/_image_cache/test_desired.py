# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from unit.support.world import World, web_params


def test_credential_without_server_is_refused() -> None:
    with pytest.raises(errors.InvalidInput, match=r"image cache web: image_registry_credentials\[1\] has no server"):
        Desired.from_params(web_params(image_registry_credentials=[{"server": "h.example.com"}, {"server": None}]))


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "half\ud83d"},
        {"image_cache_id": "byte\udcff"},
        {"vpc_id": "\ud83d"},
        {"resolve_config": "\ud83d"},
        {"tags": {"\ud83d": "a"}},
        {"image_cache_id": " "},
    ],
)
def test_text_that_the_api_cannot_store_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidInput):
        Desired.from_params(World.params(**changed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"image_cache_size": 0}, "Invalid image_cache_size: expected 1 or more, got 0."),
        ({"retention_days": -1}, "Invalid retention_days: expected 0 or more, got -1."),
        ({"images": ["nginx:1", ""]}, "images[1] is empty. Set a value or omit it."),
        ({"images": ["nginx:1", "a b"]}, "images[1]: invalid image reference 'a b': it contains whitespace."),
        ({"vpc_id": ""}, "vpc_id is empty. Set a value or omit it."),
        ({"security_group_ids": ["sg-1", " "]}, "security_group_ids[1] is empty. Set a value or omit it."),
        (
            {"image_registry_credentials": [{"server": "https://h.example.com"}]},
            "image_registry_credentials: server 'https://h.example.com' has a scheme. Set only the host:"
            " 'h.example.com'.",
        ),
        (
            {"image_registry_credentials": [{"server": "h.example.com", "username": ""}]},
            "image_registry_credentials[0].username is empty. Set a value or omit it.",
        ),
        ({"tags": {"": "a"}}, "Invalid tags: '' needs a non-empty key and a string, number or boolean value."),
        ({"tags": {"a": ["b"]}}, "Invalid tags: 'a' needs a non-empty key and a string, number or boolean value."),
        ({"image_cache_name": None}, "Neither image_cache_name nor image_cache_id is set. Set one of them."),
        (
            {"image_cache_name": "web-replacement"},
            "image_cache_name ends in '-replacement', which is reserved for replacements. Choose another name. Only",
        ),
        ({"images": []}, "images is an empty list. Set at least one image, or omit images."),
        ({"images": ["a:1", "b", "a:1"]}, "image 'a:1' is listed 2 times in images. List it once."),
        (
            {"existed_eip_id": "eip-1", "auto_create_eip": True},
            "existed_eip_id and auto_create_eip are mutually exclusive. Bind an existing EIP or create one, not both.",
        ),
        (
            {"existed_eip_id": "eip-1", "auto_create_eip_attribute": {"delete_policy": "Never"}},
            "existed_eip_id and auto_create_eip_attribute are mutually exclusive.",
        ),
        (
            {"auto_create_eip": False, "auto_create_eip_attribute": {"delete_policy": "Never"}},
            "auto_create_eip is false, but auto_create_eip_attribute enables the creation of an EIP. Omit one of them.",
        ),
        ({"min_days_left": 0, "retention_days": 5}, "Invalid min_days_left: expected 1 or more, got 0."),
        ({"min_days_left": 1}, "min_days_left requires retention_days above 0. Set retention_days, or omit min_days"),
        ({"min_days_left": 1, "retention_days": 0}, "min_days_left requires retention_days above 0."),
        (
            {"min_days_left": 5, "retention_days": 5},
            "Invalid min_days_left: expected less than retention_days (5), got 5. Otherwise a cache would be renewed",
        ),
        (
            {"min_days_left": 6, "retention_days": 5},
            "Invalid min_days_left: expected less than retention_days (5), got 6.",
        ),
        ({"wait_timeout": -1}, "Invalid wait_timeout: expected 0 s or more, got -1."),
        (
            {"wait_timeout": 100_000_001},
            "Invalid wait_timeout: expected at most 100000000 s, got 100000001.",
        ),
        ({"wait_interval": 0.0}, "Invalid wait_interval: expected more than 0 s, got 0."),
        ({"wait_interval": float("nan")}, "Invalid wait_interval: expected more than 0 s, got nan."),
        ({"max_age": "0d"}, "Invalid max_age: expected a duration above 0 such as 7d, 12h or 30m, got '0d'."),
    ],
    ids=str,
)
def test_invalid_value_is_named_with_its_place(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        Desired.from_params(web_params(**changed))
    assert message in str(refused.value)


def test_least_values_are_accepted() -> None:
    desired = Desired.from_params(web_params(image_cache_size=1, retention_days=0, wait_timeout=0, wait_interval=0.001))
    assert (desired.values["image_cache_size"], desired.values["retention_days"]) == (1, 0)
    assert (desired.wait_timeout, desired.wait_interval) == (0, 0.001)
    assert Desired.from_params(web_params(min_days_left=1, retention_days=2, wait_timeout=100_000_000)).present


def test_absent_accepts_the_name_of_a_leftover_replacement() -> None:
    absent = Desired.from_params(World.params(image_cache_name="web-replacement", state="absent", min_days_left=9))
    assert (absent.name, absent.present) == ("web-replacement", False)


def test_cache_declared_by_its_id_gets_the_listed_name() -> None:
    by_id = Desired.from_params(World.params(image_cache_id="imc-1", name=None))
    assert (by_id.name, by_id.with_name("web").name, by_id.with_name(None).name) == (None, "web", None)
    renamed = Desired.from_params(World.params(image_cache_id="imc-1", image_cache_name="shop"))
    assert renamed.with_name("web").name == "shop"


def test_tags_are_sent_as_the_api_stores_them() -> None:
    desired = Desired.from_params(web_params(tags={"n": 1, 2: "two", "on": True, "off": False, "f": 1.5, "empty": ""}))
    assert desired.values["tags"] == {"n": "1", "2": "two", "on": "true", "off": "false", "f": "1.5", "empty": ""}


def test_images_are_those_declared_or_else_those_of_the_cache() -> None:
    cache = ImageCache({"ImageCacheId": "imc-1", "Images": ["redis:7"]})
    declared, undeclared = Desired.from_params(web_params()), Desired.from_params(web_params(images=None))
    assert declared.images_of(cache) == declared.images_of(None) == ["nginx:1"]
    assert (undeclared.images_of(cache), undeclared.images_of(None)) == (["redis:7"], [])
    assert undeclared.images_of(ImageCache({"ImageCacheId": "imc-1"})) == []


@pytest.mark.parametrize("verify_images", [True, False])
@pytest.mark.parametrize("follow_tags", [True, False])
def test_either_option_asks_registries(verify_images: bool, follow_tags: bool) -> None:
    desired = Desired.from_params(web_params(verify_images=verify_images, follow_tags=follow_tags))
    assert desired.asks_registries is (verify_images or follow_tags)
