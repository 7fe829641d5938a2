# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image caches that workloads need, as entries of image_cache_set."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter import workload_image_caches as filter_plugin
from ansible_collections.tencentcloud.tke.plugins.filter.workload_image_caches import workload_image_caches
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.cache_plan import GROUPINGS, MERGES
from unit.support.manifests import pod_spec, resource, workload

MANIFESTS = [workload("a:1", "b:1"), workload("a:1", kind="CronJob", name="job"), workload("c:1", namespace=None)]


def test_entries_have_names_and_images() -> None:
    before = copy.deepcopy(MANIFESTS)
    expected = [
        {"name": "default-deployment-web", "images": ["c:1"]},
        {"name": "shop-cronjob-job", "images": ["a:1"]},
        {"name": "shop-deployment-web", "images": ["a:1", "b:1"]},
    ]
    assert workload_image_caches(MANIFESTS) == expected
    assert workload_image_caches(yaml.safe_dump_all(MANIFESTS)) == expected
    assert before == MANIFESTS


def test_options_group_and_merge() -> None:
    assert workload_image_caches(MANIFESTS, group_by="namespace", prefix="p-") == [
        {"name": "p-default", "images": ["c:1"]},
        {"name": "p-shop", "images": ["a:1", "b:1"]},
    ]
    names = [entry["name"] for entry in workload_image_caches(MANIFESTS, merge="subsets")]
    assert names == ["default-deployment-web", "shop-deployment-web"]


def test_images_at_extra_paths_are_in_the_cache_of_their_resource() -> None:
    spec = {"image": "operator:1", "template": {"spec": pod_spec("a:1")}}
    ((entry),) = workload_image_caches(resource("App", "web", "shop", ("spec",), spec), extra_paths=["spec.image"])
    assert entry["images"] == ["operator:1", "a:1"]


@pytest.mark.parametrize(
    ("manifests", "options", "message"),
    [
        (7, {}, "the input is not a Kubernetes manifest but a number."),
        ([], {"group_by": "pod"}, "invalid group_by 'pod'"),
        ([], {"prefix": "_"}, "invalid prefix '_'"),
        ([], {"extra_paths": [""]}, "invalid path '' in extra_paths"),
        (workload("a:1", name=None), {"group_by": "all"}, "the input: a Deployment has no metadata.name"),
    ],
)
def test_invalid_input_is_refused(manifests: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        workload_image_caches(manifests, **options)
    assert str(raised.value).startswith(f"workload_image_caches: {message}")


def test_documentation_matches_the_choices_and_defaults() -> None:
    options = yaml.safe_load(filter_plugin.DOCUMENTATION)["options"]
    assert options["group_by"]["choices"] == list(GROUPINGS)
    assert options["merge"]["choices"] == list(MERGES)
    parameters = inspect.signature(workload_image_caches).parameters
    assert {name: option["default"] for name, option in options.items() if name != "extra_paths"} == {
        name: parameters[name].default for name in ("group_by", "prefix", "merge")
    }
    assert filter_plugin.FilterModule().filters() == {"workload_image_caches": workload_image_caches}
