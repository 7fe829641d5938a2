# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of all guides but that on workloads, run unchanged on the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from emulator import BuildFailure, Emulator
from emulator.registry import Registry
from unit.support.registry_access import pusher_to
from unit.support.registry_images import gzip_layer, large_layer

from .caches import CREATE, DELETE, LIST, create_cache, create_cache_of_age, find_only_cache
from .controller import MODULE, REGISTRY_INFO, ROOT, SET, Controller, Run
from .examples import GUIDES, code_blocks
from .registries import push

WORKLOADS = ROOT / "docs/docsite/rst/guide_workloads.rst"
PLAYBOOKS = {
    block.name: block.text for guide in GUIDES if guide != WORKLOADS for block in code_blocks(guide) if block.name
}
# A build takes 0.3 s here, so a short polling interval keeps the tests fast. The guides use the default of 10 s.
DEFAULTS = {module: {"wait_interval": 0.1} for module in (MODULE, SET)}
# A registry that cannot be reached, so connections fail at once.
CLOSED_PORT = "127.0.0.1:9"


@dataclass(frozen=True)
class Case:
    """How to prepare the emulator, the arguments of the command line, and the check of the result.

    C(REGISTRY) in an argument stands for the host of the emulated registry.
    """

    prepare: Callable[[Emulator], Any]
    check: Callable[[Run, Emulator, Any, Path], None]
    arguments: tuple[str, ...] = ()
    failures: int = 0


def create_no_cache(_emulator: Emulator) -> None:
    pass


def declared_values(emulator: Emulator, field: str) -> list[Any]:
    return [cache.declared.get(field) for cache in emulator.region().caches.values()]


def messages(run: Run) -> list[str]:
    """Return the messages of the tasks, for a loop those of its items."""
    items = [item for result in run.results for item in result.get("results", [result])]
    return [str(item["msg"]) for item in items if "msg" in item and not item["failed"]]


def check_size(run: Run, emulator: Emulator, prepared: Any, _folder: Path) -> None:
    assert declared_values(emulator, "ImageCacheSize") == [28]
    # The smaller cache was deleted when the larger one was Ready.
    assert run.results[1]["replaced"]["old_id"] == prepared
    calls = emulator.calls()
    assert calls.index(CREATE) < calls.index(DELETE)


def check_retention(run: Run, emulator: Emulator, prepared: Any, _folder: Path) -> None:
    assert run.results[0]["image_cache_id"] == prepared
    assert [(action["action"], action["fields"]) for action in run.results[0]["actions"]] == [
        ("update", ["retention_days"])
    ]
    (text,) = [text for text in messages(run) if "expires in" in text]
    assert text.startswith("short (imc-")
    assert text.endswith("expires in 5.0 days")


def create_caches_to_expire(emulator: Emulator) -> str:
    create_cache_of_age(emulator, 3, ImageCacheName="short", RetentionDays=8)
    create_cache_of_age(emulator, 3, ImageCacheName="for ever")
    return create_cache_of_age(emulator, 21.5, ImageCacheName="web", RetentionDays=30)


def check_pinned(run: Run, emulator: Emulator, prepared: Any, _folder: Path) -> None:
    assert run.results[0]["replaced"]["old_id"] == prepared
    new = run.results[0]["image_cache_id"]
    assert messages(run) == [f"registry.example.com/shop:4.12.0 is in {new}"]


def check_floating(run: Run, emulator: Emulator, prepared: Any, _folder: Path) -> None:
    assert run.results[0]["replaced"]["old_id"] == prepared
    assert emulator.calls().count(CREATE) == 1
    assert "cannot tell whether the tag of an image has moved" in run.results[0]["warnings"][0]


def check_rolling_replace(run: Run, emulator: Emulator, prepared: Any, _folder: Path) -> None:
    cache, deployment = run.results
    assert cache["replaced"]["old_id"] == prepared
    annotations = deployment["result"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {
        "eks.tke.cloud.tencent.com/use-image-cache": cache["replaced"]["new_id"],
        "eks.tke.cloud.tencent.com/image-cache-disk-size": "50",
        "eks.tke.cloud.tencent.com/image-cache-disk-retain-minute": "10",
    }


def check_helm_values(run: Run, emulator: Emulator, prepared: Any, folder: Path) -> None:
    values = yaml.safe_load((folder / "values-image-cache.yaml").read_text(encoding="utf-8"))
    assert values == {"podAnnotations": {"eks.tke.cloud.tencent.com/use-image-cache": prepared}}


def create_caches_to_prune(emulator: Emulator) -> list[str]:
    emulator.settings.failures = [BuildFailure("broken")]
    failed = create_cache_of_age(emulator, 2, ImageCacheName="ci-0", Images=["broken:1"])
    emulator.settings.failures = []
    idle = [create_cache_of_age(emulator, 20 + number, ImageCacheName=f"ci-{number}") for number in range(1, 6)]
    create_cache_of_age(emulator, 90, ImageCacheName="web")
    # The three newest unused caches are kept.
    return [failed, *idle[3:]]


def check_pruning(run: Run, emulator: Emulator, prepared: Any, _folder: Path) -> None:
    gone = [cache["image_cache_id"] for result in run.results for cache in result.get("deleted", ())]
    assert sorted(gone) == sorted(prepared)
    assert messages(run) == ["2 image caches of 40 GiB in all"]
    assert len(emulator.region().caches) == 4


def create_caches_for_schedule(emulator: Emulator) -> list[str]:
    emulator.settings.failures = [BuildFailure("broken")]
    failed = create_cache_of_age(emulator, 2, ImageCacheName="broken", Images=["broken:1"])
    emulator.settings.failures = []
    for name in ("web", "ci-base"):
        create_cache_of_age(emulator, 20, ImageCacheName=name)
    return [failed, create_cache_of_age(emulator, 20, ImageCacheName="ci-1")]


def check_scheduled(run: Run, emulator: Emulator, prepared: Any, _folder: Path) -> None:
    rules = run.results[0]["results"]
    assert [cache["image_cache_id"] for rule in rules for cache in rule["deleted"]] == prepared
    assert sorted(declared_values(emulator, "ImageCacheName")) == ["ci-base", "web"]


def create_cache_of_50_gib(emulator: Emulator) -> None:
    create_cache(emulator, ImageCacheName="web", ImageCacheSize=50)


def check_cost(run: Run, _emulator: Emulator, _prepared: Any, _folder: Path) -> None:
    # 50 * 720 * 0.0002; 4 * 8 / 60 * (0.2 + 50 * 0.0005); 50 * 2160 * 0.0005
    assert " ".join(messages(run)[0].split()) == "web: 61.32 (snapshot 7.20, builds 0.12, use 54.00)"


def create_caches_to_report(emulator: Emulator) -> None:
    create_cache_of_age(emulator, 40, ImageCacheName="idle", Tags=[{"Key": "team", "Value": "shop"}])
    create_cache(emulator, "ap-shanghai", ImageCacheName="fresh")


def check_report(_run: Run, emulator: Emulator, _prepared: Any, folder: Path) -> None:
    page = (folder / "image-caches.html").read_text(encoding="utf-8")
    for words in ("Regions: ap-guangzhou, ap-shanghai.", "idle", "fresh", "By tag team", "CNY 4.80", "never matched"):
        assert words in page
    assert set(emulator.calls()) == {LIST}


def check_saved_listing(_run: Run, _emulator: Emulator, _prepared: Any, folder: Path) -> None:
    listing = json.loads((folder / "listing.json").read_text(encoding="utf-8"))
    assert [cache["image_cache_name"] for cache in listing["image_caches"]] == ["idle"]


def let_builds_fail(emulator: Emulator) -> None:
    emulator.settings.failures = [BuildFailure("shop")]


def check_failing(run: Run, emulator: Emulator, _prepared: Any, _folder: Path) -> None:
    assert any(text.startswith("The registry has no such image or tag.") for text in messages(run))
    assert run.results[-1]["ansible_facts"] == {"annotations": {}}


def check_rates(run: Run, emulator: Emulator, _prepared: Any, _folder: Path) -> None:
    assert run.results[0]["summary"]["created"] == 2
    assert emulator.calls().count(CREATE) == 2


def check_first(run: Run, emulator: Emulator, _prepared: Any, _folder: Path) -> None:
    assert messages(run) == [f"{find_only_cache(emulator).id} holds nginx:1.27.3"]


def check_first_role(_run: Run, emulator: Emulator, _prepared: Any, _folder: Path) -> None:
    assert sorted(declared_values(emulator, "ImageCacheName")) == ["queue", "web"]


def check_each_region(_run: Run, emulator: Emulator, _prepared: Any, _folder: Path) -> None:
    for region in ("ap-guangzhou", "ap-shanghai"):
        names = [cache.declared["ImageCacheName"] for cache in emulator.region(region).caches.values()]
        assert sorted(names) == ["queue", "web"]


def check_upkeep(run: Run, emulator: Emulator, _prepared: Any, _folder: Path) -> None:
    assert messages(run)[-1].startswith(
        "Image caches in ap-guangzhou: 2 created; 0 pruned (0 GiB); 2 exist (40 GiB); next"
    )
    assert sorted(declared_values(emulator, "ImageCacheName")) == ["queue", "web"]


UPKEEP = {
    "image_cache_follow_tags": False,
    "image_cache_defaults": {"vpc_id": "vpc-1", "subnet_id": "subnet-1", "retention_days": 14, "wait_interval": 0.2},
}
CASES = {
    "upkeep": Case(create_no_cache, check_upkeep, ("-e", json.dumps(UPKEEP))),
    "first": Case(create_no_cache, check_first),
    "first-role": Case(create_no_cache, check_first_role),
    "one-job": Case(create_no_cache, check_each_region),
    "regions": Case(create_no_cache, check_each_region),
    "how-large": Case(
        lambda e: create_cache(e, ImageCacheName="ml", ImageCacheSize=20),
        check_size,
        ("-e", '{"images": ["REGISTRY/ml/train:2.4.0", "REGISTRY/redis:7.4.1"]}'),
    ),
    "how-long": Case(create_caches_to_expire, check_retention),
    "pinned": Case(
        lambda e: create_cache(e, ImageCacheName="shop", Images=["registry.example.com/shop:4.11.0"]), check_pinned
    ),
    "floating": Case(
        lambda e: create_cache(e, ImageCacheName="nightly", Images=[f"{CLOSED_PORT}/shop:nightly"]),
        check_floating,
        ("-e", "rebuild=true", "-e", f"registry={CLOSED_PORT}"),
    ),
    "rolling-replace": Case(lambda e: create_cache(e, ImageCacheName="web"), check_rolling_replace),
    "helm-values": Case(lambda e: create_cache(e, ImageCacheName="web"), check_helm_values),
    "pruning": Case(create_caches_to_prune, check_pruning),
    "scheduled": Case(create_caches_for_schedule, check_scheduled),
    "report": Case(create_caches_to_report, check_report),
    "save-listing": Case(create_caches_to_report, check_saved_listing),
    "cost": Case(create_cache_of_50_gib, check_cost),
    "failing": Case(let_builds_fail, check_failing, failures=1),
    "rates": Case(create_no_cache, check_rates),
}


def test_every_playbook_of_the_guides_has_a_case() -> None:
    assert set(PLAYBOOKS) == set(CASES)
    assert all(block.name for block in code_blocks(ROOT / "docs/docsite/rst/guide_operations.rst"))


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    """A registry with two images, which need 27.6 GiB and a little more."""
    registry = Registry().start()
    pusher = pusher_to(registry)
    pusher.push_image("ml/train", "2.4.0", [large_layer(23 << 30)])
    pusher.push_image("redis", "7.4.1", [gzip_layer()])
    yield registry
    registry.stop()


@pytest.mark.parametrize("name", CASES)
def test_playbook_does_what_the_guide_says(
    emulator: Emulator, registry: Registry, controller: Controller, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    prepared = case.prepare(emulator)
    emulator.received.clear()
    plays = yaml.safe_load(PLAYBOOKS[name])
    for play in plays:
        if "hosts" in play:
            plain = {"registry_http_end_point_list": [registry.host]}
            play["module_defaults"] = {**DEFAULTS, REGISTRY_INFO: plain}
    path = tmp_path / f"{name}.yml"
    path.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "tests/stories/collections"),
        "TENCENTCLOUD_API_RETRIES": "0",
    }
    command = (
        "ansible-playbook",
        str(path),
        *(argument.replace("REGISTRY", registry.host) for argument in case.arguments),
    )
    predicted = controller.run(*command, "--check", environment=environment)
    assert predicted.status == 0, predicted.output
    assert set(emulator.calls()) == {LIST}
    emulator.received.clear()
    run = controller.run(*command, environment=environment)
    assert run.status == 0, run.output
    assert sum(bool(result.get("failed")) for result in run.results) == case.failures
    case.check(run, emulator, prepared, tmp_path)


def test_playbook_for_a_floating_tag_names_the_image_that_has_moved(
    emulator: Emulator, controller: Controller, registry: Registry
) -> None:
    (play,) = yaml.safe_load(PLAYBOOKS["floating"])
    play["module_defaults"] = {MODULE: {**DEFAULTS[MODULE], "registry_http_end_point_list": [registry.host]}}
    play["vars"]["registry"] = registry.host
    path = controller.folder / "floating.yml"
    path.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    changes = []
    for content in (b"1", b"1", b"2"):
        push(registry, "shop:nightly", content=content)
        run = controller.run("ansible-playbook", str(path))
        assert run.status == 0, run.output
        changes.append(run.results[0]["changed"])
    assert changes == [True, False, True]
    assert emulator.calls().count(CREATE) == 2
    assert f"{registry.host}/shop:nightly: sha256:" in run.output
