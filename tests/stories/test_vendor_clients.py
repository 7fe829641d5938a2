# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's own clients lead a whole life on the emulator: what they can do on the cloud, they can do there."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from emulator import Emulator
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.tke.v20180525 import models, tke_client

CREATE = {
    "ImageCacheName": "web",
    "Images": ["nginx:1.27.3"],
    "VpcId": "vpc-508ctkfb",
    "SubnetId": "subnet-8ah75lo8",
    "ImageCacheSize": 50,
    "AutoCreateEipAttribute": {"DeletePolicy": "Never", "InternetMaxBandwidthOut": 100},
    "ImageRegistryCredentials": [{"Server": "h.example.com", "Username": "u", "Password": "p", "Name": "n"}],
    "Tags": [{"Key": "team", "Value": "web"}],
}
# tccli trusts what certifi names, and nothing else can be given to it.
TCCLI = "import certifi, sys; ca = sys.argv.pop(1); certifi.where = lambda: ca; from tccli.main import main; main()"


def sdk(emulator: Emulator, secret_key: str = "") -> tke_client.TkeClient:
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=f"127.0.0.1:{emulator.port}"))
    profile.language = "en-US"
    keys = Credential(emulator.secret_id, secret_key or emulator.secret_key)
    return tke_client.TkeClient(keys, "ap-guangzhou", profile)


def request(kind: str, parameters: dict[str, Any]) -> Any:
    model = getattr(models, kind)()
    model.from_json_string(json.dumps(parameters))
    return model


def test_the_sdk(emulator: Emulator) -> None:
    client, emulator.settings.build_looks = sdk(emulator), 1
    created = client.CreateImageCache(request("CreateImageCacheRequest", CREATE))
    selection = {"ImageCacheIds": [created.ImageCacheId]}
    describe = request("DescribeImageCachesRequest", selection)
    assert client.DescribeImageCaches(describe).ImageCaches[0].Status == "Pending"
    cache = client.DescribeImageCaches(describe).ImageCaches[0]
    assert (cache.Status, cache.ImageCacheSize, cache.Tags[0].Key) == ("Ready", 50, "team")
    assert [event.Reason for event in cache.Events][::-1] == [
        "DiskCreated",
        "EksCiCreated",
        "SnapCreated",
        "EksCiDeleted",
        "DiskDeleted",
    ]
    client.UpdateImageCache(
        request("UpdateImageCacheRequest", {"ImageCacheId": created.ImageCacheId, "Images": ["nginx:1.27.4"]})
    )
    assert client.DescribeImageCaches(describe).ImageCaches[0].Status == "Updating"
    match = client.GetMostSuitableImageCache(
        request("GetMostSuitableImageCacheRequest", {"Images": ["nginx:1.27.4"], "Snapshotter": "overlay"})
    )
    assert (match.Found, match.ImageCache.ImageCacheId) == (True, created.ImageCacheId)
    no_match = client.GetMostSuitableImageCache(request("GetMostSuitableImageCacheRequest", {"Images": ["other:1"]}))
    assert (no_match.Found, no_match.ImageCache) == (False, None)
    client.DeleteImageCaches(request("DeleteImageCachesRequest", selection))
    assert client.DescribeImageCaches(describe).TotalCount == 0


@pytest.mark.parametrize(
    ("kind", "parameters", "code"),
    [
        ("CreateImageCache", {"Images": ["a:1"], "VpcId": "vpc-1"}, "MissingParameter"),
        ("CreateImageCache", {**CREATE, "ExistedEipId": "eip-1"}, "InvalidParameter"),
        ("CreateImageCache", {**CREATE, "Images": []}, "InvalidParameter"),
        ("DescribeImageCaches", {"Limit": 51}, "InvalidParameter"),
        ("DescribeImageCaches", {"Filters": [{"Name": "status", "Values": ["Ready"]}]}, "InvalidParameter"),
        ("UpdateImageCache", {"ImageCacheId": "imc-none"}, "ResourceNotFound"),
        ("DeleteImageCaches", {"ImageCacheIds": ["imc-none"]}, "ResourceNotFound"),
    ],
)
def test_the_sdk_meets_the_apis_refusals(emulator: Emulator, kind: str, parameters: Any, code: str) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        getattr(sdk(emulator), kind)(request(f"{kind}Request", parameters))
    assert refused.value.get_code() == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Images": ["a:1"], "VpcId": "v", "SubnetId": "s", "Nonsense": 1}, "UnknownParameter"),
        ({"Images": ["a:1"], "VpcId": "v", "SubnetId": None}, "InvalidParameter"),
        ({"Images": "a:1", "VpcId": "v", "SubnetId": "s"}, "InvalidParameter"),
        ({"Images": [1], "VpcId": "v", "SubnetId": "s"}, "InvalidParameter"),
        ({"Images": ["a:1"], "VpcId": "v", "SubnetId": "s", "ImageCacheSize": "20"}, "InvalidParameter"),
        ({"Images": ["a:1"], "VpcId": "v", "SubnetId": "s", "ImageCacheSize": True}, "InvalidParameter"),
        ({"Images": ["a:1"], "VpcId": "v", "SubnetId": "s", "RetentionDays": -1}, "InvalidParameter"),
        ({"Images": ["a:1"], "VpcId": "v", "SubnetId": "s", "AutoCreateEip": "yes"}, "InvalidParameter"),
        ({"Images": ["a:1"], "VpcId": "v", "SubnetId": "s", "AutoCreateEipAttribute": {}}, "MissingParameter"),
        ({"Images": ["a:1"], "VpcId": "v", "SubnetId": "s", "Tags": [{"Name": "a"}]}, "UnknownParameter"),
    ],
)
def test_requests_are_held_against_the_vendors_definition(emulator: Emulator, body: Any, code: str) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk(emulator).call_json("CreateImageCache", body)
    assert refused.value.get_code() == code


def test_a_wrong_key_is_found_out(emulator: Emulator) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk(emulator, "another-key").DescribeImageCaches(request("DescribeImageCachesRequest", {}))
    assert refused.value.get_code() == "AuthFailure.SignatureFailure"


def test_the_twenty_first_request_of_a_second_is_refused(emulator: Emulator) -> None:
    client = sdk(emulator)
    codes = []
    for _request in range(21):
        try:
            client.DescribeImageCaches(request("DescribeImageCachesRequest", {}))
        except TencentCloudSDKException as refused:
            codes.append(refused.get_code())
    assert codes == ["RequestLimitExceeded"]


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator that speaks TLS, which is all that tccli speaks; its authority is in ca.pem."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    emulator = Emulator(ssl_context=context).start()
    yield emulator
    emulator.stop()


def test_tccli(encrypted: Emulator, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        **encrypted.environment(),
        "HOME": str(tmp_path),
        "TENCENTCLOUD_REGION": "ap-guangzhou",
    }

    def tccli(action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        (tmp_path / "request.json").write_text(json.dumps(parameters), encoding="utf-8")
        process = subprocess.run(
            [
                sys.executable,
                "-c",
                TCCLI,
                str(tmp_path / "ca.pem"),
                "tke",
                action,
                "--cli-input-json",
                f"file://{tmp_path / 'request.json'}",
                "--endpoint",
                f"localhost:{encrypted.port}",
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return dict(json.loads(process.stdout))

    image_cache_id = tccli("CreateImageCache", CREATE)["ImageCacheId"]
    time.sleep(encrypted.settings.build_seconds)
    listing = tccli("DescribeImageCaches", {"ImageCacheNames": ["web"]})
    assert listing["TotalCount"] == 1
    assert listing["ImageCaches"][0]["Status"] == "Ready"
    tccli("UpdateImageCache", {"ImageCacheId": image_cache_id, "ImageCacheName": "modified-imc-name"})
    assert tccli("GetMostSuitableImageCache", {"Images": ["nginx:1.27.3"]})["Found"] is True
    tccli("DeleteImageCaches", {"ImageCacheIds": [image_cache_id]})
    assert tccli("DescribeImageCaches", {"ImageCacheIds": [image_cache_id]})["TotalCount"] == 0
