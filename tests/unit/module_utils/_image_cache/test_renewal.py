# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans with min_days_left: when the retention of a cache is renewed, and with which value."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import Found, Plan, make_plan
from unit.support.plans import CREATED, NOW, declaration, observed_cache, observed_replacement, plan_run, steps_of

KEEP: dict[str, Any] = {"retention_days": 30, "min_days_left": 5}
UNREADABLE = {"CreationTime": "some day"}
DAY = 86400


def time_after(days: float) -> str:
    """Return the time some days after the creation, as the API shows it."""
    assert CREATED is not None
    return (CREATED + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def retention_sent(plan: Plan) -> Optional[int]:
    """Return the retention that a plan sends, None if the plan is empty."""
    if not plan.steps:
        return None
    (step,) = plan.steps
    assert (step.action, step.fields) == ("update", ("retention_days",))
    assert set(step.request) == {"RetentionDays"}
    assert plan.after is not None
    assert plan.after["retention_days"] == step.request["RetentionDays"]
    return int(step.request["RetentionDays"])


@pytest.mark.parametrize(
    ("age", "left", "shown", "sent"),
    [
        (26.5, 3.5, 30, 57),
        (26.0, 4.0, 30, 56),
        # The listed date counts, not the retention.
        (26.5, 5.0, 30, None),
        (26.5, 4.99, 300, 57),
        # The cache has expired but is still listed.
        (31.5, -1.5, 30, 62),
        # A longer retention is no difference, a shorter one is.
        (1.5, 90.0, 91, None),
        (1.5, 28.5, 30, None),
        (1.5, 20.0, 21, 30),
        (1.5, 36500.0, 0, 30),
        (25.0, 9.0, 21, 30),
        # Counted from the creation, the declared retention would leave less than five days.
        (25.5, 9.0, 21, 56),
        (99.5, 36500.0, 0, 130),
        # Without a listed retention, the date alone counts.
        (26.5, 3.5, None, 57),
        (26.5, 5.5, None, None),
    ],
)
def test_cache_with_too_few_days_left_gets_its_age_and_the_declared_retention(
    age: float, left: float, shown: Optional[int], sent: Optional[int]
) -> None:
    fields = {"ExpireDateTime": time_after(age + left), **({} if shown is None else {"RetentionDays": shown})}
    plan = make_plan(declaration(**KEEP), Found((observed_cache(**fields),)), NOW + (age - 1) * DAY)
    assert retention_sent(plan) == sent
    assert plan.unreadable is None
    renewed = sent is not None and left < 5
    assert [step.expires_in for step in plan.steps] == (
        [pytest.approx(left, abs=0.001)] if renewed else [None] * bool(sent)
    )


@pytest.mark.parametrize(
    ("fields", "sent", "unreadable"),
    [
        # Without a readable date, the retention counts from the creation.
        ({"RetentionDays": 5}, 31, None),
        ({"RetentionDays": 30}, None, None),
        ({"RetentionDays": 30, "ExpireDateTime": "?"}, None, None),
        ({"ExpireDateTime": ""}, None, None),
        ({}, None, "expiry time"),
        ({"ExpireDateTime": "?"}, None, "expiry time"),
        ({**UNREADABLE, "RetentionDays": 30}, None, "expiry time"),
        ({**UNREADABLE, "RetentionDays": 30, "ExpireDateTime": time_after(4)}, None, "creation time"),
        ({**UNREADABLE, "RetentionDays": 30, "ExpireDateTime": time_after(9)}, None, None),
        # The age cannot be added, so the retention is sent as declared.
        ({**UNREADABLE, "RetentionDays": 0}, 30, None),
        ({**UNREADABLE, "RetentionDays": 9}, 30, "expiry time"),
    ],
    ids=str,
)
def test_cache_is_not_renewed_if_a_time_cannot_be_read(
    fields: dict[str, Any], sent: Optional[int], unreadable: Optional[str]
) -> None:
    plan = plan_run(KEEP, observed_cache(**fields))
    assert (retention_sent(plan), plan.unreadable) == (sent, unreadable)
    assert plan_run({}, observed_cache(**fields)).unreadable is None


def test_clock_that_is_late_gives_the_declared_retention() -> None:
    cache = observed_cache(RetentionDays=30, ExpireDateTime=time_after(1))
    assert retention_sent(make_plan(declaration(**KEEP), Found((cache,)), NOW - 2 * DAY)) == 30


def test_longer_retention_is_a_difference_without_min_days_left() -> None:
    assert retention_sent(plan_run({"retention_days": 30}, observed_cache(RetentionDays=60))) == 30


def test_predicted_expiry_is_unknown_and_other_changes_go_along() -> None:
    cache = observed_cache(RetentionDays=30, ExpireDateTime=time_after(2))
    plan = plan_run({**KEEP, "tags": {"a": "1"}, "security_group_ids": ["sg-1"], "on_change": "fail"}, cache)
    (step,) = plan.steps
    assert step.fields == ("security_group_ids", "retention_days", "tags")
    assert step.request["RetentionDays"] == 31
    assert plan.after is not None
    assert (plan.after["expires_at"], plan.after["never_expires"]) == (None, False)


@pytest.mark.parametrize(
    "options",
    [
        {"force_rebuild": True},
        {"max_age": "12h"},
        {"images": ["nginx:2"], "on_change": "replace"},
    ],
    ids=str,
)
def test_replace_wins_over_renewal_and_builds_with_the_declared_retention(options: dict[str, Any]) -> None:
    for shown in (30, 60):
        plan = plan_run({**KEEP, **options}, observed_cache(RetentionDays=shown, ExpireDateTime=time_after(2)))
        (step,) = plan.steps
        assert (step.action, step.request["RetentionDays"], step.expires_in) == ("replace", 30, None)
        assert ("retention_days" in step.fields) is (shown != 30)
        assert plan.after is not None
        assert plan.after["retention_days"] == 30


def test_failed_cache_is_rebuilt_with_the_declared_retention() -> None:
    cache = observed_cache(status="Failed", RetentionDays=60, ExpireDateTime=time_after(2))
    _delete, create = plan_run(KEEP, cache).steps
    assert create.request["RetentionDays"] == 30


def test_replacement_that_expires_soon_is_renewed_when_it_is_renamed() -> None:
    replacement = {"Images": ["nginx:2"], "RetentionDays": 30}
    options = {**KEEP, "images": ["nginx:2"], "on_change": "replace"}
    for left, request in ((2, {"RetentionDays": 31}), (9, {})):
        other = observed_replacement(**replacement, ExpireDateTime=time_after(1 + left))
        plan = plan_run(options, observed_cache(), replacements=[other])
        assert steps_of(plan) == [("replace", "imc-2")]
        assert plan.steps[0].closing is not None
        assert plan.steps[0].closing.request == {"ImageCacheName": "web", **request}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"min_days_left": 5}, "min_days_left requires retention_days above 0"),
        ({"min_days_left": 5, "retention_days": 0}, "min_days_left requires retention_days above 0"),
        ({"min_days_left": 0, "retention_days": 5}, "Invalid min_days_left: expected 1 or more, got 0"),
        ({"min_days_left": -1, "retention_days": 5}, "Invalid min_days_left: expected 1 or more, got -1"),
        ({"min_days_left": 5, "retention_days": 5}, r"expected less than retention_days \(5\), got 5"),
        ({"min_days_left": 6, "retention_days": 5}, r"expected less than retention_days \(5\), got 6"),
        ({"min_days_left": 5, "retention_days": -1}, "Invalid retention_days: expected 0 or more, got -1"),
    ],
    ids=str,
)
def test_days_that_cannot_be_kept_are_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        declaration(**options)


def test_absent_cache_needs_no_retention() -> None:
    assert not declaration(state="absent", min_days_left=5).present


@pytest.mark.parametrize("restarts", [False, True])
def test_cache_reconciled_once_in_min_days_left_never_expires(restarts: bool) -> None:
    for retention in range(2, 13):
        for least in range(1, retention):
            check_year(retention, least, restarts)


def check_year(retention: int, least: int, restarts: bool) -> None:
    """Check a cache that is reconciled once in C(least) days, the longest interval, for a year."""
    desired = declaration(retention_days=retention, min_days_left=least)
    shown, since, updates = retention, 0.0, 0
    for age in range(0, 365, least):
        assert since + shown >= age, (retention, least, age)
        fields = {"RetentionDays": shown, "ExpireDateTime": time_after(since + shown)}
        sent = retention_sent(make_plan(desired, Found((observed_cache(**fields),)), NOW + (age - 1) * DAY))
        if sent is not None:
            shown, since, updates = sent, age if restarts else 0.0, updates + 1
    # A renewal is due at the earliest when all days above min_days_left have passed.
    assert updates <= math.ceil(365 / (retention - least))
    assert updates >= (1 if restarts else 365 // (retention + 1))
