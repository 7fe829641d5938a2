# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries that repeat the password wherever a response has a place for it: no output and no file contains it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from emulator.registry import TOKEN_SERVICE, Registry
from emulator.registry_faults import CHALLENGE, MANIFEST, TOKEN, Reply, ReplyFault

from .caches import SET_OPTIONS
from .controller import MODULE, REGISTRY_INFO, SET, WEB, Controller
from .registries import credentials_for, options_for, push
from .test_secrets import encodings

# As a host name, a platform and an address have it.
PASSWORD = "canary-password-zk4"
BASE64 = base64.b64encode(PASSWORD.encode()).decode()
DIGEST = "sha256:" + "0" * 64


def echo_in_body(reply: Reply) -> None:
    reply.status, reply.body = 403, json.dumps({"errors": [{"code": PASSWORD, "message": BASE64}]}).encode()


def echo_in_redirect(reply: Reply) -> None:
    reply.status, reply.headers["Location"] = 307, f"http://{PASSWORD}.invalid/{BASE64}?password={PASSWORD}"


def echo_in_forbidden_redirect(reply: Reply) -> None:
    reply.status, reply.headers["Location"] = 307, f"http://{PASSWORD}.localhost/{BASE64}"


def echo_in_challenge(reply: Reply) -> None:
    realm = f'Bearer realm="http://{PASSWORD}.example/{BASE64}",service="{PASSWORD}",scope="{BASE64}"'
    reply.status, reply.headers["WWW-Authenticate"] = 401, realm


def echo_in_headers(reply: Reply) -> None:
    for name in ("Docker-Content-Digest", "Content-Type", "Retry-After"):
        reply.headers[name] = PASSWORD


def echo_in_platforms(reply: Reply) -> None:
    entries = [
        {"digest": DIGEST, "size": 1, "platform": {"os": PASSWORD, "architecture": word}} for word in (BASE64, "arm64")
    ]
    reply.status, reply.body = 200, json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
    reply.headers.clear()
    reply.headers["Content-Type"] = "application/vnd.oci.image.index.v1+json"


def echo_in_manifest(reply: Reply) -> None:
    reply.body = json.dumps({PASSWORD: BASE64, "mediaType": PASSWORD, "layers": [{"digest": PASSWORD}]}).encode()
    reply.headers.clear()


def echo_in_status_line(reply: Reply) -> None:
    reply.status, reply.body = 599, PASSWORD.encode()


ECHOES: tuple[ReplyFault, ...] = (
    echo_in_body,
    echo_in_redirect,
    echo_in_forbidden_redirect,
    echo_in_challenge,
    echo_in_headers,
    echo_in_platforms,
    echo_in_manifest,
    echo_in_status_line,
)


@pytest.fixture(params=["basic", "token"])
def registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    """A registry that demands the password, with an image."""
    registry = Registry(request.param)
    registry.password = PASSWORD
    registry.start()
    push(registry, "shop:1")
    yield registry
    registry.stop()


@pytest.mark.parametrize("in_process", [True, False], ids=["in process", "as a module"])
def test_password_that_a_registry_repeats_is_nowhere(
    registry: Registry, controller: Controller, in_process: bool
) -> None:
    echoes = {f"echo{number}": echo for number, echo in enumerate(ECHOES)}

    def repeat(reply: Reply) -> None:
        for name, echo in echoes.items():
            kinds = (MANIFEST, CHALLENGE) if echo is echo_in_challenge else (MANIFEST,)
            if reply.kind in kinds and f"/{name}/" in reply.path:
                echo(reply)
        if reply.kind == TOKEN and registry.received[-1].query.endswith("tokens%3Apull"):
            echo_in_body(reply)

    registry.faults.append(repeat)
    # The values come from a variables file because Ansible prints the source of a task that fails.
    variables = controller.folder / "variables.yml"
    variables.write_text(json.dumps({"canary": credentials_for(registry, PASSWORD)}), encoding="utf-8")
    credentials = {"image_registry_credentials": "{{ canary.image_registry_credentials }}"}
    password = "{{ canary.image_registry_credentials[0].password }}"
    build = {**WEB, **credentials, "follow_tags": True}
    images = [f"{name}:1" for name in (*echoes, "tokens")]
    tasks: list[dict[str, Any]] = [
        {REGISTRY_INFO: options_for(registry, *images, **credentials)},
        {MODULE: {**build, **options_for(registry, "shop:1")}},
        # The names in messages are those of the user.
        *(
            {MODULE: {**build, "name": "other", "verify_images": True, **options_for(registry, image)}}
            for image in images
        ),
        {
            SET: {
                **SET_OPTIONS,
                **credentials,
                "registry_http_end_point_list": [registry.host],
                "api_retries": 0,
                "verify_images": True,
                "image_caches": [{"name": "a", "images": [f"{registry.host}/{image}" for image in images]}],
            }
        },
        {
            MODULE: {
                **build,
                **options_for(registry, "shop:1"),
                # A user who confuses the options.
                "image_registry_credentials": [
                    {"server": f"https://{password}", "username": "u", "password": password}
                ],
            }
        },
    ]
    run = controller.play(
        *({**task, "ignore_errors": True} for task in tasks),
        *({**task, "ignore_errors": True, "check_mode": True} for task in tasks),
        arguments=(
            *("-vvvv", "--diff", "-e", f"@{variables}"),
            *("-e", json.dumps({"tencentcloud_tke_in_process": in_process})),
        ),
    )
    assert run.status == 0, run.output[-3000:]
    assert len(run.results) == 2 * len(tasks)
    found = run.results[0]["images"]
    assert [image["error"] is None for image in found] == [False] * len(images)
    assert "TokenServiceRefused" in {image["error"]["code"] for image in found}
    assert run.results[1]["failed"] is False
    remaining = [path for path in controller.folder.rglob("*") if path.is_file() and path.name not in OWN_FILES]
    everything = {str(path): path.read_text("utf-8", "replace") for path in remaining}
    basic = base64.b64encode(f"{registry.username}:{PASSWORD}".encode()).decode()
    for where, text in {**everything, "output": run.output}.items():
        for word in (*encodings(PASSWORD), basic, BASE64.rstrip("="), *registry.tokens):
            assert word not in text, (where, text[max(0, text.find(word) - 200) :][:300])
    # The registry and its token service got the password, and nobody else.
    assert {request.service for request in registry.received} <= {"registry", TOKEN_SERVICE}


# The files that the story itself writes.
OWN_FILES = ("variables.yml", "playbook.yml")
