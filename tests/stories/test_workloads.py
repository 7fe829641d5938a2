# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From manifests to image caches and back, and from existing image caches to declarations, in real playbooks."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from emulator import BuildFailure, Emulator, worlds
from emulator.switches import ALL_AT_ONCE, ALL_BUT_MISSING

from .caches import (
    CREATE,
    LIST,
    SET_OPTIONS,
    UPDATE,
    create_cache,
    create_cache_of_age,
    numbered_names,
)
from .controller import INFO, ROOT, SET, Controller
from .examples import code_blocks, yaml_of

USED = "eks.tke.cloud.tencent.com/use-image-cache"
RENDERED = """\
---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: &labels {app: web}
spec:
  template:
    metadata: {labels: *labels}
    spec:
      initContainers:
        - {name: migrate, image: 'shop/web:RELEASE'}
      containers:
        - name: web
          image: shop/web:RELEASE
          ports: [{containerPort: 80}]
          args: ["22:22", 2026-01-01, =, "{{ not_ansible }}"]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data:
  image: no/image:1
  since: 2026-01-01
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: clean, namespace: shop}
spec:
  schedule: 22 22 * * *
  jobTemplate: {spec: {template: {spec: {containers: [{name: clean, image: 'shop/clean:1'}]}}}}
"""
FROM_FILE = "{{ lookup('ansible.builtin.file', 'rendered.yml') }}"
CREATE_CACHES = {
    SET: {**SET_OPTIONS, "image_caches": "{{ manifests | tencentcloud.tke.workload_image_caches(prefix='t-') }}"},
    "register": "caches",
}


def show(expression: str) -> dict[str, Any]:
    """Return a task that prints the value of an expression."""
    return {"ansible.builtin.debug": {"msg": "{{ " + expression + " }}"}}


def used(manifest: dict[str, Any]) -> Any:
    """Return the image cache in the annotations of a workload."""
    spec = manifest["spec"].get("jobTemplate", manifest)["spec"]
    return spec["template"].get("metadata", {}).get("annotations", {}).get(USED)


def write_manifests(controller: Controller, release: str) -> None:
    (controller.folder / "rendered.yml").write_text(RENDERED.replace("RELEASE", release), encoding="utf-8")


def test_manifests_get_caches_and_annotations_and_a_release_updates_the_same_cache(
    emulator: Emulator, controller: Controller
) -> None:
    write_manifests(controller, "1")
    annotate = show("manifests | tencentcloud.tke.with_image_caches(caches, disk_type='CLOUD_SSD', report=true)")
    first = controller.play(CREATE_CACHES, annotate, vars={"manifests": FROM_FILE})
    assert first.status == 0, first.output
    caches, report = first.results[0], first.results[1]["msg"]
    assert [entry["image_cache"]["image_cache_name"] for entry in caches["image_caches"]] == [
        "t-shop-cronjob-clean",
        "t-shop-deployment-web",
    ]
    clean, web = (entry["image_cache_id"] for entry in caches["image_caches"])
    deployment, config, cron_job = report["manifests"]
    assert (used(deployment), used(cron_job)) == (web, clean)
    assert report["unserved"] == []
    given = list(yaml.load_all(RENDERED.replace("RELEASE", "1"), yaml.BaseLoader))
    # YAML types of Ansible would make other values of these.
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["22:22", "2026-01-01", "=", "{{ not_ansible }}"]
    assert config == given[1]

    emulator.received.clear()
    again = controller.play(CREATE_CACHES, vars={"manifests": FROM_FILE})
    assert again.result["changed"] is False
    assert emulator.calls() == [LIST]

    write_manifests(controller, "2")
    emulator.received.clear()
    preview = controller.play(
        CREATE_CACHES,
        show("manifests | tencentcloud.tke.with_image_caches(caches, allow_pending=ansible_check_mode)"),
        vars={"manifests": FROM_FILE},
        arguments=("--check", "--diff"),
    )
    assert preview.status == 0, preview.output
    assert emulator.calls() == [LIST]
    assert preview.results[0]["summary"]["updated"] == 1
    assert used(preview.results[1]["msg"][0]) == web
    assert "+    - shop/web:2" in preview.output.replace("        ", "    ")

    release = controller.play(CREATE_CACHES, annotate, vars={"manifests": FROM_FILE})
    assert emulator.calls().count(CREATE) == 0
    assert emulator.calls().count(UPDATE) == 1
    assert used(release.results[1]["msg"]["manifests"][0]) == web


def test_new_caches_are_previewed_in_check_mode(emulator: Emulator, controller: Controller) -> None:
    write_manifests(controller, "1")
    annotate = "manifests | tencentcloud.tke.with_image_caches(caches, allow_pending={}, report=true)"
    run = controller.play(
        CREATE_CACHES,
        show(annotate.format("true")),
        show(annotate.format("false")),
        vars={"manifests": FROM_FILE},
        arguments=("--check",),
    )
    assert emulator.calls() == [LIST]
    assert used(run.results[1]["msg"]["manifests"][0]) == "known-after-build"
    refused = run.results[2]["msg"]
    assert used(refused["manifests"][0]) is None
    assert "contains all images but" in refused["unserved"][0]["reason"]


def test_values_of_ansible_have_the_types_that_the_filters_expect(emulator: Emulator, controller: Controller) -> None:
    """Variables with templates, anchors of the playbook, and registered results arrive as Ansible's own types."""
    containers = [{"name": "web", "image": "shop/web:{{ release }}"}]
    template = {"metadata": {"labels": {"app": "{{ app }}"}}, "spec": {"containers": containers}}
    # The dumper writes the second use of a value as an alias.
    workloads = [
        {"kind": kind, "metadata": {"name": "{{ app }}"}, "spec": {"template": template}}
        for kind in ("Deployment", "StatefulSet")
    ]
    variables = {
        "release": "4",
        "app": "web",
        "objects": workloads,
        "wrapped": {"kind": "List", "items": "{{ objects }}"},
        "inner": {"resources": "{{ objects }}", "changed": False},
        "cache": {"image_cache_id": "imc-1", "status": "Ready", "images": ["shop/web:{{ release }}"]},
        "paths": ["spec.{{ 'image' }}"],
    }
    command = {"ansible.builtin.command": "cat rendered.yml", "register": "rendered", "check_mode": False}
    write_manifests(controller, "4")
    inputs = ["objects", "wrapped", "inner", "rendered.stdout", "[rendered.stdout, objects[0]]", "objects | to_yaml"]
    inputs += ["objects[0] | to_yaml | from_yaml_all", "wrapped | to_json", "objects | selectattr('kind')"]
    run = controller.play(
        command,
        *(show(f"{given} | tencentcloud.tke.pod_images(why=true, extra_paths=paths)") for given in inputs),
        *(show(f"{given} | tencentcloud.tke.with_image_caches([cache], report=true)") for given in inputs),
        *(show(f"{given} | tencentcloud.tke.workload_image_caches(merge='none')") for given in inputs),
        vars=variables,
    )
    assert run.status == 0, run.output
    results = [result["msg"] for result in run.results[-3 * len(inputs) :]]
    whys, reports, entries = (results[part * len(inputs) : (part + 1) * len(inputs)] for part in range(3))
    for why, report, planned in zip(whys, reports, entries):
        assert why[0]["image"] == "shop/web:4"
        assert why[0]["used_by"][0]["name"] == "web"
        assert report["served"][0]["image_cache_id"] == "imc-1"
        assert "shop/web:4" in planned[0]["images"] + planned[-1]["images"]
        assert "{{ release }}" not in json.dumps([why, report, planned])
    assert [used(item) for item in reports[0]["manifests"]] == ["imc-1", "imc-1"]
    assert reports[0]["manifests"][0]["spec"]["template"]["metadata"]["labels"] == {"app": "web"}
    assert [used(item) for item in reports[1]["manifests"]["items"]] == ["imc-1", "imc-1"]


@pytest.mark.parametrize("form", ["to_nice_yaml", "to_nice_json"])
def test_annotated_manifests_can_be_written_and_read_again(
    emulator: Emulator, controller: Controller, form: str
) -> None:
    write_manifests(controller, "1")
    annotated = "{{ manifests | tencentcloud.tke.with_image_caches(cache) | " + form + " }}"
    cache = {"image_cache_id": "imc-1", "status": "Ready", "images": ["shop/web:1"]}
    run = controller.play(
        {"ansible.builtin.copy": {"content": annotated, "dest": "{{ playbook_dir }}/annotated.yml", "mode": "0644"}},
        show("manifests | tencentcloud.tke.with_image_caches(cache)"),
        show("lookup('ansible.builtin.file', 'annotated.yml') | tencentcloud.tke.with_image_caches([])"),
        vars={"manifests": FROM_FILE, "cache": cache},
    )
    assert run.status == 0, run.output
    _written, given, read = run.results
    assert used(read["msg"][0]) == "imc-1"
    assert read["msg"] == given["msg"]


def test_errors_name_the_filter_the_document_and_what_to_do(emulator: Emulator, controller: Controller) -> None:
    write_manifests(controller, "{{ .Values.release }}")
    (controller.folder / "chart.yml").write_text("kind: A\n---\nkind: Deployment\nspec: {{ .x }}\n", encoding="utf-8")
    run = controller.play(
        {**show(f"{FROM_FILE[3:-3]} | tencentcloud.tke.pod_images"), "ignore_errors": True},
        {**show("lookup('file', 'chart.yml') | tencentcloud.tke.workload_image_caches"), "ignore_errors": True},
        {**show("'rendered.yml' | tencentcloud.tke.pod_images"), "ignore_errors": True},
    )
    rendered, chart, path = (result["msg"] for result in run.results)
    assert "document 1: Deployment shop/web, container migrate: image 'shop/web:{{ .Values.release }}' is a" in rendered
    assert "workload_image_caches: document 2 (kind Deployment) is not valid YAML" in chart
    assert "It contains a template that was not rendered. Render the manifests first" in chart
    assert "To read manifests from a file, use lookup('ansible.builtin.file', path)." in path
    assert "Traceback" not in run.output


ADOPT = [
    {INFO: {}, "register": "existing"},
    show("existing | tencentcloud.tke.as_declarations(report=true)"),
    {SET: {"image_caches": "{{ existing | tencentcloud.tke.as_declarations }}", "wait_interval": 0.2}},
]


@pytest.mark.parametrize("world", ["default", "passwords are masked", ALL_AT_ONCE, ALL_BUT_MISSING])
def test_run_with_the_declarations_of_existing_caches_changes_nothing(
    emulator: Emulator, controller: Controller, world: str
) -> None:
    def create(**parameters: Any) -> str:
        # In some worlds, a new cache is not listed at once.
        return create_cache_of_age(emulator, 1, **parameters)

    credentials = [{"Server": "h.example.com", "Username": "u", "Password": "canary-password"}]
    record = [{"Key": "team", "Value": "shop"}, {"Key": "ansible-build-settings", "Value": "vpc-012345"}]
    create(ImageCacheName="private", ImageRegistryCredentials=credentials, RetentionDays=7)
    create(ImageCacheName="tracked", Tags=record, ImageCacheSize=50)
    twice = [create(ImageCacheName="twice") for _number in range(2)]
    emulator.settings.failures = [BuildFailure("nginx")]
    broken = create(ImageCacheName="broken")
    emulator.settings.failures = []
    automatic = create(ImageCacheName="")
    emulator.region().caches[automatic].shown["ImageCacheType"] = "auto"
    for name, value in worlds()[world].items():
        setattr(emulator.settings, name, value)
    run = controller.play(*ADOPT, arguments=("-vvv", "--diff"))
    assert run.status == 0, run.output
    _listed, shown, result = run.results
    report = shown["msg"]
    by_name = {entry.get("name"): entry for entry in report["declarations"]}
    assert {"private", "tracked"} <= set(by_name)
    assert by_name["tracked"].get("tags") in ({"team": "shop"}, None)
    assert sorted(entry["image_cache_id"] for entry in report["declarations"] if "name" not in entry) == sorted(twice)
    assert sorted(entry["image_cache_id"] for entry in report["left_out"]) == sorted([broken, automatic])
    assert result["changed"] is False
    assert result["summary"]["unchanged"] == 4
    # The task image_cache_info, the entries with names, and those with IDs.
    assert emulator.calls() == [LIST] * 3
    assert "canary-password" not in run.output + json.dumps(run.results)


def test_declarations_of_sixty_caches_take_two_calls(emulator: Emulator, controller: Controller) -> None:
    for name in numbered_names(60):
        create_cache(emulator, ImageCacheName=name)
    listed = controller.play(ADOPT[0])
    calls = len(emulator.calls())
    assert listed.status == 0, listed.output
    emulator.received.clear()
    run = controller.play(*ADOPT)
    assert run.results[-1]["summary"]["unchanged"] == 60
    assert len(emulator.calls()) == calls + 2


def test_role_with_a_file_of_the_declarations_changes_nothing(emulator: Emulator, controller: Controller) -> None:
    create_cache(
        emulator, ImageCacheName="web", Tags=[{"Key": "stage", "Value": "y"}, {"Key": "since", "Value": "1e3"}]
    )
    for _number in range(2):
        create_cache(emulator, ImageCacheName="twice")
    (example,) = code_blocks(ROOT / "plugins/filter/as_declarations.py")
    list_caches, write_file, _show = yaml_of(example)
    controller.play(list_caches, write_file)
    emulator.received.clear()
    role = {"ansible.builtin.include_role": {"name": "tencentcloud.tke.image_cache"}}
    run = controller.play(role, vars_files=["caches.yml"])
    assert run.status == 0, run.output
    (result,) = [result for result in run.results if "summary" in result]
    assert result["summary"] == {**dict.fromkeys(result["summary"], 0), "unchanged": 1}
    assert emulator.calls() == [LIST]
