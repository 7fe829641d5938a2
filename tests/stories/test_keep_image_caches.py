# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook keep_image_caches declares, follows tags, renews and prunes, and ends with one line."""

from __future__ import annotations

import json
from typing import Any

from emulator import BuildFailure, Emulator, Fault
from emulator.registry import Registry

from .caches import CREATE, LIST, create_cache, create_cache_of_age
from .controller import Controller, Run
from .registries import push

PLAYBOOK = "tencentcloud.tke.keep_image_caches"
DEFAULTS = {"vpc_id": "vpc-1", "subnet_id": "subnet-1", "wait_interval": 0.2}


def keep(controller: Controller, *arguments: str, follow_tags: bool = False, **variables: Any) -> Run:
    """Run the playbook with variables of the prefix C(image_cache_)."""
    given = {"defaults": DEFAULTS, "region": "ap-guangzhou", "follow_tags": follow_tags, **variables}
    prefixed = {f"image_cache_{name}": value for name, value in given.items()}
    command = ("ansible-playbook", PLAYBOOK, "-e", json.dumps(prefixed), *arguments)
    return controller.run(*command, environment={"TENCENTCLOUD_API_RETRIES": "0"})


def entry(name: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "images": [f"{name}:1"], **options}


def summary(run: Run) -> str:
    """Return the last line of the playbook."""
    return str(run.results[-1]["msg"])


def names(emulator: Emulator) -> list[str]:
    return sorted(cache.declared["ImageCacheName"] for cache in emulator.region().caches.values())


def test_everything_is_done_and_summarized(emulator: Emulator, controller: Controller) -> None:
    create_cache_of_age(emulator, 40, 35, ImageCacheName="old", Images=["old:1"])
    create_cache_of_age(emulator, 12.5, 1, ImageCacheName="web", Images=["web:1"], RetentionDays=14)
    create_cache_of_age(emulator, 60, 40, ImageCacheName="base", Images=["base:1"], ImageCacheSize=30)
    run = keep(
        controller,
        caches=[entry("web"), entry("queue")],
        defaults={**DEFAULTS, "retention_days": 14},
        min_days_left=4,
        keep_names="base",
    )
    assert run.status == 0, run.output
    assert summary(run) == (
        "Image caches in ap-guangzhou: 1 created, 1 updated; 1 pruned (20 GiB); 3 exist (70 GiB); next expiry: queue in"
        " 14.0 days"
    )
    assert names(emulator) == ["base", "queue", "web"]


def test_second_run_changes_nothing(emulator: Emulator, controller: Controller) -> None:
    keep(controller, caches=[entry("web")])
    emulator.received.clear()
    run = keep(controller, caches=[entry("web")])
    assert summary(run) == "Image caches in ap-guangzhou: 1 unchanged; 0 pruned (0 GiB); 1 exist (20 GiB)"
    # The declaration, three rules, and the listing for the summary.
    assert emulator.calls() == [LIST] * 5


def test_moved_tag_is_rebuilt(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    caches = [entry("web", images=[f"{registry.host}/web:1"], registry_http_end_point_list=[registry.host])]
    push(registry, "web:1", content=b"1")
    keep(controller, follow_tags=True, caches=caches)
    push(registry, "web:1", content=b"2")
    run = keep(controller, follow_tags=True, caches=caches)
    assert summary(run).startswith("Image caches in ap-guangzhou: 1 replaced; 0 pruned (0 GiB); 1 exist (20 GiB)")


def test_failures_do_not_stop_the_rest_and_are_named(emulator: Emulator, controller: Controller) -> None:
    emulator.settings.failures = [BuildFailure("broken")]
    create_cache_of_age(emulator, 40, 35, ImageCacheName="old", Images=["old:1"])
    run = keep(
        controller,
        caches=[entry("broken"), entry("web")],
        prune_rules=[{"unmatched_for": "30d"}, {"unmatched_for": "a month"}],
    )
    assert run.status != 0
    assert summary(run) == (
        "Image caches in ap-guangzhou: 1 created, 1 failed; 1 pruned (20 GiB); 2 exist (40 GiB); FAILED: broken, rule 2"
    )
    broken, rule = run.results[-3]["msg"]
    assert broken.startswith("image cache broken (imc-")
    assert rule.startswith("""rule 2 {"unmatched_for": "a month"}: Invalid unmatched_for""")


def test_invalid_declaration_deletes_nothing(emulator: Emulator, controller: Controller) -> None:
    create_cache_of_age(emulator, 40, 35, ImageCacheName="old", Images=["old:1"])
    run = keep(controller, caches=[entry("web"), entry("web")])
    assert run.status != 0
    assert summary(run) == (
        "Image caches in ap-guangzhou: nothing done; 0 pruned (0 GiB); 1 exist (20 GiB); FAILED: the declaration"
    )
    assert names(emulator) == ["old"]


def test_declared_names_are_never_pruned(emulator: Emulator, controller: Controller) -> None:
    for name in ("web", "web-replacement", "queue"):
        create_cache_of_age(emulator, 40, 35, ImageCacheName=name, Images=[f"{name}:1"])
    emulator.faults.append(Fault.error("UnauthorizedOperation.CamNoAuth", LIST))
    keep(controller, caches=[entry("web")])
    assert names(emulator) == ["web", "web-replacement"]


def test_failed_listing_is_named(emulator: Emulator, controller: Controller) -> None:
    create_cache(emulator, Images=["web:1"])
    emulator.faults.append(Fault.error("UnauthorizedOperation.CamNoAuth", LIST, nth=2))
    run = keep(controller, caches=[entry("web")], prune_rules=[])
    assert run.status != 0
    assert summary(run) == "Image caches in ap-guangzhou: 1 unchanged; 0 pruned (0 GiB); FAILED: the listing"


def test_check_mode_predicts_everything(emulator: Emulator, controller: Controller) -> None:
    create_cache_of_age(emulator, 40, 35, ImageCacheName="old", Images=["old:1"])
    run = keep(controller, "--check", "--diff", caches=[entry("web")])
    assert run.status == 0, run.output
    assert summary(run) == ("Check mode: Image caches in ap-guangzhou: 1 created; 1 pruned (20 GiB); 1 exist (20 GiB)")
    assert set(emulator.calls()) == {LIST}


def test_rules_alone_prune_without_a_declaration(emulator: Emulator, controller: Controller) -> None:
    create_cache_of_age(emulator, 40, 35, ImageCacheName="old", Images=["old:1"])
    run = keep(controller, region="")
    assert run.status == 0, run.output
    assert summary(run) == "Image caches: none declared; 1 pruned (20 GiB); 0 exist (0 GiB)"
    assert CREATE not in emulator.calls()


def test_failed_pruning_of_the_role_is_named(emulator: Emulator, controller: Controller) -> None:
    for name in ("old", "older"):
        create_cache_of_age(emulator, 40, 35, ImageCacheName=name, Images=[f"{name}:1"])
    run = keep(controller, caches=[entry("web")], prune_rules=[], prune={"unmatched_for": "30d", "max_deletions": 1})
    assert run.status != 0
    assert summary(run) == (
        "Image caches in ap-guangzhou: 1 created; 0 pruned (0 GiB); 3 exist (60 GiB); FAILED: the role image_cache"
    )
    assert run.results[-3]["msg"][0].startswith("No image cache was deleted: the number of candidates (2)")


def test_cache_that_is_declared_by_its_id_is_never_pruned(emulator: Emulator, controller: Controller) -> None:
    web = create_cache_of_age(emulator, 40, 35, ImageCacheName="old-name", Images=["web:1"])
    run = keep(controller, "--check", caches=[entry("web", image_cache_id=web)])
    assert run.status == 0, run.output
    assert "0 pruned" in summary(run)
