# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unusual option values are either refused before any request, or sent and returned unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from emulator import REGIONS, Emulator

from .caches import CREATE
from .controller import INFO, MODULE, WEB, Controller
from .processes import ModuleProcesses

CREDENTIALS = "image_registry_credentials"
ACCEPTED_TEXTS = [
    "\x1b[2Jweb\x1b]0;owned\x07",
    "we\"b'`$(touch ran); &|<>",
    "{{ lookup('pipe', 'touch ran') }} {% raw %} #}",
    "x" * 20000,
    "a\\b/../../c%2e%2e",
    "镜像🎉é",
    "\u202egnp\u200b",
    "tab\tline\r\nend",
    "nul\x00in it",
    "0123",
    "null",
]
# Ansible itself fails if this is the value of a plain option; see test_sanitize.py.
LONE_SURROGATE = "half\ud83d"
REFUSED_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"images": ["nginx:1", LONE_SURROGATE]}, "images[1] is not valid Unicode"),
    (
        {"images": ["nginx:1\x1b[2J\n"]},
        "images[0]: invalid image reference 'nginx:1\\x1b[2J\\n': it contains whitespace",
    ),
    ({"images": ["\u202egnp"]}, "'\\u202egnp' is not a valid repository name"),
    ({"images": ["a/" * 10000]}, "it has 20000 characters"),
    ({"images": ["a/" * 2000]}, "is not a valid repository name"),
    ({"tags": {LONE_SURROGATE: "a"}}, "needs a non-empty key and a string, number or boolean value"),
    ({"tags": {"a": LONE_SURROGATE}}, "Invalid tags: 'a' needs a non-empty key and a string, number or boolean value"),
    ({CREDENTIALS: [{"server": LONE_SURROGATE}]}, f"{CREDENTIALS}[0].server is not valid Unicode"),
    (
        {CREDENTIALS: [{"server": "h", "password": f"canary{LONE_SURROGATE}"}]},
        f"{CREDENTIALS}[0].password is not valid Unicode",
    ),
    ({CREDENTIALS: [{"server": "\x1b://"}]}, "server '\\x1b://' has a scheme"),
    ({"auto_create_eip_attribute": {"delete_policy": LONE_SURROGATE}}, "delete_policy is not valid Unicode"),
    ({"image_cache_size": "20 GiB"}, "image_cache_size"),
    ({"retention_days": 1.5}, "retention_days"),
    ({"wait_timeout": 10**400}, "Invalid wait_timeout: expected at most 100000000 s"),
    ({"wait_interval": "nan"}, "Invalid wait_interval: expected more than 0 s, got nan"),
    ({"api_timeout": "inf"}, "got inf"),
    ({"region": "ap-guangzhou\r\nX-TC-Action: DeleteImageCaches"}, "Invalid region: expected a name"),
    ({"region": "../x"}, "Invalid region: expected a name such as ap-guangzhou, got '../x'"),
    ({"endpoint": f"https://{'a' * 70}.com"}, "has no valid host"),
    ({"endpoint": f"https://{'a.' * 130}com"}, "has no valid host"),
    ({"endpoint": "https://a..b"}, "has no valid host"),
    (
        {"endpoint": "https://tke\n.example.com"},
        "Invalid endpoint: 'https://tke\\n.example.com' contains a character that is not allowed in a URL",
    ),
    ({"endpoint": "https://tke.example.com\x00"}, "contains a character that is not allowed in a URL"),
    ({"endpoint": "https://例え.jp"}, "has no valid host"),
    ({"ca_path": "/tmp/a\x00b"}, "Invalid ca_path: there is no file or directory /tmp/a\\x00b"),
    ({"ca_path": f"/{'a' * 5000}"}, "Invalid ca_path: there is no file or directory"),
    ({"ca_path": "/nowhere/\x1b[2J"}, "Invalid ca_path: there is no file or directory /nowhere/\\x1b[2J"),
    ({"secret_id": "AKID\r\nHost: x", "secret_key": "k"}, "another invalid character"),
    ({"max_age": "9" * 50 + "\x1b"}, "\\x1b'."),
]
PROFILES = [
    "../x",
    "a/b",
    "/etc/passwd",
    "nul\x00",
    ".",
    "..",
    "...",
    "a\\b",
    "c:d",
    "x" * 300,
    "\u202ex",
    "a\nb",
]
# Prints the files that the modules open or look for, as reported by Python's audit events.
FILE_WATCHER = """
import json, os, sys
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection, _run
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
params = {name: entry.get("default") for name, entry in _run.image_cache_spec(lambda *a: None).items()}
touched = []
stat = os.stat
def watched(path, *args, **kwargs):
    touched.append(str(path))
    return stat(path, *args, **kwargs)
def connect(profile):
    params["profile"] = profile
    for region in (None, "ap-guangzhou"):
        try:
            known = region or _connection.region_of(params)
            _connection.connect(params, [known], ansible_version="2.19", check_mode=False, clock=Clock())
        except InvalidInput:
            pass
connect("warm-up")
sys.addaudithook(lambda event, args: touched.append(str(args[0])) if event in ("open", "os.listdir") else None)
os.stat = watched
for profile in json.loads(sys.argv[1]):
    connect(profile)
os.stat = stat
print(json.dumps(sorted(set(touched))))
"""


# As with no_target_syslog in the configuration of Ansible: from Python 3.12 on, the system log takes no NUL.
NOT_LOGGED = {"_ansible_no_log": True}


def test_unusual_text_is_sent_and_returned_unchanged(
    emulator: Emulator, processes: ModuleProcesses, tmp_path: Path
) -> None:
    for number, text in enumerate(ACCEPTED_TEXTS):
        region = REGIONS[number]
        credential = {"server": f"h{text}", "username": f"u{text}", "password": f"p{text}p"}
        options = {**WEB, "region": region, "name": text, "tags": {text: f"v{text}"}, CREDENTIALS: [credential]}
        result = processes.task(**{**options, "resolve_config": text, **NOT_LOGGED}).result
        assert result["failed"] is False, result["msg"]
        (sent,) = [
            received.parameters
            for received in emulator.received
            if (received.region, received.action) == (region, CREATE)
        ]
        assert (sent["ImageCacheName"], sent["ResolveConfig"]) == (text, text)
        assert sent["Tags"] == [{"Key": text, "Value": f"v{text}"}]
        assert sent["ImageRegistryCredentials"] == [{key.title(): value for key, value in credential.items()}]
        cache = result["image_cache"]
        assert (cache["image_cache_name"], cache["tags"]) == (text, {text: f"v{text}"})
        assert cache[CREDENTIALS] == [{"server": f"h{text}", "username": f"u{text}", "name": None}]
        again = processes.task(**options, **NOT_LOGGED).result
        assert (again["failed"], again["changed"]) == (False, False)
        shown = processes.info(region=region, image_cache_names=[text], **NOT_LOGGED).result["image_caches"]
        assert [one["image_cache_name"] for one in shown] == [text]
    assert not list(tmp_path.rglob("ran"))


def test_thousand_images_and_tags_are_accepted(emulator: Emulator, processes: ModuleProcesses) -> None:
    images = [f"registry.example.com/team/image-{number}:1" for number in range(1000)]
    tags = {f"key-{number}": str(number) for number in range(1000)}
    result = processes.web(images=images, tags=tags).result
    assert result["failed"] is False, result["msg"]
    assert (result["image_cache"]["images"], result["image_cache"]["tags"]) == (images, tags)


def test_numbers_given_as_text_are_converted(emulator: Emulator, processes: ModuleProcesses) -> None:
    result = processes.web(image_cache_size="50", retention_days="007", tags={"a": 1, "b": True, "c": 1.5}).result
    assert result["failed"] is False, result["msg"]
    cache = result["image_cache"]
    assert (cache["image_cache_size"], cache["retention_days"]) == (50, 7)
    assert cache["tags"] == {"a": "1", "b": "true", "c": "1.5"}


def test_invalid_options_are_refused_before_any_request(emulator: Emulator, processes: ModuleProcesses) -> None:
    profiles = [({"profile": name}, "Invalid profile: expected the name of a profile, not a path") for name in PROFILES]
    for options, message in [*REFUSED_OPTIONS, *profiles]:
        result = processes.web(**options, **NOT_LOGGED).result
        assert result["failed"] is True, options
        assert message in result["msg"], (options, result["msg"])
        assert result["msg"].replace("\n", "").isprintable(), options
        assert "canary" not in str(result)
        assert "Traceback" not in str(result)
    for module, options in (
        ("info", {"image_cache_names": [LONE_SURROGATE]}),
        ("info", {"match_images": [LONE_SURROGATE]}),
    ):
        result = getattr(processes, module)(**options).result
        assert "[0] is not valid Unicode" in result["msg"]
    assert emulator.received == []


def test_profile_name_cannot_lead_to_other_files(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".tccli").mkdir(parents=True)
    for path in ("x.credential", "x.configure", ".tccli.credential", ".tccli/..credential"):
        (home / path).write_text('{"secretId": "AKIDstray", "secretKey": "k"}', encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TENCENTCLOUD_")}
    run = subprocess.run(
        [sys.executable, "-c", FILE_WATCHER, json.dumps([*PROFILES, "fine", "", "x"])],
        env={**environment, "HOME": str(home), "TENCENTCLOUD_METADATA_ENDPOINT": "http://127.0.0.1:9"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    touched = [Path(path) for path in json.loads(run.stdout)]
    allowed = {home / ".tccli", home / ".tencentcloud", Path("/etc/tencentcloud")}
    credential_files = [
        path for path in touched if not str(path).endswith((".py", ".pyc")) and "python" not in str(path)
    ]
    assert {path.parent for path in credential_files} <= allowed, credential_files
    names = {f"{name}.{end}" for name in ("fine", "x", "default") for end in ("credential", "configure")}
    assert {path.name for path in credential_files} <= names | {"credentials"}
    assert home / ".tccli" / "fine.credential" in credential_files


def test_playbook_prints_no_control_characters(emulator: Emulator, controller: Controller) -> None:
    texts = [ACCEPTED_TEXTS[0], ACCEPTED_TEXTS[1], ACCEPTED_TEXTS[5], ACCEPTED_TEXTS[7]]
    run = controller.play(
        *({MODULE: {**WEB, "name": text, "tags": {text: text}, "region": REGIONS[n]}} for n, text in enumerate(texts)),
        {MODULE: {**WEB, "profile": "../x"}, "ignore_errors": True},
        {MODULE: {**WEB, "endpoint": f"https://{'a' * 70}.com"}, "ignore_errors": True},
        {INFO: {"image_cache_ids": ["\x1b[2J"]}},
        {MODULE: {**WEB, "state": "absent", "name": ACCEPTED_TEXTS[0], "region": REGIONS[0]}},
        arguments=("--diff",),
    )
    assert len(run.results) == len(texts) + 4, run.output
    for result, text in zip(run.results, texts):
        assert result["failed"] is False, run.output
        assert (result["image_cache"]["image_cache_name"], result["image_cache"]["tags"]) == (text, {text: text})
    assert "Invalid profile: expected the name of a profile, not a path, got '../x'" in run.results[4]["msg"]
    assert "has no valid host" in run.results[5]["msg"]
    for sign in ("Traceback", "\x1b", "\x07"):
        assert sign not in run.output, run.output
