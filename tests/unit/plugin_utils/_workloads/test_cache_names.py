# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of image caches are readable, valid, unique and stable."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.cache_names import (
    LONGEST_PREFIX,
    check_prefix,
    name_all,
    name_namespace,
    name_workload,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import InvalidManifest
from hypothesis import given, settings
from hypothesis import strategies as st

DIGEST = r"-[0-9a-f]{10}"
VALID = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def check_name(name: str) -> None:
    assert VALID.fullmatch(name)
    assert len(name) <= 51
    assert not name.endswith("-replacement")


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        (("shop", "Deployment", "web"), "shop-deployment-web"),
        (("shop", "CronJob", "clean-up"), "shop-cronjob-clean-up"),
        (("team-a", "StatefulSet", "db"), "team-a-statefulset-db"),
        # A kind at one end cannot separate a namespace from a name.
        (("shop", "CronJob", "backup-job"), "shop-cronjob-backup-job"),
        (("pod", "Job", "pod"), "pod-job-pod"),
    ],
)
def test_name_consists_of_namespace_kind_and_name(identity: tuple[str, str, str], name: str) -> None:
    assert name_workload("", *identity) == name
    assert name_workload("prod-", *identity) == f"prod-{name}"


@pytest.mark.parametrize(
    ("identity", "readable"),
    [
        # Other kinds could belong to several API groups, or contain any word.
        (("shop", "Rollout", "web"), "shop-rollout-web"),
        # Another workload could have the same name.
        (("shop", "Job", "job-a"), "shop-job-job-a"),
        (("shop-job", "Job", "a"), "shop-job-job-a"),
        (("a", "Deployment", "b-pod-c"), "a-deployment-b-pod-c"),
        # Characters that are not allowed.
        (("shop", "Pod", "web.v1"), "shop-pod-web-v1"),
        (("shop", "Job", "web-"), "shop-job-web"),
        (("Shop", "Pod", "Web"), "shop-pod-web"),
        (("shop", "Deployment", "x" * 60), "shop-deployment-" + "x" * 24),
        (("shop", "Deployment", "x" * 23 + "-" + "y" * 30), "shop-deployment-" + "x" * 23),
        (("\u7f51", "Pod", "\u7ad9"), "pod"),
        # The name of a replacement.
        (("shop", "Deployment", "web-replacement"), "shop-deployment-web-replacement"),
    ],
)
def test_name_ends_in_a_digest_if_it_would_not_be_valid_or_unique(
    identity: tuple[str, str, str], readable: str
) -> None:
    name = name_workload("", *identity)
    assert re.fullmatch(re.escape(readable) + DIGEST, name)
    check_name(name)


def test_longest_prefix_leaves_room_for_a_readable_part() -> None:
    prefix = "p" * (LONGEST_PREFIX - 1) + "-"
    assert re.fullmatch(prefix + "shop-deplo" + DIGEST, name_workload(prefix, "shop", "Deployment", "website"))
    assert re.fullmatch(prefix + "workload" + DIGEST, name_workload(prefix, "\u7f51", "\u7ad9", "\u70b9"))
    assert re.fullmatch(prefix + "n" * 10 + DIGEST, name_namespace(prefix, "n" * 63))
    check_name(name_all(prefix))


def test_names_of_namespaces_and_of_all() -> None:
    assert name_namespace("", "shop") == "shop"
    assert name_namespace("prod-", "shop") == "prod-shop"
    assert re.fullmatch("a-replacement" + DIGEST, name_namespace("a-", "replacement"))
    assert re.fullmatch("n{40}" + DIGEST, name_namespace("", "n" * 63))
    assert name_all("prod-") == "prod-all"


@pytest.mark.parametrize("prefix", ["", "a", "7-", "prod-", "p" * 30])
def test_valid_prefix_is_accepted(prefix: str) -> None:
    check_prefix(prefix)


@pytest.mark.parametrize("prefix", ["-", "-a", "Prod-", "a_b", "a b", "a.", "a\n", "\u7f51", "p" * 31, None, 7, ["a"]])
def test_invalid_prefix_is_refused(prefix: Any) -> None:
    with pytest.raises(InvalidManifest) as raised:
        check_prefix(prefix)
    assert str(raised.value) == (
        f"invalid prefix {prefix!r}: expected at most 30 lower-case letters, digits and hyphens, with a letter or digit"
        " first."
    )


WORDS = ("a", "job", "pod", "replacement", "cronjob", "web.v1")
parts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map("-".join)
identities = st.tuples(parts, st.sampled_from(["Job", "Pod", "CronJob", "Rollout"]), parts | st.text(min_size=1))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(["", "a-", "p" * 30]), st.lists(identities, max_size=30, unique=True))
def test_names_of_different_workloads_are_valid_and_different(prefix: str, workloads: list[Any]) -> None:
    names = [name_workload(prefix, *identity) for identity in workloads]
    assert len(set(names)) == len(workloads)
    for name in names:
        check_name(name)
        assert name.startswith(prefix)


def test_names_of_workloads_that_consist_of_kinds_are_different() -> None:
    texts = ["-".join(words) for size in (1, 2, 3) for words in itertools.product(("a", "job", "pod"), repeat=size)]
    names = [name_workload("", *identity) for identity in itertools.product(texts, ("Job", "Pod"), texts)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("prefix", ["", "p", "pp", "p" * 30])
def test_name_has_at_most_51_characters(prefix: str) -> None:
    room = 51 - len(f"{prefix}shop-deployment-")
    longest = f"{prefix}shop-deployment-{'x' * room}"
    assert name_workload(prefix, "shop", "Deployment", "x" * room) == longest
    longer = name_workload(prefix, "shop", "Deployment", "x" * (room + 1))
    assert len(longer) == 51
    assert re.search(DIGEST + "$", longer)
