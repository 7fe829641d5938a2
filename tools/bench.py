# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the side-by-side benchmark: whole processes, in turn, on the emulator with the limits of the API.

It writes what it measured to docs/benchmark.json, from which bench_page.py makes the page and bench_pictures.py the
pictures. With C(--before), the timeline of another checkout is measured too, so that both can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import certifi
import trustme
import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import ConnectionSettings, Transport
from ansible_collections.tencentcloud.tke.plugins.module_utils._connection import TKE
from bench_settings import BUILD, IMAGES, LATENCY, MANY, RATE, SCALE, TASKS
from emulator import REGIONS, Emulator, Settings
from emulator.registry import Registry
from unit.support.registry_images import Pusher, gzip_layer

ROOT = Path(__file__).resolve().parents[1]
MODULE, SET = "tencentcloud.tke.image_cache", "tencentcloud.tke.image_cache_set"
# The regions of the caches that share images, and of those that are created.
FOLLOWED, NEW = "ap-beijing", "ap-shanghai"
NAMES = [f"cache-{number:03}" for number in range(MANY)]
DECLARED = {"images": ["nginx:1.27.3"], "vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8", "wait_interval": 1}
# tccli only trusts the certificates of certifi and has no option for others.
TCCLI = (
    "import certifi, os; certifi.where = lambda: os.environ['TENCENTCLOUD_CA_PATH']; import tccli.main as t; t.main()"
)
# Runs a command, and prints its seconds and the peak memory of its processes in KiB.
LAUNCHER = """
import resource, subprocess, sys, time
started = time.perf_counter()
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
seconds = time.perf_counter() - started
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""
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
        # As in real use, the bundle has the certificates of all public authorities.
        (folder / "ca.pem").write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
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
        "ping": Row("an ad hoc module that does nothing: ping", ["ansible", "localhost", "-m", "ansible.builtin.ping"]),
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


def timeline(bench: Bench, row: Row, collections: str) -> dict[str, Any]:
    """Return when the requests of one run arrived and its caches became Ready, in seconds since the process started.

    C(collections) is the path of the collections, so that another checkout can be measured.
    """
    bench.environment["PYTHONPATH"] = bench.environment["ANSIBLE_COLLECTIONS_PATH"] = collections
    started = time.monotonic()
    bench.measure(row)
    arrivals: dict[str, list[float]] = {}
    for request in bench.emulator.received:
        arrivals.setdefault(request.action, []).append(round(request.at - started, 3))
    return {
        "arrivals": arrivals,
        "ready": [
            round(request.at - started + BUILD, 3)
            for request in bench.emulator.received
            if request.action == "CreateImageCache" and request.code is None
        ],
        "seconds": round(row.seconds[-1], 3),
    }


def run_alone(command: list[str], environment: dict[str, str]) -> tuple[float, int]:
    """Return the seconds that a command takes, and the peak memory of its largest process in MiB."""
    # In between is a small process, because the system counts the memory of the starting process, too.
    process = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *command], env=environment, capture_output=True, text=True, check=False
    )
    if process.returncode:
        sys.exit(process.stdout[-2000:] + process.stderr[-2000:])
    seconds, kib = process.stderr.split()[-2:]
    return round(float(seconds), 2), round(int(kib) / 1024)


def scale() -> list[dict[str, Any]]:
    """Return time, memory and calls of sets of increasing size, on an emulator without latency or limits."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.emulator.settings.latency, bench.emulator.settings.requests_per_second = 0.0, 100000
        bench.emulator.settings.build_seconds = 1.0
        measured = []
        for region, count in zip(REGIONS, SCALE):
            entries = [{"name": f"cache-{number:04}"} for number in range(count)]
            task = {SET: {**DECLARED, "image_caches": entries, "requests_per_second": 1000}}
            command = bench.play(f"scale-{count}", **task)
            bench.environment["TENCENTCLOUD_REGION"] = region
            for state in ("new", "unchanged"):
                bench.emulator.received.clear()
                seconds, peak = run_alone(command, bench.environment)
                calls = len(bench.emulator.received)
                measured.append({"caches": count, "state": state, "seconds": seconds, "calls": calls, "peak_mib": peak})
                print(f"{count} {state}: {seconds} s, {calls} calls, {peak} MiB", flush=True)
        bench.stop()
        return measured


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="number of measurements of each row (default: 5)")
    parser.add_argument("--before", help="the path of the collections of another checkout, for its timeline")
    parser.add_argument("--rows", nargs="*", help="the rows to measure again (default: all)")
    options = parser.parse_args()
    here = os.environ["PYTHONPATH"].split(os.pathsep)[0]
    results = ROOT / "docs/benchmark.json"
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        table = {name: row for name, row in rows(bench).items() if not options.rows or name in options.rows}
        if "followed" in table:
            # The first run creates the caches and records the digests.
            bench.measure(table["followed"])
            table["followed"].seconds.clear()
        for number in range(options.rounds):
            for row in table.values():
                bench.measure(row)
                print(f"round {number + 1}: {row.title}: {row.seconds[-1]:.2f} s, {row.calls} calls", flush=True)
        call = api_call(bench)
        timelines = {"now": timeline(bench, rows(bench)["create"], here)}
        if options.before:
            timelines["before"] = timeline(bench, rows(bench)["create"], options.before)
        bench.stop()
    known = json.loads(results.read_text(encoding="utf-8"))
    measured = {
        name: {"title": row.title, "seconds": row.seconds, "calls": row.calls, "manifests": row.manifests}
        for name, row in table.items()
    }
    whole = {
        "cores": os.cpu_count(),
        "api_call": call,
        "rows": {**(known["rows"] if options.rows else {}), **measured},
        "scale": scale(),
        "timelines": {**known.get("timelines", {}), **timelines},
    }
    results.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    # The pictures need much memory, so they are drawn by another process.
    subprocess.run([sys.executable, str(ROOT / "tools/bench_page.py")], check=True)


if __name__ == "__main__":
    main()
