# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the events of a build say about its phase, its failure and its stall."""

from __future__ import annotations

from typing import Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis import causes
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import (
    build_failure,
    describe_stall,
    phase,
    recovered_failure,
)
from unit.support.events import STEPS, cache_with, cache_with_times, normal_events

MESSAGES: list[tuple[str, str, Optional[str]]] = [
    ("write /var/lib/containerd/x: no space left on device", "image_cache_size", "at least 3 times"),
    ("failed to extract layer: NO SPACE LEFT ON DEVICE", "image_cache_size", None),
    ("unexpected status code 401 Unauthorized", "image_registry_credentials", "without a scheme"),
    ("pull access denied, repository does not exist or may require authorization", "image_registry_credentials", None),
    ("no basic auth credentials", "image_registry_credentials", None),
    ("nginx:1.99: not found", "images", "no such image or tag"),
    ("manifest unknown: manifest tagged by 1.99 is not found", "images", None),
    ("no match for platform in manifest", "images", "linux/amd64"),
    ("dial tcp 1.2.3.4:443: i/o timeout", "auto_create_eip", "auto_create_eip: true"),
    ("context deadline exceeded", "existed_eip_id", None),
    ("connect: connection timed out", "security_group_ids", None),
    ("dial tcp: lookup harbor.example.com: no such host", "resolve_config", "DNS server"),
    ("lookup harbor.example.com on 10.0.0.2:53: read udp: i/o timeout", "resolve_config", None),
    ("x509: certificate signed by unknown authority", "registry_skip_verify_list", None),
    ("http: server gave HTTP response to HTTPS client", "registry_http_end_point_list", "plain HTTP"),
    (
        "429 Too Many Requests - toomanyrequests: pull rate limit",
        "image_registry_credentials",
        None,
    ),
    ("ResourceInsufficient: the zone has no stock", "subnet_id", "another zone"),
]


@pytest.mark.parametrize(("message", "option", "words"), MESSAGES)
def test_warning_gives_options_and_hint(message: str, option: str, words: Optional[str]) -> None:
    failure = build_failure(cache_with(*normal_events(*STEPS[:2]), ("Warning", "Failed", message)))
    assert failure["phase"] == "EksCiCreated"
    assert (failure["reason"], failure["message"]) == ("Failed", message)
    assert option in failure["options"]
    assert words is None or words in failure["hint"]


@pytest.mark.parametrize("message", ["insufficient balance", "LimitExceeded.Disk", "the quota of snapshots is used up"])
def test_balance_or_quota_failure_names_no_option(message: str) -> None:
    failure = build_failure(cache_with(("warning", "CreateFailed", message)))
    assert (failure["phase"], failure["options"]) == (None, [])
    assert "quota" in failure["hint"]


@pytest.mark.parametrize(
    ("reasons", "reached", "words"),
    [
        ((), None, "balance"),
        (STEPS[:1], "DiskCreated", "another zone"),
        (STEPS[:2], "EksCiCreated", "no route to the registry"),
        (STEPS[:3], "SnapCreated", "snapshot was not created"),
        (("diskcreated", "eksciCREATED"), "EksCiCreated", "no route to the registry"),
        (STEPS, "DiskDeleted", "The cause is unknown"),
    ],
)
def test_failure_without_warning_is_explained_by_last_step(
    reasons: tuple[str, ...], reached: Optional[str], words: str
) -> None:
    failure = build_failure(cache_with(*normal_events(*reasons)))
    assert (failure["phase"], failure["reason"], failure["message"]) == (reached, None, None)
    assert words in failure["hint"]


def test_newest_warning_with_known_cause_is_reported() -> None:
    failed = cache_with(
        *normal_events(*STEPS[:2]),
        ("Warning", "Pull", "manifest unknown"),
        ("Warning", "Pull", "no space left on device"),
        ("Warning", "Backoff", "giving up"),
    )
    assert build_failure(failed)["message"] == "no space left on device"
    unknown = cache_with(("Warning", "First", "one"), ("Warning", "Second", "two"))
    assert build_failure(unknown)["reason"] == "Second"


def test_update_restarts_phases() -> None:
    assert phase(cache_with(*normal_events(*STEPS, *STEPS[:2]))) == "EksCiCreated"
    assert phase(cache_with(*normal_events(*STEPS, *STEPS[:1]))) == "DiskCreated"


def test_stalled_build_is_explained() -> None:
    assert "no route to the registry" in describe_stall(cache_with(*normal_events(*STEPS[:2]), status="Pending"))
    assert describe_stall(cache_with(*normal_events(*STEPS[:3]), status="Pending")) == ""
    warned = cache_with(*normal_events(*STEPS[:2]), ("Warning", "Pull", "no such host"), status="Pending")
    assert describe_stall(warned).startswith("Pull: no such host. The host name of the registry")


def test_failure_reports_all_fields() -> None:
    failed = cache_with(*normal_events("DiskCreated"), ("Warning", "Pull", "no match for platform"))
    expected = {
        "phase": "DiskCreated",
        "reason": "Pull",
        "message": "no match for platform",
        "hint": "The image does not support linux/amd64. Use an image that does.",
        "options": ["images"],
    }
    assert build_failure(failed) == expected
    listed = [(event["type"], event["reason"]) for event in recovered_failure(failed)["events"]]
    assert listed == [("Warning", "Pull"), ("Normal", "DiskCreated")]
    assert {**recovered_failure(failed), "events": []} == {**expected, "image_cache_id": "imc-1", "events": []}


def test_reason_of_warning_finds_cause() -> None:
    failed = cache_with(("Warning", "ResourcesSoldOut", "no"))
    assert build_failure(failed)["options"] == ["subnet_id", "vpc_id"]


def test_warning_or_unknown_step_is_no_phase() -> None:
    assert (
        phase(cache_with(*normal_events("DiskCreated"), ("Warning", "EksCiCreated", ""), *normal_events("Scheduled")))
        == "DiskCreated"
    )
    assert phase(cache_with(*normal_events("Scheduled"))) is None
    assert phase(cache_with(*normal_events("DiskCreated", "Scheduled", "EksCiCreated"))) == "EksCiCreated"


@pytest.mark.parametrize("reached", range(len(STEPS)))
def test_each_step_of_successful_build_is_a_phase(reached: int) -> None:
    assert phase(cache_with(*normal_events(*STEPS[: reached + 1]))) == STEPS[reached]


def test_event_of_unknown_type_is_no_warning() -> None:
    assert build_failure(cache_with(("Weird", "Pull", "no space left")))["reason"] is None


def test_new_build_starts_only_at_newer_disk_event() -> None:
    assert phase(cache_with_times(("EksCiCreated", "01"), ("DiskCreated", "02"))) == "DiskCreated"
    assert phase(cache_with_times(("EksCiCreated", "01"), ("DiskCreated", "01"))) == "EksCiCreated"
    assert phase(cache_with_times(("EksCiCreated", None), ("DiskCreated", "02"))) == "EksCiCreated"
    assert phase(cache_with_times(("DiskCreated", "02"), ("EksCiCreated", None))) == "EksCiCreated"
    # Only the event of a disk starts a build.
    assert phase(cache_with_times(("SnapCreated", "01"), ("EksCiCreated", "02"))) == "SnapCreated"
    # If a time is missing, the order of the listing counts.
    assert phase(cache_with_times(("EksCiCreated", "05"), ("DiskCreated", "02"), ("Scheduled", None))) == "EksCiCreated"
    assert phase(cache_with_times(("Scheduled", None), ("DiskCreated", "02"), ("EksCiCreated", "05"))) == "EksCiCreated"
    assert (
        phase(cache_with_times(("EksCiCreated", "01"), ("SnapCreated", "02"), ("DiskCreated", "02"))) == "SnapCreated"
    )


def test_warning_of_earlier_build_is_ignored() -> None:
    listed = cache_with(("Normal", "DiskCreated", ""), ("Warning", "Pull", "not found"), *normal_events(*STEPS[:2]))
    assert (build_failure(listed)["reason"], build_failure(listed)["phase"]) == (None, "EksCiCreated")


def test_warning_explains_stalled_build_in_any_phase() -> None:
    warned = cache_with(("Warning", "Pull", "giving up."), status="Pending")
    assert describe_stall(warned) == "Pull: giving up. " + causes.NO_MONEY_OR_QUOTA.hint
    shouting = cache_with(("Warning", "Pull", "more than MAX."), status="Pending")
    assert describe_stall(shouting).startswith("Pull: more than MAX. The account")
    assert describe_stall(cache_with(*normal_events("DiskCreated"), status="Pending")) == ""
    assert describe_stall(cache_with(status="Pending")) == ""
