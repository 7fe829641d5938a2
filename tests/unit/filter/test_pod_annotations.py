# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The annotations of a Pod for an image cache, and the messages about invalid input."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter import pod_annotations as filter_plugin
from ansible_collections.tencentcloud.tke.plugins.filter.pod_annotations import pod_annotations
from stories.examples import READMES, code_blocks
from unit.support.world import World

PREFIX = "eks.tke.cloud.tencent.com/"


def module_result(**options: Any) -> dict[str, Any]:
    """Return the result of a run of image_cache."""
    return World().run(**options)


def test_every_kind_of_result_gives_the_annotation() -> None:
    world = World()
    whole = world.run(image_cache_size=50)
    entry = world.run_set(image_caches=[{"image_cache_name": "web"}])["image_caches"][0]
    listed = world.run_info(match_images=["nginx:1"])
    for cache in (whole, entry, listed["image_caches"][0], listed["match"], whole["image_cache_id"]):
        assert pod_annotations(cache) == {PREFIX + "use-image-cache": whole["image_cache_id"]}


def test_annotations_are_strings() -> None:
    assert pod_annotations("auto", disk_type="CLOUD_SSD", disk_size=50, retain_minutes=0) == {
        PREFIX + "use-image-cache": "auto",
        PREFIX + "image-cache-disk-type": "CLOUD_SSD",
        PREFIX + "image-cache-disk-size": "50",
        PREFIX + "image-cache-disk-retain-minute": "0",
    }


def test_numbers_in_strings_are_accepted() -> None:
    annotations = pod_annotations(module_result(image_cache_size=50), disk_size=" 50 ", retain_minutes="10")
    assert annotations[PREFIX + "image-cache-disk-size"] == "50"
    assert annotations[PREFIX + "image-cache-disk-retain-minute"] == "10"


@pytest.mark.parametrize(
    ("cache", "options", "message"),
    [
        (
            lambda: module_result(image_cache_size=50),
            {"disk_size": 49},
            "disk_size 49 is smaller than image cache web (imc-",
        ),
        (lambda: module_result(wait=False), {}, "is Pending, but only a Ready cache can be used. Set wait: true"),
        (lambda: module_result(state="absent", name="web"), {}, "the value contains no image cache"),
        (
            lambda: World().run(check_mode=True),
            {},
            "has no ID in check mode. To preview the annotations, set allow_pending",
        ),
        (lambda: {"failed": True, "msg": "it broke"}, {}, "the task that returned this result failed: it broke"),
        (lambda: World().run_info(match_images=["a:1"])["match"], {}, "the value contains no image cache"),
        (lambda: {"image_cache_id": "imc-1", "status": None}, {}, "image cache imc-1 is of unknown status"),
        (lambda: {"stdout": "imc-1"}, {}, "the value contains no image cache"),
        (lambda: "web", {}, "'web' is neither the ID of an image cache (imc-...) nor 'auto'"),
        (lambda: "imc-1 ", {}, "'imc-1 ' is neither the ID"),
        (lambda: None, {}, "expected an image cache, an ID or 'auto', got null."),
        (lambda: 7.5, {}, "expected an image cache, an ID or 'auto', got a number."),
        (lambda: True, {}, "expected an image cache, an ID or 'auto', got true or false."),
        (lambda: {1}, {}, "expected an image cache, an ID or 'auto', got a value of another type."),
        (
            lambda: World().run_info()["image_caches"],
            {},
            "got a list. Pick one, for example list[0] or list"
            " | selectattr('image_cache_name', 'equalto', 'web') | first.",
        ),
        (
            lambda: World().run_info(match_images=["a:1"]),
            {},
            "expected one image cache, got a list in image_caches. Pick one, for example"
            " result.image_caches[0] or result.image_caches"
            " | selectattr('image_cache_name', 'equalto', 'web') | first.",
        ),
        (
            lambda: World().run_set(image_caches=[{"image_cache_name": "web", "state": "absent"}]),
            {},
            "result.image_caches | selectattr('image_cache')"
            " | selectattr('image_cache.image_cache_name', 'equalto', 'web') | first.",
        ),
        (
            lambda: {"results": [module_result()]},
            {},
            "got a list in results. Pick one, for example result.results[0]",
        ),
        (
            lambda: {"image_cache_id": "imc-1", "status": "Failed"},
            {"allow_pending": True},
            "image cache imc-1 is Failed, but only",
        ),
        (
            lambda: module_result(state="absent", name="web"),
            {"allow_pending": True},
            "the value contains no image cache",
        ),
        (
            lambda: World().run(check_mode=True, image_cache_size=50),
            {"allow_pending": True, "disk_size": 49},
            "disk_size 49 is smaller than image cache web, which has a size of 50 GiB",
        ),
        (
            lambda: "auto",
            {"disk_type": "CLOUD_SDD"},
            "invalid disk_type 'CLOUD_SDD': expected one of CLOUD_BASIC, CLOUD_PREMIUM",
        ),
        (lambda: "auto", {"disk_size": 0}, "invalid disk_size 0: expected a whole number of 1 or more"),
        (lambda: "auto", {"disk_size": 20.5}, "invalid disk_size 20.5: expected a whole number"),
        (lambda: "auto", {"disk_size": True}, "invalid disk_size True: expected a whole number"),
        (lambda: "auto", {"disk_size": "20 GiB"}, "invalid disk_size '20 GiB': expected a whole number"),
        (lambda: "auto", {"retain_minutes": -1}, "invalid retain_minutes -1: expected a whole number of 0 or more"),
    ],
)
def test_invalid_input_is_refused(cache: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        pod_annotations(cache(), **options)
    assert str(raised.value).startswith("pod_annotations: ")
    assert message in str(raised.value)


def test_cache_of_check_mode_has_placeholder_with_allow_pending() -> None:
    annotations = pod_annotations(World().run(check_mode=True), disk_size=50, allow_pending=True)
    assert annotations[PREFIX + "use-image-cache"] == "known-after-build"
    assert annotations[PREFIX + "image-cache-disk-size"] == "50"
    # The filter does not accept the placeholder as an ID.
    with pytest.raises(AnsibleFilterError):
        pod_annotations(annotations[PREFIX + "use-image-cache"], allow_pending=True)


def test_cache_that_is_being_built_has_its_id_with_allow_pending() -> None:
    building = module_result(wait=False)
    assert pod_annotations(building, allow_pending=True) == {PREFIX + "use-image-cache": building["image_cache_id"]}


def test_documentation_has_the_choices_of_disk_type() -> None:
    options = yaml.safe_load(filter_plugin.DOCUMENTATION)["options"]
    assert options["disk_type"]["choices"] == list(filter_plugin.DISK_TYPES)
    assert filter_plugin.FilterModule().filters() == {"pod_annotations": pod_annotations}


def test_readme_example_gives_the_annotation() -> None:
    (example,) = [block.text for block in code_blocks(READMES[0]) if block.text.startswith("annotations:")]
    environment = jinja2.Environment()
    environment.filters["tencentcloud.tke.pod_annotations"] = pod_annotations
    expression = environment.from_string(yaml.safe_load(example)["annotations"])
    rendered = expression.render(web={"image_cache": {"image_cache_id": "imc-1", "status": "Ready"}})
    assert yaml.safe_load(rendered)[f"{PREFIX}use-image-cache"] == "imc-1"
