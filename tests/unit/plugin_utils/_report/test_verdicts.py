# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pruning rules would do with each cache: the decisions of image_cache_prune, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.verdicts import (
    Verdict,
    judge_caches,
    read_rules,
)
from unit.support.pruning import NOW, ago, old_cache
from unit.support.reports import UNUSED

FAILED = old_cache("imc-1", Status="Failed", ImageCacheName="broken")
IDLE = old_cache("imc-2", ImageCacheName="idle")
USED = old_cache("imc-3", ImageCacheName="used", LastMatchedTime=ago(days=2))


def judge(*rules: Any, **keeps: Any) -> dict[str, Verdict]:
    return judge_caches(read_rules(list(rules), **keeps), [FAILED, IDLE, USED], NOW)


def deleted_ids(verdicts: dict[str, Verdict]) -> list[str]:
    return [image_cache_id for image_cache_id, verdict in verdicts.items() if verdict.deletes]


def test_each_verdict_names_its_rule_and_reason() -> None:
    verdicts = judge({"statuses": "Failed"}, UNUSED)
    assert verdicts == {
        "imc-1": Verdict(True, [(1, "status Failed")]),
        "imc-2": Verdict(True, [(2, "last matched 35 d ago")]),
        "imc-3": Verdict(False, [(1, "its status is Ready"), (2, "it last matched 2 d ago, not more than 30d")]),
    }


def test_cache_that_a_rule_deletes_is_not_listed_for_the_next_rule() -> None:
    keep_newest = {"older_than": "1d", "keep_newest": 1, "keep_ids": ["imc-3"]}
    assert deleted_ids(judge(keep_newest)) == ["imc-1"]
    # Without the failed cache, only one matching cache is left, which is the newest.
    assert deleted_ids(judge({"statuses": ["Failed"]}, keep_newest)) == ["imc-1"]


def test_rule_with_too_many_candidates_deletes_nothing() -> None:
    verdicts = judge({**UNUSED, "max_deletions": 1}, {"name_pattern": "idle"})
    assert deleted_ids(verdicts) == ["imc-2"]
    assert verdicts["imc-1"].refused == [1]
    reason = "last matched 35 d ago, but the number of candidates (2) exceeds max_deletions (1)"
    assert verdicts["imc-1"].reasons[0] == (1, reason)


@pytest.mark.parametrize("keeps", [["idle"], "idle, other", {"idle": "nightly"}, [["idle"]]], ids=str)
def test_keeps_for_all_rules_add_to_those_of_a_rule(keeps: Any) -> None:
    verdicts = judge({**UNUSED, "keep_names": "broken"}, keep_names=keeps)
    assert deleted_ids(verdicts) == []
    assert verdicts["imc-2"].reasons == [(1, "its name is in keep_names")]


def test_keeps_have_at_most_fifty_levels() -> None:
    keeps: Any = ["idle"]
    for _level in range(50):
        keeps = [keeps]
    assert judge(UNUSED, keep_names=keeps)["imc-2"].reasons == [(1, "its name is in keep_names")]
    with pytest.raises(InvalidInput, match="Invalid keep_names or keep_ids: the value has more than 50 levels"):
        judge(UNUSED, keep_names=[keeps])


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("superseded", "not a dictionary of options"),
        ({**UNUSED, "keep_name": ["web"]}, "unknown options: keep_name"),
        ({"older_than": "a month"}, "Invalid older_than"),
        ({"keep_newest": 3}, "No selector is set"),
        ({**UNUSED, "max_deletions": "many"}, "max_deletions"),
        ({"statuses": ["Broken"]}, "must be one or more of"),
    ],
)
def test_invalid_rule_has_a_problem_and_is_not_run(rule: Any, problem: str) -> None:
    (read,) = read_rules([rule])
    assert problem in read.problem
    assert set(judge_caches([read], [IDLE], NOW)) == {"imc-2"}
    assert not judge_caches([read], [IDLE], NOW)["imc-2"].deletes


def test_labels_have_the_options_of_the_module_only() -> None:
    rules = read_rules([{**UNUSED, "secret_key": "canary", "keep_names": ["web"]}])
    assert rules[0].label == '{"unmatched_for": "30d"}'


def test_rules_that_are_no_list_are_refused() -> None:
    with pytest.raises(InvalidInput, match="expected a list of dictionaries"):
        read_rules("superseded")
