# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers of the stories about workloads: Kubernetes manifests, and the variables of the playbook cache_workloads."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any, Union

import yaml
from emulator import Emulator

from .controller import ROOT

PLAYBOOK = "tencentcloud.tke.cache_workloads"
USED = "eks.tke.cloud.tencent.com/use-image-cache"
# The tag of the playbook's image caches.
SCOPE = {"Key": "ansible-workloads", "Value": "workload-"}
# The collection itself, and what takes the place of kubernetes.core: stand-ins, and with "make cluster" the real one.
COLLECTIONS = str(ROOT / ".cache/collections")
IS_REAL = os.environ.get("REAL_CLUSTER") == "1"
KUBERNETES_CORE = ["stand-in", "real"] if IS_REAL else ["stand-in"]
DEFAULTS: dict[str, Any] = {"vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8", "wait_interval": 0.1}


def pod_spec(*images: str) -> dict[str, Any]:
    """Return a Pod spec: the first image is that of the container, the others are those of init containers."""
    main, *init = images
    containers = {"containers": [{"name": "web", "image": main}]}
    if not init:
        return containers
    return {
        "initContainers": [{"name": f"init-{number}", "image": image} for number, image in enumerate(init)],
        **containers,
    }


def deployment(name: str, *images: str, namespace: str = "shop") -> dict[str, Any]:
    """Return a Deployment."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(*images)},
        },
    }


def cron_job(name: str, *images: str, **metadata: Any) -> dict[str, Any]:
    """Return a CronJob, whose Pod template has no metadata."""
    spec = {"restartPolicy": "Never", **pod_spec(*images)}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, **metadata},
        "spec": {"schedule": "30 4 * * *", "jobTemplate": {"spec": {"template": {"spec": spec}}}},
    }


def service(name: str) -> dict[str, Any]:
    """Return a Service, which has no Pod template."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
    }


def custom_resource(name: str, image: str, backup_image: str) -> dict[str, Any]:
    """Return a custom resource with a Pod spec that has no metadata, and with an image outside of it."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Database",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {**pod_spec(image), "backupImage": backup_image},
    }


def write_manifests(path: Path, *manifests: Union[str, dict[str, Any]]) -> None:
    """Write manifests as YAML documents. Texts are written as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [text if isinstance(text, str) else yaml.safe_dump(text, sort_keys=False) for text in manifests]
    path.write_text("\n---\n".join(texts), encoding="utf-8")


def cached_images(emulator: Emulator) -> dict[str, list[str]]:
    """Return the images of each cache by its name."""
    declared = [cache.declared for cache in emulator.region().caches.values()]
    return {cache["ImageCacheName"]: cache["Images"] for cache in declared}


def ids(emulator: Emulator) -> dict[str, str]:
    """Return the ID of each cache by its name."""
    return {cache.declared["ImageCacheName"]: cache.id for cache in emulator.region().caches.values()}


def find_kubernetes_core(kind: str) -> str:
    """Return the folder with the stand-ins or the real collection. Without the real one, this fails."""
    if kind != "real":
        return str(ROOT / "tests/stories/collections")
    done = subprocess.run(["sh", "tools/kubernetes_core"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()
