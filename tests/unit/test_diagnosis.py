# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failed build's events point to, and what to do about an API error."""

from __future__ import annotations

import re
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _run
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import TlsMissing, api_error
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis import advice, causes
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import (
    build_failure,
    describe_stall,
    phase,
    recovered_failure,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache

GOOD = ("DiskCreated", "EksCiCreated", "SnapCreated", "EksCiDeleted", "DiskDeleted")


def cache(*events: tuple[str, str, str], status: str = "Failed") -> ImageCache:
    """Return a cache with these events, oldest first, as a listing has them: newest first, a second apart."""
    shown = [
        {"Type": kind, "Reason": reason, "Message": message, "LastTimestamp": f"2026-01-01 00:00:{second:02}"}
        for second, (kind, reason, message) in enumerate(events)
    ]
    return ImageCache({"ImageCacheId": "imc-1", "Status": status, "Events": shown[::-1]})


def normal(*reasons: str) -> list[tuple[str, str, str]]:
    return [("Normal", reason, f"{reason} done") for reason in reasons]


MESSAGES: list[tuple[str, str, Optional[str]]] = [
    ("write /var/lib/containerd/x: no space left on device", "image_cache_size", "at least 3 times"),
    ("failed to extract layer: NO SPACE LEFT ON DEVICE", "image_cache_size", None),
    ("unexpected status code 401 Unauthorized", "image_registry_credentials", "without a scheme"),
    ("pull access denied, repository does not exist or may require authorization", "image_registry_credentials", None),
    ("no basic auth credentials", "image_registry_credentials", None),
    ("nginx:1.99: not found", "images", "no such image or tag"),
    ("manifest unknown: manifest tagged by 1.99 is not found", "images", None),
    ("no match for platform in manifest", "images", "linux/amd64"),
    ("dial tcp 1.2.3.4:443: i/o timeout", "auto_create_eip", "auto_create_eip: true"),
    ("context deadline exceeded", "existed_eip_id", None),
    ("connect: connection timed out", "security_group_ids", None),
    ("dial tcp: lookup harbor.example.com: no such host", "resolve_config", "DNS server"),
    ("lookup harbor.example.com on 10.0.0.2:53: read udp: i/o timeout", "resolve_config", None),
    ("x509: certificate signed by unknown authority", "registry_skip_verify_list", None),
    ("http: server gave HTTP response to HTTPS client", "registry_http_end_point_list", "plain HTTP"),
    (
        "429 Too Many Requests - toomanyrequests: pull rate limit",
        "image_registry_credentials",
        None,
    ),
    ("ResourceInsufficient: the zone has no stock", "subnet_id", "another zone"),
]

# Each of a cause's words by itself, without those that often go along with them.
ALONE: dict[str, list[str]] = {
    "too small": ["no space left", "disk quota exceeded", "insufficient disk", "node has DiskPressure"],
    "rate limit of the registry": ["status 429", "toomanyrequests", "too many requests", "rate limit"],
    "plain HTTP": ["gave HTTP response to HTTPS client"],
    "does not trust": [
        "x509: bad",
        "unknown authority",
        "certificate has expired",
        "certificate is not trusted",
        "certificate verify failed",
        "certificate is valid for a.example.com",
    ],
    "cannot be resolved": [
        "no such host",
        "lookup a.example.com",
        "lookup a.example.com on 10.0.0.2",
        "server misbehaving",
        "temporary failure in name resolution",
    ],
    "denies the pull": [
        "status 401",
        "status 403",
        "unauthorized",
        "authentication required",
        "access denied",
        "denied: requested",
        "authorization failed",
        "no basic auth",
    ],
    "no such image or tag": [
        "not found",
        "manifest unknown",
        "name unknown",
        "does not exist",
        "invalid reference",
        "status 404",
    ],
    "linux/amd64": ["no match for platform", "no matching manifest for platform"],
    "has no capacity": [
        "NoStock",
        "SoldOut",
        "ResourceInsufficient",
        "insufficient resource",
        "insufficient ip",
        "insufficient address",
        "no available ip",
    ],
    "is used up": ["balance", "arrears", "payment", "quota", "LimitExceeded"],
    "no route to the registry": [
        "timed out",
        "timeout",
        "time out",
        "deadline exceeded",
        "connection refused",
        "connection reset",
        "no route to host",
        "unreachable",
        "unexpected EOF",
    ],
    "snapshot was not created": ["snapshotting"],
}


@pytest.mark.parametrize("hint", ALONE)
def test_each_of_a_causes_words_points_to_it(hint: str) -> None:
    for words in ALONE[hint]:
        for spelling in (words, words.upper()):
            cause = causes.cause_of_words(f"Failed: {spelling}")
            assert cause is not None, spelling
            assert hint in cause.hint, spelling


def test_words_may_stand_among_chinese_ones() -> None:
    cause = causes.cause_of_words("错误429错误")
    assert cause is not None
    assert "rate limit of the registry" in cause.hint


def test_every_cause_has_words() -> None:
    told = [cause.hint for _pattern, cause in causes.WORDS]
    assert len(told) == len(ALONE)
    assert all(any(hint in words for words in told) for hint in ALONE)


@pytest.mark.parametrize(
    "words", ["Failed: ", "Failed: 14010 bytes", "Failed: web:4290", "Failed: 24041", "Failed: oneofeof"]
)
def test_what_only_looks_like_a_cause_is_none(words: str) -> None:
    assert causes.cause_of_words(words) is None


@pytest.mark.parametrize(("message", "option", "words"), MESSAGES)
def test_the_words_of_a_warning(message: str, option: str, words: Optional[str]) -> None:
    failure = build_failure(cache(*normal(*GOOD[:2]), ("Warning", "Failed", message)))
    assert failure["phase"] == "EksCiCreated"
    assert (failure["reason"], failure["message"]) == ("Failed", message)
    assert option in failure["options"]
    assert words is None or words in failure["hint"]


@pytest.mark.parametrize("message", ["insufficient balance", "LimitExceeded.Disk", "the quota of snapshots is used up"])
def test_money_and_quotas_are_no_option(message: str) -> None:
    failure = build_failure(cache(("warning", "CreateFailed", message)))
    assert (failure["phase"], failure["options"]) == (None, [])
    assert "quota" in failure["hint"]


@pytest.mark.parametrize(
    ("reasons", "reached", "words"),
    [
        ((), None, "balance"),
        (GOOD[:1], "DiskCreated", "another zone"),
        (GOOD[:2], "EksCiCreated", "no route to the registry"),
        (GOOD[:3], "SnapCreated", "snapshot was not created"),
        (("diskcreated", "eksciCREATED"), "EksCiCreated", "no route to the registry"),
        (GOOD, "DiskDeleted", "events do not name a cause"),
    ],
)
def test_without_a_warning_the_last_step_tells(reasons: tuple[str, ...], reached: Optional[str], words: str) -> None:
    failure = build_failure(cache(*normal(*reasons)))
    assert (failure["phase"], failure["reason"], failure["message"]) == (reached, None, None)
    assert words in failure["hint"]


def test_the_newest_warning_that_tells_something_counts() -> None:
    failed = cache(
        *normal(*GOOD[:2]),
        ("Warning", "Pull", "manifest unknown"),
        ("Warning", "Pull", "no space left on device"),
        ("Warning", "Backoff", "giving up"),
    )
    assert build_failure(failed)["message"] == "no space left on device"
    untold = cache(("Warning", "First", "one"), ("Warning", "Second", "two"))
    assert build_failure(untold)["reason"] == "Second"


def test_an_update_begins_the_chain_anew() -> None:
    assert phase(cache(*normal(*GOOD, *GOOD[:2]))) == "EksCiCreated"
    assert phase(cache(*normal(*GOOD, *GOOD[:1]))) == "DiskCreated"


def test_what_takes_too_long_is_explained() -> None:
    assert "no route to the registry" in describe_stall(cache(*normal(*GOOD[:2]), status="Pending"))
    assert describe_stall(cache(*normal(*GOOD[:3]), status="Pending")) == ""
    warned = cache(*normal(*GOOD[:2]), ("Warning", "Pull", "no such host"), status="Pending")
    assert describe_stall(warned).startswith("Pull: no such host. The host name of the registry")


def test_a_failure_is_told_whole() -> None:
    failed = cache(*normal("DiskCreated"), ("Warning", "Pull", "no match for platform"))
    told = {
        "phase": "DiskCreated",
        "reason": "Pull",
        "message": "no match for platform",
        "hint": "The image has no build for linux/amd64. Use an image that has one.",
        "options": ["images"],
    }
    assert build_failure(failed) == told
    shown = [(event["type"], event["reason"]) for event in recovered_failure(failed)["events"]]
    assert shown == [("Warning", "Pull"), ("Normal", "DiskCreated")]
    assert {**recovered_failure(failed), "events": []} == {**told, "image_cache_id": "imc-1", "events": []}


def test_the_reason_of_a_warning_tells_as_well() -> None:
    failed = cache(("Warning", "ResourcesSoldOut", "no"))
    assert build_failure(failed)["options"] == ["subnet_id", "vpc_id"]


def test_a_warning_and_an_unknown_step_reach_nothing() -> None:
    assert phase(cache(*normal("DiskCreated"), ("Warning", "EksCiCreated", ""), *normal("Scheduled"))) == "DiskCreated"
    assert phase(cache(*normal("Scheduled"))) is None
    assert phase(cache(*normal("DiskCreated", "Scheduled", "EksCiCreated"))) == "EksCiCreated"


@pytest.mark.parametrize("reached", range(len(GOOD)))
def test_each_step_of_a_good_build_is_a_phase(reached: int) -> None:
    assert phase(cache(*normal(*GOOD[: reached + 1]))) == GOOD[reached]


def test_a_type_of_event_that_nobody_knows_is_no_warning() -> None:
    assert build_failure(cache(("Weird", "Pull", "no space left")))["reason"] is None


def timed(*events: tuple[str, Optional[str]]) -> ImageCache:
    """Return a cache with these events, oldest first, at these seconds."""
    shown = [
        {"Type": "Normal", "Reason": reason, "LastTimestamp": f"2026-01-01 00:00:{second}" if second else None}
        for reason, second in events
    ]
    return ImageCache({"ImageCacheId": "imc-1", "Events": shown[::-1]})


def test_a_build_begins_only_where_its_disk_is_surely_newer() -> None:
    assert phase(timed(("EksCiCreated", "01"), ("DiskCreated", "02"))) == "DiskCreated"
    assert phase(timed(("EksCiCreated", "01"), ("DiskCreated", "01"))) == "EksCiCreated"
    assert phase(timed(("EksCiCreated", None), ("DiskCreated", "02"))) == "EksCiCreated"
    assert phase(timed(("DiskCreated", "02"), ("EksCiCreated", None))) == "EksCiCreated"
    # Only a disk begins a build.
    assert phase(timed(("SnapCreated", "01"), ("EksCiCreated", "02"))) == "SnapCreated"
    # Where a time is missing, the order is the listing's.
    assert phase(timed(("EksCiCreated", "05"), ("DiskCreated", "02"), ("Scheduled", None))) == "EksCiCreated"
    assert phase(timed(("Scheduled", None), ("DiskCreated", "02"), ("EksCiCreated", "05"))) == "EksCiCreated"
    assert phase(timed(("EksCiCreated", "01"), ("SnapCreated", "02"), ("DiskCreated", "02"))) == "SnapCreated"


def reasons(events: list[dict[str, Any]]) -> list[str]:
    return [event["reason"] for event in events]


def test_results_hold_the_events_of_the_last_build_in_the_order_of_the_api() -> None:
    failed = cache(*normal(*GOOD), *normal("DiskCreated"), ("Warning", "NoSpace", "no space left on device"))
    assert reasons(failed.as_result()["events"]) == ["NoSpace", "DiskCreated"]
    assert reasons(failed.as_result("all")["events"]) == ["NoSpace", "DiskCreated", *GOOD[::-1]]
    assert failed.as_result("none")["events"] == []
    assert reasons(recovered_failure(failed)["events"]) == ["NoSpace", "DiskCreated"]


def test_events_of_the_second_in_which_a_build_begins_are_kept() -> None:
    shown = timed(("EksCiCreated", "01"), ("SnapCreated", "02"), ("DiskCreated", "02"), ("EksCiCreated", "03"))
    assert reasons(shown.as_result()["events"]) == ["EksCiCreated", "DiskCreated", "SnapCreated"]


def test_results_hold_all_events_where_no_build_can_be_told() -> None:
    for shown in (
        timed(("EksCiCreated", "01"), ("SnapCreated", "02")),
        timed(("DiskCreated", "01"), ("DiskCreated", "02"), ("EksCiCreated", None)),
    ):
        assert shown.as_result()["events"] == shown.as_result("all")["events"]
    warned = cache(*normal("DiskCreated"), ("Warning", "DiskCreated", "failed"))
    assert reasons(warned.as_result()["events"]) == ["DiskCreated", "DiskCreated"]


def test_a_warning_of_an_earlier_build_explains_no_later_failure() -> None:
    shown = cache(("Normal", "DiskCreated", ""), ("Warning", "Pull", "not found"), *normal(*GOOD[:2]))
    assert (build_failure(shown)["reason"], build_failure(shown)["phase"]) == (None, "EksCiCreated")


def test_a_build_that_warns_is_stalled_by_that_whatever_it_has_reached() -> None:
    warned = cache(("Warning", "Pull", "giving up."), status="Pending")
    assert describe_stall(warned) == "Pull: giving up. " + causes.NO_MONEY_OR_QUOTA.hint
    loud = cache(("Warning", "Pull", "more than MAX."), status="Pending")
    assert describe_stall(loud).startswith("Pull: more than MAX. The account")
    assert describe_stall(cache(*normal("DiskCreated"), status="Pending")) == ""
    assert describe_stall(cache(status="Pending")) == ""


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (291, "This machine's clock is 291 s ahead. Set it with NTP."),
        (-291, "This machine's clock is 291 s behind. Set it with NTP."),
        (290, "The secret key does not belong to the secret ID. Check secret_key."),
        (-290, "The secret key does not belong to the secret ID. Check secret_key."),
        (0, "The secret key does not belong to the secret ID. Check secret_key."),
        (None, "The secret key does not belong to the secret ID. Check secret_key."),
    ],
)
def test_a_clock_that_is_off_comes_first(offset: Optional[int], words: str) -> None:
    error = errors.AuthenticationError("No.", code="AuthFailure.SignatureFailure")
    error.clock_offset = offset
    assert advice.advice(error) == words


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("CreateImageCache", "allow tke:CreateImageCache on resource *"),
        ("AssumeRole", "allow sts:AssumeRole on resource *"),
        ("AssumeRoleWithWebIdentity", "allow sts:AssumeRoleWithWebIdentity on resource *"),
    ],
)
def test_a_permission_is_named_with_its_product(action: str, words: str) -> None:
    assert words in advice.advice(api_error("UnauthorizedOperation", "No.", action=action))


@pytest.mark.parametrize("action", ["UpdateImageCache", "DeleteImageCaches"])
def test_permission_for_one_cache_offers_resource_form(action: str) -> None:
    words = advice.advice(api_error("UnauthorizedOperation.CamNoAuth", "No.", action=action))
    assert f"allow tke:{action} on resource * or qcs::tke:<region>:uin/<uin>:imagecache/* (or one ID" in words


@pytest.mark.parametrize("action", ["CreateImageCache", "DescribeImageCaches", "GetMostSuitableImageCache"])
def test_permission_for_all_caches_offers_only_asterisk(action: str) -> None:
    words = advice.advice(api_error("UnauthorizedOperation.CamNoAuth", "No.", action=action))
    assert words.endswith(f"allow tke:{action} on resource *.")


def test_hint_is_cause_then_action() -> None:
    assert causes.Cause("It rains.", "Take an umbrella.").hint == "It rains. Take an umbrella."


def test_examples_have_the_cause_they_are_listed_with() -> None:
    for _pattern, cause in causes.WORDS:
        assert cause.examples
        assert {causes.cause_of_words(example) for example in cause.examples} == {cause}
    for _pattern, cause in advice.BY_CODE:
        assert cause.examples
        assert {advice.cause_of_error(api_error(code, "No.")) for code in cause.examples} == {cause}
    for kind, cause in advice.BY_KIND.items():
        assert cause.examples
        if issubclass(kind, errors.ApiError):
            assert {type(api_error(code, "No.")) for code in cause.examples} == {kind}


@pytest.mark.parametrize(
    "cause",
    [
        *(cause for _pattern, cause in causes.WORDS),
        *(cause for _pattern, cause in advice.BY_CODE),
        *advice.BY_KIND.values(),
    ],
    ids=lambda cause: cause.examples[0],
)
def test_cause_and_action_are_sentences(cause: causes.Cause) -> None:
    for text in (cause.cause, cause.action):
        assert re.fullmatch(r"(?:[A-Z][^.]*(?:\.[^ .][^.]*)*\. ?|`[^.]*\. ?)+", f"{text} ")


def test_only_an_update_can_be_a_replace_instead() -> None:
    words = "The current state of the cache does not allow the action. Wait until its build has ended and run again"
    busy = {action: api_error("ResourceInUse", "No.", action=action) for action in ("UpdateImageCache", "Delete")}
    assert advice.advice(busy["Delete"]) == f"{words}."
    assert advice.advice(busy["UpdateImageCache"]).startswith(f"{words}, or replace the cache")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.RequestError("x"), ""),
        (errors.ApiError("x", code="SomethingNew"), ""),
        (errors.NoAnswer("x"), "starts nothing twice"),
        # By what it is a kind of, where it has no words of its own.
        (type("Other", (errors.NoAnswer,), {})("x"), "starts nothing twice"),
        (errors.GatewayFailure("x"), "gateway could not reach"),
        (errors.GatewayError("x"), "instead of the API"),
    ],
)
def test_what_to_do_about_other_failures(error: errors.RequestError, words: str) -> None:
    found = advice.advice(error)
    assert (words in found) if words else found == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AuthFailure.SignatureExpire", "clock"),
        ("AuthFailure.TokenFailure", "Renew"),
        ("AuthFailure.SecretIdNotFound", "secret_id"),
        ("AuthFailure.SignatureFailure", "secret_key"),
        ("UnauthorizedOperation.CamNoAuth", "allow tke:UpdateImageCache on resource *"),
        ("FailedOperation.CamNoAuth", "allow tke:UpdateImageCache on resource *"),
        ("UnsupportedOperation.NotInWhitelist", "not enabled for this account"),
        ("IpInBlacklist", "network policy"),
        ("IpNotInWhitelist", "network policy"),
        ("LimitExceeded.ImageCache", "request a higher quota"),
        ("InternalError.InsufficientBalance", "balance"),
        ("UnsupportedRegion", "region"),
        ("InvalidParameter.SubnetNotExist", "subnet_id"),
        ("InvalidParameter.VpcRecodrNotFound", "vpc_id"),
        ("InvalidParameter.VPCNotExist", "vpc_id"),
        ("AuthFailure.InvalidSecretId", "Check secret_id and secret_key"),
        ("InternalError.QuotaUSGLimit", "security_group_ids"),
        ("InvalidParameterValue.ImageNotFound", "images"),
        ("InvalidParameterValue.Size", "image_cache_size"),
        ("ResourcesSoldOut", "zone"),
        ("UnsupportedOperation", "on_change: replace"),
    ],
)
def test_what_to_do_about_an_api_error(code: str, words: str) -> None:
    assert words in advice.advice(api_error(code, "No.", action="UpdateImageCache"))


@pytest.mark.parametrize(
    ("action", "option"), [("CreateImageCache", "endpoint"), ("AssumeRoleWithWebIdentity", "sts_endpoint")]
)
def test_endpoint_without_tls_on_loopback_names_the_url_to_set(action: str, option: str) -> None:
    error = TlsMissing("no TLS", action=action)
    assert "does not use TLS, so the request was not sent. Check endpoint and its port" in advice.advice(error)
    error.plain_url = "http://127.0.0.1:8400"
    assert advice.advice(error) == f"If the server uses plain HTTP, set {option} to http://127.0.0.1:8400."


def test_the_table_names_options_that_there_are() -> None:
    spec: dict[str, Any] = _run.image_cache_spec(lambda *_args: None)
    rows = [cause for _pattern, cause in causes.WORDS] + list(causes.AFTER.values())
    for cause in rows:
        assert set(cause.options) <= set(spec)
        # A hint that speaks of an option names it among those to look at.
        mentioned = {word for word in re.findall(r"[a-z]+(?:_[a-z]+)+", cause.hint) if word in spec}
        assert mentioned <= set(cause.options), cause
