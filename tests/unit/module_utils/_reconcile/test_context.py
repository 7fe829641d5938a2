# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting: the deadline, and outages of the API during a wait."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._failure import failure
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    OutageAtDeadline,
    TimedOut,
    Vanished,
)
from unit.support.conversation import Conversation, actions_of, listed_cache, repeat
from unit.support.world import web_params


def test_wait_ends_at_the_deadline_while_cache_is_pending() -> None:
    conversation = Conversation(("list", repeat([listed_cache(status="Pending")])))
    with pytest.raises(TimedOut, match=r"^not Ready within 60 s$"):
        conversation.run(wait_timeout=60)
    assert conversation.clock.now == 1060
    assert len(conversation.requests) <= 1 + 60 / 5 + 1


@pytest.mark.parametrize(("interval", "seconds"), [(4, 16), (5, 20)])
def test_new_cache_may_be_listed_15_s_late(interval: int, seconds: int) -> None:
    conversation = Conversation(("list", []), ("create", "imc-1"), ("list", repeat([])))
    with pytest.raises(Vanished, match=r"^imc-1$"):
        conversation.run(wait_interval=interval)
    # The first poll after 15 s.
    assert sum(conversation.clock.slept) == seconds


def test_own_cache_that_is_not_listed_beside_another_is_deleted_after_15_s() -> None:
    other = ("list", [listed_cache("imc-1")])
    conversation = Conversation(
        ("list", []), ("create", "imc-2"), *[other] * 5, ("delete", None), ("list", repeat([listed_cache("imc-1")]))
    )
    assert actions_of(conversation.run()) == [("create", "imc-2"), ("delete", "imc-2")]
    assert conversation.clock.slept == [1.0, 2.0, 4.0, 8.0]


# As raised if the keys of a role end during an outage of STS.
NO_KEYS = errors.ConnectionFailed("cannot connect to STS: Connection refused", action="AssumeRole")
NO_KEYS.retried = True
UNREACHABLE = errors.ConnectionFailed("cannot connect to the API: Connection refused", action="DescribeImageCaches")


class TestOutages:
    @pytest.mark.parametrize(
        "failure",
        [
            UNREACHABLE,
            errors.NoAnswer("did not answer within 30 s"),
            errors.GatewayFailure("HTTP status 502", http_status=502),
            errors.GatewayThrottled("HTTP status 429", http_status=429),
            errors.Throttled("too many requests", code="RequestLimitExceeded"),
            errors.ServerError("an internal error", code="InternalError"),
            NO_KEYS,
        ],
    )
    def test_outage_during_wait_causes_one_warning_and_run_continues(self, failure: Exception) -> None:
        outage = [("list", failure)] * 4
        conversation = Conversation(
            ("list", []),
            ("create", "imc-1"),
            ("list", [listed_cache(status="Pending")]),
            *outage,
            ("list", [listed_cache(status="Pending")]),
            ("list", failure),
            ("list", [listed_cache()]),
            ("list", [listed_cache()]),
        )
        assert actions_of(conversation.run()) == [("create", "imc-1")]
        (warning,) = conversation.warnings
        assert warning.endswith("Actions that were started continue. The module polls until wait_timeout.")

    def test_outage_until_deadline_fails_and_names_the_build(self) -> None:
        conversation = Conversation(
            ("list", []), ("create", "imc-1"), ("list", [listed_cache(status="Pending")]), ("list", repeat(UNREACHABLE))
        )
        with pytest.raises(OutageAtDeadline) as caught:
            conversation.run(wait_timeout=60)
        assert conversation.clock.now == pytest.approx(1060, abs=1)
        desired = Desired.from_params(web_params())
        result = failure(caught.value, desired, conversation.journal)
        assert result["error"]["code"] == "ConnectionFailed"
        assert result["image_cache"]["status"] == "Pending"
        assert result["msg"] == (
            "image cache web (imc-1): wait_timeout (60 s) expired while the API was unavailable:"
            " DescribeImageCaches failed: cannot connect to the API: Connection refused. The build of imc-1 may"
            " continue and cost money. Run again when the API is available; the run continues from the current state."
        )

    @pytest.mark.parametrize(
        "refusal",
        [
            errors.AuthenticationError("the key is gone", code="AuthFailure.SecretIdNotFound"),
            errors.NotAuthorized("not allowed", code="UnauthorizedOperation.CamNoAuth"),
            errors.InvalidRequest("no such parameter", code="InvalidParameter"),
        ],
    )
    def test_refusal_during_wait_fails_immediately(self, refusal: Exception) -> None:
        conversation = Conversation(
            ("list", []), ("create", "imc-1"), ("list", [listed_cache(status="Pending")]), ("list", refusal)
        )
        with pytest.raises(type(refusal)):
            conversation.run()

    def test_outage_before_first_write_fails_immediately(self) -> None:
        with pytest.raises(errors.ConnectionFailed):
            Conversation(("list", UNREACHABLE)).run()
        with pytest.raises(errors.ConnectionFailed):
            Conversation(("list", []), ("create", UNREACHABLE)).run()

    def test_outage_without_waiting_fails_immediately(self) -> None:
        with pytest.raises(errors.ConnectionFailed):
            Conversation(("list", []), ("create", "imc-1"), ("list", UNREACHABLE)).run(wait=False)

    def test_outage_before_a_later_write_delays_the_write(self) -> None:
        old = listed_cache("imc-0", Images=["nginx:0"])
        new = listed_cache("imc-1", ImageCacheName="web-replacement")
        conversation = Conversation(
            ("list", [old]),
            ("create", "imc-1"),
            ("list", [old, new]),
            ("list", [new]),
            ("list", [old, new]),
            *[("delete", UNREACHABLE)] * 3,
            ("delete", None),
            ("list", []),
            ("update", UNREACHABLE),
            ("update", None),
            ("list", [listed_cache("imc-1")]),
        )
        assert actions_of(conversation.run(on_change="replace")) == [("replace", "imc-1")]
        assert len(conversation.warnings) == 1

    def test_outage_while_waiting_for_joined_build_does_not_fail(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache(status="Pending")]),
            ("list", UNREACHABLE),
            ("list", [listed_cache()]),
            ("list", [listed_cache()]),
        )
        assert actions_of(conversation.run()) == []
