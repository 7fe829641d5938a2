# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans that update a cache in place."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import tracking
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    Plan,
    Step,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import RECORD_TAG
from unit.support.plans import (
    BUILD_SETTINGS,
    CREDENTIAL,
    LISTED_CREDENTIAL,
    REPORTED_CREDENTIAL,
    observed_cache,
    observed_replacement,
    plan_run,
)


class TestUpdate:
    def test_update_in_place_is_in_the_predicted_result(self) -> None:
        plan = plan_run({"tags": {"a": "1"}, "images": ["nginx:2"]}, observed_cache())
        request = {"Images": ["nginx:2"], "Tags": [{"Key": "a", "Value": "1"}]}
        after = {**observed_cache().as_result(), "images": ["nginx:2"], "tags": {"a": "1"}}
        # The results of a build are not known before it.
        after.update(snapshot_id=None, snapshotter=None, events=None)
        assert plan == Plan((Step("update", "imc-1", ("images", "tags"), request),), after, subject=observed_cache())

    @pytest.mark.parametrize(("wait", "status"), [(True, "Ready"), (False, None)])
    def test_predicted_status_after_build_is_ready_or_unknown_without_waiting(
        self, wait: bool, status: Optional[str]
    ) -> None:
        plan = plan_run({"wait": wait}, observed_cache(status="UpdateFailed", SnapshotId="snap-1"))
        assert plan.after is not None
        assert (plan.after["status"], plan.after["snapshot_id"]) == (status, None)

    @pytest.mark.parametrize(
        ("listed", "tags", "status"),
        [("Pending", {"a": "1"}, "Ready"), ("Pending", None, "Pending"), ("Strange", {"a": "1"}, "Ready")],
    )
    def test_cache_being_built_is_ready_before_its_update(
        self, listed: str, tags: Optional[dict[str, str]], status: str
    ) -> None:
        plan = plan_run({"tags": tags}, observed_cache(status=listed, SnapshotId="snap-1"))
        assert plan.after is not None
        assert plan.after["status"] == status
        # The results of the awaited build are not known before it.
        assert plan.after["snapshot_id"] == (None if tags else "snap-1")

    def test_update_without_build_keeps_the_status(self) -> None:
        plan = plan_run({"tags": {"a": "1"}, "wait": False}, observed_cache())
        assert plan.after is not None
        assert plan.after["status"] == "Ready"

    def test_changed_retention_makes_the_expiry_unknown(self) -> None:
        ends = {"ExpireDateTime": "2126-01-01T00:00:00Z", "RetentionDays": 0}
        for days, never in ((3, False), (0, True)):
            plan = plan_run({"retention_days": days}, observed_cache(**{**ends, "RetentionDays": 9}))
            assert plan.after is not None
            assert (plan.after["expires_at"], plan.after["expire_date_time"]) == (None, None)
            assert plan.after["never_expires"] is never
        kept = plan_run({"tags": {"a": "1"}}, observed_cache(**ends)).after
        assert kept is not None
        assert kept["expire_date_time"] == ends["ExpireDateTime"]

    def test_unlisted_option_is_sent_only_with_another_update(self) -> None:
        groups = {"security_group_ids": ["sg-1"]}
        assert plan_run(groups, observed_cache()).steps == ()
        (step,) = plan_run({**groups, "retention_days": 5}, observed_cache(RetentionDays=0)).steps
        assert step.request == {"SecurityGroupIds": ["sg-1"], "RetentionDays": 5}

    def test_changed_name_alone_is_a_rename(self) -> None:
        by_id = {"image_cache_id": "imc-1", "image_cache_name": "api"}
        (step,) = plan_run(by_id, observed_cache()).steps
        assert step == Step("rename", "imc-1", ("image_cache_name",), {"ImageCacheName": "api"})
        (step,) = plan_run({**by_id, "images": ["nginx:2"]}, observed_cache()).steps
        assert (step.action, step.fields) == ("update", ("image_cache_name", "images"))

    def test_cache_without_name_is_renamed(self) -> None:
        (step,) = plan_run({"image_cache_id": "imc-1"}, observed_cache(ImageCacheName="")).steps
        assert step.action == "rename"

    def test_update_password_always_sends_passwords_again(self) -> None:
        same = observed_cache(ImageRegistryCredentials=[LISTED_CREDENTIAL])
        given: dict[str, Any] = {"image_registry_credentials": [CREDENTIAL]}
        assert plan_run(given, same).steps == ()
        plan = plan_run({**given, "update_password": "always"}, same)
        assert plan.steps[0].fields == ("image_registry_credentials",)
        assert plan.after is not None
        assert plan.after["image_registry_credentials"] == [REPORTED_CREDENTIAL]
        without = {"image_registry_credentials": [{**CREDENTIAL, "password": None}], "update_password": "always"}
        assert plan_run(without, same).steps == ()
        assert plan_run({"update_password": "always"}, same).steps == ()

    @pytest.mark.parametrize(
        ("options", "request_"),
        [
            ({}, {"Images": ["nginx:1"]}),
            ({"images": None}, {"Images": ["nginx:0"]}),
            ({"images": None, "image_cache_size": 50}, {"ImageCacheSize": 50}),
            ({"image_cache_size": 20}, {"Images": ["nginx:1"], "ImageCacheSize": 20}),
        ],
    )
    def test_failed_update_is_repeated_with_its_contents(
        self, options: dict[str, Any], request_: dict[str, Any]
    ) -> None:
        (step,) = plan_run(options, observed_cache(status="UpdateFailed", Images=["nginx:0"])).steps
        assert (step.action, step.request) == ("update", request_)


class TestPurgeTagsFalse:
    """With purge_tags false, declared tags are added to the tags of the cache."""

    SHOWN = [{"Key": "team", "Value": "web"}, {"Key": "stage", "Value": "test"}]
    RECORD = {"Key": RECORD_TAG, "Value": tracking.make_settings_record(BUILD_SETTINGS)}
    ADDED = {"tags": {"stage": "prod", "new": "1"}, "purge_tags": False}
    ALL = {"team": "web", "stage": "prod", "new": "1"}

    def tags_in(self, request: Any) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in request["Tags"]}

    @pytest.mark.parametrize("tags", [{}, {"team": "web"}, {"team": "web", "stage": "test"}])
    def test_listed_tags_are_no_difference(self, tags: dict[str, str]) -> None:
        listed = observed_cache(Tags=self.SHOWN)
        assert plan_run({"tags": tags, "purge_tags": False}, listed).steps == ()
        assert bool(plan_run({"tags": tags}, listed).steps) is (len(tags) < 2)

    def test_update_sends_all_tags_and_keeps_the_record(self) -> None:
        plan = plan_run(self.ADDED, observed_cache(Tags=[*self.SHOWN, self.RECORD]))
        assert plan.steps[0].fields == ("tags",)
        assert self.tags_in(plan.steps[0].request) == {**self.ALL, RECORD_TAG: self.RECORD["Value"]}
        assert plan.after is not None
        assert plan.after["tags"] == self.ALL

    def test_new_record_is_added_to_the_tags(self) -> None:
        (step,) = plan_run({**self.ADDED, "track_build_settings": True}, observed_cache(Tags=self.SHOWN)).steps
        assert self.tags_in(step.request) == {**self.ALL, RECORD_TAG: self.RECORD["Value"]}

    def test_tags_are_not_sent_if_none_are_listed(self) -> None:
        plan = plan_run({**self.ADDED, "size": 50}, observed_cache(Tags="?"))
        assert plan.steps[0].fields == ("image_cache_size",)
        assert plan.not_compared == ("tags",)

    def test_replacement_is_built_with_all_tags(self) -> None:
        replacing = {**self.ADDED, "images": ["nginx:2"], "on_change": "replace"}
        plan = plan_run(replacing, observed_cache(Tags=self.SHOWN))
        assert self.tags_in(plan.steps[0].request) == self.ALL
        assert plan.after is not None
        assert plan.after["tags"] == self.ALL
        purged = plan_run({**replacing, "purge_tags": True}, observed_cache(Tags=self.SHOWN))
        assert self.tags_in(purged.steps[0].request) == self.ADDED["tags"]

    def test_existing_replacement_gets_all_tags(self) -> None:
        replacing = {**self.ADDED, "images": ["nginx:2"], "on_change": "replace"}
        replacement = observed_replacement(Images=["nginx:2"], Tags=[{"Key": "own", "Value": "x"}])
        (step,) = plan_run(replacing, observed_cache(Tags=self.SHOWN), replacements=[replacement]).steps
        assert step.closing is not None
        assert self.tags_in(step.closing.request) == {"own": "x", **self.ALL}

    def test_failed_cache_is_rebuilt_with_all_tags(self) -> None:
        _delete, create = plan_run(self.ADDED, observed_cache(status="Failed", Tags=self.SHOWN)).steps
        assert self.tags_in(create.request) == self.ALL

    def test_new_cache_gets_the_declared_tags(self) -> None:
        (create,) = plan_run(self.ADDED).steps
        assert self.tags_in(create.request) == self.ADDED["tags"]
