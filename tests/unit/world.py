# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator's service in virtual time, without HTTP: whole lives of caches in milliseconds.

The collection's own code runs from its parameters to its result; only the transport is another one. Requests are
checked with the vendor's definitions, as the emulator does.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection, _info, _prune, _run, _set
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import api_error
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scheduler import InlineExecutor
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime, ScrubbingReporter
from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import sanitize_result
from emulator import vendor
from emulator.errors import ApiProblem
from emulator.service import Cache, ImageCacheService, Settings

# 2026-03-30 in UTC.
BEGINNING = 1774828800.0
# Seconds that a call takes.
CALL = 0.05
WEB: dict[str, Any] = {
    "name": "web",
    "images": ["nginx:1"],
    "vpc_id": "vpc-1",
    "subnet_id": "subnet-1",
}


def patient(**options: Any) -> dict[str, Any]:
    """Return parameters that declare C(web), looked at every 5 s for 600 s; None leaves an option out."""
    return World.params(**{"image_cache_name": "web", "wait_timeout": 600, "wait_interval": 5.0, **options})


def check_diff(result: Mapping[str, Any]) -> None:
    """Whatever has changed shows in the diff, whose header says how."""
    diff = result.get("diff")
    if diff:
        assert (diff["before"] != diff["after"]) is result["changed"], diff
        assert (": " in diff["after_header"]) is result["changed"], diff


class Killed(BaseException):
    """The process ends here, as by SIGKILL: nothing of the collection's may catch it."""


class WorldClock(Clock):
    """Time that only sleeping and calling move."""

    def __init__(self) -> None:
        self.now = BEGINNING

    def monotonic(self) -> float:
        return self.now

    def unix(self) -> int:
        return int(self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class OneThread(InlineExecutor):
    """Stands in for threads."""

    def stop(self) -> None:
        """End them."""


class World:
    """One region, its time, and what runs have called there. Builds take 60 s."""

    def __init__(self, settings: Optional[Settings] = None) -> None:
        self.speaks = False
        # The jitter of pauses is the same whenever a life is told again.
        random.seed(20180525)
        self.clock = WorldClock()
        self.settings = settings or Settings()
        self.settings.build_seconds = 60.0
        self.service = ImageCacheService(self.settings, now=lambda: self.clock.now)
        self.calls: list[str] = []
        self.requests: list[tuple[str, Mapping[str, Any]]] = []
        self.warnings: list[str] = []
        # Called before and after the service acts, with the moment's name and the number of the call.
        self.watch: Callable[[str, int], None] = lambda moment, number: None

    def send(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an action as the API would, or raise the typed error."""
        self.calls.append(action)
        # As over HTTP: neither side sees what the other one does to an object later.
        request = json.loads(json.dumps(parameters))
        self.requests.append((action, request))
        self.watch("before", len(self.calls))
        self.clock.now += CALL
        try:
            vendor.check_parameters(action, request)
            answer = json.loads(json.dumps(self.service.call(action, request)))
        except ApiProblem as problem:
            self.watch("after", len(self.calls))
            raise api_error(problem.code, problem.message, action=action, request_id="r-error") from None
        self.watch("after", len(self.calls))
        return {**answer, "RequestId": f"r-{len(self.calls)}"}

    def run(self, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Return the result of a run of the module; by default it declares C(web)."""
        params = self.params(**options)
        runtime = Runtime(self, ansible_version="2.19", check_mode=check_mode, diff=True, clock=self.clock)
        client = Client(self, retries=3, check_mode=check_mode, clock=self.clock)
        result = sanitize_result(
            _run._reconcile(Desired.from_params(params), client, Journal(ScrubbingReporter(self, [])), runtime)
        )
        check_diff(result)
        return result

    def run_set(self, **options: Any) -> dict[str, Any]:
        """Return the result of a run of the module for many caches, without threads: they know no virtual time."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_run, "ThreadExecutor", lambda room: OneThread(self.clock))
            return self._run_module(_set.image_cache_set, _set.image_cache_set_spec, **options)

    def run_info(self, **options: Any) -> dict[str, Any]:
        """Return the result of a run of the module that lists."""
        return self._run_module(_info.image_cache_info, _info.image_cache_info_spec, **options)

    def run_prune(self, **options: Any) -> dict[str, Any]:
        """Return the result of a run of the module that prunes."""
        return self._run_module(_prune.image_cache_prune, _prune.image_cache_prune_spec, **options)

    def _run_module(
        self,
        run: Callable[[Mapping[str, Any], Runtime], dict[str, Any]],
        spec: Callable[..., Mapping[str, Mapping[str, Any]]],
        *,
        check_mode: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        defaults = {name: entry.get("default") for name, entry in spec(lambda *_args: None).items()}
        runtime = Runtime(self, ansible_version="2.19", check_mode=check_mode, diff=True, clock=self.clock)
        client = Client(self, retries=3, check_mode=check_mode, clock=self.clock)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_connection, "connect", lambda _p, regions, **_k: (dict.fromkeys(regions, client), []))
            return run({**defaults, "region": "ap-guangzhou", **options}, runtime)

    @staticmethod
    def params(**options: Any) -> dict[str, Any]:
        """Return a module's parameters, complete with defaults."""
        spec = _run.image_cache_spec(lambda *_args: None)
        given = {**WEB, **options} if options.get("state") != "absent" else options
        aliases = {alias: name for name, entry in spec.items() for alias in entry.get("aliases", ())}
        defaults = {name: entry.get("default") for name, entry in spec.items()}
        return {**defaults, **{aliases.get(name, name): value for name, value in given.items()}}

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def progress(self, message: str) -> None:
        pass

    def begun(self, **parameters: Any) -> Cache:
        """Put a cache there whose build has just begun."""
        declared = {"ImageCacheName": "web", "Images": ["nginx:1"], "VpcId": "vpc-1", "SubnetId": "subnet-1"}
        answer = self.service.call("CreateImageCache", {**declared, **parameters})
        return self.service.caches[answer["ImageCacheId"]]

    def settled(self, **parameters: Any) -> Cache:
        """Put a cache there whose build has ended, well or not, ten minutes ago."""
        cache = self.begun(**parameters)
        self.clock.now += 660
        return cache

    @property
    def caches(self) -> list[Cache]:
        """Those that exist."""
        return list(self.service.caches.values())

    def ready(self) -> list[Cache]:
        """Those that Pods can use."""
        return [cache for cache in self.caches if self.service.status(cache) == "Ready"]
