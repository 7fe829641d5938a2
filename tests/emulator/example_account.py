# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An example account: image caches of all kinds in two regions, for pages and pictures of the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .server import Emulator
from .service import DAY, BuildFailure

GUANGZHOU, SHANGHAI = "ap-guangzhou", "ap-shanghai"
REGISTRY = "registry.example.com"
FAILURES = {
    "shop/search:7": BuildFailure("", message=f"{REGISTRY}/shop/search:7: manifest unknown: not found"),
    "ml/train:3": BuildFailure("", "NoSpace", "write /var/lib/containerd: no space left on device"),
}


@dataclass(frozen=True)
class Example:
    """An image cache of the account. Ages and times are in days before now; C(matched) is None for never."""

    region: str
    name: str
    images: tuple[str, ...]
    team: str
    size: int
    age: float
    matched: Optional[float] = None
    retention: int = 0

    def create(self, emulator: Emulator) -> None:
        """Create it in the emulator, as if it had been built at its age."""
        service = emulator.region(self.region)
        images = [f"{REGISTRY}/{image}" for image in self.images]
        parameters = {
            "ImageCacheName": self.name,
            "Images": images,
            "VpcId": "vpc-508ctkfb",
            "SubnetId": "subnet-8ah75lo8",
            "ImageCacheSize": self.size,
            "RetentionDays": self.retention,
            "Tags": [{"Key": "team", "Value": self.team}] if self.team else [],
        }
        cache = service.caches[service.call("CreateImageCache", parameters)["ImageCacheId"]]
        (build,) = cache.builds
        build.failure = next((FAILURES[image] for image in self.images if image in FAILURES), None)
        if self.age:
            now = cache.created
            cache.created = build.began = now - self.age * DAY
            cache.matched = None if self.matched is None else now - self.matched * DAY


EXAMPLES = (
    Example(GUANGZHOU, "shop-web", ("shop/web:4.12.0", "shop/proxy:2.1"), "shop", 50, 12.4, 0.1, 90),
    Example(GUANGZHOU, "shop-web-4.11", ("shop/web:4.11.3", "shop/proxy:2.1"), "shop", 50, 40.2, 13.2, 90),
    Example(GUANGZHOU, "shop-search", ("shop/search:7",), "shop", 20, 2.3),
    Example(GUANGZHOU, "支付网关", ("pay/gateway:1.9", "pay/risk:3.0"), "pay", 50, 25.1, 0.2, 30),
    Example(GUANGZHOU, "pay-batch", ("pay/batch:8",), "pay", 20, 55.6, 3.5, 60),
    Example(GUANGZHOU, "pay-batch", ("pay/batch:9",), "pay", 20, 3.1, 0.4, 60),
    Example(GUANGZHOU, "ci-1841", ("ci/build:2025",), "", 100, 74.5, 41.0),
    Example(GUANGZHOU, "ci-1902", ("ci/build:2026",), "", 100, 20.7, 1.2),
    Example(GUANGZHOU, "ci-1903", ("ci/build:2026",), "", 100, 9.8, 0.3),
    Example(SHANGHAI, "ml-train", ("ml/train:2.4", "ml/data:5"), "ml", 200, 33.0, 2.6),
    Example(SHANGHAI, "ml-train-replacement", ("ml/train:3",), "ml", 40, 1.5),
    Example(SHANGHAI, "ml-notebook", ("ml/notebook:1",), "ml", 100, 61.3),
    Example(SHANGHAI, "queue", ("shop/queue:3.3",), "shop", 20, 0.0, None, 90),
)


def fill(emulator: Emulator) -> Emulator:
    """Create the image caches of the example account in an emulator, and return it."""
    for example in EXAMPLES:
        example.create(emulator)
    return emulator
