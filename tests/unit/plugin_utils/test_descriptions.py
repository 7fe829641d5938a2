# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How messages describe values."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._descriptions import describe, shorten


@pytest.mark.parametrize(
    ("value", "description"),
    [
        (None, "null"),
        (True, "true or false"),
        (False, "true or false"),
        (0, "a number"),
        (1.5, "a number"),
        ([], "a list"),
        ((1,), "a list"),
        ({}, "a mapping"),
        (date(2026, 1, 1), "a value of another type"),
        ("web", "the text 'web'"),
        ("x" * 40, f"the text '{'x' * 40}'"),
        ("x" * 41, f"the text '{'x' * 40}'"),
    ],
    ids=str,
)
def test_value_is_described_by_its_type_in_yaml(value: Any, description: str) -> None:
    assert describe(value) == description


@pytest.mark.parametrize(("length", "shown"), [(0, 0), (252, 252), (253, 253)])
def test_name_that_kubernetes_accepts_is_shown_completely(length: int, shown: int) -> None:
    assert shorten("x" * length) == "x" * shown


@pytest.mark.parametrize("length", [254, 10**6])
def test_longer_name_is_cut(length: int) -> None:
    assert shorten("x" * length) == "x" * 253 + "..."
