# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Errors of lookups in registries.

C(is_definite) means that, according to the registry, the image cannot be pulled. Other failures are not definite,
because a build may reach a registry that this machine cannot reach.
Source of the codes: OCI Distribution Spec 1.1, "Error Codes", and the API of Harbor. Messages quote only the code of a
registry, because its text can contain the password that was sent.
"""

from __future__ import annotations

import json
from typing import Any, Optional, Type

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import Reference

__all__ = [
    "CredentialsRefused",
    "ImageNotFound",
    "InvalidImage",
    "MalformedManifest",
    "MalformedRegistryAnswer",
    "NotFoundOrNotAllowed",
    "PlatformMissing",
    "RedirectRefused",
    "RegistryError",
    "RegistryFailure",
    "RegistryThrottled",
    "RegistryUnreachable",
    "TokenServiceRefused",
    "UnexpectedStatus",
    "UnsupportedAuthentication",
    "UnsupportedManifest",
    "status_error",
]

NOT_FOUND_CODES = frozenset(["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"])
CODES = NOT_FOUND_CODES | frozenset(
    [
        "BLOB_UNKNOWN",
        "DENIED",
        "FORBIDDEN",
        "MANIFEST_INVALID",
        "NAME_INVALID",
        "PROJECT_POLICY_VIOLATION",
        "TAG_INVALID",
        "TOOMANYREQUESTS",
        "UNAUTHORIZED",
        "UNAVAILABLE",
        "UNKNOWN",
        "UNSUPPORTED",
    ]
)


class RegistryError(RequestError):
    """A lookup failed. C(message) names the image and the registry after C(name_image) was called.

    C(code) is the error code of the registry if known, else the name of the class.
    """

    is_definite = False
    failure = "cannot look up image {image} in registry {registry}"
    advice = ""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.code = self.code or type(self).__name__
        self.cause = message

    def name_image(self, reference: Reference) -> None:
        """Add the image, the registry and the advice to the message."""
        tag = f":{reference.tag}" if reference.tag else ""
        digest = f"@{reference.digest}" if reference.digest else ""
        facts = {"image": reference.familiar_name + tag + digest, "registry": reference.domain}
        advice = f" {self.advice.format(**facts)}" if self.advice else ""
        self.message = f"{self.failure.format(**facts)}: {self.cause}.{advice}"

    def __str__(self) -> str:
        return self.message


class InvalidImage(RegistryError):
    """The text is not a valid image reference."""

    is_definite = True


class ImageNotFound(RegistryError):
    """The repository, the tag or the digest does not exist in the registry."""

    is_definite = True
    failure = "image {image} does not exist in registry {registry}"
    advice = "Check the repository and the tag or digest."


class CredentialsRefused(RegistryError):
    """The registry or its token service refused the given credentials."""

    is_definite = True
    advice = "Check the entry for {registry} in image_registry_credentials and the pull permission of its user."


class NotFoundOrNotAllowed(RegistryError):
    """An anonymous request was refused. Many registries also refuse it if the image does not exist."""

    advice = "Check the name of the image, or add credentials for {registry} to image_registry_credentials."


class PlatformMissing(RegistryError):
    """The image exists, but not for the platform."""

    is_definite = True
    failure = "image {image} in registry {registry} does not support the platform"


class RegistryThrottled(RegistryError):
    """The registry limits the rate or the number of requests."""

    retryable = True
    advice = "Retry later, or add credentials for {registry} to image_registry_credentials for a higher limit."


class RegistryFailure(RegistryError):
    """The registry returned HTTP status 5xx."""

    retryable = True


class RegistryUnreachable(RegistryError):
    """No connection, an untrusted certificate, or an incomplete response. C(code) is the class of the request error."""

    @classmethod
    def from_cause(cls, cause: RequestError) -> RegistryUnreachable:
        """Return the error for a failed request."""
        error = cls(cause.message, code=type(cause).__name__)
        error.retryable = cause.retryable
        return error


class UnexpectedStatus(RegistryError):
    """An HTTP status that the protocol does not define for the request."""


class MalformedRegistryAnswer(RegistryError):
    """A response that violates the protocol or is inconsistent."""


class MalformedManifest(MalformedRegistryAnswer):
    """A manifest with invalid fields."""


class UnsupportedManifest(RegistryError):
    """A manifest of a type that is not supported."""


class UnsupportedAuthentication(RegistryError):
    """The registry requires an authentication scheme other than Basic and Bearer."""


class TokenServiceRefused(RegistryError):
    """The registry names a token service that is not allowed."""


class RedirectRefused(RegistryError):
    """The registry redirects to an address that is not allowed or that refuses the request."""


def status_error(
    who: str, status: int, body: bytes, *, sent_credentials: bool = False, retry_after: Optional[float] = None
) -> RegistryError:
    """Return the error for a status other than success. C(who) is the name of the service for messages."""
    code = _code_of(body)
    kind = _kind_of(status, code, sent_credentials)
    words = f"{who} returned HTTP status {status}" + (f" ({code})" if code else "")
    if kind is CredentialsRefused:
        words = f"{who} refused the credentials with HTTP status {status}" + (f" ({code})" if code else "")
    elif kind is NotFoundOrNotAllowed:
        words = f"{words}; the image does not exist or requires credentials"
    return kind(words, code=code, http_status=status, retry_after=retry_after)


def _kind_of(status: int, code: Optional[str], sent_credentials: bool) -> Type[RegistryError]:
    if status in (401, 403):
        return CredentialsRefused if sent_credentials else NotFoundOrNotAllowed
    if status == 404 and code in NOT_FOUND_CODES:
        return ImageNotFound
    if status == 429:
        return RegistryThrottled
    return RegistryFailure if status >= 500 else UnexpectedStatus


def _code_of(body: bytes) -> Optional[str]:
    """Return the first known code of an error response, None if there is none."""
    try:
        answer = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    errors = answer.get("errors") if isinstance(answer, dict) else None
    for error in errors if isinstance(errors, list) else ():
        code = error.get("code") if isinstance(error, dict) else None
        if isinstance(code, str) and code in CODES:
            return code
    return None
