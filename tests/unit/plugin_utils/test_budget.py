# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of the values that the filters read."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.plugin_utils import _budget
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._budget import Budget


def test_as_many_values_as_allowed_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_budget, "MOST_VALUES", 3)
    budget = Budget(ValueError)
    for _value in range(3):
        budget.spend(0)
    with pytest.raises(ValueError, match=r"^the value contains more than 3 lists and results, counting each use of a"):
        budget.spend(0)


def test_value_may_have_fifty_levels() -> None:
    budget = Budget(ValueError)
    budget.spend(50)
    with pytest.raises(ValueError, match=r"^the value has more than 50 levels\. It probably contains itself\.$"):
        budget.spend(51)


def test_two_hundred_thousand_values_are_read() -> None:
    budget = Budget(ValueError)
    for _value in range(200_000):
        budget.spend(0)
    with pytest.raises(ValueError, match=r"^the value contains more than 200000 lists and results"):
        budget.spend(0)
