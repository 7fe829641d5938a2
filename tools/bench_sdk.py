# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripts with the vendor's SDK for the benchmark, as an expert in the SDK would write them.

C(one): read one cache. C(each): read a hundred caches, each by its name. C(create): create a hundred missing caches and
wait for them, 50 in each listing. Throttled requests are retried, as the SDK supports it.
"""

from __future__ import annotations

import os
import sys
import time

from tencentcloud.common.credential import EnvironmentVariableCredential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.common.retry import StandardRetryer
from tencentcloud.tke.v20180525 import models, tke_client


def main(what: str) -> None:
    """Run one of the scripts."""
    host = os.environ["TENCENTCLOUD_TKE_ENDPOINT"].split("://")[1]
    http = HttpProfile(endpoint=host, keepAlive=True, certification=os.environ["TENCENTCLOUD_CA_PATH"])
    profile = ClientProfile(httpProfile=http, language="en-US", retryer=StandardRetryer())
    keys = EnvironmentVariableCredential().get_credential()
    client = tke_client.TkeClient(keys, os.environ["TENCENTCLOUD_REGION"], profile)
    names = [f"cache-{number:03}" for number in range(1 if what == "one" else 100)]
    if what == "create":
        create(client, names)
        return
    for name in names:
        if listing(client, ImageCacheNames=[name])[0].Status != "Ready":
            sys.exit(f"{name} is not Ready")


def create(client: tke_client.TkeClient, names: list[str]) -> None:
    """Create the missing caches, and wait until they are Ready."""
    there = {cache.ImageCacheName for first in (0, 50) for cache in listing(client, ImageCacheNames=names[first:][:50])}
    waiting = []
    for name in names:
        if name not in there:
            request = models.CreateImageCacheRequest()
            request.ImageCacheName, request.Images = name, ["nginx:1.27.3"]
            request.VpcId, request.SubnetId = "vpc-508ctkfb", "subnet-8ah75lo8"
            waiting.append(client.CreateImageCache(request).ImageCacheId)
    while waiting:
        time.sleep(1)
        seen = [
            cache
            for first in range(0, len(waiting), 50)
            for cache in listing(client, ImageCacheIds=waiting[first:][:50])
        ]
        waiting = [cache.ImageCacheId for cache in seen if cache.Status != "Ready"]


def listing(client: tke_client.TkeClient, **selection: list[str]) -> list[models.ImageCache]:
    """Return one page of caches."""
    request = models.DescribeImageCachesRequest()
    request.Limit = 50
    for name, value in selection.items():
        setattr(request, name, value)
    return list(client.DescribeImageCaches(request).ImageCaches)


if __name__ == "__main__":
    main(sys.argv[1])
