# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter pod_annotations in Ansible templates, where lists and strings have Ansible's own types."""

from __future__ import annotations

from typing import Any

from emulator import Emulator

from .caches import LIST, create_cache
from .controller import INFO, MODULE, SET, WEB, Controller

USED = "eks.tke.cloud.tencent.com/use-image-cache"
FIRST_WEB = "selectattr('image_cache') | selectattr('image_cache.image_cache_name', 'equalto', 'web') | first"


def annotate(expression: str, arguments: str = "") -> dict[str, Any]:
    """Return a task that prints the annotations of an expression. Its failure is ignored."""
    msg = "{{ " + expression + " | tencentcloud.tke.pod_annotations" + arguments + " }}"
    return {"ansible.builtin.debug": {"msg": msg}, "ignore_errors": True}


def test_selection_proposed_by_an_error_message_works(emulator: Emulator, controller: Controller) -> None:
    web = create_cache(emulator)
    gone = {"name": "gone", "state": "absent"}
    run = controller.play(
        {SET: {"image_caches": [gone, {"name": "web"}]}, "register": "shop"},
        {INFO: {}, "register": "listed"},
        annotate("shop"),
        annotate("listed"),
        annotate("listed.image_caches"),
        annotate("[web_list]"),
        annotate(f"shop.image_caches | {FIRST_WEB}"),
        annotate("listed.image_caches | selectattr('image_cache_name', 'equalto', 'web') | first"),
        annotate("listed.image_caches[0]"),
        vars={"web_list": 1},
    )
    shop, listed, bare, of_number, *picked = run.results[2:]
    assert f"or result.image_caches | {FIRST_WEB}." in shop["msg"]
    assert "expected one image cache, got a list in image_caches. Pick one" in listed["msg"]
    assert "expected an image cache, an ID or 'auto', got a list. Pick one, for example list[0] or" in bare["msg"]
    assert "got a list." in of_number["msg"]
    assert "_Ansible" not in run.output
    assert [result["msg"][USED] for result in picked] == [web] * 3


def test_annotations_are_previewed_in_check_mode(emulator: Emulator, controller: Controller) -> None:
    tasks = [
        {MODULE: {**WEB, "image_cache_size": 50}, "register": "web"},
        annotate("web", "(allow_pending=true)"),
        annotate("web", "(allow_pending=ansible_check_mode, disk_size=49)"),
        annotate("web"),
    ]
    run = controller.play(*tasks, arguments=("--check",))
    assert emulator.calls() == [LIST]
    _web, previewed, small, refused = run.results
    assert previewed["msg"] == {USED: "known-after-build"}
    assert "disk_size 49 is smaller than image cache web, which has a size of 50 GiB" in small["msg"]
    assert "has no ID in check mode. To preview the annotations, set allow_pending=true." in refused["msg"]
    real = controller.play(*tasks)
    assert real.results[1]["msg"] == real.results[3]["msg"] == {USED: real.results[0]["image_cache_id"]}


def test_pending_cache_is_accepted_with_allow_pending(emulator: Emulator, controller: Controller) -> None:
    emulator.settings.build_seconds = 600
    run = controller.play(
        {MODULE: {**WEB, "wait": False}, "register": "web"}, annotate("web", "(allow_pending=true)"), annotate("web")
    )
    started, accepted, refused = run.results
    assert accepted["msg"] == {USED: started["image_cache_id"]}
    assert "is Pending, but only a Ready cache can be used" in refused["msg"]
