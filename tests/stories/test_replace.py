# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cache is replaced without a gap, for every reason and after every interruption of an earlier run."""

from __future__ import annotations

from typing import Any

import pytest
from emulator import BuildFailure, Emulator

from .caches import CREATE, DELETE, LIST, UPDATE, create_cache, find_only_cache, reported_actions, start_build
from .controller import MODULE, WEB, Controller
from .processes import ModuleProcesses

REPLACE: dict[str, Any] = {"images": ["nginx:2"], "on_change": "replace"}
RECORD = "ansible-build-settings"


def create_left_over_replacement(emulator: Emulator, **parameters: Any) -> str:
    """Create a replacement as an interrupted run leaves it, and return its id."""
    return create_cache(emulator, **{"ImageCacheName": "web-replacement", "Images": ["nginx:2"], **parameters})


class TestReplace:
    def test_old_cache_is_deleted_after_the_new_one_is_ready(self, emulator: Emulator, controller: Controller) -> None:
        old = create_cache(emulator, RetentionDays=9)
        predicted = controller.web("--check", "--diff", **REPLACE).result
        assert emulator.calls() == [LIST]
        emulator.received.clear()
        gaps: list[str] = []

        def record_gap(moment: str, action: str) -> None:
            service = emulator.region()
            if not any(service.status(cache) == "Ready" for cache in service.caches.values()):
                gaps.append(action)

        emulator.watch = record_gap
        run = controller.web("--diff", **REPLACE)
        assert run.status == 0, run.output
        result, new = run.result, find_only_cache(emulator)
        assert gaps == []
        calls = emulator.calls()
        assert calls[:3] == [LIST, CREATE, LIST]
        assert calls[-5:] == [LIST, DELETE, LIST, UPDATE, LIST]
        assert set(calls[3:-5]) <= {LIST}
        writes = [request.parameters for request in emulator.received if request.action != LIST]
        assert writes == [
            {
                "ImageCacheName": "web-replacement",
                "Images": ["nginx:2"],
                "VpcId": WEB["vpc_id"],
                "SubnetId": WEB["subnet_id"],
                "RetentionDays": 9,
            },
            {"ImageCacheIds": [old]},
            {"ImageCacheId": new.id, "ImageCacheName": "web"},
        ]
        assert [(a["action"], a["image_cache_id"], a["fields"]) for a in result["actions"]] == [
            ("replace", new.id, ["images"])
        ]
        assert result["replaced"] == {"old_id": old, "new_id": new.id}
        assert result["image_cache_id"] == new.id
        assert result["image_cache"]["image_cache_name"] == "web"
        assert predicted["replaced"] == {"old_id": old, "new_id": None}
        assert predicted["image_cache_id"] is None
        assert [(a["action"], a["image_cache_id"], a["fields"]) for a in predicted["actions"]] == [
            ("replace", None, ["images"])
        ]
        assert predicted["diff"]["after"] == {**result["diff"]["after"], "image_cache_id": "(known after build)"}
        changed = {k for k, v in result["diff"]["before"].items() if result["diff"]["after"].get(k) != v}
        assert changed == {"images", "image_cache_id"}
        emulator.received.clear()
        assert controller.web(**REPLACE).result["changed"] is False
        assert emulator.calls() == [LIST]

    def test_failed_replacement_leaves_the_old_cache_unchanged(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        old = create_cache(emulator)
        emulator.settings.failures = [BuildFailure("nginx:2", "NoSpace", "write /var: no space left on device")]
        run = controller.web(**REPLACE)
        assert run.status != 0
        result = run.result
        assert f"the build of its replacement {result['image_cache']['image_cache_id']} failed" in result["msg"]
        assert "no space left on device" in result["msg"]
        assert f"{old} is unchanged and usable" in result["msg"]
        assert result["build_failure"]["options"] == ["image_cache_size"]
        assert result["image_cache"]["events"]
        assert result["replaced"] is None
        assert emulator.region().status(emulator.region().caches[old]) == "Ready"
        # With recreate_failed=false the failed replacement is kept for analysis; otherwise the next run rebuilds it.
        emulator.received.clear()
        kept = controller.web(**REPLACE, recreate_failed=False).result
        assert "Set recreate_failed: true to rebuild the replacement." in kept["msg"]
        assert kept["build_failure"]["reason"] == "NoSpace"
        assert emulator.calls() == [LIST]
        emulator.settings.failures = []
        run = controller.web(**REPLACE)
        assert run.status == 0, run.output
        assert [action["action"] for action in run.result["actions"]] == ["delete", "replace"]
        assert run.result["recovered_failure"]["reason"] == "NoSpace"
        assert find_only_cache(emulator).declared["Images"] == ["nginx:2"]

    def test_replacement_started_without_waiting_is_completed_by_a_later_run(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        old = create_cache(emulator)
        emulator.settings.build_seconds = 30
        predicted = processes.web("--check", **REPLACE, wait=False).result
        emulator.received.clear()
        begin = processes.web(**REPLACE, wait=False).result
        assert emulator.calls() == [LIST, CREATE, LIST]
        for result in (predicted, begin):
            assert [(a["action"], a["fields"]) for a in result["actions"]] == [("replace", ["images"])]
            assert (result["replaced"], result["image_cache_id"]) == (None, old)
            assert result["image_cache"]["images"] == ["nginx:1.27.3"]
            assert "this run only starts the replacement, and a later run completes it" in result["warnings"][0]
        new = begin["actions"][0]["image_cache_id"]
        meanwhile = processes.web(**REPLACE, wait=False).result
        assert meanwhile["changed"] is False
        assert f"its replacement {new} is being built" in meanwhile["warnings"][0]
        emulator.region().caches[new].builds[-1].began -= 60
        emulator.received.clear()
        end = processes.web(**REPLACE, wait=False).result
        assert emulator.calls() == [LIST, DELETE, LIST, UPDATE, LIST]
        assert end["replaced"] == {"old_id": old, "new_id": new}
        assert find_only_cache(emulator).id == new

    def test_replace_by_id_returns_the_new_id(self, emulator: Emulator, controller: Controller) -> None:
        old = create_cache(emulator)
        task = {**WEB, **REPLACE, "id": old}
        del task["name"]
        run = controller.play({MODULE: task, "register": "web"}, {MODULE: {**task, "id": "{{ web.image_cache_id }}"}})
        assert run.status == 0, run.output
        new = find_only_cache(emulator)
        assert run.results[0]["replaced"] == {"old_id": old, "new_id": new.id}
        assert (run.results[1]["changed"], run.results[1]["image_cache_id"]) == (False, new.id)
        gone = controller.task(**task, name="web").result
        assert f"there is no image cache {old}, but {new.id} has the name 'web'" in gone["msg"]

    def test_options_missing_for_the_replacement_are_named(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        create_cache(emulator)
        message = processes.task(name="web", **REPLACE).result["msg"]
        assert (
            "it must be replaced because of images. Nothing was changed."
            " For the replacement, also set vpc_id, subnet_id" in message
        )
        assert emulator.calls() == [LIST]


class TestInterruptedReplace:
    def test_replacement_without_the_old_cache_is_renamed(self, emulator: Emulator, controller: Controller) -> None:
        new = create_left_over_replacement(emulator)
        predicted = controller.web("--check", **REPLACE)
        assert reported_actions(predicted) == [("rename", ["image_cache_name"])]
        emulator.received.clear()
        run = controller.web(**REPLACE)
        assert reported_actions(run) == [("rename", ["image_cache_name"])]
        assert emulator.calls() == [LIST, UPDATE, LIST]
        assert find_only_cache(emulator).id == run.result["image_cache_id"] == new
        assert run.result["replaced"] is None

    def test_ready_replacement_is_used_and_the_old_cache_deleted(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        old, new = create_cache(emulator), create_left_over_replacement(emulator)
        run = processes.web(**REPLACE)
        assert reported_actions(run) == [("replace", ["images", "image_cache_name"])]
        assert CREATE not in emulator.calls()
        assert run.result["replaced"] == {"old_id": old, "new_id": new}
        assert find_only_cache(emulator).id == new

    def test_updates_of_a_left_over_replacement_are_reported(self, emulator: Emulator, controller: Controller) -> None:
        old, new = create_cache(emulator), create_left_over_replacement(emulator)
        task = {**REPLACE, "tags": {"team": "web"}, "retention_days": 9, "max_age": "7d"}
        emulator.region().caches[old].created -= 8 * 86400
        fields = ["images", "max_age", "retention_days", "tags", "image_cache_name"]
        predicted = controller.web("--check", **task)
        assert reported_actions(predicted) == reported_actions(controller.web(**task)) == [("replace", fields)]
        assert find_only_cache(emulator).id == new

    def test_replacement_under_construction_is_used(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        create_cache(emulator)
        emulator.settings.build_seconds = 3
        new = start_build(emulator, ImageCacheName="web-replacement", Images=["nginx:2"])
        run = processes.web(**REPLACE)
        assert run.status == 0, run.output
        assert CREATE not in emulator.calls()
        assert find_only_cache(emulator).id == new

    @pytest.mark.parametrize("images", [["nginx:3"], ["nginx:1.27.3"]], ids=["replaced", "unchanged"])
    def test_replacement_with_other_images_is_deleted(
        self, emulator: Emulator, processes: ModuleProcesses, images: list[str]
    ) -> None:
        old, leftover = create_cache(emulator), create_left_over_replacement(emulator)
        run = processes.web(images=images, on_change="replace")
        assert run.status == 0, run.output
        assert run.result["actions"][0]["action"] == "delete"
        assert run.result["actions"][0]["image_cache_id"] == leftover
        assert find_only_cache(emulator).declared["Images"] == images
        assert (run.result["image_cache_id"] == old) is (images != ["nginx:3"])

    def test_absent_deletes_the_left_over_replacement_too(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        old, leftover = create_cache(emulator), create_left_over_replacement(emulator)
        result = processes.task(name="web", state="absent").result
        assert [(a["action"], a["image_cache_id"]) for a in result["actions"]] == [
            ("delete", leftover),
            ("delete", old),
        ]
        assert result["image_cache_id"] is None
        assert emulator.region().caches == {}


class TestRebuild:
    def test_cache_older_than_max_age_is_replaced(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        old = create_cache(emulator)
        emulator.region().caches[old].created -= 8 * 86400
        assert processes.web(max_age="9d").result["changed"] is False
        refused = processes.web(max_age="7d", on_change="fail").result["msg"]
        assert "on_change is fail: it was created at 20" in refused
        assert "and max_age is 7d" in refused
        assert set(emulator.calls()) == {LIST}
        run = processes.web(max_age="7d")
        assert reported_actions(run) == [("replace", ["max_age"])]
        assert processes.web(max_age="7d").result["changed"] is False
        assert find_only_cache(emulator).id != old

    def test_cache_without_creation_time_is_not_replaced(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        create_cache(emulator)
        emulator.settings.omitted_fields = ("CreationTime",)
        assert processes.web(max_age="1s").result["changed"] is False

    def test_force_rebuild_replaces_the_cache(self, emulator: Emulator, controller: Controller) -> None:
        old = create_cache(emulator)
        refused = controller.web(force_rebuild=True, on_change="fail").result["msg"]
        assert "on_change is fail: force_rebuild requests a rebuild" in refused
        run = controller.web(force_rebuild=True)
        assert reported_actions(run) == [("replace", ["force_rebuild"])]
        assert run.result["replaced"]["old_id"] == old
        assert find_only_cache(emulator).id != old


class TestTrackBuildSettings:
    def test_changes_hidden_by_the_api_are_detected(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        old = create_cache(emulator, Tags=[{"Key": "team", "Value": "web"}])
        credentials = [{"server": "h.example.com", "username": "u", "password": "canary-pass"}]
        tracked = {
            "track_build_settings": True,
            "tags": {"team": "web"},
            "image_registry_credentials": credentials,
            "security_group_ids": ["sg-1", "sg-2"],
        }
        # A cache without the record gets it without a rebuild.
        run = processes.web("--diff", **tracked)
        assert reported_actions(run) == [
            ("update", ["security_group_ids", "image_registry_credentials", "track_build_settings"])
        ]
        assert run.result["diff"]["after"]["track_build_settings"] is True
        assert run.result["image_cache"]["tags"] == {"team": "web"}
        assert RECORD not in run.output
        tags = {tag["Key"]: tag["Value"] for tag in find_only_cache(emulator).declared["Tags"]}
        assert set(tags) == {"team", RECORD}
        assert len(tags[RECORD]) < 127
        assert processes.web(**{**tracked, "security_group_ids": ["sg-2", "sg-1"]}).result["changed"] is False
        # Security groups are updated in place.
        run = processes.web(**{**tracked, "security_group_ids": ["sg-3"]})
        assert reported_actions(run) == [("update", ["security_group_ids", "track_build_settings"])]
        assert find_only_cache(emulator).declared["SecurityGroupIds"] == ["sg-3"]
        # An option that is not set is not compared, and its record is kept.
        fewer = {"track_build_settings": True}
        assert processes.web(**fewer).result["changed"] is False
        # A change of any other of the nine settings needs a new cache.
        run = processes.web("--diff", **tracked, subnet_id="subnet-2")
        assert reported_actions(run) == [("replace", ["subnet_id", "security_group_ids"])]
        assert run.result["diff"]["after"]["subnet_id"] == "subnet-2"
        assert "vpc_id" not in run.result["diff"]["after"]
        assert find_only_cache(emulator).id != old
        assert processes.web(**tracked, subnet_id="subnet-2").result["changed"] is False

    def test_new_tags_keep_the_record(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        processes.web(track_build_settings=True)
        for tracks in (False, True):
            assert processes.web(track_build_settings=tracks, tags={"a": str(tracks)}).result["changed"] is True
            assert RECORD in [tag["Key"] for tag in find_only_cache(emulator).declared["Tags"]]
        assert processes.web(track_build_settings=True).result["changed"] is False

    def test_on_change_fail_names_the_changed_setting(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        processes.web(track_build_settings=True)
        refused = processes.web(track_build_settings=True, subnet_id="subnet-2", on_change="fail").result["msg"]
        assert "subnet_id differs from its value at build time, declared 'subnet-2'" in refused


def test_cache_that_refuses_updates_after_a_failed_one_is_replaced(
    emulator: Emulator, processes: ModuleProcesses
) -> None:
    old = create_cache(emulator)
    emulator.settings.failures = [BuildFailure("nginx:2")]
    emulator.settings.refuses_update_while += ("UpdateFailed",)
    assert processes.web(images=["nginx:2"]).result["build_failure"]["phase"] == "EksCiCreated"
    emulator.settings.failures = []
    run = processes.web(images=["nginx:2"])
    assert run.status == 0, run.output
    assert run.result["replaced"]["old_id"] == old
    assert find_only_cache(emulator).declared["Images"] == ["nginx:2"]
