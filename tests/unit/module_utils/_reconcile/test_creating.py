# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Creates whose outcome is unclear, and duplicates that other runs create at the same time."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    Duplicates,
    Vanished,
)
from unit.support.conversation import Conversation, actions_of, listed_cache, repeat


class TestCreate:
    def test_late_listing_of_new_cache_is_awaited(self) -> None:
        conversation = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", []),
            ("list", []),
            ("list", [listed_cache()]),
            ("list", [listed_cache()]),
        )
        journal = conversation.run()
        assert journal.seen is not None
        assert journal.seen.status == "Ready"

    def test_new_cache_that_is_never_listed_ends_the_wait(self) -> None:
        conversation = Conversation(("list", []), ("create", "imc-1"), ("list", repeat([])))
        with pytest.raises(Vanished):
            conversation.run()
        assert conversation.journal.image_cache_id == "imc-1"
        # The listing may lag 15 s behind the create; the polls are 5 s apart.
        assert sum(conversation.clock.slept) == 20

    def test_cache_that_was_listed_and_no_longer_is_ends_the_wait_at_once(self) -> None:
        pending = listed_cache(status="Pending")
        conversation = Conversation(
            ("list", []), ("create", "imc-1"), ("list", [pending]), ("list", [pending]), ("list", []), ("list", [])
        )
        with pytest.raises(Vanished):
            conversation.run()
        assert conversation.remaining == []
        assert sum(conversation.clock.slept) == 10

    def test_own_cache_that_another_run_deleted_leaves_the_name_to_the_older_one(self) -> None:
        older = listed_cache("imc-0", CreationTime="2025-12-31T00:00:00Z")
        pending = listed_cache(status="Pending")
        conversation = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [pending]),
            ("list", [pending]),
            ("list", []),
            ("list", [older]),
        )
        assert conversation.run().image_cache_id == "imc-0"

    def test_unclear_create_is_repeated_at_most_twice(self) -> None:
        lost, listings = ("create", errors.NoAnswer("lost")), [("list", [])] * 5
        conversation = Conversation(("list", []), lost, *listings, lost, *listings, lost, *listings)
        with pytest.raises(errors.NoAnswer):
            conversation.run()
        # The name is looked up five times over 10 s after each attempt.
        assert conversation.clock.slept == [1.0, 2.0, 3.0, 4.0] * 3
        assert conversation.remaining == []
        assert [call for call, _request in conversation.requests].count("create") == 3

    def test_create_that_succeeds_at_the_third_attempt_is_kept(self) -> None:
        lost, listings = ("create", errors.NoAnswer("lost")), [("list", [])] * 5
        conversation = Conversation(
            ("list", []),
            *(lost, *listings) * 2,
            ("create", "imc-1"),
            ("list", [listed_cache(status="Pending")]),
            ("list", [listed_cache()]),
            ("list", [listed_cache()]),
        )
        assert actions_of(conversation.run()) == [("create", "imc-1")]

    def test_cache_of_the_third_lost_create_is_found(self) -> None:
        lost, listings = ("create", errors.NoAnswer("lost")), [("list", [])] * 5
        conversation = Conversation(
            ("list", []),
            *(lost, *listings) * 2,
            lost,
            *[("list", [])] * 4,
            ("list", [listed_cache(status="Pending")]),
            *[("list", [listed_cache()])] * 3,
        )
        journal = conversation.run()
        assert actions_of(journal) == [("create", "imc-1")]
        assert journal.actions[0]["request_id"] is None

    @pytest.mark.parametrize(
        ("message", "polls"), [("The name web is taken.", 5), ("The request is invalid.", 1)], ids=str
    )
    def test_refused_create_looks_for_the_name_that_the_error_mentions(self, message: str, polls: int) -> None:
        refused = errors.InvalidRequest(message, code="InvalidParameter")
        conversation = Conversation(("list", []), ("create", refused), *[("list", [])] * polls)
        with pytest.raises(errors.InvalidRequest):
            conversation.run()
        assert conversation.remaining == []

    def test_cache_of_a_faster_run_is_used_after_a_refused_create(self) -> None:
        refused = errors.InvalidRequest("The name web is taken.", code="InvalidParameter")
        conversation = Conversation(("list", []), ("create", refused), ("list", []), ("list", [listed_cache()]))
        journal = conversation.run()
        assert (actions_of(journal), journal.image_cache_id) == ([], "imc-1")

    @pytest.mark.parametrize(
        "refusal",
        [
            errors.QuotaExceeded("web: no quota", code="LimitExceeded"),
            errors.NotAuthorized("web: no", code="UnauthorizedOperation"),
            errors.AccountProblem("web: no money", code="ResourceInsufficient"),
            errors.NoCapacity("web: sold out", code="ResourcesSoldOut"),
            errors.AuthenticationError("web: no key", code="AuthFailure"),
        ],
        ids=lambda refusal: type(refusal).__name__,
    )
    def test_refusal_that_states_its_cause_ends_the_run_at_once(self, refusal: Exception) -> None:
        conversation = Conversation(("list", []), ("create", refusal))
        with pytest.raises(type(refusal)):
            conversation.run()
        assert conversation.remaining == []

    def test_unclear_create_is_not_repeated_after_the_deadline(self) -> None:
        conversation = Conversation(("list", []), ("create", errors.NoAnswer("lost")), *[("list", [])] * 5)
        with pytest.raises(errors.NoAnswer):
            conversation.run(wait_timeout=5)
        assert conversation.remaining == []

    def test_cache_of_lost_create_newer_than_the_second_is_deleted(self) -> None:
        second = listed_cache("imc-2", CreationTime="2026-01-01T00:00:10Z")
        first = listed_cache("imc-1", "Pending", CreationTime="2026-01-01T00:00:20Z")
        conversation = Conversation(
            ("list", []),
            ("create", errors.NoAnswer("lost")),
            *[("list", [])] * 5,
            ("create", "imc-2"),
            ("list", [{**second, "Status": "Pending"}]),
            ("list", [second]),
            ("list", [second, first]),
            ("delete", None),
            ("list", []),
        )
        journal = conversation.run()
        assert actions_of(journal) == [("create", "imc-2"), ("delete", "imc-1")]
        assert journal.image_cache_id == "imc-2"

    @pytest.mark.parametrize("older_id", ["imc-0", "imc-9"])
    def test_older_cache_listed_late_is_kept_and_own_cache_deleted(self, older_id: str) -> None:
        older = listed_cache(older_id, "Pending", CreationTime="2025-12-31T00:00:00Z")
        conversation = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [listed_cache(status="Pending")]),
            ("list", [listed_cache()]),
            ("list", [listed_cache(), older]),
            ("delete", None),
            ("list", []),
            ("list", [{**older, "Status": "Ready"}]),
            ("list", [{**older, "Status": "Ready"}]),
        )
        journal = conversation.run()
        assert actions_of(journal) == [("create", "imc-1"), ("delete", "imc-1")]
        assert journal.image_cache_id == older_id

    def test_older_failed_duplicate_is_left_alone_and_run_fails(self) -> None:
        failed = listed_cache("imc-0", "Failed", CreationTime="2025-12-31T00:00:00Z")
        conversation = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [listed_cache(status="Pending")]),
            ("list", [listed_cache()]),
            *[("list", [listed_cache(), failed])] * 5,
        )
        with pytest.raises(Duplicates) as caught:
            conversation.run(recreate_failed=False)
        assert conversation.remaining == []
        assert (caught.value.own, [other.id for other in caught.value.others]) == ("imc-1", ["imc-0"])

    def test_duplicate_deleted_by_its_run_within_15_s_is_awaited(self) -> None:
        later = listed_cache("imc-2", "Pending", CreationTime="2026-01-01T00:00:05Z")
        conversation = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [listed_cache(status="Pending"), later]),
            ("list", [listed_cache()]),
            *[("list", [listed_cache(), later])] * 4,
            ("list", [listed_cache()]),
        )
        assert actions_of(conversation.run()) == [("create", "imc-1")]

    def test_cache_with_other_contents_is_not_taken_for_unclear_create(self) -> None:
        other = listed_cache("imc-9", "Pending", Images=["somebody:else"])
        conversation = Conversation(
            ("list", []),
            ("create", errors.NoAnswer("lost")),
            ("list", [other]),
            ("list", [{**other, "Status": "Ready"}]),
            ("list", [{**other, "Status": "Ready"}]),
            ("update", None),
            ("list", [listed_cache("imc-9")]),
        )
        journal = conversation.run()
        assert actions_of(journal) == [("update", "imc-9")]

    def test_duplicate_with_other_contents_is_kept_after_unclear_create(self) -> None:
        second = listed_cache("imc-2", CreationTime="2026-01-01T00:00:10Z")
        other = listed_cache("imc-9", Images=["somebody:else"], CreationTime="2026-01-01T00:00:20Z")
        conversation = Conversation(
            ("list", []),
            ("create", errors.NoAnswer("lost")),
            *[("list", [])] * 5,
            ("create", "imc-2"),
            ("list", [{**second, "Status": "Pending"}]),
            ("list", [second]),
            ("list", [second, other]),
        )
        with pytest.raises(Duplicates):
            conversation.run()
        assert conversation.remaining == []

    def test_without_waiting_ready_cache_gives_others_time_to_delete_theirs(self) -> None:
        conversation = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [listed_cache(), listed_cache("imc-2", "Pending")]),
            ("list", [listed_cache()]),
        )
        journal = conversation.run(wait=False)
        assert actions_of(journal) == [("create", "imc-1")]
        assert journal.image_cache_id == "imc-1"

    def test_smaller_id_wins_within_the_same_second(self) -> None:
        own, other = listed_cache("imc-a", "Pending"), listed_cache("imc-b", "Pending")
        conversation = Conversation(
            ("list", []),
            ("create", "imc-a"),
            ("list", [other, own]),
            ("list", [listed_cache("imc-a")]),
            ("list", [listed_cache("imc-a")]),
        )
        assert actions_of(conversation.run()) == [("create", "imc-a")]

    def test_without_waiting_own_build_is_deleted_beside_a_finished_cache(self) -> None:
        settled = listed_cache("imc-9", CreationTime="2026-01-01T00:00:05Z")
        conversation = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [listed_cache(status="Pending"), settled]),
            ("delete", None),
        )
        journal = conversation.run(wait=False)
        assert actions_of(journal) == [("create", "imc-1"), ("delete", "imc-1")]
        assert journal.image_cache_id == "imc-9"

    def test_surviving_cache_is_updated_as_declared(self) -> None:
        older = listed_cache("imc-0", CreationTime="2025-12-31T00:00:00Z", Images=["nginx:0"])
        conversation = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [listed_cache(status="Pending"), older]),
            ("delete", None),
            ("list", []),
            ("update", None),
            ("list", [{**older, "Images": ["nginx:1"]}]),
        )
        assert [action for action, _id in actions_of(conversation.run())] == ["create", "delete", "update"]
