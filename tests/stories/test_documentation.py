# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RETURN documents every key that a module returns, and no other; its samples are what real runs return."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from emulator import BuildFailure, Emulator, Fault

from .caches import CREATE, DELETE, LIST, create_cache, create_cache_of_age
from .controller import ROOT, Controller
from .examples import documentation
from .processes import ModuleProcesses

# What Ansible itself documents.
ANSIBLES = {"changed", "failed", "msg", "warnings", "invocation", "diff", "exception"}
MODULES = ("image_cache", "image_cache_set", "image_cache_info", "image_cache_prune")
TYPES: Mapping[str, Any] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
    "list": list,
    "dict": dict,
}
# What has the keys of another part, as its description says.
AS_ELSEWHERE = {
    "recovered_failure": "build_failure",
    "match.image_cache": "image_caches",
}
DENIED = "You are not authorized to perform operation (tke:{})."
WEB: dict[str, Any] = {
    "name": "web",
    "images": ["nginx:1.27.3", "redis:7.4.1"],
    "vpc_id": "vpc-508ctkfb",
    "subnet_id": "subnet-8ah75lo8",
    "image_cache_size": 50,
    "retention_days": 90,
    "auto_create_eip": True,
    "tags": {"team": "web"},
    "wait_interval": 0.1,
}

LOGIN = [{"name": "harbor", "server": "harbor.example.com", "username": "puller", "password": "canary"}]


def returned(module: str) -> dict[str, Any]:
    """Return what a module documents to return, a path of keys each: C(image_cache.tags), a list like its elements."""
    documented: dict[str, Any] = yaml.safe_load(documentation(ROOT / f"plugins/modules/{module}.py", "RETURN"))
    rows = dict(flat(documented))
    for path, other in AS_ELSEWHERE.items():
        if path in rows:
            rows = {**{f"{path}.{key}": row for key, row in flat(documented[other]["contains"])}, **rows}
    if module == "image_cache_set":
        inner = {f"image_caches.{path}": row for path, row in returned("image_cache").items()}
        rows = {**inner, **rows}
    return rows


def flat(documented: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, row in documented.items():
        yield f"{prefix}{key}", row
        yield from flat(row.get("contains", {}), f"{prefix}{key}.")


def values(result: Mapping[str, Any], rows: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of all that a result has, down to what is documented as a whole."""
    for key, value in result.items():
        path = f"{prefix}{key}"
        yield path, value
        deeper = any(row.startswith(f"{path}.") for row in rows)
        for element in value if isinstance(value, list) else [value]:
            if deeper and isinstance(element, dict):
                yield from values(element, rows, f"{path}.")


def image_cache(emulator: Emulator, processes: ModuleProcesses) -> Iterator[Any]:
    """Yield results of the module, each with what its sample shows."""
    yield processes.task(**WEB), ("image_cache", "image_cache_id", "request_id")
    yield processes.task(**{**WEB, "images": ["nginx:1.27.4"], "image_registry_credentials": LOGIN}), ("actions",)
    yield processes.task(**{**WEB, "images": ["nginx:1.27.5"], "on_change": "replace"}), ("replaced",)
    emulator.settings.failures = [BuildFailure("nginx:1.99")]
    broken = {**WEB, "name": "broken", "images": ["nginx:1.99"]}
    yield processes.task(**broken), ("build_failure",)
    emulator.settings.failures = []
    yield processes.task(**broken), ("recovered_failure",)
    emulator.faults.append(denied(CREATE))
    yield processes.task(**{**WEB, "name": "denied"}), ("error",)
    yield processes.task(name="web", state="absent"), ()


def image_cache_set(emulator: Emulator, processes: ModuleProcesses) -> Iterator[Any]:
    """Likewise for many."""
    for number in range(97):
        create_cache(emulator, ImageCacheName=f"cache-{number}")
    create_cache(emulator, ImageCacheName="queue")
    beside = {key: value for key, value in WEB.items() if key not in ("name", "images")}
    as_they_are = {"image_cache_size": 20, "tags": {}, "retention_days": 0}
    entries = [
        {"name": "web", "images": ["nginx:1.27.3"], "image_registry_credentials": LOGIN},
        {"name": "shop", "images": ["nginx:1.27.3"]},
        {"name": "queue", "images": ["redis:7.4.1"], "on_change": "replace"},
        *({"name": f"cache-{number}", "state": "absent"} for number in range(2)),
        *({"name": f"cache-{number}", **as_they_are} for number in range(2, 97)),
    ]
    yield processes.set(**beside, image_caches=entries), ("image_caches", "summary")
    emulator.settings.failures = [BuildFailure("nginx:1.99")]
    broken = [{"name": "broken", "images": ["nginx:1.99"]}]
    yield processes.set(**beside, image_caches=broken), ()
    emulator.settings.failures = []
    yield processes.set(**beside, image_caches=broken), ()
    emulator.faults.append(denied(CREATE))
    yield processes.set(**beside, image_caches=[{"name": "denied", "images": ["nginx:1"]}]), ()


def image_cache_info(emulator: Emulator, processes: ModuleProcesses) -> Iterator[Any]:
    """Likewise for the one that lists."""
    images = ["nginx:1.27.3", "redis:7.4.1"]
    login = [{"Name": "harbor", "Server": "harbor.example.com", "Username": "puller", "Password": "canary"}]
    declared = {"Images": images, "ImageCacheSize": 50, "Tags": [{"Key": "team", "Value": "web"}]}
    create_cache_of_age(emulator, 12.5, 0.09, ImageRegistryCredentials=login, **declared)
    yield processes.info(match_images=images), ("image_caches", "match")
    emulator.faults.append(denied(LIST))
    yield processes.info(), ("error",)


def image_cache_prune(emulator: Emulator, processes: ModuleProcesses) -> Iterator[Any]:
    """Likewise for the one that prunes."""
    create_cache_of_age(emulator, 41.2, ImageCacheName="ci-4711", Images=["registry.example.com/shop:4711"])
    create_cache_of_age(emulator, 41.2, 1.01, ImageCacheSize=50, Tags=[{"Key": "team", "Value": "web"}])
    yield processes.prune(unmatched_for="30d"), ("deleted", "kept", "freed_gib", "request_id")
    create_cache_of_age(emulator, 38.4, ImageCacheName="ci-4712")
    emulator.faults.append(denied(DELETE))
    yield processes.prune(unmatched_for="30d"), ("error",)


RUNS = {run.__name__: run for run in (image_cache, image_cache_set, image_cache_info, image_cache_prune)}


def denied(action: str) -> Fault:
    return Fault.error("UnauthorizedOperation.CamNoAuth", action, message=DENIED.format(action))


def without_moment(value: Any) -> Any:
    """Return a sample, or a value, without what is another one in each run: ids, times and ages."""
    if isinstance(value, dict):
        return {key: without_moment(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_moment(inner) for inner in value]
    if isinstance(value, float):
        return "a number"
    if not isinstance(value, str):
        return value
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a request", value)
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(Z| \+0000 UTC)", "a time", text)
    return re.sub(r"\b(imc|disk|eksci|snap)-[0-9a-z]{8}\b", "an id", text)


def shows(sample: Any, real: Any) -> bool:
    """Return whether a sample is what was returned; of an object some keys will do, of a list the first elements."""
    if isinstance(sample, dict) and isinstance(real, dict):
        return all(key in real and shows(inner, real[key]) for key, inner in sample.items())
    if isinstance(sample, list) and isinstance(real, list):
        return (0 < len(sample) <= len(real) and all(map(shows, sample, real))) or sample == real
    return bool(sample == real)


@pytest.mark.parametrize("module", MODULES)
def test_what_is_returned_is_what_is_documented(module: str, emulator: Emulator, processes: ModuleProcesses) -> None:
    rows = returned(module)
    seen = set()
    for run, samples in RUNS[module](emulator, processes):
        for path, value in values(run.result, rows):
            if path.split(".")[-1] in ANSIBLES - set(rows):
                continue
            assert path in rows
            seen.add(path)
            if value is not None:
                assert isinstance(value, TYPES[rows[path]["type"]]), path
        for key in samples:
            sample, real = without_moment(rows[key]["sample"]), without_moment(run.result[key])
            assert shows(sample, real), yaml.safe_dump(run.result[key], sort_keys=False)
    assert {path for path in rows if path.split(".")[-1] not in ANSIBLES} <= seen


@pytest.mark.parametrize("module", MODULES)
def test_ansible_doc_links_to_guides_that_exist(module: str, controller: Controller) -> None:
    run = controller.run("ansible-doc", f"tencentcloud.tke.{module}")
    assert run.status == 0, run.output
    shown = run.output.split("SEE ALSO:", 1)[-1].split("REQUIREMENTS:", 1)[0]
    assert "tencentcloud.tke.image_cache" in shown
    # What ansible-doc makes of a reference to a label is no address.
    assert "stq=" not in shown
    for guide in re.findall(r"/(docs/docsite/\S+)", shown):
        assert (ROOT / guide).is_file()
