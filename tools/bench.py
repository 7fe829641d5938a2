# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the side-by-side benchmark: whole processes, in turn, on the emulator with the limits of the API.

It prints a table, writes it to docs/benchmark.json and .md, and draws a picture for the guides.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pygal
import trustme
import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import ConnectionSettings, Transport
from ansible_collections.tencentcloud.tke.plugins.module_utils._connection import TKE
from emulator import REGIONS, Emulator, Settings
from emulator.registry import Registry
from unit.support.registry_images import Pusher, gzip_layer

ROOT = Path(__file__).resolve().parents[1]
MODULE, SET = "tencentcloud.tke.image_cache", "tencentcloud.tke.image_cache_set"
MANY, RATE, BUILD, LATENCY = 100, 20, 5.0, 0.05
# The images that a hundred caches share, and the region of these caches.
IMAGES, FOLLOWED = 30, "ap-beijing"
# The region of the caches that are created.
NEW = "ap-shanghai"
NAMES = [f"cache-{number:03}" for number in range(MANY)]
DECLARED = {"images": ["nginx:1.27.3"], "vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8", "wait_interval": 1}
# tccli only trusts the certificates of certifi and has no option for others.
TCCLI = (
    "import certifi, os; certifi.where = lambda: os.environ['TENCENTCLOUD_CA_PATH']; import tccli.main as t; t.main()"
)
# Maximum milliseconds of an unchanged task in the process of the controller, in addition to the API call.
BAR = 20
SCALE = (250, 500, 1000, 2000)
# Number of tasks in the playbook that measures the cost of one more task.
TASKS = 21
PLOT = ROOT / "docs/docsite/rst/images/benchmark.svg"
IN_MODULES = ("-e", '{"tencentcloud_tke_in_process": false}')


@dataclass
class Row:
    """One way to do something: its processes, and the time that they took."""

    title: str
    command: list[str]
    fresh: bool = False
    times: int = 1
    region: str = "ap-guangzhou"
    seconds: list[float] = field(default_factory=list)
    calls: int = 0
    # Requests to the registry for manifests.
    manifests: int = 0

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return statistics.median(self.seconds)


class Bench:
    """A machine, and an encrypted emulator with the limits of the API and a hundred caches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        settings = Settings(build_seconds=BUILD, latency=LATENCY, requests_per_second=RATE)
        self.emulator = Emulator(settings, ssl_context=context).start()
        fill(self.emulator, NAMES)
        self.registry = Registry().start()
        push_images(self.registry)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TENCENTCLOUD_")},
            **self.emulator.environment(),
            "HOME": str(folder),
            "TENCENTCLOUD_REGION": "ap-guangzhou",
            "TENCENTCLOUD_CA_PATH": str(folder / "ca.pem"),
        }

    def play(self, name: str, times: int = 1, **task: Any) -> list[str]:
        """Return the command that runs a playbook with one task, or with that task several times."""
        path = self.folder / f"{name}.yml"
        playbook = [{"hosts": "localhost", "gather_facts": False, "tasks": [dict(task) for _time in range(times)]}]
        path.write_text(yaml.safe_dump(playbook, sort_keys=False), encoding="utf-8")
        return ["ansible-playbook", str(path)]

    def tccli(self) -> list[str]:
        """Return the command for one listing with tccli."""
        endpoint = self.emulator.endpoint.split("://")[1]
        arguments = ["tke", "DescribeImageCaches", "--ImageCacheNames", json.dumps(NAMES[:1]), "--endpoint", endpoint]
        return [sys.executable, "-c", TCCLI, *arguments]

    def measure(self, row: Row) -> None:
        """Run the processes of a row once, and record their time and number of calls."""
        if row.fresh:
            self.emulator.regions.pop(row.region, None)
        environment = {**self.environment, "TENCENTCLOUD_REGION": row.region}
        self.emulator.received.clear()
        self.registry.received.clear()
        started = time.perf_counter()
        for _time in range(row.times):
            process = subprocess.run(row.command, env=environment, capture_output=True, text=True, check=False)
            if process.returncode:
                sys.exit(f"{row.title}: {process.stdout[-2000:]}{process.stderr[-2000:]}")
        row.seconds.append(time.perf_counter() - started)
        row.calls = len(self.emulator.received)
        row.manifests = len(self.registry.requests())

    def stop(self) -> None:
        """Stop the emulator and the registry."""
        self.emulator.stop()
        self.registry.stop()


def push_images(registry: Registry) -> None:
    """Push the images that caches share."""
    pusher = Pusher(registry.url(), registry.username, registry.password)
    for number in range(IMAGES):
        pusher.push_image(f"app-{number}", "1", [gzip_layer(fill=bytes([number]))])


def followed_set(registry: Registry, **options: Any) -> dict[str, Any]:
    """Return a task that declares a hundred caches, with three of the shared images each."""
    names = [f"{registry.host}/app-{number}:1" for number in range(IMAGES)]
    entries = [
        {"name": name, "images": [names[(number + step) % IMAGES] for step in (0, 7, 13)]}
        for number, name in enumerate(NAMES)
    ]
    plain = {"registry_http_end_point_list": [registry.host]}
    return {SET: {**DECLARED, **plain, "image_caches": entries, **options}}


def fill(emulator: Emulator, names: list[str]) -> None:
    """Add Ready caches to the emulator."""
    region = emulator.region()
    for name in names:
        declared = {"ImageCacheName": name, "Images": ["nginx:1.27.3"], "VpcId": "vpc-1", "SubnetId": "subnet-1"}
        cache = region.caches[region.call("CreateImageCache", declared)["ImageCacheId"]]
        cache.builds[-1].began -= 60


def rows(bench: Bench) -> dict[str, Row]:
    """Return the rows to compare, by title."""
    script = [sys.executable, str(ROOT / "tools/bench_sdk.py")]
    one, many = {**DECLARED, "name": NAMES[0]}, {**DECLARED, "image_caches": [{"name": name} for name in NAMES]}
    looped = bench.play("loop", **{MODULE: {**DECLARED, "name": "{{ item }}"}}, loop=NAMES)
    short = bench.play("short", **{MODULE: {**DECLARED, "name": "{{ item }}"}}, loop=NAMES[:TASKS])
    tasks = bench.play("tasks", TASKS, **{MODULE: one})
    nothing = {"ansible.builtin.set_fact": {"nothing": 1}}
    arguments = " ".join(f"{name}={value}" for name, value in {**one, "images": "nginx:1.27.3"}.items())
    ad_hoc = ["ansible", "localhost", "-m", MODULE, "-a", arguments]
    return {
        "start": Row("a playbook with one task that does nothing", bench.play("start", **nothing)),
        "idle": Row(f"a playbook with {TASKS} tasks that do nothing", bench.play("idle", TASKS, **nothing)),
        "one": Row("one unchanged cache: image_cache", bench.play("one", **{MODULE: one})),
        "one_module": Row("the same in a module process", [*bench.play("one", **{MODULE: one}), *IN_MODULES]),
        "tasks": Row(f"{TASKS} tasks, one unchanged cache each: image_cache", tasks),
        "tasks_module": Row("the same in module processes", [*tasks, *IN_MODULES]),
        "ad_hoc": Row("one unchanged cache, ad hoc: image_cache", ad_hoc),
        "ad_hoc_module": Row("the same in a module process", [*ad_hoc, *IN_MODULES]),
        "one_sdk": Row("one listing: script with the SDK", [*script, "one"]),
        "one_tccli": Row("one listing: tccli", bench.tccli()),
        "many": Row("100 unchanged caches: image_cache_set", bench.play("many", **{SET: many})),
        "many_loop": Row("100 unchanged caches: loop over image_cache", looped),
        "loop_module": Row(f"{TASKS} unchanged caches: the loop in module processes", [*short, *IN_MODULES]),
        "many_sdk": Row("100 listings: script with the SDK", [*script, "each"]),
        "many_tccli": Row("100 listings: loop over tccli", bench.tccli(), times=MANY),
        "shared": Row(
            f"100 unchanged caches that share {IMAGES} images: image_cache_set",
            bench.play("shared", **followed_set(bench.registry)),
            region=FOLLOWED,
        ),
        "followed": Row(
            "the same with follow_tags",
            bench.play("followed", **followed_set(bench.registry, follow_tags=True)),
            region=FOLLOWED,
        ),
        "create": Row(
            "create 100 caches and wait: image_cache_set",
            bench.play("create", **{SET: many}),
            fresh=True,
            region=NEW,
        ),
        "create_sdk": Row(
            "create 100 caches and wait: script with the SDK", [*script, "create"], fresh=True, region=NEW
        ),
    }


def api_call(bench: Bench) -> float:
    """Return the seconds of one call over a new connection in a warm process."""
    verify = bench.environment["TENCENTCLOUD_CA_PATH"]
    keys = Keys(bench.emulator.secret_id, bench.emulator.secret_key, None)
    endpoint, clock = Endpoint.parse(bench.emulator.endpoint), Clock()
    settings = ConnectionSettings(endpoint, "ap-guangzhou", "en-US", 30, verify, "bench", "bench")
    seconds = []
    for _time in range(TASKS):
        client = Client(
            Transport(settings, TKE, lambda: keys, clock, 1), retries=0, check_mode=True, clock=clock, rate_limiter=None
        )
        started = time.perf_counter()
        client.describe(Deadline(clock, 60), ImageCacheNames=[NAMES[0], f"{NAMES[0]}-replacement"])
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def overheads(table: dict[str, Row], call: float) -> list[tuple[str, float, float]]:
    """Return the cost of one more unchanged cache in each way: title, total milliseconds, and overhead."""

    def each(more: str, fewer: str, count: int) -> float:
        return (table[more].median - table[fewer].median) / count

    costs = {
        "any task that does nothing": each("idle", "start", TASKS - 1),
        "a task, in the controller's process": each("tasks", "one", TASKS - 1),
        "a task, in a module process": each("tasks_module", "one_module", TASKS - 1),
        "an item of a loop, in the controller's process": each("many_loop", "one", MANY - 1),
        "an item of a loop, in a module process": each("loop_module", "one_module", TASKS - 1),
        "a process of tccli": table["many_tccli"].median / MANY,
    }
    return [
        (title, seconds * 1000, (seconds - (0 if "nothing" in title else call)) * 1000)
        for title, seconds in costs.items()
    ]


def bars(table: dict[str, Row]) -> list[tuple[str, float, float]]:
    """Return the targets, each with its title, the measured factor and the allowed factor."""
    floor = table["start"].median + MANY / RATE + BUILD
    return [
        (f"create 100 caches and wait, relative to the floor of {floor:.1f} s", table["create"].median / floor, 1.12),
        ("100 unchanged caches, relative to one", table["many"].median / table["one"].median, 1.5),
        ("100 unchanged caches, calls", float(table["many"].calls), 2.0),
        ("follow_tags, relative to the run without it", table["followed"].median / table["shared"].median, 2.0),
        ("follow_tags, calls", float(table["followed"].calls), 2.0),
        (f"follow_tags, manifest requests for {IMAGES} images", float(table["followed"].manifests), float(IMAGES)),
    ]


def scale() -> list[dict[str, float]]:
    """Return time, memory and calls of sets of increasing size, on an emulator without latency or limits."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.emulator.settings.latency, bench.emulator.settings.requests_per_second = 0.0, 100000
        bench.emulator.settings.build_seconds = 1.0
        measured = []
        for region, count in zip(REGIONS, SCALE):
            entries = [{"name": f"cache-{number:04}"} for number in range(count)]
            task = {SET: {**DECLARED, "image_caches": entries, "requests_per_second": 1000}}
            for state in ("new", "unchanged"):
                bench.environment["TENCENTCLOUD_REGION"] = region
                bench.emulator.received.clear()
                started = time.perf_counter()
                process = subprocess.run(
                    bench.play(f"scale-{count}", **task),
                    env=bench.environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if process.returncode:
                    sys.exit(process.stdout[-2000:])
                measured.append(
                    {
                        "caches": count,
                        "state": state,
                        "seconds": round(time.perf_counter() - started, 2),
                        "calls": len(bench.emulator.received),
                        # The maximum of all processes so far is that of the last one, because each set is larger.
                        "peak_mib": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
                    }
                )
        bench.stop()
        return measured


def report(table: dict[str, Row], call: float, measured: list[dict[str, float]], rounds: int) -> str:
    """Return the page for the documentation."""
    lines = [
        "# Benchmark",
        "",
        f"`make bench` measures whole processes on {os.cpu_count()} cores, in turn, {rounds} times each. The emulator",
        f"uses TLS, {LATENCY * 1000:.0f} ms per request, {RATE} requests per second for each action, and builds of",
        f"{BUILD:.0f} s. `wait_interval` is 1. Listed caches exist before the measurement; created caches do not.",
        "",
        "| | median (s) | range (s) | calls |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.title} | {row.median:.2f} | {min(row.seconds):.2f} to {max(row.seconds):.2f} | {row.calls} |"
        for row in table.values()
    ]
    lines += ["", "| target | measured | limit |", "|---|---|---|"]
    lines += [f"| {title} | {factor:.2f} | {allowed:g} |" for title, factor, allowed in bars(table)]
    lines += [
        "",
        "## One more unchanged cache",
        "",
        f"The API call itself takes {call * 1000:.0f} ms, over a new connection from a running process.",
        "",
        "| | total (ms) | in addition to the API call (ms) |",
        "|---|---|---|",
    ]
    costs = overheads(table, call)
    lines += [f"| {title} | {whole:.0f} | {top:.0f} |" for title, whole, top in costs]
    (_title, _whole, floor), (_title, _whole, top) = costs[:2]
    lines += [
        "",
        f"The target for a task in the controller's process is at most {BAR} ms in addition to the API call; it takes",
        f"{top:.0f} ms. Ansible itself takes {floor:.0f} ms of these for any task, even one that does nothing: it",
        "forks a worker, evaluates variables and templates, and calls callbacks. No module can take less. An item of a",
        "loop can, because it needs no new worker.",
        "",
        f"![Bar chart of the medians]({PLOT.relative_to(ROOT / 'docs')})",
        "",
        "## Large sets",
        "",
    ]
    lines += [
        "Measured on an emulator without latency or limits, with `requests_per_second: 1000` and builds of 1 s.",
        "The peak is that of the largest process, including Ansible's own.",
        "",
        "| caches | | seconds | calls | peak (MiB) |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {m['caches']} | {m['state']} | {m['seconds']} | {m['calls']} | {m['peak_mib']} |" for m in measured]
    return "\n".join(lines) + "\n"


def plot(table: dict[str, Row]) -> str:
    """Return a picture of the medians."""
    chart = pygal.HorizontalBar(
        show_legend=False,
        js=[],
        height=620,
        width=900,
        print_values=True,
        explicit_size=True,
        disable_xml_declaration=True,
    )
    chart.title = "Medians in seconds"
    shown = list(table.values())[::-1]
    chart.x_labels = [row.title for row in shown]
    chart.add("seconds", [round(row.median, 2) for row in shown])
    return str(chart.render(is_unicode=True)) + "\n"


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="number of measurements of each row (default: 5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        table = rows(bench)
        # The first run creates the caches and records the digests.
        bench.measure(table["followed"])
        table["followed"].seconds.clear()
        for number in range(options.rounds):
            for row in table.values():
                bench.measure(row)
                print(f"round {number + 1}: {row.title}: {row.seconds[-1]:.2f} s, {row.calls} calls", flush=True)
        call = api_call(bench)
        bench.stop()
    measured = scale()
    page = report(table, call, measured, options.rounds)
    facts = {name: {"title": r.title, "seconds": r.seconds, "calls": r.calls} for name, r in table.items()}
    whole = {"cores": os.cpu_count(), "api_call": call, "rows": facts, "scale": measured}
    (ROOT / "docs/benchmark.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    (ROOT / "docs/benchmark.md").write_text(page, encoding="utf-8")
    PLOT.write_text(plot(table), encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
