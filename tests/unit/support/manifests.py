# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes manifests for tests."""

from __future__ import annotations

from typing import Any, Optional

ANNOTATION = "eks.tke.cloud.tencent.com/use-image-cache"
# The keys that lead from a resource to its Pod spec. Source: the Kubernetes API.
POD_SPECS: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}


def pod_spec(*images: str, **more: Any) -> dict[str, Any]:
    """Return a Pod spec with a container for each image."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    return {"containers": containers, **more}


def resource(kind: str, name: Optional[str], namespace: Optional[str], keys: tuple[str, ...], value: Any) -> Any:
    """Return a resource with a value to which C(keys) lead."""
    for key in reversed(keys):
        value = {key: value}
    metadata = {key: text for key, text in (("name", name), ("namespace", namespace)) if text is not None}
    return {"apiVersion": "example.com/v1", "kind": kind, "metadata": metadata, **value}


def workload(
    *images: str, kind: str = "Deployment", name: Optional[str] = "web", namespace: Optional[str] = "shop", **more: Any
) -> Any:
    """Return a workload whose Pod spec has a container for each image, and C(more) keys."""
    return resource(kind, name, namespace, POD_SPECS[kind], pod_spec(*images, **more))


def image_cache(*images: str, **more: Any) -> dict[str, Any]:
    """Return an image cache that is Ready, as results show it."""
    facts = {"image_cache_id": "imc-1", "image_cache_name": "web", "status": "Ready", "image_cache_size": 20}
    return {**facts, "created_at": "2026-03-30T00:00:00Z", "images": list(images), **more}
