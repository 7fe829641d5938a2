# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans that replace a cache, and replacements that an earlier run has left."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    BuildFailed,
    Plan,
    Refused,
    Step,
)
from unit.support.plans import (
    CREDENTIAL,
    LISTED_CREDENTIAL,
    RENAME_STEP,
    REPLACEMENT_REQUEST,
    REPORTED_CREDENTIAL,
    observed_cache,
    observed_replacement,
    plan_run,
    steps_of,
)


class TestReplace:
    def test_new_cache_is_built_before_the_old_one_is_deleted(self) -> None:
        old = observed_cache(RetentionDays=7, Tags=[{"Key": "a", "Value": "1"}])
        plan = plan_run({"images": ["nginx:2"], "on_change": "replace"}, old)
        request = {**REPLACEMENT_REQUEST, "RetentionDays": 7, "Tags": [{"Key": "a", "Value": "1"}]}
        step = Step("replace", None, ("images",), request, old="imc-1", closing=RENAME_STEP)
        after = {"image_cache_name": "web", "images": ["nginx:2"], "image_cache_size": 20}
        after.update(retention_days=7, tags={"a": "1"})
        assert plan == Plan((step,), after, subject=old)

    @pytest.mark.parametrize(
        ("options", "old", "reasons"),
        [
            ({"images": ["nginx:2"], "on_change": "replace"}, {}, ["images"]),
            ({"images": ["nginx:2"], "on_change": "update"}, {}, []),
            ({"image_cache_size": 50, "on_change": "replace"}, {}, ["image_cache_size"]),
            ({"tags": {"a": "1"}, "on_change": "replace"}, {}, []),
            ({"on_change": "replace"}, {"status": "UpdateFailed"}, ["images"]),
            (
                {"on_change": "replace", "image_cache_size": 50},
                {"status": "UpdateFailed"},
                ["image_cache_size"],
            ),
            ({"on_change": "update"}, {"status": "UpdateFailed"}, []),
            ({"force_rebuild": True}, {}, ["force_rebuild"]),
            ({"max_age": "12h"}, {}, ["max_age"]),
            ({"max_age": "12h", "force_rebuild": True}, {}, ["force_rebuild", "max_age"]),
            # Other changes follow the reasons for the replace.
            (
                {"force_rebuild": True, "images": ["nginx:2"], "tags": {"a": "1"}},
                {},
                ["force_rebuild", "images", "tags"],
            ),
            (
                {"force_rebuild": True, "image_registry_credentials": [CREDENTIAL], "update_password": "always"},
                {"ImageRegistryCredentials": [LISTED_CREDENTIAL]},
                ["force_rebuild", "image_registry_credentials"],
            ),
            # Exactly one day old.
            ({"max_age": "1d"}, {}, []),
            ({"max_age": "12h"}, {"CreationTime": "some day"}, []),
        ],
    )
    def test_replace_names_its_reasons(self, options: dict[str, Any], old: dict[str, Any], reasons: list[str]) -> None:
        plan = plan_run(options, observed_cache(**old))
        assert [list(step.fields) for step in plan.steps if step.action == "replace"] == ([reasons] if reasons else [])

    def test_masked_passwords_of_old_cache_are_reported_as_missing(self) -> None:
        old = observed_cache(ImageRegistryCredentials=[LISTED_CREDENTIAL])
        change: dict[str, Any] = {"images": ["nginx:2"], "on_change": "replace"}
        plan = plan_run(change, old)
        assert plan.lacks_passwords
        assert "ImageRegistryCredentials" not in plan.steps[0].request
        assert plan.after is not None
        assert plan.after["image_registry_credentials"] == []
        given = plan_run({**change, "image_registry_credentials": [CREDENTIAL]}, old)
        assert not given.lacks_passwords
        assert given.after is not None
        assert given.after["image_registry_credentials"] == [REPORTED_CREDENTIAL]
        unmasked = observed_cache(ImageRegistryCredentials=[{**LISTED_CREDENTIAL, "Password": "p"}])
        with_password = plan_run(change, unmasked)
        assert not with_password.lacks_passwords
        assert with_password.steps[0].request["ImageRegistryCredentials"] == [{**LISTED_CREDENTIAL, "Password": "p"}]

    def test_replace_without_required_options_is_refused(self) -> None:
        with pytest.raises(
            Refused, match=r"^it must be replaced because of force_rebuild\..* also set vpc_id, subnet_id"
        ):
            plan_run({"force_rebuild": True, "vpc_id": None, "subnet_id": None}, observed_cache())

    def test_cache_without_name_is_refused(self) -> None:
        with pytest.raises(Refused, match=r"^imc-1 must be rebuilt but has no name"):
            plan_run({"force_rebuild": True, "image_cache_id": "imc-1", "image_cache_name": None}, observed_cache())

    def test_matching_replacement_replaces_the_cache(self) -> None:
        replacement = observed_replacement(Images=["nginx:2"])
        plan = plan_run(
            {"images": ["nginx:2"], "on_change": "replace", "tags": {"a": "1"}},
            observed_cache(),
            replacements=[observed_replacement("imc-0"), replacement],
        )
        request = {"ImageCacheName": "web", "Tags": [{"Key": "a", "Value": "1"}]}
        closing = Step("update", None, ("image_cache_name", "tags"), request)
        replacing = Step("replace", "imc-2", ("images", "tags", "image_cache_name"), old="imc-1", closing=closing)
        after = {**replacement.as_result(), "image_cache_name": "web", "tags": {"a": "1"}}
        assert plan == Plan((Step("delete", "imc-0"), replacing), after, subject=observed_cache())

    def test_missing_record_is_added_with_the_name(self) -> None:
        replacement = observed_replacement(Images=["nginx:2"], Tags=[{"Key": "a", "Value": "1"}])
        plan = plan_run(
            {"images": ["nginx:2"], "on_change": "replace", "track_build_settings": True},
            observed_cache(),
            replacements=[replacement],
        )
        assert plan.steps[0].fields == ("images", "image_cache_name", "track_build_settings")
        assert plan.after == {**replacement.as_result(), "image_cache_name": "web", "track_build_settings": True}

    @pytest.mark.parametrize(
        ("replacement", "options"),
        [
            (observed_replacement(status="Failed", Images=["nginx:2"]), {}),
            (observed_replacement(status="UpdateFailed", Images=["nginx:2"]), {}),
            (observed_replacement(Images=["nginx:3"]), {}),
            (observed_replacement(Images=["nginx:2"]), {"max_age": "12h"}),
        ],
        ids=["failed", "failed update", "other images", "too old"],
    )
    def test_replacement_that_does_not_match_is_deleted(self, replacement: ImageCache, options: dict[str, Any]) -> None:
        plan = plan_run(
            {"images": ["nginx:2"], "on_change": "replace", **options}, observed_cache(), replacements=[replacement]
        )
        assert steps_of(plan) == [("delete", "imc-2"), ("replace", None)]
        assert plan.subject == observed_cache()
        assert plan.recovers == (replacement if replacement.status == "Failed" else None)

    @pytest.mark.parametrize(
        ("replacement", "options"),
        [
            (observed_replacement(Images=["nginx:3"]), {"images": None}),
            (observed_replacement(ImageCacheSize=50), {}),
            (observed_replacement(), {"on_change": "fail"}),
        ],
        ids=["undeclared images", "undeclared size", "on_change fail"],
    )
    def test_replacement_with_undeclared_contents_is_deleted(
        self, replacement: ImageCache, options: dict[str, Any]
    ) -> None:
        plan = plan_run(options, observed_cache(), replacements=[replacement])
        assert steps_of(plan) == [("delete", "imc-2")]
        assert plan.after == observed_cache().as_result()

    def test_undeclared_images_are_compared_as_a_set(self) -> None:
        cache, replacement = (
            observed_cache(Images=["nginx:1", "redis:7"]),
            observed_replacement(Images=["redis:7", "nginx:1"]),
        )
        assert steps_of(plan_run({"images": None}, cache, replacements=[replacement])) == [("replace", "imc-2")]
        hidden = {"Images": None, "ImageCacheSize": None}
        assert steps_of(
            plan_run({"images": None}, observed_cache(**hidden), replacements=[observed_replacement(**hidden)])
        ) == [("replace", "imc-2")]
        assert steps_of(plan_run({"images": None}, cache, replacements=[observed_replacement(**hidden)])) == [
            ("delete", "imc-2")
        ]

    @pytest.mark.parametrize(
        ("status", "created", "is_used"),
        [
            ("Ready", "2026-01-01T00:00:00Z", True),
            ("Ready", "2025-12-31T23:59:59Z", False),
            ("Ready", "2026-01-01T12:00:00Z", True),
            ("Pending", "2026-01-01T12:00:00Z", True),
            # The plan is the same during the build and after it.
            ("Pending", "2025-12-31T23:59:59Z", False),
            ("Ready", None, True),
        ],
    )
    def test_force_rebuild_uses_only_a_replacement_newer_than_the_cache(
        self, status: str, created: Optional[str], is_used: bool
    ) -> None:
        replacement = observed_replacement(status=status, CreationTime=created)
        plan = plan_run({"force_rebuild": True}, observed_cache(), replacements=[replacement])
        assert steps_of(plan)[-1] == ("replace", "imc-2" if is_used else None)
        without_cache = plan_run({"force_rebuild": True}, replacements=[replacement])
        assert [action for action, _id in steps_of(without_cache)] == (["rename"] if is_used else ["rename", "replace"])

    def test_recovered_cache_is_reported_before_a_failed_replacement(self) -> None:
        plan = plan_run({}, observed_cache(status="Failed"), replacements=[observed_replacement(status="Failed")])
        assert steps_of(plan) == [("delete", "imc-2"), ("delete", "imc-1"), ("create", None)]
        assert plan.recovers == observed_cache(status="Failed")
        updated = plan_run({"tags": {"a": "1"}}, observed_cache(), replacements=[observed_replacement(status="Failed")])
        assert steps_of(updated) == [("delete", "imc-2"), ("update", "imc-1")]
        assert updated.recovers is None

    def test_failed_replacement_is_recovered_only_by_another_build(self) -> None:
        assert plan_run({}, observed_cache(), replacements=[observed_replacement(status="Failed")]).recovers is None
        left = plan_run(
            {"recreate_failed": False}, observed_cache(), replacements=[observed_replacement(status="Failed")]
        )
        assert steps_of(left) == [("delete", "imc-2")]
        with pytest.raises(BuildFailed, match=r"^status Failed$") as raised:
            plan_run(
                {"force_rebuild": True, "recreate_failed": False},
                observed_cache(),
                replacements=[observed_replacement(status="Failed")],
            )
        assert (raised.value.cache, raised.value.missing, raised.value.kept) == (
            observed_replacement(status="Failed"),
            (),
            "imc-1",
        )


class TestReplacementWithoutItsCache:
    """A replacement exists and no cache has the declared name."""

    CHANGE = {"images": ["nginx:2"], "on_change": "replace"}

    def test_matching_replacement_is_renamed(self) -> None:
        replacement = observed_replacement("imc-3", Images=["nginx:2"])
        plan = plan_run(self.CHANGE, replacements=[observed_replacement("imc-2"), replacement])
        naming = Step("rename", "imc-3", ("image_cache_name",), {"ImageCacheName": "web"})
        after = {**replacement.as_result(), "image_cache_name": "web"}
        assert plan == Plan((Step("delete", "imc-2"), naming), after, subject=replacement)

    def test_force_rebuild_does_not_rebuild_a_matching_replacement(self) -> None:
        fresh = {"force_rebuild": True}
        assert steps_of(plan_run(fresh, replacements=[observed_replacement()])) == [("rename", "imc-2")]
        assert steps_of(plan_run({**self.CHANGE, **fresh}, replacements=[observed_replacement()])) == [
            ("rename", "imc-2"),
            ("replace", None),
        ]

    def test_replacement_with_other_images_is_renamed_and_replaced(self) -> None:
        plan = plan_run(self.CHANGE, replacements=[observed_replacement(), observed_replacement("imc-3")])
        naming = Step("rename", "imc-2", ("image_cache_name",), {"ImageCacheName": "web"})
        replacing = Step("replace", None, ("images",), REPLACEMENT_REQUEST, old="imc-2", closing=RENAME_STEP)
        assert plan.steps == (Step("delete", "imc-3"), naming, replacing)
        assert plan.subject == observed_replacement()

    def test_failed_replacements_are_deleted_and_cache_is_created(self) -> None:
        failed = [observed_replacement(status="Failed"), observed_replacement("imc-3", "Failed")]
        plan = plan_run({}, replacements=failed)
        assert steps_of(plan) == [("delete", "imc-2"), ("delete", "imc-3"), ("create", None)]
        assert (plan.recovers, plan.subject, plan.join) == (failed[0], None, None)
        with pytest.raises(BuildFailed) as raised:
            plan_run({"recreate_failed": False}, replacements=failed)
        assert (raised.value.cache, raised.value.missing, raised.value.kept) == (failed[0], (), None)

    def test_replacement_with_failed_update_is_rebuilt(self) -> None:
        failed = observed_replacement(status="UpdateFailed")
        plan = plan_run({}, replacements=[failed])
        assert steps_of(plan) == [("delete", "imc-2"), ("create", None)]
        assert plan.recovers == failed
        # If a rebuild is impossible, the replacement can still be renamed.
        assert steps_of(plan_run({"recreate_failed": False}, replacements=[failed]))[0][0] in ("rename", "update")
        assert steps_of(plan_run({"vpc_id": None}, replacements=[failed]))[0][0] in ("rename", "update")
        assert steps_of(plan_run({}, replacements=[failed, observed_replacement("imc-3")])) == [
            ("delete", "imc-2"),
            ("rename", "imc-3"),
        ]
        with pytest.raises(BuildFailed) as raised:
            plan_run({"on_change": "fail"}, replacements=[failed])
        assert raised.value.cache == failed
        # A running update is not a failed update.
        updating = observed_replacement("imc-3", "Updating")
        assert steps_of(plan_run({}, replacements=[updating])) == [("rename", "imc-3")]
        assert steps_of(plan_run({"images": ["nginx:9"]}, replacements=[failed, updating]))[0] == ("delete", "imc-2")
        assert steps_of(plan_run({"images": ["nginx:9"]}, replacements=[failed, observed_replacement("imc-3")]))[0] == (
            "delete",
            "imc-2",
        )

    def test_on_change_fail_still_replaces_a_failed_cache(self) -> None:
        plan = plan_run({"on_change": "fail"}, observed_cache(status="Failed"), replacements=[observed_replacement()])
        assert steps_of(plan) == [("replace", "imc-2")]
        assert steps_of(
            plan_run({"on_change": "fail"}, observed_cache(status="Unknown"), replacements=[observed_replacement()])
        ) == [("delete", "imc-2")]
        assert steps_of(
            plan_run({"on_change": "fail"}, observed_cache(status="Broken"), replacements=[observed_replacement()])
        ) == [("delete", "imc-2")]

    def test_failed_replacement_is_not_renamed(self) -> None:
        plan = plan_run({}, replacements=[observed_replacement(status="Failed"), observed_replacement("imc-3")])
        assert steps_of(plan) == [("delete", "imc-2"), ("rename", "imc-3")]
        assert plan.recovers is None
