# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of the API in the form of options. A value of another type is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import (
    ABSENT,
    RECORD_TAG,
    read_all_tags,
    read_credentials,
    read_number,
    read_string,
    read_strings,
    read_tags,
    read_text,
)

OTHERS: list[Any] = [None, 7, 1.5, True, [], {}, ABSENT]


@pytest.mark.parametrize("value", OTHERS)
def test_other_value_than_a_text_is_unknown(value: Any) -> None:
    assert (read_string(value), read_text(value)) == (None, None)


def test_empty_text_is_a_string_but_no_text() -> None:
    assert (read_string(""), read_text(""), read_string("a"), read_text("a")) == ("", None, "a", "a")


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), (20, 20), (-1, -1), (True, None), (False, None), (1.0, None), ("20", None), (None, None), (ABSENT, None)],
)
def test_integer_is_a_number(value: Any, number: Any) -> None:
    assert read_number(value) is number


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (["a", "b"], ["a", "b"]),
        ([], []),
        # Go writes an empty list as null.
        (None, []),
        (ABSENT, None),
        (["a", 1], None),
        ([1], None),
        ("ab", None),
        (("a",), None),
        ({"a": "b"}, None),
        ({}, None),
    ],
)
def test_list_of_texts_is_known_if_all_are_texts(value: Any, texts: Any) -> None:
    assert read_strings(value) == texts


@pytest.mark.parametrize(
    ("value", "credentials"),
    [
        (
            [{"Server": "h.example", "Username": "u", "Password": "p", "Name": "n"}],
            [{"server": "h.example", "username": "u", "password": "p", "name": "n"}],
        ),
        (
            [{"Server": "h.example", "Username": "", "Password": 7}, {}],
            [
                {"server": "h.example", "username": None, "password": None, "name": None},
                {"server": None, "username": None, "password": None, "name": None},
            ],
        ),
        ([], []),
        (None, []),
        (ABSENT, None),
        ([{"Server": "h.example"}, "h.example"], None),
        ({}, None),
        ("", None),
    ],
)
def test_credentials_have_the_parts_that_are_texts(value: Any, credentials: Any) -> None:
    assert read_credentials(value) == credentials


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ([{"Key": "a", "Value": "b"}, {"Key": "z", "Value": ""}], {"a": "b", "z": ""}),
        ([{"Key": "a", "Value": None}, {"Key": "b"}], {"a": "", "b": ""}),
        ([], {}),
        (None, {}),
        (ABSENT, None),
        ([{"Key": "a", "Value": "b"}, {"Key": 1, "Value": "b"}], None),
        ([{"Key": "a", "Value": 1}], None),
        ([{"Value": "b"}], None),
        (["a"], None),
        ({"a": "b"}, None),
    ],
)
def test_tags_are_known_if_all_are_texts(value: Any, tags: Any) -> None:
    assert read_tags(value) == read_all_tags(value) == tags


def test_record_is_no_tag_of_the_user() -> None:
    record = {"Key": RECORD_TAG, "Value": "vpc-0a1b2c"}
    listed = [{"Key": "a", "Value": "b"}, record, {"Key": "z", "Value": "y"}]
    assert read_tags(listed) == {"a": "b", "z": "y"}
    assert read_all_tags(listed) == {"a": "b", "ansible-build-settings": "vpc-0a1b2c", "z": "y"}
