# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors, envelopes, endpoints, retries and pages, without a network."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import READS, WRITES, Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import (
    Clock,
    Deadline,
    back_off,
    poll_interval,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.envelope import open_envelope
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.rate_limiter import RateLimiter
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer, RetryingClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import _retry_after_seconds
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.advice import advice


class FakeClock(Clock):
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def unix(self) -> int:
        return 1767225600

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Script:
    """Answers each call with the next line: an error is raised, anything else returned."""

    def __init__(self, *lines: Any) -> None:
        self.lines, self.calls = list(lines), []  # type: ignore[var-annotated]

    def send(self, action: str, parameters: Any) -> dict[str, Any]:
        self.calls.append((action, parameters))
        line = self.lines.pop(0)
        if isinstance(line, Exception):
            raise line
        return dict(line)


def client(script: Script, clock: Optional[FakeClock] = None, retries: int = 5, check_mode: bool = False) -> Client:
    return Client(script, retries=retries, check_mode=check_mode, clock=clock or FakeClock())


def forever(clock: Optional[FakeClock] = None) -> Deadline:
    return Deadline(clock or FakeClock(), 3600)


class TestErrorCodes:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("ActionOffline", errors.InvalidRequest),
            ("AuthFailure.InvalidAuthorization", errors.AuthenticationError),
            ("AuthFailure.InvalidSecretId", errors.AuthenticationError),
            ("AuthFailure.MFAFailure", errors.AuthenticationError),
            ("AuthFailure.SecretIdNotFound", errors.AuthenticationError),
            ("AuthFailure.SignatureExpire", errors.AuthenticationError),
            ("AuthFailure.SignatureFailure", errors.AuthenticationError),
            ("AuthFailure.TokenFailure", errors.AuthenticationError),
            ("AuthFailure.UnauthorizedOperation", errors.NotAuthorized),
            ("DryRunOperation", errors.Unspecific),
            ("FailedOperation", errors.Unspecific),
            ("FailedOperation.CamNoAuth", errors.NotAuthorized),
            ("FailedOperation.AccountUserNotAuthenticated", errors.AccountProblem),
            ("InternalError", errors.ServerError),
            ("InternalError.UnexceptedInternal", errors.ServerError),
            ("InternalError.CamNoAuth", errors.NotAuthorized),
            ("InternalError.InsufficientBalance", errors.AccountProblem),
            ("InternalError.TradeInsufficientBalance", errors.AccountProblem),
            ("InternalError.NotVerified", errors.AccountProblem),
            ("InternalError.NoPaymentAccess", errors.AccountProblem),
            ("InternalError.Param", errors.InvalidRequest),
            ("InternalError.QuotaUSGLimit", errors.QuotaExceeded),
            ("InvalidAction", errors.InvalidRequest),
            ("InvalidParameter", errors.InvalidRequest),
            ("InvalidParameter.SubnetNotExist", errors.InvalidRequest),
            ("InvalidParameterValue", errors.InvalidRequest),
            ("InvalidParameterValue.LimitExceeded", errors.QuotaExceeded),
            ("InvalidRequest", errors.InvalidRequest),
            ("IpInBlacklist", errors.NotAuthorized),
            ("IpNotInWhitelist", errors.NotAuthorized),
            ("LimitExceeded", errors.QuotaExceeded),
            ("MissingParameter", errors.InvalidRequest),
            ("NoSuchProduct", errors.InvalidRequest),
            ("NoSuchVersion", errors.InvalidRequest),
            ("RequestLimitExceeded", errors.Throttled),
            ("RequestLimitExceeded.GlobalRegionUinLimitExceeded", errors.Throttled),
            ("RequestLimitExceeded.UinLimitExceeded", errors.Throttled),
            ("RequestLimitExceeded.IPLimitExceeded", errors.Throttled),
            ("RequestSizeLimitExceeded", errors.InvalidRequest),
            ("ResponseSizeLimitExceeded", errors.InvalidRequest),
            ("ResourceBusy", errors.StateRefused),
            ("ResourceInUse", errors.StateRefused),
            ("ResourceInsufficient", errors.NoCapacity),
            ("ResourcesSoldOut", errors.NoCapacity),
            ("ResourceNotFound", errors.NotFound),
            ("ResourceUnavailable.EksContainerStatus", errors.StateRefused),
            ("ServiceUnavailable", errors.ServerError),
            ("UnauthorizedOperation", errors.NotAuthorized),
            ("UnauthorizedOperation.CamNoAuth", errors.NotAuthorized),
            ("UnknownParameter", errors.InvalidRequest),
            ("UnsupportedOperation", errors.StateRefused),
            ("UnsupportedOperation.NotInWhitelist", errors.NotAuthorized),
            ("UnsupportedProtocol", errors.InvalidRequest),
            ("UnsupportedRegion", errors.InvalidRequest),
            ("SomethingNew.Altogether", errors.Unspecific),
        ],
    )
    def test_class(self, code: str, kind: type) -> None:
        assert errors.api_error(code, "words").__class__ is kind

    @pytest.mark.parametrize(("_pattern", "kind"), errors.CODES)
    def test_every_class_has_advice(self, _pattern: str, kind: Any) -> None:
        assert advice(kind("words"))

    @pytest.mark.parametrize(
        ("kind", "retryable", "not_executed"),
        [
            (errors.RequestError, False, True),
            (errors.ConnectionFailed, True, True),
            (errors.UntrustedCertificate, False, True),
            (errors.TlsMissing, False, True),
            (errors.NoAnswer, True, False),
            (errors.GatewayError, False, True),
            (errors.GatewayFailure, True, False),
            (errors.GatewayThrottled, True, True),
            (errors.MalformedAnswer, True, False),
            (errors.ApiError, False, True),
            (errors.Throttled, True, True),
            (errors.ServerError, True, False),
        ],
    )
    def test_what_may_be_repeated_is_a_fact_of_the_class(
        self, kind: type[errors.RequestError], retryable: bool, not_executed: bool
    ) -> None:
        assert (kind.retryable, kind.not_executed) == (retryable, not_executed)

    def test_an_error_has_the_facts_of_its_request(self) -> None:
        facts: Any = {"request_id": "r-1", "action": "CreateImageCache", "http_status": 200, "retry_after": 3.0}
        for code in ("InternalError", "SomethingNew"):
            error = errors.api_error(code, "words", **facts)
            assert (str(error), error.retry_after) == ("words", 3.0)
            del facts["retry_after"]
            shown = {"code": code, "message": "words", "retryable": code == "InternalError", **facts}
            assert error.facts() == shown
            facts["retry_after"] = 3.0

    def test_without_a_code_the_class_has_a_name(self) -> None:
        nothing = dict.fromkeys(("request_id", "action", "http_status"))
        error = errors.NoAnswer("lost")
        assert error.facts() == {"code": "NoAnswer", "message": "lost", "retryable": True, **nothing}
        assert error.retry_after is None


class TestEnvelope:
    def opened(self, body: Any, status: int = 200) -> dict[str, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return open_envelope("DescribeImageCaches", status, raw, None)

    def test_success(self) -> None:
        assert self.opened({"Response": {"TotalCount": 0, "RequestId": "r"}}) == {"TotalCount": 0, "RequestId": "r"}

    @pytest.mark.parametrize("status", [200, 400, 500])
    def test_an_error_in_it_counts_whatever_the_status(self, status: int) -> None:
        with pytest.raises(errors.QuotaExceeded) as raised:
            self.opened({"Response": {"Error": {"Code": "LimitExceeded", "Message": "full"}, "RequestId": "r"}}, status)
        assert raised.value.facts() == {
            "code": "LimitExceeded",
            "message": "full",
            "request_id": "r",
            "action": "DescribeImageCaches",
            "http_status": status,
            "retryable": False,
        }

    def test_success_with_another_status_is_no_success(self) -> None:
        with pytest.raises(errors.GatewayFailure):
            self.opened({"Response": {"RequestId": "r"}}, 500)

    @pytest.mark.parametrize(
        "body",
        [b"", b"null", b"[]", b"7", b'{"Response": null}', b"\xff", b"{" * 99999, b'{"code": 0, "message": ""}'],
    )
    def test_anything_else_is_malformed(self, body: bytes) -> None:
        with pytest.raises(errors.MalformedAnswer) as raised:
            self.opened(body)
        assert raised.value.retryable
        assert not raised.value.not_executed

    def test_an_error_without_a_code_proves_nothing(self) -> None:
        with pytest.raises(errors.MalformedAnswer) as raised:
            self.opened({"Response": {"Error": {"Message": "?"}, "RequestId": 5}})
        assert not raised.value.not_executed
        assert raised.value.request_id is None


class TestEndpoint:
    @pytest.mark.parametrize(
        ("text", "url", "host", "loopback"),
        [
            ("tke.tencentcloudapi.com", "https://tke.tencentcloudapi.com/", "tke.tencentcloudapi.com", False),
            ("TKE.Tencentcloudapi.com:443", "https://tke.tencentcloudapi.com/", "tke.tencentcloudapi.com", False),
            ("https://tke.internal:8443/", "https://tke.internal:8443/", "tke.internal:8443", False),
            ("http://127.0.0.1:8400", "http://127.0.0.1:8400/", "127.0.0.1:8400", True),
            ("http://127.8.9.1", "http://127.8.9.1/", "127.8.9.1", True),
            ("http://localhost:80", "http://localhost/", "localhost", True),
            ("http://[::1]:8400", "http://[::1]:8400/", "[::1]:8400", True),
        ],
    )
    def test_parse(self, text: str, url: str, host: str, loopback: bool) -> None:
        endpoint = Endpoint.parse(text)
        assert (endpoint.url, endpoint.host, endpoint.loopback) == (url, host, loopback)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "https://",
            "a b",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "host:port",
            "host:99999",
            "https://[::1",
            "https://a/?q=1",
            "file:///etc/passwd",
            "tke.例子.com",
        ],
    )
    def test_refuse(self, text: str) -> None:
        with pytest.raises(errors.InvalidInput, match=r"^endpoint: "):
            Endpoint.parse(text)


class TestRetries:
    PASSING = (
        errors.Throttled("x"),
        errors.GatewayThrottled("x"),
        errors.ConnectionFailed("x"),
        errors.NoAnswer("x"),
        errors.GatewayFailure("x"),
        errors.ServerError("x"),
        errors.MalformedAnswer("x"),
    )

    @pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
    def test_a_read_is_repeated(self, error: Exception) -> None:
        script = Script(error, error, {"TotalCount": 0, "ImageCaches": []})
        client(script).describe(forever())
        assert len(script.calls) == 3

    @pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
    def test_a_write_is_repeated_only_where_nothing_was_done(self, error: errors.RequestError) -> None:
        script = Script(error, {"ImageCacheId": "imc-1"})
        if error.not_executed:
            assert client(script).create({}, forever()).fields["ImageCacheId"] == "imc-1"
            assert len(script.calls) == 2
        else:
            with pytest.raises(type(error)):
                client(script).create({}, forever())
            assert len(script.calls) == 1

    @pytest.mark.parametrize(
        "kind",
        [
            errors.ApiError,
            errors.AuthenticationError,
            errors.NotAuthorized,
            errors.QuotaExceeded,
            errors.AccountProblem,
            errors.GatewayError,
            errors.TlsMissing,
            errors.UntrustedCertificate,
        ],
    )
    def test_anything_else_fails_at_once(self, kind: Any) -> None:
        script = Script(kind("x"))
        with pytest.raises(kind):
            client(script).describe(forever())
        assert len(script.calls) == 1

    def test_pauses_grow_to_a_cap_with_full_jitter(self) -> None:
        for attempt, most in ((1, 0.5), (2, 1.0), (4, 4.0), (7, 20.0), (500, 20.0)):
            drawn = [back_off(attempt) for _draw in range(300)]
            assert 0 <= min(drawn) < most * 0.1
            assert most * 0.9 < max(drawn) <= most

    def test_retry_after_lengthens_a_pause_within_bounds(self) -> None:
        clock = FakeClock()
        script = Script(
            errors.Throttled("x", retry_after=45.0),
            errors.Throttled("x", retry_after=9e9),
            {"TotalCount": 0, "ImageCaches": []},
        )
        client(script, clock).describe(forever(clock))
        assert clock.slept == [45.0, 60.0]

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("7", 7.0),
            ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
            ("Thu, 01 Jan 2015 00:00:30 GMT", 0.0),
            ("soon", None),
            ("-3", None),
            ("", None),
            (None, None),
            ("²", None),
        ],
    )
    def test_retry_after_is_a_number_or_a_date(self, header: Optional[str], seconds: Optional[float]) -> None:
        assert _retry_after_seconds(header, FakeClock()) == seconds

    def test_no_pause_goes_beyond_the_deadline(self) -> None:
        clock = FakeClock()
        script = Script(errors.Throttled("x", retry_after=45.0))
        with pytest.raises(errors.Throttled):
            client(script, clock).describe(Deadline(clock, 40))
        assert clock.slept == []

    def test_retries_are_counted_after_the_first_attempt(self) -> None:
        script = Script(*[errors.Throttled("x")] * 3)
        with pytest.raises(errors.Throttled):
            client(script, retries=2).describe(forever())
        assert len(script.calls) == 3

    def test_every_attempt_has_its_pause(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(random, "uniform", lambda least, most: most)
        clock = FakeClock()
        script = Script(
            errors.Throttled("x"), errors.Throttled("x", retry_after=0.7), errors.Throttled("x"), {"RequestId": "r-4"}
        )
        assert RetryingClient(script, retries=3, clock=clock).call("A", {}, forever(clock)) == Answer(
            {"RequestId": "r-4"}, "r-4"
        )
        # A Retry-After that is shorter changes nothing.
        assert clock.slept == [0.5, 1.0, 2.0]
        assert script.calls == [("A", {})] * 4

    @pytest.mark.parametrize(("seconds", "attempts"), [(45, 1), (45.5, 2)])
    def test_a_pause_that_would_end_at_the_deadline_is_not_made(self, seconds: float, attempts: int) -> None:
        clock = FakeClock()
        script = Script(*[errors.Throttled("x", retry_after=45.0)] * 2)
        with pytest.raises(errors.Throttled):
            client(script, clock).describe(Deadline(clock, seconds))
        assert len(script.calls) == attempts

    def test_without_retries_there_is_one_attempt(self) -> None:
        script = Script(errors.Throttled("x"))
        with pytest.raises(errors.Throttled):
            client(script, retries=0).describe(forever())
        assert len(script.calls) == 1

    @pytest.mark.parametrize(
        ("error", "slower"),
        [
            (errors.Throttled("x"), ["A"]),
            (errors.GatewayThrottled("x"), ["A"]),
            (errors.ServerError("x"), []),
            (errors.QuotaExceeded("x"), []),
        ],
    )
    def test_being_throttled_slows_down_what_follows(self, error: errors.RequestError, slower: list[str]) -> None:
        class Noted(RateLimiter):
            waited: list[str] = []
            slowed: list[str] = []

            def wait(self, action: str) -> None:
                self.waited.append(action)

            def slow_down(self, action: str) -> None:
                self.slowed.append(action)

        clock = FakeClock()
        noted = Noted(20, clock)
        noted.waited, noted.slowed = [], []
        script = Script(error, {})
        repeating = RetryingClient(script, retries=1, clock=clock, rate_limiter=noted)
        if error.retryable:
            repeating.call("A", {}, forever(clock))
        else:
            with pytest.raises(type(error)):
                repeating.call("A", {}, forever(clock))
        assert noted.slowed == slower
        assert noted.waited == ["A"] * len(script.calls)

    def test_an_answer_does_not_change(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            Answer({}, None).request_id = "r"  # type: ignore[misc]


class TestPacing:
    """At 20 requests per second, and a little less: one every 51.5 ms."""

    GAP = 0.0515

    def paced(self) -> tuple[RateLimiter, FakeClock]:
        clock = FakeClock()
        return RateLimiter(20, clock), clock

    def test_each_action_has_its_own_rate(self) -> None:
        rate_limiter, clock = self.paced()
        for action in ("A", "B", "A", "A", "B"):
            rate_limiter.wait(action)
        # The second B waits from the first one on, and by then the time is up.
        assert clock.slept == pytest.approx([self.GAP, self.GAP])

    def test_a_machine_that_has_just_started_is_no_exception(self) -> None:
        rate_limiter, clock = self.paced()
        clock.now = 0.001
        rate_limiter.wait("A")
        rate_limiter.wait("A")
        assert clock.slept == pytest.approx([self.GAP])

    def test_what_comes_late_does_not_wait(self) -> None:
        rate_limiter, clock = self.paced()
        rate_limiter.wait("A")
        clock.now += self.GAP / 2
        rate_limiter.wait("A")
        assert clock.slept == pytest.approx([self.GAP / 2])
        clock.now += 10
        rate_limiter.wait("A")
        assert len(clock.slept) == 1

    def test_many_at_once_stand_in_a_row(self) -> None:
        clock = FakeClock()
        clock.sleep = clock.slept.append  # type: ignore[method-assign]
        rate_limiter = RateLimiter(20, clock)
        for _request in range(4):
            rate_limiter.wait("A")
        assert clock.slept == pytest.approx([self.GAP, 2 * self.GAP, 3 * self.GAP])

    def test_a_throttled_action_slows_down_and_recovers(self) -> None:
        rate_limiter, clock = self.paced()
        rate_limiter.slow_down("A")
        for _request in range(30):
            rate_limiter.wait("A")
        factors = [pause / self.GAP for pause in clock.slept]
        assert factors[:2] == pytest.approx([1.5 * 0.98, 1.5 * 0.98**2])
        assert factors == sorted(factors, reverse=True)
        assert factors[-1] == pytest.approx(1.0)
        rate_limiter.wait("B")
        rate_limiter.wait("B")
        assert clock.slept[-1] == pytest.approx(self.GAP)

    @pytest.mark.parametrize(("times", "factor"), [(2, 2.25), (5, 7.59375), (6, 8.0), (60, 8.0)])
    def test_it_slows_down_to_an_eighth_at_the_most(self, times: int, factor: float) -> None:
        rate_limiter, clock = self.paced()
        for _time in range(times):
            rate_limiter.slow_down("A")
        rate_limiter.wait("A")
        rate_limiter.wait("A")
        assert clock.slept == pytest.approx([self.GAP * factor * 0.98])


class TestClient:
    @pytest.mark.parametrize("call", ["create", "update", "delete"])
    def test_in_check_mode_no_write_leaves(self, call: str) -> None:
        script = Script()
        with pytest.raises(errors.WriteRefused):
            getattr(client(script, check_mode=True), call)({}, forever())
        assert script.calls == []

    def test_every_action_either_reads_or_writes(self) -> None:
        assert len(READS | WRITES) == 5
        assert not READS & WRITES

    @pytest.mark.parametrize("answer", [{}, {"ImageCacheId": ""}, {"ImageCacheId": ["imc-1"]}])
    def test_a_create_without_an_id_is_unclear(self, answer: Any) -> None:
        with pytest.raises(errors.MalformedAnswer) as raised:
            client(Script(answer)).create({}, forever())
        assert not raised.value.not_executed

    def test_a_listing_is_read_to_its_end(self) -> None:
        def page(ids: Any, total: int) -> dict[str, Any]:
            return {"TotalCount": total, "ImageCaches": [{"ImageCacheId": i} for i in ids]}

        shifting = (page(range_of(0, 50), 101), page(range_of(49, 99), 101), page(range_of(99, 101), 101))
        script = Script(*shifting)
        listing = client(script).describe(forever(), ImageCacheNames=["a"])
        assert [parameters["Offset"] for _action, parameters in script.calls] == [0, 50, 100]
        assert [cache["ImageCacheId"] for cache in listing.image_caches] == range_of(0, 101)

    def test_a_listing_that_takes_its_time_is_not_read_for_ever(self) -> None:
        clock = FakeClock()

        class Slow:
            def send(self, action: str, parameters: Any) -> dict[str, Any]:
                clock.now += 5
                return {"TotalCount": 10**9, "ImageCaches": [{"ImageCacheId": f"imc-{parameters['Offset']}"}]}

        listed = Client(Slow(), retries=0, check_mode=False, clock=clock)
        with pytest.raises(errors.MalformedAnswer, match="does not end in 95 s"):
            listed.describe(Deadline(clock, 30), ImageCacheNames=["a"])

    def test_a_listing_ends_where_its_pages_do(self) -> None:
        # Asked for once more, since so many were promised.
        script = Script(*2 * [{"TotalCount": 10**9, "ImageCaches": []}])
        assert client(script).describe(forever()).image_caches == []

    def test_a_listing_without_an_end_is_refused(self) -> None:
        class Endless:
            def send(self, action: str, parameters: Any) -> dict[str, Any]:
                return {"TotalCount": 10**9, "ImageCaches": [{"ImageCacheId": f"imc-{parameters['Offset']}"}]}

        with pytest.raises(errors.MalformedAnswer, match="more than 1000 pages"):
            Client(Endless(), retries=0, check_mode=False, clock=FakeClock()).describe(forever())

    def test_null_is_an_empty_list(self) -> None:
        assert client(Script({"TotalCount": 0, "ImageCaches": None})).describe(forever()).image_caches == []


def range_of(first: int, end: int) -> list[str]:
    return [f"imc-{number}" for number in range(first, end)]


@pytest.mark.parametrize(
    ("waited", "expected"), [(0, 10), (99, 10), (100, 10), (150, 15), (399, 39.9), (400, 40), (10000, 40)]
)
def test_polls_are_an_interval_apart_and_later_a_tenth_of_the_time_waited(waited: float, expected: float) -> None:
    assert poll_interval(10, waited) == pytest.approx(expected)
