# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write docs/benchmark.md and its pictures from what bench.py measured, in docs/benchmark.json."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import bench_pictures
from bench_settings import BUILD, IMAGES, LARGE, LATENCY, MANY, RATE, TASKS

ROOT = Path(__file__).resolve().parents[1]
# Maximum milliseconds of one more unchanged task, in addition to the API call and to a task that does nothing.
MOST_OVERHEAD = 20


class Results:
    """What was measured."""

    def __init__(self, measured: dict[str, Any]) -> None:
        self.rows, self.cores, self.scale = measured["rows"], measured["cores"], measured["scale"]
        self.api_call, self.timelines = measured["api_call"], measured["timelines"]

    def median(self, name: str) -> float:
        """Return the median of a row, in seconds."""
        return statistics.median(self.rows[name]["seconds"])

    @property
    def floor(self) -> float:
        """The seconds that creating a hundred caches takes at least, if requests are sent at an even pace."""
        return self.median("start") + MANY / RATE + BUILD

    def cost(self, more: str, fewer: str, count: int) -> float:
        """Return the milliseconds of one more task or item."""
        return (self.median(more) - self.median(fewer)) / count * 1000

    @property
    def overhead(self) -> float:
        """The milliseconds of one more unchanged task in addition to its API call and to a task that does nothing."""
        return self.cost("tasks", "one", TASKS - 1) - self.api_call * 1000 - self.cost("idle", "start", TASKS - 1)

    def large(self, count: int, state: str) -> dict[str, Any]:
        """Return the measurement of a large set."""
        return next(one for one in self.scale if one["caches"] == count and one["state"] == state)


def targets(results: Results) -> list[tuple[str, float, float]]:
    """Return the targets, each with its title, the measured figure and the limit."""
    large = results.large(LARGE, "unchanged")
    return [
        (
            "one unchanged cache ad hoc, relative to `tccli`",
            results.median("ad_hoc") / results.median("one_tccli"),
            1.2,
        ),
        ("one unchanged cache ad hoc, relative to `ping`", results.median("ad_hoc") / results.median("ping"), 1.3),
        (
            f"create {MANY} caches and wait, relative to the floor of {results.floor:.1f} s",
            results.median("create") / results.floor,
            1.12,
        ),
        (f"{MANY} unchanged caches, relative to one", results.median("many") / results.median("one"), 1.5),
        (f"{MANY} unchanged caches, calls", results.rows["many"]["calls"], 2),
        (
            "one more unchanged task, milliseconds in addition to the API call and to a task that does nothing",
            results.overhead,
            MOST_OVERHEAD,
        ),
        ("`follow_tags`, relative to the run without it", results.median("followed") / results.median("shared"), 2),
        ("`follow_tags`, calls", results.rows["followed"]["calls"], 2),
        (f"`follow_tags`, manifest requests for {IMAGES} images", results.rows["followed"]["manifests"], IMAGES),
        (f"{LARGE} unchanged caches without latency, seconds", large["seconds"], 2.0),
        (f"{LARGE} unchanged caches, peak memory in MiB", large["peak_mib"], 100),
    ]


def page(results: Results) -> str:
    """Return the page for the documentation."""
    lines = ["# Benchmark", "", *_summary(results), ""]
    lines += [f"![{bench_pictures.DESCRIPTION}]({_relative(bench_pictures.PANELS)})", ""]
    lines += [*_method(results), "", "## Targets", "", "| target | measured | limit |", "|---|---|---|"]
    lines += [f"| {title} | {figure:.2f} | {limit:g} |" for title, figure, limit in targets(results)]
    lines += ["", "## All measurements", "", "| | median (s) | range (s) | calls |", "|---|---|---|---|"]
    lines += [_row(results, name) for name in results.rows]
    lines += ["", *_one_more(results), "", *_timeline(results), "", *_large_sets(results)]
    return "\n".join(lines) + "\n"


def _summary(results: Results) -> list[str]:
    """Return what a user wants to know: how long for one, for a hundred, against what."""
    median, rows = results.median, results.rows
    return [
        f"- One unchanged image cache takes {median('ad_hoc'):.2f} s ad hoc. The same call with `tccli` takes"
        f" {median('one_tccli'):.2f} s.",
        f"- A hundred unchanged image caches take {median('many'):.2f} s and {rows['many']['calls']} calls. A loop over"
        f" `tccli` takes {median('many_tccli'):.0f} s.",
        f"- A hundred new image caches are Ready after {median('create'):.1f} s, of which a build takes {BUILD:g} s. An"
        f" expert's script with the SDK takes {median('create_sdk'):.1f} s.",
    ]


def _method(results: Results) -> list[str]:
    rounds = len(results.rows["start"]["seconds"])
    return [
        f"`make bench` measures whole processes on {results.cores} cores, in turn, {rounds} times each. The emulator",
        f"uses TLS, {LATENCY * 1000:.0f} ms per request, {RATE} requests per second for each action, and builds of",
        f"{BUILD:.0f} s. `wait_interval` is 1. Listed caches exist before the measurement; created caches do not.",
    ]


def _row(results: Results, name: str) -> str:
    row, seconds = results.rows[name], results.rows[name]["seconds"]
    return (
        f"| {row['title']} | {results.median(name):.2f} | {min(seconds):.2f} to {max(seconds):.2f} | {row['calls']} |"
    )


def _one_more(results: Results) -> list[str]:
    call = results.api_call * 1000
    costs = [
        ("any task that does nothing", results.cost("idle", "start", TASKS - 1), 0.0),
        ("a task, in the controller's process", results.cost("tasks", "one", TASKS - 1), call),
        ("a task, in a module process", results.cost("tasks_module", "one_module", TASKS - 1), call),
        ("an item of a loop, in the controller's process", results.cost("many_loop", "one", MANY - 1), call),
        ("an item of a loop, in a module process", results.cost("loop_module", "one_module", TASKS - 1), call),
        ("a process of tccli", results.median("many_tccli") / MANY * 1000, call),
    ]
    return [
        "## One more unchanged cache",
        "",
        f"The API call itself takes {call:.0f} ms, over a new connection from a running process.",
        "",
        "| | total (ms) | in addition to the API call (ms) |",
        "|---|---|---|",
        *(f"| {title} | {cost:.0f} | {cost - without:.0f} |" for title, cost, without in costs),
        "",
        f"Ansible itself takes {costs[0][1]:.0f} ms for any task, even one that does nothing: it forks a worker,",
        "evaluates variables and templates, and calls callbacks. No module can take less. An item of a loop can,",
        "because it needs no new worker.",
    ]


def _timeline(results: Results) -> list[str]:
    lines = [
        "## Creating a hundred image caches",
        "",
        f"![Timeline of the requests and builds of one run]({_relative(bench_pictures.TIMELINE)})",
        "",
        f"The floor is the start of a process, {MANY}/{RATE} s for the requests, and a build. A run can be faster,",
        f"because the API counts the requests within any second: the first {RATE} are sent at once, and the last",
        f"{RATE} after {MANY // RATE - 1} s instead of {MANY // RATE} s.",
    ]
    if "before" in results.timelines:
        before, now = (len(results.timelines[name]["arrivals"]["DescribeImageCaches"]) for name in ("before", "now"))
        lines[-1] += f" Because caches that are created together are polled together, it needs {now} listings."
        lines += [
            "",
            "The upper part shows a version that sent its requests at an even pace. It polled each cache at a",
            f"different time, with {before} listings.",
        ]
    return lines


def _large_sets(results: Results) -> list[str]:
    return [
        "## Large sets",
        "",
        "Measured on an emulator without latency or limits, with `requests_per_second: 1000` and builds of 1 s.",
        "The peak is that of the largest process, including Ansible's own.",
        "",
        "| caches | | seconds | calls | peak (MiB) |",
        "|---|---|---|---|---|",
        *(
            f"| {one['caches']} | {one['state']} | {one['seconds']} | {one['calls']} | {one['peak_mib']} |"
            for one in results.scale
        ),
    ]


def _relative(picture: Path) -> Path:
    return picture.relative_to(ROOT / "docs")


def write() -> str:
    """Write the page and its pictures, and return the page."""
    results = Results(json.loads((ROOT / "docs/benchmark.json").read_text(encoding="utf-8")))
    written = page(results)
    (ROOT / "docs/benchmark.md").write_text(written, encoding="utf-8")
    bench_pictures.draw_panels({name: results.median(name) for name in results.rows}, results)
    bench_pictures.draw_timeline(results.timelines, results.floor)
    return written


if __name__ == "__main__":
    print(write())
