# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator's service in virtual time, without HTTP: complete runs of the modules in milliseconds.

The collection's own code runs from its parameters to its result; only the transport is replaced. Requests are checked
with the vendor's definitions, as the emulator does.
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
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Sender
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scheduler import InlineExecutor
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime, ScrubbingReporter
from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import sanitize_result
from emulator import vendor
from emulator.errors import ApiProblem
from emulator.service import Cache, ImageCacheService, Settings
from unit.support.registries import ScriptedRegistries

# 2026-03-30 in UTC.
START_TIME = 1774828800.0
# Seconds that a call takes.
CALL_SECONDS = 0.05
WEB: dict[str, Any] = {
    "name": "web",
    "images": ["nginx:1"],
    "vpc_id": "vpc-1",
    "subnet_id": "subnet-1",
}
BUILD_OPTIONS = {name: WEB[name] for name in ("images", "vpc_id", "subnet_id")}
LIST, CREATE, UPDATE, DELETE = "DescribeImageCaches", "CreateImageCache", "UpdateImageCache", "DeleteImageCaches"


def web_params(**options: Any) -> dict[str, Any]:
    """Return parameters that declare C(web) and poll every 5 s for 600 s; None omits an option."""
    return World.params(**{"image_cache_name": "web", "wait_timeout": 600, "wait_interval": 5.0, **options})


def check_diff(result: Mapping[str, Any]) -> None:
    """Check that the diff and its header show a change if and only if the result is changed."""
    diff = result.get("diff")
    if diff:
        assert (diff["before"] != diff["after"]) is result["changed"], diff
        assert (": " in diff["after_header"]) is result["changed"], diff


class Killed(BaseException):
    """Ends the process as SIGKILL does: the collection must not catch it."""


class VirtualClock(Clock):
    """Time that passes only by sleeping and by calls."""

    def __init__(self) -> None:
        self.now = START_TIME

    def monotonic(self) -> float:
        return self.now

    def unix(self) -> int:
        return int(self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class SameThreadExecutor(InlineExecutor):
    """Replaces the executor that uses threads. What would wait forever with threads fails."""

    def wait(self, seconds: Optional[float]) -> list[Any]:
        """Return the results so far, or sleep if there are none."""
        assert self._results or seconds is not None, "the scheduler waits although nothing is being executed"
        return super().wait(seconds)

    def stop(self) -> None:
        """Do nothing: there are no threads."""


class World:
    """One region, its time, and the calls of all runs in it. Builds take 60 s."""

    def __init__(self, settings: Optional[Settings] = None) -> None:
        self.speaks = False
        # Repeated runs of a test have the same jitter.
        random.seed(20180525)
        self.clock = VirtualClock()
        self.settings = settings or Settings()
        self.settings.build_seconds = 60.0
        self.service = ImageCacheService(self.settings, now=lambda: self.clock.now)
        self.calls: list[str] = []
        self.requests: list[tuple[str, Mapping[str, Any]]] = []
        self.warnings: list[str] = []
        self.registries = ScriptedRegistries()
        self.retries = 3
        # Called before and after the service acts, with the moment's name and the number of the call.
        self.watch: Callable[[str, int], None] = lambda moment, number: None

    def send(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Execute an action as the API does, or raise the typed error."""
        self.calls.append(action)
        # As over HTTP: neither side sees later changes of an object by the other side.
        request = json.loads(json.dumps(parameters))
        self.requests.append((action, request))
        self.watch("before", len(self.calls))
        self.clock.now += CALL_SECONDS
        try:
            vendor.check_parameters(action, request)
            answer = json.loads(json.dumps(self.service.call(action, request)))
        except ApiProblem as problem:
            self.watch("after", len(self.calls))
            raise api_error(problem.code, problem.message, action=action, request_id="r-error") from None
        self.watch("after", len(self.calls))
        return {**answer, "RequestId": f"r-{len(self.calls)}"}

    def run(
        self,
        *,
        check_mode: bool = False,
        transport: Optional[Sender] = None,
        clock: Optional[Clock] = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Return the result of a run of image_cache; by default it declares C(web).

        C(transport) and C(clock) are used by the run instead of those of the world.
        """
        transport, clock = transport or self, clock or self.clock
        runtime = Runtime(self, ansible_version="2.19", check_mode=check_mode, diff=True, clock=clock)
        client = Client(transport, retries=self.retries, check_mode=check_mode, clock=clock)
        desired, journal = Desired.from_params(self.params(**options)), Journal(ScrubbingReporter(self, []))
        result = sanitize_result(_run._reconcile(desired, client, journal, runtime, self.registries))
        check_diff(result)
        return result

    def run_set(self, **options: Any) -> dict[str, Any]:
        """Return the result of a run of image_cache_set, without threads: they cannot use virtual time."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_run, "ThreadExecutor", lambda max_writes: SameThreadExecutor(self.clock))
            return self._run_module(_set.image_cache_set, _set.image_cache_set_spec, **options)

    def run_info(self, **options: Any) -> dict[str, Any]:
        """Return the result of a run of image_cache_info."""
        return self._run_module(_info.image_cache_info, _info.image_cache_info_spec, **options)

    def run_prune(self, **options: Any) -> dict[str, Any]:
        """Return the result of a run of image_cache_prune."""
        return self._run_module(_prune.image_cache_prune, _prune.image_cache_prune_spec, **options)

    def _run_module(
        self,
        run: Callable[[Mapping[str, Any], Runtime], dict[str, Any]],
        spec: Callable[..., Mapping[str, Mapping[str, Any]]],
        *,
        check_mode: bool = False,
        diff: bool = True,
        **options: Any,
    ) -> dict[str, Any]:
        defaults = {name: entry.get("default") for name, entry in spec(lambda *_args: None).items()}
        runtime = Runtime(self, ansible_version="2.19", check_mode=check_mode, diff=diff, clock=self.clock)
        client = Client(self, retries=self.retries, check_mode=check_mode, clock=self.clock)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_connection, "open_registries", lambda *_args: self.registries)
            patch.setattr(_connection, "connect", lambda _p, regions, **_k: (dict.fromkeys(regions, client), []))
            return run({**defaults, "region": "ap-guangzhou", **options}, runtime)

    @staticmethod
    def params(**options: Any) -> dict[str, Any]:
        """Return the parameters of image_cache, complete with defaults."""
        spec = _run.image_cache_spec(lambda *_args: None)
        given = {**WEB, **options} if options.get("state") != "absent" else options
        aliases = {alias: name for name, entry in spec.items() for alias in entry.get("aliases", ())}
        defaults = {name: entry.get("default") for name, entry in spec.items()}
        return {**defaults, **{aliases.get(name, name): value for name, value in given.items()}}

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def progress(self, message: str) -> None:
        pass

    def start_build(self, **parameters: Any) -> Cache:
        """Create a cache whose build has just started."""
        declared = {"ImageCacheName": "web", "Images": ["nginx:1"], "VpcId": "vpc-1", "SubnetId": "subnet-1"}
        answer = self.service.call("CreateImageCache", {**declared, **parameters})
        return self.service.caches[answer["ImageCacheId"]]

    def create_cache(self, **parameters: Any) -> Cache:
        """Create a cache whose build ended ten minutes ago, successfully or not."""
        cache = self.start_build(**parameters)
        self.clock.now += 660
        return cache

    @property
    def caches(self) -> list[Cache]:
        """All caches that exist."""
        return list(self.service.caches.values())

    def ready_caches(self) -> list[Cache]:
        """Return the caches that Pods can use."""
        return [cache for cache in self.caches if self.service.status(cache) == "Ready"]
