# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The renewal of temporary keys."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.lease import Credentials, Lease
from unit.support.world import VirtualClock


def test_keys_are_renewed_before_they_expire() -> None:
    clock, fetched = VirtualClock(), []

    def fetch() -> Lease:
        fetched.append(clock.unix())
        return Lease(Keys(f"AKID{len(fetched)}", f"key-{len(fetched)}"), clock.unix() + 1800)

    credentials = Credentials(fetch, clock)
    assert fetched == []
    assert credentials.keys().secret_id == credentials.keys().secret_id == "AKID1"
    clock.now += 1499
    assert credentials.keys().secret_id == "AKID1"
    clock.now += 2
    assert credentials.keys().secret_id == "AKID2"
    assert credentials.secrets == ["key-1", "key-2"]


def test_failed_renewal_keeps_keys_until_they_expire() -> None:
    clock = VirtualClock()
    answers = [Lease(Keys("AKID1", "k"), clock.unix() + 1000)]

    def fetch() -> Lease:
        if not answers:
            raise errors.NoAnswer("down", action="AssumeRole")
        return answers.pop()

    credentials = Credentials(fetch, clock)
    credentials.keys()
    clock.now += 900
    assert credentials.keys().secret_id == "AKID1"
    clock.now += 101
    with pytest.raises(errors.NoAnswer):
        credentials.keys()
