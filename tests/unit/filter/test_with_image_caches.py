# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests whose Pod templates have the annotations of the image caches that contain their images."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter import pod_annotations as base_plugin
from ansible_collections.tencentcloud.tke.plugins.filter import with_image_caches as filter_plugin
from ansible_collections.tencentcloud.tke.plugins.filter.with_image_caches import with_image_caches
from unit.support.manifests import ANNOTATION, image_cache, workload
from unit.support.world import World

PREFIX = "eks.tke.cloud.tencent.com/"
POD = workload("nginx:1", kind="Pod")
CACHE = image_cache("nginx:1")


def used(manifest: Any) -> Any:
    """Return the image cache in the annotations of a Pod."""
    return manifest["metadata"].get("annotations", {}).get(ANNOTATION)


def test_result_has_the_form_of_the_input() -> None:
    before = copy.deepcopy(POD)
    assert used(with_image_caches(POD, [CACHE])) == "imc-1"
    for several in ([POD], {"resources": [POD]}, yaml.safe_dump(POD)):
        assert [used(manifest) for manifest in with_image_caches(several, [CACHE])] == ["imc-1"]
    wrapped = with_image_caches({"kind": "List", "items": [POD]}, [CACHE])
    assert (wrapped["kind"], used(wrapped["items"][0])) == ("List", "imc-1")
    assert with_image_caches([], [CACHE]) == []
    assert before == POD


def test_empty_documents_are_left_out() -> None:
    text = "---\n---\n" + yaml.safe_dump(POD) + "---\nkind: ConfigMap\n"
    assert [manifest["kind"] for manifest in with_image_caches(text, [CACHE])] == ["Pod", "ConfigMap"]


def test_options_of_pod_annotations_are_passed_on() -> None:
    manifest = with_image_caches(POD, CACHE, disk_type="CLOUD_SSD", disk_size="50", retain_minutes=10)
    assert manifest["metadata"]["annotations"] == {
        ANNOTATION: "imc-1",
        PREFIX + "image-cache-disk-type": "CLOUD_SSD",
        PREFIX + "image-cache-disk-size": "50",
        PREFIX + "image-cache-disk-retain-minute": "10",
    }


def test_results_of_modules_are_accepted() -> None:
    world = World()
    one = world.run()
    for result in (one, world.run_info(), {"results": [one]}, one["image_cache"]):
        assert used(with_image_caches(POD, result)) == one["image_cache_id"]


def test_result_of_check_mode_gives_a_placeholder_with_allow_pending() -> None:
    predicted = World().run(check_mode=True)
    assert with_image_caches(POD, predicted) == POD
    assert used(with_image_caches(POD, predicted, allow_pending=True)) == "known-after-build"


def test_present_annotation_is_kept_unless_overwrite() -> None:
    old = with_image_caches(POD, image_cache("nginx:1", image_cache_id="imc-old"))
    assert used(with_image_caches(old, CACHE)) == "imc-old"
    assert used(with_image_caches(old, CACHE, overwrite=True)) == "imc-1"
    (served,) = with_image_caches(old, CACHE, report=True)["served"]
    assert served["kept"] == [ANNOTATION]


def test_report_contains_manifests_and_both_lists() -> None:
    report = with_image_caches([POD, workload("redis:7")], CACHE, report=True)
    assert [used(manifest) for manifest in report["manifests"]] == ["imc-1", None]
    assert [entry["image_cache_id"] for entry in report["served"]] == ["imc-1"]
    assert [entry["missing"] for entry in report["unserved"]] == [["redis:7"]]
    single = with_image_caches(POD, CACHE, report=True)
    assert used(single["manifests"]) == "imc-1"
    assert single["unserved"] == []


@pytest.mark.parametrize(
    ("manifests", "result", "options", "message"),
    [
        (None, [], {}, "with_image_caches: the manifests are null."),
        (POD, None, {}, "with_image_caches: expected a result of image_cache_info"),
        (POD, {"failed": True, "msg": "No."}, {}, "with_image_caches: the task that returned this result failed: No."),
        (workload("A"), [], {}, "with_image_caches: the input: Deployment shop/web, container c0: invalid image"),
        (POD, [], {"disk_type": "SSD"}, "pod_annotations: invalid disk_type 'SSD'"),
        (POD, [], {"retain_minutes": -1}, "pod_annotations: invalid retain_minutes -1"),
        (POD, CACHE, {"disk_size": 10}, "pod_annotations: disk_size 10 is smaller than image cache web (imc-1)"),
    ],
)
def test_invalid_input_is_refused(manifests: Any, result: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        with_image_caches(manifests, result, **options)
    assert str(raised.value).startswith(message)


def test_documentation_has_the_options_of_pod_annotations() -> None:
    own, base = (yaml.safe_load(plugin.DOCUMENTATION)["options"] for plugin in (filter_plugin, base_plugin))
    for name in ("disk_type", "disk_size", "retain_minutes", "allow_pending"):
        for key in ("type", "choices", "default"):
            assert own[name].get(key) == base[name].get(key)
    assert filter_plugin.FilterModule().filters() == {"with_image_caches": with_image_caches}
