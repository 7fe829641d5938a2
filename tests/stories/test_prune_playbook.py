# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook prune_image_caches: what its rules keep, the effect of a failed rule, and the output."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.pruning import rules_spec
from emulator import Emulator, Fault

from .caches import LIST, create_cache_of_age
from .controller import PRUNE, ROOT, Controller, Run

PLAYBOOK = "tencentcloud.tke.prune_image_caches"
UNUSED = {"unmatched_for": "30d"}


def prune(controller: Controller, *arguments: str, **variables: Any) -> Run:
    given = {f"image_cache_{name}": value for name, value in variables.items()}
    return controller.run("ansible-playbook", PLAYBOOK, "-e", json.dumps(given), *arguments)


def create_unused_caches(emulator: Emulator, *names: str) -> None:
    for number, name in enumerate(names):
        create_cache_of_age(emulator, 50 - number, 31, ImageCacheName=name, Images=[f"{name}:1"])


def remaining_names(emulator: Emulator, region: str = "ap-guangzhou") -> list[str]:
    return sorted(cache.declared["ImageCacheName"] for cache in emulator.region(region).caches.values())


def loop_labels(run: Run) -> list[str]:
    """Return the labels of the loop's items in the lines that Ansible prints."""
    return [line.partition("(item=")[2].strip() for line in run.output.splitlines() if "(item=" in line]


def test_default_rules_delete_unused_and_superseded_caches(emulator: Emulator, controller: Controller) -> None:
    create_unused_caches(emulator, "idle", "declared")
    create_cache_of_age(emulator, 3, 2, ImageCacheName="old", Images=["nginx:1"])
    create_cache_of_age(emulator, 2, 1, ImageCacheName="new", Images=["nginx:1"])
    run = prune(controller, "--check", "--diff", keep_names=["declared"])
    assert run.status == 0, run.output
    assert set(emulator.calls()) == {LIST}
    run = prune(controller, keep_names=["declared"])
    assert run.status == 0, run.output
    assert remaining_names(emulator) == ["declared", "new"]


@pytest.mark.parametrize(
    ("of_all_rules", "of_the_rule"),
    [
        (["ci-prod"], ["ci-base"]),
        ("ci-prod", "ci-base"),
        ("ci-prod, ci-base", None),
        (["ci-prod", "ci-base"], []),
        ([], "ci-base,ci-prod"),
        (["ci-prod"], {"ci-base": "nightly"}),
    ],
    ids=str,
)
def test_keep_names_of_a_rule_add_to_those_of_all_rules(
    emulator: Emulator, controller: Controller, of_all_rules: Any, of_the_rule: Any
) -> None:
    create_unused_caches(emulator, "ci-prod", "ci-base", "ci-1")
    run = prune(controller, keep_names=of_all_rules, prune_rules=[{**UNUSED, "keep_names": of_the_rule}])
    assert run.status == 0, run.output
    assert remaining_names(emulator) == ["ci-base", "ci-prod"]


def test_keep_ids_of_a_rule_add_to_those_of_all_rules(emulator: Emulator, controller: Controller) -> None:
    ids = [create_cache_of_age(emulator, 40, ImageCacheName=f"ci-{number}") for number in range(3)]
    run = prune(controller, keep_ids=ids[:1], prune_rules=[{**UNUSED, "keep_ids": ids[1:2]}])
    assert run.status == 0, run.output
    assert sorted(emulator.region().caches) == sorted(ids[:2])


def test_rules_that_fail_do_not_stop_the_others(emulator: Emulator, controller: Controller) -> None:
    create_unused_caches(emulator, "ci-1", "ci-2", "web")
    rules = [
        {"name_pattern": "ci-*", "max_deletions": 1},
        {"older_than": "a month"},
        {"older_than": "1d", "keep_name": ["web"]},
        "superseded",
        {"name_pattern": "web", **UNUSED},
    ]
    run = prune(controller, prune_rules=rules)
    assert run.status != 0
    assert remaining_names(emulator) == ["ci-1", "ci-2"]
    lines = run.results[-1]["msg"].splitlines()
    assert lines[0] == "4 of 5 rules failed:"
    assert lines[1].startswith(
        """- rule 1 {"name_pattern": "ci-*", "max_deletions": 1}: No image cache was deleted: """
    )
    assert [line.split()[1] for line in lines[2:4]] == ["ci-1", "ci-2"]
    assert lines[4].startswith("""- rule 2 {"older_than": "a month"}: Invalid older_than: expected a duration""")
    assert lines[5:] == [
        """- rule 3 {"older_than": "1d"}: unknown options: keep_name""",
        "- rule 4 {}: not a dictionary of options",
    ]


def test_failed_requests_of_a_rule_do_not_stop_the_others(emulator: Emulator, controller: Controller) -> None:
    create_unused_caches(emulator, "ci-1", "web")
    emulator.faults.append(Fault.error("UnauthorizedOperation.CamNoAuth", LIST))
    run = prune(controller, prune_rules=[{"name_pattern": "ci-*"}, {"name_pattern": "web"}])
    assert run.status != 0
    assert remaining_names(emulator) == ["ci-1"]
    assert run.results[-1]["msg"].startswith(
        """1 of 2 rules failed:\n- rule 1 {"name_pattern": "ci-*"}: image caches: """
    )


def test_check_mode_shows_candidates_above_max_deletions(emulator: Emulator, controller: Controller) -> None:
    create_unused_caches(emulator, "ci-1", "ci-2")
    run = prune(controller, "--check", "--diff", prune_rules=[{**UNUSED, "max_deletions": 1}])
    assert run.status == 0, run.output
    assert [line.split()[1] for line in run.output.splitlines() if " GiB " in line] == ["ci-1", "ci-2"]
    assert "the number of candidates (2) exceeds max_deletions (1)" in run.output
    assert set(emulator.calls()) == {LIST}


def test_each_rule_prints_one_line_without_secrets(emulator: Emulator, controller: Controller) -> None:
    create_unused_caches(emulator, "ci-1")
    rules = [{"superseded": True}, {**UNUSED, "secret_key": "canary-in-rule"}, {**UNUSED, "keep_names": ["web"]}]
    run = prune(controller, prune_rules=rules)
    assert run.status != 0
    assert loop_labels(run) == [
        """rule 1 {"superseded": true}: deleted 0, 0 GiB)""",
        """rule 2 {"unmatched_for": "30d"}: not run)""",
        """rule 3 {"unmatched_for": "30d"}: deleted 1, 20 GiB)""",
    ]
    assert run.output.count("TASK [") == 2
    assert "canary-in-rule" not in prune(controller, "-vvvv", prune_rules=rules).output.partition("PLAY [")[2]


def test_region_variable_selects_the_region(emulator: Emulator, controller: Controller) -> None:
    create_unused_caches(emulator, "ci-1")
    run = prune(controller, region="ap-shanghai", prune_rules=[UNUSED])
    assert run.status == 0, run.output
    assert remaining_names(emulator) == ["ci-1"]
    assert {request.region for request in emulator.received} == {"ap-shanghai"}


def test_rules_accept_every_option_of_the_module() -> None:
    variables, (task,) = (
        yaml.safe_load((ROOT / "playbooks" / folder / "prune_by_rules.yml").read_text(encoding="utf-8"))
        for folder in ("vars", "tasks")
    )
    options = variables["image_cache__rule_options"] + variables["image_cache__keep_options"]
    assert sorted(options) == sorted(rules_spec())
    assert set(task[PRUNE]) == {"region", *rules_spec()}
