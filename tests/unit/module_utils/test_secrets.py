# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No defect in any layer shows a secret: the tests raise an exception with all secrets in each function."""

from __future__ import annotations

import ast
import faulthandler
import functools
import importlib
import inspect
import json
import sys
import threading
from collections.abc import Container, Iterator
from types import CodeType, FrameType
from typing import Any, Optional

import pytest
from ansible.module_utils import basic
from ansible_collections.tencentcloud.tke.plugins.module_utils import _prune, _registry_info, _run
from ansible_collections.tencentcloud.tke.plugins.module_utils._module import Definition, run_in_process
from emulator import Emulator
from emulator.registry import Registry
from stories.caches import create_cache_of_age
from stories.controller import ROOT
from unit.support.registry_access import pusher_to
from unit.support.registry_images import gzip_layer

pytestmark = pytest.mark.slow

UTILS = ROOT / "plugins/module_utils"
PACKAGE = "ansible_collections.tencentcloud.tke.plugins.module_utils"
MODULES = ("image_cache", "image_cache_set", "image_cache_info", "image_cache_prune", "registry_image_info")
CANARIES = {"secret_key": "canary-key/+Zq8=", "token": "canary-token-Xw7", "password": 'canary"pass Vy6'}
# The layers that remove secrets, and those above them.
EXCLUDED_LAYERS = ("_module", "_secrets", "_sanitize", "_runtime", "_version")
# These functions run before secrets are known, or pass them to the functions that remove secrets.
EXCLUDED_FUNCTIONS = ("argument_spec", "declaration_spec", *(f"{name}_spec" for name in MODULES), *MODULES)
BASE: dict[str, Any] = {"_ansible_version": "2.19.0", "_ansible_diff": True, "_ansible_verbosity": 4}


class Defect(Exception):
    """An unexpected exception whose message has all secrets of the run."""

    words = ""

    def __init__(self) -> None:
        super().__init__(self.words)


def find_functions() -> Iterator[tuple[str, str]]:
    """Yield module and name of each function of the layers; a method is C(Class.method)."""
    for path in sorted(UTILS.rglob("*.py")):
        name = ".".join(path.relative_to(UTILS).with_suffix("").parts)
        if name in EXCLUDED_LAYERS or not path.stat().st_size:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name not in EXCLUDED_FUNCTIONS:
                yield name, node.name
            if isinstance(node, ast.ClassDef):
                methods = (inner for inner in node.body if isinstance(inner, ast.FunctionDef))
                yield from ((name, f"{node.name}.{method.name}") for method in methods if method.name != "__init__")


def run_modules(emulator: Emulator, registry: Registry, numbers: Container[int] = range(4)) -> Iterator[dict[str, Any]]:
    """Run a replace, a refusal, a pruning and a lookup, which use most layers, and yield the results.

    C(numbers) selects some of them.
    """
    keys = {"secret_id": "AKIDcanary", "secret_key": CANARIES["secret_key"], "token": CANARIES["token"]}
    credentials = [{"server": "h.example.com", "username": "u", "password": CANARIES["password"]}]
    connection = {"endpoint": emulator.endpoint, "region": "ap-guangzhou", "api_retries": 1, "api_timeout": 5}
    web = {
        "name": "web",
        "images": ["nginx:2"],
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "image_registry_credentials": credentials,
        "tags": {"a": "b"},
        "wait_interval": 0.01,
        "wait_timeout": 2,
        "on_change": "replace",
        "track_build_settings": True,
        "max_age": "1d",
    }
    image_cache = Definition(_run.image_cache_spec, _run.image_cache)
    prune = Definition(_prune.image_cache_prune_spec, _prune.image_cache_prune)
    lookup_options = {
        "images": [f"{registry.host}/shop/web:1", f"{registry.host}/shop/web:2"],
        "image_registry_credentials": [{"server": registry.host, "username": "u", "password": CANARIES["password"]}],
        "registry_http_end_point_list": [registry.host],
        "api_retries": 1,
        "api_timeout": 5,
    }
    lookup = Definition(_registry_info.registry_image_info_spec, _registry_info.registry_image_info)
    runs = (
        (image_cache, {**keys, **connection, **web}),
        (image_cache, {**keys, **connection, **web, "vpc_id": ""}),
        (prune, {**keys, **connection, "older_than": "1d"}),
        (lookup, lookup_options),
    )
    for number, (definition, options) in enumerate(runs):
        if number not in numbers:
            continue
        arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {**BASE, **options}})
        messages: list[str] = []
        secrets = {name: canary for name, canary in CANARIES.items() if json.dumps(canary) in arguments}
        Defect.words = " ".join(secrets.values())
        yield {**run_in_process(definition, arguments.encode(), messages.append), "messages": messages}


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    """A registry with one image, and the canary as its password."""
    registry = Registry("token")
    registry.username, registry.password = "u", CANARIES["password"]
    registry.start()
    pusher_to(registry).push_index("shop/web", "1", {"linux/amd64": [gzip_layer()]})
    yield registry
    registry.stop()


@pytest.fixture
def emulator_with_caches(emulator: Emulator) -> Emulator:
    """An emulator with one cache to replace, one to prune, and the canaries as keys."""
    prepare(emulator)
    return emulator


def prepare(emulator: Emulator) -> None:
    emulator.keys["AKIDcanary"] = (CANARIES["secret_key"], CANARIES["token"])
    emulator.settings.build_seconds = 0.02
    create_cache_of_age(emulator, 3, Images=["nginx:1"])
    create_cache_of_age(emulator, 3, ImageCacheName="old")


@pytest.fixture(scope="session")
def executed(registry: Registry) -> list[set[CodeType]]:
    """The code that each run executes without a defect. Other runs cannot meet a defect in it."""
    codes: list[set[CodeType]] = [set() for _run in range(4)]
    emulator = Emulator().start()
    prepare(emulator)
    for number, code in enumerate(codes):

        def note(frame: FrameType, event: str, _value: Any, code: set[CodeType] = code) -> None:
            if event == "call":
                code.add(frame.f_code)

        threading.setprofile(note)
        sys.setprofile(note)
        try:
            list(run_modules(emulator, registry, [number]))
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
    emulator.stop()
    return codes


@pytest.mark.parametrize(("module", "function"), list(find_functions()), ids=lambda name: name)
def test_defect_in_function_shows_no_secret(
    emulator_with_caches: Emulator,
    registry: Registry,
    executed: list[set[CodeType]],
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    function: str,
) -> None:
    owner, name, original = original_of(module, function)

    def raise_defect(*_args: Any, **_options: Any) -> Any:
        raise Defect

    replacement: Any = raise_defect
    if isinstance(original, property):
        replacement = property(raise_defect)
    elif isinstance(original, (classmethod, staticmethod)):
        replacement = staticmethod(raise_defect)
    monkeypatch.setattr(owner, name, replacement)
    code = code_of(original)
    numbers = [number for number, codes in enumerate(executed) if code is None or code in codes]
    # End the process if a defect makes a run wait without end.
    faulthandler.dump_traceback_later(60, exit=True)
    for result in run_modules(emulator_with_caches, registry, numbers):
        text = json.dumps(result)
        for secret, canary in CANARIES.items():
            assert json.dumps(canary)[1:-1] not in text, secret
            assert canary not in text, secret
    faulthandler.cancel_dump_traceback_later()


def original_of(module: str, function: str) -> tuple[Any, str, Any]:
    """Return the module or class that has a function, the function's name, and the function."""
    owner: Any = importlib.import_module(f"{PACKAGE}.{module}")
    *classes, name = function.split(".")
    for part in classes:
        owner = getattr(owner, part)
    return owner, name, owner.__dict__[name]


def code_of(original: Any) -> Optional[CodeType]:
    """Return the code of a function, a property or a method, or None if it is not executed each time it is needed."""
    if isinstance(original, functools.cached_property) or hasattr(original, "cache_info"):
        return None
    if isinstance(original, property):
        original = original.fget
    code: CodeType = inspect.unwrap(getattr(original, "__func__", original)).__code__
    return code


def test_defect_is_reported_without_secrets(
    emulator_with_caches: Emulator, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = importlib.import_module(f"{PACKAGE}._image_cache.plan")

    def raise_defect(*_args: Any) -> Any:
        raise Defect

    monkeypatch.setattr(plan, "_plan_replace", raise_defect)
    result = next(run_modules(emulator_with_caches, registry))
    assert result["msg"].startswith(
        "Internal error in tencentcloud.tke (please report it): Defect: ******** ******** ********."
    )


def test_system_log_has_no_secret(
    emulator_with_caches: Emulator, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ansible logs the arguments of each module in any process."""
    logged: list[str] = []
    monkeypatch.setattr(basic, "has_journal", False)
    monkeypatch.setattr(basic.syslog, "syslog", lambda *words: logged.append(str(words)))
    runs = len(list(run_modules(emulator_with_caches, registry)))
    assert len([line for line in logged if "Invoked with" in line]) == runs
    for secret, canary in CANARIES.items():
        assert not [line for line in logged if canary in line], secret


def test_runs_without_defect_replace_refuse_prune_and_look_up(
    emulator_with_caches: Emulator, registry: Registry
) -> None:
    replaced, refused, pruned, looked_up = run_modules(emulator_with_caches, registry)
    assert replaced["replaced"]["new_id"], replaced
    assert refused["msg"].startswith("image cache web: vpc_id is empty")
    assert [cache["image_cache_name"] for cache in pruned["deleted"]] == ["old"]
    assert [image["exists"] for image in looked_up["images"]] == [True, False]


def test_functions_of_every_layer_are_found() -> None:
    parts = {module.split(".")[0] for module, _function in find_functions()}
    layers = {path.stem for path in UTILS.iterdir() if path.stem.startswith("_")}
    assert layers - parts <= {*EXCLUDED_LAYERS, "__pycache__", "__init__"}


def test_runs_execute_most_functions(executed: list[set[CodeType]]) -> None:
    codes = [code_of(original_of(module, function)[2]) for module, function in find_functions()]
    reached = [code for code in codes if code is None or any(code in run for run in executed)]
    assert len(reached) > 0.6 * len(codes), len(reached)
    assert all(executed)
