# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workloads of a cluster: the real collection kubernetes.core against a server that answers as the API server does.

C(make cluster) runs these stories. The collection is too large for C(make test) to download.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
import yaml
from emulator import Emulator
from emulator.kubernetes_api import KubernetesApi

from .caches import LIST, create_cache
from .controller import Controller, Run
from .workloads import (
    COLLECTIONS,
    DEFAULTS,
    IS_REAL,
    PLAYBOOK,
    SCOPE,
    USED,
    cached_images,
    cron_job,
    deployment,
    find_kubernetes_core,
    ids,
)

if not IS_REAL:
    pytest.skip('needs the collection kubernetes.core, which "make cluster" downloads', allow_module_level=True)

LISTS = ["apps/v1/namespaces/shop/deployments", "apps/v1/namespaces/shop/statefulsets"]
LISTS += ["apps/v1/namespaces/shop/daemonsets", "batch/v1/namespaces/shop/cronjobs"]
OWNER = {"apiVersion": "example.com/v1", "kind": "Shop", "name": "shop", "uid": "4711"}


@pytest.fixture
def cluster(controller: Controller, tmp_path: Path) -> Iterator[KubernetesApi]:
    """A cluster with two workloads, to which the environment of the controller leads."""
    api = KubernetesApi().start()
    api.apply(deployment("web", "nginx:1.27.3"), cron_job("report", "report:1", namespace="shop"))
    api.write_kubeconfig(tmp_path / "kubeconfig")
    controller.environment.update(
        ANSIBLE_COLLECTIONS_PATH=os.pathsep.join([find_kubernetes_core("real"), COLLECTIONS]),
        K8S_AUTH_KUBECONFIG=str(tmp_path / "kubeconfig"),
        # kubernetes.core stores there which APIs a server has.
        TMPDIR=str(tmp_path),
    )
    yield api
    api.stop()


def cache_workloads(controller: Controller, *arguments: str, **variables: Any) -> Run:
    given = {"image_cache_defaults": DEFAULTS, "workload_namespaces": ["shop"], **variables}
    return controller.run("ansible-playbook", PLAYBOOK, "-e", json.dumps(given), *arguments)


def pinned_id(manifest: dict[str, Any]) -> Optional[str]:
    annotations = manifest["spec"]["template"]["metadata"].get("annotations", {})
    return annotations.get(USED)


def test_workloads_of_a_namespace_get_caches_and_annotations(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi, tmp_path: Path
) -> None:
    cluster.apply(deployment("other", "other:1", namespace="prod"))
    run = cache_workloads(controller, workload_output="annotated.yml")
    assert run.status == 0, run.output
    assert cached_images(emulator) == {
        "workload-shop-cronjob-report": ["report:1"],
        "workload-shop-deployment-web": ["nginx:1.27.3"],
    }
    web, report = yaml.safe_load_all((tmp_path / "annotated.yml").read_text(encoding="utf-8"))
    # The output can be applied: it has nothing that the server has added.
    expected = deployment("web", "nginx:1.27.3")
    expected["spec"]["template"]["metadata"]["annotations"] = {USED: ids(emulator)["workload-shop-deployment-web"]}
    assert {**web, "metadata": {**web["metadata"], "annotations": None}} == {
        **expected,
        "metadata": {**expected["metadata"], "annotations": None},
    }
    assert not web["metadata"].get("annotations")
    assert (report["apiVersion"], report["kind"]) == ("batch/v1", "CronJob")
    assert [path for _method, path in cluster.received if "/namespaces/" in path] == [f"/apis/{path}" for path in LISTS]
    assert {method for method, _path in cluster.received} == {"GET"}
    emulator.received.clear()
    again = cache_workloads(controller, workload_output="annotated.yml")
    assert not any(result["changed"] for result in again.results)
    assert emulator.calls() == [LIST]


def test_annotations_of_an_earlier_run_are_replaced(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi, tmp_path: Path
) -> None:
    pinned = deployment("web", "nginx:1.27.3")
    pinned["spec"]["template"]["metadata"]["annotations"] = {USED: "imc-00000000"}
    cluster.apply(pinned)
    run = cache_workloads(controller, workload_output="annotated.yml")
    assert run.status == 0, run.output
    web, _report = yaml.safe_load_all((tmp_path / "annotated.yml").read_text(encoding="utf-8"))
    assert pinned_id(web) == ids(emulator)["workload-shop-deployment-web"]


def test_workloads_of_controllers_are_left_out(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi
) -> None:
    owned, controlled = deployment("owned", "owned:1"), deployment("controlled", "controlled:1")
    owned["metadata"]["ownerReferences"] = [OWNER]
    controlled["metadata"]["ownerReferences"] = [OWNER, {**OWNER, "controller": True}]
    cluster.apply(owned, controlled)
    run = cache_workloads(controller, workload_kinds=["apps/v1/Deployment", "Job"])
    assert run.status == 0, run.output
    assert sorted(cached_images(emulator)) == ["workload-shop-deployment-owned", "workload-shop-deployment-web"]


def test_gone_workload_is_pruned(emulator: Emulator, controller: Controller, cluster: KubernetesApi) -> None:
    assert cache_workloads(controller).status == 0
    create_cache(emulator, ImageCacheName="workload-foreign")
    cluster.delete("CronJob", "shop", "report")
    run = cache_workloads(controller, image_cache_prune_gone=True)
    assert run.status == 0, run.output
    assert sorted(ids(emulator)) == ["workload-foreign", "workload-shop-deployment-web"]


def test_namespace_without_workloads_deletes_nothing(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi
) -> None:
    create_cache(emulator, ImageCacheName="workload-prod-deployment-web", Tags=[SCOPE])
    run = cache_workloads(controller, workload_namespaces="shop,prdo", image_cache_prune_gone=True)
    assert run.status != 0
    assert (
        "No workload was found in the namespaces prdo, so all their image caches would be deleted."
        in run.results[-1]["msg"]
    )
    assert emulator.calls() == []


@pytest.mark.parametrize(
    ("variables", "cause"),
    [
        ({"workload_kinds": ["example.com/v1/Shop"]}, "Failed to find API for resource with apiVersion"),
        ({"workload_context": "missing"}, "missing"),
        ({"workload_kubeconfig": "/missing"}, "Could not find or access '/missing'"),
    ],
)
def test_cluster_that_cannot_be_read_fails_before_any_request(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi, variables: dict[str, Any], cause: str
) -> None:
    run = cache_workloads(controller, **variables)
    assert run.status != 0
    assert cause in run.results[-1]["results"][0]["msg"]
    assert emulator.calls() == []


def test_forbidden_kind_fails_before_any_request(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi
) -> None:
    cluster.forbidden.add("cronjobs")
    run = cache_workloads(controller, image_cache_prune_gone=True)
    assert run.status != 0
    failed = [result for result in run.results[-1]["results"] if result.get("failed")]
    assert [result["item"] for result in failed] == [["shop", "CronJob"]]
    assert "cannot list resource" in failed[0]["msg"]
    assert emulator.calls() == []


def test_wrong_token_fails_without_showing_it(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi, tmp_path: Path
) -> None:
    cluster.write_kubeconfig(tmp_path / "kubeconfig", token="canary-in-kubeconfig")
    run = cache_workloads(controller)
    assert run.status != 0
    assert "Unauthorized" in run.output
    assert "canary-in-kubeconfig" not in run.output
    assert emulator.calls() == []


def test_missing_library_is_named(
    emulator: Emulator, controller: Controller, cluster: KubernetesApi, tmp_path: Path
) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/kubernetes.py").write_text("raise ImportError('hidden')", encoding="utf-8")
    controller.environment["PYTHONPATH"] = f"{tmp_path / 'hidden'}{os.pathsep}{controller.environment['PYTHONPATH']}"
    run = cache_workloads(controller)
    assert run.status != 0
    assert "Failed to import the required Python library (kubernetes)" in run.results[-1]["results"][0]["msg"]
    assert emulator.calls() == []
