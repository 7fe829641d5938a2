# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry_image_info module: images that exist or not, their digests and sizes, and what can go wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from emulator.registry import Registry
from emulator.registry_faults import Reply, fail
from unit.support.registry_access import pusher_to
from unit.support.registry_images import Pusher, gzip_layer, large_layer, zstd_layer

from .controller import MODULE, REGISTRY_INFO, WEB, Controller, Run
from .processes import ModuleProcesses
from .test_secrets import encodings

PASSWORD = 'canary"pass/Vy6+'
GIB = 1 << 30
WAYS = pytest.mark.parametrize("in_process", [True, False], ids=["in process", "as a module"])


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry that issues tokens for the right password."""
    registry = Registry("token")
    registry.password = PASSWORD
    registry.start()
    yield registry
    registry.stop()


@pytest.fixture
def pusher(registry: Registry) -> Pusher:
    return pusher_to(registry)


def options_for(registry: Registry, *images: str, **options: Any) -> dict[str, Any]:
    """Return the options that look up images of a registry, given without its host."""
    entry = {"server": registry.host, "username": registry.username, "password": registry.password}
    access = {"image_registry_credentials": [entry], "registry_http_end_point_list": [registry.host]}
    return {"images": [f"{registry.host}/{image}" for image in images], "api_retries": 1, **access, **options}


def choose_process(in_process: bool) -> tuple[str, str]:
    """Return the arguments that choose where tasks run."""
    return "-e", json.dumps({"tencentcloud_tke_in_process": in_process})


def images_of(run: Run) -> list[dict[str, Any]]:
    """Return the images of a run that did not fail."""
    assert run.status == 0, run.output
    assert run.result["changed"] is False
    images: list[dict[str, Any]] = run.result["images"]
    return images


@WAYS
def test_existing_and_missing_image_are_returned_in_the_given_order(
    registry: Registry, pusher: Pusher, controller: Controller, in_process: bool
) -> None:
    layers = {"linux/amd64": [gzip_layer(100000), zstd_layer()], "linux/arm64": [gzip_layer(50)]}
    digest = pusher.push_index("shop/web", "1.4.2", layers, attest=True)
    options = options_for(registry, "shop/web:1.4.3", "shop/web:1.4.2")
    run = controller.play({REGISTRY_INFO: options}, arguments=choose_process(in_process))
    missing, found = images_of(run)
    assert (missing["exists"], missing["digest"], missing["pinned"], missing["compressed_bytes"]) == (
        False,
        *[None] * 3,
    )
    assert (missing["error"]["code"], missing["error"]["retryable"]) == ("MANIFEST_UNKNOWN", False)
    assert missing["error"]["message"].startswith(
        f"image {registry.host}/shop/web:1.4.3 does not exist in registry {registry.host}: "
    )
    assert found["platform_digest"] not in (None, digest)
    assert found == {
        "image": f"{registry.host}/shop/web:1.4.2",
        "registry": registry.host,
        "repository": "shop/web",
        "tag": "1.4.2",
        "digest": digest,
        "platform_digest": found["platform_digest"],
        "pinned": f"{registry.host}/shop/web:1.4.2@{digest}",
        # The attestation is not a platform.
        "platforms": ["linux/amd64", "linux/arm64"],
        "compressed_bytes": sum(len(layer.body) for layer in layers["linux/amd64"]),
        "unpacked_bytes": sum(layer.unpacked for layer in layers["linux/amd64"]),
        "exists": True,
        "error": None,
    }
    # The sizes of all images together are not known.
    assert [run.result[key] for key in ("compressed_bytes", "unpacked_bytes", "recommended_size")] == [None] * 3


def test_shared_layers_are_counted_and_read_once(
    registry: Registry, pusher: Pusher, processes: ModuleProcesses
) -> None:
    base, web, api = gzip_layer(200000), gzip_layer(1000, b"w"), gzip_layer(3000, b"a")
    pusher.push_image("shop/web", "1", [base, web])
    pusher.push_image("shop/api", "1", [base, api])
    registry.received.clear()
    run = processes.registry(**options_for(registry, "shop/web:1", "shop/api:1", "shop/web:1"))
    first, second, again = images_of(run)
    assert first == again
    assert first["unpacked_bytes"] == base.unpacked + web.unpacked
    assert second["unpacked_bytes"] == base.unpacked + api.unpacked
    assert run.result["compressed_bytes"] == sum(len(layer.body) for layer in (base, web, api))
    assert run.result["unpacked_bytes"] == sum(layer.unpacked for layer in (base, web, api))
    assert run.result["recommended_size"] == 20
    accepted = [
        request for request in registry.received if "Range" in request.headers and request.service == "registry"
    ]
    assert len({request.path.rpartition("/")[2] for request in accepted}) == 3
    assert len([request for request in accepted if request.headers.get("Authorization")]) == 3


def test_wrong_password_is_the_error_of_its_image(
    registry: Registry, pusher: Pusher, processes: ModuleProcesses
) -> None:
    pusher.push_image("shop/web", "1", [gzip_layer()])
    entry = {"server": registry.host, "username": registry.username, "password": "wrong"}
    for credentials, code, words in (
        ([entry], "CredentialsRefused", f"Check the entry for {registry.host} in image_registry_credentials"),
        ([], "NotFoundOrNotAllowed", f"add credentials for {registry.host} to image_registry_credentials"),
    ):
        options = options_for(registry, "shop/web:1", image_registry_credentials=credentials)
        (image,) = images_of(processes.registry(**options))
        assert (image["exists"], image["error"]["code"], image["error"]["retryable"]) == (None, code, False)
        assert words in image["error"]["message"]


def test_image_for_another_platform_exists_with_an_error(
    registry: Registry, pusher: Pusher, processes: ModuleProcesses
) -> None:
    layer = gzip_layer()
    pusher.push_index("shop/arm", "1", {"linux/arm64/v8": [layer]})
    (image,) = images_of(processes.registry(**options_for(registry, "shop/arm:1")))
    assert (image["exists"], image["platform_digest"], image["compressed_bytes"]) == (True, None, None)
    assert (image["error"]["code"], image["platforms"]) == ("PlatformMissing", ["linux/arm64/v8"])
    assert image["pinned"] is not None
    for platform in ("linux/arm64", "linux/arm64/v8"):
        (image,) = images_of(processes.registry(**options_for(registry, "shop/arm:1", platform=platform)))
        assert (image["error"], image["compressed_bytes"]) == (None, len(layer.body))


def test_failing_registry_is_a_retryable_error(registry: Registry, processes: ModuleProcesses) -> None:
    registry.faults.append(fail(503))
    unreachable = "127.0.0.1:9/shop/web:1"
    options = options_for(registry, "shop/web:1")
    options["images"].append(unreachable)
    options["registry_http_end_point_list"].append("127.0.0.1:9")
    down, closed = images_of(processes.registry(**options))
    assert (down["exists"], down["error"]["code"], down["error"]["retryable"]) == (None, "RegistryFailure", True)
    assert (closed["exists"], closed["error"]["code"], closed["error"]["retryable"]) == (None, "ConnectionFailed", True)


def test_recommended_size_and_pinned_images_are_used_for_a_cache(
    registry: Registry, pusher: Pusher, controller: Controller
) -> None:
    pusher.push_image("shop/model", "1", [large_layer(30 * GIB)])
    digest = pusher.push_image("shop/web", "1", [gzip_layer()])
    cache = {
        **{key: value for key, value in WEB.items() if key != "images"},
        "images": "{{ found.images | map(attribute='pinned') }}",
        "image_cache_size": "{{ found.recommended_size }}",
    }
    run = controller.play(
        {REGISTRY_INFO: options_for(registry, "shop/model:1", "shop/web:1"), "register": "found"},
        {
            "ansible.builtin.assert": {
                "that": "found.images | selectattr('error') | length == 0",
                "fail_msg": "{{ found.images | selectattr('error') | map(attribute='error.message') | join(' ') }}",
            }
        },
        {MODULE: cache},
    )
    assert run.status == 0, run.output
    created = run.results[2]["image_cache"]
    # 30 GiB and the other image, and a fifth of both, rounded up.
    assert (created["status"], created["image_cache_size"]) == ("Ready", 37)
    assert created["images"][1] == f"{registry.host}/shop/web:1@{digest}"


def test_check_mode_async_and_module_defaults_give_the_same_result(
    registry: Registry, pusher: Pusher, controller: Controller
) -> None:
    pusher.push_image("shop/web", "1", [gzip_layer()])
    options = options_for(registry, "shop/web:1")
    shared = {name: options.pop(name) for name in ("registry_http_end_point_list", "api_retries")}
    run = controller.play(
        {REGISTRY_INFO: options},
        {REGISTRY_INFO: options, "check_mode": True},
        {
            REGISTRY_INFO: options,
            "async": 60,
            "poll": 1,
            "vars": {"ansible_async_dir": str(controller.folder / "async")},
        },
        module_defaults={"group/tencentcloud.tke.all": shared},
    )
    assert run.status == 0, run.output
    assert [result["images"][0]["exists"] for result in run.results] == [True] * 3
    assert [result["changed"] for result in run.results] == [False] * 3
    assert run.results[0]["images"] == run.results[1]["images"] == run.results[2]["images"]


def test_ad_hoc_command_reports_progress_on_stderr(registry: Registry, pusher: Pusher, controller: Controller) -> None:
    pusher.push_image("shop/web", "1", [gzip_layer()])
    # Neither keys nor a region are needed.
    for name in [name for name in controller.environment if name.startswith("TENCENTCLOUD_")]:
        controller.environment.pop(name)
    arguments = ("ansible", "localhost", "-m", REGISTRY_INFO, "-a", json.dumps(options_for(registry, "shop/web:1")))
    run = controller.run(*arguments, separate=True)
    assert run.status == 0, run.output + run.errors
    assert "recommended_size: 20" in run.output
    if controller.way == "usual":
        assert "[localhost] registries, 0 s: 0 of 1 images looked up" in run.errors
    assert "looked up" not in run.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": []}, "images is an empty list. Set at least one image."),
        ({"images": ["a:1", ""]}, "images[1] is empty. Set a value or omit it."),
        ({"images": ["https://example.com/a:1"]}, "it has a scheme. Use 'example.com/a:1'"),
        ({"images": ["example.com/A:1"]}, "has upper-case letters"),
        ({"platform": "amd64"}, "Invalid platform: expected os/architecture or os/architecture/variant"),
        ({"platform": ""}, "Invalid platform: expected "),
        ({"image_registry_credentials": [{"username": "u"}]}, "image_registry_credentials[0] has no server."),
        ({"image_registry_credentials": [{"server": "https://h"}]}, "server 'https://h' has a scheme."),
        ({"image_registry_credentials": [{"server": "h", "password": ""}]}, ".password is empty."),
        ({"registry_http_end_point_list": [""]}, "registry_http_end_point_list[0] is empty."),
        ({"registry_skip_verify_list": [" "]}, "registry_skip_verify_list[0] is empty."),
        ({"api_timeout": 0}, "Invalid api_timeout: expected more than 0"),
        ({"api_retries": -1}, "Invalid api_retries: expected 0 or more"),
        ({"ca_path": "/no/such/file"}, "Invalid ca_path: there is no file or directory /no/such/file."),
    ],
)
def test_invalid_input_fails_before_any_request(
    registry: Registry, processes: ModuleProcesses, options: dict[str, Any], message: str
) -> None:
    run = processes.registry(**options_for(registry, "shop/web:1", **options))
    assert run.status == 1
    assert message in run.result["msg"]
    assert "images" not in run.result
    assert registry.received == []


def test_environment_variables_set_the_request_options(registry: Registry, controller: Controller) -> None:
    controller.environment["TENCENTCLOUD_API_RETRIES"] = "-2"
    options = options_for(registry, "shop/web:1")
    del options["api_retries"]
    run = controller.play({REGISTRY_INFO: options})
    assert run.result["msg"] == "Invalid api_retries: expected 0 or more, got -2."


@WAYS
def test_no_registry_password_is_in_any_output_or_file(
    registry: Registry, pusher: Pusher, controller: Controller, in_process: bool
) -> None:
    pusher.push_image("shop/web", "1", [gzip_layer()])
    given = options_for(registry, "shop/web:1")
    # The values come from a variables file because Ansible prints the source of a task that fails.
    variables = controller.folder / "variables.yml"
    variables.write_text(json.dumps({"canary": given}), encoding="utf-8")
    task = {name: "{{ canary." + name + " }}" for name in given}
    password = "{{ canary.image_registry_credentials[0].password }}"
    elsewhere = "{{ canary.image_registry_credentials | map('combine', {'username': 'nobody'}) }}"

    def echo_password(reply: Reply) -> None:
        if "spoilt" in reply.path:
            reply.status, reply.body = 403, " ".join(encodings(PASSWORD)).encode()

    registry.faults.append(echo_password)
    run = controller.play(
        {REGISTRY_INFO: task},
        {REGISTRY_INFO: {**task, "image_registry_credentials": elsewhere}},
        {REGISTRY_INFO: {**task, "images": [f"{registry.host}/shop/spoilt:1"]}},
        {REGISTRY_INFO: {**task, "platform": password}, "ignore_errors": True},
        {REGISTRY_INFO: {**task, "nonsense": 1}, "ignore_errors": True},
        arguments=("-vvvv", "--diff", "-e", f"@{variables}", *choose_process(in_process)),
    )
    assert run.status == 0, run.output[-3000:]
    assert [result["images"][0]["exists"] for result in run.results[:2]] == [True, None]
    remaining = [path for path in controller.folder.rglob("*") if path.is_file()]
    everything = {str(path): path.read_text("utf-8", "replace") for path in remaining if path.name not in OWN_FILES}
    for where, text in {**everything, "output": run.output}.items():
        assert not [word for word in encodings(PASSWORD) if word in text], where


# The files that the story itself writes.
OWN_FILES = ("variables.yml", "playbook.yml")
