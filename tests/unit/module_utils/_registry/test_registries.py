# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookups that the caches of a task share."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry import registries
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from unit.support.clock import FakeClock

QUESTIONS = {"nginx:1": Depth.DIGEST, "redis:7": Depth.SIZES}


def test_internal_error_reaches_every_cache_that_waits_for_the_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(registries, "look_up_images", fail)
    clock = FakeClock()
    shared = registries.Registries(clock, timeout=1, retries=0, verify=True, user_agent="test")
    for _cache in range(2):
        for questions in (QUESTIONS, {"redis:7": Depth.SIZES}):
            with pytest.raises(ZeroDivisionError):
                shared.look_up({}, questions, Deadline(clock, 60))
