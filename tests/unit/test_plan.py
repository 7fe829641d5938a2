# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans, whole: what is declared, what is found, and every step, request and result that follow."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import difference, plan, tracking
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.difference import InPlaceUpdate
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import (
    BuildFailed,
    Found,
    Plan,
    Refused,
    Step,
    make_plan,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import RECORD_TAG
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.successor import Successor
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import parse_time
from unit.support.world import web_params

from .test_reconcile import cache

# A day after the caches of these tests were created.
CREATED = parse_time("2026-01-01T00:00:00Z")
assert CREATED is not None
NOW = CREATED.timestamp() + 86400
BUILT = {"vpc_id": "vpc-1", "subnet_id": "subnet-1"}
BUILDS = {"ImageCacheName": "web-replacement", "Images": ["nginx:2"], "VpcId": "vpc-1", "SubnetId": "subnet-1"}
NAMING = Step("rename", None, ("image_cache_name",), {"ImageCacheName": "web"})
LOGIN = {"server": "h.example.com", "username": "u", "password": "p", "name": None}
SHOWN_LOGIN = {"Server": "h.example.com", "Username": "u", "Password": "****"}
SAID_LOGIN = {"server": "h.example.com", "username": "u", "name": None}


def declared(**options: Any) -> Desired:
    """Return the declaration of C(web) with the image nginx:1, and what builds it; None leaves an option out."""
    return Desired.from_params(received(web_params(**options)))


def received(value: dict[str, Any]) -> Any:
    """Return what comes of a value on its way: equal, but none of its texts is the same object."""
    return json.loads(json.dumps(value))


def shown(image_cache_id: str = "imc-1", status: str = "Ready", **fields: Any) -> ImageCache:
    return ImageCache(received(cache(image_cache_id, status, **fields)))


def spare(image_cache_id: str = "imc-2", status: str = "Ready", **fields: Any) -> ImageCache:
    """Return a cache of the replacement's name."""
    return shown(image_cache_id, status, **{"ImageCacheName": "web-replacement", **fields})


def planned(options: dict[str, Any], *caches: ImageCache, beside: Any = ()) -> Plan:
    return make_plan(declared(**options), Found(caches, tuple(beside)), NOW)


def steps(made: Plan) -> list[tuple[str, Optional[str]]]:
    return [(step.action, step.image_cache_id) for step in made.steps]


def test_a_cache_that_is_not_there_is_created() -> None:
    made = planned({"image_registry_credentials": [LOGIN], "retention_days": 5, "tags": {"a": "1"}})
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
    after = {"image_cache_name": "web", "images": ["nginx:1"], **BUILT}
    after.update(image_registry_credentials=[SAID_LOGIN], retention_days=5, tags={"a": "1"})
    assert made == Plan((Step("create", None, fields, request),), after)
    assert "Password" not in repr(made)


def test_one_that_tracks_is_created_with_its_record() -> None:
    (step,) = planned({"track_build_settings": True}).steps
    assert step.request["Tags"] == [{"Key": RECORD_TAG, "Value": tracking.make_record(BUILT)}]
    (step,) = planned({}).steps
    assert "Tags" not in step.request


def test_one_that_is_as_declared_is_left_alone() -> None:
    made = planned({}, shown())
    assert made == Plan((), shown().as_result(), subject=shown())


def test_what_is_absent_stays_absent() -> None:
    assert planned({"state": "absent"}) == Plan((), None)


def test_what_goes_goes_with_its_replacements_first() -> None:
    made = planned({"state": "absent"}, shown(), beside=[spare("imc-2"), spare("imc-3", "Pending")])
    assert made == Plan((Step("delete", "imc-2"), Step("delete", "imc-3"), Step("delete", "imc-1")), None, shown())
    alone = planned({"state": "absent"}, beside=[spare("imc-2"), spare("imc-3")])
    assert alone.subject == spare("imc-3")


@pytest.mark.parametrize("name", ["prod", ""])
def test_absent_by_id_and_the_name_of_another_is_refused(name: str) -> None:
    options = {"state": "absent", "image_cache_id": "imc-1", "image_cache_name": "stage"}
    with pytest.raises(Refused, match="not 'stage' as declared"):
        planned(options, shown(ImageCacheName=name), beside=[spare()])
    assert steps(planned({**options, "image_cache_name": None}, shown(ImageCacheName=name))) == [("delete", "imc-1")]
    assert planned(options).steps == ()


def test_several_of_one_name_are_refused() -> None:
    with pytest.raises(Refused) as raised:
        planned({}, shown(), shown("imc-9", "Failed"))
    assert str(raised.value).startswith(
        "2 image caches are named 'web': imc-1 (Ready), imc-9 (Failed). Nothing was changed"
    )
    with pytest.raises(Refused):
        planned({"state": "absent"}, shown(), shown("imc-9"))


class TestNotCompared:
    DECLARED = {"tags": {"a": "1"}, "retention_days": 5, "image_registry_credentials": [LOGIN]}
    HIDDEN = {"Tags": "none is shown"}

    def test_declared_options_that_are_not_shown_are_named(self) -> None:
        made = planned(self.DECLARED, shown(**self.HIDDEN))
        assert made.steps == ()
        assert made.not_compared == ("image_registry_credentials", "retention_days", "tags")
        assert planned({**self.DECLARED, "size": 50}, shown(**self.HIDDEN)).not_compared == made.not_compared

    def test_undeclared_options_are_not(self) -> None:
        assert planned({}, shown(**self.HIDDEN)).not_compared == ()
        assert planned({"tags": {"a": "1"}}, shown()).not_compared == ()
        # Never shown of any cache, or shown as none.
        assert planned({"security_group_ids": ["sg-1"]}, shown()).not_compared == ()
        assert planned({"image_cache_id": "imc-1"}, shown(ImageCacheName="")).not_compared == ()

    def test_a_record_needs_tags_that_are_shown(self) -> None:
        assert planned({"track_build_settings": True}, shown(**self.HIDDEN)).not_compared == ("track_build_settings",)
        assert planned({"track_build_settings": True}, shown()).not_compared == ()

    def test_a_new_cache_has_what_is_declared(self) -> None:
        assert planned(self.DECLARED).not_compared == ()
        assert planned({**self.DECLARED, "state": "absent"}, shown(**self.HIDDEN)).not_compared == ()
        assert planned(self.DECLARED, shown(status="Failed", **self.HIDDEN)).not_compared == ()
        replacing = {**self.DECLARED, "images": ["nginx:2"], "on_change": "replace"}
        assert planned(replacing, shown(**self.HIDDEN)).not_compared == ()

    def test_a_replacement_that_takes_the_place_is_compared(self) -> None:
        replacing = {**self.DECLARED, "images": ["nginx:2"], "on_change": "replace"}
        made = planned(replacing, shown(), beside=[spare(Images=["nginx:2"], **self.HIDDEN)])
        assert made.not_compared == ("image_registry_credentials", "retention_days", "tags")


class TestUpdate:
    def test_what_is_updated_in_place_shows_afterwards(self) -> None:
        made = planned({"tags": {"a": "1"}, "images": ["nginx:2"]}, shown())
        request = {"Images": ["nginx:2"], "Tags": [{"Key": "a", "Value": "1"}]}
        after = {**shown().as_result(), "images": ["nginx:2"], "tags": {"a": "1"}}
        # What a build will make, nobody knows before.
        after.update(snapshot_id=None, snapshotter=None, events=None)
        assert made == Plan((Step("update", "imc-1", ("images", "tags"), request),), after, subject=shown())

    @pytest.mark.parametrize(("wait", "status"), [(True, "Ready"), (False, None)])
    def test_a_build_ends_well_or_is_not_awaited(self, wait: bool, status: Optional[str]) -> None:
        made = planned({"wait": wait}, shown(status="UpdateFailed", SnapshotId="snap-1"))
        assert made.after is not None
        assert (made.after["status"], made.after["snapshot_id"]) == (status, None)

    @pytest.mark.parametrize(
        ("there", "tags", "status"),
        [("Pending", {"a": "1"}, "Ready"), ("Pending", None, "Pending"), ("Strange", {"a": "1"}, "Ready")],
    )
    def test_what_is_being_built_is_ready_before_it_is_updated(
        self, there: str, tags: Optional[dict[str, str]], status: str
    ) -> None:
        made = planned({"tags": tags}, shown(status=there, SnapshotId="snap-1"))
        assert made.after is not None
        assert made.after["status"] == status
        # What the build that is awaited makes, nobody knows before.
        assert made.after["snapshot_id"] == (None if tags else "snap-1")

    def test_an_update_that_builds_nothing_leaves_the_status(self) -> None:
        made = planned({"tags": {"a": "1"}, "wait": False}, shown())
        assert made.after is not None
        assert made.after["status"] == "Ready"

    def test_another_retention_has_another_end(self) -> None:
        ends = {"ExpireDateTime": "2126-01-01T00:00:00Z", "RetentionDays": 0}
        for days, never in ((3, False), (0, True)):
            made = planned({"retention_days": days}, shown(**{**ends, "RetentionDays": 9}))
            assert made.after is not None
            assert (made.after["expires_at"], made.after["expire_date_time"]) == (None, None)
            assert made.after["never_expires"] is never
        kept = planned({"tags": {"a": "1"}}, shown(**ends)).after
        assert kept is not None
        assert kept["expire_date_time"] == ends["ExpireDateTime"]

    def test_what_is_never_shown_goes_along_with_another_update(self) -> None:
        groups = {"security_group_ids": ["sg-1"]}
        assert planned(groups, shown()).steps == ()
        (step,) = planned({**groups, "retention_days": 5}, shown(RetentionDays=0)).steps
        assert step.request == {"SecurityGroupIds": ["sg-1"], "RetentionDays": 5}

    def test_a_name_alone_is_a_rename(self) -> None:
        by_id = {"image_cache_id": "imc-1", "image_cache_name": "api"}
        (step,) = planned(by_id, shown()).steps
        assert step == Step("rename", "imc-1", ("image_cache_name",), {"ImageCacheName": "api"})
        (step,) = planned({**by_id, "images": ["nginx:2"]}, shown()).steps
        assert (step.action, step.fields) == ("update", ("image_cache_name", "images"))

    def test_one_without_a_name_is_given_one(self) -> None:
        (step,) = planned({"image_cache_id": "imc-1"}, shown(ImageCacheName="")).steps
        assert step.action == "rename"

    def test_passwords_are_sent_again_where_that_is_asked_for(self) -> None:
        same = shown(ImageRegistryCredentials=[SHOWN_LOGIN])
        given: dict[str, Any] = {"image_registry_credentials": [LOGIN]}
        assert planned(given, same).steps == ()
        made = planned({**given, "update_password": "always"}, same)
        assert made.steps[0].fields == ("image_registry_credentials",)
        assert made.after is not None
        assert made.after["image_registry_credentials"] == [SAID_LOGIN]
        without = {"image_registry_credentials": [{**LOGIN, "password": None}], "update_password": "always"}
        assert planned(without, same).steps == ()
        assert planned({"update_password": "always"}, same).steps == ()

    @pytest.mark.parametrize(
        ("options", "request_"),
        [
            ({}, {"Images": ["nginx:1"]}),
            ({"images": None}, {"Images": ["nginx:0"]}),
            ({"images": None, "image_cache_size": 50}, {"ImageCacheSize": 50}),
            ({"image_cache_size": 20}, {"Images": ["nginx:1"], "ImageCacheSize": 20}),
        ],
    )
    def test_a_failed_update_is_repeated_with_its_contents(
        self, options: dict[str, Any], request_: dict[str, Any]
    ) -> None:
        (step,) = planned(options, shown(status="UpdateFailed", Images=["nginx:0"])).steps
        assert (step.action, step.request) == ("update", request_)


class TestKeptTags:
    """With purge_tags false, declared tags are added to those of the cache."""

    SHOWN = [{"Key": "team", "Value": "web"}, {"Key": "stage", "Value": "test"}]
    RECORD = {"Key": RECORD_TAG, "Value": tracking.make_record(BUILT)}
    ADDED = {"tags": {"stage": "prod", "new": "1"}, "purge_tags": False}
    ALL = {"team": "web", "stage": "prod", "new": "1"}

    def sent(self, request: Any) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in request["Tags"]}

    @pytest.mark.parametrize("tags", [{}, {"team": "web"}, {"team": "web", "stage": "test"}])
    def test_tags_that_are_there_are_no_difference(self, tags: dict[str, str]) -> None:
        there = shown(Tags=self.SHOWN)
        assert planned({"tags": tags, "purge_tags": False}, there).steps == ()
        assert bool(planned({"tags": tags}, there).steps) is (len(tags) < 2)

    def test_an_update_sends_all_and_keeps_the_record(self) -> None:
        made = planned(self.ADDED, shown(Tags=[*self.SHOWN, self.RECORD]))
        assert made.steps[0].fields == ("tags",)
        assert self.sent(made.steps[0].request) == {**self.ALL, RECORD_TAG: self.RECORD["Value"]}
        assert made.after is not None
        assert made.after["tags"] == self.ALL

    def test_a_record_is_added_beside_them(self) -> None:
        (step,) = planned({**self.ADDED, "track_build_settings": True}, shown(Tags=self.SHOWN)).steps
        assert self.sent(step.request) == {**self.ALL, RECORD_TAG: self.RECORD["Value"]}

    def test_nothing_is_sent_where_tags_are_not_shown(self) -> None:
        made = planned({**self.ADDED, "size": 50}, shown(Tags="?"))
        assert made.steps[0].fields == ("image_cache_size",)
        assert made.not_compared == ("tags",)

    def test_a_replacement_is_built_with_all(self) -> None:
        replacing = {**self.ADDED, "images": ["nginx:2"], "on_change": "replace"}
        made = planned(replacing, shown(Tags=self.SHOWN))
        assert self.sent(made.steps[0].request) == self.ALL
        assert made.after is not None
        assert made.after["tags"] == self.ALL
        purged = planned({**replacing, "purge_tags": True}, shown(Tags=self.SHOWN))
        assert self.sent(purged.steps[0].request) == self.ADDED["tags"]

    def test_a_replacement_that_takes_the_place_gets_all(self) -> None:
        replacing = {**self.ADDED, "images": ["nginx:2"], "on_change": "replace"}
        heir = spare(Images=["nginx:2"], Tags=[{"Key": "own", "Value": "x"}])
        (step,) = planned(replacing, shown(Tags=self.SHOWN), beside=[heir]).steps
        assert step.closing is not None
        assert self.sent(step.closing.request) == {"own": "x", **self.ALL}

    def test_a_failed_cache_is_rebuilt_with_all(self) -> None:
        _delete, create = planned(self.ADDED, shown(status="Failed", Tags=self.SHOWN)).steps
        assert self.sent(create.request) == self.ALL

    def test_a_new_cache_has_those_that_are_declared(self) -> None:
        (create,) = planned(self.ADDED).steps
        assert self.sent(create.request) == self.ADDED["tags"]


class TestReplace:
    def test_the_new_cache_is_built_before_the_old_one_goes(self) -> None:
        old = shown(RetentionDays=7, Tags=[{"Key": "a", "Value": "1"}])
        made = planned({"images": ["nginx:2"], "on_change": "replace"}, old)
        request = {**BUILDS, "RetentionDays": 7, "Tags": [{"Key": "a", "Value": "1"}]}
        step = Step("replace", None, ("images",), request, old="imc-1", closing=NAMING)
        after = {"image_cache_name": "web", "images": ["nginx:2"], "image_cache_size": 20}
        after.update(retention_days=7, tags={"a": "1"})
        assert made == Plan((step,), after, subject=old)

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
            # What else changes by it comes after what calls for it.
            (
                {"force_rebuild": True, "images": ["nginx:2"], "tags": {"a": "1"}},
                {},
                ["force_rebuild", "images", "tags"],
            ),
            (
                {"force_rebuild": True, "image_registry_credentials": [LOGIN], "update_password": "always"},
                {"ImageRegistryCredentials": [SHOWN_LOGIN]},
                ["force_rebuild", "image_registry_credentials"],
            ),
            # Not yet older than a day, by a hair.
            ({"max_age": "1d"}, {}, []),
            ({"max_age": "12h"}, {"CreationTime": "some day"}, []),
        ],
    )
    def test_what_calls_for_another_cache(
        self, options: dict[str, Any], old: dict[str, Any], reasons: list[str]
    ) -> None:
        made = planned(options, shown(**old))
        assert [list(step.fields) for step in made.steps if step.action == "replace"] == ([reasons] if reasons else [])

    def test_the_others_masked_passwords_are_lacking(self) -> None:
        old = shown(ImageRegistryCredentials=[SHOWN_LOGIN])
        change: dict[str, Any] = {"images": ["nginx:2"], "on_change": "replace"}
        made = planned(change, old)
        assert made.lacks_passwords
        assert "ImageRegistryCredentials" not in made.steps[0].request
        assert made.after is not None
        assert made.after["image_registry_credentials"] == []
        given = planned({**change, "image_registry_credentials": [LOGIN]}, old)
        assert not given.lacks_passwords
        assert given.after is not None
        assert given.after["image_registry_credentials"] == [SAID_LOGIN]
        open_ones = shown(ImageRegistryCredentials=[{**SHOWN_LOGIN, "Password": "p"}])
        carried = planned(change, open_ones)
        assert not carried.lacks_passwords
        assert carried.steps[0].request["ImageRegistryCredentials"] == [{**SHOWN_LOGIN, "Password": "p"}]

    def test_what_it_cannot_be_built_without_is_said(self) -> None:
        with pytest.raises(
            Refused, match=r"^'web' is to be replaced \(force_rebuild\), .* needs vpc_id, subnet_id too"
        ):
            planned({"force_rebuild": True, "vpc_id": None, "subnet_id": None}, shown())

    def test_without_a_name_it_would_not_be_found_again(self) -> None:
        with pytest.raises(Refused, match=r"^imc-1 is to be built anew, but it has no name"):
            planned({"force_rebuild": True, "image_cache_id": "imc-1", "image_cache_name": None}, shown())

    def test_one_that_fits_takes_the_place(self) -> None:
        heir = spare(Images=["nginx:2"])
        made = planned(
            {"images": ["nginx:2"], "on_change": "replace", "tags": {"a": "1"}}, shown(), beside=[spare("imc-0"), heir]
        )
        request = {"ImageCacheName": "web", "Tags": [{"Key": "a", "Value": "1"}]}
        closing = Step("update", None, ("image_cache_name", "tags"), request)
        replacing = Step("replace", "imc-2", ("images", "tags", "image_cache_name"), old="imc-1", closing=closing)
        after = {**heir.as_result(), "image_cache_name": "web", "tags": {"a": "1"}}
        assert made == Plan((Step("delete", "imc-0"), replacing), after, subject=shown())

    def test_a_record_that_it_lacks_comes_with_the_name(self) -> None:
        heir = spare(Images=["nginx:2"], Tags=[{"Key": "a", "Value": "1"}])
        made = planned(
            {"images": ["nginx:2"], "on_change": "replace", "track_build_settings": True}, shown(), beside=[heir]
        )
        assert made.steps[0].fields == ("images", "image_cache_name", "track_build_settings")
        assert made.after == {**heir.as_result(), "image_cache_name": "web", "track_build_settings": True}

    @pytest.mark.parametrize(
        ("heir", "options"),
        [
            (spare(status="Failed", Images=["nginx:2"]), {}),
            (spare(status="UpdateFailed", Images=["nginx:2"]), {}),
            (spare(Images=["nginx:3"]), {}),
            (spare(Images=["nginx:2"]), {"max_age": "12h"}),
        ],
        ids=["failed", "failed update", "other images", "too old"],
    )
    def test_one_that_does_not_fit_goes(self, heir: ImageCache, options: dict[str, Any]) -> None:
        made = planned({"images": ["nginx:2"], "on_change": "replace", **options}, shown(), beside=[heir])
        assert steps(made) == [("delete", "imc-2"), ("replace", None)]
        assert made.subject == shown()
        assert made.recovers == (heir if heir.status == "Failed" else None)

    @pytest.mark.parametrize(
        ("heir", "options"),
        [
            (spare(Images=["nginx:3"]), {"images": None}),
            (spare(ImageCacheSize=50), {}),
            (spare(), {"on_change": "fail"}),
        ],
        ids=["undeclared images", "undeclared size", "nothing may change"],
    )
    def test_one_whose_contents_nobody_declares_takes_no_place(self, heir: ImageCache, options: dict[str, Any]) -> None:
        made = planned(options, shown(), beside=[heir])
        assert steps(made) == [("delete", "imc-2")]
        assert made.after == shown().as_result()

    def test_what_nobody_declares_is_compared_as_a_set(self) -> None:
        cache, heir = shown(Images=["nginx:1", "redis:7"]), spare(Images=["redis:7", "nginx:1"])
        assert steps(planned({"images": None}, cache, beside=[heir])) == [("replace", "imc-2")]
        hidden = {"Images": None, "ImageCacheSize": None}
        assert steps(planned({"images": None}, shown(**hidden), beside=[spare(**hidden)])) == [("replace", "imc-2")]
        assert steps(planned({"images": None}, cache, beside=[spare(**hidden)])) == [("delete", "imc-2")]

    @pytest.mark.parametrize(
        ("status", "created", "taken"),
        [
            ("Ready", "2026-01-01T00:00:00Z", True),
            ("Ready", "2025-12-31T23:59:59Z", False),
            ("Ready", "2026-01-01T12:00:00Z", True),
            ("Pending", "2026-01-01T12:00:00Z", True),
            # What is found while it is built again, and what is found afterwards, are one plan.
            ("Pending", "2025-12-31T23:59:59Z", False),
            ("Ready", None, True),
        ],
    )
    def test_an_old_one_is_no_new_build(self, status: str, created: Optional[str], taken: bool) -> None:
        heir = spare(status=status, CreationTime=created)
        made = planned({"force_rebuild": True}, shown(), beside=[heir])
        assert steps(made)[-1] == ("replace", "imc-2" if taken else None)
        alone = planned({"force_rebuild": True}, beside=[heir])
        assert [action for action, _id in steps(alone)] == (["rename"] if taken else ["rename", "replace"])

    def test_the_cache_itself_is_recovered_before_a_failed_replacement(self) -> None:
        made = planned({}, shown(status="Failed"), beside=[spare(status="Failed")])
        assert steps(made) == [("delete", "imc-2"), ("delete", "imc-1"), ("create", None)]
        assert made.recovers == shown(status="Failed")
        updated = planned({"tags": {"a": "1"}}, shown(), beside=[spare(status="Failed")])
        assert steps(updated) == [("delete", "imc-2"), ("update", "imc-1")]
        assert updated.recovers is None

    def test_a_failed_one_counts_only_where_another_is_built(self) -> None:
        assert planned({}, shown(), beside=[spare(status="Failed")]).recovers is None
        left = planned({"recreate_failed": False}, shown(), beside=[spare(status="Failed")])
        assert steps(left) == [("delete", "imc-2")]
        with pytest.raises(BuildFailed, match=r"^status Failed$") as raised:
            planned({"force_rebuild": True, "recreate_failed": False}, shown(), beside=[spare(status="Failed")])
        assert (raised.value.cache, raised.value.missing, raised.value.kept) == (spare(status="Failed"), (), "imc-1")


class TestNameThatIsDue:
    """Nothing has the declared name, but a replacement is there."""

    CHANGE = {"images": ["nginx:2"], "on_change": "replace"}

    def test_one_that_fits_gets_the_name(self) -> None:
        heir = spare("imc-3", Images=["nginx:2"])
        made = planned(self.CHANGE, beside=[spare("imc-2"), heir])
        naming = Step("rename", "imc-3", ("image_cache_name",), {"ImageCacheName": "web"})
        after = {**heir.as_result(), "image_cache_name": "web"}
        assert made == Plan((Step("delete", "imc-2"), naming), after, subject=heir)

    def test_it_was_just_built_anew(self) -> None:
        fresh = {"force_rebuild": True}
        assert steps(planned(fresh, beside=[spare()])) == [("rename", "imc-2")]
        assert steps(planned({**self.CHANGE, **fresh}, beside=[spare()])) == [("rename", "imc-2"), ("replace", None)]

    def test_another_gets_the_name_and_is_replaced(self) -> None:
        made = planned(self.CHANGE, beside=[spare(), spare("imc-3")])
        naming = Step("rename", "imc-2", ("image_cache_name",), {"ImageCacheName": "web"})
        replacing = Step("replace", None, ("images",), BUILDS, old="imc-2", closing=NAMING)
        assert made.steps == (Step("delete", "imc-3"), naming, replacing)
        assert made.subject == spare()

    def test_only_failed_ones_are_built_anew(self) -> None:
        gone = [spare(status="Failed"), spare("imc-3", "Failed")]
        made = planned({}, beside=gone)
        assert steps(made) == [("delete", "imc-2"), ("delete", "imc-3"), ("create", None)]
        assert (made.recovers, made.subject, made.join) == (gone[0], None, None)
        with pytest.raises(BuildFailed) as raised:
            planned({"recreate_failed": False}, beside=gone)
        assert (raised.value.cache, raised.value.missing, raised.value.kept) == (gone[0], (), None)

    def test_one_whose_update_has_failed_is_built_anew(self) -> None:
        failed = spare(status="UpdateFailed")
        made = planned({}, beside=[failed])
        assert steps(made) == [("delete", "imc-2"), ("create", None)]
        assert made.recovers == failed
        # Where it cannot be, the name may still be given.
        assert steps(planned({"recreate_failed": False}, beside=[failed]))[0][0] in ("rename", "update")
        assert steps(planned({"vpc_id": None}, beside=[failed]))[0][0] in ("rename", "update")
        assert steps(planned({}, beside=[failed, spare("imc-3")])) == [("delete", "imc-2"), ("rename", "imc-3")]
        with pytest.raises(BuildFailed) as raised:
            planned({"on_change": "fail"}, beside=[failed])
        assert raised.value.cache == failed
        # One that is being updated is none whose update has failed.
        updating = spare("imc-3", "Updating")
        assert steps(planned({}, beside=[updating])) == [("rename", "imc-3")]
        assert steps(planned({"images": ["nginx:9"]}, beside=[failed, updating]))[0] == ("delete", "imc-2")
        assert steps(planned({"images": ["nginx:9"]}, beside=[failed, spare("imc-3")]))[0] == ("delete", "imc-2")

    def test_a_failed_cache_is_no_cache_that_must_not_change(self) -> None:
        made = planned({"on_change": "fail"}, shown(status="Failed"), beside=[spare()])
        assert steps(made) == [("replace", "imc-2")]
        assert steps(planned({"on_change": "fail"}, shown(status="Unknown"), beside=[spare()])) == [("delete", "imc-2")]
        assert steps(planned({"on_change": "fail"}, shown(status="Broken"), beside=[spare()])) == [("delete", "imc-2")]

    def test_a_failed_one_is_no_heir(self) -> None:
        made = planned({}, beside=[spare(status="Failed"), spare("imc-3")])
        assert steps(made) == [("delete", "imc-2"), ("rename", "imc-3")]
        assert made.recovers is None


class TestUnknownStatus:
    """One that the API may have some day: a build that is under way, and no failure."""

    def test_of_the_cache(self) -> None:
        made = planned({}, shown(status="Archiving"))
        assert (made.steps, made.join, made.recovers) == ((), "imc-1", None)

    def test_of_a_replacement(self) -> None:
        made = planned({}, beside=[spare(status="Archiving")])
        assert (steps(made), made.join) == ([("rename", "imc-2")], "imc-2")
        rebuilt = planned({"force_rebuild": True}, shown(), beside=[spare(status="Archiving", Images=["nginx:3"])])
        assert steps(rebuilt) == [("delete", "imc-2"), ("replace", None)]
        assert rebuilt.recovers is None

    def test_where_nothing_may_change(self) -> None:
        for status in ("Archiving", "Updating", "Wandering"):
            assert planned({"on_change": "fail"}, shown(status=status)).join == "imc-1"


class TestRecreate:
    def test_a_failed_cache_goes_and_is_created(self) -> None:
        failed = shown(status="Failed", RetentionDays=5)
        made = planned({"security_group_ids": ["sg-1"]}, failed)
        request = {**BUILDS, "ImageCacheName": "web", "Images": ["nginx:1"], "RetentionDays": 5}
        request["SecurityGroupIds"] = ["sg-1"]
        fields = ("image_cache_name", "images", "vpc_id", "subnet_id", "security_group_ids", "retention_days")
        # What never shows would read as new.
        after = {"image_cache_name": "web", "images": ["nginx:1"], "image_cache_size": 20}
        after.update(retention_days=5, tags={})
        create = Step("create", None, fields, request)
        assert made == Plan((Step("delete", "imc-1"), create), after, subject=failed, recovers=failed)

    def test_what_it_takes_over_and_what_it_lacks(self) -> None:
        failed = shown(status="Failed", Images=["nginx:0"], ImageRegistryCredentials=[SHOWN_LOGIN])
        made = planned({"images": None}, failed)
        assert made.lacks_passwords
        assert made.steps[1].request["Images"] == ["nginx:0"]

    def test_what_it_cannot_be_created_without_is_named(self) -> None:
        with pytest.raises(BuildFailed) as raised:
            planned({"vpc_id": None}, shown(status="Failed"))
        assert (raised.value.missing, raised.value.kept) == (["vpc_id"], None)
        with pytest.raises(BuildFailed) as raised:
            planned({"vpc_id": None, "recreate_failed": False}, shown(status="Failed"))
        assert raised.value.missing == ()

    def test_without_a_name_it_would_not_be_found_again(self) -> None:
        with pytest.raises(Refused, match="Give it one with image_cache_name"):
            planned({"image_cache_id": "imc-1", "image_cache_name": None}, shown(status="Failed"))


class TestRefusals:
    def test_an_id_is_not_created(self) -> None:
        with pytest.raises(Refused, match=r"^there is no image cache imc-7\. An id is given by the API"):
            planned({"image_cache_id": "imc-7"})

    def test_what_creating_needs_is_named(self) -> None:
        with pytest.raises(Refused) as raised:
            planned({"images": None, "subnet_id": None})
        assert str(raised.value) == (
            "there is no image cache named 'web', and creating it needs images, subnet_id too."
        )

    def test_a_failed_update_is_not_mended_where_nothing_may_change(self) -> None:
        with pytest.raises(BuildFailed) as raised:
            planned({"on_change": "fail"}, shown(status="UpdateFailed"))
        assert (raised.value.cache.id, raised.value.missing, raised.value.kept) == ("imc-1", (), None)

    def test_where_nothing_may_change_it_says_what_differs(self) -> None:
        options = {"on_change": "fail", "force_rebuild": True, "max_age": "12h", "track_build_settings": True}
        old = shown(Tags=[{"Key": RECORD_TAG, "Value": tracking.make_record({"vpc_id": "vpc-0"})}])
        with pytest.raises(Refused) as raised:
            planned({**options, "images": ["nginx:2"]}, old)
        assert str(raised.value).startswith(
            "'web' differs, and on_change is fail: images is ['nginx:1'], declared ['nginx:2'];"
            " vpc_id is another than it was built with, declared 'vpc-1'; force_rebuild asks for a new build;"
            " it was created at 2026-01-01T00:00:00Z, and max_age is 12h. Nothing was changed."
        )

    @pytest.mark.parametrize(
        ("options", "plan_in_place"),
        [
            ({"images": ["nginx:2"]}, True),
            ({"image_cache_size": 50}, True),
            ({"force_rebuild": True}, False),
            ({"images": ["nginx:2"], "force_rebuild": True}, False),
        ],
        ids=str,
    )
    def test_it_says_how_the_change_could_be_made(self, options: dict[str, Any], plan_in_place: bool) -> None:
        with pytest.raises(Refused) as raised:
            planned({"on_change": "fail", **options}, shown())
        way = "With on_change: update new images or a new size are built in place, and the cache is out of use"
        way = f"{way} meanwhile. "
        end = f"Nothing was changed. {way if plan_in_place else ''}With on_change: replace a new cache is built first."
        assert str(raised.value).endswith(end)

    def test_what_is_updated_in_place_may_change(self) -> None:
        (step,) = planned({"on_change": "fail", "tags": {"a": "1"}}, shown()).steps
        assert step.fields == ("tags",)


class TestJoin:
    @pytest.mark.parametrize(
        ("caches", "beside", "joined"),
        [
            ([shown(status="Pending")], [], "imc-1"),
            ([shown(status="Updating")], [spare(status="Pending", Images=["nginx:2"])], "imc-1"),
            ([shown()], [spare(status="Pending", Images=["nginx:2"])], "imc-2"),
            # One that does not fit is not waited for.
            ([shown()], [spare(status="Pending")], None),
            ([shown(status="UpdateFailed")], [], None),
            ([], [spare(status="Pending", Images=["nginx:2"])], "imc-2"),
            ([], [spare(Images=["nginx:2"])], None),
        ],
    )
    def test_a_build_that_is_under_way_comes_first(
        self, caches: list[ImageCache], beside: list[ImageCache], joined: Optional[str]
    ) -> None:
        made = planned({"images": ["nginx:2"], "on_change": "replace"}, *caches, beside=beside)
        assert made.join == joined


def test_what_runs_agree_on_is_what_is_left() -> None:
    mine, other, heir = shown(), shown("imc-9"), spare()
    found = Found((mine, other), (heir,))
    assert found.assuming_kept(other) == Found((other,))
    assert Found((mine,), (heir, spare("imc-3"))).assuming_kept(heir) == Found((mine,), (heir,))


@pytest.mark.parametrize("facts", [Found(), Step("delete", "imc-1"), Plan((), None), InPlaceUpdate({})], ids=type)
def test_facts_do_not_change(facts: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(facts, dataclasses.fields(facts)[0].name, None)


class TestDifference:
    def test_an_update_that_carries_nothing_is_none(self) -> None:
        assert not InPlaceUpdate({})
        assert InPlaceUpdate({"tags": {}})
        assert InPlaceUpdate({}, kept={"tags": {}})

    def test_a_record_goes_into_a_tag_where_tags_are_sent(self) -> None:
        tags = {"Tags": [{"Key": "a", "Value": "1"}, {"Key": RECORD_TAG, "Value": "r"}]}
        assert InPlaceUpdate({"tags": {"a": "1"}}, "r").request() == tags
        assert InPlaceUpdate({}, "r", {"tags": {"a": "1"}}).request() == tags
        # Declared tags win over those that are kept.
        assert InPlaceUpdate({"tags": {"a": "1"}}, "r", {"tags": {"b": "2"}}).request() == tags
        assert InPlaceUpdate({"retention_days": 5}, "r").request() == {"RetentionDays": 5}
        assert InPlaceUpdate({"tags": {}}).request() == {"Tags": []}

    def test_a_record_is_named_where_it_alone_is_why_tags_are_sent(self) -> None:
        carried = InPlaceUpdate({"retention_days": 5}, "r", {"tags": {}})
        assert carried.fields == ("retention_days", "track_build_settings")
        assert carried.recorded_note == {"track_build_settings": True}
        plain = InPlaceUpdate({"retention_days": 5, "images": []})
        assert (plain.fields, plain.recorded_note) == (("images", "retention_days"), {})

    @pytest.mark.parametrize(
        ("tags", "sent"),
        [
            ([], True),
            ([{"Key": RECORD_TAG, "Value": tracking.make_record(BUILT)}], False),
            ([{"Key": RECORD_TAG, "Value": tracking.make_record({"vpc_id": "vpc-1"})}], True),
        ],
    )
    def test_a_record_is_kept_up(self, tags: list[dict[str, str]], sent: bool) -> None:
        change = difference.plan_in_place(declared(track_build_settings=True), shown(Tags=tags))
        assert bool(change.kept) is sent
        assert change.record == tracking.make_record(BUILT)

    def test_without_tracking_the_record_stays(self) -> None:
        record = tracking.make_record({"vpc_id": "vpc-1"})
        change = difference.plan_in_place(declared(tags={"a": "1"}), shown(Tags=[{"Key": RECORD_TAG, "Value": record}]))
        assert (change.record, change.kept) == (record, {})

    def test_tags_that_are_not_shown_have_no_record(self) -> None:
        hidden = {field: value for field, value in cache().items() if field != "Tags"}
        change = difference.plan_in_place(declared(track_build_settings=True), ImageCache(hidden))
        assert (change.values, change.record, change.kept) == ({}, "", {})

    def test_what_is_outstanding_is_what_was_sent_and_does_not_show(self) -> None:
        desired = declared(images=["nginx:2"], tags={"a": "1"}, track_build_settings=True)
        assert difference.find_outstanding(desired, shown(), ["images"]) == ["images"]
        sent = ["tags", "images", "retention_days", "track_build_settings"]
        assert difference.find_outstanding(desired, shown(), sent) == ["tags", "images", "track_build_settings"]
        arrived = shown(Images=["nginx:2"], Tags=[{"Key": RECORD_TAG, "Value": tracking.make_record(BUILT)}])
        assert difference.find_outstanding(desired, arrived, sent) == ["tags"]

    def test_a_change_of_what_is_recorded_is_a_difference(self) -> None:
        old = shown(Tags=[{"Key": RECORD_TAG, "Value": tracking.make_record(BUILT)}])
        desired = declared(subnet_id="subnet-2", track_build_settings=True, tags={"a": "1"})
        assert [row.option for row in difference.find_differences(desired, old)] == ["subnet_id", "tags"]
        assert difference.find_build_differences(desired, old) == ["subnet_id"]
        assert difference.reasons_to_replace(desired, old, NOW, rebuilt=False) == ["subnet_id"]
        untracked = declared(subnet_id="subnet-2")
        assert difference.find_differences(untracked, old) == []

    def test_the_bound_of_age(self) -> None:
        for limit, is_too_old in (("1d", False), ("86399s", True)):
            assert difference.is_too_old(declared(max_age=limit), shown(), NOW) is is_too_old
        assert difference.is_too_old(declared(), shown(), NOW) is False
        # By a clock that is behind.
        assert difference.is_too_old(declared(max_age="1d"), shown(), NOW - 2 * 86400) is False

    def test_only_a_failed_update_is_repeated(self) -> None:
        for options in ({}, {"on_change": "replace"}):
            made = planned(options, shown(status="Updating"))
            assert (made.steps, made.join) == ((), "imc-1")

    @pytest.mark.parametrize(("on_change", "reasons"), [("fail", []), ("update", []), ("replace", ["images"])])
    def test_only_a_replace_is_asked_for_by_what_could_be_updated(self, on_change: str, reasons: list[str]) -> None:
        desired = declared(images=["nginx:2"], on_change=on_change)
        assert difference.reasons_to_replace(desired, shown(), NOW, rebuilt=False) == reasons

    def test_what_is_never_shown_is_said_without_what_it_was(self) -> None:
        old = shown(Tags=[{"Key": RECORD_TAG, "Value": tracking.make_record({"existed_eip_id": "eip-0"})}])
        desired = declared(existed_eip_id="eip-1", image_cache_size=50, track_build_settings=True)
        assert difference.describe_differences(desired, old, []) == [
            "existed_eip_id is another than it was built with, declared 'eip-1'",
            "image_cache_size is 20, declared 50",
        ]


class TestRecord:
    # What stands in the tags of caches that exist: another digest would read as a change of every setting.
    SETTINGS = {
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "security_group_ids": ["sg-2", "sg-1"],
        "existed_eip_id": "eip-1",
        "auto_create_eip": True,
        "auto_create_eip_attribute": {"delete_policy": "Never", "internet_max_bandwidth_out": None},
        "registry_skip_verify_list": ["h.example.com"],
        "registry_http_end_point_list": ["h.example.com"],
        "resolve_config": "nameserver 10.0.0.2",
    }
    RECORD = (
        "vpc-90727a.subnet-e062be.groups-54d9a7.eip-5a069f.auto-08fdd9.line-3527ed.skip-f3d14d.http-4e3558.dns-5313b2"
    )

    def tagged(self, record: str) -> ImageCache:
        return shown(Tags=[{"Key": RECORD_TAG, "Value": record}])

    def test_it_stays_as_it_was_written(self) -> None:
        assert tracking.make_record(self.SETTINGS) == self.RECORD
        assert tracking.make_record({**self.SETTINGS, "images": ["nginx:1"]}) == self.RECORD
        assert tracking.make_record({}) == ""

    def test_the_order_of_a_set_is_no_change(self) -> None:
        again = {**self.SETTINGS, "security_group_ids": ["sg-1", "sg-2", "sg-1"]}
        assert tracking.make_record(again) == self.RECORD
        line = {"delete_policy": "Never", "internet_max_bandwidth_out": 5}
        turned = dict(reversed(line.items()))
        assert tracking.make_record({"auto_create_eip_attribute": line}) == tracking.make_record(
            {"auto_create_eip_attribute": turned}
        )

    def test_it_is_read_back(self) -> None:
        read = tracking.read_record(self.tagged("vpc-0a1b2c.subnet-ffffff.http-12345.dns-ABCDEF"))
        assert read == {"vpc": "0a1b2c", "subnet": "ffffff"}
        assert tracking.read_record(shown()) == {}
        assert tracking.read_record(shown(Tags="?")) is None

    def test_what_is_not_recorded_is_unknown(self) -> None:
        old = self.tagged(tracking.make_record({"vpc_id": "vpc-0", "resolve_config": "x"}))
        assert [row.option for row in tracking.find_changed_rows(self.SETTINGS, old)] == ["vpc_id", "resolve_config"]
        assert tracking.find_changed_rows(self.SETTINGS, shown()) == []
        assert tracking.find_changed_rows(self.SETTINGS, shown(Tags="?")) == []
        assert tracking.find_changed_rows({}, old) == []

    def test_what_is_not_given_stays_recorded(self) -> None:
        old = self.tagged(tracking.make_record({"vpc_id": "vpc-0", "subnet_id": "subnet-1"}))
        expected = tracking.make_record({"vpc_id": "vpc-1", "subnet_id": "subnet-1"})
        assert tracking.update_record({"vpc_id": "vpc-1"}, old) == expected
        assert tracking.update_record(BUILT, shown()) == tracking.make_record(BUILT)
        assert tracking.update_record(BUILT, shown(Tags="?")) is None


class TestSuccessor:
    def test_what_a_cache_has_by_itself_is_left_to_the_api(self) -> None:
        plain = Successor(declared(images=None), shown(ImageCacheSize=20, RetentionDays=0))
        assert plain.values == {"image_cache_name": "web", "images": ["nginx:1"], **BUILT}
        other = Successor(declared(images=None), shown(ImageCacheSize=50, RetentionDays=3))
        assert (other.values["image_cache_size"], other.values["retention_days"]) == (50, 3)

    def test_what_is_declared_wins(self) -> None:
        new = Successor(declared(images=["nginx:2"], image_cache_size=30), shown(ImageCacheSize=50))
        assert (new.values["images"], new.values["image_cache_size"]) == (["nginx:2"], 30)

    def test_what_never_shows_is_told_where_it_has_changed(self) -> None:
        new = Successor(declared(retention_days=1), shown(RetentionDays=0))
        assert new.compare_with_old(["subnet_id"]) == {
            "image_cache_name": "web",
            "images": ["nginx:1"],
            "image_cache_size": 20,
            "retention_days": 1,
            "tags": {},
            "subnet_id": "subnet-1",
        }

    def test_what_creating_needs(self) -> None:
        assert Successor(declared()).missing == []
        assert Successor(declared(images=None, vpc_id=None, subnet_id=None)).missing == [
            "images",
            "vpc_id",
            "subnet_id",
        ]
        assert Successor(declared(images=None), shown()).missing == []

    def test_one_masked_password_is_enough_to_lack_them(self) -> None:
        known = {**SHOWN_LOGIN, "Server": "r.example.com", "Password": "p"}
        new = Successor(declared(), shown(ImageRegistryCredentials=[known, SHOWN_LOGIN]))
        assert new.lacks_passwords
        assert not Successor(declared(), shown(ImageRegistryCredentials=[known])).lacks_passwords
        assert Successor(declared(), shown()).lacks_passwords is False

    def test_the_record_is_of_all_that_is_given(self) -> None:
        assert Successor(declared(track_build_settings=True)).record == tracking.make_record(BUILT)
        assert Successor(declared()).record == ""


def test_the_actions_names_are_those_of_results() -> None:
    assert (plan.CREATE, plan.UPDATE, plan.RENAME, plan.REPLACE, plan.DELETE) == (
        "create",
        "update",
        "rename",
        "replace",
        "delete",
    )
