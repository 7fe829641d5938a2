# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of the guide "Caching the images of a cluster", run unchanged and in their order.

C(make cluster) also runs them with the real collection kubernetes.core instead of the stand-ins.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulator import Emulator
from emulator.kubernetes_api import KubernetesApi

from .caches import CREATE, DELETE, LIST, create_cache
from .controller import MODULE, ROOT, SET, Controller, Run
from .examples import code_blocks
from .workloads import (
    COLLECTIONS,
    KUBERNETES_CORE,
    USED,
    cached_images,
    cron_job,
    deployment,
    find_kubernetes_core,
    ids,
    write_manifests,
)

GUIDE = ROOT / "docs/docsite/rst/guide_workloads.rst"
PLAYBOOKS = {block.name: block.text for block in code_blocks(GUIDE) if block.name}
FAST = {"wait_interval": 0.1}


@pytest.fixture(params=KUBERNETES_CORE)
def cluster(request: pytest.FixtureRequest, controller: Controller, tmp_path: Path) -> Iterator[KubernetesApi]:
    """A cluster with three workloads, and the stand-ins or the real kubernetes.core."""
    api = KubernetesApi().start()
    api.apply(deployment("web", "nginx:1.27.3"), deployment("api", "api:1", "busybox:1.36"))
    api.apply(cron_job("report", "report:1", namespace="shop"))
    api.write_kubeconfig(tmp_path / "kubeconfig")
    controller.environment.update(
        ANSIBLE_COLLECTIONS_PATH=os.pathsep.join([find_kubernetes_core(request.param), COLLECTIONS]),
        K8S_AUTH_KUBECONFIG=str(tmp_path / "kubeconfig"),
        TMPDIR=str(tmp_path),
    )
    yield api
    api.stop()


def play(controller: Controller, name: str, *arguments: str) -> Run:
    """Run a playbook of the guide with a short polling interval."""
    plays = yaml.safe_load(PLAYBOOKS[name])
    for one in plays:
        if "hosts" in one:
            one["module_defaults"] = {MODULE: FAST, SET: FAST}
        else:
            one["vars"]["image_cache_defaults"].update(FAST)
    path = controller.folder / f"{name}.yml"
    path.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    run = controller.run("ansible-playbook", str(path), *arguments)
    assert run.status == 0, run.output
    return run


def pinned_id(cluster: KubernetesApi, name: str) -> Any:
    return cluster.read("Deployment", "shop", name)["spec"]["template"]["metadata"]["annotations"][USED]


def test_every_playbook_of_the_guide_is_run() -> None:
    assert set(PLAYBOOKS) == {"namespace", "release", "gone", "cache-workloads", "adopt"}


def test_namespace_is_cached_then_released_then_pruned(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi
) -> None:
    foreign = create_cache(emulator, ImageCacheName="prod-foreign")
    play(controller, "namespace", "--check")
    assert emulator.calls() == [LIST]
    assert USED not in str(cluster.read("Deployment", "shop", "web"))

    play(controller, "namespace")
    first = ids(emulator)
    assert cached_images(emulator) == {
        "prod-foreign": ["nginx:1.27.3"],
        "prod-shop-cronjob-report": ["report:1"],
        "prod-shop-deployment-api": ["busybox:1.36", "api:1"],
        "prod-shop-deployment-web": ["nginx:1.27.3"],
    }
    assert pinned_id(cluster, "web") == first["prod-shop-deployment-web"]
    assert pinned_id(cluster, "api") == first["prod-shop-deployment-api"]
    emulator.received.clear()
    assert not any(result["changed"] for result in play(controller, "namespace").results)
    assert emulator.calls() == [LIST]

    write_manifests(controller.folder / "rendered.yml", deployment("web", "nginx:1.28.0"))
    play(controller, "release", "--check")
    emulator.received.clear()
    play(controller, "release")
    assert (emulator.calls().count(CREATE), emulator.calls().count(DELETE)) == (1, 1)
    second = ids(emulator)
    assert second["prod-shop-deployment-web"] != first["prod-shop-deployment-web"]
    assert pinned_id(cluster, "web") == second["prod-shop-deployment-web"]
    assert (
        cluster.read("Deployment", "shop", "web")["spec"]["template"]["spec"]["containers"][0]["image"]
        == "nginx:1.28.0"
    )

    cluster.delete("CronJob", "shop", "report")
    play(controller, "gone", "--check")
    play(controller, "gone")
    assert ids(emulator) == {
        name: image_cache_id for name, image_cache_id in second.items() if name != "prod-shop-cronjob-report"
    }
    assert foreign in ids(emulator).values()


def test_gone_playbook_deletes_nothing_if_the_namespace_is_empty(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi
) -> None:
    play(controller, "namespace")
    cluster.delete("CronJob", "shop", "report")
    for name in ("web", "api"):
        cluster.delete("Deployment", "shop", name)
    play(controller, "gone")
    assert DELETE not in emulator.calls()


def test_ready_made_playbook_writes_annotated_manifests(emulator: Emulator, controller: Controller) -> None:
    write_manifests(controller.folder / "k8s/web.yml", deployment("web", "nginx:1.27.3"))
    play(controller, "cache-workloads", "--check", "--diff")
    assert set(emulator.calls()) == {LIST}
    play(controller, "cache-workloads")
    web = yaml.safe_load((controller.folder / "annotated.yml").read_text(encoding="utf-8"))
    assert web["spec"]["template"]["metadata"]["annotations"] == {USED: ids(emulator)["shop-shop-deployment-web"]}


def test_existing_caches_are_declared_and_a_run_changes_nothing(emulator: Emulator, controller: Controller) -> None:
    create_cache(emulator, ImageCacheName="web", Tags=[{"Key": "team", "Value": "shop"}])
    run = play(controller, "adopt")
    assert any("web: vpc_id, subnet_id" in str(result.get("results")) for result in run.results)
    emulator.received.clear()
    declared = controller.run("ansible-playbook", "tencentcloud.tke.image_caches", "-e", "@caches.yml")
    assert declared.status == 0, declared.output
    assert emulator.calls() == [LIST]
