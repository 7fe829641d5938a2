# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Parse image references by Docker's grammar.

Sources: reference.go, regexp.go and normalize.go of github.com/distribution/reference (grammar, familiar names), and
go-digest (algorithms that Docker accepts). References are shown and sent as the user wrote them. Parsing is used for
checks and for requests to a registry.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, NamedTuple, Optional, Tuple

__all__ = ["DEFAULT_DOMAIN", "DEFAULT_TAG", "InvalidReference", "Reference"]
__all__ += ["add_default_tag", "is_listing_of", "parse_reference", "spellings"]

DEFAULT_DOMAIN, LEGACY_DOMAIN = "docker.io", "index.docker.io"
OFFICIAL = "library/"
DEFAULT_TAG = "latest"
# "RepositoryNameTotalLengthMax": the maximum length of a name without its domain.
LONGEST_PATH = 255
# Number of hexadecimal digits in a digest, by algorithm.
DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}

# Characters of a text that is parsed, and those of an invalid one in a message.
LONGEST_TEXT, LONGEST_QUOTE = 4096, 300

HOST_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
DOMAIN = re.compile(rf"(?:{HOST_PART}(?:\.{HOST_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
PATH_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
PATH = re.compile(rf"{PATH_PART}(?:/{PATH_PART})*")
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
HEX = re.compile(r"[0-9a-f]+")
IMAGE_ID = re.compile(r"[0-9a-f]{64}")


class InvalidReference(ValueError):
    """A text is not a valid image reference. The message is a sentence without its period."""


class Reference(NamedTuple):
    """An image reference in its full form: C(nginx) is C(docker.io), C(library/nginx), without tag and digest."""

    domain: str
    path: str
    tag: Optional[str] = None
    digest: Optional[str] = None

    @property
    def name(self) -> str:
        """The repository with its domain."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """The repository as people write it, without the parts that Docker adds."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        namespace, _slash, last = self.path.rpartition("/")
        return last if f"{namespace}/" == OFFICIAL else self.path

    @property
    def is_floating(self) -> bool:
        """Whether it has no digest, and no tag other than C(latest)."""
        return self.digest is None and self.tag in (None, DEFAULT_TAG)

    def __str__(self) -> str:
        tag = "" if self.tag is None else f":{self.tag}"
        return self.name + tag + ("" if self.digest is None else f"@{self.digest}")


def parse_reference(text: str) -> Reference:
    """Return the reference parsed from a text. Raises InvalidReference."""
    if len(text) > LONGEST_TEXT:
        raise InvalidReference(f"invalid image reference {_quote(text)}: it has {len(text)} characters")
    name, tag, digest = _split(text)
    domain, path = _split_domain(name)
    problems = (
        *_text_problems(text),
        *_name_problems(name, domain, path),
        *_tag_problems(tag),
        *_digest_problems(digest),
    )
    if problems:
        raise InvalidReference(f"invalid image reference {_quote(text)}: {problems[0]}")
    return Reference(domain, path, tag, digest)


def add_default_tag(image: str) -> str:
    """Return an image reference with the tag C(latest) if it has neither a tag nor a digest.

    The rest is kept as written. A text that is not a valid reference is returned unchanged.
    """
    try:
        reference = parse_reference(image)
    except InvalidReference:
        return image
    return image if reference.tag or reference.digest else f"{image}:{DEFAULT_TAG}"


def spellings(image: str) -> Tuple[str, str, str, str]:
    """Return the forms in which a listing may show an image: as written, with its tag, with its domain, with both.

    A text that is not a valid reference has only one form.
    """
    try:
        full = str(parse_reference(image))
    except InvalidReference:
        full = image
    return image, add_default_tag(image), full, add_default_tag(full)


def is_listing_of(shown: Iterable[str], images: Iterable[str]) -> bool:
    """Return whether a listing shows exactly these images, as a set.

    The API does not document whether it shows images as written or completes them. It never makes them shorter, so a
    shorter form than the declared one is another image: the platform may distinguish the two.
    """
    listed, declared = set(shown), list(images)
    # Most listings show the images as written, so that none has to be parsed.
    return listed == set(declared) or any(listed == set(form) for form in zip(*map(spellings, declared)))


def _split(text: str) -> Tuple[str, Optional[str], Optional[str]]:
    """Return name, tag and digest. Tag and digest are None if their separator is missing."""
    rest, at, digest = text.partition("@")
    # A colon before the last slash belongs to a port.
    above, slash, last = rest.rpartition("/")
    last, colon, tag = last.partition(":")
    return above + slash + last, tag if colon else None, digest if at else None


def _split_domain(name: str) -> Tuple[str, str]:
    """Return domain and path of a name, with the parts that Docker adds (splitDockerDomain)."""
    first, slash, rest = name.partition("/")
    named = slash and (first == "localhost" or "." in first or ":" in first or first != first.lower())
    domain, path = (first, rest) if named else (DEFAULT_DOMAIN, name)
    if domain == LEGACY_DOMAIN:
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = OFFICIAL + path
    return domain, path


def _text_problems(text: str) -> Iterator[str]:
    if not text:
        yield "it is empty"
    if any(character.isspace() for character in text):
        yield "it contains whitespace"
    if "://" in text:
        yield f"it has a scheme. Use {_quote(text.split('://', 1)[1])}"
    if IMAGE_ID.fullmatch(text):
        yield "it is an image ID. Use the name of the repository"


def _name_problems(name: str, domain: str, path: str) -> Iterator[str]:
    # The length limit does not count the namespace that Docker adds.
    written = path if name.endswith(path) else path[len(OFFICIAL) :]
    if not DOMAIN.fullmatch(domain):
        yield f"{_quote(domain)} is not a valid host of a registry"
    if path != path.lower():
        yield f"the repository {_quote(written)} has upper-case letters. Use lower case"
    elif not PATH.fullmatch(path):
        yield (
            f"{_quote(written)} is not a valid repository name. The parts between slashes consist of lower-case letters"
            " and digits, separated by one period, one or two underscores, or hyphens"
        )
    if len(path) > LONGEST_PATH:
        yield f"the repository name has {len(path)} characters; the maximum is {LONGEST_PATH}"


def _tag_problems(tag: Optional[str]) -> Iterator[str]:
    if tag == "":
        yield "the tag after the colon is empty"
    elif tag is not None and not TAG.fullmatch(tag):
        yield (
            f"{_quote(tag)} is not a valid tag. A tag has up to 128 letters, digits, underscores, periods and hyphens,"
            " and does not begin with a period or a hyphen"
        )


def _digest_problems(digest: Optional[str]) -> Iterator[str]:
    if digest is None:
        return
    algorithm, _colon, value = digest.partition(":")
    length = DIGEST_LENGTHS.get(algorithm)
    if length is None:
        known = ", ".join(DIGEST_LENGTHS)
        yield f"{_quote(digest)} is not a valid digest. A digest begins with one of {known} and a colon"
    elif len(value) != length:
        yield f"the digest has the wrong length: {algorithm} has {length} hexadecimal digits, this one has {len(value)}"
    elif not HEX.fullmatch(value):
        yield "the digest must consist of lower-case hexadecimal digits"


def _quote(text: str) -> str:
    """Return a text for a message. A long one is cut off, with the mark that _secrets.py knows."""
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}...")
