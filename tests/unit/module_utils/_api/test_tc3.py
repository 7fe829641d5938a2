# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signature matches the published vectors and the vendor's SDK."""

from __future__ import annotations

import dataclasses
import json
import random
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import tc3
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

DOC_BODY = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
CREATE = b'{"VpcId": "vpc-508ctkfb", "SubnetId": "subnet-8ah75lo8", "Images": ["nginx:latest"], "ImageCacheSize": 50}'
CVM = {"Content-Type": "application/json; charset=utf-8", "Host": "cvm.tencentcloudapi.com"}
TKE = {"Content-Type": "application/json", "Host": "tke.tencentcloudapi.com"}
DOC_TIME, NEW_YEAR = 1551113065, 1767225600

VECTORS: dict[str, tuple[str, int, str, dict[str, str], bytes, str]] = {
    "V1": (
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        DOC_TIME,
        "cvm",
        CVM,
        DOC_BODY,
        "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
    ),
    "V2": (
        "Gu5t9xGARNpq86cd98joQYCN3*******",
        DOC_TIME,
        "cvm",
        {**CVM, "X-TC-Action": "DescribeInstances"},
        DOC_BODY,
        "be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3",
    ),
    "V3": (
        "*" * 32,
        DOC_TIME,
        "cvm",
        {**CVM, "X-TC-Action": "DescribeInstances"},
        DOC_BODY,
        "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
    ),
    "V4": (
        "SECRETKEYEXAMPLE",
        NEW_YEAR,
        "tke",
        TKE,
        CREATE,
        "8f94e3a9c43f2f720ecb3379f8e3edcd881d76f4d05796fca206800d8d7e149d",
    ),
    "V5": (
        "SECRETKEYEXAMPLE",
        NEW_YEAR,
        "tke",
        TKE,
        b'{"ImageCacheIds": ["imc-xxx"], "Offset": 0, "Limit": 10}',
        "1fe2d0c94a3f5eacfd6ed3b696aae1e986f325e30815f6c644eb7349abb48293",
    ),
    "V6": (
        "SECRETKEYEXAMPLE",
        NEW_YEAR,
        "tke",
        TKE,
        b"{}",
        "801fd526ec95c1dbf6741e4a2b49046ed0fe8fc5ba535bfabd8c11fcf0d453fb",
    ),
    "V7": (
        "SECRETKEYEXAMPLE",
        NEW_YEAR,
        "tke",
        TKE,
        tc3.UNSIGNED_PAYLOAD,
        "490dc523e19bdf4bd05ab37903b931a1a9fdf03ada6172322b9ac6555e8d4717",
    ),
    "V8": (
        "SECRETKEYEXAMPLE",
        NEW_YEAR,
        "tke",
        {**TKE, "Content-Type": "application/json; charset=utf-8", "X-TC-Action": "CreateImageCache"},
        CREATE,
        "4b139f44dc528199ea3f400e50bfba1c4090c41a9f7791123c28706e3c1b8bf0",
    ),
    "V9": (
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        DOC_TIME,
        "cvm",
        {**CVM, "Content-Type": "application/json"},
        DOC_BODY,
        "683bd0b53659853c39699162253251192320a09b3937e27bf8e08a559b1465b8",
    ),
}
CANONICAL_REQUESTS = {
    "V1": "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031",
    "V2": "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84",
    "V3": "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84",
}


@pytest.mark.parametrize("name", VECTORS)
def test_signature_matches_vector(name: str) -> None:
    secret_key, timestamp, service, headers, body, expected = VECTORS[name]
    header = tc3.authorization(tc3.Keys("AKIDEXAMPLE", secret_key), timestamp, service, headers, body)
    assert header.endswith(f"Signature={expected}")
    names = ";".join(sorted(name.lower() for name in headers))
    assert f"SignedHeaders={names}," in header


@pytest.mark.parametrize("name", CANONICAL_REQUESTS)
def test_canonical_request_matches_vector(name: str) -> None:
    _key, _timestamp, _service, headers, body, _signature = VECTORS[name]
    assert tc3._sha256(tc3.canonical_request(headers, body).encode()) == CANONICAL_REQUESTS[name]


def vendor_headers(keys: tc3.Keys, timestamp: int, host: str, action: str, parameters: Any) -> tuple[Any, bytes]:
    """Return the headers and the body that the vendor's SDK sends at that time."""
    client = AbstractClient(
        Credential(keys.secret_id, keys.secret_key, keys.token),
        "ap-guangzhou",
        ClientProfile(httpProfile=HttpProfile(endpoint=host)),
    )
    client._service, client._apiVersion = "tke", "2018-05-25"
    request = SimpleNamespace(method="POST", uri="/", header={}, data="")
    with mock.patch("time.time", return_value=float(timestamp)):
        client._build_req_with_tc3_signature(action, parameters, request)
    return request.header, request.data.encode()


def test_random_requests_are_signed_as_by_vendor_sdk() -> None:
    chance = random.Random(457)
    alphabet = 'abz019-_:/. "\\\n\t\u00e9\u672a\U0001f600'

    def text(most: int) -> str:
        return "".join(chance.choices(alphabet, k=chance.randint(0, most)))

    for number in range(200):
        token = None if number % 2 else "token" + str(chance.getrandbits(256))
        keys = tc3.Keys(f"AKID{chance.getrandbits(64)}", f"key{chance.getrandbits(128)}", token)
        # Three of four are within a second of midnight, to find a wrong date.
        midnight = 86400 * chance.randint(15000, 25000)
        timestamp = midnight + chance.choice([-1, 0, 1, chance.randint(0, 86399)])
        host = chance.choice(["tke.tencentcloudapi.com", "127.0.0.1:8400", "localhost:443", "[::1]:9000"])
        parameters = {"Images": [text(30) for _image in range(chance.randint(0, 5))], text(8): {"Key": text(60)}}
        headers, body = vendor_headers(keys, timestamp, host, "CreateImageCache", parameters)
        signed = {"Content-Type": headers["Content-Type"], "Host": headers["Host"]}
        assert json.loads(body) == parameters
        assert tc3.authorization(keys, timestamp, "tke", signed, body) == headers["Authorization"], number
        assert headers.get("X-TC-Token") == keys.token


def test_repr_of_keys_hides_secrets() -> None:
    shown = repr(tc3.Keys("AKIDEXAMPLE", "very-secret", "very-secret-token"))
    assert "very-secret" not in shown


def test_keys_are_immutable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        tc3.Keys("AKIDEXAMPLE", "key").secret_key = "another"  # type: ignore[misc]
