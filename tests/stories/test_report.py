# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook report_image_caches and its role: a page about the caches of regions, and when it is written again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulator import Emulator
from emulator.registry import Registry

from .caches import LIST, create_cache, create_cache_of_age, create_failed_cache
from .controller import INFO, ROOT, Controller, Run
from .registries import options_for, push

PLAYBOOK = "tencentcloud.tke.report_image_caches"
ROLE = "tencentcloud.tke.image_cache_report"
UNUSED = [{"unmatched_for": "30d"}]


def page_path(controller: Controller) -> Path:
    return controller.folder / "image-caches.html"


def draw(controller: Controller, *arguments: str, **variables: Any) -> Run:
    """Run the playbook. The default path is relative to the working directory."""
    return controller.run("ansible-playbook", PLAYBOOK, "-e", json.dumps(variables), *arguments)


def page(controller: Controller) -> str:
    return page_path(controller).read_text(encoding="utf-8")


def prune_outcomes(controller: Controller, rules: Any) -> dict[str, bool]:
    """Return which caches the playbook prune_image_caches would delete, by ID."""
    given = json.dumps({"image_cache_prune_rules": rules})
    run = controller.run("ansible-playbook", "tencentcloud.tke.prune_image_caches", "--check", "-e", given)
    assert run.status == 0, run.output
    passes = [item for result in run.results for item in result.get("results", ())]
    deleted = {cache["image_cache_id"] for item in passes for cache in item["deleted"]}
    kept = {cache["image_cache_id"] for item in passes for cache in item["kept"]}
    return {image_cache_id: image_cache_id in deleted for image_cache_id in deleted | kept}


def shown_outcomes(text: str) -> dict[str, bool]:
    """Return which caches the page says a prune would delete, by ID."""
    rows = text.split('<tr id="cache-')[1:]
    return {row.split("<code>")[1].split("</code>")[0]: '<strong class="delete">' in row for row in rows}


def test_page_shows_caches_of_all_regions_and_is_unchanged_the_second_time(
    emulator: Emulator, controller: Controller
) -> None:
    create_failed_cache(emulator, "ap-shanghai", ImageCacheName="broken")
    # Half a day, because the page would change when a full day is over.
    create_cache_of_age(emulator, 0.5, ImageCacheName="支付", RetentionDays=3)
    regions = {"image_cache_report_regions": ["ap-guangzhou", "ap-shanghai"]}
    run = draw(controller, "--check", "--diff", **regions)
    assert (run.status, page_path(controller).exists()) == (0, False), run.output
    assert "+<!DOCTYPE html>" in run.output
    run = draw(controller, **regions)
    assert run.status == 0, run.output
    text = page(controller)
    for words in (
        "Regions: ap-guangzhou, ap-shanghai.",
        "broken (imc-",
        "manifest unknown",
        "支付 (imc-",
        "2 days left",
    ):
        assert words in text
    assert set(emulator.calls()) == {LIST}
    assert {request.region for request in emulator.received} == {"ap-guangzhou", "ap-shanghai"}
    run = draw(controller, **regions)
    assert (run.status, run.results[-1]["changed"]) == (0, False), run.output
    create_cache(emulator, ImageCacheName="new")
    assert draw(controller, **regions).results[-1]["changed"] is True
    assert "new" in page(controller)


def test_page_decides_as_the_prune_playbook(emulator: Emulator, controller: Controller) -> None:
    create_cache_of_age(emulator, 40, 31, ImageCacheName="idle", Images=["idle:1"])
    create_cache_of_age(emulator, 40, 3, ImageCacheName="used", Images=["used:1"])
    create_cache_of_age(emulator, 9, 3, ImageCacheName="old", Images=["nginx:1"])
    create_cache_of_age(emulator, 5, 1, ImageCacheName="newer", Images=["nginx:1"])
    rules = [{"superseded": True, "older_than": "1d"}, *UNUSED]
    assert draw(controller, image_cache_prune_rules=rules).status == 0
    outcomes = shown_outcomes(page(controller))
    assert outcomes == prune_outcomes(controller, rules)
    assert sorted(outcomes.values()) == [False, False, True, True]
    assert "2: last matched 31 d ago" in page(controller)


def test_account_without_caches_has_a_page(emulator: Emulator, controller: Controller) -> None:
    run = draw(controller, image_cache_report_language="zh-CN", image_cache_report_owner_tag="team")
    assert run.status == 0, run.output
    assert '<html lang="zh-CN">' in page(controller)
    assert "没有镜像缓存。" in page(controller)


class TestSavedListings:
    def save(self, emulator: Emulator, controller: Controller) -> Path:
        path = controller.folder / "listing.json"
        copy = {"ansible.builtin.copy": {"content": "{{ listing | to_json }}", "dest": str(path), "mode": "0600"}}
        run = controller.play({INFO: {}, "register": "listing"}, copy)
        assert run.status == 0, run.output
        emulator.received.clear()
        return path

    def test_saved_listing_is_drawn_without_an_account(self, emulator: Emulator, controller: Controller) -> None:
        create_cache(emulator, ImageCacheName="web", Tags=[{"Key": "team", "Value": "shop"}])
        path = self.save(emulator, controller)
        controller.environment.pop("TENCENTCLOUD_SECRET_ID")
        run = draw(
            controller,
            image_cache_report_files=[str(path)],
            image_cache_report_title="Shop & more",
            image_cache_report_owner_tag="team",
            image_cache_report_prices={"per_gib_month": 0.5, "currency": "CNY"},
        )
        assert run.status == 0, run.output
        assert emulator.received == []
        for words in ("<h1>Shop &amp; more</h1>", "Regions: ap-guangzhou.", "By tag team", "CNY 10.00"):
            assert words in page(controller)

    def test_names_are_neither_html_nor_templates(self, emulator: Emulator, controller: Controller) -> None:
        name = "<script>alert(1)</script>{{ lookup('pipe', 'echo injected') }}"
        create_cache_of_age(emulator, 1, shown={"ImageCacheName": name})
        path = self.save(emulator, controller)
        for variables in ({}, {"image_cache_report_files": path.name}):
            assert draw(controller, **variables).status == 0
            assert "<script>alert" not in page(controller)
            assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ lookup(&#39;pipe&#39;" in page(controller)

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ('{"msg": "no", "failed": true}', "image_cache_report: A listing failed: no"),
            ("[{}]", "image_cache_report: A listing is not a result of image_cache_info"),
            ("[]", "image_cache_report: No listing is given."),
        ],
    )
    def test_file_without_a_listing_is_refused(self, controller: Controller, content: str, problem: str) -> None:
        path = controller.folder / "listing.json"
        path.write_text(content, encoding="utf-8")
        run = draw(controller, image_cache_report_files=[str(path)])
        assert run.status != 0
        assert problem in run.output
        assert not page_path(controller).exists()


def test_invalid_options_are_refused_before_the_page_is_written(emulator: Emulator, controller: Controller) -> None:
    for name, value, problem in (
        ("prices", {"per_gib_month": -1}, "Invalid per_gib_month in prices"),
        ("language", "de-DE", "value of image_cache_report_language must be one of: en-US, zh-CN"),
        ("time", "yesterday", "Invalid time: expected ISO 8601"),
    ):
        run = draw(controller, **{f"image_cache_report_{name}": value})
        assert run.status != 0
        assert problem in " ".join(run.output.split())
    assert not page_path(controller).exists()


def test_failed_rule_is_shown_and_does_not_stop_the_page(emulator: Emulator, controller: Controller) -> None:
    for number in range(3):
        create_cache_of_age(emulator, 40, ImageCacheName=f"ci-{number}", Images=[f"ci:{number}"])
    rules = [{**UNUSED[0], "max_deletions": 2}, {"older_then": "1d"}, "superseded"]
    assert draw(controller, image_cache_prune_rules=rules).status == 0
    text = page(controller)
    assert "would be refused: it matches 3, which is more than max_deletions" in text
    assert "would fail: unknown options: older_then" in text
    assert "would fail: not a dictionary of options" in text
    assert set(shown_outcomes(text).values()) == {False}


class TestRegistries:
    def draw(self, controller: Controller, registry: Registry) -> Run:
        hosts = {"registry_http_end_point_list": [registry.host]}
        options = {"image_cache_report_registry": True, "image_cache_report_registry_options": hosts}
        # Which of two caches is newer depends on the speed of the test.
        return draw(controller, "--diff", image_cache_prune_rules=[], **options)

    def test_page_names_images_whose_tags_have_moved(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push(registry, "shop:1")
        assert controller.web(**options_for(registry, "shop:1", follow_tags=True)).status == 0
        create_cache(emulator, ImageCacheName="unrecorded", Images=[f"{registry.host}/shop:1"])
        create_failed_cache(emulator, ImageCacheName="broken")
        emulator.received.clear()
        assert self.draw(controller, registry).status == 0
        assert "No tag is known to have moved." in page(controller)
        assert "Not known for 1 image caches" in page(controller)
        push(registry, "shop:1", content=b"2")
        run = self.draw(controller, registry)
        assert run.status == 0, run.output
        assert f"<code>{registry.host}/shop:1: sha256:" in page(controller)
        assert "No tag is known to have moved." not in page(controller)
        assert set(emulator.calls()) == {LIST}

    def test_page_says_which_registries_do_not_answer(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        push(registry, "shop:1")
        assert controller.web(**options_for(registry, "shop:1", follow_tags=True)).status == 0
        registry.stop()
        run = self.draw(controller, registry)
        assert run.status == 0, run.output
        assert "Answers that are missing" in page(controller)
        assert "cannot tell whether the tag of an image has moved" in page(controller)

    def test_account_without_ready_caches_asks_no_registry(
        self, emulator: Emulator, controller: Controller, registry: Registry
    ) -> None:
        create_failed_cache(emulator)
        assert self.draw(controller, registry).status == 0
        assert registry.requests() == []
        assert "No tag is known to have moved." in page(controller)


def test_argument_spec_documents_every_variable() -> None:
    role = ROOT / "roles/image_cache_report"
    specs, defaults = (
        yaml.safe_load((role / f).read_text(encoding="utf-8")) for f in ("meta/argument_specs.yml", "defaults/main.yml")
    )
    options = specs["argument_specs"]["main"]["options"]
    readme = (role / "README.md").read_text(encoding="utf-8")
    for name, option in options.items():
        assert f"| `{name}` |" in readme
        assert option.get("default") == defaults.get(name)


def test_example_account_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    done = subprocess.run(["sh", "tools/report", str(path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_text(encoding="utf-8").count('<tr id="cache-') == 13
    assert "make report" in (ROOT / "tools/demo").read_text(encoding="utf-8").splitlines()[-1]


def test_role_draws_results_of_its_caller(emulator: Emulator, controller: Controller) -> None:
    create_cache(emulator, ImageCacheName="web")
    included = {
        "ansible.builtin.include_role": {"name": ROLE},
        "vars": {"image_cache_report_path": str(page_path(controller)), "image_cache_report_listings": "{{ listing }}"},
    }
    run = controller.play({INFO: {}, "register": "listing"}, included)
    assert run.status == 0, run.output
    assert "No pruning rules are set." in page(controller)
    assert "web" in page(controller)
