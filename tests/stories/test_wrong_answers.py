# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invalid and hostile answers of the service, through the real ansible-playbook, give readable messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

from emulator import REGIONS, Emulator, Fault

from .caches import LIST
from .controller import INFO, MODULE, PRUNE, WEB, Controller

CONTROL_CHARACTERS = "\x1b[2J\x1b]0;owned\x07\x9b31m"
TEMPLATE = "{{ lookup('pipe', 'touch ran') }}"
CACHE = {
    "ImageCacheId": "imc-00000001",
    "ImageCacheName": "web",
    "Images": ["nginx:1.27.3"],
    "ImageCacheSize": 20,
    "Status": "Ready",
    "CreationTime": "2026-03-30 07:03:35 +0000 UTC",
    "LastMatchedTime": "",
    "RetentionDays": 0,
    "Events": [],
    "ImageCacheType": "manual",
}


def listing(*caches: Any, total: Any = None, raw: str = "") -> bytes:
    """Return the body of a listing in which C(raw) replaces the text RAW."""
    response = {"TotalCount": len(caches) if total is None else total, "ImageCaches": caches, "RequestId": "r-1"}
    return json.dumps({"Response": response}).replace('"RAW"', raw).encode()


def listing_with(**fields: Any) -> bytes:
    """Return a listing of one cache with other values in some fields."""
    return listing({**CACHE, **fields})


def event(message: Any) -> dict[str, Any]:
    return {"Type": "Warning", "Reason": CONTROL_CHARACTERS, "Message": message, "LastTimestamp": "soon"}


# The module, its options, the listing, and a part of the failure's message, or None if the task succeeds.
CASES: list[tuple[str, dict[str, Any], bytes, Optional[str]]] = [
    (
        MODULE,
        {**WEB, "recreate_failed": False},
        listing_with(Status="Failed", Events=[event(f"no space left {CONTROL_CHARACTERS} {TEMPLATE}"), 7]),
        "no space left \\x1b",
    ),
    (
        MODULE,
        {**WEB, "wait_timeout": 1},
        listing_with(Status=CONTROL_CHARACTERS, Events=[event(CONTROL_CHARACTERS)]),
        "is \\x1b[2J",
    ),
    (MODULE, WEB, listing({**CACHE, "Shiny": "RAW"}, raw="[" * 90000 + "]" * 90000), "not an API response"),
    (MODULE, WEB, listing({**CACHE, "ImageCacheSize": "RAW"}, raw="9" * 6000), "not an API response"),
    (MODULE, WEB, listing({**CACHE, "Tags": "RAW"}, raw="NaN"), "not an API response"),
    (MODULE, WEB, listing({**CACHE, "ImageCacheId": ""}), "the response has no valid ImageCaches"),
    (
        MODULE,
        WEB,
        listing(*[{**CACHE, "ImageCacheId": f"imc-{CONTROL_CHARACTERS}{n}"} for n in range(50)]),
        "50 image caches are named",
    ),
    (MODULE, WEB, b'{"Response": {"Error": {"Code": "", "Message": "' + b"x" * 10**6 + b'"}}}', "failed: xxx"),
    (MODULE, WEB, b'{"Response": {"Error": [["odd"]]}}', "an error without a code"),
    (MODULE, WEB, listing_with(Images={"a": 1}, Tags=7, Events="x", ImageCacheSize="20", CreationTime=[]), None),
    (INFO, {}, listing_with(ImageCacheName="\ud800", Images=[TEMPLATE], SnapshotId={"a": [1]}, Shiny=[{}]), None),
    (INFO, {}, listing_with(ImageCacheName=CONTROL_CHARACTERS), None),
    (
        PRUNE,
        {"older_than": "1d"},
        listing(*[{**CACHE, "ImageCacheId": f"imc-{CONTROL_CHARACTERS}{n}"} for n in range(11)]),
        "imc-\\x1b",
    ),
]


def test_wrong_answers_give_plain_messages_without_control_characters(
    emulator: Emulator, controller: Controller, tmp_path: Path
) -> None:
    tasks = []
    for number, (module, options, body, _message) in enumerate(CASES):
        region = REGIONS[number]
        emulator.faults.append(Fault.garbled(body, LIST, region=region, times=10**6))
        tasks.append({module: {**options, "region": region, "api_retries": 1}, "ignore_errors": True})
    run = controller.play(*tasks, arguments=("--diff",))
    assert len(run.results) == len(CASES), run.output
    for result, (_module, _options, _body, message) in zip(run.results, CASES):
        assert result.get("failed", False) is (message is not None), result
        assert message is None or message in result["msg"], result["msg"]
        assert len(result.get("msg", "")) < 10000
    for sign in ("Traceback", "Internal error", "\x1b", "\x07", "\x9b"):
        assert sign not in run.output, run.output
    # Text from a listing is returned unchanged and never evaluated as a template.
    assert run.results[-2]["image_caches"][0]["image_cache_name"] == CONTROL_CHARACTERS
    assert run.results[-3]["image_caches"][0]["images"] == [TEMPLATE]
    assert not list(tmp_path.rglob("ran"))
    assert set(emulator.calls()) == {LIST}


def test_prune_diff_escapes_control_characters_of_names(emulator: Emulator, controller: Controller) -> None:
    names = (f"a{CONTROL_CHARACTERS}", "b\nimc-2  fine", "c\u202e", "d" * 100000)
    caches = [{**CACHE, "ImageCacheId": f"imc-{n}", "ImageCacheName": name} for n, name in enumerate(names)]
    emulator.faults.append(Fault.garbled(listing(*caches), LIST, times=10**6))
    run = controller.play({PRUNE: {"older_than": "1d"}}, arguments=("--check", "--diff"))
    assert run.status == 0, run.output
    lines = run.result["diff"]["before"].splitlines()
    assert len(lines) == 4
    assert "  a\\x1b[2J\\x1b]0;owned\\x07\\x9b31m  " in lines[0]
    assert "  b\\nimc-2  fine  " in lines[1]
    assert "  c\\u202e  " in lines[2]
    assert max(map(len, lines)) < 2000
    assert "\x1b" not in run.output
    assert [cache["image_cache_name"] for cache in run.result["deleted"]] == list(names)
