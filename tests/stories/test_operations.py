# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook of the guides, as it stands there, on the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from emulator import BuildFailure, Emulator

from .caches import CREATE, DELETE, LIST, create_cache, create_cache_of_age, find_only_cache
from .controller import MODULE, ROOT, SET, Controller, Run
from .examples import GUIDES, code_blocks

PLAYBOOKS = {block.name: block.text for guide in GUIDES for block in code_blocks(guide) if block.name}
# A build takes 0.3 s here, so that no test has to wait for the ten that the guides leave as they are.
DEFAULTS = {module: {"wait_interval": 0.1} for module in (MODULE, SET)}


@dataclass(frozen=True)
class Case:
    """What is there, what is given on the command line, and what must come of it."""

    there: Callable[[Emulator], Any]
    check: Callable[[Run, Emulator, Any, Path], None]
    arguments: tuple[str, ...] = ()
    fails: int = 0


def nothing(_emulator: Emulator) -> None:
    pass


def declared(emulator: Emulator, field: str) -> list[Any]:
    return [cache.declared.get(field) for cache in emulator.region().caches.values()]


def said(run: Run) -> list[str]:
    """Return what the tasks said, those of loops an item at a time."""
    items = [item for result in run.results for item in result.get("results", [result])]
    return [str(item["msg"]) for item in items if "msg" in item and not item["failed"]]


def how_large(run: Run, emulator: Emulator, there: Any, _folder: Path) -> None:
    assert declared(emulator, "ImageCacheSize") == [28]
    # The smaller one went when the larger was Ready.
    assert run.results[0]["replaced"]["old_id"] == there
    calls = emulator.calls()
    assert calls.index(CREATE) < calls.index(DELETE)


def how_long(run: Run, emulator: Emulator, there: Any, _folder: Path) -> None:
    assert run.results[0]["replaced"]["old_id"] == there
    texts = [text for text in said(run) if "expires at" in text]
    assert len(texts) == 1
    assert texts[0].startswith("short (imc-")


def how_long_there(emulator: Emulator) -> str:
    create_cache_of_age(emulator, 3, ImageCacheName="short", RetentionDays=8)
    create_cache_of_age(emulator, 3, ImageCacheName="for ever")
    return create_cache_of_age(emulator, 21, ImageCacheName="web", RetentionDays=30)


def pinned(run: Run, emulator: Emulator, there: Any, _folder: Path) -> None:
    assert run.results[0]["replaced"]["old_id"] == there
    new = run.results[0]["image_cache_id"]
    assert said(run) == [f"registry.example.com/shop:4.12.0 is in {new}"]


def floating(run: Run, emulator: Emulator, there: Any, _folder: Path) -> None:
    assert run.results[0]["replaced"]["old_id"] == there
    assert emulator.calls().count(CREATE) == 1


def rolling_replace(run: Run, emulator: Emulator, there: Any, _folder: Path) -> None:
    cache, deployment = run.results
    assert cache["replaced"]["old_id"] == there
    annotations = deployment["result"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {
        "eks.tke.cloud.tencent.com/use-image-cache": cache["replaced"]["new_id"],
        "eks.tke.cloud.tencent.com/image-cache-disk-size": "50",
        "eks.tke.cloud.tencent.com/image-cache-disk-retain-minute": "10",
    }


def helm_values(run: Run, emulator: Emulator, there: Any, folder: Path) -> None:
    values = yaml.safe_load((folder / "values-image-cache.yaml").read_text(encoding="utf-8"))
    assert values == {"podAnnotations": {"eks.tke.cloud.tencent.com/use-image-cache": there}}


def pruning_there(emulator: Emulator) -> list[str]:
    emulator.settings.failures = [BuildFailure("broken")]
    failed = create_cache_of_age(emulator, 2, ImageCacheName="ci-0", Images=["broken:1"])
    emulator.settings.failures = []
    idle = [create_cache_of_age(emulator, 20 + number, ImageCacheName=f"ci-{number}") for number in range(1, 6)]
    create_cache_of_age(emulator, 90, ImageCacheName="web")
    # The three newest of the idle ones stay.
    return [failed, *idle[3:]]


def pruning(run: Run, emulator: Emulator, there: Any, _folder: Path) -> None:
    gone = [cache["image_cache_id"] for result in run.results for cache in result.get("deleted", ())]
    assert sorted(gone) == sorted(there)
    assert said(run) == ["2 image caches of 40 GiB in all"]
    assert len(emulator.region().caches) == 4


def scheduled_there(emulator: Emulator) -> list[str]:
    emulator.settings.failures = [BuildFailure("broken")]
    failed = create_cache_of_age(emulator, 2, ImageCacheName="broken", Images=["broken:1"])
    emulator.settings.failures = []
    for name in ("web", "ci-base"):
        create_cache_of_age(emulator, 20, ImageCacheName=name)
    return [failed, create_cache_of_age(emulator, 20, ImageCacheName="ci-1")]


def scheduled(run: Run, emulator: Emulator, there: Any, _folder: Path) -> None:
    rules = run.results[0]["results"]
    assert [cache["image_cache_id"] for rule in rules for cache in rule["deleted"]] == there
    assert sorted(declared(emulator, "ImageCacheName")) == ["ci-base", "web"]


def cost_there(emulator: Emulator) -> None:
    create_cache(emulator, ImageCacheName="web", ImageCacheSize=50)


def cost(run: Run, _emulator: Emulator, _there: Any, _folder: Path) -> None:
    # 50 * 720 * 0.0002; 4 * 8 / 60 * (0.2 + 50 * 0.0005); 50 * 2160 * 0.0005
    assert " ".join(said(run)[0].split()) == "web: 61.32 (snapshot 7.20, builds 0.12, use 54.00)"


def failing_there(emulator: Emulator) -> None:
    emulator.settings.failures = [BuildFailure("shop")]


def failing(run: Run, emulator: Emulator, _there: Any, _folder: Path) -> None:
    assert any(text.startswith("The registry has no such image or tag.") for text in said(run))
    assert run.results[-1]["ansible_facts"] == {"annotations": {}}


def rates(run: Run, emulator: Emulator, _there: Any, _folder: Path) -> None:
    assert run.results[0]["summary"]["created"] == 2
    assert emulator.calls().count(CREATE) == 2


def first(run: Run, emulator: Emulator, _there: Any, _folder: Path) -> None:
    assert said(run) == [f"{find_only_cache(emulator).id} holds nginx:1.27.3"]


def first_role(_run: Run, emulator: Emulator, _there: Any, _folder: Path) -> None:
    assert sorted(declared(emulator, "ImageCacheName")) == ["queue", "web"]


def in_each_region(_run: Run, emulator: Emulator, _there: Any, _folder: Path) -> None:
    for region in ("ap-guangzhou", "ap-shanghai"):
        names = [cache.declared["ImageCacheName"] for cache in emulator.region(region).caches.values()]
        assert sorted(names) == ["queue", "web"]


CASES = {
    "first": Case(nothing, first),
    "first-role": Case(nothing, first_role),
    "one-job": Case(nothing, in_each_region),
    "regions": Case(nothing, in_each_region),
    "how-large": Case(lambda e: create_cache(e, ImageCacheName="ml", ImageCacheSize=20), how_large),
    "how-long": Case(how_long_there, how_long),
    "pinned": Case(
        lambda e: create_cache(e, ImageCacheName="shop", Images=["registry.example.com/shop:4.11.0"]), pinned
    ),
    "floating": Case(
        lambda e: create_cache(e, ImageCacheName="nightly", Images=["registry.example.com/shop:nightly"]),
        floating,
        ("-e", "rebuild=true"),
    ),
    "rolling-replace": Case(lambda e: create_cache(e, ImageCacheName="web"), rolling_replace),
    "helm-values": Case(lambda e: create_cache(e, ImageCacheName="web"), helm_values),
    "pruning": Case(pruning_there, pruning),
    "scheduled": Case(scheduled_there, scheduled),
    "cost": Case(cost_there, cost),
    "failing": Case(failing_there, failing, fails=1),
    "rates": Case(nothing, rates),
}


def test_every_playbook_of_the_guides_has_a_case() -> None:
    assert set(PLAYBOOKS) == set(CASES)
    assert all(block.name for block in code_blocks(ROOT / "docs/docsite/rst/guide_operations.rst"))


@pytest.mark.parametrize("name", CASES)
def test_it_does_what_the_guide_says(emulator: Emulator, controller: Controller, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    there = case.there(emulator)
    emulator.received.clear()
    plays = yaml.safe_load(PLAYBOOKS[name])
    for play in plays:
        if "hosts" in play:
            play["module_defaults"] = DEFAULTS
    path = tmp_path / f"{name}.yml"
    path.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    stand_ins = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "tests/stories/collections")}
    command = ("ansible-playbook", str(path), *case.arguments)
    foretold = controller.run(*command, "--check", environment=stand_ins)
    assert foretold.status == 0, foretold.output
    assert set(emulator.calls()) == {LIST}
    emulator.received.clear()
    run = controller.run(*command, environment=stand_ins)
    assert run.status == 0, run.output
    assert sum(bool(result.get("failed")) for result in run.results) == case.fails
    case.check(run, emulator, there, tmp_path)
