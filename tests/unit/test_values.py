# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times, credentials, secrets, what is declared and what is observed."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from typing import Any, Optional

import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis.build import build_failure, phase
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import FIELDS
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import (
    RESULT_KEYS,
    ImageCache,
    age_order,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import iso_utc
from ansible_collections.tencentcloud.tke.plugins.module_utils._run import image_cache_spec
from ansible_collections.tencentcloud.tke.plugins.module_utils._secrets import MASK, collect_secrets, scrub
from ansible_collections.tencentcloud.tke.plugins.module_utils._version import COLLECTION, VERSION
from emulator import vendor
from stories.controller import ROOT


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2021-12-06 22:52:24", "2021-12-06T22:52:24Z"),
        ("2026-03-30 07:03:35 +0000 UTC", "2026-03-30T07:03:35Z"),
        ("2026-03-30 17:07:11.389402882 +0800 CST m=+893.262707991", "2026-03-30T09:07:11Z"),
        ("2026-03-30 01:07:11 -0730 NST", "2026-03-30T08:37:11Z"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T08:00:00+08:00", "2024-01-01T00:00:00Z"),
        ("1574104000000", "2019-11-18T19:06:40Z"),
        (" 2021-12-06 22:52:24 ", "2021-12-06T22:52:24Z"),
        ("", None),
        ("0001-01-01 00:00:00 +0800 CST", None),
        ("2021-13-06 22:52:24", None),
        ("2021-12-06", None),
        ("yesterday", None),
        ("99999999999999", "5138-11-16T09:46:39Z"),
        (1574104000000, None),
        (None, None),
    ],
)
def test_times_in_all_their_spellings(text: Any, iso: Optional[str]) -> None:
    assert iso_utc(text) == iso


SECRETS = ("s3cr+t/with=all?of&it", "pä$$wörd <ü>", 'quo"ted\\back', "k" * 32, "line\nend-of-it")


class TestSecrets:
    def test_marked_options_are_found_at_any_depth(self) -> None:
        params = {
            "secret_key": "k",
            "image_registry_credentials": [{"password": "p1"}, {"password": None}, {"password": "p2", "server": "s"}],
        }
        spec = image_cache_spec(lambda: None)
        assert sorted(collect_secrets(params, spec)) == ["k", "p1", "p2"]

    def test_results_are_scrubbed_through_and_through(self) -> None:
        result = {"a": ["x-s3cret-y", {"b": ("s3cret", 5, None, True)}], "c": "s3cret-longer"}
        assert scrub(result, ["s3cret", "s3cret-longer", None, ""]) == {
            "a": [f"x-{MASK}-y", {"b": [MASK, 5, None, True]}],
            "c": MASK,
        }

    def test_the_keys_of_tags_are_scrubbed_and_those_of_results_stay_what_they_are(self) -> None:
        result = {"failed": True, "message": "failed", "image_cache": {"tags": {"failed": "message", "a": "b"}}}
        assert scrub(result, ["failed", "message"]) == {
            "failed": True,
            "message": MASK,
            "image_cache": {"tags": {MASK: MASK, "a": "b"}},
        }

    @pytest.mark.parametrize(
        "text",
        [
            'a page cut off: s3cr"e',
            'a page cut off: s3cr"et<&',
            'a body cut off: s3cr\\"et',
        ],
    )
    def test_nor_is_the_start_of_one_in_an_excerpt(self, text: str) -> None:
        assert "s3cr" not in scrub(f"{text}... Check the proxy.", ['s3cr"et<&more'])
        assert scrub("s3c...", ['s3cr"et']) == "s3c..."

    def test_a_secret_is_known_in_the_spellings_of_requests_and_pages(self) -> None:
        spelt = 's3"c<t and s3\\"c<t and s3&quot;c&lt;t'
        assert scrub(spelt, ['s3"c<t']) == f"{MASK} and {MASK} and {MASK}"

    @pytest.mark.parametrize(
        "secret", ["s3cr+t/with=all?of&it", "pä$$wörd <ü>", 'quo"ted\\back', "k" * 32, "line\nend-of-it"]
    )
    @pytest.mark.parametrize("before", ["", "x", "xy", "user:"])
    @pytest.mark.parametrize("after", ["", "z", "zz"])
    def test_a_secret_is_known_in_every_encoding(self, secret: str, before: str, after: str) -> None:
        text = f"{before}{secret}{after}".encode()
        shown = {
            "url": urllib.parse.quote(text, safe=""),
            "lower": re.sub("%..", lambda match: match.group().lower(), urllib.parse.quote(text, safe="")),
            "form": urllib.parse.quote_plus(text),
            "json": json.dumps(text.decode()),
            "unicode": json.dumps(text.decode(), ensure_ascii=False),
            "python": repr(text.decode()),
            "html": html.escape(text.decode()),
            "base64": base64.b64encode(text).decode(),
            "url base64": base64.urlsafe_b64encode(text).decode(),
        }
        scrubbed = scrub(shown, [secret])
        for encoding, value in scrubbed.items():
            assert MASK in value, encoding
            # What is left in Base64 is what stood beside it, and at most two characters of it.
            assert len(value) <= len(MASK) + len(before) * 6 + len(after) * 6 + 8, encoding

    def test_an_authorization_header_is_never_shown(self) -> None:
        scope = "AKID/2026-01-01/tke/tc3_request"
        header = f"TC3-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host, Signature={'0f' * 32}"
        assert scrub(f"got {header}.", []) == f"got {MASK}."
        assert scrub(f"got {header[:-60]}...", []) == f"got {MASK}..."


class TestObserved:
    SAMPLE = {
        "ImageCacheId": "imc-xxx",
        "ImageCacheName": "imc-nginx",
        "ImageCacheSize": 20,
        "Status": "Ready",
        "Images": ["nginx"],
        "CreationTime": "2021-12-06 22:52:24",
        "ExpireDateTime": "",
        "LastMatchedTime": "2021-12-07 21:30:15",
        "SnapshotId": "snap-xxx",
        "Events": [
            {"Reason": reason, "Type": "Normal", "Message": "", "LastTimestamp": at, "FirstTimestamp": at}
            for reason, at in (
                ("SnapCreated", "2021-12-06 15:10:43"),
                ("DiskCreated", "2021-12-06 15:03:24"),
                ("EksciCreated", "2021-12-06 15:03:24"),
            )
        ],
    }

    def test_the_vendors_oldest_sample(self) -> None:
        cache = ImageCache(self.SAMPLE)
        result = cache.as_result()
        assert set(result) == set(RESULT_KEYS)
        assert result["created_at"] == "2021-12-06T22:52:24Z"
        assert result["last_matched_at"] == "2021-12-07T21:30:15Z"
        assert (result["never_expires"], result["expires_at"]) == (True, None)
        assert (result["tags"], result["retention_days"]) == (None, None)
        assert [event.reason for event in cache.events] == ["EksciCreated", "DiskCreated", "SnapCreated"]
        assert phase(cache) == "SnapCreated"

    def test_an_expiry_without_retention_days(self) -> None:
        result = ImageCache({**self.SAMPLE, "ExpireDateTime": "2026-01-01T00:00:00Z"}).as_result()
        assert (result["never_expires"], result["expires_at"]) == (False, "2026-01-01T00:00:00Z")
        unknown = ImageCache({**self.SAMPLE, "ExpireDateTime": "some day"}).as_result()
        assert (unknown["never_expires"], unknown["expires_at"]) == (None, None)

    @pytest.mark.parametrize("nonsense", [None, 7, "x", [None], [{}], {}, True, [[]], [{"Key": 1, "Value": {}}]])
    def test_any_field_may_be_anything(self, nonsense: Any) -> None:
        for field in self.SAMPLE:
            if field != "ImageCacheId":
                cache = ImageCache({**self.SAMPLE, "Tags": nonsense, field: nonsense})
                assert set(cache.as_result()) == set(RESULT_KEYS)
                assert cache.settled in (True, False)
                build_failure(cache)
                age_order(cache)
                for row in FIELDS:
                    if row.shown:
                        cache.shown(row.option)

    def test_an_unknown_status_counts_as_building(self) -> None:
        assert not ImageCache({**self.SAMPLE, "Status": "Archiving"}).settled

    def test_null_is_empty_and_missing_is_unknown(self) -> None:
        assert ImageCache({**self.SAMPLE, "Tags": None}).shown("tags") == {}
        assert ImageCache(self.SAMPLE).shown("tags") is None


class TestFields:
    def test_they_are_the_vendors_definition(self) -> None:
        members = vendor.TKE.definition["objects"]["CreateImageCacheRequest"]["members"]
        assert {row.api for row in FIELDS} == {member["name"] for member in members}
        required = {row.api for row in FIELDS if row.needed_to_create}
        assert required == {member["name"] for member in members if member["required"]}

    def test_what_can_be_updated_is_the_vendors_definition(self) -> None:
        members = vendor.TKE.definition["objects"]["UpdateImageCacheRequest"]["members"]
        updatable = {row.api for row in FIELDS if row.change.value != "new cache"}
        assert updatable == {member["name"] for member in members} - {"ImageCacheId"}

    def test_what_is_shown_is_the_vendors_definition(self) -> None:
        members = {member["name"] for member in vendor.TKE.definition["objects"]["ImageCache"]["members"]}
        assert {row.api for row in FIELDS if row.shown} == {row.api for row in FIELDS} & members

    @pytest.mark.parametrize(
        ("declared", "shown", "same"),
        [
            ([{"server": "a", "username": "u", "password": "p"}], [{"server": "a", "username": "u"}], True),
            ([{"server": "a", "password": "p"}], [{"server": "a", "password": "****"}], True),
            ([{"server": "a", "password": "p"}], [{"server": "a", "password": "q"}], False),
            ([{"server": "a", "name": None}], [{"server": "a", "name": "n"}], True),
            ([{"server": "a"}], [{"server": "a"}, {"server": "b"}], False),
            ([{"server": "a"}, {"server": "b"}], [{"server": "b"}, {"server": "a"}], True),
            ([{"server": "a"}, {"server": "a"}], [{"server": "a"}], False),
            ([], [], True),
        ],
    )
    def test_credentials_are_compared_as_a_set(self, declared: Any, shown: Any, same: bool) -> None:
        row = next(row for row in FIELDS if row.option == "image_registry_credentials")
        assert row.same(declared, shown) is same


def test_the_version_is_that_of_the_collection() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert f"{galaxy['namespace']}.{galaxy['name']}" == COLLECTION
    assert galaxy["version"] == VERSION


def test_the_action_group_has_every_module() -> None:
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    assert set(groups["all"]) == modules


def test_every_environment_variable_is_documented() -> None:
    fragment = (ROOT / "plugins/doc_fragments/connection.py").read_text(encoding="utf-8")
    assert set(_connection.ENVIRONMENT) < set(_connection.OPTIONS)
    for variable in _connection.ENVIRONMENT.values():
        assert f"E({variable})" in fragment
