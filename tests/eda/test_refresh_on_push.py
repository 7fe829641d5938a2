# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook in the real ansible-rulebook, with the real registry: from a push to a rebuilt image cache."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from eda.rulebook import TOKEN, WINDOW_SECONDS, RulebookProcess
from emulator import Emulator
from emulator.debian_registry import DebianRegistry
from emulator.registry import Registry
from stories.caches import CREATE
from stories.controller import SET, Controller
from stories.registries import credentials_for
from unit.support.pushes import REPOSITORY, SENDERS, TAG, read_push
from unit.support.registry_access import Server, pusher_to
from unit.support.registry_images import OCI, gzip_layer

IMAGE = f"{REPOSITORY}:{TAG}"
NETWORK = {"vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8", "wait_interval": 0.1}
PASSWORD = "canary-password-of-the-registry"
IGNORED = "Ignored a request that is not an event of TCR, Harbor or Docker's distribution."
# Requests that are no push of a tag, of registries and of others.
FOREIGN: list[Any] = [
    {},
    [],
    "push",
    5,
    None,
    {"type": 5},
    {"type": "pullImage", "event_data": {"resources": []}},
    {"type": "pushImage"},
    {"type": "pushImage", "event_data": {"resources": "none"}},
    {"events": []},
    {"events": {"action": "push"}},
    {"events": "push"},
    {"events": [1, None]},
    {"events": [{"action": "push", "target": {"repository": "shop/web"}}]},
    {"meta": {"hosts": "all"}, "payload": {"type": "pushImage"}},
]


class Machine:
    """A controller with image caches, the registry of their images, and the rulebook."""

    def __init__(self, emulator: Emulator, controller: Controller, registry: Server, rulebook: RulebookProcess) -> None:
        self.emulator, self.controller, self.registry, self.rulebook = emulator, controller, registry, rulebook
        self.defaults = {**NETWORK, "registry_http_end_point_list": [registry.host]}

    def start(self, *arguments: str) -> None:
        """Create the image caches C(web) and C(tools), whose digests are recorded, and start the rulebook."""
        self.push(IMAGE, b"1")
        self.push("tools:1", b"1")
        images = {"web": [IMAGE, "tools:1"], "tools": ["tools:1"]}
        entries = [
            {"name": name, "images": [f"{self.registry.host}/{image}" for image in held], "follow_tags": True}
            for name, held in images.items()
        ]
        created = self.controller.play({SET: {**self.defaults, "image_caches": entries}})
        assert created.status == 0, created.output
        defaults = {**self.defaults, **credentials_for(self.registry, PASSWORD)}
        self.rulebook.start(*arguments, image_cache_defaults=defaults)

    def push(self, image: str, content: bytes) -> None:
        """Push an image as docker does: its layers, then its manifest."""
        name, _colon, tag = image.partition(":")
        pusher_to(self.registry).push_image(name, tag, [gzip_layer(fill=content)])

    def ids(self) -> dict[str, str]:
        """Return the ID of each image cache by its name."""
        return {cache.declared["ImageCacheName"]: cache.id for cache in self.emulator.region().caches.values()}

    def rebuilds(self) -> int:
        """Return how many builds were started after those of the two image caches."""
        return self.emulator.calls().count(CREATE) - 2


class TestDistribution:
    """Docker's registry notifies the rulebook of each push and each pull."""

    @pytest.fixture
    def machine(
        self, emulator: Emulator, controller: Controller, registry: DebianRegistry, rulebook: RulebookProcess
    ) -> Machine:
        """A machine whose rulebook has received the pushes of its images, which the registry repeats until then."""
        machine = Machine(emulator, controller, registry, rulebook)
        machine.start()
        rulebook.wait_for_runs(1)
        assert machine.rebuilds() == 0
        return machine

    def test_push_rebuilds_only_the_cache_that_contains_the_tag(self, machine: Machine) -> None:
        before = machine.ids()
        machine.push(IMAGE, b"2")
        machine.rulebook.wait_for_runs(2)
        after = machine.ids()
        assert (set(after), after["tools"]) == ({"web", "tools"}, before["tools"])
        assert after["web"] != before["web"]
        assert f"web: {before['web']} is replaced by {after['web']}" in machine.rulebook.output

    def test_push_of_the_same_content_rebuilds_nothing(self, machine: Machine) -> None:
        machine.push(IMAGE, b"1")
        machine.rulebook.wait_for_runs(2)
        assert machine.rebuilds() == 0

    def test_pulls_and_pushes_without_a_tag_start_no_run(self, machine: Machine) -> None:
        machine.push(IMAGE, b"2")
        machine.rulebook.wait_for_runs(2)
        url = f"http://{machine.registry.host}/v2/{REPOSITORY}/manifests/{TAG}"
        headers = {"Accept": OCI.manifest}
        for method in ("HEAD", "GET"):
            assert requests.request(method, url, headers=headers, timeout=60).status_code == 200
        pusher_to(machine.registry).push_image(REPOSITORY, None, [gzip_layer(fill=b"3")])
        # The registry reports its events in their order, so a run for one of the above would begin before this one.
        time.sleep(WINDOW_SECONDS)
        machine.push("other:1", b"1")
        machine.rulebook.wait_for_runs(3)
        assert (machine.rulebook.runs, machine.rebuilds()) == (3, 1)

    def test_several_pushes_in_a_short_time_cause_one_rebuild(self, machine: Machine) -> None:
        for content in (b"2", b"3", b"4"):
            machine.push(IMAGE, content)
            machine.push("other:1", content)
        machine.rulebook.wait_for_runs(2)
        assert (machine.rulebook.runs, machine.rebuilds()) == (2, 1)
        # The run has got every event of the window.
        images = [f"{machine.registry.host}/{image}" for image in (IMAGE, "other:1")]
        assert ", ".join(images) in machine.rulebook.output


class TestWebhook:
    """The tests send the requests themselves: the emulated registry notifies nobody."""

    @pytest.fixture
    def machine(self, emulator: Emulator, controller: Controller, rulebook: RulebookProcess) -> Iterator[Machine]:
        """A machine with image caches. The tag of an image of one has moved since."""
        registry = Registry().start()
        machine = Machine(emulator, controller, registry, rulebook)
        machine.start("-vv")
        machine.push(IMAGE, b"2")
        yield machine
        registry.stop()

    @pytest.mark.parametrize("sender", SENDERS)
    def test_request_of_each_registry_rebuilds_the_cache(self, machine: Machine, sender: str) -> None:
        before = machine.ids()
        assert machine.rulebook.send(read_push(sender, machine.registry.host)) == 200
        machine.rulebook.wait_for_runs(1)
        after = machine.ids()
        assert (machine.rebuilds(), after["tools"]) == (1, before["tools"])
        assert after["web"] != before["web"]
        # The file of variables has the password, and is not shown even with -vv.
        assert PASSWORD not in machine.rulebook.output

    def test_request_without_the_token_is_refused(self, machine: Machine) -> None:
        push = read_push("tcr", machine.registry.host)
        for token in (None, "", "wrong", TOKEN[:-1], f"{TOKEN} {TOKEN}"):
            assert machine.rulebook.send(push, token) == 401
        assert machine.rulebook.send(read_push("tcr", "elsewhere.example.com")) == 200
        machine.rulebook.wait_for_runs(1)
        assert (machine.rulebook.runs, machine.rebuilds()) == (1, 0)

    def test_other_requests_are_ignored_and_the_next_push_is_served(self, machine: Machine) -> None:
        for payload in FOREIGN:
            assert machine.rulebook.send(payload) == 200
        machine.rulebook.wait_until(lambda: machine.rulebook.output.count(IGNORED) >= 1)
        assert machine.rulebook.send(read_push("harbor", machine.registry.host)) == 200
        machine.rulebook.wait_until(lambda: machine.rebuilds() == 1)

    def test_template_in_a_request_is_not_evaluated(self, machine: Machine, tmp_path: Path) -> None:
        mark = tmp_path / "mark"
        template = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}" % mark
        push = read_push("distribution", machine.registry.host)
        for event in push["events"]:
            event["actor"]["name"] = event["request"]["useragent"] = event["id"] = template
        assert machine.rulebook.send(push) == 200
        machine.rulebook.wait_for_runs(1)
        assert machine.rebuilds() == 1
        assert not mark.exists()


def test_rulebook_without_a_token_does_not_start(rulebook: RulebookProcess) -> None:
    done = rulebook.run_without_token()
    assert done.returncode != 0
    assert "image_cache_webhook_token" in done.stdout + done.stderr
