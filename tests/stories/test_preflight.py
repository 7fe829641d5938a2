# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invalid options fail before any request; questionable options give a warning."""

from __future__ import annotations

import json
from typing import Any

from emulator import Emulator

from .controller import INFO, MODULE, SET, WEB, Controller
from .processes import ModuleProcesses

CREDENTIALS = "image_registry_credentials"
INVALID_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"existed_eip_id": "eip-1", "auto_create_eip": True}, "existed_eip_id and auto_create_eip are mutually exclusive"),
    (
        {"existed_eip_id": "eip-1", "auto_create_eip_attribute": {"delete_policy": "Never"}},
        "existed_eip_id and auto_create_eip_attribute are mutually exclusive",
    ),
    (
        {"auto_create_eip": False, "auto_create_eip_attribute": {"delete_policy": "Never"}},
        "auto_create_eip is false, but auto_create_eip_attribute enables the creation of an EIP",
    ),
    ({"images": ["nginx:1", "redis:7", "nginx:1"]}, "image 'nginx:1' is listed 2 times in images"),
    ({"images": []}, "images is an empty list"),
    ({"images": ["nginx:1", ""]}, "images[1] is empty"),
    ({"images": ["nginx :1"]}, "images[0]: invalid image reference 'nginx :1': it contains whitespace."),
    ({"images": ["https://registry.example.com/a:1"]}, "it has a scheme. Use 'registry.example.com/a:1'."),
    ({"images": ["a:1", "nginx@sha256:abc"]}, "images[1]: invalid image reference 'nginx@sha256:abc': the digest has"),
    ({"images": ["NGINX:1"]}, "invalid image reference 'NGINX:1': the repository 'NGINX' has upper-case"),
    ({"images": ["nginx:"]}, "invalid image reference 'nginx:': the tag after the colon is empty"),
    (
        {CREDENTIALS: [{"server": "https://harbor.example.com", "username": "u"}]},
        "server 'https://harbor.example.com' has a scheme. Set only the host: 'harbor.example.com'",
    ),
    ({CREDENTIALS: [{"server": "h", "username": "u", "password": ""}]}, f"{CREDENTIALS}[0].password is empty"),
    (
        {CREDENTIALS: [{"username": "u", "password": "p"}]},
        f"{CREDENTIALS}[0] has no server. Set it to the host of the registry",
    ),
    ({CREDENTIALS: [{"server": "h"}, {}]}, f"{CREDENTIALS}[1] has no server"),
    ({CREDENTIALS: [{"server": "", "username": "u"}]}, f"{CREDENTIALS}[0].server is empty"),
    ({"vpc_id": ""}, "vpc_id is empty"),
    ({"subnet_id": " "}, "subnet_id is empty"),
    ({"name": ""}, "image_cache_name is empty"),
    ({"name": "web-replacement"}, "image_cache_name ends in '-replacement', which is reserved"),
    ({"id": "imc-1", "name": "web-replacement"}, "image_cache_name ends in '-replacement', which is reserved"),
    ({"id": ""}, "image_cache_id is empty"),
    ({"security_group_ids": ["sg-1", ""]}, "security_group_ids[1] is empty"),
    ({"registry_skip_verify_list": [""]}, "registry_skip_verify_list[0] is empty"),
    ({"resolve_config": ""}, "resolve_config is empty"),
    ({"image_cache_size": 0}, "Invalid image_cache_size: expected 1 or more, got 0"),
    ({"retention_days": -1}, "Invalid retention_days: expected 0 or more, got -1"),
    (
        {"auto_create_eip_attribute": {"delete_policy": "Never", "internet_max_bandwidth_out": 0}},
        "Invalid auto_create_eip_attribute.internet_max_bandwidth_out: expected 1 or more, got 0",
    ),
    ({"auto_create_eip_attribute": {"internet_service_provider": "BGP"}}, "missing required arguments: delete_policy"),
    ({"tags": {"team": {"a": 1}}}, "Invalid tags: 'team' needs a non-empty key and a string, number or boolean value"),
    ({"tags": {"": "a"}}, "Invalid tags: '' needs a non-empty key"),
    ({"tags": {"ansible-build-settings": "x"}}, "ansible-build-settings is reserved. Choose another key"),
    ({"max_age": "a week"}, "Invalid max_age: expected a duration above 0 such as 7d, 12h or 30m, got 'a week'"),
    ({"max_age": "0d"}, "12h or 30m, got '0d'"),
    ({"max_age": 7}, "12h or 30m, got '7'"),
    ({"wait_timeout": -1}, "Invalid wait_timeout: expected 0 s or more, got -1"),
    ({"wait_interval": 0}, "Invalid wait_interval: expected more than 0 s, got 0"),
    ({"api_timeout": 0}, "Invalid api_timeout: expected more than 0"),
    ({"api_retries": -1}, "Invalid api_retries: expected 0 or more, got -1"),
    ({"region": ""}, "region is empty"),
    ({"region": " "}, "region is empty"),
    ({"region": "ap guangzhou"}, "Invalid region: expected a name such as ap-guangzhou, got 'ap guangzhou'"),
    ({"endpoint": "http://tke.tencentcloudapi.com"}, "would send signed requests unencrypted"),
    ({"endpoint": "https://user:word@tke.example.com"}, "contains a user name or password"),
    ({"endpoint": "https://tke.example.com/v2"}, "has a path"),
    ({"endpoint": "ftp://tke.example.com"}, "has a scheme other than https or http"),
    ({"ca_path": "/nowhere/ca.pem"}, "Invalid ca_path: there is no file or directory /nowhere/ca.pem"),
    (
        {"secret_id": "AKIDx"},
        "Incomplete credentials in the options secret_id and secret_key: the secret key is missing",
    ),
    (
        {"secret_key": "onlykey"},
        "Incomplete credentials in the options secret_id and secret_key: the secret ID is missing",
    ),
    ({"secret_id": "AKIDx", "secret_key": "with blank"}, "contains a space, a line break or another invalid character"),
    ({"profile": "../x"}, "Invalid profile: expected the name of a profile, not a path, got '../x'"),
    ({"profile": "nowhere"}, "Profile 'nowhere' was not found. These sources were tried:"),
    ({"role_arn": "deploy"}, "Invalid role_arn: expected qcs::cam::uin/...:roleName/..., got 'deploy'"),
    ({"role_session_name": "a b"}, "Invalid role_session_name: expected 2 to 128 letters"),
    ({"role_duration": 0}, "Invalid role_duration: expected more than 0 and at most 43200 s, got 0"),
    ({"role_external_id": "x"}, "Invalid role_external_id: expected 2 to 128 letters"),
    (
        {"sts_endpoint": "http://sts.tencentcloudapi.com"},
        "Invalid sts_endpoint: 'http://sts.tencentcloudapi.com' would send",
    ),
    ({"metadata_endpoint": "http://a b"}, "Invalid metadata_endpoint: 'http://a b' has no valid host"),
    ({"state": "there"}, "value of state must be one of"),
    ({"langauge": "en-US"}, "Unsupported parameters"),
    ({"image_cache_size": "big"}, "image_cache_size"),
]


def test_invalid_options_are_rejected_before_any_request(emulator: Emulator, processes: ModuleProcesses) -> None:
    for options, expected in INVALID_OPTIONS:
        result = processes.web(**options).result
        assert result.get("failed") is True, (options, result)
        assert expected in result["msg"], (options, result["msg"])
        assert not result.get("changed")
    assert emulator.received == []


def test_invalid_options_fail_tasks_of_a_playbook(emulator: Emulator, controller: Controller) -> None:
    run = controller.play(
        *({MODULE: {**WEB, **options}, "ignore_errors": True} for options, _expected in INVALID_OPTIONS[:4])
    )
    for result, (_options, expected) in zip(run.results, INVALID_OPTIONS):
        assert (result["failed"], result["changed"]) == (True, False)
        assert expected in result["msg"]
    assert emulator.received == []


def test_malformed_images_are_rejected_by_all_modules(emulator: Emulator, controller: Controller) -> None:
    images = ["https://registry.example.com/a:1", "nginx@sha256:abc", "NGINX:1", "nginx:"]
    entries = [{**WEB, "images": ["nginx:1"]}, {**WEB, "name": "b", "images": images}]
    credentials = [{"username": "u", "password": "canary"}]
    tasks: list[dict[str, Any]] = [
        {MODULE: {**WEB, "images": images, CREDENTIALS: credentials}},
        {SET: {"image_caches": entries}},
        {INFO: {"match_images": images}},
        {INFO: {"contains_image": images[0]}},
    ]
    run = controller.play(*({**task, "ignore_errors": True} for task in tasks))
    assert emulator.received == []
    messages = [result["msg"] for result in run.results]
    for message in messages[:3]:
        for number, image in enumerate(images):
            assert f"[{number}]: invalid image reference {image!r}: " in message
    assert f"{CREDENTIALS}[0] has no server" in messages[0]
    assert messages[1].startswith("image_caches[1]: image cache b: images[0]: ")
    assert messages[3].startswith(f"contains_image: invalid image reference {images[0]!r}: it has a scheme")
    assert "canary" not in str(run.results)


def test_images_are_sent_and_returned_as_written(emulator: Emulator, controller: Controller) -> None:
    digest = f"sha256:{'0f' * 32}"
    # The first two are spellings of one image, which the platform may distinguish.
    images = ["nginx:1", "docker.io/library/nginx:1", "localhost:5000/web", f"Registry/web:1@{digest}"]
    run = controller.web(images=images)
    assert run.status == 0, run.output
    assert emulator.region().caches[run.result["image_cache_id"]].declared["Images"] == images
    assert run.result["image_cache"]["images"] == images
    assert controller.web(images=images).result["changed"] is False


def test_missing_name_and_id_are_rejected(emulator: Emulator, controller: Controller) -> None:
    run = controller.task(images=["nginx:1"])
    assert "Neither image_cache_name nor image_cache_id is set" in run.result["msg"]
    assert emulator.received == []


def test_all_invalid_options_are_reported_at_once(controller: Controller) -> None:
    message = controller.web(images=["a:1", "a:1"], vpc_id="", retention_days=-3).result["msg"]
    assert "listed 2 times" in message
    assert "vpc_id is empty" in message
    assert "Invalid retention_days: expected 0 or more, got -3" in message


def test_image_without_a_fixed_tag_gives_a_warning(controller: Controller) -> None:
    digest = "redis@sha256:9f4a2b5c2f0c3f7d1e8b6a5d4c3b2a190f8e7d6c5b4a39281706f5e4d3c2b1a0"
    images = ["nginx", "registry.local:5000/web", "httpd:latest", "busybox:1.36", digest]
    warnings = controller.web("--check", images=images).result["warnings"]
    assert len(warnings) == 3
    for image, warning in zip(images, warnings):
        assert f"image {image!r} has no fixed tag" in warning


def test_missing_region_is_rejected(emulator: Emulator, controller: Controller) -> None:
    del controller.environment["TENCENTCLOUD_REGION"]
    assert "No region is set" in controller.web().result["msg"]
    assert emulator.received == []


def test_empty_region_is_rejected_with_its_option_or_entry(emulator: Emulator, controller: Controller) -> None:
    message = "region is empty. Set it to a region such as ap-guangzhou, or omit it"
    entries = [WEB, {**WEB, "name": "b", "region": "{{ '' }}"}]
    tasks: list[dict[str, Any]] = [
        {MODULE: {**WEB, "region": "{{ '' }}"}},
        {INFO: {"region": ""}},
        {SET: {"image_caches": entries[:1], "region": ""}},
        {SET: {"image_caches": entries}},
    ]
    results = controller.play(*({**task, "ignore_errors": True} for task in tasks)).results
    for result, place in zip(results, ("", "", "", "image_caches[1]: ")):
        assert result["msg"].startswith(place + message)
    assert emulator.received == []


def test_empty_environment_variable_counts_as_not_set(emulator: Emulator, controller: Controller) -> None:
    (controller.folder / ".tccli").mkdir()
    stored = {"_sys_param": {"region": "ap-shanghai"}}
    (controller.folder / ".tccli/default.configure").write_text(json.dumps(stored), encoding="utf-8")
    controller.environment.update(TENCENTCLOUD_REGION="", TENCENTCLOUD_API_TIMEOUT="", TENCENTCLOUD_LANGUAGE="")
    run = controller.web("--check")
    assert run.status == 0, run.output
    assert [request.region for request in emulator.received] == ["ap-shanghai"]
    controller.environment["HOME"] = str(controller.folder / "nowhere")
    assert "No region is set" in controller.web("--check").result["msg"]


def test_missing_credentials_message_lists_every_source(emulator: Emulator, controller: Controller) -> None:
    del controller.environment["TENCENTCLOUD_SECRET_ID"], controller.environment["TENCENTCLOUD_SECRET_KEY"]
    message, home = controller.web().result["msg"], controller.folder
    ini = f"{home}/.tencentcloud/credentials or /etc/tencentcloud/credentials"
    pod = "TKE_REGION, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE, TKE_ROLE_ARN"
    assert message.splitlines() == [
        "No credentials were found. Set them in one of these sources, which were tried:",
        "- the options secret_id and secret_key: not set",
        "- the environment variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY: not set",
        f"- the credentials of tccli in {home}/.tccli/default.credential: no such file",
        f"- section [default] in {ini}: no such file",
        f"- the identity of the Pod in the variables {pod}: not set",
        "- the instance role at the metadata service 127.0.0.1:9: cannot connect: Connection refused",
    ]
    assert emulator.received == []
