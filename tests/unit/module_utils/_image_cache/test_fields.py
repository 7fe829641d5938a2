# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of fields against the vendor's definition of the API."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS, Change, to_request
from emulator import vendor


class TestFields:
    def test_create_fields_match_the_vendors_definition(self) -> None:
        members = vendor.TKE.definition["objects"]["CreateImageCacheRequest"]["members"]
        assert {row.api for row in FIELDS} == {member["name"] for member in members}
        required = {row.api for row in FIELDS if row.needed_to_create}
        assert required == {member["name"] for member in members if member["required"]}

    def test_updatable_fields_match_the_vendors_definition(self) -> None:
        members = vendor.TKE.definition["objects"]["UpdateImageCacheRequest"]["members"]
        updatable = {row.api for row in FIELDS if row.change is not Change.NEW_CACHE}
        assert updatable == {member["name"] for member in members} - {"ImageCacheId"}

    def test_listed_fields_match_the_vendors_definition(self) -> None:
        members = {member["name"] for member in vendor.TKE.definition["objects"]["ImageCache"]["members"]}
        assert {row.api for row in FIELDS if row.is_shown} == {row.api for row in FIELDS} & members

    def test_nested_fields_match_the_vendors_definition(self) -> None:
        credential = {"server": "a", "username": "b", "password": "c", "name": "d"}
        line = {"delete_policy": "Never", "internet_service_provider": "BGP", "internet_max_bandwidth_out": 5}
        request = to_request({"image_registry_credentials": [credential], "auto_create_eip_attribute": line})
        for sent, structure in (
            (request["ImageRegistryCredentials"][0], "ImageRegistryCredential"),
            (request["AutoCreateEipAttribute"], "EipAttribute"),
        ):
            assert set(sent) == {member["name"] for member in vendor.TKE.definition["objects"][structure]["members"]}
        assert request["ImageRegistryCredentials"] == [{"Server": "a", "Username": "b", "Password": "c", "Name": "d"}]
        assert request["AutoCreateEipAttribute"] == {
            "DeletePolicy": "Never",
            "InternetServiceProvider": "BGP",
            "InternetMaxBandwidthOut": 5,
        }

    def test_part_that_is_not_set_is_not_sent(self) -> None:
        line = {"delete_policy": "Never", "internet_service_provider": None, "internet_max_bandwidth_out": None}
        assert to_request({"auto_create_eip_attribute": line}) == {"AutoCreateEipAttribute": {"DeletePolicy": "Never"}}

    def test_record_is_one_more_tag(self) -> None:
        assert to_request({"tags": {"a": "b"}}) == {"Tags": [{"Key": "a", "Value": "b"}]}
        assert to_request({"tags": {"a": "b"}}, "vpc-0a1b2c")["Tags"] == [
            {"Key": "a", "Value": "b"},
            {"Key": "ansible-build-settings", "Value": "vpc-0a1b2c"},
        ]

    @pytest.mark.parametrize(
        ("declared", "shown", "same"),
        [
            ([{"server": "a", "username": "u", "password": "p"}], [{"server": "a", "username": "u"}], True),
            ([{"server": "a", "password": "p"}], [{"server": "a", "password": "****"}], True),
            ([{"server": "a", "password": "p"}], [{"server": "a", "password": "q"}], False),
            ([{"server": "a", "name": None}], [{"server": "a", "name": "n"}], True),
            ([{"server": "a"}], [{"server": "a"}, {"server": "b"}], False),
            ([{"server": "a"}, {"server": "b"}], [{"server": "b"}, {"server": "a"}], True),
            ([{"server": "a"}, {"server": "a"}], [{"server": "a"}], False),
            ([], [], True),
        ],
    )
    def test_credentials_are_compared_as_a_set(self, declared: Any, shown: Any, same: bool) -> None:
        row = next(row for row in FIELDS if row.option == "image_registry_credentials")
        assert row.same(declared, shown) is same
