# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words that a terminal can show, texts that are none, and answers that are beyond reading."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.envelope import open_envelope
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, MalformedAnswer
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.stored import Profile
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime, run_guarded
from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import sanitize_line, sanitize_lines
from stories.controller import ROOT

from .lies import LIST, LyingWorld, Spoilt, counted, exchanged
from .world import World


def test_what_does_not_print_is_shown_by_its_escape_sequence() -> None:
    assert sanitize_line("a\x1b[2J\n\x9b\u202e\ud800") == "a\\x1b[2J\\n\\x9b\\u202e\\ud800"
    assert sanitize_line("镜像　é 🎉") == "镜像　é 🎉"
    assert sanitize_lines("a\r\nb\x00") == "a\\r\nb\\x00"
    assert len(sanitize_line("x" * 10**6)) < 5000
    assert len(sanitize_lines("x\n" * 10**6)) < 110000


def test_secrets_go_before_words_are_changed() -> None:
    runtime = Runtime(World(), ansible_version="2.19", check_mode=False, diff=False, clock=Clock())
    msg = f"{'x' * 3990}pass\x1bword"
    params, spec = {"token": "pass\x1bword"}, {"token": {"no_log": True}}
    result = run_guarded(params, lambda _fallback: spec, runtime, lambda _reporter: {"failed": True, "msg": msg})
    assert result["msg"] == "x" * 3990 + "********"


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "half\ud83d"},
        {"image_cache_id": "byte\udcff"},
        {"vpc_id": "\ud83d"},
        {"resolve_config": "\ud83d"},
        {"tags": {"\ud83d": "a"}},
        {"image_cache_id": " "},
    ],
)
def test_what_the_api_cannot_give_back_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Desired.from_params(World.params(**changed))


@pytest.mark.parametrize(
    "text", [f"{'a' * 64}.com", "a." * 127 + "a", "a..b", ".a", "https://a\nb", "\ud800.com", "a|b"]
)
def test_a_host_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Endpoint.parse(text)


def test_the_longest_names_are_fine() -> None:
    assert Endpoint.parse(f"{'a' * 63}.com.").host == f"{'a' * 63}.com."
    Profile("x" * 200, True, ROOT, ROOT).check()
    with pytest.raises(InvalidInput):
        Profile("x" * 201, True, ROOT, ROOT).check()


@pytest.mark.parametrize(
    "value", ["NaN", "-Infinity", "9" * 5000, "[" * 100000 + "]" * 100000, '{"a":' * 100000 + "1" + "}" * 100000]
)
def test_body_that_cannot_be_parsed_is_malformed(value: str) -> None:
    with pytest.raises(MalformedAnswer):
        open_envelope(LIST, 200, f'{{"Response": {{"a": {value}}}}}'.encode(), None)


def test_half_a_character_is_none() -> None:
    body = rb'{"Response": {"a": "x\uD800", "b": "\ud83c\udf89", "\udfff": 1.5}}'
    assert open_envelope(LIST, 200, body, None) == {"a": "x?", "b": "\U0001f389", "?": 1.5}


def test_a_field_of_another_type_is_unknown() -> None:
    raw = {
        "ImageCacheId": "imc-1",
        "Status": [1],
        "Images": ["a", 1],
        "Tags": [{"Key": "a"}, 1],
        "Events": [1, {"Type": 2}],
    }
    shown = ImageCache({**raw, "SnapshotId": {"a": 1}, "ImageRegistryCredentials": [1]}).as_result()
    assert [shown[key] for key in ("status", "images", "tags", "snapshot_id", "image_registry_credentials")] == [
        None
    ] * 5
    assert [event["type"] for event in shown["events"]] == [None]


def test_a_selection_that_repeats_itself_ends() -> None:
    world = LyingWorld(Spoilt(LIST, 1, 10**6, counted(10**9)))
    world.settled()
    assert world.run()["changed"] is False
    assert len(world.calls) < 5


def test_pages_that_never_end_are_left() -> None:
    numbers = iter(range(10**6))

    def fresh(_action: str, answer: Any) -> Any:
        return {**answer, "TotalCount": 10**9, "ImageCaches": [{"ImageCacheId": f"imc-{next(numbers)}"}]}

    for run in (World.run, World.run_info, lambda world: World.run_prune(world, older_than="1d")):
        world = LyingWorld(Spoilt(LIST, 1, 10**6, fresh))
        assert "a listing of more than 1000 pages" in run(world)["msg"]
        assert set(world.calls) == {LIST}


def test_ids_that_are_exchanged_are_those_of_others() -> None:
    assert exchanged([{"ImageCacheId": "a"}, {"ImageCacheId": "b"}]) == [{"ImageCacheId": "b"}, {"ImageCacheId": "a"}]
