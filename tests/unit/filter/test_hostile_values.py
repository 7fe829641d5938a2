# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of any type in every argument of the filters: a result or an error of the filter, and nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter.as_declarations import as_declarations
from ansible_collections.tencentcloud.tke.plugins.filter.image_cache_report import image_cache_report
from ansible_collections.tencentcloud.tke.plugins.filter.pod_annotations import pod_annotations
from ansible_collections.tencentcloud.tke.plugins.filter.pod_images import pod_images
from ansible_collections.tencentcloud.tke.plugins.filter.pushed_images import pushed_images
from ansible_collections.tencentcloud.tke.plugins.filter.with_image_caches import with_image_caches
from ansible_collections.tencentcloud.tke.plugins.filter.workload_image_caches import workload_image_caches
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from unit.support.wrong_answers import HOSTILE, STATUSES, TIMES

CASES = settings(max_examples=1_500, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True)
# The keys that the filters read.
KEYS = {
    "manifests": "kind metadata name namespace spec template containers initContainers volumes image items resources "
    "results failed msg annotations reference apiVersion stdout",
    "caches": "image_caches results image_cache image_cache_id image_cache_name status images image_cache_size "
    "created_at expires_at last_matched_at retention_days tags events failed msg region creation_time "
    "last_matched_time expire_date_time image_cache_type type reason message last_timestamp key value",
    "options": "per_gib_month currency regions name_pattern older_than superseded statuses tags max_deletions "
    "keep_latest unmatched_for image_caches actions fields moved_images replaced old_id warnings failed msg image "
    "old_digest new_digest",
}
texts = st.sampled_from(
    (
        *HOSTILE[:7],
        *TIMES,
        *STATUSES,
        "a:1",
        "imc-1",
        "web",
        "web-replacement",
        "Deployment",
        "List",
        "30d",
        "follow_tags",
    )
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from((-1, 0, 1, 20, 10**30, -(10**30), 1.5, float("nan"), float("inf"), float("-inf"))),
    texts,
    texts,
    st.just(datetime.datetime(2026, 1, 1)),
    st.just(datetime.date(2026, 1, 1)),
    st.just(b"\xff"),
    st.just(()),
    st.just(frozenset([1])),
)


def values(words: str) -> Any:
    """Return a strategy for values whose keys are mostly the given words."""
    keys = st.one_of(
        *[st.sampled_from(words.split())] * 4, st.none(), st.booleans(), st.integers(0, 2), st.just(("a",))
    )
    return st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=5), st.tuples(inner, inner)
        ),
        max_leaves=25,
    )


manifests, caches, options = (values(words) for words in KEYS.values())
cache = st.fixed_dictionaries(
    {"image_cache_id": st.just("imc-1") | scalars},
    optional={key: values(KEYS["caches"]) for key in KEYS["caches"].split()[4:]},
)
listings = st.one_of(
    caches, st.fixed_dictionaries({"image_caches": st.lists(cache, max_size=3)}, optional={"region": scalars})
)
template = st.fixed_dictionaries(
    {"kind": scalars | st.just("Deployment"), "metadata": st.just({"name": "web"}) | manifests},
    optional={
        "spec": st.fixed_dictionaries(
            {
                "template": st.fixed_dictionaries(
                    {"spec": st.one_of(manifests, st.just({"containers": [{"name": "a", "image": "a:1"}]}))},
                    optional={"metadata": manifests},
                )
            }
        )
    },
)
inputs = st.one_of(manifests, template, st.lists(template, max_size=3))


def check(call: Callable[[], Any]) -> None:
    """Check that a filter returns a result or raises an error with a short message."""
    try:
        call()
    except AnsibleFilterError as error:
        message = str(error)
        assert 10 < len(message) < 2000, message
        assert ": " in message


@pytest.mark.exhaustive
@given(inputs, st.booleans() | scalars, st.just(()) | values(KEYS["manifests"]))
@CASES
def test_pod_images(given_: Any, why: Any, extra_paths: Any) -> None:
    check(lambda: pod_images(given_, why, extra_paths))


@pytest.mark.exhaustive
@given(inputs, st.sampled_from(["workload", "namespace", "all"]) | values("a"), scalars | values("a"), values("a"))
@CASES
def test_workload_image_caches(given_: Any, group_by: Any, prefix: Any, merge: Any) -> None:
    check(lambda: workload_image_caches(given_, group_by, prefix, merge))
    check(lambda: workload_image_caches(given_))


@pytest.mark.exhaustive
@given(
    inputs,
    listings,
    st.dictionaries(st.sampled_from(["disk_type", "disk_size", "retain_minutes"]), values("a")),
    st.booleans(),
)
@CASES
def test_with_image_caches(given_: Any, result: Any, facts: Any, flag: bool) -> None:
    check(lambda: with_image_caches(given_, result, allow_pending=flag, report=True, **facts))
    check(lambda: with_image_caches(given_, [result], overwrite=flag, report=flag))


@pytest.mark.exhaustive
@given(st.one_of(listings, cache), st.booleans())
@CASES
def test_as_declarations_and_pod_annotations(given_: Any, flag: bool) -> None:
    check(lambda: as_declarations(given_, report=flag))
    check(lambda: pod_annotations(given_, allow_pending=flag))


@pytest.mark.exhaustive
@given(
    listings,
    st.fixed_dictionaries(
        {},
        optional={
            "title": scalars,
            "language": st.sampled_from(["en-US", "zh-CN"]) | scalars,
            "prune_rules": st.lists(options, max_size=2) | options,
            "keep_names": options,
            "keep_ids": options,
            "prices": options,
            "owner_tag": scalars,
            "followed": options,
            "time": scalars,
        },
    ),
)
@CASES
def test_image_cache_report(given_: Any, facts: Any) -> None:
    check(lambda: image_cache_report(given_, **facts))
    check(lambda: image_cache_report(given_))


@pytest.mark.exhaustive
@given(
    values("payload m m_0 type event_data resources resource_url tag events action target url repository request host"),
    values("a"),
)
@CASES
def test_pushed_images(events: Any, hosts: Any) -> None:
    check(lambda: pushed_images(events))
    check(
        lambda: pushed_images(
            {"type": "pushImage", "event_data": {"resources": [{"resource_url": "h.x/a:1", "tag": "1"}]}}, hosts
        )
    )
