# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option in the argument spec of a module is as documented, and has an effect: a run reads it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils import (
    _connection,
    _info,
    _prune,
    _registry_info,
    _run,
    _runtime,
    _set,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime
from stories.controller import ROOT
from unit.support.world import WEB, World

FRAGMENTS = "ansible_collections.tencentcloud.tke.plugins.doc_fragments."
# The keys that an argument spec and the documentation share, with the values of missing ones.
SHARED = {"type": "str", "elements": None, "default": None, "choices": None, "required": False, "aliases": []}
Spec = Callable[..., dict[str, dict[str, Any]]]


class RecordingParams(dict[str, Any]):
    """Parameters that record the names of those that are read. A copy of all of them is not recorded."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


ENTRIES = [{"image_cache_id": "imc-1"}]
RUNS: dict[str, tuple[Callable[[Mapping[str, Any], Runtime], dict[str, Any]], Spec, dict[str, Any]]] = {
    "image_cache": (_run.image_cache, _run.image_cache_spec, {**WEB, "image_cache_name": "web"}),
    "image_cache_set": (
        _set.image_cache_set,
        _set.image_cache_set_spec,
        {"image_caches": ENTRIES},
    ),
    "image_cache_info": (_info.image_cache_info, _info.image_cache_info_spec, {"match_images": ["nginx:1"]}),
    "image_cache_prune": (_prune.image_cache_prune, _prune.image_cache_prune_spec, {"never_matched": True}),
    "registry_image_info": (
        _registry_info.registry_image_info,
        _registry_info.registry_image_info_spec,
        {"images": ["127.0.0.1:9/shop/web:1"], "platform": "linux/amd64"},
    ),
}


@pytest.mark.parametrize("module", RUNS)
def test_module_reads_every_option(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run, spec_of, options = RUNS[module]
    spec, world = spec_of(lambda *_args: None), World()
    keys = {"secret_id": "AKID1", "secret_key": "key", "region": "ap-guangzhou"}
    # No server listens there, so the run ends after it has read its options.
    unreachable = {"endpoint": "http://127.0.0.1:9", "api_retries": 0, "api_timeout": 1}
    params = RecordingParams(
        {**{name: entry.get("default") for name, entry in spec.items()}, **keys, **unreachable, **options}
    )
    # This function reads all options.
    monkeypatch.setattr(_runtime, "collect_secrets", lambda *_args: [])
    result = run(params, Runtime(world, ansible_version="2.19", check_mode=False, diff=False, clock=world.clock))
    assert "cannot connect to 127.0.0.1:9" in str(result)
    # The options of entries are read as the options of a single cache.
    entry_options = set(_run.declaration_spec()) if module == "image_cache_set" else set()
    assert set(spec) - entry_options <= params.read
    assert set(_connection.REQUEST_OPTIONS if module == "registry_image_info" else _connection.OPTIONS) <= params.read


def documented_options(module: str) -> dict[str, Any]:
    """Return the documented options of a module, including those of its fragments."""
    (text,) = (
        ast.literal_eval(node.value)
        for node in ast.parse((ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION"
    )
    documentation = yaml.safe_load(text)
    options = dict(documentation.get("options", {}))
    for name in documentation["extends_documentation_fragment"]:
        file, _dot, part = name.removeprefix("tencentcloud.tke.").partition(".")
        fragment = importlib.import_module(FRAGMENTS + file).ModuleDocFragment
        options.update(yaml.safe_load(getattr(fragment, part.upper() or "DOCUMENTATION")).get("options", {}))
    return options


def shared_parts(options: Mapping[str, Any], suboptions: str, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the documentation and an argument spec both say about each option, by its path."""
    for name, entry in options.items():
        yield prefix + name, {key: entry.get(key, missing) for key, missing in SHARED.items()}
        yield from shared_parts(entry.get(suboptions, {}), suboptions, f"{prefix}{name}.")


@pytest.mark.parametrize("module", RUNS)
def test_argument_spec_is_as_documented(module: str) -> None:
    spec = RUNS[module][1](lambda *_args: None)
    assert dict(shared_parts(spec, "options")) == dict(shared_parts(documented_options(module), "suboptions"))


@pytest.mark.parametrize("module", RUNS)
def test_secrets_are_kept_out_of_logs(module: str) -> None:
    def secrets(options: Mapping[str, Any]) -> Iterator[str]:
        for name, entry in options.items():
            # False means that only the name of the option looks like that of a secret.
            if entry.get("no_log"):
                yield name
            yield from secrets(entry.get("options", {}))

    spec = RUNS[module][1](lambda *_args: None)
    expected = {name for name in ("secret_key", "token", "image_registry_credentials") if name in spec}
    passwords = {"password" if name == "image_registry_credentials" else name for name in expected}
    assert set(secrets(spec)) == passwords
