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
    clock.now += 99.5
    assert credentials.keys().secret_id == "AKID1"
    # At this moment the keys have just expired.
    clock.now += 0.5
    with pytest.raises(errors.NoAnswer):
        credentials.keys()
    answers.append(Lease(Keys("AKID2", "k2"), clock.unix() + 1000))
    assert credentials.keys().secret_id == "AKID2"


@pytest.mark.parametrize(("life", "margin"), [(4000, 300), (1200, 300), (400, 100)])
def test_keys_are_renewed_at_the_moment_when_their_margin_is_left(life: int, margin: int) -> None:
    clock, fetched = VirtualClock(), []  # type: ignore[var-annotated]

    def fetch() -> Lease:
        fetched.append(clock.unix())
        return Lease(Keys(f"AKID{len(fetched)}", "k"), clock.unix() + life)

    credentials = Credentials(fetch, clock)
    credentials.keys()
    clock.now += life - margin - 0.5
    assert credentials.keys().secret_id == "AKID1"
    clock.now += 0.5
    assert credentials.keys().secret_id == "AKID2"


def test_keys_that_have_expired_when_they_arrive_are_used_once() -> None:
    clock, fetched = VirtualClock(), []

    def fetch() -> Lease:
        fetched.append(1)
        return Lease(Keys(f"AKID{len(fetched)}", "k"), clock.unix() - 5)

    credentials = Credentials(fetch, clock)
    assert [credentials.keys().secret_id for _call in range(2)] == ["AKID1", "AKID2"]


def test_permanent_keys_are_fetched_once() -> None:
    clock, fetched = VirtualClock(), []

    def fetch() -> Lease:
        fetched.append(1)
        return Lease(Keys("AKID1", "k", "t"))

    credentials = Credentials(fetch, clock)
    for _call in range(3):
        clock.now += 10**9
        assert credentials.keys().secret_id == "AKID1"
    assert len(fetched) == 1
    assert credentials.secrets == ["k", "t"]
