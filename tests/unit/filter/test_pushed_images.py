# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images that registries report as pushed. Whatever is no push of a tag is ignored."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter import pushed_images as filter_plugin
from ansible_collections.tencentcloud.tke.plugins.filter.pushed_images import FilterModule, pushed_images
from hypothesis import given
from hypothesis import strategies as st
from unit.support.pushes import HOST, IMAGE, SENDERS, encode_events, read_push

DIGEST = "sha256:" + "a" * 64


def resource_event(**resource: Any) -> dict[str, Any]:
    return {"type": "PUSH_ARTIFACT", "event_data": {"resources": [resource]}}


def target_event(**target: Any) -> dict[str, Any]:
    whole = {"repository": "shop/web", "tag": "1", "url": f"https://{HOST}/v2/shop/web/manifests/{DIGEST}", **target}
    return {"events": [{"action": "push", "target": whole}]}


@pytest.mark.parametrize("sender", SENDERS)
def test_request_of_each_registry_gives_the_pushed_image(sender: str) -> None:
    assert pushed_images(read_push(sender)) == [IMAGE]


@pytest.mark.parametrize("sender", SENDERS)
def test_each_form_of_the_events_gives_the_pushed_image(sender: str) -> None:
    payload = read_push(sender)
    event = {"payload": payload, "meta": {"endpoint": "", "headers": {}}}
    for events in (payload, [payload], event, [event], {"m": event}, {"m_0": event, "m_1": event}):
        assert pushed_images(events) == [IMAGE]
        assert pushed_images(encode_events(events)) == [IMAGE]


def test_images_of_several_events_are_listed_once_in_their_order() -> None:
    images = ["b:2", "a:1", "b:2", "a:2"]
    events = [resource_event(tag=image[-1], resource_url=f"{HOST}/{image}") for image in images]
    assert pushed_images(events) == [f"{HOST}/{image}" for image in ("b:2", "a:1", "a:2")]


@pytest.mark.parametrize("sender", SENDERS)
def test_host_is_replaced_by_that_of_the_image_caches(sender: str) -> None:
    payload = read_push(sender, "10.0.0.5:5000")
    assert pushed_images(payload) == ["10.0.0.5:5000/shop/web:nightly"]
    assert pushed_images(payload, registry_hosts={"10.0.0.5:5000": HOST}) == [IMAGE]


def test_event_without_url_has_the_host_of_its_request() -> None:
    payload = target_event(url=None)
    assert pushed_images(payload) == []
    payload["events"][0]["request"] = {"host": HOST}
    assert pushed_images(payload) == [f"{HOST}/shop/web:1"]


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "pullImage", "event_data": read_push("tcr")["event_data"]},
        {"type": "DELETE_ARTIFACT", "event_data": read_push("harbor")["event_data"]},
        {"events": [{**event, "action": "pull"} for event in read_push("distribution")["events"]]},
        {"events": [{**event, "action": "delete"} for event in read_push("distribution")["events"]]},
        target_event(tag=None),
        target_event(tag=""),
        target_event(tag=DIGEST),
        target_event(tag=f"1@{DIGEST}"),
        target_event(tag=1),
        target_event(tag="{{ 1 }}"),
        target_event(tag="*"),
        target_event(repository=""),
        target_event(repository="Shop"),
        target_event(url="no url"),
        target_event(url="https://user:password@registry.example.com/"),
        resource_event(tag=DIGEST, resource_url=f"{HOST}/shop/web@{DIGEST}"),
        resource_event(tag="", resource_url=f"{HOST}/shop/web:1"),
        resource_event(tag="1"),
        resource_event(tag="1", resource_url="https://registry.example.com/shop/web:1"),
        resource_event(tag="1", resource_url=["a"]),
        {"type": "pushImage"},
        {"type": "pushImage", "event_data": []},
        {"type": "pushImage", "event_data": {"resources": {"tag": "1"}}},
        {"type": ["pushImage"]},
        {"events": "push"},
        {"events": [None, 1, "push", []]},
        {"events": [{"action": "push"}, {"action": "push", "target": []}]},
        {"payload": None},
        {},
    ],
    ids=lambda payload: json.dumps(payload)[:60],
)
def test_anything_else_is_ignored(payload: Any) -> None:
    assert pushed_images(payload) == []
    assert pushed_images([payload, read_push("tcr")]) == [IMAGE]


@pytest.mark.parametrize("events", [None, 5, "", "push", "%7B", "[" * 100000, "1" * 5000, [[read_push("tcr")]], True])
def test_value_that_is_no_event_is_ignored(events: Any) -> None:
    assert pushed_images(events) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["push", "pushImage", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "events", "action", "target", "tag", "url", "event_data", "resources", "m", "payload"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(JSON)
def test_no_event_raises_an_exception(events: Any) -> None:
    assert pushed_images(events) == pushed_images(encode_events(events))


@pytest.mark.parametrize("hosts", ["a", ["a"], 1])
def test_hosts_that_are_no_dictionary_are_refused(hosts: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"^pushed_images: invalid registry_hosts: expected a dictionary"):
        pushed_images([], registry_hosts=hosts)


def test_filter_is_registered_and_documented() -> None:
    assert FilterModule().filters() == {"pushed_images": pushed_images}
    options = yaml.safe_load(filter_plugin.DOCUMENTATION)["options"]
    assert set(options) == {"_input", "registry_hosts"}
