# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The run of M(tencentcloud.tke.image_cache_set), for many declared caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import (
    REPLACEMENT_SUFFIX,
    Desired,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache, cache_label
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import Refused
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import Outages
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal, Reporter
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.progress import TrackedRun
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.scheduler import Run
from ansible_collections.tencentcloud.tke.plugins.module_utils._run import (
    declaration_spec,
    drive,
    open_registries,
    result_of,
    start_run,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import (
    Runtime,
    ScrubbingReporter,
    run_guarded,
)

__all__ = ["image_cache_set", "image_cache_set_spec"]

# The options that identify a cache. Only an entry can set them.
ADDRESS = ("image_cache_name", "image_cache_id")
LIMITS = {"concurrency": (1, 100), "requests_per_second": (0.1, 1000)}
# The key of the summary for an entry, by its actions. The first match counts.
COUNTED = (
    ("replaced", ("replace",)),
    ("created", ("create",)),
    ("updated", ("update", "rename")),
    ("deleted", ("delete",)),
)


def image_cache_set_spec(env_fallback: Callable[..., Any]) -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the module M(tencentcloud.tke.image_cache_set)."""
    declaration = declaration_spec()
    entry = {option: {k: v for k, v in spec.items() if k != "default"} for option, spec in declaration.items()}
    return {
        **_connection.argument_spec(env_fallback),
        **{option: spec for option, spec in declaration.items() if option not in ADDRESS},
        "image_caches": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {**entry, "region": {"type": "str"}},
        },
        "concurrency": {"type": "int", "default": 10},
        "requests_per_second": {"type": "float", "default": 20},
        "on_error": {"type": "str", "default": "continue", "choices": ["continue", "stop"]},
    }


class EntryJournal(Journal):
    """The actions and findings of one entry.

    C(owners) maps the region and id of each image cache to the number of its entry. Only a listing shows whether a name
    and an id refer to the same cache.
    """

    def __init__(self, reporter: Reporter, number: int, region: str, owners: Dict[Tuple[str, str], int]) -> None:
        super().__init__(reporter)
        self._number, self._region, self._owners = number, region, owners

    def claim(self, cache: ImageCache) -> None:
        """Record a cache of the entry. Raises Refused if it belongs to another entry."""
        owner = self._owners.setdefault((self._region, cache.id), self._number)
        if owner != self._number:
            raise Refused(
                f"{cache_label(cache.name, cache.id)} is also declared by image_caches[{owner}]. Nothing was changed"
                " for this entry. Declare each image cache once, by its name or by its ID."
            )


@dataclass
class Entry:
    """One entry of the set, from its declaration to its result."""

    number: int
    region: str
    desired: Desired
    journal: Optional[Journal] = None
    run: Optional[Run] = None


def image_cache_set(params: Mapping[str, Any], runtime: Runtime) -> Dict[str, Any]:
    """Return the result of one run of M(tencentcloud.tke.image_cache_set)."""

    def run(reporter: ScrubbingReporter) -> Dict[str, Any]:
        entries = _parse_entries(params)
        clients, secrets = _open_clients(params, entries, runtime)
        reporter.add_secrets(secrets)
        owners: Dict[Tuple[str, str], int] = {}
        outages = Outages(reporter)
        registries = open_registries([entry.desired for entry in entries], params, runtime)
        for entry in entries:
            for doubt in entry.desired.find_doubts():
                reporter.warn(f"image_caches[{entry.number}]: {doubt}")
            entry.journal = EntryJournal(reporter, entry.number, entry.region, owners)
            entry.run = start_run(
                entry.desired,
                clients[entry.region],
                entry.journal,
                runtime,
                registries=registries,
                outages=outages,
            )
        _drive(entries, params, runtime)
        return _result(entries, runtime)

    return run_guarded(params, image_cache_set_spec, runtime, run)


def _parse_entries(params: Mapping[str, Any]) -> List[Entry]:
    """Return the entries, completed with the defaults of the task. Raises InvalidInput that names invalid entries."""
    problems: List[str] = []
    entries: List[Entry] = []
    for option, (least, most) in LIMITS.items():
        if not least <= params[option] <= most:
            problems.append(f"Invalid {option}: expected {least:g} to {most:g}, got {params[option]:g}.")
    if any(given.get("region") is None for given in params["image_caches"]):
        # Look up the region once, because that of a profile is read from a file.
        params = {**params, "region": _connection.region_of(params)}
    for number, given in enumerate(params["image_caches"]):
        own = {**params, **dict.fromkeys(ADDRESS)}
        own.update({option: value for option, value in given.items() if value is not None})
        try:
            entries.append(Entry(number, _connection.region_of(own), Desired.from_params(own)))
        except InvalidInput as error:
            problems.append(f"image_caches[{number}]: {error}")
    problems += _find_clashes(entries)
    if problems:
        raise InvalidInput(" ".join(problems))
    return entries


def _find_clashes(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the conflicts of entries in one region: the same name or id, or the name of another's replacement."""
    seen: Dict[Tuple[str, str, str], int] = {}
    for entry in entries:
        for kind, value in (("image_cache_name", entry.desired.name), ("image_cache_id", entry.desired.image_cache_id)):
            if value is None:
                continue
            first = seen.setdefault((entry.region, kind, value), entry.number)
            if first != entry.number:
                yield (
                    f"image_caches[{first}] and image_caches[{entry.number}] have the same {kind} {value!r} in"
                    f" {entry.region}. Declare each image cache once."
                )
    for entry in entries:
        name = entry.desired.name
        if name is None or not name.endswith(REPLACEMENT_SUFFIX):
            continue
        first = seen.get((entry.region, "image_cache_name", name[: -len(REPLACEMENT_SUFFIX)]), entry.number)
        if first != entry.number:
            yield (
                f"image_caches[{entry.number}] is named {name!r}, which is reserved for the replacement of"
                f" image_caches[{first}]. Choose another name."
            )


def _open_clients(
    params: Mapping[str, Any], entries: Sequence[Entry], runtime: Runtime
) -> Tuple[Dict[str, Client], List[str]]:
    """Return a client for each region, and the secrets that they use."""
    regions = list(dict.fromkeys(entry.region for entry in entries))
    if not regions:
        return {}, []
    return _connection.connect(
        params,
        regions,
        ansible_version=runtime.ansible_version,
        check_mode=runtime.check_mode,
        clock=runtime.clock,
        resources=runtime.resources,
        requests_per_second=params["requests_per_second"],
        connections=params["concurrency"] + 2,
    )


def _drive(entries: Sequence[Entry], params: Mapping[str, Any], runtime: Runtime) -> None:
    watched = [
        TrackedRun(entry.desired.label, entry.journal, entry.run) for entry in entries if entry.journal and entry.run
    ]

    def stop_others(run: Run) -> None:
        if params["on_error"] == "stop" and run.error is not None:
            for other in (entry.run for entry in entries if entry.run):
                if other.effect is not None and not other.writes:
                    other.abandon(Refused("Skipped because another entry failed (on_error=stop)."))

    drive(watched, runtime, max_writes=params["concurrency"] if len(watched) > 1 else 1, on_end=stop_others)


def _result(entries: Sequence[Entry], runtime: Runtime) -> Dict[str, Any]:
    results = [_entry_result(entry, runtime) for entry in entries]
    failed = [(entry, result) for entry, result in zip(entries, results) if result["failed"]]
    summary = dict.fromkeys(("created", "updated", "replaced", "deleted", "unchanged", "failed"), 0)
    for result in results:
        summary[_summary_key(result)] += 1
    whole: Dict[str, Any] = {
        "changed": any(result["changed"] for result in results),
        "image_caches": results,
        "summary": summary,
    }
    if runtime.diff:
        whole["diff"] = [result.pop("diff") for result in results if "diff" in result]
    if failed:
        whole["failed"] = True
        said = "\n".join(f"- image_caches[{entry.number}]: {result['msg']}" for entry, result in failed)
        whole["msg"] = f"{len(failed)} of {len(entries)} image caches failed:\n{said}"
    return whole


def _entry_result(entry: Entry, runtime: Runtime) -> Dict[str, Any]:
    run, journal = entry.run, entry.journal
    if run is None or journal is None:
        raise AssertionError("Every entry must have a run.")
    return {"failed": False, "region": entry.region, **result_of(run, entry.desired, journal, runtime)}


def _summary_key(result: Mapping[str, Any]) -> str:
    if result["failed"]:
        return "failed"
    taken = {action["action"] for action in result["actions"]}
    return next((name for name, actions in COUNTED if taken & set(actions)), "unchanged")
