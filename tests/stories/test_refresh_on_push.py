# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook refresh_pushed_images: what it rebuilds for the events of registries, and what it leaves alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulator import BuildFailure, Emulator
from emulator.registry import Registry
from unit.support.pushes import HOST, REPOSITORY, SENDERS, TAG, encode_events, read_push

from .caches import CREATE, LIST, UPDATE, create_cache, create_failed_cache, find_only_cache
from .controller import ROOT, SET, Controller, Run
from .examples import code_blocks
from .registries import credentials_for, push

GUIDE = ROOT / "docs/docsite/rst/guide_events.rst"
PLAYBOOK = "tencentcloud.tke.refresh_pushed_images"
IMAGE = f"{REPOSITORY}:{TAG}"
NETWORK = {"vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8", "wait_interval": 0.1}


def defaults_for(registry: Registry, **options: Any) -> dict[str, Any]:
    """Return the options of all image caches, which let them reach the registry."""
    return {**NETWORK, "registry_http_end_point_list": [registry.host], **options}


def refresh(controller: Controller, events: Any, *arguments: str, **variables: Any) -> Run:
    """Run the playbook for the events, in the form in which the rulebook passes them."""
    given = {"push_events": encode_events(events), **variables}
    extra = {f"image_cache_{name}": value for name, value in given.items()}
    return controller.run("ansible-playbook", PLAYBOOK, "-e", json.dumps(extra), *arguments)


def refresh_after_push(controller: Controller, registry: Registry, *arguments: str, **variables: Any) -> Run:
    """Run the playbook for the push of the image."""
    variables = {"defaults": defaults_for(registry), **variables}
    return refresh(controller, read_push("tcr", registry.host), *arguments, **variables)


def create_followed_caches(controller: Controller, registry: Registry, **images: list[str]) -> None:
    """Create image caches with a record of their digests, by their names."""
    entries = [
        {"name": name, "images": [f"{registry.host}/{image}" for image in held], "follow_tags": True}
        for name, held in images.items()
    ]
    run = controller.play({SET: {**defaults_for(registry), "image_caches": entries}})
    assert run.status == 0, run.output


def ids(emulator: Emulator, region: str = "ap-guangzhou") -> dict[str, str]:
    """Return the ID of each image cache by its name."""
    return {cache.declared["ImageCacheName"]: cache.id for cache in emulator.region(region).caches.values()}


def messages(run: Run) -> list[str]:
    """Return the messages of the tasks that show something."""
    items = [item for result in run.results for item in result.get("results", [result])]
    return [
        item["msg"] for item in items if set(item) >= {"msg"} and not item.get("skipped") and "image_caches" not in item
    ]


@pytest.mark.parametrize("sender", SENDERS)
def test_push_rebuilds_only_the_caches_that_contain_the_tag(
    emulator: Emulator, controller: Controller, registry: Registry, sender: str
) -> None:
    push(registry, IMAGE, "tools:1")
    create_followed_caches(controller, registry, web=[IMAGE, "tools:1"], tools=["tools:1"])
    before = ids(emulator)
    push(registry, IMAGE, "tools:1", content=b"2")
    run = refresh(controller, read_push(sender, registry.host), defaults=defaults_for(registry))
    assert run.status == 0, run.output
    after = ids(emulator)
    assert (after["tools"], set(after)) == (before["tools"], {"web", "tools"})
    assert after["web"] != before["web"]
    assert messages(run) == [
        f"{registry.host}/{IMAGE}",
        f"web: {before['web']} is replaced by {after['web']}",
    ]


def test_push_of_the_same_content_rebuilds_nothing(
    emulator: Emulator, controller: Controller, registry: Registry
) -> None:
    push(registry, IMAGE)
    create_followed_caches(controller, registry, web=[IMAGE])
    emulator.received.clear()
    run = refresh_after_push(controller, registry)
    assert run.status == 0, run.output
    assert set(emulator.calls()) == {LIST}
    assert set(registry.requests()) == {("HEAD", f"/v2/{REPOSITORY}/manifests/{TAG}")}


def test_second_run_for_the_same_push_rebuilds_nothing(
    emulator: Emulator, controller: Controller, registry: Registry
) -> None:
    push(registry, IMAGE)
    create_followed_caches(controller, registry, web=[IMAGE])
    push(registry, IMAGE, content=b"2")
    for _run in range(2):
        assert refresh_after_push(controller, registry).status == 0
    assert emulator.calls().count(CREATE) == 2


def test_cache_without_a_record_is_rebuilt_once(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    push(registry, IMAGE)
    old = create_cache(emulator, Images=[f"{registry.host}/{IMAGE}"])
    predicted = refresh_after_push(controller, registry, "--check")
    assert (predicted.status, set(emulator.calls())) == (0, {LIST}), predicted.output
    assert refresh_after_push(controller, registry).status == 0
    new = find_only_cache(emulator).id
    assert new != old
    calls = emulator.calls()
    # The only update is the rename at the end of the replacement: the old cache stays usable.
    assert (calls.count(CREATE), calls.count(UPDATE)) == (1, 1)
    assert refresh_after_push(controller, registry).status == 0
    assert find_only_cache(emulator).id == new


@pytest.mark.waiting
def test_running_build_of_a_replacement_is_joined(
    emulator: Emulator, controller: Controller, registry: Registry
) -> None:
    push(registry, IMAGE)
    create_followed_caches(controller, registry, web=[IMAGE])
    # The build is still running when the play of the push begins.
    emulator.settings.build_seconds = 3.0
    push(registry, IMAGE, content=b"2")
    entry = {"name": "web", "follow_tags": True, "on_change": "replace", "wait": False}
    assert controller.play({SET: {**defaults_for(registry), "image_caches": [entry]}}).status == 0
    assert refresh_after_push(controller, registry).status == 0
    assert (emulator.calls().count(CREATE), list(ids(emulator))) == (2, ["web"])


def test_left_over_replacement_gets_its_name(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    push(registry, IMAGE)
    create_followed_caches(controller, registry, web=[IMAGE])
    (cache,) = emulator.region().caches.values()
    cache.declared["ImageCacheName"] = "web-replacement"
    assert refresh_after_push(controller, registry).status == 0
    assert ids(emulator) == {"web": cache.id}


def test_failed_cache_is_rebuilt(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    push(registry, IMAGE)
    create_failed_cache(emulator, Images=[f"{registry.host}/{IMAGE}"])
    run = refresh_after_push(controller, registry)
    assert run.status == 0, run.output
    find_only_cache(emulator)


def test_declaration_keeps_the_settings_that_the_api_does_not_return(
    emulator: Emulator, controller: Controller, registry: Registry, tmp_path: Path
) -> None:
    push(registry, IMAGE)
    create_cache(emulator, Images=[f"{registry.host}/{IMAGE}"])
    unwanted = create_cache(emulator, ImageCacheName="gone", Images=[f"{registry.host}/{IMAGE}"])
    declared = [
        {
            "name": "web",
            "security_group_ids": ["sg-1"],
            **credentials_for(registry, "canary-password"),
            "id": "imc-old",
        },
        {"name": "gone", "state": "absent"},
    ]
    path = tmp_path / "caches.yml"
    variables = {"image_cache_caches": declared, "image_cache_defaults": defaults_for(registry, size=30)}
    path.write_text(yaml.safe_dump(variables), encoding="utf-8")
    event = read_push("tcr", registry.host)
    run = refresh(controller, event, "-vvv", variables_file=str(path))
    assert run.status == 0, run.output
    caches = {cache.declared["ImageCacheName"]: cache for cache in emulator.region().caches.values()}
    assert caches["web"].declared["SecurityGroupIds"] == ["sg-1"]
    assert caches["web"].declared["ImageCacheSize"] == 30
    assert caches["web"].declared["ImageRegistryCredentials"][0]["Password"] == "canary-password"
    assert caches["gone"].id == unwanted
    assert "canary-password" not in run.output


def test_variables_of_the_guide_serve_the_declaration_and_the_push(
    emulator: Emulator, controller: Controller, registry: Registry, tmp_path: Path
) -> None:
    images = ("shop/web:nightly", "shop/queue:nightly")
    push(registry, *images)
    (text,) = (block.text for block in code_blocks(GUIDE) if block.text.startswith("# /etc/ansible/caches.yml"))
    variables = yaml.safe_load(text.replace("registry.example.com", registry.host))
    variables["image_cache_defaults"] |= defaults_for(registry)
    path = tmp_path / "caches.yml"
    path.write_text(yaml.safe_dump(variables), encoding="utf-8")
    controller.environment["REGISTRY_PASSWORD"] = "canary-password"
    declared = controller.run("ansible-playbook", "tencentcloud.tke.image_caches", "-e", f"@{path}")
    assert declared.status == 0, declared.output
    old = ids(emulator)["shop"]
    push(registry, *images, content=b"2")
    assert refresh(controller, read_push("harbor", registry.host), variables_file=str(path)).status == 0
    (cache,) = emulator.region().caches.values()
    assert cache.id != old
    assert cache.declared["ImageRegistryCredentials"][0]["Password"] == "canary-password"
    assert cache.declared["SecurityGroupIds"] == ["sg-1f2g3h4j"]


def test_undeclared_cache_needs_a_network(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    push(registry, IMAGE)
    old = create_cache(emulator, Images=[f"{registry.host}/{IMAGE}"])
    run = refresh_after_push(controller, registry, defaults={"registry_http_end_point_list": [registry.host]})
    assert run.status != 0
    assert "For the replacement, also set vpc_id, subnet_id" in run.output
    assert find_only_cache(emulator).id == old


def test_failed_build_keeps_the_cache_and_does_not_stop_the_others(
    emulator: Emulator, controller: Controller, registry: Registry
) -> None:
    push(registry, IMAGE, "broken:1")
    create_followed_caches(controller, registry, web=[IMAGE], other=[IMAGE, "broken:1"])
    before = ids(emulator)
    push(registry, IMAGE, content=b"2")
    emulator.settings.failures = [BuildFailure("broken:1")]
    run = refresh_after_push(controller, registry)
    assert run.status != 0
    after = ids(emulator)
    assert after["other"] == before["other"]
    assert after["web"] != before["web"]


def test_filters_limit_what_is_rebuilt(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    push(registry, IMAGE)
    create_followed_caches(controller, registry, web=[IMAGE], other=[IMAGE])
    before = ids(emulator)
    push(registry, IMAGE, content=b"2")
    assert refresh_after_push(controller, registry, filters={"name_pattern": "w*"}).status == 0
    after = ids(emulator)
    assert after["other"] == before["other"]
    assert after["web"] != before["web"]


def test_cache_of_the_platform_is_left_alone(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    push(registry, IMAGE)
    old = create_cache(emulator, Images=[f"{registry.host}/{IMAGE}"])
    emulator.region().caches[old].shown["ImageCacheType"] = "auto"
    assert refresh_after_push(controller, registry).status == 0
    assert find_only_cache(emulator).id == old


def test_caches_in_the_regions_of_the_declarations_are_rebuilt(
    emulator: Emulator, controller: Controller, registry: Registry
) -> None:
    push(registry, IMAGE)
    image = f"{registry.host}/{IMAGE}"
    regions = ("ap-guangzhou", "ap-shanghai")
    before = {region: create_cache(emulator, region, Images=[image]) for region in regions}
    declared = [
        {"name": "web", "region": "ap-shanghai"},
        {"name": "other", "region": "ap-guangzhou"},
        {"name": "third"},
    ]
    run = refresh_after_push(controller, registry, caches=declared)
    assert run.status == 0, run.output
    for region in regions:
        (name,) = ids(emulator, region)
        assert name == "web"
        assert ids(emulator, region)[name] != before[region]


def test_forced_rebuild_asks_no_registry(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    push(registry, IMAGE)
    create_followed_caches(controller, registry, web=[IMAGE])
    old = find_only_cache(emulator).id
    registry.received.clear()
    assert refresh_after_push(controller, registry, force_rebuild=True).status == 0
    assert find_only_cache(emulator).id != old
    assert registry.received == []


def test_host_is_replaced_by_that_of_the_caches(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    push(registry, IMAGE)
    old = create_cache(emulator, Images=[f"{registry.host}/{IMAGE}"])
    event, hosts = read_push("distribution", "10.0.0.5:5000"), {"10.0.0.5:5000": registry.host}
    assert refresh(controller, event, defaults=defaults_for(registry), registry_hosts=hosts).status == 0
    assert find_only_cache(emulator).id != old


@pytest.mark.parametrize("events", [{"events": []}, {"payload": "hello"}, {"type": "pullImage"}, "nothing", None])
def test_events_without_a_pushed_tag_send_no_request(emulator: Emulator, controller: Controller, events: Any) -> None:
    run = refresh(controller, events)
    assert run.status == 0, run.output
    assert messages(run) == ["The events report no push of a tag."]
    assert emulator.calls() == []


def test_template_in_an_event_is_not_evaluated(emulator: Emulator, controller: Controller, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    template = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}" % mark
    event = read_push("distribution")
    for part in event["events"]:
        part["request"]["useragent"] = part["actor"]["name"] = part["target"]["repository"] = template
    run = refresh(controller, {"m_0": {"payload": event, "meta": {"headers": {template: template}}}}, "-vvv")
    assert run.status == 0, run.output
    assert messages(run) == ["The events report no push of a tag."]
    assert not mark.exists()


NO_PUSH = "The events report no push of a tag."
# Anyone who can push an image can choose names and tags.
HOSTILE = ("{{", "{%", "{#", "'", '"', "\n", "\r\n", "\u2028", "\x00", "\\", "`", "$(", "%7B%7B", "!unsafe")
NO_EVENTS: dict[str, Callable[[], str]] = {
    "ten megabytes": lambda: encode_events(
        {"events": [{"action": "push", "target": {"repository": "x" * 10_000_000}}]}
    ),
    "many pushes": lambda: encode_events(
        {"events": [{"action": "push", "target": {"repository": "Ä", "tag": "1"}}] * 20_000}
    ),
    "levels": lambda: "[" * 100_000,
    "no JSON": lambda: "%zz%00%7B%7B",
}


@pytest.mark.parametrize("name", NO_EVENTS)
def test_hostile_text_is_ignored(emulator: Emulator, controller: Controller, tmp_path: Path, name: str) -> None:
    assert refresh_from_file(controller, tmp_path, NO_EVENTS[name]()) == [NO_PUSH]
    assert emulator.calls() == []


def test_hostile_names_are_not_evaluated_and_hide_no_other_push(
    emulator: Emulator, controller: Controller, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    names = [f"{piece} lookup('ansible.builtin.pipe', 'touch {mark}') {piece.replace('{', '}')}" for piece in HOSTILE]
    targets = [{"repository": name, "tag": name, "url": name} for name in names]
    targets += [{"repository": "shop/web", "tag": name, "url": f"https://{HOST}/v2/"} for name in (*names, TAG)]
    payload = {
        **dict.fromkeys(names, names),
        "events": [{"action": "push", "target": target, "id": names} for target in targets],
    }
    text = encode_events({"m": {"payload": payload, "meta": dict.fromkeys(names, names)}})
    assert refresh_from_file(controller, tmp_path, text) == [f"{HOST}/shop/web:{TAG}"]
    assert set(emulator.calls()) == {LIST}
    assert not mark.exists()


def refresh_from_file(controller: Controller, folder: Path, text: str) -> list[str]:
    """Run the playbook for events in a file, because a command line is shorter, and return its messages."""
    path = folder / "events.json"
    path.write_text(json.dumps({"image_cache_push_events": text, "image_cache_defaults": NETWORK}), encoding="utf-8")
    run = controller.run("ansible-playbook", PLAYBOOK, "-e", f"@{path}")
    assert run.status == 0, run.output[-3000:]
    return messages(run)


def test_listing_that_fails_is_reported(emulator: Emulator, controller: Controller, registry: Registry) -> None:
    run = refresh_after_push(controller, registry, region="nowhere")
    assert run.status != 0
    assert "UnsupportedRegion" in run.output


def test_missing_file_of_variables_is_reported(emulator: Emulator, controller: Controller) -> None:
    run = refresh(controller, read_push("tcr"), variables_file="/nowhere/caches.yml")
    assert run.status != 0
    assert run.results[-1]["msg"].startswith("There is no file /nowhere/caches.yml.")
    assert emulator.calls() == []
