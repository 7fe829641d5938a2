# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reconciliations as exact conversations: what is asked, what is answered, on a clock that only sleeping moves."""

from __future__ import annotations

from typing import Any, Callable, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Answer, Listing
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed, Refused
from ansible_collections.tencentcloud.tke.plugins.module_utils._outcome import failure
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    OutageAtDeadline,
    TimedOut,
    Vanished,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.creating import Duplicates
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.reconciliation import Reconciliation
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scheduler import (
    InlineExecutor,
    Run,
    drive_runs,
)
from unit.support.clock import FakeClock
from unit.support.world import web_params

Step = tuple[str, Any]


def cache(image_cache_id: str = "imc-1", status: str = "Ready", **fields: Any) -> dict[str, Any]:
    """Return a cache as a listing shows it."""
    return {
        "ImageCacheId": image_cache_id,
        "ImageCacheName": "web",
        "ImageCacheSize": 20,
        "Images": ["nginx:1"],
        "Status": status,
        "CreationTime": "2026-01-01T00:00:00Z",
        "Tags": [],
        **fields,
    }


class Conversation:
    """Expects these calls in this order; a list is a listing, an error is raised, anything else is the answer.

    The last step may be repeated: C(("list", always(...)))."""

    def __init__(self, *steps: Step) -> None:
        self.steps, self.clock, self.heard = list(steps), FakeClock(), []  # type: ignore[var-annotated]
        self.warnings: list[str] = []

    def _next(self, call: str, request: Any) -> Any:
        self.heard.append((call, request))
        expected, answer = self.steps[0]
        assert call == expected, self.heard
        if not callable(answer):
            self.steps.pop(0)
        else:
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def describe(self, deadline: Deadline, **selection: Any) -> Listing:
        return Listing(self._next("list", selection), "r-list")

    def create(self, request: Any, deadline: Deadline) -> Answer:
        return Answer({"ImageCacheId": self._next("create", request)}, "r-create")

    def update(self, request: Any, deadline: Deadline) -> Answer:
        return Answer({"x": self._next("update", request)}, "r-update")

    def delete(self, request: Any, deadline: Deadline) -> Answer:
        return Answer({"x": self._next("delete", request)}, "r-delete")

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def progress(self, message: str) -> None:
        pass

    def run(self, **options: Any) -> Journal:
        """Reconcile C(web) and return its journal; every expected call must have been made."""
        desired, self.journal = Desired.from_params(web_params(**options)), Journal(self)
        deadline = Deadline(self.clock, desired.wait_timeout)
        reconciliation = Reconciliation(desired, self.journal, clock=self.clock, deadline=deadline, check_mode=False)
        run = Run(reconciliation.run(), self, deadline)  # type: ignore[arg-type]
        drive_runs([run], self.clock, InlineExecutor(self.clock))
        if run.error is not None:
            raise run.error
        left = [step for step in self.steps if not callable(step[1])]
        assert left == []
        return self.journal


def always(answer: Any) -> Callable[[], Any]:
    return lambda: answer


def done(journal: Journal) -> list[tuple[str, Optional[str]]]:
    return [(action["action"], action["image_cache_id"]) for action in journal.actions]


class TestCreate:
    def test_a_new_cache_may_take_its_time_to_be_listed(self) -> None:
        talk = Conversation(
            ("list", []), ("create", "imc-1"), ("list", []), ("list", []), ("list", [cache()]), ("list", [cache()])
        )
        journal = talk.run()
        assert journal.seen is not None
        assert journal.seen.status == "Ready"

    def test_one_that_is_never_listed_ends_the_wait(self) -> None:
        talk = Conversation(("list", []), ("create", "imc-1"), ("list", always([])))
        with pytest.raises(Vanished):
            talk.run()
        assert talk.journal.image_cache_id == "imc-1"
        assert sum(talk.clock.slept) < 60

    def test_unclear_creates_are_repeated_twice_at_the_most(self) -> None:
        lost, looks = ("create", errors.NoAnswer("lost")), [("list", [])] * 5
        talk = Conversation(("list", []), lost, *looks, lost, *looks, lost, *looks)
        with pytest.raises(errors.NoAnswer):
            talk.run()
        assert sum(talk.clock.slept) == 30
        assert talk.steps == []

    def test_after_the_deadline_nothing_is_created_again(self) -> None:
        talk = Conversation(("list", []), ("create", errors.NoAnswer("lost")), *[("list", [])] * 5)
        with pytest.raises(errors.NoAnswer):
            talk.run(wait_timeout=5)
        assert talk.steps == []

    def test_a_lost_first_one_that_is_newer_than_the_second_is_removed(self) -> None:
        second = cache("imc-2", CreationTime="2026-01-01T00:00:10Z")
        first = cache("imc-1", "Pending", CreationTime="2026-01-01T00:00:20Z")
        talk = Conversation(
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
        journal = talk.run()
        assert done(journal) == [("create", "imc-2"), ("delete", "imc-1")]
        assert journal.image_cache_id == "imc-2"

    def test_an_older_one_that_shows_when_it_is_ready_is_yielded_to(self) -> None:
        older = cache("imc-0", "Pending", CreationTime="2025-12-31T00:00:00Z")
        talk = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [cache(status="Pending")]),
            ("list", [cache()]),
            ("list", [cache(), older]),
            ("delete", None),
            ("list", []),
            ("list", [{**older, "Status": "Ready"}]),
            ("list", [{**older, "Status": "Ready"}]),
        )
        journal = talk.run()
        assert done(journal) == [("create", "imc-1"), ("delete", "imc-1")]
        assert journal.image_cache_id == "imc-0"

    def test_older_failed_cache_keeps_the_name_from_none_and_is_left_alone(self) -> None:
        failed = cache("imc-0", "Failed", CreationTime="2025-12-31T00:00:00Z")
        talk = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [cache(status="Pending")]),
            ("list", [cache()]),
            *[("list", [cache(), failed])] * 5,
        )
        with pytest.raises(Duplicates) as caught:
            talk.run(recreate_failed=False)
        assert talk.steps == []
        assert (caught.value.own, [other.id for other in caught.value.others]) == ("imc-1", ["imc-0"])

    def test_duplicate_that_its_run_removes_within_15_s_is_waited_for(self) -> None:
        later = cache("imc-2", "Pending", CreationTime="2026-01-01T00:00:05Z")
        talk = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [cache(status="Pending"), later]),
            ("list", [cache()]),
            *[("list", [cache(), later])] * 4,
            ("list", [cache()]),
        )
        assert done(talk.run()) == [("create", "imc-1")]

    def test_unclear_create_that_shows_other_contents_is_not_taken_for_the_own_one(self) -> None:
        other = cache("imc-9", "Pending", Images=["somebody:else"])
        talk = Conversation(
            ("list", []),
            ("create", errors.NoAnswer("lost")),
            ("list", [other]),
            ("list", [{**other, "Status": "Ready"}]),
            ("list", [{**other, "Status": "Ready"}]),
            ("update", None),
            ("list", [cache("imc-9")]),
        )
        journal = talk.run()
        assert done(journal) == [("update", "imc-9")]

    def test_duplicate_of_other_contents_is_left_alone_after_an_unclear_create(self) -> None:
        second = cache("imc-2", CreationTime="2026-01-01T00:00:10Z")
        other = cache("imc-9", Images=["somebody:else"], CreationTime="2026-01-01T00:00:20Z")
        talk = Conversation(
            ("list", []),
            ("create", errors.NoAnswer("lost")),
            *[("list", [])] * 5,
            ("create", "imc-2"),
            ("list", [{**second, "Status": "Pending"}]),
            ("list", [second]),
            ("list", [second, other]),
        )
        with pytest.raises(Duplicates):
            talk.run()
        assert talk.steps == []

    def test_one_that_does_not_wait_leaves_others_the_time_to_yield_also_when_its_own_is_ready(self) -> None:
        talk = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [cache(), cache("imc-2", "Pending")]),
            ("list", [cache()]),
        )
        journal = talk.run(wait=False)
        assert done(journal) == [("create", "imc-1")]
        assert journal.image_cache_id == "imc-1"

    def test_the_same_second_is_decided_by_the_smaller_id(self) -> None:
        own, other = cache("imc-a", "Pending"), cache("imc-b", "Pending")
        talk = Conversation(
            ("list", []),
            ("create", "imc-a"),
            ("list", [other, own]),
            ("list", [cache("imc-a")]),
            ("list", [cache("imc-a")]),
        )
        assert done(talk.run()) == [("create", "imc-a")]

    def test_without_waiting_the_run_yields_to_one_that_is_settled(self) -> None:
        settled = cache("imc-9", CreationTime="2026-01-01T00:00:05Z")
        talk = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [cache(status="Pending"), settled]),
            ("delete", None),
        )
        journal = talk.run(wait=False)
        assert done(journal) == [("create", "imc-1"), ("delete", "imc-1")]
        assert journal.image_cache_id == "imc-9"

    def test_what_the_survivor_lacks_is_updated(self) -> None:
        older = cache("imc-0", CreationTime="2025-12-31T00:00:00Z", Images=["nginx:0"])
        talk = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [cache(status="Pending"), older]),
            ("delete", None),
            ("list", []),
            ("update", None),
            ("list", [{**older, "Images": ["nginx:1"]}]),
        )
        assert [action for action, _id in done(talk.run())] == ["create", "delete", "update"]

    def test_a_joined_build_that_fails_is_said(self) -> None:
        talk = Conversation(("list", [cache(status="Pending")]), *[("list", [cache(status="Failed")])] * 2)
        with pytest.raises(BuildFailed):
            talk.run(recreate_failed=False)

    def test_an_unknown_status_is_waited_for(self) -> None:
        talk = Conversation(("list", [cache(status="Archiving")]), ("list", [cache()]), ("list", [cache()]))
        assert done(talk.run()) == []

    def test_a_wait_ends_at_the_deadline_whatever_the_server_says(self) -> None:
        talk = Conversation(("list", always([cache(status="Pending")])))
        with pytest.raises(TimedOut):
            talk.run(wait_timeout=60)
        assert talk.clock.now == 1060
        assert len(talk.heard) <= 1 + 60 / 5 + 1


AWAY = errors.ConnectionFailed("no connection to the API: Connection refused", action="DescribeImageCaches")


class TestOutages:
    @pytest.mark.parametrize(
        "failure",
        [
            AWAY,
            errors.NoAnswer("did not answer within 30 s"),
            errors.GatewayFailure("HTTP status 502", http_status=502),
            errors.GatewayThrottled("HTTP status 429", http_status=429),
            errors.Throttled("too many requests", code="RequestLimitExceeded"),
            errors.ServerError("an internal error", code="InternalError"),
        ],
    )
    def test_outage_during_wait_is_warned_of_once_and_sat_out(self, failure: Exception) -> None:
        away = [("list", failure)] * 4
        talk = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [cache(status="Pending")]),
            *away,
            ("list", [cache(status="Pending")]),
            ("list", failure),
            ("list", [cache()]),
            ("list", [cache()]),
        )
        assert done(talk.run()) == [("create", "imc-1")]
        (warning,) = talk.warnings
        assert warning.endswith("What was started goes on, and polling continues until wait_timeout.")

    def test_outage_up_to_deadline_fails_and_names_what_is_being_built(self) -> None:
        talk = Conversation(
            ("list", []), ("create", "imc-1"), ("list", [cache(status="Pending")]), ("list", always(AWAY))
        )
        with pytest.raises(OutageAtDeadline) as caught:
            talk.run(wait_timeout=60)
        assert talk.clock.now == pytest.approx(1060, abs=1)
        desired = Desired.from_params(web_params())
        result = failure(caught.value, desired, talk.journal)
        assert result["error"]["code"] == "ConnectionFailed"
        assert result["image_cache"]["status"] == "Pending"
        assert result["msg"] == (
            "image cache 'web' (imc-1): the API could not be reached when wait_timeout (60 s) ended:"
            " DescribeImageCaches failed: no connection to the API: Connection refused. The build of imc-1 may go on,"
            " and costs money. Run again when the API answers: the run continues from what it finds."
        )

    @pytest.mark.parametrize(
        "refusal",
        [
            errors.AuthenticationError("the key is gone", code="AuthFailure.SecretIdNotFound"),
            errors.NotAuthorized("not allowed", code="UnauthorizedOperation.CamNoAuth"),
            errors.InvalidRequest("no such parameter", code="InvalidParameter"),
        ],
    )
    def test_refusal_during_wait_ends_it_at_once(self, refusal: Exception) -> None:
        talk = Conversation(("list", []), ("create", "imc-1"), ("list", [cache(status="Pending")]), ("list", refusal))
        with pytest.raises(type(refusal)):
            talk.run()

    def test_outage_before_anything_was_started_fails_at_once(self) -> None:
        with pytest.raises(errors.ConnectionFailed):
            Conversation(("list", AWAY)).run()
        with pytest.raises(errors.ConnectionFailed):
            Conversation(("list", []), ("create", AWAY)).run()

    def test_outage_without_waiting_fails_at_once(self) -> None:
        with pytest.raises(errors.ConnectionFailed):
            Conversation(("list", []), ("create", "imc-1"), ("list", AWAY)).run(wait=False)

    def test_outage_before_a_later_write_delays_the_write(self) -> None:
        old = cache("imc-0", Images=["nginx:0"])
        new = cache("imc-1", ImageCacheName="web-replacement")
        talk = Conversation(
            ("list", [old]),
            ("create", "imc-1"),
            ("list", [old, new]),
            ("list", [new]),
            ("list", [old, new]),
            *[("delete", AWAY)] * 3,
            ("delete", None),
            ("list", []),
            ("update", AWAY),
            ("update", None),
            ("list", [cache("imc-1")]),
        )
        assert done(talk.run(on_change="replace")) == [("replace", "imc-1")]
        assert len(talk.warnings) == 1

    def test_outage_while_a_build_is_joined_is_sat_out(self) -> None:
        talk = Conversation(
            ("list", [cache(status="Pending")]), ("list", AWAY), ("list", [cache()]), ("list", [cache()])
        )
        assert done(talk.run()) == []


class TestUpdate:
    def test_an_update_that_is_seen_to_have_arrived_is_not_sent_again(self) -> None:
        talk = Conversation(
            ("list", [cache()]),
            ("update", errors.NoAnswer("lost")),
            ("list", [cache(status="Updating", Images=["nginx:2"])]),
            ("list", [cache(status="Updating", Images=["nginx:2"])]),
            ("list", [cache(Images=["nginx:2"])]),
        )
        journal = talk.run(images=["nginx:2"])
        assert journal.actions[0]["request_id"] is None

    def test_one_that_is_gone_meanwhile_is_said(self) -> None:
        talk = Conversation(("list", [cache()]), ("update", errors.NoAnswer("lost")), ("list", []))
        with pytest.raises(Vanished):
            talk.run(images=["nginx:2"])

    def test_it_is_repeated_twice_at_the_most(self) -> None:
        lost = ("update", errors.ServerError("broken", code="InternalError"))
        talk = Conversation(("list", [cache()]), lost, ("list", [cache()]), lost, ("list", [cache()]), lost)
        with pytest.raises(errors.ServerError):
            talk.run(images=["nginx:2"])

    def test_a_listing_that_lags_is_waited_for(self) -> None:
        talk = Conversation(
            ("list", [cache()]),
            ("update", None),
            ("list", [cache()]),
            ("list", [cache()]),
            ("list", [cache(Images=["nginx:2"])]),
        )
        assert done(talk.run(images=["nginx:2"])) == [("update", "imc-1")]
        assert talk.warnings == []

    def test_what_is_accepted_but_not_done_is_warned_about(self) -> None:
        merged = cache(Tags=[{"Key": "old", "Value": "1"}, {"Key": "new", "Value": "2"}])
        talk = Conversation(
            ("list", [cache(Tags=[{"Key": "old", "Value": "1"}])]), ("update", None), ("list", always([merged]))
        )
        talk.run(tags={"new": "2"})
        assert talk.warnings == [
            "image cache 'web' shows tags as {'old': '1', 'new': '2'} although the API accepted the update."
        ]
        assert 15 < sum(talk.clock.slept) < 60

    def test_a_failure_from_before_is_not_taken_for_a_new_one(self) -> None:
        failed = cache(status="UpdateFailed")
        talk = Conversation(("list", [failed]), ("update", None), ("list", [failed]), ("list", [cache()]))
        assert done(talk.run()) == [("update", "imc-1")]

    def test_a_failed_update_of_contents_that_are_not_declared(self) -> None:
        failed = cache(status="UpdateFailed")
        talk = Conversation(("list", [failed]), ("list", [failed]), ("update", None), ("list", [cache()]))
        talk.run(image_cache_id="imc-1", images=None)
        assert talk.heard[2] == ("update", {"ImageCacheId": "imc-1", "Images": ["nginx:1"]})

    def test_a_field_that_is_not_shown_is_no_difference(self) -> None:
        shown = cache()
        del shown["Tags"]
        assert done(Conversation(("list", [shown])).run(tags={"a": "1"}, retention_days=5)) == []


class TestDelete:
    BUSY = ("delete", errors.StateRefused("busy", code="UnsupportedOperation"))

    def test_a_busy_one_is_waited_for(self) -> None:
        building = ("list", [cache(status="Pending")])
        talk = Conversation(
            building, *[self.BUSY, building] * 6, self.BUSY, ("list", [cache()]), ("delete", None), ("list", [])
        )
        assert done(talk.run(state="absent")) == [("delete", "imc-1")]

    def test_one_that_is_refused_though_nothing_builds_is_said_soon(self) -> None:
        ready = ("list", [cache()])
        talk = Conversation(ready, *[self.BUSY, ready] * 3, self.BUSY)
        with pytest.raises(errors.StateRefused):
            talk.run(state="absent")
        assert sum(talk.clock.slept) < 30

    def test_without_waiting_it_is_tried_again_within_bounds(self) -> None:
        building = ("list", [cache(status="Pending")])
        talk = Conversation(building, *[self.BUSY, building] * 3, self.BUSY)
        with pytest.raises(errors.StateRefused):
            talk.run(state="absent", wait=False)
        assert talk.clock.slept == [1.0, 2.0, 4.0]

    def test_one_that_is_gone_already_is_deleted(self) -> None:
        talk = Conversation(("list", [cache()]), ("delete", errors.NotFound("gone", request_id="r")), ("list", []))
        journal = talk.run(state="absent")
        assert journal.actions[0]["request_id"] == "r"

    def test_an_unclear_one_is_repeated_twice_at_the_most(self) -> None:
        lost, ready = ("delete", errors.NoAnswer("lost")), ("list", [cache()])
        talk = Conversation(ready, lost, ready, lost, ready, lost)
        with pytest.raises(errors.NoAnswer):
            talk.run(state="absent")


def test_a_replace_that_does_not_see_the_old_cache_go_says_what_it_has_done() -> None:
    new = cache("imc-2", ImageCacheName="web-replacement", Images=["nginx:2"])
    talk = Conversation(("list", [cache(), new]), ("delete", None), ("list", always([cache()])))
    with pytest.raises(TimedOut):
        talk.run(images=["nginx:2"], on_change="replace", wait_timeout=30)
    assert done(talk.journal) == [("replace", "imc-2")]
    assert talk.journal.replaced == {"old_id": "imc-1", "new_id": "imc-2"}


def test_a_race_that_does_not_settle_is_refused() -> None:
    talk = Conversation(("list", always([cache("imc-1", "Pending"), cache("imc-2")])))
    with pytest.raises(Refused, match=r"imc-1 \(Pending\), imc-2 \(Ready\)"):
        talk.run()
    assert sum(talk.clock.slept) == 15


class TestHiddenUpdates:
    """What the API does not show cannot be seen to have arrived: it is sent again."""

    LOGIN = {"server": "h.example.com", "username": "u", "password": "new", "name": None}
    SHOWN = [{"Server": "h.example.com", "Username": "u", "Password": "****"}]

    def shown(self, matched: str = "", **fields: Any) -> list[dict[str, Any]]:
        return [cache(ImageRegistryCredentials=self.SHOWN, LastMatchedTime=matched, **fields)]

    @pytest.mark.parametrize(
        "failure", [errors.NoAnswer("lost"), errors.StateRefused("busy", code="UnsupportedOperation")], ids=repr
    )
    def test_a_masked_password(self, failure: Exception) -> None:
        talk = Conversation(
            ("list", self.shown()),
            ("update", failure),
            # A Pod has matched it meanwhile, so that it looks another.
            ("list", self.shown("2026-01-02T00:00:00Z")),
            ("update", None),
            ("list", self.shown("2026-01-02T00:00:00Z")),
        )
        journal = talk.run(image_registry_credentials=[self.LOGIN], update_password="always")
        assert done(journal) == [("update", "imc-1")]

    def test_groups_that_go_along(self) -> None:
        talk = Conversation(
            ("list", [cache(RetentionDays=0)]),
            ("update", errors.NoAnswer("lost")),
            ("list", [cache(RetentionDays=5)]),
            ("update", None),
            ("list", [cache(RetentionDays=5)]),
        )
        talk.run(retention_days=5, security_group_ids=["sg-1"])

    def test_what_shows_is_not_sent_again(self) -> None:
        talk = Conversation(
            ("list", [cache(RetentionDays=0)]),
            ("update", errors.NoAnswer("lost")),
            ("list", [cache(RetentionDays=5)]),
            ("list", [cache(RetentionDays=5)]),
        )
        assert done(talk.run(retention_days=5)) == [("update", "imc-1")]

    def test_an_update_after_a_failed_one_is_not_sent_again_once_it_is_ready(self) -> None:
        talk = Conversation(
            ("list", [cache(status="UpdateFailed")]),
            ("update", errors.NoAnswer("lost")),
            ("list", [cache()]),
            ("list", [cache()]),
        )
        assert done(talk.run()) == [("update", "imc-1")]


class TestRefusedDeletes:
    REFUSED = ("delete", errors.InvalidRequest("no such id", code="InvalidParameter"))

    def test_one_that_is_gone_is_deleted_whatever_the_code(self) -> None:
        talk = Conversation(("list", [cache()]), self.REFUSED, ("list", []), ("list", []))
        assert done(talk.run(state="absent")) == [("delete", "imc-1")]

    def test_one_that_is_there_is_not(self) -> None:
        talk = Conversation(("list", [cache()]), self.REFUSED, ("list", [cache()]))
        with pytest.raises(errors.InvalidRequest):
            talk.run(state="absent")


class TestRefusalsById:
    """A cache that was seen is in the result, whatever the refusal."""

    def test_a_name_that_another_has(self) -> None:
        taken = cache("imc-9", ImageCacheName="shop")
        talk = Conversation(("list", [cache()]), ("list", [taken]))
        with pytest.raises(Refused, match="imc-1 cannot be named 'shop': imc-9 has that name"):
            talk.run(image_cache_id="imc-1", image_cache_name="shop")
        assert talk.journal.image_cache_id == "imc-1"
        assert talk.journal.seen is not None

    def test_one_without_a_name_that_is_to_be_built_anew(self) -> None:
        talk = Conversation(("list", [cache(ImageCacheName="")]))
        with pytest.raises(Refused, match="it has no name"):
            talk.run(image_cache_id="imc-1", image_cache_name=None, images=["nginx:2"], on_change="replace")
        assert talk.journal.seen is not None


def test_a_build_that_is_under_way_is_left_alone_in_words_that_fit() -> None:
    for options, words in (
        ({"images": ["nginx:2"], "force_rebuild": True}, "is being built and differs from its declaration in images;"),
        ({"force_rebuild": True}, "is being built and force_rebuild waits;"),
    ):
        talk = Conversation(("list", [cache(status="Pending")]))
        talk.run(wait=False, on_change="replace", **options)
        assert words in talk.warnings[0]
    left = cache("imc-2", ImageCacheName="web-replacement", Images=["nginx:9"])
    talk = Conversation(("list", [cache(status="Pending"), left]))
    talk.run(wait=False)
    assert talk.warnings == []
    heir = cache("imc-2", ImageCacheName="web-replacement", Images=["nginx:2"])
    talk = Conversation(("list", [cache(status="Updating"), heir]))
    talk.run(wait=False, on_change="replace", images=["nginx:2"])
    assert "is being built; its replacement imc-2 takes its place in a later run" in talk.warnings[0]


@pytest.mark.parametrize(
    ("status", "words"), [("Ready", "untouched and in use"), ("UpdateFailed", "still UpdateFailed")]
)
def test_of_a_failed_replacement_it_is_said_what_the_old_one_is(status: str, words: str) -> None:
    heir = cache("imc-2", ImageCacheName="web-replacement")
    talk = Conversation(
        ("list", [cache(status=status)]),
        ("create", "imc-2"),
        ("list", [cache(status=status), {**heir, "Status": "Pending"}]),
        ("list", [{**heir, "Status": "Failed"}]),
    )
    options = web_params(images=["nginx:2"], on_change="replace")
    with pytest.raises(BuildFailed) as raised:
        talk.run(images=["nginx:2"], on_change="replace")
    result = failure(raised.value, Desired.from_params(options), talk.journal)
    assert words in result["msg"]


def test_a_credential_that_says_nothing_is_refused() -> None:
    with pytest.raises(errors.InvalidInput, match=r"image cache 'web': image_registry_credentials\[1\] has no server"):
        Desired.from_params(web_params(image_registry_credentials=[{"server": "h.example.com"}, {"server": None}]))
