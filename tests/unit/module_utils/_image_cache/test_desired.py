# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
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
        ({"max_age": "0d"}, "Invalid max_age: expected a duration above 0 such as 7d, 12h or 30m, got '0d'."),
    ],
    ids=str,
)
def test_invalid_value_is_named_with_its_place(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        Desired.from_params(web_params(**changed))
    assert message in str(refused.value)


def test_least_values_are_accepted() -> None:
    desired = Desired.from_params(web_params(image_cache_size=1, retention_days=0))
    assert (desired.values["image_cache_size"], desired.values["retention_days"]) == (1, 0)


def test_tags_are_sent_as_the_api_stores_them() -> None:
    desired = Desired.from_params(web_params(tags={"n": 1, 2: "two", "on": True, "off": False, "f": 1.5, "empty": ""}))
    assert desired.values["tags"] == {"n": "1", "2": "two", "on": "true", "off": "false", "f": "1.5", "empty": ""}
