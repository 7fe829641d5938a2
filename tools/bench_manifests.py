# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure how long the filters for manifests take on 1, 5 and 10 MB of rendered manifests, and print a table.

The time must grow in proportion to the size. Most of it is for reading YAML, which the second column shows alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.tencentcloud.tke.plugins.filter.pod_images import pod_images
from ansible_collections.tencentcloud.tke.plugins.filter.with_image_caches import with_image_caches
from ansible_collections.tencentcloud.tke.plugins.filter.workload_image_caches import workload_image_caches
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import read_manifests

SIZES = (1, 5, 10)
ROUNDS = 3
DOCUMENT = """---
# Source: shop/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{number}
  namespace: shop
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/instance: web-{number}
spec:
  selector:
    matchLabels: &labels
      app.kubernetes.io/name: web
      app.kubernetes.io/instance: web-{number}
  template:
    metadata:
      labels: *labels
    spec:
      containers:
        - name: web
          image: registry.example.com/shop/web:{number}
          ports:
            - containerPort: 80
          resources:
            limits:
              cpu: 500m
              memory: 1Gi
        - name: proxy
          image: envoyproxy/envoy:v1.30.1
---
# Source: shop/templates/configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: web-{number}
  namespace: shop
data:
  settings.yaml: |
    image: not/an-image:1
    workers: 4
"""


def seconds(work: Callable[[], Any]) -> float:
    """Return the processor time of the fastest of several runs."""
    taken = []
    for _round in range(ROUNDS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def measure(megabytes: int) -> list[float]:
    """Return the seconds for manifests of a size: reading them, then each filter."""
    count = megabytes * 1_000_000 // len(DOCUMENT)
    text = "".join(DOCUMENT.replace("{number}", str(number)) for number in range(count))
    facts = {"status": "Ready", "image_cache_size": 20, "created_at": "2026-03-30T00:00:00Z"}
    caches = [
        {**facts, "image_cache_id": f"imc-{number}", "image_cache_name": entry["name"], "images": entry["images"]}
        for number, entry in enumerate(workload_image_caches(text))
    ]
    assert len(caches) == count
    return [
        seconds(lambda: read_manifests(text)),
        seconds(lambda: pod_images(text)),
        seconds(lambda: workload_image_caches(text)),
        seconds(lambda: with_image_caches(text, caches, report=True)),
    ]


def main() -> None:
    """Measure and print."""
    print("| MB | reading (s) | pod_images (s) | workload_image_caches (s) | with_image_caches (s) |")
    print("|---|---|---|---|---|")
    for megabytes in SIZES:
        print(f"| {megabytes} | " + " | ".join(f"{taken:.2f}" for taken in measure(megabytes)) + " |", flush=True)


if __name__ == "__main__":
    main()
