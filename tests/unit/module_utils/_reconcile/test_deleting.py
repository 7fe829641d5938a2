# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletes that are refused or whose outcome is unclear."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from unit.support.conversation import Conversation, actions_of, listed_cache


class TestDelete:
    BUSY = ("delete", errors.StateRefused("busy", code="UnsupportedOperation"))

    def test_delete_refused_during_build_is_repeated_when_ready(self) -> None:
        building = ("list", [listed_cache(status="Pending")])
        conversation = Conversation(
            building, *[self.BUSY, building] * 6, self.BUSY, ("list", [listed_cache()]), ("delete", None), ("list", [])
        )
        assert actions_of(conversation.run(state="absent")) == [("delete", "imc-1")]

    def test_delete_refused_without_build_fails_within_30_s(self) -> None:
        ready = ("list", [listed_cache()])
        conversation = Conversation(ready, *[self.BUSY, ready] * 3, self.BUSY)
        with pytest.raises(errors.StateRefused):
            conversation.run(state="absent")
        assert sum(conversation.clock.slept) < 30

    def test_without_waiting_refused_delete_is_repeated_three_times(self) -> None:
        building = ("list", [listed_cache(status="Pending")])
        conversation = Conversation(building, *[self.BUSY, building] * 3, self.BUSY)
        with pytest.raises(errors.StateRefused):
            conversation.run(state="absent", wait=False)
        assert conversation.clock.slept == [1.0, 2.0, 4.0]

    def test_cache_that_is_not_found_counts_as_deleted(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache()]), ("delete", errors.NotFound("gone", request_id="r")), ("list", [])
        )
        journal = conversation.run(state="absent")
        assert journal.actions[0]["request_id"] == "r"

    def test_unclear_delete_is_repeated_at_most_twice(self) -> None:
        lost, ready = ("delete", errors.NoAnswer("lost")), ("list", [listed_cache()])
        conversation = Conversation(ready, lost, ready, lost, ready, lost)
        with pytest.raises(errors.NoAnswer):
            conversation.run(state="absent")
        assert conversation.remaining == []
        assert conversation.clock.slept == [1.0, 1.0]

    def test_unclear_delete_is_not_repeated_if_the_cache_is_gone(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache()]), ("delete", errors.NoAnswer("lost")), ("list", []), ("list", [])
        )
        journal = conversation.run(state="absent")
        assert actions_of(journal) == [("delete", "imc-1")]
        assert journal.actions[0]["request_id"] is None

    def test_delete_that_was_certainly_not_executed_is_not_repeated(self) -> None:
        refused = errors.NotAuthorized("no", code="UnauthorizedOperation")
        conversation = Conversation(("list", [listed_cache()]), ("delete", refused))
        with pytest.raises(errors.NotAuthorized):
            conversation.run(state="absent")
        assert conversation.remaining == []


class TestRefusedDelete:
    REFUSAL = ("delete", errors.InvalidRequest("no such id", code="InvalidParameter"))

    def test_missing_cache_counts_as_deleted_for_any_error_code(self) -> None:
        conversation = Conversation(("list", [listed_cache()]), self.REFUSAL, ("list", []), ("list", []))
        assert actions_of(conversation.run(state="absent")) == [("delete", "imc-1")]

    def test_existing_cache_makes_the_delete_fail(self) -> None:
        conversation = Conversation(("list", [listed_cache()]), self.REFUSAL, ("list", [listed_cache()]))
        with pytest.raises(errors.InvalidRequest):
            conversation.run(state="absent")
