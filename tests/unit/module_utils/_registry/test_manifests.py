# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests and indexes, true and spoilt."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import (
    MalformedManifest,
    UnsupportedManifest,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import (
    ACCEPT,
    INDEX_TYPES,
    MANIFEST_TYPES,
    Entry,
    Index,
    Layer,
    Manifest,
    Platform,
    media_type_of,
    parse_manifest,
    parse_platform,
    select_platform,
)

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": B, "size": 7}
IMAGE = {"schemaVersion": 2, "config": {"digest": A, "size": 2}, "layers": [LAYER]}
AMD64 = {"digest": A, "mediaType": MANIFEST_TYPES[0], "size": 3, "platform": {"os": "linux", "architecture": "amd64"}}
INDEX = {"schemaVersion": 2, "manifests": [AMD64]}


def parse(content: Any, media_type: Any = None) -> Any:
    return parse_manifest(content if isinstance(content, bytes) else json.dumps(content).encode(), media_type)


@pytest.mark.parametrize("media_type", [None, *MANIFEST_TYPES])
def test_image_manifest_gives_its_layers(media_type: Any) -> None:
    layer = Layer(B, "application/vnd.oci.image.layer.v1.tar+gzip", 7)
    assert parse(IMAGE, media_type) == Manifest((layer,), A, 2)


@pytest.mark.parametrize("media_type", [None, *INDEX_TYPES])
def test_index_gives_its_entries_without_attestations(media_type: Any) -> None:
    attestation = {**AMD64, "digest": B, "platform": {"os": "unknown", "architecture": "unknown"}}
    bare = {"digest": C}
    content = {**INDEX, "manifests": [AMD64, attestation, bare]}
    amd64 = Entry(A, MANIFEST_TYPES[0], Platform("linux", "amd64"))
    assert parse(content, media_type) == Index((amd64, Entry(C, None, None)))


def test_integer_of_more_than_20_digits_is_not_parsed() -> None:
    assert parse({**IMAGE, "other": 10**20 - 1}) == parse(IMAGE)
    for integer in (10**20, 10**300):
        with pytest.raises(MalformedManifest, match="the manifest is not JSON"):
            parse({**IMAGE, "other": integer})


def test_entry_with_empty_words_has_no_platform() -> None:
    for platform in ({"os": "", "architecture": ""}, {"os": "", "architecture": "", "variant": ""}):
        assert parse({**INDEX, "manifests": [{**AMD64, "platform": platform}]}).entries[0].platform is None


def test_largest_manifest_is_accepted() -> None:
    layer = {**LAYER, "mediaType": "a" * 255, "size": (1 << 62) - 1}
    assert parse({**IMAGE, "layers": [layer] * 1000}).layers == (Layer(B, "a" * 255, (1 << 62) - 1),) * 1000
    platform = {"os": "o" * 64, "architecture": "a" * 64, "variant": "v" * 64}
    entry = parse({**INDEX, "manifests": [{**AMD64, "platform": platform}]}).entries[0]
    assert entry.platform == Platform("o" * 64, "a" * 64, "v" * 64)


def test_annotations_that_are_not_texts_are_left_out() -> None:
    content = {**IMAGE, "layers": [{**LAYER, "annotations": {"a": "b", "c": 1}}]}
    assert parse(content).layers[0].annotations == {"a": "b"}
    content["layers"] = [{**LAYER, "annotations": "none"}]
    assert parse(content).layers[0].annotations == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100000,
        b"[]",
        b'"text"',
        b"null",
        {},
        {**IMAGE, **INDEX},
        {**IMAGE, "layers": None},
        {**IMAGE, "layers": {}},
        {**IMAGE, "layers": ["text"]},
        {**IMAGE, "layers": [LAYER] * 1001},
        {**IMAGE, "config": None},
        {**IMAGE, "config": {"digest": A}},
        {**IMAGE, "layers": [{**LAYER, "digest": None}]},
        {**IMAGE, "layers": [{**LAYER, "digest": "sha256:" + "a" * 63}]},
        {**IMAGE, "layers": [{**LAYER, "digest": "sha256:" + "/" * 64}]},
        {**IMAGE, "layers": [{**LAYER, "digest": "md5:" + "a" * 32}]},
        {**IMAGE, "layers": [{**LAYER, "digest": "../../../" + A}]},
        {**IMAGE, "layers": [{**LAYER, "size": -1}]},
        {**IMAGE, "layers": [{**LAYER, "size": True}]},
        {**IMAGE, "layers": [{**LAYER, "size": 1.5}]},
        {**IMAGE, "layers": [{**LAYER, "size": 1 << 62}]},
        {**IMAGE, "layers": [{**LAYER, "size": "7"}]},
        {**IMAGE, "layers": [{**LAYER, "mediaType": 7}]},
        {**IMAGE, "layers": [{**LAYER, "mediaType": "a b"}]},
        {**INDEX, "manifests": [{**AMD64, "platform": "linux/amd64"}]},
        {**INDEX, "manifests": [{**AMD64, "platform": {"os": "linux"}}]},
        {**INDEX, "manifests": [{**AMD64, "platform": {"os": "linux", "architecture": ["amd64"]}}]},
        {**INDEX, "manifests": [{**AMD64, "platform": {"os": "linux", "architecture": "amd\ud800"}}]},
        {**INDEX, "manifests": [{**AMD64, "platform": {"os": "linux", "architecture": "amd64", "variant": 8}}]},
        b'{"config": {"digest": "%b", "size": %b}, "layers": []}' % (A.encode(), b"9" * 1000000),
    ],
    ids=lambda content: str(content)[:60],
)
def test_spoilt_manifest_is_malformed(content: Any) -> None:
    with pytest.raises(MalformedManifest):
        parse(content)


def test_manifest_under_the_name_of_an_index_is_malformed() -> None:
    for content, media_type in ((IMAGE, INDEX_TYPES[0]), (INDEX, MANIFEST_TYPES[1])):
        for arguments in ((content, media_type), ({**content, "mediaType": media_type}, None)):
            with pytest.raises(MalformedManifest):
                parse(*arguments)


@pytest.mark.parametrize(
    "content",
    [
        {"schemaVersion": 1, "fsLayers": [], "history": []},
        {"fsLayers": [{"blobSum": A}]},
        {**IMAGE, "schemaVersion": 1},
        {**IMAGE, "mediaType": "application/vnd.docker.distribution.manifest.v1+prettyjws"},
    ],
)
def test_schema_1_is_refused_in_words(content: Any) -> None:
    with pytest.raises(UnsupportedManifest, match="schema 1"):
        parse(content)


@pytest.mark.parametrize(
    ("platform", "digest"),
    [("linux/amd64", A), ("linux/arm64", B), ("linux/arm/v7", C), ("linux/arm/v6", None), ("windows/amd64", None)],
)
def test_platform_selects_the_first_entry_that_it_includes(platform: str, digest: Any) -> None:
    index = Index(
        (
            Entry(C, None, None),
            Entry(A, None, Platform("linux", "amd64", "v2")),
            Entry(C, None, Platform("linux", "amd64")),
            Entry(B, None, Platform("linux", "arm64", "v8")),
            Entry(C, None, Platform("linux", "arm", "v7")),
        )
    )
    entry = select_platform(index, parse_platform(platform))
    assert (entry.digest if entry else None) == digest


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "linux/amd64/v8/x", "linux/amd 64", "linux/amd64\n"])
def test_text_that_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid platform"):
        parse_platform(text)


def test_platform_is_written_as_it_is_read() -> None:
    for text in ("linux/amd64", "linux/arm/v7"):
        assert str(parse_platform(text)) == text


@pytest.mark.parametrize(
    ("header", "media_type"),
    [
        (None, None),
        ("", None),
        ("text/html", None),
        (MANIFEST_TYPES[0], MANIFEST_TYPES[0]),
        (INDEX_TYPES[1].upper() + "; charset=utf-8", INDEX_TYPES[1]),
    ],
)
def test_content_type_names_a_known_kind_or_none(header: Any, media_type: Any) -> None:
    assert media_type_of(header) == media_type


def test_all_four_kinds_are_accepted() -> None:
    assert ACCEPT.split(", ") == [*INDEX_TYPES, *MANIFEST_TYPES]
