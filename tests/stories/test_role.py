# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role: image caches as variables, with result variables for the roles that include it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils import _set
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.pruning import rules_spec
from emulator import BuildFailure, Emulator, Fault

from .caches import CREATE, LIST, create_cache, create_cache_of_age
from .controller import ROOT, Controller, Run

ROLE = "tencentcloud.tke.image_cache"
DEFAULTS = {"vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8", "wait_interval": 0.2, "tags": {"team": "web"}}
CACHES = [
    {"name": "web", "images": ["nginx:1.27.3"]},
    {"image_cache_name": "queue", "images": ["redis:7.4.1"], "tags": {"team": "queue"}, "size": 40},
]


def run_role(controller: Controller, *arguments: str, **variables: Any) -> Run:
    show = {"ansible.builtin.debug": {"var": "image_cache_ids"}}
    given = {"image_cache_caches": CACHES, "image_cache_defaults": DEFAULTS, **variables}
    return controller.play({"ansible.builtin.include_role": {"name": ROLE}}, show, arguments=arguments, vars=given)


SHOW = {
    "ansible.builtin.debug": {
        "msg": {"by_name": "{{ image_cache_ids }}", "by_region": "{{ image_cache_ids_by_region }}"},
    }
}


def run_role_and_show_ids(controller: Controller, **variables: Any) -> Run:
    """Include the role and show the IDs that it returns."""
    given = {"image_cache_caches": CACHES, "image_cache_defaults": DEFAULTS, **variables}
    return controller.play({"ansible.builtin.include_role": {"name": ROLE}}, SHOW, vars=given)


def ids_of(emulator: Emulator, region: str) -> dict[str, str]:
    return {cache.declared["ImageCacheName"]: cache.id for cache in emulator.region(region).caches.values()}


def first_failure(run: Run) -> dict[str, Any]:
    return next(result for result in run.results if result["failed"])


def set_result(run: Run) -> dict[str, Any]:
    return next(result for result in run.results if "summary" in result)


def test_first_run_creates_and_second_run_changes_nothing(emulator: Emulator, controller: Controller) -> None:
    run = run_role(controller, "--check", "--diff")
    assert run.status == 0, run.output
    assert set(emulator.calls()) == {LIST}
    assert set_result(run)["summary"]["created"] == 2
    run = run_role(controller)
    assert run.status == 0, run.output
    caches = {cache.declared["ImageCacheName"]: cache for cache in emulator.region().caches.values()}
    assert run.results[-1]["image_cache_ids"] == {name: cache.id for name, cache in caches.items()}
    assert caches["web"].declared["Tags"] == [{"Key": "team", "Value": "web"}]
    assert caches["queue"].declared["Tags"] == [{"Key": "team", "Value": "queue"}]
    assert caches["queue"].declared["ImageCacheSize"] == 40
    emulator.received.clear()
    run = run_role(controller)
    assert emulator.calls() == [LIST]
    assert set_result(run)["changed"] is False


def test_option_of_an_entry_overrides_the_default_also_by_its_alias(emulator: Emulator, controller: Controller) -> None:
    caches = [{**CACHES[0], "image_cache_size": 50}, CACHES[1]]
    for size in ("size", "image_cache_size"):
        run = run_role(controller, image_cache_caches=caches, image_cache_defaults={**DEFAULTS, size: 30})
        assert run.status == 0, run.output
        caches_by_name = {cache.declared["ImageCacheName"]: cache for cache in emulator.region().caches.values()}
        assert {name: cache.declared["ImageCacheSize"] for name, cache in caches_by_name.items()} == {
            "web": 50,
            "queue": 40,
        }


def test_names_that_differ_in_case_are_two_caches(emulator: Emulator, controller: Controller) -> None:
    run = run_role(
        controller, image_cache_caches=[{"name": name, "images": ["nginx:1.27.3"]} for name in ("web", "Web")]
    )
    assert run.status == 0, run.output
    assert set(run.results[-1]["image_cache_ids"]) == {"web", "Web"}


def test_numeric_names_are_accepted(emulator: Emulator, controller: Controller) -> None:
    run = run_role(controller, image_cache_caches=[{"name": 5, "images": ["nginx:1.27.3"]}])
    assert run.status == 0, run.output
    assert list(run.results[-1]["image_cache_ids"]) == ["5"]
    run = run_role(controller, image_cache_caches=[{"name": 5}, {"name": "5"}])
    assert "have the same image_cache_name '5' in ap-guangzhou." in run.output


def test_ids_of_existing_caches_are_returned_when_another_fails(emulator: Emulator, controller: Controller) -> None:
    emulator.settings.failures = [BuildFailure("redis")]
    caches = [*CACHES, {"name": "gone", "state": "absent"}]
    tasks = [
        {
            "block": [{"ansible.builtin.include_role": {"name": ROLE}}],
            "rescue": [{"ansible.builtin.debug": {"var": "image_cache_ids"}}],
        }
    ]
    run = controller.play(*tasks, vars={"image_cache_caches": caches, "image_cache_defaults": DEFAULTS})
    ids = run.results[-1]["image_cache_ids"]
    web = next(cache for cache in emulator.region().caches.values() if cache.declared["ImageCacheName"] == "web")
    assert ids == {"web": web.id, "queue": None, "gone": None}


def test_failed_inclusion_clears_the_ids_of_an_earlier_one(emulator: Emulator, controller: Controller) -> None:
    included = {"ansible.builtin.include_role": {"name": ROLE}}
    tasks = [
        included,
        {
            "block": [{**included, "vars": {"image_cache_region": "nowhere!"}}],
            "rescue": [SHOW],
        },
    ]
    run = controller.play(*tasks, vars={"image_cache_caches": CACHES, "image_cache_defaults": DEFAULTS})
    assert run.results[-1]["msg"] == {"by_name": {"web": None, "queue": None}, "by_region": {}}


class TestRegions:
    def test_same_name_in_several_regions_is_accepted(self, emulator: Emulator, controller: Controller) -> None:
        caches = [*CACHES, {**CACHES[0], "region": "ap-tokyo"}]
        for created in (3, 0):
            emulator.received.clear()
            run = run_role_and_show_ids(controller, image_cache_caches=caches)
            assert run.status == 0, run.output
            assert emulator.calls().count(CREATE) == created
            ids = {region: ids_of(emulator, region) for region in ("ap-guangzhou", "ap-tokyo")}
            assert run.results[-1]["msg"] == {"by_name": ids["ap-guangzhou"], "by_region": ids}
        assert emulator.calls() == [LIST, LIST]
        assert [entry["region"] for entry in set_result(run)["image_caches"]] == [*["ap-guangzhou"] * 2, "ap-tokyo"]

    def test_id_by_name_is_that_of_the_first_entry_even_if_it_failed(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        caches = [{"name": "web", "images": ["broken:1"]}, {**CACHES[0], "region": "ap-tokyo"}]
        emulator.settings.failures = [BuildFailure("broken")]
        tasks = [{"block": [{"ansible.builtin.include_role": {"name": ROLE}}], "rescue": [SHOW]}]
        given = {"image_cache_caches": caches, "image_cache_defaults": DEFAULTS, "image_cache_region": "ap-shanghai"}
        run = controller.play(*tasks, vars=given)
        assert run.results[-1]["msg"] == {
            "by_name": {"web": None},
            "by_region": {"ap-shanghai": {"web": None}, "ap-tokyo": ids_of(emulator, "ap-tokyo")},
        }

    @pytest.mark.parametrize(
        ("region", "variables"),
        [
            ("ap-guangzhou", {}),
            ("ap-shanghai", {"image_cache_region": "ap-shanghai"}),
            ("ap-tokyo", {"image_cache_defaults": {**DEFAULTS, "region": "ap-tokyo"}}),
        ],
    )
    def test_same_name_twice_in_one_region_is_rejected_before_any_call(
        self, emulator: Emulator, controller: Controller, region: str, variables: dict[str, Any]
    ) -> None:
        """The region comes from the environment, the role or the defaults."""
        run = run_role(controller, image_cache_caches=[CACHES[0], {**CACHES[0], "region": region}], **variables)
        assert run.status != 0
        expected = f"image_caches[0] and image_caches[1] have the same image_cache_name 'web' in {region}."
        assert expected in first_failure(run)["msg"]
        assert emulator.received == []

    def test_pruning_keeps_declared_names_of_all_regions(self, emulator: Emulator, controller: Controller) -> None:
        caches = [CACHES[0], {**CACHES[1], "region": "ap-tokyo"}]
        ids = [
            create_cache_of_age(emulator, 90, ImageCacheName=name, Images=[f"{name}:1"]) for name in ("queue", "idle")
        ]
        run = run_role(controller, image_cache_caches=caches, image_cache_prune={"unmatched_for": "30d"})
        assert run.status == 0, run.output
        deleted = next(result["deleted"] for result in run.results if "freed_gib" in result)
        assert [cache["image_cache_id"] for cache in deleted] == ids[1:]


def test_entries_without_a_name_are_rejected_before_any_call(emulator: Emulator, controller: Controller) -> None:
    run = run_role(controller, image_cache_caches=[{"images": ["nginx:1"]}])
    assert "Every entry of image_cache_caches must have a name" in run.output
    assert emulator.received == []


def test_on_error_stop_starts_no_further_cache(emulator: Emulator, controller: Controller) -> None:
    for on_error, tried in (("stop", 1), ("continue", 2)):
        emulator.received.clear()
        emulator.faults.append(Fault.error("LimitExceeded", CREATE))
        run = run_role(controller, image_cache_on_error=on_error, image_cache_concurrency=1)
        assert run.status != 0
        assert emulator.calls().count(CREATE) == tried


def test_requests_per_second_is_passed_to_the_module(emulator: Emulator, controller: Controller) -> None:
    run = run_role(controller, image_cache_requests_per_second=0)
    assert "Invalid requests_per_second: expected 0.1" in run.output
    assert emulator.received == []
    run = run_role(controller, image_cache_requests_per_second=100)
    assert run.status == 0, run.output


def test_invalid_role_variables_are_rejected(emulator: Emulator, controller: Controller) -> None:
    for caches in ([{"name": "a", "imgaes": []}], [{"name": "a", "size": "big"}], "web"):
        run = run_role(controller, image_cache_caches=caches)
        assert run.status != 0
        assert "Validating arguments against arg spec" in run.output
    assert emulator.received == []


def test_region_and_wait_are_passed_to_the_module(emulator: Emulator, controller: Controller) -> None:
    emulator.settings.build_seconds = 600
    run = run_role(controller, image_cache_region="ap-shanghai", image_cache_wait=False, image_cache_concurrency=1)
    assert run.status == 0, run.output
    assert emulator.calls().count(CREATE) == 2
    assert len(emulator.region("ap-shanghai").caches) == 2


def test_output_contains_no_password(emulator: Emulator, controller: Controller) -> None:
    credentials = [{"server": "h.example.com", "username": "u", "password": "canary-in-role"}]
    run = run_role(controller, "-vvvv", image_cache_caches=[{**CACHES[0], "image_registry_credentials": credentials}])
    assert run.status == 0, run.output
    assert "canary-in-role" not in run.output


def test_playbook_reads_a_variables_file(emulator: Emulator, controller: Controller, tmp_path: Path) -> None:
    create_cache(emulator)
    path = tmp_path / "caches.yml"
    path.write_text(yaml.safe_dump({"image_cache_caches": CACHES, "image_cache_defaults": DEFAULTS}), encoding="utf-8")
    run = controller.run("ansible-playbook", "tencentcloud.tke.image_caches", "-e", f"@{path}")
    assert run.status == 0, run.output
    assert set_result(run)["summary"] == {
        "created": 1,
        "updated": 1,
        "replaced": 0,
        "deleted": 0,
        "unchanged": 0,
        "failed": 0,
    }


class TestPruning:
    UNUSED = {"unmatched_for": "30d"}

    def test_pruning_is_off_by_default(self, emulator: Emulator, controller: Controller) -> None:
        create_cache_of_age(emulator, 90, ImageCacheName="idle")
        run = run_role(controller, image_cache_caches=[])
        assert run.status == 0, run.output
        assert emulator.received == []

    def test_declared_caches_are_kept_even_if_unused(self, emulator: Emulator, controller: Controller) -> None:
        web = create_cache_of_age(emulator, 90, ImageCacheName="web", Tags=[{"Key": "team", "Value": "web"}])
        left_over = create_cache_of_age(emulator, 90, ImageCacheName="queue-replacement", Images=["redis:0"])
        idle = create_cache_of_age(emulator, 90, ImageCacheName="idle")
        kept = create_cache_of_age(emulator, 90, ImageCacheName="stay")
        prune = {**self.UNUSED, "keep_names": ["stay"]}
        run = run_role(controller, "--check", "--diff", image_cache_prune=prune)
        assert run.status == 0, run.output
        assert set(emulator.calls()) == {LIST}
        assert f"-{idle}  idle" in run.output
        run = run_role(controller, image_cache_prune=prune)
        assert run.status == 0, run.output
        deleted = next(result["deleted"] for result in run.results if "freed_gib" in result)
        assert [cache["image_cache_id"] for cache in deleted] == [idle]
        assert {web, kept} < set(emulator.region().caches)
        # The set completed the left-over replacement.
        assert emulator.region().caches[left_over].declared["ImageCacheName"] == "queue"
        run = run_role(controller, image_cache_prune=prune)
        assert not any(result.get("changed") for result in run.results if "freed_gib" in result or "summary" in result)

    def test_cache_that_is_declared_by_its_id_is_kept_under_its_old_name(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        web, kept = (create_cache_of_age(emulator, 90, ImageCacheName=name) for name in ("old-web", "stay"))
        caches = [{**CACHES[0], "images": None, "id": web}]
        prune = {**self.UNUSED, "keep_ids": f"{kept}, imc-none"}
        run = run_role(controller, "--check", image_cache_caches=caches, image_cache_prune=prune)
        assert run.status == 0, run.output
        deleted = next(result["deleted"] for result in run.results if "freed_gib" in result)
        assert deleted == []

    def test_invalid_prune_options_are_rejected(self, emulator: Emulator, controller: Controller) -> None:
        for prune in ({"older": "30d"}, {"statuses": ["Broken"]}, {"keep_newest": "some"}, "30d"):
            run = run_role(controller, image_cache_prune=prune)
            assert run.status != 0
            assert "Validating arguments against arg spec" in run.output
        assert emulator.received == []


def test_argument_spec_has_every_option_of_an_entry() -> None:
    specs = yaml.safe_load((ROOT / "roles/image_cache/meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    entry = _set.image_cache_set_spec(lambda *_args: None)["image_caches"]["options"]
    assert accepted_values(options["image_cache_caches"]["options"]) == accepted_values_with_aliases(entry)
    assert accepted_values(options["image_cache_prune"]["options"]) == accepted_values(rules_spec())
    readme = (ROOT / "roles/image_cache/README.md").read_text(encoding="utf-8")
    defaults = yaml.safe_load((ROOT / "roles/image_cache/defaults/main.yml").read_text(encoding="utf-8"))
    for name, option in options.items():
        assert f"| `{name}` |" in readme
        assert option.get("default") == defaults.get(name)


def accepted_values(options: dict[str, Any]) -> dict[str, Any]:
    """Return the part of an argument spec that defines the accepted values."""
    accepted = {}
    for name, option in options.items():
        accepted[name] = {
            key: option[key] for key in ("type", "elements", "choices", "required", "no_log") if key in option
        }
        if "options" in option:
            accepted[name]["options"] = accepted_values(option["options"])
    return accepted


def accepted_values_with_aliases(options: dict[str, Any]) -> dict[str, Any]:
    """Return the same part of a module's spec, with aliases as options because a role has no aliases."""
    spec = {}
    for name, option in options.items():
        spec[name] = option
        spec.update({alias: {"type": option["type"]} for alias in option.get("aliases", ())})
    return accepted_values(spec)
