# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The run of M(tencentcloud.tke.image_cache), for one declared cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import fields
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._outcome import FAILURES, success
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import Outages
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal, Reporter
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.progress import Progress, TrackedRun
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.reconciliation import Reconciliation
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scheduler import (
    InlineExecutor,
    Run,
    ThreadExecutor,
    drive_runs,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime, run_in_region

if TYPE_CHECKING:
    from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.registries import Registries

__all__ = ["open_registries", "start_run", "declaration_spec", "drive", "image_cache", "image_cache_spec", "result_of"]


def image_cache_spec(env_fallback: Callable[..., Any]) -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the module M(tencentcloud.tke.image_cache)."""
    return {**_connection.argument_spec(env_fallback), **declaration_spec()}


def declaration_spec() -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the options that declare one image cache."""
    return {
        **fields.argument_spec(),
        "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
        "image_cache_id": {"type": "str", "aliases": ["id"]},
        "purge_tags": {"type": "bool", "default": True},
        "update_password": {
            "type": "str",
            "default": "on_change",
            "choices": ["on_change", "always"],
            "no_log": False,
        },
        "on_change": {"type": "str", "default": "update", "choices": ["update", "replace", "fail"]},
        "recreate_failed": {"type": "bool", "default": True},
        "track_build_settings": {"type": "bool", "default": False},
        "verify_images": {"type": "bool", "default": False},
        "follow_tags": {"type": "bool", "default": False},
        "force_rebuild": {"type": "bool", "default": False},
        "max_age": {"type": "str"},
        "min_days_left": {"type": "int"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 1800},
        "wait_interval": {"type": "float", "default": 10},
    }


def image_cache(params: Mapping[str, Any], runtime: Runtime) -> Dict[str, Any]:
    """Return the result of one run of M(tencentcloud.tke.image_cache). If it failed, it has C(failed) and C(msg)."""

    def run(desired: Desired, client: Client, reporter: Reporter) -> Dict[str, Any]:
        for doubt in desired.find_doubts():
            reporter.warn(doubt)
        registries = open_registries([desired], params, runtime)
        return _reconcile(desired, client, Journal(reporter), runtime, registries)

    return run_in_region(params, image_cache_spec, runtime, Desired.from_params, run)


def open_registries(declared: Iterable[Desired], params: Mapping[str, Any], runtime: Runtime) -> Optional[Registries]:
    """Return what asks image registries for all caches of a task, or None if no cache needs it."""
    if not any(desired.asks_registries for desired in declared):
        return None
    registries = _connection.open_registries(params, runtime.ansible_version, runtime.clock)
    runtime.resources.callback(registries.close)
    return registries


def _reconcile(
    desired: Desired, client: Client, journal: Journal, runtime: Runtime, registries: Optional[Registries]
) -> Dict[str, Any]:
    run = start_run(desired, client, journal, runtime, registries=registries, outages=Outages(journal.reporter))
    drive([TrackedRun(desired.label, journal, run)], runtime, max_writes=1)
    return result_of(run, desired, journal, runtime)


def drive(
    tracked: Sequence[TrackedRun],
    runtime: Runtime,
    *,
    max_writes: int,
    on_end: Callable[[Run], None] = lambda run: None,
) -> None:
    """Drive runs to their ends, up to C(max_writes) writes at once, and report progress if the reporter prints it.

    C(on_end) is called with each run that has ended.
    """
    runs = [one.run for one in tracked if isinstance(one.run, Run)]
    reporter = tracked[0].journal.reporter if tracked else runtime.reporter
    progress = Progress(tracked, runtime.clock, reporter.progress) if reporter.speaks else None
    if max_writes == 1 and progress is None:
        drive_runs(runs, runtime.clock, InlineExecutor(runtime.clock), on_end)
        return
    # A single run also needs threads if it reports progress, to report during a long request.
    threads = ThreadExecutor(max_writes)
    try:
        drive_runs(runs, runtime.clock, threads, on_end, progress)
    finally:
        threads.stop()


def start_run(
    desired: Desired,
    client: Client,
    journal: Journal,
    runtime: Runtime,
    *,
    registries: Optional[Registries],
    outages: Outages,
) -> Run:
    """Return the run of one declared cache, to be driven. All caches of a task share C(registries) and C(outages)."""
    deadline = Deadline(runtime.clock, desired.wait_timeout)
    reconciliation = Reconciliation(
        desired, journal, clock=runtime.clock, deadline=deadline, check_mode=runtime.check_mode, outages=outages
    )
    return Run(reconciliation.run(), client, deadline, registries)


def result_of(run: Run, desired: Desired, journal: Journal, runtime: Runtime) -> Dict[str, Any]:
    """Return the result of an ended run. Raises its error if it is not one of FAILURES."""
    if run.error is None:
        return success(desired, run.result, journal, check_mode=runtime.check_mode, diff=runtime.diff)
    if isinstance(run.error, FAILURES):
        # Successful runs start faster without the diagnosis.
        from ansible_collections.tencentcloud.tke.plugins.module_utils._failure import failure  # noqa: PLC0415

        return failure(run.error, desired, journal)
    raise run.error
