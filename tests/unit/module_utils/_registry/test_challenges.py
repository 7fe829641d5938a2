# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Challenges of C(WWW-Authenticate)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.challenges import Challenge, parse_challenges
from hypothesis import given
from hypothesis import strategies as st

BEARER = 'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"'
BEARER_FIELDS = {
    "realm": "https://auth.example/token",
    "service": "registry.example",
    "scope": "repository:a/b:pull,push",
}


@pytest.mark.parametrize(
    ("headers", "challenges"),
    [
        ([], []),
        ([""], []),
        ([BEARER], [("bearer", BEARER_FIELDS)]),
        (['Basic realm="a", ' + BEARER], [("basic", {"realm": "a"}), ("bearer", BEARER_FIELDS)]),
        ([BEARER, 'BASIC Realm="b"'], [("bearer", BEARER_FIELDS), ("basic", {"realm": "b"})]),
        ([BEARER + ",Basic"], [("bearer", BEARER_FIELDS), ("basic", {})]),
        (['Basic realm="with \\"quotes\\", and commas"'], [("basic", {"realm": 'with "quotes", and commas'})]),
        (["Bearer realm = plain , service=x"], [("bearer", {"realm": "plain", "service": "x"})]),
        (["Negotiate YWJj==, Basic realm=x"], [("negotiate", {}), ("basic", {"realm": "x"})]),
        (['Basic realm="one", realm="two"'], [("basic", {"realm": "one"})]),
        (['Basic realm="without an end'], [("basic", {"realm": "without an end"})]),
        (['"nonsense" == , Basic realm=""'], [("nonsense", {}), ("basic", {"realm": ""})]),
    ],
)
def test_header_gives_its_challenges(headers: list[str], challenges: list[Any]) -> None:
    assert parse_challenges(headers) == [Challenge(*challenge) for challenge in challenges]


def test_header_is_read_up_to_16_kib() -> None:
    padding = ", " * (8 * 1024 - 5)
    assert parse_challenges([padding + "Basic a=b,Basic"]) == [Challenge("basic", {"a": "b"})]
    assert parse_challenges([padding + " Basic a=bcd"]) == [Challenge("basic", {"a": "b"})]


@given(st.lists(st.text(), max_size=3))
def test_any_text_gives_challenges_without_an_exception(headers: list[str]) -> None:
    assert all(challenge.scheme == challenge.scheme.lower() for challenge in parse_challenges(headers))


@pytest.mark.parametrize("piece", ['a="\\"', 'a="', "a=", "\\", '"', "a ,", "Basic "])
def test_long_header_takes_linear_time(piece: str) -> None:
    # Quadratic time would be minutes.
    started = time.process_time()
    parse_challenges([piece * (65536 // len(piece))])
    assert time.process_time() - started < 10
