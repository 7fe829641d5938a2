# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image_cache_info module: filters, pages, ages, and the cache that a Pod would use."""

from __future__ import annotations

from typing import Any

import pytest
from emulator import BuildFailure, Emulator, Fault, settings_of

from .caches import LIST, create_cache, create_cache_of_age, start_build
from .controller import INFO, MODULE, WEB, Controller, Run
from .processes import ModuleProcesses

MATCH = "GetMostSuitableImageCache"


def listed_names(run: Run) -> list[Any]:
    assert run.status == 0, run.output
    return sorted(str(cache["image_cache_name"]) for cache in run.result["image_caches"])


def test_playbook_lists_caches_with_ages_and_match(emulator: Emulator, controller: Controller) -> None:
    create_cache_of_age(
        emulator, 41.5, 35.25, ImageCacheName="web", Tags=[{"Key": "team", "Value": "web"}], RetentionDays=90
    )
    create_cache_of_age(
        emulator, 2, None, ImageCacheName="fresh", shown={"ImageCacheType": "auto", "ImageCacheName": ""}
    )
    for arguments in ((), ("--check", "--diff")):
        run = controller.play({INFO: {"match_images": ["nginx:1.27.3", "redis"]}}, arguments=arguments)
        assert run.status == 0, run.output
        assert run.result["changed"] is False
        assert "diff" not in run.result
        web, fresh = sorted(run.result["image_caches"], key=lambda cache: -cache["age_days"])
        assert (web["age_days"], web["days_since_match"], web["never_expires"]) == (41.5, 35.25, False)
        assert (web["days_until_expiry"], fresh["days_until_expiry"]) == (48.5, None)
        assert web["tags"] == {"team": "web"}
        assert (fresh["age_days"], fresh["days_since_match"], fresh["image_cache_type"]) == (2.0, None, "auto")
        assert run.result["match"] == {
            "found": False,
            "image_cache": None,
            "covered": [],
            "missing": ["nginx:1.27.3", "redis"],
        }
    assert emulator.calls() == [LIST, MATCH] * 2


def test_events_option_selects_events_of_last_build_all_or_none(emulator: Emulator, controller: Controller) -> None:
    cache = emulator.region().caches[create_cache_of_age(emulator, 2, ImageCacheName="web")]
    emulator.settings.failures = [BuildFailure("broken", "NoSpace", "no space left on device")]
    failed = controller.web(images=["broken:1"])
    last = ["NoSpace", "EksCiCreated", "DiskCreated"]
    assert [event["reason"] for event in failed.result["image_cache"]["events"]] == last
    # The disk of the first build has another name, which must not appear.
    assert cache.builds[0].suffix not in failed.output
    tasks = [{INFO: {"match_images": ["a:1"], **given}} for given in ({}, {"events": "all"}, {"events": "none"})]
    shown = [result["image_caches"][0]["events"] for result in controller.play(*tasks).results]
    assert [event["reason"] for event in shown[0]] == last
    assert len(shown[1]) == 5 + 3
    assert shown[2] == []


def test_region_without_caches_gives_empty_list(emulator: Emulator, processes: ModuleProcesses) -> None:
    assert processes.info().result["image_caches"] == []


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["", "ci-1", "ci-2", "web", "web"]),
        ({"image_cache_names": ["web", "nobody", "web"]}, ["web", "web"]),
        ({"image_cache_names": ["we"]}, []),
        ({"name_pattern": "ci-[12]"}, ["ci-1", "ci-2"]),
        ({"statuses": ["Pending"]}, ["ci-2"]),
        ({"statuses": ["Ready", "Failed"], "name_pattern": "*i-*"}, ["ci-1"]),
        ({"tags": {"team": "ci"}}, ["ci-1"]),
        ({"tags": {"team": "ci", "run": 7}}, ["ci-1"]),
        ({"tags": {"team": "ci", "run": "8"}}, []),
        ({"contains_image": "redis:7"}, ["web"]),
        ({"contains_image": "nginx:*"}, ["ci-1", "ci-2", "web", "web"]),
        ({"contains_image": "nginx*"}, ["ci-1", "ci-2", "web", "web"]),
        ({"contains_image": "redis:[78]"}, ["web"]),
        ({"contains_image": "busybox"}, [""]),
        ({"contains_image": "busybox:latest"}, [""]),
        ({"contains_image": "nginx"}, []),
    ],
    ids=str,
)
def test_listed_caches_match_all_given_filters(
    emulator: Emulator, processes: ModuleProcesses, filters: dict[str, Any], found: list[str]
) -> None:
    emulator.settings.fuzzy_names = True
    create_cache(emulator, ImageCacheName="web")
    create_cache(emulator, ImageCacheName="web", Images=["nginx:1", "redis:7"])
    tags = [{"Key": "team", "Value": "ci"}, {"Key": "run", "Value": "7"}]
    create_cache(emulator, ImageCacheName="ci-1", Tags=tags)
    start_build(emulator, ImageCacheName="ci-2")
    create_cache(emulator, ImageCacheName="", Images=["busybox"])
    emulator.settings.build_seconds = 600
    emulator.region().caches[list(emulator.region().caches)[3]].builds[-1].seconds = 600
    assert listed_names(processes.info(**filters)) == found


@pytest.mark.parametrize("world", ["default", "never expires is empty", "optional fields are missing"])
def test_expires_within_selects_caches_that_expire_by_then(
    emulator: Emulator, processes: ModuleProcesses, world: str
) -> None:
    for option in ("never_expires_as", "omitted_fields"):
        setattr(emulator.settings, option, getattr(settings_of(world), option))
    for name, age, retention in (("past", 9, 8), ("soon", 2.5, 9), ("later", 1, 30), ("never", 50, 0)):
        create_cache_of_age(emulator, age, ImageCacheName=name, RetentionDays=retention)
    create_cache_of_age(emulator, 3, ImageCacheName="unknown", shown={"ExpireDateTime": "?", "RetentionDays": None})
    run = processes.info(expires_within="7d")
    assert listed_names(run) == ["past", "soon"]
    days = {cache["image_cache_name"]: cache["days_until_expiry"] for cache in run.result["image_caches"]}
    assert days == {"past": -1.0, "soon": 6.5}
    assert listed_names(processes.info(expires_within="1h")) == ["past"]
    assert listed_names(processes.info(expires_within="5w")) == ["later", "past", "soon"]


def test_ids_and_names_given_together_must_both_match(emulator: Emulator, processes: ModuleProcesses) -> None:
    web, other = create_cache(emulator), create_cache(emulator, ImageCacheName="other")
    assert listed_names(processes.info(image_cache_ids=[web, other, "imc-none"])) == ["other", "web"]
    assert listed_names(processes.info(image_cache_ids=[web, other], image_cache_names=["other"])) == ["other"]


def test_all_pages_are_read_and_many_names_are_split_into_several_calls(
    emulator: Emulator, processes: ModuleProcesses
) -> None:
    ids = [create_cache(emulator, ImageCacheName=f"c-{number:03}") for number in range(120)]
    assert len(listed_names(processes.info())) == 120
    assert len(emulator.calls()) == 3
    emulator.received.clear()
    assert len(listed_names(processes.info(image_cache_ids=ids))) == 120
    assert [len(r.parameters["ImageCacheIds"]) for r in emulator.received] == [50, 50, 20]
    emulator.received.clear()
    assert len(listed_names(processes.info(image_cache_names=[f"c-{number:03}" for number in range(100)]))) == 100
    assert len(emulator.calls()) == 2


def test_names_that_the_api_refuses_together_are_split_into_tens(
    emulator: Emulator, processes: ModuleProcesses
) -> None:
    emulator.settings.most_listed_at_once = 10
    names = [f"c-{number:03}" for number in range(24)]
    for name in names:
        create_cache(emulator, ImageCacheName=name)
    assert listed_names(processes.info(image_cache_names=names)) == names
    assert [len(r.parameters["ImageCacheNames"]) for r in emulator.received] == [24, 10, 10, 4]


def test_inconsistent_pages_give_a_warning(emulator: Emulator, processes: ModuleProcesses) -> None:
    create_cache(emulator)
    emulator.faults.append(Fault.lie(lambda response: {**response, "TotalCount": 7}, LIST, times=99))
    run = processes.info()
    assert listed_names(run) == ["web"]
    assert run.result["warnings"] == [
        "The listing changed while it was read: it returned 1 image caches, but its total is 7."
        " Run again if an image cache is missing."
    ]


class TestMatch:
    def test_smallest_cache_is_returned(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        create_cache(emulator, ImageCacheSize=50)
        small = create_cache_of_age(emulator, 3, ImageCacheName="small")
        match = processes.info(match_images=["nginx:1.27.3"]).result["match"]
        assert match["found"] is True
        assert match["image_cache"]["image_cache_id"] == small
        assert match["image_cache"]["age_days"] == 3.0
        assert (match["covered"], match["missing"]) == (["nginx:1.27.3"], [])

    def test_images_are_reported_as_covered_or_missing(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        image_cache_id = create_cache(emulator, Images=["nginx:1", "busybox"])
        shown = emulator.region().shown(emulator.region().caches[image_cache_id])
        emulator.faults.append(Fault.lie(lambda response: {**response, "Found": True, "ImageCache": shown}, MATCH))
        match = processes.info(match_images=["busybox:latest", "redis:7", "nginx:1"]).result["match"]
        assert (match["covered"], match["missing"]) == (["busybox:latest", "nginx:1"], ["redis:7"])

    def test_cache_is_only_found_for_its_snapshotter(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        create_cache(emulator)
        for snapshotter, found in (("overlay", True), ("nydus", False)):
            run = processes.info(match_images=["nginx:1.27.3"], snapshotter=snapshotter)
            assert run.result["match"]["found"] is found
            assert emulator.received[-1].parameters["Snapshotter"] == snapshotter

    @pytest.mark.parametrize(
        "lie", [{"Found": "yes"}, {"Found": True, "ImageCache": None}, {"Found": True, "ImageCache": {}}, {}], ids=str
    )
    def test_invalid_answer_fails(self, emulator: Emulator, processes: ModuleProcesses, lie: dict[str, Any]) -> None:
        emulator.faults.append(Fault.lie(lambda response: {"RequestId": "r", **lie}, MATCH, times=9))
        run = processes.info(match_images=["nginx:1"], api_retries=0)
        assert run.status != 0
        assert run.result["error"]["action"] == MATCH
        assert run.result["image_caches"] == []


def test_empty_list_selects_nothing_without_a_listing_call(emulator: Emulator, controller: Controller) -> None:
    create_cache(emulator)
    tasks: list[dict[str, Any]] = [
        *({INFO: {option: "{{ [] }}"}} for option in ("image_cache_ids", "image_cache_names", "statuses")),
        {INFO: {"image_cache_ids": [], "image_cache_names": ["web"]}},
        {INFO: {"image_cache_names": ["web"], "statuses": []}},
    ]
    run = controller.play(*tasks)
    assert run.status == 0, run.output
    assert [result["image_caches"] for result in run.results] == [[]] * 5
    assert emulator.received == []
    matched = controller.play({INFO: {"image_cache_names": [], "match_images": ["nginx:1.27.3"]}}).result
    assert (matched["image_caches"], matched["match"]["found"]) == ([], True)
    assert emulator.calls() == [MATCH]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statuses": [""]}, "value of statuses must be one or more of"),
        ({"tags": {}}, "tags is empty"),
        ({"image_cache_ids": [""]}, "image_cache_ids[0] is empty"),
        ({"name_pattern": ""}, "name_pattern is empty"),
        ({"match_images": []}, "match_images is empty"),
        ({"match_images": ["a:1", " "]}, "match_images[1] is empty"),
        ({"match_images": ["a:1", "a:"]}, "match_images[1]: invalid image reference 'a:': the tag after the colon is"),
        ({"contains_image": "NGINX"}, "contains_image: invalid image reference 'NGINX': the repository"),
        ({"contains_image": ""}, "contains_image is empty"),
        ({"expires_within": "soon"}, "Invalid expires_within: expected a duration above 0 such as 7d, 12h or 30m"),
        ({"expires_within": "0d"}, "Invalid expires_within"),
        ({"snapshotter": "overlay"}, "snapshotter requires match_images"),
        ({"snapshotter": "", "match_images": ["a:1"]}, "snapshotter is empty"),
        ({"statuses": ["ready"]}, "value of statuses must be one or more of: Pending, Ready"),
        ({"tags": {"": "x"}}, "needs a non-empty key"),
    ],
)
def test_invalid_options_are_refused_before_any_request(
    emulator: Emulator, processes: ModuleProcesses, options: dict[str, Any], message: str
) -> None:
    run = processes.info(**options)
    assert run.status != 0
    assert message in run.result["msg"]
    assert emulator.received == []


def test_denied_listing_names_the_permission_to_grant(emulator: Emulator, controller: Controller) -> None:
    emulator.faults.append(Fault.error("UnauthorizedOperation.CamNoAuth", LIST))
    run = controller.play({INFO: {}})
    assert run.status != 0
    assert "allow tke:DescribeImageCaches on resource *" in run.result["msg"]
    assert run.result["error"]["code"] == "UnauthorizedOperation.CamNoAuth"


def test_registry_passwords_are_not_shown(emulator: Emulator, controller: Controller) -> None:
    credentials = [{"Server": "h.example.com", "Username": "u", "Password": "canary-in-list"}]
    create_cache(emulator, ImageCacheName="web", ImageRegistryCredentials=credentials)
    tasks = [{INFO: {"match_images": ["nginx:1.27.3"]}}, {MODULE: WEB}]
    run = controller.play(*tasks, arguments=("-vvvv", "--diff"))
    assert run.status == 0, run.output
    assert run.results[0]["image_caches"][0]["image_registry_credentials"] == [
        {"server": "h.example.com", "username": "u", "name": None}
    ]
    assert "canary-in-list" not in run.output
