# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images of manifests, and where they are used."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter import pod_images as filter_plugin
from ansible_collections.tencentcloud.tke.plugins.filter.pod_images import pod_images
from unit.support.manifests import resource, workload

VOLUMES = [{"name": "model", "image": {"reference": "m:1"}}]
MANIFESTS = [
    workload("b:1", "a:1", volumes=VOLUMES),
    workload("a:1", kind="CronJob", name="job", namespace=None, initContainers=[{"name": "i", "image": "i:1"}]),
    resource("Prometheus", "main", "shop", ("spec", "image"), "p:1"),
]


def test_each_image_is_listed_once_in_order() -> None:
    assert pod_images(MANIFESTS) == ["b:1", "a:1", "m:1", "i:1"]
    assert pod_images(yaml.safe_dump_all(MANIFESTS, sort_keys=False)) == ["b:1", "a:1", "m:1", "i:1"]
    assert pod_images([]) == []


def test_images_at_extra_paths_are_listed() -> None:
    assert pod_images(MANIFESTS, extra_paths=["spec.image"]) == ["b:1", "a:1", "m:1", "i:1", "p:1"]


def test_why_lists_all_uses_of_each_image() -> None:
    web = {"kind": "Deployment", "namespace": "shop", "name": "web"}
    job = {"kind": "CronJob", "namespace": None, "name": "job"}
    main = {"kind": "Prometheus", "namespace": "shop", "name": "main"}
    assert pod_images(MANIFESTS, why=True, extra_paths=["spec.image"]) == [
        {"image": "b:1", "used_by": [{**web, "container": "c0"}]},
        {"image": "a:1", "used_by": [{**web, "container": "c1"}, {**job, "container": "c0"}]},
        {"image": "m:1", "used_by": [{**web, "container": None, "volume": "model"}]},
        {"image": "i:1", "used_by": [{**job, "container": "i"}]},
        {"image": "p:1", "used_by": [{**main, "container": None, "path": "spec.image"}]},
    ]


@pytest.mark.parametrize(
    ("manifests", "options", "message"),
    [
        (None, {}, "pod_images: the manifests are null."),
        ("web.yml", {}, "pod_images: document 1 is not a Kubernetes manifest but the text 'web.yml'."),
        (workload("A"), {}, "pod_images: the input: Deployment shop/web, container c0: invalid image reference 'A'"),
        ([], {"extra_paths": "spec.image"}, "pod_images: extra_paths must be a list of paths"),
    ],
)
def test_invalid_input_is_refused(manifests: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        pod_images(manifests, **options)
    assert str(raised.value).startswith(message)


def test_filter_has_its_documented_name() -> None:
    assert filter_plugin.FilterModule().filters() == {"pod_images": pod_images}
    assert yaml.safe_load(filter_plugin.DOCUMENTATION)["name"] == "pod_images"
