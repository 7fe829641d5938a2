# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Canaries in every source of secrets, searched for in all output and all files of a run."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from emulator import Emulator, Fault

from .caches import CREATE, LIST
from .controller import MODULE, SET, WEB, Controller

CANARIES = {"key": "canary/key+Zq8=", "token": "canary-token-Xw7", "password": 'canary"pass Vy6', "id": "AKIDcanary"}
# The id of a key is not secret.
SECRET = {name: canary for name, canary in CANARIES.items() if name != "id"}
REGISTRY_CREDENTIALS = [{"server": "h.example.com", "username": "u", "password": CANARIES["password"]}]


def put_keys_in_options(_controller: Controller) -> dict[str, str]:
    return {"secret_id": CANARIES["id"], "secret_key": CANARIES["key"], "token": CANARIES["token"]}


def put_keys_in_environment(controller: Controller) -> dict[str, str]:
    controller.environment["TENCENTCLOUD_SECRET_ID"] = CANARIES["id"]
    controller.environment["TENCENTCLOUD_SECRET_KEY"] = CANARIES["key"]
    controller.environment["TENCENTCLOUD_TOKEN"] = CANARIES["token"]
    return {}


def put_keys_in_tccli_file(controller: Controller) -> dict[str, str]:
    remove_keys(controller)
    login = {"type": "", "secretId": CANARIES["id"], "secretKey": CANARIES["key"], "token": CANARIES["token"]}
    write_file(controller.folder / ".tccli/default.credential", json.dumps(login))
    return {}


def put_keys_in_sdk_file(controller: Controller) -> dict[str, str]:
    remove_keys(controller)
    keys = f"secret_id = {CANARIES['id']}\nsecret_key = {CANARIES['key']}\ntoken = {CANARIES['token']}\n"
    write_file(controller.folder / ".tencentcloud/credentials", f"[default]\n{keys}")
    return {}


def remove_keys(controller: Controller) -> None:
    for name in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"):
        controller.environment.pop(name)


def write_file(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")


def encodings(secret: str) -> list[str]:
    """Return a secret in the encodings in which it could appear in output."""
    data = secret.encode()
    return [
        secret,
        json.dumps(secret)[1:-1],
        html.escape(secret),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        base64.b64encode(data).decode(),
        # As in Docker's credentials file; the first characters also depend on the user name.
        base64.b64encode(b"user:" + data).decode()[7:].rstrip("=")[:-1],
    ]


def basic_auth(secret: str) -> str:
    return base64.b64encode(f"user:{secret}".encode()).decode()


def echo_secrets(response: dict[str, Any]) -> dict[str, Any]:
    """Return the response with an error whose message has every secret in every encoding."""
    words = " ".join(word for secret in SECRET.values() for word in [*encodings(secret)[:-1], basic_auth(secret)])
    return {**response, "Error": {"Code": "FailedOperation.Echo", "Message": words}}


@pytest.mark.parametrize(
    "put_keys",
    [put_keys_in_options, put_keys_in_environment, put_keys_in_tccli_file, put_keys_in_sdk_file],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("in_process", [True, False], ids=["in process", "as a module"])
def test_no_secret_is_in_any_output_or_file(
    emulator: Emulator, controller: Controller, put_keys: Callable[[Controller], dict[str, str]], in_process: bool
) -> None:
    emulator.keys[CANARIES["id"]] = (CANARIES["key"], CANARIES["token"])
    options = {**WEB, **put_keys(controller), "image_registry_credentials": REGISTRY_CREDENTIALS}
    emulator.faults += [
        Fault.lie(echo_secrets, LIST, region="ap-shanghai", times=99),
        Fault.lie(lambda response: {**response, "RequestId": json.dumps(encodings(CANARIES["key"])[:-1])}, CREATE),
        Fault.page(502, LIST, region="ap-beijing", times=99, body=html.escape(" ".join(SECRET.values())).encode()),
    ]
    # The values come from a variables file because Ansible prints the source of a task that fails.
    variables = controller.folder / "variables.yml"
    variables.write_text(json.dumps({"canary": {**options, "password": CANARIES["password"]}}), encoding="utf-8")
    task = {MODULE: {name: "{{ canary." + name + " }}" for name in options}}
    many = {name: value for name, value in task[MODULE].items() if name not in ("name", "images")}
    failing = [
        {MODULE: {**task[MODULE], "vpc_id": ""}},
        {MODULE: {**task[MODULE], "nonsense": 1}},
        {MODULE: {**task[MODULE], "image_registry_credentials": [{"password": "{{ canary.password }}"}]}},
        {SET: {**many, "image_caches": [{"name": "a", "images": ["nginx:1"]}, {"name": "web"}]}},
        {MODULE: {**task[MODULE], "region": "ap-shanghai"}},
        {MODULE: {**task[MODULE], "region": "ap-beijing", "api_retries": 1}},
        {SET: {**many, "region": "ap-shanghai", "image_caches": [{"name": "web"}]}},
        {MODULE: {**task[MODULE], "state": "absent"}},
    ]
    run = controller.play(
        {**task, "check_mode": True},
        task,
        {MODULE: {**task[MODULE], "tags": {"a": "b"}, "update_password": "always"}},
        *({**one, "ignore_errors": True} for one in failing),
        arguments=(
            "-vvvv",
            "--diff",
            "-e",
            f"@{variables}",
            "-e",
            json.dumps({"tencentcloud_tke_in_process": in_process}),
        ),
    )
    assert len(run.results) == 3 + len(failing), run.output[-3000:]
    codes = {(result.get("error") or {}).get("code") for result in run.results}
    assert [result.get("msg") for result in run.results[:3]] == [None] * 3
    assert "FailedOperation.Echo" in codes, codes
    remaining = [path for path in controller.folder.rglob("*") if path.is_file() and path != variables]
    own = [path for path in remaining if path.parent.name in (".tccli", ".tencentcloud")]
    everything = {
        str(path): path.read_text(encoding="utf-8", errors="replace") for path in remaining if path not in own
    }
    everything["output"] = run.output
    for where, text in everything.items():
        for name, secret in SECRET.items():
            assert not [word for word in encodings(secret) if word in text], (name, where)
        assert "Signature=" not in text
