# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random texts in every field of a listing and in every option: the page runs no script of theirs.

A parser that follows the HTML standard reads the page, as a browser does.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import tinyhtml5
from ansible_collections.tencentcloud.tke.plugins.filter.image_cache_report import image_cache_report
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

PIECES = (
    *("<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "&", "&lt;", "&#60;", "&#x3c", ";", "=", "'", '"', "`"),
    *("script", "<script>", "</script>", "<script", "</style>", "</title>", "</textarea>", "<plaintext>", "<noscript>"),
    *(
        "<svg onload=",
        "<img src=x onerror=",
        "<iframe srcdoc=",
        "<base href=",
        "<meta http-equiv=refresh content=0;url=",
    ),
    *(
        "javascript:alert(1)",
        "java\tscript:",
        "data:text/html,",
        "//evil.example",
        "<a href=",
        "<form action=",
        " style=",
    ),
    *(
        " onclick=alert(1) ",
        "alert(1)",
        "expression(",
        "url(",
        "\\",
        "{{ 7*7 }}",
        "{% raw %}",
        "{0.__class__}",
        "%s",
        "#}",
    ),
    *(
        "\x00",
        "\r\n",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\ud800",
        "\x1b[31m",
        "\u00a0",
        "\u3000",
        " ",
        "\t",
        "ä",
        "镜像",
        "\U0001f600",
    ),
    *("web", "-replacement", "Failed", "Ready", "imc-1", "team", "2026-03-30T07:03:35Z"),
)
texts = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=12).map("".join)
times = st.sampled_from(("2026-03-30 07:03:35 +0000 UTC", "2026-05-30 07:03:35 +0000 UTC", "")) | texts
events = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("type", "reason", "message", "last_timestamp"), texts)),
    max_size=2,
)
caches = st.lists(
    st.fixed_dictionaries(
        {"image_cache_id": texts, "events": events},
        optional={
            "image_cache_name": texts | st.just("web"),
            "status": texts | st.sampled_from(["Ready", "Failed", "UpdateFailed"]),
            "images": st.lists(texts, max_size=2),
            "image_cache_size": st.integers(-5, 100),
            "retention_days": st.integers(-5, 100),
            "tags": st.dictionaries(texts | st.just("team"), texts, max_size=2),
            **dict.fromkeys(("creation_time", "expire_date_time", "last_matched_time"), times),
            **dict.fromkeys(("image_cache_type", "snapshot_id", "snapshotter"), texts),
        },
    ),
    max_size=4,
)
listings = st.lists(st.fixed_dictionaries({"image_caches": caches}, optional={"region": texts}), min_size=1, max_size=2)
rules = st.lists(
    st.dictionaries(st.sampled_from(["name_pattern", "statuses", "older_than", "tags"]) | texts, texts, max_size=3),
    max_size=2,
)
moved = st.fixed_dictionaries(dict.fromkeys(("image", "old_digest", "new_digest"), texts))
results = st.fixed_dictionaries(
    {"image_cache_id": texts},
    optional={
        "failed": st.booleans(),
        "msg": texts,
        "actions": st.lists(
            st.fixed_dictionaries({"fields": st.just(["follow_tags"]), "moved_images": st.lists(moved, max_size=2)}),
            max_size=2,
        ),
    },
)
options = st.fixed_dictionaries(
    {"language": st.sampled_from(["en-US", "zh-CN"]), "time": st.just("2026-05-01")},
    optional={
        "title": texts,
        "owner_tag": texts | st.just("team"),
        "prune_rules": rules,
        "keep_names": st.lists(texts, max_size=2),
        "keep_ids": st.lists(texts, max_size=2),
        "prices": st.fixed_dictionaries({"per_gib_month": st.floats(0, 100)}, optional={"currency": texts}),
        "followed": st.fixed_dictionaries(
            {"image_caches": st.lists(results, max_size=2), "warnings": st.lists(texts, max_size=2)}
        ),
    },
)
ALLOWED_TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "section",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "ol",
        "li",
        "a",
        "code",
        "strong",
        "span",
        "br",
        "details",
        "summary",
        "dl",
        "dt",
        "dd",
        "div",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "svg",
        "text",
        "line",
        "rect",
        "script",
    ]
)
ADDRESSES = frozenset(
    ["href", "src", "srcset", "srcdoc", "action", "formaction", "data", "poster", "background", "ping"]
)


def elements(page: str) -> Iterator[Any]:
    """Yield the elements of a page with their tags without namespace."""
    for element in tinyhtml5.parse(page).iter():
        if isinstance(element.tag, str):
            yield element.tag.rpartition("}")[2], element


def digest_of(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def check_page(page: str) -> None:
    """Check that a page has only its own script and style, and no address outside of it."""
    page.encode("utf-8")
    found = list(elements(page))
    assert {tag for tag, _element in found} <= ALLOWED_TAGS
    for tag, element in found:
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on"), (tag, name)
            assert "javascript:" not in value.lower() or name in ("content", "aria-label"), (tag, name, value)
            if name in ADDRESSES:
                assert re.fullmatch(r"#cache-\d+", value), (tag, name, value)
            if name == "style":
                raise AssertionError(f"{tag} has a style")
    (script,) = [element for tag, element in found if tag == "script"]
    (style,) = [element for tag, element in found if tag == "style"]
    (policy,) = [
        element.attrib["content"]
        for tag, element in found
        if tag == "meta" and element.attrib.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        f"default-src 'none'; style-src {digest_of(style.text)}; script-src {digest_of(script.text)};"
        " base-uri 'none'; form-action 'none'"
    )
    assert [element.attrib.get("http-equiv") for tag, element in found if tag == "meta"].count(None) == 3
    assert (script.attrib, style.attrib) == ({}, {})


@pytest.mark.exhaustive
@given(listings, options)
@settings(max_examples=3_000, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True)
def test_random_texts_never_become_a_script(listings_: Any, facts: Any) -> None:
    check_page(image_cache_report(listings_, **facts))


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_text_in_every_field_never_becomes_a_script(piece: str) -> None:
    event = {"type": piece, "reason": piece, "message": piece}
    fields = ("image_cache_name", "status", "creation_time", "expire_date_time", "last_matched_time", "snapshot_id")
    cache = {
        **dict.fromkeys(fields, piece),
        "images": [piece],
        "tags": {piece: piece, "team": piece},
        "events": [event],
    }
    listing = {
        "region": piece,
        "image_caches": [{**cache, "image_cache_id": piece}, {**cache, "image_cache_id": "imc-1", "status": "Failed"}],
    }
    image = dict.fromkeys(("image", "old_digest", "new_digest"), piece)
    followed = {
        "image_caches": [
            {"image_cache_id": "imc-1", "actions": [{"fields": ["follow_tags"], "moved_images": [image]}]},
            {"failed": True, "msg": piece},
        ],
        "warnings": [piece],
    }
    for owner_tag in ("team", piece):
        check_page(
            image_cache_report(
                [listing, {"region": "b", "image_caches": []}],
                title=piece,
                prune_rules=[{"name_pattern": piece}, {piece: piece}, {"tags": {piece: piece}}],
                prices={"per_gib_month": 1, "currency": piece},
                owner_tag=owner_tag,
                followed=followed,
                time="2026-05-01",
            )
        )
