# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook cache_workloads with files, folders and charts: its image caches, its output, and its refusals."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulator import Emulator

from .caches import CREATE, DELETE, LIST, UPDATE, create_cache
from .controller import Controller, Run
from .workloads import (
    DEFAULTS,
    PLAYBOOK,
    SCOPE,
    USED,
    cached_images,
    cron_job,
    custom_resource,
    deployment,
    ids,
    service,
    write_manifests,
)

# Prints its arguments to a file and the manifests of the chart, which is a file here. It fails like helm does.
HELM = """#!/bin/sh
echo "$@" >>"{folder}/helm-calls"
[ -f "$3" ] || {{ echo "Error: path \\"$3\\" not found" >&2; exit 1; }}
cat "$3"
"""


def cache_workloads(controller: Controller, *arguments: str, **variables: Any) -> Run:
    given = json.dumps({"image_cache_defaults": DEFAULTS, **variables})
    return controller.run("ansible-playbook", PLAYBOOK, "-e", given, *arguments)


def pinned_ids(path: Path) -> dict[str, str]:
    """Return the ID in the annotations of each Deployment in a file, by its name."""
    manifests = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    return {
        manifest["metadata"]["name"]: manifest["spec"]["template"]["metadata"]["annotations"][USED]
        for manifest in manifests
        if manifest["kind"] == "Deployment"
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three workloads in two namespaces, and with files that are no manifests."""
    folder = tmp_path / "k8s"
    write_manifests(folder / "web.yml", deployment("web", "nginx:1.27.3", "busybox:1.36"), service("web"))
    write_manifests(folder / "jobs/report.json", cron_job("report", "report:1"))
    write_manifests(folder / "jobs/.git/config.yml", {"no": "manifest"})
    (folder / "README.md").write_text("{{ no manifest", encoding="utf-8")
    return folder


@pytest.fixture
def helm(controller: Controller, tmp_path: Path) -> Path:
    """A stand-in for helm in PATH. Returns the file with the arguments of each call."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/helm"
    script.write_text(HELM.format(folder=tmp_path), encoding="utf-8")
    script.chmod(0o755)
    controller.environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{controller.environment['PATH']}"
    return tmp_path / "helm-calls"


def test_folder_gets_caches_annotations_and_a_quiet_second_run(
    emulator: Emulator, controller: Controller, folder: Path
) -> None:
    given = {"workload_manifests": ["k8s"], "workload_output": "annotated.yml"}
    run = cache_workloads(controller, **given)
    assert run.status == 0, run.output
    assert cached_images(emulator) == {
        "workload-default-cronjob-report": ["report:1"],
        "workload-shop-deployment-web": ["busybox:1.36", "nginx:1.27.3"],
    }
    output = folder.parent / "annotated.yml"
    report, web, unchanged = yaml.safe_load_all(output.read_text(encoding="utf-8"))
    assert report["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["annotations"] == {
        USED: ids(emulator)["workload-default-cronjob-report"]
    }
    assert web["spec"]["template"]["metadata"] == {
        "labels": {"app": "web"},
        "annotations": {USED: ids(emulator)["workload-shop-deployment-web"]},
    }
    assert unchanged == service("web")
    assert output.stat().st_mode & 0o777 == 0o600
    emulator.received.clear()
    again = cache_workloads(controller, **given)
    assert again.status == 0, again.output
    assert not any(result["changed"] for result in again.results)
    assert emulator.calls() == [LIST]


def test_check_mode_shows_the_caches_and_the_file(emulator: Emulator, controller: Controller, folder: Path) -> None:
    gone = create_cache(emulator, ImageCacheName="workload-gone", Tags=[SCOPE])
    given = {"workload_manifests": "k8s", "workload_output": "annotated.yml", "image_cache_prune_gone": True}
    run = cache_workloads(controller, "--check", "--diff", **given)
    assert run.status == 0, run.output
    assert set(emulator.calls()) == {LIST}
    assert not (folder.parent / "annotated.yml").exists()
    assert "+++ after: image cache workload-shop-deployment-web: created" in run.output
    assert f"{USED}: known-after-build" in run.output
    removed = [line for line in run.output.splitlines() if line.startswith("-") and gone in line]
    assert [line.split()[1] for line in removed] == ["workload-gone"]


def test_manifests_are_read_from_files_and_globs_once(emulator: Emulator, controller: Controller, folder: Path) -> None:
    paths = ["k8s/web.yml", str(folder / "*.yml"), "k8s/jobs/*"]
    run = cache_workloads(controller, workload_manifests=paths, image_cache_group_by="all", image_cache_prefix="x-")
    assert run.status == 0, run.output
    assert cached_images(emulator) == {"x-all": ["report:1", "busybox:1.36", "nginx:1.27.3"]}


def test_link_to_a_file_in_a_folder_is_read(emulator: Emulator, controller: Controller, folder: Path) -> None:
    (folder / "jobs/.git/real").write_text(json.dumps(deployment("api", "api:1")), encoding="utf-8")
    (folder / "linked.yml").symlink_to(folder / "jobs/.git/real")
    run = cache_workloads(controller, workload_manifests=["k8s"])
    assert run.status == 0, run.output
    assert "workload-shop-deployment-api" in cached_images(emulator)


def test_charts_are_rendered_with_their_namespace(
    emulator: Emulator, controller: Controller, helm: Path, tmp_path: Path
) -> None:
    manifests = {name: deployment(name, f"{name}:1") for name in ("web", "api", "inner")}
    for manifest in manifests.values():
        del manifest["metadata"]["namespace"]
    # Prometheus has such a value, and YAML 1.1 gives it a meaning of its own.
    write_manifests(tmp_path / "web-chart", {**manifests["web"], "operator": "="})
    listed = {"apiVersion": "v1", "kind": "List", "items": [manifests["inner"]]}
    write_manifests(tmp_path / "api-chart", manifests["api"], listed)
    charts = [
        {"release": "one", "chart": "web-chart", "namespace": "shop", "values_files": ["a.yml", "b.yml"]},
        {"release": "two", "chart": "api-chart", "namespace": "prod", "arguments": ["--version", 1.5]},
    ]
    run = cache_workloads(controller, "--check", workload_charts=charts, workload_output="annotated.yml")
    assert run.status == 0, run.output
    run = cache_workloads(controller, workload_charts=charts, workload_output="annotated.yml")
    assert run.status == 0, run.output
    assert helm.read_text(encoding="utf-8").splitlines() == 2 * [
        "template one web-chart --namespace shop --values a.yml --values b.yml",
        "template two api-chart --namespace prod --version 1.5",
    ]
    caches = ids(emulator)
    assert sorted(caches) == [
        "workload-prod-deployment-api",
        "workload-prod-deployment-inner",
        "workload-shop-deployment-web",
    ]
    assert pinned_ids(tmp_path / "annotated.yml") == {
        "web": caches["workload-shop-deployment-web"],
        "api": caches["workload-prod-deployment-api"],
    }
    # The output is what helm has rendered: it has no namespace.
    assert "namespace" not in (tmp_path / "annotated.yml").read_text(encoding="utf-8")


def test_new_release_updates_the_cache_of_its_workload(
    emulator: Emulator, controller: Controller, folder: Path
) -> None:
    given = {
        "workload_manifests": ["k8s"],
        "workload_output": "annotated.yml",
        "image_cache_defaults": {**DEFAULTS, "on_change": "replace"},
    }
    assert cache_workloads(controller, **given).status == 0
    before = ids(emulator)
    write_manifests(folder / "web.yml", deployment("web", "nginx:1.28.0", "busybox:1.36"))
    emulator.received.clear()
    run = cache_workloads(controller, **given)
    assert run.status == 0, run.output
    calls = emulator.calls()
    assert (calls.count(CREATE), calls.count(DELETE)) == (1, 1)
    after = ids(emulator)
    assert cached_images(emulator)["workload-shop-deployment-web"] == ["busybox:1.36", "nginx:1.28.0"]
    assert after["workload-shop-deployment-web"] != before["workload-shop-deployment-web"]
    assert after["workload-default-cronjob-report"] == before["workload-default-cronjob-report"]
    assert pinned_ids(folder.parent / "annotated.yml") == {"web": after["workload-shop-deployment-web"]}


def test_gone_workload_is_pruned_only_with_the_switch(emulator: Emulator, controller: Controller, folder: Path) -> None:
    foreign = {"ImageCacheName": "workload-foreign"}
    create_cache(emulator, **foreign)
    create_cache(emulator, ImageCacheName="workload-other", Tags=[{**SCOPE, "Value": "other"}])
    create_cache(emulator, ImageCacheName="queue", Tags=[SCOPE])
    assert cache_workloads(controller, workload_manifests=["k8s"]).status == 0
    (folder / "jobs/report.json").unlink()
    kept = {"workload-foreign", "workload-other", "queue", "workload-shop-deployment-web"}
    assert cache_workloads(controller, workload_manifests=["k8s"]).status == 0
    assert set(ids(emulator)) == kept | {"workload-default-cronjob-report"}
    run = cache_workloads(controller, workload_manifests=["k8s"], image_cache_prune_gone=True)
    assert run.status == 0, run.output
    assert set(ids(emulator)) == kept


def test_more_gone_workloads_than_the_maximum_delete_nothing(
    emulator: Emulator, controller: Controller, folder: Path
) -> None:
    for number in range(2):
        create_cache(emulator, ImageCacheName=f"workload-{number}", Tags=[SCOPE])
    given = {"workload_manifests": ["k8s"], "image_cache_prune_gone": True, "image_cache_prune_max_deletions": 1}
    run = cache_workloads(controller, **given)
    assert run.status != 0
    assert "No image cache was deleted" in run.results[-1]["msg"]
    assert DELETE not in emulator.calls()


def test_tags_are_added_to_declared_and_to_existing_ones(
    emulator: Emulator, controller: Controller, folder: Path
) -> None:
    console = {"Key": "console", "Value": "yes"}
    create_cache(emulator, ImageCacheName="workload-default-cronjob-report", Images=["report:1"], Tags=[console])
    assert cache_workloads(controller, workload_manifests=["k8s"], image_cache_scope="prod").status == 0
    scope = {**SCOPE, "Value": "prod"}
    assert tags(emulator, "workload-default-cronjob-report") == [scope, console]
    assert tags(emulator, "workload-shop-deployment-web") == [scope]
    assert emulator.calls().count(UPDATE) == 1
    declared = {**DEFAULTS, "tags": {"team": "shop"}}
    given = {"workload_manifests": ["k8s"], "image_cache_scope": "prod", "image_cache_defaults": declared}
    assert cache_workloads(controller, **given).status == 0
    assert tags(emulator, "workload-default-cronjob-report") == [scope, {"Key": "team", "Value": "shop"}]


def tags(emulator: Emulator, name: str) -> list[dict[str, str]]:
    (cache,) = (cache for cache in emulator.region().caches.values() if cache.declared["ImageCacheName"] == name)
    return sorted(cache.declared["Tags"], key=lambda tag: str(tag["Key"]))


def test_pod_templates_without_a_cache_are_reported(emulator: Emulator, controller: Controller, folder: Path) -> None:
    write_manifests(folder / "custom.yml", custom_resource("db", "db:1", "backup:1"))
    run = cache_workloads(controller, workload_manifests=["k8s"], workload_extra_paths=["spec.backupImage"])
    assert run.status == 0, run.output
    assert cached_images(emulator)["workload-shop-database-db-8024a9eb6a"] == ["backup:1", "db:1"]
    assert run.results[-1]["msg"] == [
        "Database shop/db: the resource has no metadata for the annotations of its Pods.",
    ]


def test_annotations_of_files_are_kept_and_options_are_added(
    emulator: Emulator, controller: Controller, tmp_path: Path
) -> None:
    pinned = deployment("web", "nginx:1.27.3")
    pinned["spec"]["template"]["metadata"]["annotations"] = {USED: "auto"}
    write_manifests(tmp_path / "web.yml", pinned)
    given = {"workload_manifests": ["web.yml"], "workload_output": "annotated.yml"}
    run = cache_workloads(controller, **given, workload_annotations={"disk_type": "CLOUD_SSD", "retain_minutes": 10})
    assert run.status == 0, run.output
    (web,) = yaml.safe_load_all((tmp_path / "annotated.yml").read_text(encoding="utf-8"))
    assert web["spec"]["template"]["metadata"]["annotations"] == {
        USED: "auto",
        "eks.tke.cloud.tencent.com/image-cache-disk-type": "CLOUD_SSD",
        "eks.tke.cloud.tencent.com/image-cache-disk-retain-minute": "10",
    }


TEXTS = ["12e4567", "1.5e3", "0812", "0o17", "y", "22:22", "on", "1_000", "2026-01-01", "="]
# Their manifests have the usual style.
PLAIN_TEXTS = ["e2", "1.27.3", "yes-no"]


def test_texts_that_look_like_other_types_stay_texts(
    emulator: Emulator, controller: Controller, tmp_path: Path
) -> None:
    texts = [*TEXTS, *PLAIN_TEXTS]
    manifests = [deployment(f"web-{number}", "nginx:1.27.3") for number in range(len(texts))]
    for manifest, text in zip(manifests, texts):
        manifest["metadata"]["labels"] = {"sha": text}
    write_manifests(tmp_path / "web.yml", *map(json.dumps, manifests))
    run = cache_workloads(controller, workload_manifests=["web.yml"], workload_output="annotated.yml")
    assert run.status == 0, run.output
    output = (tmp_path / "annotated.yml").read_text(encoding="utf-8")
    assert [manifest["metadata"]["labels"]["sha"] for manifest in yaml.safe_load_all(output)] == texts
    # The parser of Kubernetes knows more types than that of Python, but a quoted text is a text.
    assert all(f'"{text}"' in output or f"'{text}'" in output for text in TEXTS)
    assert all(f"sha: {text}\n" in output for text in PLAIN_TEXTS)


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["No source is set. Set workload_manifests, workload_charts or workload_namespaces."]),
    (
        {
            "workload_manifests": ["missing", "k8s/*.yaml", "k8s/web.yml"],
            "workload_charts": [
                {"release": "shop"},
                {"release": "a", "chart": "b", "namespace": "c", "set": 1},
                {"release": "a", "chart": "b", "namespace": "c", "values_files": [], "arguments": []},
                "shop",
            ],
            "workload_namespaces": ["shop"],
            "workload_kinds": ["Rollout", "argoproj.io/v1alpha1/Rollout", "Job"],
            "workload_annotations": {"disk": 1, "disk_size": 50},
            "image_cache_caches": [{"name": "web"}],
            "image_cache_prune": {"superseded": True},
            "image_cache_prune_gone": True,
            "image_cache_prefix": "*",
            "image_cache_scope": "",
            "workload_output": "nowhere/annotated.yml",
        },
        [
            "workload_manifests: FOLDER/missing does not exist and matches no file.",
            "workload_manifests: FOLDER/k8s/*.yaml does not exist and matches no file.",
            "workload_charts: entry 1 must have release, chart and namespace. It can also have values_files and"
            " arguments, but nothing else.",
            "workload_charts: entry 2 must have release, chart and namespace. It can also have values_files and"
            " arguments, but nothing else.",
            "workload_charts: entry 4 must have release, chart and namespace. It can also have values_files and"
            " arguments, but nothing else.",
            "workload_kinds: the API of Rollout is not known. Write it before the kind, for example"
            " argoproj.io/v1alpha1/Rollout.",
            "workload_annotations: unknown option disk. Use disk_type, disk_size and retain_minutes.",
            "image_cache_caches: this playbook sets the variable itself. Remove it.",
            "image_cache_prune: this playbook sets the variable itself. Remove it.",
            "image_cache_prune_gone: image_cache_prefix selects the image caches to delete. Set it to lower-case"
            " letters, digits and hyphens.",
            "image_cache_scope: expected letters, digits, periods, underscores and hyphens.",
            "workload_output: the folder FOLDER/nowhere does not exist.",
        ],
    ),
    (
        {"workload_manifests": "k8s,k8s/*.yml,k8s/web.yml,k8s/web", "workload_output": "k8s/web.yml"},
        [
            "workload_manifests: FOLDER/k8s/web does not exist and matches no file.",
            *(
                f"workload_output: FOLDER/k8s/web.yml belongs to FOLDER/{source} in workload_manifests, so the next run"
                " would read it. Set another path."
                for source in ("k8s", "k8s/*.yml", "k8s/web.yml")
            ),
        ],
    ),
]


@pytest.mark.parametrize(("variables", "messages"), REFUSED, ids=["no source", "all", "output"])
def test_invalid_variables_are_refused_before_any_request(
    emulator: Emulator, controller: Controller, folder: Path, variables: dict[str, Any], messages: list[str]
) -> None:
    run = cache_workloads(controller, **variables)
    assert run.status != 0
    assert run.result["msg"].splitlines() == [message.replace("FOLDER", str(folder.parent)) for message in messages]
    assert emulator.calls() == []


@pytest.mark.parametrize(
    ("manifests", "variables", "message"),
    [
        (
            [service("web")],
            {"image_cache_prune_gone": True},
            "The sources contain no Pod template, so there is nothing to cache. Sources: ",
        ),
        (["kind: Deployment\nspec: {{ .Values.spec }}\n"], {}, "contains a template that was not rendered"),
        ([{"replicas": 1}], {}, "is not a Kubernetes manifest: it has no kind."),
        ([deployment("web", "Nginx:1")], {}, "Deployment shop/web, container web: "),
        ([deployment("web", "nginx:1")], {"image_cache_prefix": "Web_"}, "invalid prefix 'Web_'"),
        ([deployment("web", "nginx:1")], {"image_cache_group_by": "team"}, "invalid group_by 'team'"),
        ([deployment("web", "nginx:1")], {"workload_annotations": {"disk_type": "SSD"}}, "invalid disk_type 'SSD'"),
    ],
)
def test_unusable_manifests_are_refused_before_any_request(
    emulator: Emulator,
    controller: Controller,
    tmp_path: Path,
    manifests: list[Any],
    variables: dict[str, Any],
    message: str,
) -> None:
    write_manifests(tmp_path / "k8s/web.yml", *manifests)
    run = cache_workloads(controller, workload_manifests=["k8s"], **variables)
    assert run.status != 0
    assert message in " ".join(run.output.split())
    assert str(tmp_path / "k8s") in run.output
    assert emulator.calls() == []


def test_chart_that_cannot_be_rendered_is_named(emulator: Emulator, controller: Controller, helm: Path) -> None:
    chart = {"release": "shop", "chart": "./missing", "namespace": "shop"}
    run = cache_workloads(controller, workload_charts=[chart])
    assert run.status != 0
    assert run.results[-1]["msg"] == ('workload_charts: cannot render release shop: Error: path "./missing" not found')
    assert emulator.calls() == []


def test_missing_helm_is_a_clear_failure(emulator: Emulator, controller: Controller, tmp_path: Path) -> None:
    chart = {"release": "shop", "chart": "./chart", "namespace": "shop"}
    run = cache_workloads(controller, workload_charts=[chart])
    assert run.status != 0
    assert run.results[-1]["msg"] == (
        "workload_charts: cannot render release shop: helm cannot be run. Install it, or add its folder to PATH."
    )
    assert emulator.calls() == []


def test_missing_collection_is_a_clear_failure(emulator: Emulator, controller: Controller) -> None:
    run = cache_workloads(controller, workload_namespaces=["shop"])
    assert run.status != 0
    assert run.result["msg"] == (
        'workload_namespaces: the collection kubernetes.core is not installed. Install it with "ansible-galaxy'
        " collection install kubernetes.core\", and the Python library kubernetes for Ansible's Python."
    )
    assert emulator.calls() == []


def test_folder_without_manifests_deletes_nothing(
    emulator: Emulator, controller: Controller, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "not-mounted/.git").mkdir(parents=True)
    create_cache(emulator, ImageCacheName="workload-other-deployment-web", Tags=[SCOPE])
    given = {"workload_manifests": ["k8s", "not-mounted"], "image_cache_prune_gone": True}
    run = cache_workloads(controller, **given)
    assert run.status != 0
    assert run.results[-1]["msg"].startswith("No manifest was found in ")
    assert emulator.calls() == []
    assert cache_workloads(controller, workload_manifests=given["workload_manifests"]).status == 0


def test_prefix_that_begins_with_that_of_another_run_deletes_nothing_of_it(
    emulator: Emulator, controller: Controller, folder: Path
) -> None:
    given = {"workload_manifests": ["k8s/jobs"], "image_cache_prune_gone": True}
    run = cache_workloads(controller, **given, image_cache_prefix="prod-eu-")
    assert run.status == 0, run.output
    given["workload_manifests"] = ["k8s/web.yml"]
    run = cache_workloads(controller, **given, image_cache_prefix="prod-")
    assert run.status == 0, run.output
    assert set(ids(emulator)) == {"prod-eu-default-cronjob-report", "prod-shop-deployment-web"}


def test_region_in_the_defaults_is_refused_for_pruning(
    emulator: Emulator, controller: Controller, folder: Path
) -> None:
    create_cache(emulator, ImageCacheName="workload-other-deployment-web", Tags=[SCOPE])
    given = {"workload_manifests": ["k8s"], "image_cache_prune_gone": True}
    run = cache_workloads(controller, **given, image_cache_defaults={**DEFAULTS, "region": "ap-tokyo"})
    assert run.status != 0
    assert run.result["msg"] == (
        "image_cache_prune_gone: image caches are deleted in image_cache_region. Set that variable instead of region in"
        " image_cache_defaults."
    )
    assert emulator.calls() == []
