# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Complete runs with min_days_left: a cache that is reconciled often enough never expires."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from emulator import settings_of, worlds
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.support.clock import FakeClock
from unit.support.conversation import Conversation, actions_of, listed_cache, repeat
from unit.support.scenarios import RENEW, REPLACE, create_expiring_cache, create_ready_cache
from unit.support.world import LIST, UPDATE, World

DAY = 86400
SUFFICIENT = ("default", "retention counts from the update")


def renewals(world: World) -> list[int]:
    """Return the retentions of all updates."""
    return [sent["RetentionDays"] for action, sent in world.requests if action == UPDATE]


@pytest.mark.parametrize("world_name", SUFFICIENT)
@given(
    retention=st.integers(2, 60),
    share=st.floats(0, 1),
    gaps=st.lists(st.floats(0.01, 1), min_size=5, max_size=30),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_cache_reconciled_once_in_min_days_left_never_expires(
    world_name: str, retention: int, share: float, gaps: list[float]
) -> None:
    world, least = World(settings_of(world_name)), 1 + int(share * (retention - 2))
    options = {"retention_days": retention, "min_days_left": least}
    first, began = world.run(**options)["image_cache_id"], world.clock.now
    for gap in gaps:
        # The run itself takes a moment.
        world.clock.now += gap * (least * DAY - 60)
        assert world.service.expires_at(world.caches[0]) > world.clock.now
        result = world.run(**options)
        assert "failed" not in result, result["msg"]
        assert world.run(**options)["changed"] is False
    assert [cache.id for cache in world.caches] == [first]
    age = (world.clock.now - began) / DAY
    assert len(renewals(world)) <= age / (retention - least) + 1


@pytest.mark.parametrize("world_name", worlds())
def test_renewal_takes_one_update_and_the_next_run_one_call(world_name: str) -> None:
    world = World(settings_of(world_name))
    create_expiring_cache(world)
    world.calls.clear()
    result = world.run(**RENEW)
    (action,) = result["actions"]
    assert (action["action"], action["fields"], renewals(world)) == ("update", ["retention_days"], [58])
    assert "updated in place: retention_days; renewed because it expires in 2.8 days" in result["diff"]["after_header"]
    world.calls.clear()
    assert world.run(**RENEW)["changed"] is False
    assert world.calls == [LIST]


def test_check_mode_foretells_the_renewal() -> None:
    world = World()
    create_expiring_cache(world)
    world.calls.clear()
    predicted = world.run(check_mode=True, **RENEW)
    assert world.calls == [LIST]
    real = world.run(**RENEW)
    assert predicted["diff"] == real["diff"]
    assert predicted["image_cache"]["retention_days"] == real["image_cache"]["retention_days"] == 58
    assert [action["fields"] for action in predicted["actions"]] == [["retention_days"]]


@pytest.mark.parametrize("options", [REPLACE, {"force_rebuild": True}, {"max_age": "7d"}], ids=str)
def test_cache_that_is_replaced_is_not_renewed(options: dict[str, Any]) -> None:
    world = World()
    old = create_expiring_cache(world)
    world.requests.clear()
    result = world.run(**RENEW, **options)
    assert result["replaced"]["old_id"] == old.id
    assert [sent for action, sent in world.requests if action == UPDATE] == [
        {"ImageCacheId": result["image_cache_id"], "ImageCacheName": "web"}
    ]
    assert world.caches[0].declared["RetentionDays"] == 30


def test_cache_that_never_expires_gets_its_age_and_the_declared_retention() -> None:
    world = World()
    create_ready_cache(world)
    world.clock.now += 100 * DAY
    assert world.run(**RENEW)["changed"] is True
    assert renewals(world) == [131]
    assert world.service.expires_at(world.caches[0]) > world.clock.now + 30 * DAY
    assert world.run(**RENEW)["changed"] is False


def test_expired_cache_says_so_in_the_diff() -> None:
    world = World()
    create_expiring_cache(world)
    world.clock.now += 3 * DAY
    header = world.run(**RENEW)["diff"]["after_header"]
    assert header.endswith("renewed because it expired 0.2 days ago")


class RunningClock(FakeClock):
    """A fake clock whose date advances as well."""

    def unix(self) -> int:
        return super().unix() + int(self.now)


class TestWait:
    """The listing is compared with the retention that was sent."""

    def listing(self, retention: int, **fields: Any) -> list[dict[str, Any]]:
        """Return a cache that is 28 days old five seconds after RunningClock begins."""
        return [listed_cache(**{"CreationTime": "2025-12-04T00:16:45Z", "RetentionDays": retention, **fields})]

    def start(self, *calls: Any) -> Conversation:
        conversation = Conversation(*calls)
        conversation.clock = RunningClock()
        return conversation

    def test_day_that_begins_meanwhile_is_no_difference(self) -> None:
        conversation = self.start(
            ("list", self.listing(30)),
            ("update", None),
            ("list", self.listing(30)),
            ("list", self.listing(30)),
            ("list", self.listing(58)),
        )
        assert actions_of(conversation.run(**RENEW, wait_interval=5.0)) == [("update", "imc-1")]
        assert conversation.requests[1] == ("update", {"ImageCacheId": "imc-1", "RetentionDays": 58})
        assert conversation.warnings == []

    def test_unclear_renewal_that_is_listed_is_not_repeated(self) -> None:
        conversation = self.start(
            ("list", self.listing(30)),
            ("update", errors.NoAnswer("lost")),
            ("list", self.listing(58)),
            ("list", self.listing(58)),
        )
        assert actions_of(conversation.run(**RENEW)) == [("update", "imc-1")]

    def test_renewal_that_is_not_listed_causes_a_warning(self) -> None:
        conversation = self.start(("list", self.listing(30)), ("update", None), ("list", repeat(self.listing(30))))
        conversation.run(**RENEW)
        assert conversation.warnings == [
            "image cache web (imc-1): the API accepted the update but shows retention_days as 30."
        ]

    def test_rejected_retention_causes_advice_to_use_max_age(self) -> None:
        rejected = errors.InvalidRequest("RetentionDays is too large", code="InvalidParameterValue")
        conversation = self.start(("list", self.listing(30)), ("update", rejected))
        with pytest.raises(errors.InvalidRequest):
            conversation.run(**RENEW)
        assert conversation.warnings == [
            "image cache web (imc-1): the API rejected a retention of 58 days, which is the age of the cache plus"
            " retention_days. If the API limits the retention, set max_age to rebuild the cache before it expires."
        ]

    @pytest.mark.parametrize(
        ("fields", "time"),
        [
            ({"CreationTime": "?"}, "expiry time"),
            ({"CreationTime": "?", "ExpireDateTime": "2026-01-03T00:00:00Z"}, "creation time"),
        ],
    )
    def test_unreadable_time_causes_one_warning_and_no_renewal(self, fields: dict[str, str], time: str) -> None:
        conversation = self.start(("list", self.listing(30, **fields)))
        assert actions_of(conversation.run(**RENEW)) == []
        assert conversation.warnings == [
            f"image cache web (imc-1): its {time} cannot be read, so min_days_left does not renew it."
        ]
