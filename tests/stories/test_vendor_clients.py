# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's own clients create, update, match and delete image caches on the emulator, as on the cloud."""

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
# tccli only trusts the certificates of certifi; it has no option for others.
TCCLI = "import certifi, sys; ca = sys.argv.pop(1); certifi.where = lambda: ca; from tccli.main import main; main()"


def sdk_client(emulator: Emulator, secret_key: str = "") -> tke_client.TkeClient:
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=f"127.0.0.1:{emulator.port}"))
    profile.language = "en-US"
    keys = Credential(emulator.secret_id, secret_key or emulator.secret_key)
    return tke_client.TkeClient(keys, "ap-guangzhou", profile)


def sdk_request(kind: str, parameters: dict[str, Any]) -> Any:
    model = getattr(models, kind)()
    model.from_json_string(json.dumps(parameters))
    return model


def test_sdk_creates_updates_matches_and_deletes_a_cache(emulator: Emulator) -> None:
    client, emulator.settings.build_looks = sdk_client(emulator), 1
    created = client.CreateImageCache(sdk_request("CreateImageCacheRequest", CREATE))
    selection = {"ImageCacheIds": [created.ImageCacheId]}
    describe = sdk_request("DescribeImageCachesRequest", selection)
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
        sdk_request("UpdateImageCacheRequest", {"ImageCacheId": created.ImageCacheId, "Images": ["nginx:1.27.4"]})
    )
    assert client.DescribeImageCaches(describe).ImageCaches[0].Status == "Updating"
    match = client.GetMostSuitableImageCache(
        sdk_request("GetMostSuitableImageCacheRequest", {"Images": ["nginx:1.27.4"], "Snapshotter": "overlay"})
    )
    assert (match.Found, match.ImageCache.ImageCacheId) == (True, created.ImageCacheId)
    no_match = client.GetMostSuitableImageCache(
        sdk_request("GetMostSuitableImageCacheRequest", {"Images": ["other:1"]})
    )
    assert (no_match.Found, no_match.ImageCache) == (False, None)
    client.DeleteImageCaches(sdk_request("DeleteImageCachesRequest", selection))
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
def test_sdk_gets_the_error_code_of_a_refused_request(
    emulator: Emulator, kind: str, parameters: Any, code: str
) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        getattr(sdk_client(emulator), kind)(sdk_request(f"{kind}Request", parameters))
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
def test_request_that_violates_the_vendors_definition_is_refused(emulator: Emulator, body: Any, code: str) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk_client(emulator).call_json("CreateImageCache", body)
    assert refused.value.get_code() == code


def test_wrong_secret_key_is_refused(emulator: Emulator) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk_client(emulator, "another-key").DescribeImageCaches(sdk_request("DescribeImageCachesRequest", {}))
    assert refused.value.get_code() == "AuthFailure.SignatureFailure"


def test_twenty_first_request_within_a_second_is_refused(emulator: Emulator) -> None:
    client = sdk_client(emulator)
    codes = []
    for _request in range(21):
        try:
            client.DescribeImageCaches(sdk_request("DescribeImageCachesRequest", {}))
        except TencentCloudSDKException as refused:
            codes.append(refused.get_code())
    assert codes == ["RequestLimitExceeded"]


@pytest.fixture
def tls_emulator(tmp_path: Path) -> Iterator[Emulator]:
    """Return an emulator that uses TLS, which tccli requires. The certificate of its authority is in ca.pem."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    emulator = Emulator(ssl_context=context).start()
    yield emulator
    emulator.stop()


def test_tccli_creates_updates_matches_and_deletes_a_cache(tls_emulator: Emulator, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        **tls_emulator.environment(),
        "HOME": str(tmp_path),
        "TENCENTCLOUD_REGION": "ap-guangzhou",
    }

    def run_tccli(action: str, parameters: dict[str, Any]) -> dict[str, Any]:
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
                f"localhost:{tls_emulator.port}",
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return dict(json.loads(process.stdout))

    image_cache_id = run_tccli("CreateImageCache", CREATE)["ImageCacheId"]
    time.sleep(tls_emulator.settings.build_seconds)
    listing = run_tccli("DescribeImageCaches", {"ImageCacheNames": ["web"]})
    assert listing["TotalCount"] == 1
    assert listing["ImageCaches"][0]["Status"] == "Ready"
    run_tccli("UpdateImageCache", {"ImageCacheId": image_cache_id, "ImageCacheName": "modified-imc-name"})
    assert run_tccli("GetMostSuitableImageCache", {"Images": ["nginx:1.27.3"]})["Found"] is True
    run_tccli("DeleteImageCaches", {"ImageCacheIds": [image_cache_id]})
    assert run_tccli("DescribeImageCaches", {"ImageCacheIds": [image_cache_id]})["TotalCount"] == 0
