# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that C(make probe) runs in a shell, over real HTTP. Its answers in every world are unit tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from emulator import BuildFailure, Emulator, Fault, answers_of

from .caches import CREATE, DELETE, LIST, UPDATE, create_cache
from .controller import HUNG, ROOT, Controller

PLACE = ("--vpc", "vpc-508ctkfb", "--subnet", "subnet-8ah75lo8")
# The other durations are in proportion to the polling interval.
PACE = ("--interval", "0.5")


@pytest.fixture
def probed(emulator: Emulator) -> Emulator:
    """Return an emulator whose builds and updates are long enough to ask several questions meanwhile."""
    emulator.settings.build_seconds = 4.0
    emulator.settings.failures = [BuildFailure("does-not-exist")]
    return emulator


def start_probe(controller: Controller, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "probe", "--folder", str(controller.folder / "probe"), *arguments],
        env={**controller.environment, "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(ROOT / "tools")])},
        cwd=controller.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_probe(controller: Controller, *arguments: str) -> tuple[int, str]:
    """Run the command, and return its exit status and output."""
    process = start_probe(controller, *arguments)
    output, _errors = process.communicate(timeout=HUNG)
    return process.returncode, output


def read_report(folder: Path) -> dict[str, Any]:
    """Return the report as JSON."""
    report: dict[str, Any] = json.loads((folder / "probe/report.json").read_text(encoding="utf-8"))
    return report


def test_without_yes_the_plan_is_shown_and_no_request_is_sent(emulator: Emulator, controller: Controller) -> None:
    status, output = run_probe(controller, *PLACE)
    assert status == 2
    for words in ("at most 3 at a time", "retention_days 1", "at most 315 minutes", "tke:CreateImageCache", "YES=1"):
        assert words in output
    assert emulator.received == []
    assert not (controller.folder / "probe").exists()


@pytest.mark.waiting
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {
            "passwords": "masked",
            "image_form": "full",
            "most_listed_at_once": 10,
            "merges_tags": True,
            "unique_names": True,
            "refuses_update_while": ("Failed",),
            "digests": "unmatched",
            "retention_restarts": True,
            "time_format": "rfc3339",
        },
    ],
    ids=["default", "others"],
)
def test_probe_finds_the_answers_of_the_emulator(
    probed: Emulator, controller: Controller, changed: dict[str, Any]
) -> None:
    for name, value in changed.items():
        setattr(probed.settings, name, value)
    other = create_cache(probed, ImageCacheName="tke-probe")
    status, output = run_probe(controller, *PLACE, *PACE, "--yes")
    assert status == 0, output
    report = read_report(controller.folder)
    assert {entry["question"]: entry["world"] for entry in report["answers"]} == answers_of(probed.settings), output
    assert report["region"] == "ap-guangzhou"
    assert list(probed.region().caches) == [other]
    shown = output + json.dumps(report) + (controller.folder / "probe/report.md").read_text(encoding="utf-8")
    assert probed.secret_key not in shown
    assert "vpc-508ctkfb" not in shown


def wait_for_caches(process: subprocess.Popen[str], emulator: Emulator, count: int) -> None:
    """Wait until a probe has created caches."""
    while emulator.calls().count(CREATE) < count:
        assert process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_probe_removes_its_caches(probed: Emulator, controller: Controller, number: signal.Signals) -> None:
    process = start_probe(controller, *PLACE, *PACE, "--yes")
    wait_for_caches(process, probed, 2)
    process.send_signal(number)
    output, _errors = process.communicate(timeout=HUNG)
    assert process.returncode == 1
    assert "Interrupted." in output
    assert probed.region().caches == {}


def test_clean_removes_the_caches_of_a_killed_probe(probed: Emulator, controller: Controller) -> None:
    other = create_cache(probed, ImageCacheName="tke-probe")
    process = start_probe(controller, *PLACE, *PACE, "--yes")
    wait_for_caches(process, probed, 3)
    process.kill()
    process.communicate(timeout=HUNG)
    assert len(probed.region().caches) > 1
    elsewhere = {"TENCENTCLOUD_TKE_ENDPOINT": "http://127.0.0.1:9"}
    controller.environment.update(elsewhere)
    status, output = run_probe(controller, *PACE, "--clean")
    assert (status, f"The journal is of a probe at {probed.endpoint}." in output) == (1, True)
    controller.environment.update(probed.environment())
    status, output = run_probe(controller, *PACE, "--clean")
    assert status == 0, output
    assert list(probed.region().caches) == [other]
    status, output = run_probe(controller, *PACE, "--clean")
    assert (status, "nothing has to be removed" in output) == (0, True)


def test_credentials_that_may_not_write_are_refused_before_a_create(probed: Emulator, controller: Controller) -> None:
    for action in (UPDATE, DELETE):
        probed.faults.append(Fault.error("UnauthorizedOperation.CamNoAuth", action, message="Not authorized."))
    status, output = run_probe(controller, *PLACE, "--yes")
    assert status == 1
    assert "probe: The credentials may not use UpdateImageCache (UnauthorizedOperation.CamNoAuth" in output
    assert "DeleteImageCaches (UnauthorizedOperation.CamNoAuth" in output
    assert CREATE not in probed.calls()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--yes",), "Set VPC and SUBNET to the IDs of a VPC and a subnet."),
        ((*PLACE, "--yes", "--image", "busybox"), "IMAGE needs a tag."),
        ((*PLACE, "--yes", "--image", "Busybox:1"), "Invalid IMAGE: invalid image reference 'Busybox:1'"),
    ],
)
def test_invalid_place_or_image_is_refused_before_any_request(
    emulator: Emulator, controller: Controller, arguments: tuple[str, ...], message: str
) -> None:
    status, output = run_probe(controller, *arguments)
    assert (status, message in output) == (1, True), output
    assert emulator.received == []


def test_wrong_keys_are_reported_in_one_line(emulator: Emulator, controller: Controller) -> None:
    controller.environment["TENCENTCLOUD_SECRET_KEY"] = "wrong"
    status, output = run_probe(controller, *PLACE, "--yes")
    assert status == 1
    assert output.startswith("probe: DescribeImageCaches failed: The provided credentials could not be validated")
    assert emulator.calls() == [LIST]
