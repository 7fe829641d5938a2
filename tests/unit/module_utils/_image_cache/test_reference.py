# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Image references: those of Docker's grammar are parsed and formatted again, others are refused with a message."""

from __future__ import annotations

import tracemalloc
from typing import Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.options import image_problems
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    DIGEST_LENGTHS,
    InvalidReference,
    Reference,
    add_default_tag,
    is_listing_of,
    parse_reference,
)
from hypothesis import given
from hypothesis import strategies as st

DIGEST = f"sha256:{'0f' * 32}"
LOWER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"
UPPER = LOWER.upper()


def word(alphabet: str, max_parts: int = 6) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=max_parts)


def join(
    parts: st.SearchStrategy[str], separators: st.SearchStrategy[str], max_parts: int = 3
) -> st.SearchStrategy[str]:
    """Return texts of one or more parts with separators between them."""
    rest = st.lists(st.tuples(separators, parts), max_size=max_parts - 1)
    return st.tuples(parts, rest).map(lambda drawn: drawn[0] + "".join(s + p for s, p in drawn[1]))


hyphens = st.just("-") | st.just("--")
host_parts = join(word(LOWER + UPPER + DIGITS), hyphens, 2)
addresses = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(lambda address: f"[{address}]")
ports = st.just("") | st.integers(0, 65535).map(lambda port: f":{port}")
domains = st.builds("".join, st.tuples(join(host_parts, st.just(".")) | addresses, ports))
separators = st.sampled_from([".", "_", "__", "-", "---"])
paths = join(join(word(LOWER + DIGITS), separators), st.just("/"))
word_signs = LOWER + UPPER + DIGITS + "_"
tags = st.tuples(st.sampled_from(word_signs), st.text(word_signs + ".-", max_size=127)).map("".join)
digests = st.sampled_from(sorted(DIGEST_LENGTHS)).flatmap(
    lambda algorithm: st.text(
        DIGITS + "abcdef", min_size=DIGEST_LENGTHS[algorithm], max_size=DIGEST_LENGTHS[algorithm]
    ).map(lambda value: f"{algorithm}:{value}")
)
suffixes = st.tuples(st.none() | tags, st.none() | digests)


def spell(name: str, tag: Optional[str], digest: Optional[str]) -> str:
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def is_domain(first: str) -> bool:
    return first == "localhost" or any(sign in "." + ":" + UPPER for sign in first)


@given(domain=domains.filter(is_domain) | st.just("localhost"), path=paths, suffix=suffixes)
def test_full_reference_is_parsed_and_formatted_again(
    domain: str, path: str, suffix: tuple[Optional[str], Optional[str]]
) -> None:
    text = spell(f"{domain}/{path}", *suffix)
    reference = parse_reference(text)
    assert reference == Reference(domain, path, *suffix)
    assert str(reference) == text
    assert parse_reference(str(reference)) == reference


# A first part that looks like a domain is one, unless another domain precedes it.
@given(
    path=paths.filter(lambda path: "/" not in path or not is_domain(path.partition("/")[0])),
    suffix=suffixes,
    domain=st.sampled_from(["", "docker.io/", "index.docker.io/"]),
)
def test_familiar_reference_is_parsed_to_its_full_form(
    path: str, suffix: tuple[Optional[str], Optional[str]], domain: str
) -> None:
    reference = parse_reference(spell(domain + path, *suffix))
    assert reference == Reference("docker.io", path if "/" in path else f"library/{path}", *suffix)
    assert parse_reference(str(reference)) == reference
    assert parse_reference(spell(reference.familiar_name, *suffix)) == reference


@given(text=st.text() | st.text("aA0.:/@-_[] ", max_size=12))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    problems = list(image_problems("images[0]", text))
    if problems:
        assert add_default_tag(text) == text
        return
    reference = parse_reference(text)
    assert parse_reference(str(reference)) == reference
    assert add_default_tag(text) in (text, f"{text}:latest")
    assert parse_reference(add_default_tag(text)).name == reference.name


@pytest.mark.parametrize(
    ("text", "full", "familiar"),
    [
        ("nginx", "docker.io/library/nginx", "nginx"),
        ("docker.io/nginx:1", "docker.io/library/nginx:1", "nginx"),
        ("index.docker.io/library/nginx:1", "docker.io/library/nginx:1", "nginx"),
        ("library/nginx", "docker.io/library/nginx", "nginx"),
        ("library/a/b", "docker.io/library/a/b", "library/a/b"),
        ("team/web:1", "docker.io/team/web:1", "team/web"),
        ("localhost/web", "localhost/web", "localhost/web"),
        ("localhost:5000", "docker.io/library/localhost:5000", "localhost"),
        ("registry.local:5000/web", "registry.local:5000/web", "registry.local:5000/web"),
        ("Registry/web", "Registry/web", "Registry/web"),
        ("[2001:db8::1]:5000/web:1", "[2001:db8::1]:5000/web:1", "[2001:db8::1]:5000/web"),
        (f"nginx:1@{DIGEST}", f"docker.io/library/nginx:1@{DIGEST}", "nginx"),
        ("a" * 247, f"docker.io/library/{'a' * 247}", "a" * 247),
        ("h.example.com/" + "a" * 255, "h.example.com/" + "a" * 255, "h.example.com/" + "a" * 255),
        ("nginx:" + "v" * 128, "docker.io/library/nginx:" + "v" * 128, "nginx"),
    ],
)
def test_reference_has_a_full_and_a_familiar_form(text: str, full: str, familiar: str) -> None:
    reference = parse_reference(text)
    assert (str(reference), reference.familiar_name) == (full, familiar)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("nginx :1", "it contains whitespace"),
        ("nginx:1\n", "it contains whitespace"),
        ("https://registry.example.com/a:1", "it has a scheme. Use 'registry.example.com/a:1'"),
        ("a" * 64, "it is an image ID. Use the name of the repository"),
        ("NGINX:1", "the repository 'NGINX' has upper-case letters"),
        ("registry.example.com/Team/web", "the repository 'Team/web' has upper-case letters"),
        ("nginx:", "the tag after the colon is empty"),
        (f"nginx:@{DIGEST}", "the tag after the colon is empty"),
        ("nginx:-1", "'-1' is not a valid tag"),
        ("nginx:1:2", "'1:2' is not a valid tag"),
        ("nginx:é", "'é' is not a valid tag"),
        ("nginx:" + "v" * 129, "is not a valid tag"),
        ("nginx@sha256:abc", "the digest has the wrong length: sha256 has 64 hexadecimal digits, this one has 3"),
        (f"nginx@{DIGEST}0", "the digest has the wrong length: sha256 has 64 hexadecimal digits, this one has 65"),
        (f"nginx@{DIGEST.replace('f', 'F')}", "the digest must consist of lower-case hexadecimal digits"),
        ("nginx@", "'' is not a valid digest"),
        ("nginx@md5:0", "'md5:0' is not a valid digest"),
        ("-h.example.com/a", "'-h.example.com' is not a valid host of a registry"),
        ("h.example.com:x/a", "'h.example.com:x' is not a valid host of a registry"),
        ("h_.example.com/a", "'h_.example.com' is not a valid host of a registry"),
        ("h.example.com/", "'' is not a valid repository name"),
        ("a//b", "'a//b' is not a valid repository name"),
        ("/a", "'/a' is not a valid repository name"),
        ("a/", "'a/' is not a valid repository name"),
        ("a..b/c", "'a..b' is not a valid host of a registry"),
        ("a___b", "'a___b' is not a valid repository name"),
        ("é", "'é' is not a valid repository name"),
        ("a" * 248, "the repository name has 256 characters; the maximum is 255"),
    ],
)
def test_invalid_reference_is_refused_with_its_problem(text: str, problem: str) -> None:
    with pytest.raises(InvalidReference) as raised:
        parse_reference(text)
    assert str(raised.value).startswith(f"invalid image reference {text!r}: ")
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("image", "is_floating"),
    [
        ("nginx", True),
        ("nginx:latest", True),
        ("registry.local:5000/web", True),
        ("registry.local:5000/web:1", False),
        (f"nginx@{DIGEST}", False),
        (f"nginx:latest@{DIGEST}", False),
    ],
)
def test_reference_without_a_fixed_tag_is_floating(image: str, is_floating: bool) -> None:
    assert parse_reference(image).is_floating is is_floating


@pytest.mark.parametrize(
    ("images", "shown", "expected"),
    [
        (["nginx"], ["nginx"], True),
        (["nginx"], ["nginx:latest"], True),
        (["nginx"], ["docker.io/library/nginx"], True),
        (["nginx", "team/web:2"], ["docker.io/team/web:2", "docker.io/library/nginx:latest"], True),
        (["nginx:1", "docker.io/library/nginx:1"], ["docker.io/library/nginx:1"], True),
        ([f"nginx@{DIGEST}"], [f"docker.io/library/nginx@{DIGEST}"], True),
        (["h.example.com/web"], ["h.example.com/web:latest"], True),
        # Shorter than declared, completed only in part, or another image.
        (["docker.io/library/nginx:1"], ["nginx:1"], False),
        (["nginx:latest"], ["nginx"], False),
        (["nginx", "redis"], ["nginx:latest", "redis"], False),
        (["nginx:1"], ["nginx:2"], False),
        (["nginx:1"], [], False),
        ([], ["nginx:1"], False),
        ([], [], True),
    ],
)
def test_listing_may_complete_all_declared_images(images: list[str], shown: list[str], expected: bool) -> None:
    assert is_listing_of(shown, images) is expected
    assert is_listing_of(reversed(shown), reversed(images)) is expected


@pytest.mark.parametrize("piece", ["a", "a/", "A", "a.", "-", "_", "a:", "a@", "\x00", "é", "a-", "a.b/"])
def test_message_about_a_long_text_is_short_and_needs_little_memory(piece: str) -> None:
    text = piece * (10_000_000 // len(piece))
    tracemalloc.start()
    with pytest.raises(InvalidReference) as caught:
        parse_reference(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(str(caught.value)) < 2_000
    assert peak < 1_000_000


@pytest.mark.parametrize(("length", "quoted"), [(300, "A" * 300), (301, "A" * 300 + "..."), (500, "A" * 300 + "...")])
def test_message_quotes_up_to_300_characters(length: int, quoted: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse_reference("A" * length)
    assert str(caught.value).startswith(f"invalid image reference '{quoted}': ")


@pytest.mark.parametrize(("algorithm", "length"), [("sha256", 64), ("sha384", 96), ("sha512", 128)])
def test_digest_has_the_length_of_its_algorithm(algorithm: str, length: int) -> None:
    assert parse_reference(f"nginx@{algorithm}:{'0' * length}").digest == f"{algorithm}:{'0' * length}"
    for other in (length - 1, length + 1):
        with pytest.raises(
            InvalidReference, match=f"{algorithm} has {length} hexadecimal digits, this one has {other}"
        ):
            parse_reference(f"nginx@{algorithm}:{'0' * other}")
