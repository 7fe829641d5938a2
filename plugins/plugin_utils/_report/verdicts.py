# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What a run of the pruning rules would do with each cache of a listing, and why.

The rules run one after the other, as the playbook prune_image_caches runs them: a cache that a rule deletes is no
longer in the listing of the next rule. All decisions are those of the module image_cache_prune.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.pruning import (
    Rules,
    plan_pruning,
    rules_spec,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.selection import CacheListing
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._budget import Budget

__all__ = ["Rule", "Verdict", "judge_caches", "read_rules"]

KEEPS = ("keep_names", "keep_ids")


@dataclass(frozen=True)
class Rule:
    """One rule with its number, counted from 1. A rule with a problem is not run."""

    number: int
    label: str
    rules: Optional[Rules]
    problem: str = ""


@dataclass
class Verdict:
    """What the rules would do with a cache. C(reasons) has that of the deletion, or that of each rule to keep it.

    C(refused) has the numbers of the rules that would delete the cache, but refuse to run.
    """

    deletes: bool = False
    reasons: List[Tuple[int, str]] = field(default_factory=list)
    refused: List[int] = field(default_factory=list)


def read_rules(given: Any, keep_names: Any = (), keep_ids: Any = ()) -> List[Rule]:
    """Return the rules from the dictionaries that the user sets. The keeps for all rules are added to those of each."""
    if not isinstance(given, (list, tuple)):
        raise InvalidInput("Invalid prune_rules: expected a list of dictionaries.")
    keeps = {"keep_names": _read_keeps(keep_names), "keep_ids": _read_keeps(keep_ids)}
    return [_read_rule(number, rule, keeps) for number, rule in enumerate(given, 1)]


def _read_rule(number: int, rule: Any, keeps: Mapping[str, List[str]]) -> Rule:
    if not isinstance(rule, Mapping):
        return Rule(number, "", None, "not a dictionary of options")
    shown = {key: rule[key] for key in rules_spec() if key in rule and key not in KEEPS}
    label = json.dumps(shown, ensure_ascii=False, default=str, skipkeys=True)
    unknown = [str(key) for key in rule if key not in rules_spec()]
    if unknown:
        return Rule(number, label, None, f"unknown options: {', '.join(unknown)}")
    all_keeps = {option: [*keeps[option], *_read_keeps(rule.get(option))] for option in KEEPS}
    validated = ArgumentSpecValidator(rules_spec()).validate({**rule, **all_keeps})
    if validated.error_messages:
        return Rule(number, label, None, " ".join(validated.error_messages))
    try:
        return Rule(number, label, Rules.from_params(validated.validated_parameters))
    except InvalidInput as error:
        return Rule(number, label, None, str(error))


def _read_keeps(given: Any) -> List[str]:
    return list(_texts(given, Budget(_invalid_keeps), 0))


def _invalid_keeps(problem: str) -> InvalidInput:
    return InvalidInput(f"Invalid keep_names or keep_ids: {problem}")


def _texts(given: Any, budget: Budget, levels: int) -> Iterator[str]:
    """Yield the texts of a list or of a comma-separated string, as the playbook prune_image_caches reads them."""
    budget.spend(levels)
    if isinstance(given, str):
        yield from filter(None, map(str.strip, given.split(",")))
    elif isinstance(given, (list, tuple, Mapping)):
        for item in given:
            yield from [item] if isinstance(item, str) else _texts(item, budget, levels + 1)
    elif given is not None:
        yield str(given)


def judge_caches(rules: Sequence[Rule], caches: Sequence[ImageCache], now: datetime) -> Dict[str, Verdict]:
    """Return the verdict on each cache, by ID."""
    verdicts = {cache.id: Verdict() for cache in caches}
    for rule in rules:
        if rule.rules is None:
            continue
        listed = CacheListing([cache for cache in caches if not verdicts[cache.id].deletes], now)
        pruning = plan_pruning(rule.rules, listed)
        excess = pruning.describe_excess(rule.rules)
        for entry in pruning.kept:
            verdicts[entry.cache.id].reasons.append((rule.number, entry.reason))
        for cache in pruning.candidates:
            verdict, reason = verdicts[cache.id], pruning.reasons[cache.id]
            if excess:
                verdict.reasons.append((rule.number, f"{reason}, but {excess}"))
                verdict.refused.append(rule.number)
            else:
                verdict.deletes, verdict.reasons = True, [(rule.number, reason)]
    return verdicts
