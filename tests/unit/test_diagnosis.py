# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failed build's events point to, and what to do about an API error."""

from __future__ import annotations

import re
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _run
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import api_error
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis import advice, causes
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import build_failure, phase, stalled
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
        (GOOD[:2], "EksCiCreated", "no way to the registry"),
        (GOOD[:3], "SnapCreated", "no snapshot"),
        (("diskcreated", "eksciCREATED"), "EksCiCreated", "no way to the registry"),
        (GOOD, "DiskDeleted", "events do not say more"),
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
    assert "no way to the registry" in stalled(cache(*normal(*GOOD[:2]), status="Pending"))
    assert stalled(cache(*normal(*GOOD[:3]), status="Pending")) == ""
    warned = cache(*normal(*GOOD[:2]), ("Warning", "Pull", "no such host"), status="Pending")
    assert stalled(warned).startswith("Pull: no such host. The registry's name")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AuthFailure.SignatureExpire", "clock"),
        ("AuthFailure.TokenFailure", "renew"),
        ("AuthFailure.SecretIdNotFound", "secret_id"),
        ("AuthFailure.SignatureFailure", "secret_key"),
        ("UnauthorizedOperation.CamNoAuth", "allow tke:UpdateImageCache on resource *"),
        ("FailedOperation.CamNoAuth", "allow tke:UpdateImageCache on resource *"),
        ("UnsupportedOperation.NotInWhitelist", "admitted"),
        ("IpInBlacklist", "network policy"),
        ("IpNotInWhitelist", "network policy"),
        ("LimitExceeded.ImageCache", "quota raised"),
        ("InternalError.InsufficientBalance", "balance"),
        ("UnsupportedRegion", "region"),
        ("InvalidParameter.SubnetNotExist", "subnet_id"),
        ("InvalidParameter.VpcRecodrNotFound", "vpc_id"),
        ("InternalError.QuotaUSGLimit", "security_group_ids"),
        ("InvalidParameterValue.ImageNotFound", "images"),
        ("InvalidParameterValue.Size", "image_cache_size"),
        ("ResourcesSoldOut", "zone"),
        ("UnsupportedOperation", "on_change: replace"),
    ],
)
def test_what_to_do_about_an_api_error(code: str, words: str) -> None:
    assert words in advice.advice(api_error(code, "No.", action="UpdateImageCache"))


def test_the_table_names_options_that_there_are() -> None:
    spec: dict[str, Any] = _run.image_cache_spec(lambda *_args: None)
    rows = [cause for _pattern, cause in causes.WORDS] + list(causes.AFTER.values())
    for cause in rows:
        assert set(cause.options) <= set(spec)
        # A hint that speaks of an option names it among those to look at.
        mentioned = {word for word in re.findall(r"[a-z]+(?:_[a-z]+)+", cause.hint) if word in spec}
        assert mentioned <= set(cause.options), cause
