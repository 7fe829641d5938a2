# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RETURN documents exactly the keys that a module returns, and its samples are results of real runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Callable

import pytest
import yaml
from emulator import BuildFailure, Emulator, Fault
from emulator.registry import Registry
from unit.support.registry_access import pusher_to
from unit.support.registry_images import gzip_layer

from .caches import CREATE, DELETE, LIST, create_cache, create_cache_of_age
from .controller import ROOT, Controller, Run
from .examples import documentation
from .processes import ModuleProcesses
from .registries import options_for, push

# Ansible itself documents these.
ANSIBLE_KEYS = {"changed", "failed", "msg", "warnings", "invocation", "diff", "exception"}
TYPES: Mapping[str, Any] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
    "list": list,
    "dict": dict,
}
# These have the keys of another part, as their descriptions say.
SAME_KEYS = {
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

CREDENTIALS = [{"name": "harbor", "server": "harbor.example.com", "username": "puller", "password": "canary"}]


def documented_keys(module: str) -> dict[str, Any]:
    """Return the documented return values of a module by path, such as C(image_cache.tags); lists add no level."""
    documented: dict[str, Any] = yaml.safe_load(documentation(ROOT / f"plugins/modules/{module}.py", "RETURN"))
    rows = dict(flatten(documented))
    for path, other in SAME_KEYS.items():
        if path in rows:
            rows = {**{f"{path}.{key}": row for key, row in flatten(documented[other]["contains"])}, **rows}
    if module == "image_cache_set":
        inner = {f"image_caches.{path}": row for path, row in documented_keys("image_cache").items()}
        rows = {**inner, **rows}
    return rows


def flatten(documented: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and row of each documented key."""
    for key, row in documented.items():
        yield f"{prefix}{key}", row
        yield from flatten(row.get("contains", {}), f"{prefix}{key}.")


def returned_values(result: Mapping[str, Any], rows: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of each key of a result, except keys inside values that are documented as a whole."""
    for key, value in result.items():
        path = f"{prefix}{key}"
        yield path, value
        has_inner_keys = any(row.startswith(f"{path}.") for row in rows)
        for element in value if isinstance(value, list) else [value]:
            if has_inner_keys and isinstance(element, dict):
                yield from returned_values(element, rows, f"{path}.")


def run_with_moved_tag(run_task: Callable[[dict[str, Any]], Run]) -> Iterator[Any]:
    """Yield a run that creates a cache, and one after the tag of its image has moved."""
    registry = Registry().start()
    options = options_for(registry, "shop:nightly", name="nightly", follow_tags=True)
    del options["api_retries"]
    for content in (b"1", b"2"):
        push(registry, "shop:nightly", content=content)
        yield run_task({**WEB, **options}), ()
    registry.stop()


def run_image_cache(emulator: Emulator, processes: ModuleProcesses) -> Iterator[Any]:
    """Yield runs of the image_cache module, each with the keys whose samples it must match."""
    yield processes.task(**WEB), ("image_cache", "image_cache_id", "request_id")
    yield processes.task(**{**WEB, "images": ["nginx:1.27.4"], "image_registry_credentials": CREDENTIALS}), ("actions",)
    yield processes.task(**{**WEB, "images": ["nginx:1.27.5"], "on_change": "replace"}), ("replaced",)
    emulator.settings.failures = [BuildFailure("nginx:1.99")]
    broken = {**WEB, "name": "broken", "images": ["nginx:1.99"]}
    yield processes.task(**broken), ("build_failure",)
    emulator.settings.failures = []
    yield processes.task(**broken), ("recovered_failure",)
    emulator.faults.append(permission_fault(CREATE))
    yield processes.task(**{**WEB, "name": "denied"}), ("error",)
    yield from run_with_moved_tag(lambda options: processes.task(**options))
    yield processes.task(name="web", state="absent"), ()


def run_image_cache_set(emulator: Emulator, processes: ModuleProcesses) -> Iterator[Any]:
    """Yield runs of the image_cache_set module likewise."""
    for number in range(97):
        create_cache(emulator, ImageCacheName=f"cache-{number}")
    create_cache(emulator, ImageCacheName="queue")
    set_options = {key: value for key, value in WEB.items() if key not in ("name", "images")}
    unchanged = {"image_cache_size": 20, "tags": {}, "retention_days": 0}
    entries = [
        {"name": "web", "images": ["nginx:1.27.3"], "image_registry_credentials": CREDENTIALS},
        {"name": "shop", "images": ["nginx:1.27.3"]},
        {"name": "queue", "images": ["redis:7.4.1"], "on_change": "replace"},
        *({"name": f"cache-{number}", "state": "absent"} for number in range(2)),
        *({"name": f"cache-{number}", **unchanged} for number in range(2, 97)),
    ]
    yield processes.set(**set_options, image_caches=entries), ("image_caches", "summary")
    emulator.settings.failures = [BuildFailure("nginx:1.99")]
    broken = [{"name": "broken", "images": ["nginx:1.99"]}]
    yield processes.set(**set_options, image_caches=broken), ()
    emulator.settings.failures = []
    yield processes.set(**set_options, image_caches=broken), ()
    emulator.faults.append(permission_fault(CREATE))
    yield processes.set(**set_options, image_caches=[{"name": "denied", "images": ["nginx:1"]}]), ()
    yield from run_with_moved_tag(lambda options: processes.set(image_caches=[options]))


def run_image_cache_info(emulator: Emulator, processes: ModuleProcesses) -> Iterator[Any]:
    """Yield runs of the image_cache_info module likewise."""
    images = ["nginx:1.27.3", "redis:7.4.1"]
    credentials = [{"Name": "harbor", "Server": "harbor.example.com", "Username": "puller", "Password": "canary"}]
    declared = {"Images": images, "ImageCacheSize": 50, "Tags": [{"Key": "team", "Value": "web"}]}
    create_cache_of_age(emulator, 12.5, 0.09, ImageRegistryCredentials=credentials, RetentionDays=90, **declared)
    yield processes.info(match_images=images), ("image_caches", "match")
    emulator.faults.append(permission_fault(DELETE))
    yield processes.info(check_permissions=True), ("permissions",)
    emulator.faults.append(permission_fault(LIST))
    yield processes.info(), ("error",)


def run_image_cache_prune(emulator: Emulator, processes: ModuleProcesses) -> Iterator[Any]:
    """Yield runs of the image_cache_prune module likewise."""
    create_cache_of_age(emulator, 41.2, ImageCacheName="ci-4711", Images=["registry.example.com/shop:4711"])
    create_cache_of_age(emulator, 41.2, 1.01, ImageCacheSize=50, Tags=[{"Key": "team", "Value": "web"}])
    yield processes.prune(unmatched_for="30d"), ("deleted", "kept", "freed_gib", "request_id")
    create_cache_of_age(emulator, 38.4, ImageCacheName="ci-4712")
    emulator.faults.append(permission_fault(DELETE))
    yield processes.prune(unmatched_for="30d"), ("error",)


def run_registry_image_info(_emulator: Emulator, processes: ModuleProcesses) -> Iterator[Any]:
    """Yield runs of the registry_image_info module likewise."""
    registry = Registry().start()
    layers = {"linux/amd64": [gzip_layer()], "linux/arm64": [gzip_layer()]}
    pusher_to(registry).push_index("shop/web", "1.4.2", layers)
    images = [f"{registry.host}/shop/web:1.4.2", f"{registry.host}/shop/web:1.4.3"]
    plain = {"registry_http_end_point_list": [registry.host]}
    yield processes.registry(images=images, **plain), ("images",)
    yield processes.registry(images=images[:1], **plain), ("recommended_size",)
    registry.stop()


RUNS = {
    "image_cache": run_image_cache,
    "image_cache_set": run_image_cache_set,
    "image_cache_info": run_image_cache_info,
    "image_cache_prune": run_image_cache_prune,
    "registry_image_info": run_registry_image_info,
}


def permission_fault(action: str) -> Fault:
    return Fault.error("UnauthorizedOperation.CamNoAuth", action, message=DENIED.format(action))


def mask_volatile_values(value: Any) -> Any:
    """Return a value with its IDs, digests, hosts, times and ages replaced, which differ in each run."""
    if isinstance(value, dict):
        return {key: mask_volatile_values(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask_volatile_values(inner) for inner in value]
    if isinstance(value, float):
        return "a number"
    if not isinstance(value, str):
        return value
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a request", value)
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(Z| \+0000 UTC)", "a time", text)
    text = re.sub(r"\bsha256:[0-9a-f]{64}\b", "a digest", text)
    text = re.sub(r"\b(127\.0\.0\.1:\d+|registry\.example\.com)(?=[/: ]|$)", "a registry", text)
    return re.sub(r"\b(imc|disk|eksci|snap)-[0-9a-z]{8}\b", "an id", text)


def matches_sample(sample: Any, real: Any) -> bool:
    """Return whether a result matches a sample, which may omit keys of a dictionary and the last elements of a list."""
    if isinstance(sample, dict) and isinstance(real, dict):
        return all(key in real and matches_sample(inner, real[key]) for key, inner in sample.items())
    if isinstance(sample, list) and isinstance(real, list):
        return (0 < len(sample) <= len(real) and all(map(matches_sample, sample, real))) or sample == real
    return bool(sample == real)


@pytest.mark.parametrize("module", RUNS)
def test_returned_keys_and_samples_match_the_documentation(
    module: str, emulator: Emulator, processes: ModuleProcesses
) -> None:
    rows = documented_keys(module)
    seen = set()
    for run, samples in RUNS[module](emulator, processes):
        for path, value in returned_values(run.result, rows):
            if path.split(".")[-1] in ANSIBLE_KEYS - set(rows):
                continue
            assert path in rows
            seen.add(path)
            if value is not None:
                assert isinstance(value, TYPES[rows[path]["type"]]), path
        for key in samples:
            sample, real = mask_volatile_values(rows[key]["sample"]), mask_volatile_values(run.result[key])
            assert matches_sample(sample, real), yaml.safe_dump(run.result[key], sort_keys=False)
    assert {path for path in rows if path.split(".")[-1] not in ANSIBLE_KEYS} <= seen


@pytest.mark.parametrize("module", RUNS)
def test_ansible_doc_links_only_to_existing_guides(module: str, controller: Controller) -> None:
    run = controller.run("ansible-doc", f"tencentcloud.tke.{module}")
    assert run.status == 0, run.output
    shown = run.output.split("SEE ALSO:", 1)[-1].split("REQUIREMENTS:", 1)[0]
    assert "tencentcloud.tke.image_cache" in shown
    # ansible-doc renders a reference to a label with these characters, which is not a valid address.
    assert "stq=" not in shown
    for guide in re.findall(r"/(docs/docsite/\S+)", shown):
        assert (ROOT / guide).is_file()
