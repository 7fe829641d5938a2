# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans: create, delete, join, and declarations that are refused."""

from __future__ import annotations

import inspect
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import plan as plan_module
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import tracking
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.difference import InPlaceUpdate
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    BuildFailed,
    Found,
    Plan,
    Refused,
    Step,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import RECORD_TAG
from unit.support.plans import (
    BUILD_SETTINGS,
    CREDENTIAL,
    LISTED_CREDENTIAL,
    REPLACEMENT_REQUEST,
    REPORTED_CREDENTIAL,
    observed_cache,
    observed_replacement,
    plan_run,
    steps_of,
)


def test_missing_cache_is_created() -> None:
    plan = plan_run({"image_registry_credentials": [CREDENTIAL], "retention_days": 5, "tags": {"a": "1"}})
    request = {
        "ImageCacheName": "web",
        "Images": ["nginx:1"],
        "VpcId": "vpc-1",
        "SubnetId": "subnet-1",
        "ImageRegistryCredentials": [{"Server": "h.example.com", "Username": "u", "Password": "p"}],
        "RetentionDays": 5,
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    fields = ("image_cache_name", "images", "vpc_id", "subnet_id")
    fields += ("image_registry_credentials", "retention_days", "tags")
    after = {"image_cache_name": "web", "images": ["nginx:1"], **BUILD_SETTINGS}
    after.update(image_registry_credentials=[REPORTED_CREDENTIAL], retention_days=5, tags={"a": "1"})
    assert plan == Plan((Step("create", None, fields, request),), after)
    assert "Password" not in repr(plan)


def test_tracked_cache_is_created_with_its_record() -> None:
    (step,) = plan_run({"track_build_settings": True}).steps
    assert step.request["Tags"] == [{"Key": RECORD_TAG, "Value": tracking.make_settings_record(BUILD_SETTINGS)}]
    (step,) = plan_run({}).steps
    assert "Tags" not in step.request


def test_cache_as_declared_is_not_changed() -> None:
    plan = plan_run({}, observed_cache())
    assert plan == Plan((), observed_cache().as_result(), subject=observed_cache())


def test_absent_without_cache_has_no_steps() -> None:
    assert plan_run({"state": "absent"}) == Plan((), None)


def test_absent_deletes_replacements_before_the_cache() -> None:
    plan = plan_run(
        {"state": "absent"},
        observed_cache(),
        replacements=[observed_replacement("imc-2"), observed_replacement("imc-3", "Pending")],
    )
    assert plan == Plan(
        (Step("delete", "imc-2"), Step("delete", "imc-3"), Step("delete", "imc-1")), None, observed_cache()
    )
    without_cache = plan_run(
        {"state": "absent"}, replacements=[observed_replacement("imc-2"), observed_replacement("imc-3")]
    )
    assert without_cache.subject == observed_replacement("imc-3")


@pytest.mark.parametrize("name", ["prod", ""])
def test_absent_by_id_with_another_name_is_refused(name: str) -> None:
    options = {"state": "absent", "image_cache_id": "imc-1", "image_cache_name": "stage"}
    with pytest.raises(Refused, match="not 'stage' as declared"):
        plan_run(options, observed_cache(ImageCacheName=name), replacements=[observed_replacement()])
    assert steps_of(plan_run({**options, "image_cache_name": None}, observed_cache(ImageCacheName=name))) == [
        ("delete", "imc-1")
    ]
    assert plan_run(options).steps == ()


def test_several_caches_with_the_name_are_refused() -> None:
    with pytest.raises(Refused) as raised:
        plan_run({}, observed_cache(), observed_cache("imc-9", "Failed"))
    assert str(raised.value).startswith(
        "2 image caches are named 'web': imc-1 (Ready), imc-9 (Failed). Nothing was changed"
    )
    with pytest.raises(Refused):
        plan_run({"state": "absent"}, observed_cache(), observed_cache("imc-9"))


class TestNotCompared:
    DECLARED = {"tags": {"a": "1"}, "retention_days": 5, "image_registry_credentials": [CREDENTIAL]}
    HIDDEN = {"Tags": "none is shown"}

    def test_declared_options_missing_from_listing_are_named(self) -> None:
        plan = plan_run(self.DECLARED, observed_cache(**self.HIDDEN))
        assert plan.steps == ()
        assert plan.not_compared == ("image_registry_credentials", "retention_days", "tags")
        assert plan_run({**self.DECLARED, "size": 50}, observed_cache(**self.HIDDEN)).not_compared == plan.not_compared

    def test_undeclared_options_are_not_named(self) -> None:
        assert plan_run({}, observed_cache(**self.HIDDEN)).not_compared == ()
        assert plan_run({"tags": {"a": "1"}}, observed_cache()).not_compared == ()
        # The listing never has the option, or has it as empty.
        assert plan_run({"security_group_ids": ["sg-1"]}, observed_cache()).not_compared == ()
        assert plan_run({"image_cache_id": "imc-1"}, observed_cache(ImageCacheName="")).not_compared == ()

    def test_tracking_is_not_compared_without_listed_tags(self) -> None:
        assert plan_run({"track_build_settings": True}, observed_cache(**self.HIDDEN)).not_compared == (
            "track_build_settings",
        )
        assert plan_run({"track_build_settings": True}, observed_cache()).not_compared == ()

    def test_new_cache_needs_no_comparison(self) -> None:
        assert plan_run(self.DECLARED).not_compared == ()
        assert plan_run({**self.DECLARED, "state": "absent"}, observed_cache(**self.HIDDEN)).not_compared == ()
        assert plan_run(self.DECLARED, observed_cache(status="Failed", **self.HIDDEN)).not_compared == ()
        replacing = {**self.DECLARED, "images": ["nginx:2"], "on_change": "replace"}
        assert plan_run(replacing, observed_cache(**self.HIDDEN)).not_compared == ()

    def test_existing_replacement_is_compared(self) -> None:
        replacing = {**self.DECLARED, "images": ["nginx:2"], "on_change": "replace"}
        plan = plan_run(
            replacing, observed_cache(), replacements=[observed_replacement(Images=["nginx:2"], **self.HIDDEN)]
        )
        assert plan.not_compared == ("image_registry_credentials", "retention_days", "tags")


class TestFailedCache:
    def test_failed_cache_is_deleted_and_created(self) -> None:
        failed = observed_cache(status="Failed", RetentionDays=5)
        plan = plan_run({"security_group_ids": ["sg-1"]}, failed)
        request = {**REPLACEMENT_REQUEST, "ImageCacheName": "web", "Images": ["nginx:1"], "RetentionDays": 5}
        request["SecurityGroupIds"] = ["sg-1"]
        fields = ("image_cache_name", "images", "vpc_id", "subnet_id", "security_group_ids", "retention_days")
        # Options that are never listed would look like new ones.
        after = {"image_cache_name": "web", "images": ["nginx:1"], "image_cache_size": 20}
        after.update(retention_days=5, tags={})
        create = Step("create", None, fields, request)
        assert plan == Plan((Step("delete", "imc-1"), create), after, subject=failed, recovers=failed)

    def test_undeclared_images_are_kept_and_masked_passwords_are_missing(self) -> None:
        failed = observed_cache(status="Failed", Images=["nginx:0"], ImageRegistryCredentials=[LISTED_CREDENTIAL])
        plan = plan_run({"images": None}, failed)
        assert plan.lacks_passwords
        assert plan.steps[1].request["Images"] == ["nginx:0"]

    def test_missing_required_options_are_named(self) -> None:
        with pytest.raises(BuildFailed) as raised:
            plan_run({"vpc_id": None}, observed_cache(status="Failed"))
        assert (raised.value.missing, raised.value.kept) == (["vpc_id"], None)
        with pytest.raises(BuildFailed) as raised:
            plan_run({"vpc_id": None, "recreate_failed": False}, observed_cache(status="Failed"))
        assert raised.value.missing == ()

    def test_cache_without_name_is_refused(self) -> None:
        with pytest.raises(Refused, match="Set image_cache_name to give it a name"):
            plan_run({"image_cache_id": "imc-1", "image_cache_name": None}, observed_cache(status="Failed"))


class TestRefusals:
    def test_missing_cache_declared_by_id_is_refused(self) -> None:
        with pytest.raises(Refused, match=r"^there is no image cache imc-7 in the region\. The API assigns the IDs"):
            plan_run({"image_cache_id": "imc-7"})

    def test_create_without_required_options_names_them(self) -> None:
        with pytest.raises(Refused) as raised:
            plan_run({"images": None, "subnet_id": None})
        assert str(raised.value) == ("it does not exist. To create it, also set images, subnet_id.")

    def test_failed_update_with_on_change_fail_is_reported(self) -> None:
        with pytest.raises(BuildFailed) as raised:
            plan_run({"on_change": "fail"}, observed_cache(status="UpdateFailed"))
        assert (raised.value.cache.id, raised.value.missing, raised.value.kept) == ("imc-1", (), None)

    def test_on_change_fail_names_every_difference(self) -> None:
        options = {"on_change": "fail", "force_rebuild": True, "max_age": "12h", "track_build_settings": True}
        old = observed_cache(Tags=[{"Key": RECORD_TAG, "Value": tracking.make_settings_record({"vpc_id": "vpc-0"})}])
        with pytest.raises(Refused) as raised:
            plan_run({**options, "images": ["nginx:2"]}, old)
        assert str(raised.value).startswith(
            "it differs from its declaration, and on_change is fail: images is ['nginx:1'], declared ['nginx:2'];"
            " vpc_id differs from its value at build time, declared 'vpc-1'; force_rebuild requests a rebuild;"
            " it was created at 2026-01-01T00:00:00Z, and max_age is 12h. Nothing was changed."
        )

    @pytest.mark.parametrize(
        ("options", "is_in_place"),
        [
            ({"images": ["nginx:2"]}, True),
            ({"image_cache_size": 50}, True),
            ({"force_rebuild": True}, False),
            ({"images": ["nginx:2"], "force_rebuild": True}, False),
        ],
        ids=str,
    )
    def test_on_change_fail_names_the_alternatives(self, options: dict[str, Any], is_in_place: bool) -> None:
        with pytest.raises(Refused) as raised:
            plan_run({"on_change": "fail", **options}, observed_cache())
        update_advice = (
            "With on_change: update, the cache is rebuilt in place and cannot be used until the build ends. "
        )
        update_advice = update_advice if is_in_place else ""
        end = f"Nothing was changed. {update_advice}With on_change: replace, a new cache is built first."
        assert str(raised.value).endswith(end)

    def test_on_change_fail_allows_updates_in_place(self) -> None:
        (step,) = plan_run({"on_change": "fail", "tags": {"a": "1"}}, observed_cache()).steps
        assert step.fields == ("tags",)


class TestJoin:
    @pytest.mark.parametrize(
        ("caches", "replacements", "joined"),
        [
            ([observed_cache(status="Pending")], [], "imc-1"),
            (
                [observed_cache(status="Updating")],
                [observed_replacement(status="Pending", Images=["nginx:2"])],
                "imc-1",
            ),
            ([observed_cache()], [observed_replacement(status="Pending", Images=["nginx:2"])], "imc-2"),
            # A replacement that does not match is not awaited.
            ([observed_cache()], [observed_replacement(status="Pending")], None),
            ([observed_cache(status="UpdateFailed")], [], None),
            ([], [observed_replacement(status="Pending", Images=["nginx:2"])], "imc-2"),
            ([], [observed_replacement(Images=["nginx:2"])], None),
        ],
    )
    def test_running_build_is_joined(
        self, caches: list[ImageCache], replacements: list[ImageCache], joined: Optional[str]
    ) -> None:
        plan = plan_run({"images": ["nginx:2"], "on_change": "replace"}, *caches, replacements=replacements)
        assert plan.join == joined


class TestUnknownStatus:
    """A status that the API may add counts as a running build and not as a failure."""

    def test_cache_counts_as_being_built(self) -> None:
        plan = plan_run({}, observed_cache(status="Archiving"))
        assert (plan.steps, plan.join, plan.recovers) == ((), "imc-1", None)

    def test_replacement_counts_as_being_built(self) -> None:
        plan = plan_run({}, replacements=[observed_replacement(status="Archiving")])
        assert (steps_of(plan), plan.join) == ([("rename", "imc-2")], "imc-2")
        rebuilt = plan_run(
            {"force_rebuild": True},
            observed_cache(),
            replacements=[observed_replacement(status="Archiving", Images=["nginx:3"])],
        )
        assert steps_of(rebuilt) == [("delete", "imc-2"), ("replace", None)]
        assert rebuilt.recovers is None

    def test_build_is_joined_with_on_change_fail(self) -> None:
        for status in ("Archiving", "Updating", "Wandering"):
            assert plan_run({"on_change": "fail"}, observed_cache(status=status)).join == "imc-1"


def test_assuming_kept_leaves_only_the_kept_cache() -> None:
    mine, other, replacement = observed_cache(), observed_cache("imc-9"), observed_replacement()
    found = Found((mine, other), (replacement,))
    assert found.assuming_kept(other) == Found((other,))
    assert Found((mine,), (replacement, observed_replacement("imc-3"))).assuming_kept(replacement) == Found(
        (mine,), (replacement,)
    )


@pytest.mark.parametrize("facts", [Found(), Step("delete", "imc-1"), Plan((), None), InPlaceUpdate({})], ids=type)
def test_facts_are_immutable(facts: Any) -> None:
    with pytest.raises(AttributeError):
        setattr(facts, next(iter(inspect.signature(type(facts)).parameters)), None)


def test_action_constants_match_the_results() -> None:
    assert (plan_module.CREATE, plan_module.UPDATE, plan_module.RENAME, plan_module.REPLACE, plan_module.DELETE) == (
        "create",
        "update",
        "rename",
        "replace",
        "delete",
    )
