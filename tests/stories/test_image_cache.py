# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image_cache module: the API calls and the result for each existing and declared state of a cache."""

from __future__ import annotations

from typing import Any

import pytest
from emulator import OPTIONAL_FIELDS, BuildFailure, Emulator, Fault

from .caches import CREATE, DELETE, LIST, UPDATE, create_cache, reported_actions, start_build
from .controller import MODULE, WEB, Controller
from .processes import ModuleProcesses


class TestNoCacheWithTheName:
    def test_present_creates_cache_and_waits_until_ready(self, emulator: Emulator, controller: Controller) -> None:
        run = controller.web("--diff", retention_days=30, tags={"team": "web", "tier": 1})
        result = run.result
        assert run.status == 0, run.output
        assert result["changed"] is True
        assert reported_actions(run) == [
            ("create", ["image_cache_name", "images", "vpc_id", "subnet_id", "retention_days", "tags"])
        ]
        cache = result["image_cache"]
        assert cache["status"] == "Ready"
        assert cache["image_cache_id"] == result["image_cache_id"] == result["actions"][0]["image_cache_id"]
        assert cache["tags"] == {"team": "web", "tier": "1"}
        assert cache["never_expires"] is False
        assert cache["created_at"].endswith("Z")
        assert result["replaced"] is None
        assert result["recovered_failure"] is None
        assert result["diff"]["before"] == {"image_cache_id": None} or result["diff"]["before"] == {}
        assert result["diff"]["after"]["images"] == ["nginx:1.27.3"]
        assert result["diff"]["after"]["image_cache_id"] == result["image_cache_id"]
        calls = emulator.calls()
        assert calls[:3] == [LIST, CREATE, LIST]
        assert set(calls[3:]) == {LIST}
        assert list(emulator.region().caches) == [result["image_cache_id"]]

    def test_create_without_waiting_takes_three_calls(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.build_seconds = 600
        result = controller.web(wait=False).result
        assert emulator.calls() == [LIST, CREATE, LIST]
        assert result["changed"] is True
        assert result["image_cache"]["status"] == "Pending"

    def test_create_without_waiting_returns_cache_that_is_not_listed_yet(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        emulator.settings.build_seconds = 600
        emulator.faults.append(Fault.lie(lambda shown: {**shown, "TotalCount": 0, "ImageCaches": []}, LIST, nth=2))
        result = controller.web(wait=False).result
        assert emulator.calls() == [LIST, CREATE, LIST]
        cache = result["image_cache"]
        assert cache["image_cache_id"] == result["image_cache_id"] == next(iter(emulator.region().caches))
        assert (cache["images"], cache["status"]) == (["nginx:1.27.3"], None)

    def test_every_option_is_sent_to_the_api(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.build_seconds = 600
        run = controller.web(
            security_group_ids=["sg-2", "sg-1"],
            image_registry_credentials=[
                {"server": "harbor.example.com", "username": "puller", "password": "s3cr3t-one", "name": "harbor"},
                {"server": "ccr.example.com", "username": "other"},
            ],
            auto_create_eip=True,
            auto_create_eip_attribute={
                "delete_policy": "",
                "internet_service_provider": "BGP",
                "internet_max_bandwidth_out": 50,
            },
            image_cache_size=50,
            retention_days=7,
            registry_skip_verify_list=["harbor.example.com"],
            registry_http_end_point_list=["registry.local:5000"],
            resolve_config="nameserver 10.0.0.2\noptions ndots:1",
            tags={"team": "web"},
            wait=False,
        )
        assert run.status == 0, run.output
        created = next(r for r in emulator.received if r.action == CREATE)
        assert created.region == "ap-guangzhou"
        assert created.parameters == {
            "ImageCacheName": "web",
            "Images": ["nginx:1.27.3"],
            "VpcId": "vpc-508ctkfb",
            "SubnetId": "subnet-8ah75lo8",
            "SecurityGroupIds": ["sg-2", "sg-1"],
            "ImageRegistryCredentials": [
                {"Server": "harbor.example.com", "Username": "puller", "Password": "s3cr3t-one", "Name": "harbor"},
                {"Server": "ccr.example.com", "Username": "other"},
            ],
            "AutoCreateEip": True,
            "AutoCreateEipAttribute": {
                "DeletePolicy": "",
                "InternetServiceProvider": "BGP",
                "InternetMaxBandwidthOut": 50,
            },
            "ImageCacheSize": 50,
            "RetentionDays": 7,
            "RegistrySkipVerifyList": ["harbor.example.com"],
            "RegistryHttpEndPointList": ["registry.local:5000"],
            "ResolveConfig": "nameserver 10.0.0.2\noptions ndots:1",
            "Tags": [{"Key": "team", "Value": "web"}],
        }
        shown = run.result["image_cache"]["image_registry_credentials"]
        assert shown[0] == {"server": "harbor.example.com", "username": "puller", "name": "harbor"}

    def test_existing_eip_is_sent_to_the_api(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.build_seconds = 600
        controller.web(existed_eip_id="eip-1", wait=False)
        assert emulator.received[1].parameters["ExistedEipId"] == "eip-1"
        assert "AutoCreateEip" not in emulator.received[1].parameters

    def test_present_without_required_options_names_them(self, emulator: Emulator, controller: Controller) -> None:
        run = controller.task(name="web", images=["nginx:1"])
        assert run.status != 0
        assert "image cache web: it does not exist. To create it, also set vpc_id, subnet_id" in run.result["msg"]
        assert emulator.calls() == [LIST]

    def test_absent_changes_nothing(self, emulator: Emulator, controller: Controller) -> None:
        result = controller.task(name="web", state="absent").result
        assert (result["changed"], result["image_cache"], result["image_cache_id"]) == (False, None, None)
        assert emulator.calls() == [LIST]

    def test_check_mode_predicts_the_create(self, emulator: Emulator, controller: Controller) -> None:
        run = controller.web("--check", "--diff", retention_days=30)
        result = run.result
        assert emulator.calls() == [LIST]
        assert result["changed"] is True
        assert result["actions"] == [
            {
                "action": "create",
                "image_cache_id": None,
                "request_id": None,
                "fields": ["image_cache_name", "images", "vpc_id", "subnet_id", "retention_days"],
            }
        ]
        assert result["image_cache"]["image_cache_name"] == "web"
        assert result["image_cache"]["image_cache_id"] is None
        real = controller.web("--diff", retention_days=30).result
        assert set(real) == set(result)
        assert set(real["image_cache"]) <= set(result["image_cache"])
        assert {**real["diff"]["after"], "image_cache_id": "(known after build)"} == result["diff"]["after"]


class TestUnknownId:
    def test_present_fails(self, emulator: Emulator, controller: Controller) -> None:
        run = controller.task(id="imc-none", images=["nginx:1"])
        assert "there is no image cache imc-none" in run.result["msg"]
        assert emulator.calls() == [LIST]
        assert emulator.received[0].parameters["ImageCacheIds"] == ["imc-none"]

    def test_absent_changes_nothing(self, emulator: Emulator, controller: Controller) -> None:
        run = controller.task(id="imc-none", state="absent")
        assert run.status == 0
        assert run.result["changed"] is False


class TestReadyCache:
    def test_unchanged_cache_takes_one_call(self, emulator: Emulator, controller: Controller) -> None:
        image_cache_id = create_cache(emulator, Images=["redis:7", "nginx:1"], Tags=[{"Key": "a", "Value": "1"}])
        result = controller.web("--diff", images=["nginx:1", "redis:7"], tags={"a": "1"}, size=20, retention_days=0)
        assert emulator.calls() == [LIST]
        assert emulator.received[0].parameters["ImageCacheNames"] == ["web", "web-replacement"]
        assert result.result["changed"] is False
        assert result.result["actions"] == []
        assert result.result["image_cache_id"] == image_cache_id
        assert result.result["image_cache"]["never_expires"] is True
        assert result.result["diff"]["before"] == result.result["diff"]["after"]

    @pytest.mark.parametrize("form", ["tagged", "full"])
    def test_images_that_the_listing_completes_are_no_change(
        self, emulator: Emulator, controller: Controller, form: str
    ) -> None:
        emulator.settings.image_form = form
        create_cache(emulator, Images=["nginx", "team/web:2"])
        run = controller.web("--diff", images=["team/web:2", "nginx"])
        assert run.result["changed"] is False
        assert emulator.calls() == [LIST]
        run = controller.web("--diff", images=["team/web:3", "nginx"])
        assert reported_actions(run) == [("update", ["images"])]
        assert controller.web(images=["team/web:3", "nginx"]).result["changed"] is False

    @pytest.mark.parametrize(
        ("option", "value", "field", "sent"),
        [
            ("images", ["nginx:1.27.4"], "Images", ["nginx:1.27.4"]),
            ("image_cache_size", 40, "ImageCacheSize", 40),
            ("retention_days", 9, "RetentionDays", 9),
            ("tags", {}, "Tags", []),
            (
                "image_registry_credentials",
                [{"server": "h.example.com", "username": "u", "password": "p4ss-word"}],
                "ImageRegistryCredentials",
                [{"Server": "h.example.com", "Username": "u", "Password": "p4ss-word"}],
            ),
        ],
    )
    def test_changed_option_is_updated_in_place(
        self, emulator: Emulator, processes: ModuleProcesses, option: str, value: Any, field: str, sent: Any
    ) -> None:
        image_cache_id = create_cache(emulator, Tags=[{"Key": "a", "Value": "1"}])
        run = processes.web("--diff", **{option: value})
        assert run.status == 0, run.output
        assert reported_actions(run) == [("update", [option])]
        assert run.result["image_cache"]["status"] == "Ready"
        assert run.result["image_cache_id"] == image_cache_id
        update = next(r for r in emulator.received if r.action == UPDATE)
        assert update.parameters == {"ImageCacheId": image_cache_id, field: sent}
        before, after = run.result["diff"]["before"], run.result["diff"]["after"]
        assert {key for key in before if before[key] != after[key]} == {option}
        emulator.received.clear()
        assert processes.web(**{option: value}).result["changed"] is False
        assert emulator.calls() == [LIST]

    def test_update_without_waiting_takes_three_calls(self, emulator: Emulator, controller: Controller) -> None:
        create_cache(emulator)
        emulator.settings.build_seconds = 600
        result = controller.web(images=["nginx:2"], wait=False).result
        assert emulator.calls() == [LIST, UPDATE, LIST]
        assert result["image_cache"]["status"] == "Updating"

    def test_security_groups_are_only_sent_with_another_update(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        image_cache_id = create_cache(emulator)
        assert processes.web(security_group_ids=["sg-1"]).result["changed"] is False
        run = processes.web(security_group_ids=["sg-1"], retention_days=3)
        assert reported_actions(run) == [("update", ["security_group_ids", "retention_days"])]
        sent = next(r for r in emulator.received if r.action == UPDATE).parameters
        assert sent == {"ImageCacheId": image_cache_id, "SecurityGroupIds": ["sg-1"], "RetentionDays": 3}

    def test_on_change_fail_reports_differences_without_updating(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        create_cache(emulator)
        run = processes.web(images=["nginx:2"], size=30, retention_days=4, on_change="fail")
        assert (
            "it differs from its declaration, and on_change is fail: images is ['nginx:1.27.3'], declared ['nginx:2']"
            in (run.result["msg"])
        )
        assert "image_cache_size is 20, declared 30" in run.result["msg"]
        assert emulator.calls() == [LIST]
        assert processes.web(retention_days=4, on_change="fail").result["changed"] is True

    def test_id_with_another_name_renames_the_cache(self, emulator: Emulator, controller: Controller) -> None:
        image_cache_id = create_cache(emulator)
        run = controller.task(id=image_cache_id, name="shop", wait_interval=0.1)
        assert reported_actions(run) == [("rename", ["image_cache_name"])]
        assert run.result["image_cache"]["image_cache_name"] == "shop"
        assert emulator.calls() == [LIST, LIST, UPDATE, LIST]
        emulator.received.clear()
        assert controller.task(id=image_cache_id, name="shop").result["changed"] is False
        assert emulator.calls() == [LIST]

    def test_rename_to_a_name_in_use_is_refused(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        image_cache_id, other = create_cache(emulator), create_cache(emulator, ImageCacheName="shop")
        run = processes.task(id=image_cache_id, name="shop")
        assert f"{image_cache_id} cannot be renamed to 'shop', because {other} has that name" in run.result["msg"]
        assert UPDATE not in emulator.calls()

    def test_passwords_are_compared_only_if_the_api_returns_them(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        credential = {"server": "h.example.com", "username": "u", "password": "old-pass"}
        create_cache(
            emulator,
            ImageRegistryCredentials=[
                {"Server": "h.example.com", "Username": "u", "Password": "old-pass", "Name": "n"}
            ],
        )
        assert processes.web(image_registry_credentials=[credential]).result["changed"] is False
        credential["password"] = "new-pass"
        assert processes.web(image_registry_credentials=[credential]).result["changed"] is True
        assert processes.web(image_registry_credentials=[credential]).result["changed"] is False
        emulator.settings.passwords = "masked"
        credential["password"] = "newest-pass"
        assert processes.web(image_registry_credentials=[credential]).result["changed"] is False
        run = processes.web(image_registry_credentials=[credential], update_password="always")
        assert reported_actions(run) == [("update", ["image_registry_credentials"])]

    def test_declared_options_that_the_api_omits_give_one_warning(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        emulator.settings.omitted_fields = OPTIONAL_FIELDS
        create_cache(emulator)
        declared = {"tags": {"team": "web"}, "retention_days": 5, "wait": True}
        for arguments in ((), ("--check",)):
            run = controller.web(*arguments, **declared)
            assert (run.status, run.result["changed"]) == (0, False)
            assert run.result["warnings"] == [
                f"image cache web ({run.result['image_cache_id']}): the API does not return retention_days, tags, so a"
                " difference from the declaration is not detected."
            ]
        assert "warnings" not in controller.web().result
        updated = controller.web(images=["nginx:2"], image_registry_credentials=[{"server": "h.example.com"}])
        assert reported_actions(updated) == [("update", ["images"])]
        (warning,) = updated.result["warnings"]
        assert "the API does not return image_registry_credentials, so" in warning

    def test_absent_deletes_cache_and_waits(self, emulator: Emulator, controller: Controller) -> None:
        image_cache_id = create_cache(emulator)
        run = controller.task("--diff", name="web", state="absent")
        assert emulator.calls() == [LIST, DELETE, LIST]
        assert reported_actions(run) == [("delete", [])]
        assert run.result["actions"][0]["image_cache_id"] == image_cache_id
        assert run.result["image_cache"] is run.result["image_cache_id"] is None
        assert run.result["diff"]["before"]["image_cache_name"] == "web"
        assert run.result["diff"]["after"] == {}
        assert emulator.region().caches == {}

    def test_absent_without_waiting_takes_two_calls(self, emulator: Emulator, controller: Controller) -> None:
        create_cache(emulator)
        controller.task(name="web", state="absent", wait=False)
        assert emulator.calls() == [LIST, DELETE]

    def test_absent_by_id_also_lists_the_replacement(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        image_cache_id = create_cache(emulator)
        processes.task(id=image_cache_id, state="absent", wait=False)
        assert emulator.calls() == [LIST, LIST, DELETE]
        assert emulator.received[1].parameters["ImageCacheNames"] == ["web", "web-replacement"]

    def test_absent_by_id_with_another_name_deletes_nothing(self, emulator: Emulator, controller: Controller) -> None:
        image_cache_id = create_cache(emulator, ImageCacheName="prod")
        for arguments in (("--check",), ()):
            run = controller.task(*arguments, id=image_cache_id, name="stage", state="absent")
            assert run.status != 0
            assert run.result["msg"].startswith(
                f"image cache stage ({image_cache_id}): it is named 'prod', not 'stage' as declared"
            )
            assert "Nothing was deleted. Omit image_cache_name" in run.result["msg"]
            assert (run.result["changed"], run.result["actions"]) == (False, [])
            assert run.result["image_cache"]["image_cache_name"] == "prod"
        assert emulator.calls() == [LIST] * 2
        run = controller.task(id=image_cache_id, name="prod", state="absent", wait_interval=0.1)
        assert [action for action, _fields in reported_actions(run)] == ["delete"]
        # The ID no longer exists, so it cannot contradict the name.
        assert controller.task(id=image_cache_id, name="stage", state="absent").result["changed"] is False

    def test_check_mode_predicts_the_delete(self, emulator: Emulator, controller: Controller) -> None:
        image_cache_id = create_cache(emulator)
        result = controller.task("--check", name="web", state="absent").result
        assert (result["changed"], result["image_cache"], result["image_cache_id"]) == (True, None, None)
        assert result["actions"][0]["image_cache_id"] == image_cache_id
        assert emulator.calls() == [LIST]

    def test_check_mode_predicts_the_update(self, emulator: Emulator, controller: Controller) -> None:
        create_cache(emulator)
        predicted = controller.web("--check", "--diff", images=["nginx:2"], retention_days=4).result
        assert emulator.calls() == [LIST]
        real = controller.web("--diff", images=["nginx:2"], retention_days=4).result
        assert predicted["diff"] == real["diff"]
        assert [a["fields"] for a in predicted["actions"]] == [a["fields"] for a in real["actions"]]
        assert predicted["image_cache"]["images"] == real["image_cache"]["images"] == ["nginx:2"]


@pytest.mark.waiting
class TestCacheBeingBuilt:
    def test_present_waits_for_the_running_build(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.build_seconds = 3
        image_cache_id = start_build(emulator)
        run = controller.web()
        assert run.result["changed"] is False
        assert run.result["image_cache"]["status"] == "Ready"
        assert run.result["image_cache_id"] == image_cache_id
        assert set(emulator.calls()) == {LIST}

    def test_difference_is_updated_after_the_build_ends(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.settings.build_seconds = 2.5
        start_build(emulator)
        run = processes.web(images=["nginx:2"])
        assert run.status == 0, run.output
        assert reported_actions(run) == [("update", ["images"])]
        assert emulator.calls().count(UPDATE) == 1
        assert CREATE not in emulator.calls()

    def test_present_waits_for_the_running_update(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        image_cache_id = create_cache(emulator)
        emulator.settings.build_seconds = 3
        emulator.region().call("UpdateImageCache", {"ImageCacheId": image_cache_id, "Images": ["nginx:2"]})
        run = processes.web(images=["nginx:2"])
        assert run.result["changed"] is False
        assert run.result["image_cache"]["status"] == "Ready"

    def test_present_without_waiting_warns_and_changes_nothing(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        emulator.settings.build_seconds = 30
        start_build(emulator)
        run = controller.web(images=["nginx:2"], wait=False)
        assert run.result["changed"] is False
        assert emulator.calls() == [LIST]
        assert "With wait: false, the change of images is deferred" in run.result["warnings"][0]

    def test_check_mode_predicts_the_update_without_waiting(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.build_seconds = 30
        start_build(emulator)
        run = controller.web("--check", images=["nginx:2"])
        assert reported_actions(run) == [("update", ["images"])]
        assert emulator.calls() == [LIST]

    def test_absent_deletes_the_cache(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.build_seconds = 30
        start_build(emulator)
        assert reported_actions(controller.task(name="web", state="absent")) == [("delete", [])]
        assert emulator.region().caches == {}

    def test_absent_retries_until_the_api_allows_the_deletion(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.build_seconds, emulator.settings.delete_while_building = 3, False
        start_build(emulator)
        run = controller.task(name="web", state="absent", wait_interval=0.5)
        assert run.status == 0, run.output
        assert emulator.region().caches == {}


class TestFailedCache:
    def test_failed_build_ends_the_wait(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.failures = [BuildFailure("nginx:1.99")]
        run = controller.web(images=["nginx:1.99"], wait_timeout=60)
        result = run.result
        assert run.status != 0
        assert result["build_failure"] == {
            "phase": "EksCiCreated",
            "reason": "PullImageFailed",
            "message": "failed to pull image: manifest unknown: not found",
            "hint": "The registry has no such image or tag. Check the spelling of the image and its tag.",
            "options": ["images"],
        }
        assert result["image_cache"]["status"] == "Failed"
        assert result["image_cache"]["events"]
        assert result["image_cache_id"] in result["msg"]
        assert result["msg"].startswith("image cache web (")
        assert "manifest unknown" in result["msg"]
        assert result["changed"] is True
        assert result["actions"][0]["action"] == "create"

    def test_failed_cache_is_rebuilt(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.failures = [BuildFailure("nginx")]
        failed = create_cache(emulator)
        emulator.settings.failures = []
        predicted = controller.web("--check", "--diff").result
        assert emulator.calls() == [LIST]
        run = controller.web("--diff")
        assert run.status == 0, run.output
        assert [(a["action"], a["image_cache_id"] == failed) for a in run.result["actions"]] == [
            ("delete", True),
            ("create", False),
        ]
        recovered = run.result["recovered_failure"]
        assert recovered["image_cache_id"] == failed
        assert recovered["reason"] == "PullImageFailed"
        assert recovered["options"] == ["images"]
        assert {event["image_cache_id"] for event in recovered["events"]} == {failed}
        assert predicted["recovered_failure"] == recovered
        assert [a["action"] for a in predicted["actions"]] == ["delete", "create"]
        assert run.result["image_cache"]["status"] == "Ready"
        assert controller.web().result["recovered_failure"] is None

    def test_failed_cache_is_rebuilt_only_once_per_run(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.settings.failures = [BuildFailure("nginx")]
        create_cache(emulator)
        run = processes.web()
        assert run.status != 0
        assert emulator.calls().count(CREATE) == 1
        assert run.result["recovered_failure"]["reason"] == run.result["build_failure"]["reason"] == "PullImageFailed"
        assert "The cache cannot be used. The next run rebuilds it." in run.result["msg"]

    def test_failed_cache_is_kept_with_recreate_failed_false(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        emulator.settings.failures = [BuildFailure("nginx")]
        create_cache(emulator)
        run = processes.web(recreate_failed=False)
        assert "The cache cannot be used. Set recreate_failed: true to rebuild it." in run.result["msg"]
        assert run.result["build_failure"]["reason"] == "PullImageFailed"
        assert run.result["image_cache"]["events"]
        assert run.result["changed"] is False
        assert emulator.calls() == [LIST]
        emulator.received.clear()
        assert reported_actions(processes.task(name="web", state="absent")) == [("delete", [])]

    def test_rebuild_without_required_options_names_them(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.settings.failures = [BuildFailure("nginx")]
        create_cache(emulator)
        run = processes.task(name="web", images=["nginx:1"])
        assert "To rebuild it, also set vpc_id, subnet_id." in run.result["msg"]
        assert emulator.calls() == [LIST]

    def test_rebuild_keeps_undeclared_settings(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.settings.failures = [BuildFailure("nginx")]
        credential = {"Server": "h.example.com", "Username": "u", "Password": "shown-pass"}
        create_cache(
            emulator,
            ImageCacheSize=50,
            RetentionDays=9,
            Tags=[{"Key": "a", "Value": "1"}],
            ImageRegistryCredentials=[credential],
        )
        emulator.settings.failures = []
        run = processes.task(name="web", vpc_id="vpc-1", subnet_id="subnet-1", wait_interval=0.1)
        assert run.status == 0, run.output
        (cache,) = emulator.region().caches.values()
        assert cache.declared == {
            "ImageCacheName": "web",
            "Images": ["nginx:1.27.3"],
            "VpcId": "vpc-1",
            "SubnetId": "subnet-1",
            "ImageCacheSize": 50,
            "RetentionDays": 9,
            "Tags": [{"Key": "a", "Value": "1"}],
            "ImageRegistryCredentials": [{**credential}],
        }
        assert "shown-pass" not in run.output + str(run.results)

    def test_rebuild_with_masked_passwords_warns_and_omits_credentials(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        emulator.settings.failures, emulator.settings.passwords = [BuildFailure("nginx")], "masked"
        create_cache(emulator, ImageRegistryCredentials=[{"Server": "h.example.com", "Password": "p"}])
        emulator.settings.failures = []
        run = processes.web()
        assert any("without its registry credentials" in warning for warning in run.result["warnings"])
        (cache,) = emulator.region().caches.values()
        assert "ImageRegistryCredentials" not in cache.declared

    def test_joined_build_that_fails_is_rebuilt(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.failures, emulator.settings.build_seconds = [BuildFailure("nginx")], 8
        start_build(emulator)
        emulator.settings.failures, emulator.settings.build_seconds = [], 0.3
        run = controller.web()
        assert run.status == 0, run.output
        assert [action["action"] for action in run.result["actions"]] == ["delete", "create"]
        assert run.result["recovered_failure"]["reason"] == "PullImageFailed"

    def test_failed_update_returns_the_build_failure(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        create_cache(emulator)
        emulator.settings.failures = [BuildFailure("nginx:1.99", reason="NoSpace", message="no space left on device")]
        run = processes.web(images=["nginx:1.99"])
        assert run.result["build_failure"]["message"] == "no space left on device"
        assert run.result["image_cache"]["status"] == "UpdateFailed"
        assert "the update failed" in run.result["msg"]

    def test_failed_update_is_retried_by_the_next_run(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        self.test_failed_update_returns_the_build_failure(emulator, processes)
        emulator.settings.failures = []
        run = processes.web(images=["nginx:1.99"])
        assert run.status == 0, run.output
        assert reported_actions(run) == [("update", ["images"])]
        assert run.result["image_cache"]["status"] == "Ready"

    def test_failed_update_with_on_change_fail_is_not_retried(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        self.test_failed_update_returns_the_build_failure(emulator, processes)
        emulator.received.clear()
        run = processes.web(images=["nginx:1.99"], on_change="fail")
        assert run.result["build_failure"]["reason"] == "NoSpace"
        assert emulator.calls() == [LIST]


class TestDuplicates:
    def test_present_and_absent_fail_and_list_the_ids(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        ids = [create_cache(emulator), create_cache(emulator)]
        for state in ("present", "absent"):
            result = processes.web(state=state).result
            assert "2 image caches are named 'web'" in result["msg"]
            assert all(image_cache_id in result["msg"] for image_cache_id in ids)
        assert set(emulator.calls()) == {LIST}
        assert len(emulator.region().caches) == 2

    def test_duplicate_that_another_run_deletes_is_ignored(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.build_seconds = 30
        older, younger = create_cache(emulator), start_build(emulator)

        def other_run(moment: str, action: str) -> None:
            if moment == "before" and emulator.calls().count(LIST) == 1:
                emulator.region().caches.pop(younger, None)

        emulator.watch = other_run
        run = controller.web()
        assert run.status == 0, run.output
        assert run.result["image_cache_id"] == older

    def test_similar_names_from_a_fuzzy_filter_are_ignored(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        emulator.settings.fuzzy_names = True
        for name in ("web-2", "my-web", *(f"web-{number}" for number in range(10, 70))):
            create_cache(emulator, ImageCacheName=name)
        own = create_cache(emulator)
        result = processes.web().result
        assert (result["changed"], result["image_cache_id"]) == (False, own)
        assert [r.parameters["Offset"] for r in emulator.received] == [0, 50]


def test_cache_in_another_region_is_ignored(emulator: Emulator, controller: Controller) -> None:
    emulator.settings.build_seconds = 600
    create_cache(emulator)
    run = controller.web(region="ap-shanghai", wait=False)
    assert run.result["changed"] is True
    assert len(emulator.region("ap-shanghai").caches) == 1


def test_playbook_creates_updates_and_deletes_a_cache(emulator: Emulator, controller: Controller) -> None:
    run = controller.play(
        {"name": "create", MODULE: WEB},
        {"name": "unchanged", MODULE: WEB},
        {"name": "change", MODULE: {**WEB, "images": ["nginx:1.27.4"]}},
        {"name": "remove", MODULE: {"name": "web", "state": "absent"}},
        {"name": "remove again", MODULE: {"name": "web", "state": "absent"}},
    )
    assert [result["changed"] for result in run.results] == [True, False, True, True, False]
    assert run.status == 0
