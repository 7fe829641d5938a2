# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of registries: the class of a response, its code, and its message."""

from __future__ import annotations

import json
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import NoAnswer, UntrustedCertificate
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import parse_reference
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import RegistryUnreachable, status_error

NOT_FOUND = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"]
FAILED = "cannot look up image r.example/team/app:1.0 in registry r.example: "
OTHER_CODES = [
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


def error_body(*codes: Any) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": "the password s3cret"} for code in codes]}).encode()


@pytest.mark.parametrize("code", [*NOT_FOUND, *OTHER_CODES])
def test_code_of_the_registry_is_quoted(code: str) -> None:
    error = status_error("the registry", 418, error_body(code))
    assert (error.code, error.http_status, error.message) == (
        code,
        418,
        f"the registry returned HTTP status 418 ({code})",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100000,
        b"\xff",
        b'{"errors": {"code": "DENIED"}}',
        b'{"errors": ["DENIED"]}',
        b'{"errors": []}',
        error_body("password s3cret"),
        error_body(7, None, ["DENIED"], "denied"),
    ],
    ids=lambda body: str(body)[:40],
)
def test_other_text_of_the_registry_is_not_quoted(body: bytes) -> None:
    error = status_error("the registry", 400, body)
    assert (error.code, error.message) == ("UnexpectedStatus", "the registry returned HTTP status 400")


def test_first_known_code_counts() -> None:
    body = json.dumps({"errors": ["text", {"code": "X"}, {"code": "DENIED"}, {"code": "UNKNOWN"}]}).encode()
    assert status_error("the registry", 400, body).code == "DENIED"


@pytest.mark.parametrize(
    ("status", "code", "sent_credentials", "name", "is_definite", "retryable"),
    [
        *((404, code, False, "ImageNotFound", True, False) for code in NOT_FOUND),
        *((404, code, False, "UnexpectedStatus", False, False) for code in (None, *OTHER_CODES)),
        (400, "NAME_UNKNOWN", False, "UnexpectedStatus", False, False),
        (401, "UNAUTHORIZED", True, "CredentialsRefused", True, False),
        (403, "DENIED", True, "CredentialsRefused", True, False),
        (401, "UNAUTHORIZED", False, "NotFoundOrNotAllowed", False, False),
        (403, "DENIED", False, "NotFoundOrNotAllowed", False, False),
        (402, None, True, "UnexpectedStatus", False, False),
        (428, None, False, "UnexpectedStatus", False, False),
        (429, None, False, "RegistryThrottled", False, True),
        (430, None, False, "UnexpectedStatus", False, False),
        (499, None, False, "UnexpectedStatus", False, False),
        (500, None, False, "RegistryFailure", False, True),
        (503, "UNAVAILABLE", True, "RegistryFailure", False, True),
        (301, None, False, "UnexpectedStatus", False, False),
    ],
)
def test_status_and_code_give_the_class(
    status: int, code: Optional[str], sent_credentials: bool, name: str, is_definite: bool, retryable: bool
) -> None:
    body = error_body(code) if code else b""
    error = status_error("the registry", status, body, sent_credentials=sent_credentials, retry_after=7.0)
    assert (type(error).__name__, error.code, error.http_status) == (name, code or name, status)
    assert (error.is_definite, error.retryable, error.retry_after) == (is_definite, retryable, 7.0)


@pytest.mark.parametrize(
    ("status", "code", "sent_credentials", "message"),
    [
        (
            404,
            "NAME_UNKNOWN",
            False,
            "image r.example/team/app:1.0 does not exist in registry r.example: the registry returned HTTP status 404"
            " (NAME_UNKNOWN). Check the repository and the tag or digest.",
        ),
        (
            401,
            None,
            True,
            FAILED + "the registry refused the credentials with HTTP status 401. Check the entry for r.example in"
            " image_registry_credentials and the pull permission of its user.",
        ),
        (
            403,
            "DENIED",
            True,
            FAILED
            + "the registry refused the credentials with HTTP status 403 (DENIED). Check the entry for r.example in"
            " image_registry_credentials and the pull permission of its user.",
        ),
        (
            401,
            None,
            False,
            FAILED + "the registry returned HTTP status 401;"
            " the image does not exist or requires credentials. Check the name of the image, or add credentials for"
            " r.example to image_registry_credentials.",
        ),
        (
            429,
            None,
            False,
            FAILED + "the registry returned HTTP status 429."
            " Retry later, or add credentials for r.example to image_registry_credentials for a higher limit.",
        ),
        (
            500,
            None,
            False,
            FAILED + "the registry returned HTTP status 500.",
        ),
    ],
)
def test_message_names_the_image_the_cause_and_what_to_do(
    status: int, code: Optional[str], sent_credentials: bool, message: str
) -> None:
    body = error_body(code) if code else b""
    error = status_error("the registry", status, body, sent_credentials=sent_credentials)
    error.name_image(parse_reference("r.example/team/app:1.0"))
    assert message == str(error) == error.facts()["message"]


@pytest.mark.parametrize("image", ["nginx", "nginx:1.27", "nginx@sha256:" + "a" * 64, "nginx:1@sha256:" + "a" * 64])
def test_image_of_docker_hub_has_its_short_name(image: str) -> None:
    error = errors.RegistryError("it failed")
    error.name_image(parse_reference(image))
    assert error.message == f"cannot look up image {image} in registry docker.io: it failed."


@pytest.mark.parametrize("cause", [NoAnswer("no answer"), UntrustedCertificate("not trusted")])
def test_unreachable_registry_has_the_class_of_its_cause(cause: Any) -> None:
    error = RegistryUnreachable.from_cause(cause)
    assert (error.code, error.cause, error.retryable) == (type(cause).__name__, cause.message, cause.retryable)
    assert not error.is_definite


def test_only_what_the_registry_says_of_the_image_is_definite() -> None:
    kinds = [getattr(errors, name) for name in errors.__all__ if name != "status_error"]
    definite = {kind.__name__ for kind in kinds if kind.is_definite}
    assert definite == {"InvalidImage", "ImageNotFound", "CredentialsRefused", "PlatformMissing"}
