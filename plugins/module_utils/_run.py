# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The run of each module: plain parameters in, a plain result out.

Nothing here, or below, knows AnsibleModule; whoever calls it brings parameters that the argument spec has
validated, and a reporter to speak through.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import fields
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._outcome import (
    FAILURES,
    failure,
    refusal,
    success,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal, Reporter
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.reconciliation import Reconciliation
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.together import Alone, Run, drive_together
from ansible_collections.tencentcloud.tke.plugins.module_utils._secrets import collect_secrets, scrub

__all__ = ["Caller", "ScrubbingReporter", "begun", "declaration_spec", "image_cache", "image_cache_spec"]
__all__ += ["no_fallback", "outcome"]


class Caller:
    """The circumstances of a run: C(ansible_version) is named to the API, C(clock) is time itself."""

    def __init__(self, reporter: Reporter, *, ansible_version: str, check_mode: bool, diff: bool, clock: Clock) -> None:
        self.reporter, self.ansible_version, self.clock = reporter, ansible_version, clock
        self.check_mode, self.diff = check_mode, diff


def image_cache_spec(env_fallback: Callable[..., Any]) -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the module M(tencentcloud.tke.image_cache)."""
    return {**_connection.argument_spec(env_fallback), **declaration_spec()}


def declaration_spec() -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the options that declare one image cache."""
    return {
        **fields.argument_spec(),
        "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
        "image_cache_id": {"type": "str", "aliases": ["id"]},
        "update_password": {
            "type": "str",
            "default": "on_change",
            "choices": ["on_change", "always"],
            "no_log": False,
        },
        "on_change": {"type": "str", "default": "update", "choices": ["update", "replace", "fail"]},
        "recreate_failed": {"type": "bool", "default": True},
        "track_build_settings": {"type": "bool", "default": False},
        "force_rebuild": {"type": "bool", "default": False},
        "max_age": {"type": "str"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 1800},
        "wait_interval": {"type": "float", "default": 10},
    }


def image_cache(params: Mapping[str, Any], caller: Caller) -> Dict[str, Any]:
    """Return the result of one run of M(tencentcloud.tke.image_cache); a failed one has C(failed) and C(msg)."""
    secrets = collect_secrets(params, image_cache_spec(no_fallback))
    try:
        desired = Desired.from_params(params)
        region = _connection.region_of(params)
        clients, held = _connection.connect(
            params, [region], ansible_version=caller.ansible_version, check_mode=caller.check_mode, clock=caller.clock
        )
    except InvalidInput as error:
        return dict(scrub(refusal(error), secrets))
    reporter = ScrubbingReporter(caller.reporter, lambda: [*secrets, *held])
    for doubt in desired.doubts():
        reporter.warn(doubt)
    result = _reconciled(desired, clients[region], Journal(reporter), caller)
    return dict(scrub(result, reporter.secrets()))


def _reconciled(desired: Desired, client: Any, journal: Journal, caller: Caller) -> Dict[str, Any]:
    run = begun(desired, client, journal, caller)
    drive_together([run], caller.clock, Alone(caller.clock))
    return outcome(run, desired, journal, caller)


def begun(desired: Desired, client: Any, journal: Journal, caller: Caller) -> Run:
    """Return the run of one declared cache, to be driven."""
    deadline = Deadline(caller.clock, desired.wait_timeout)
    reconciliation = Reconciliation(
        desired, journal, clock=caller.clock, deadline=deadline, check_mode=caller.check_mode
    )
    return Run(reconciliation.run(), client, deadline)


def outcome(run: Run, desired: Desired, journal: Journal, caller: Caller) -> Dict[str, Any]:
    """Return the result of a run that has come to its end. What no run should end with is raised here."""
    if run.error is None:
        return success(desired, run.result, journal, check_mode=caller.check_mode, diff=caller.diff)
    if isinstance(run.error, FAILURES):
        return failure(run.error, desired, journal)
    raise run.error


class ScrubbingReporter:
    """Passes on what a run says, without its secrets, which grow with each renewal of its keys."""

    def __init__(self, reporter: Reporter, secrets: Callable[[], List[str]]) -> None:
        self._reporter, self.secrets = reporter, secrets

    def warn(self, message: str) -> None:
        """Pass on a warning."""
        self._reporter.warn(scrub(message, self.secrets()))

    def progress(self, message: str) -> None:
        """Pass on how far the run is."""
        self._reporter.progress(scrub(message, self.secrets()))


def no_fallback(*_args: Any) -> None:
    """Stand in for env_fallback where only the spec's marks are read."""
