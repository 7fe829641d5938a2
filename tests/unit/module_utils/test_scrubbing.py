# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets of options, and their removal from results in every encoding."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._run import image_cache_spec
from ansible_collections.tencentcloud.tke.plugins.module_utils._secrets import MASK, collect_secrets, scrub

SECRETS = ("s3cr+t/with=all?of&it", "pä$$wörd <ü>", 'quo"ted\\back', "k" * 32, "line\nend-of-it")


class TestSecrets:
    def test_secret_options_are_found_at_any_depth(self) -> None:
        params = {
            "secret_key": "k",
            "image_registry_credentials": [{"password": "p1"}, {"password": None}, {"password": "p2", "server": "s"}],
        }
        spec = image_cache_spec(lambda: None)
        assert sorted(collect_secrets(params, spec)) == ["k", "p1", "p2"]

    def test_results_are_scrubbed_at_any_depth(self) -> None:
        result = {"a": ["x-s3cret-y", {"b": ("s3cret", 5, None, True)}], "c": "s3cret-longer"}
        assert scrub(result, ["s3cret", "s3cret-longer", None, ""]) == {
            "a": [f"x-{MASK}-y", {"b": [MASK, 5, None, True]}],
            "c": MASK,
        }

    def test_keys_of_tags_are_scrubbed_and_keys_of_results_are_not(self) -> None:
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
    def test_start_of_a_secret_in_an_excerpt_is_scrubbed(self, text: str) -> None:
        assert "s3cr" not in scrub(f"{text}... Check the proxy.", ['s3cr"et<&more'])
        assert scrub("s3c...", ['s3cr"et']) == "s3c..."

    def test_secret_is_scrubbed_in_json_and_html(self) -> None:
        text = 's3"c<t and s3\\"c<t and s3&quot;c&lt;t'
        assert scrub(text, ['s3"c<t']) == f"{MASK} and {MASK} and {MASK}"

    @pytest.mark.parametrize("secret", SECRETS)
    @pytest.mark.parametrize("before", ["", "x", "xy", "user:"])
    @pytest.mark.parametrize("after", ["", "z", "zz"])
    def test_secret_is_scrubbed_in_every_encoding(self, secret: str, before: str, after: str) -> None:
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
            # The rest in Base64 is the text beside the secret and at most two of its characters.
            assert len(value) <= len(MASK) + len(before) * 6 + len(after) * 6 + 8, encoding

    def test_authorization_header_is_scrubbed(self) -> None:
        scope = "AKID/2026-01-01/tke/tc3_request"
        header = f"TC3-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host, Signature={'0f' * 32}"
        assert scrub(f"got {header}.", []) == f"got {MASK}."
        assert scrub(f"got {header[:-60]}...", []) == f"got {MASK}..."
