# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""C(make emulator), as a shell uses it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from .controller import HUNG, ROOT, Controller


def serve(port: int, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "emulator", "--port", str(port), "--build-seconds", "0.2", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_prints_what_leads_a_client_there_and_stops_when_interrupted(controller: Controller, tmp_path: Path) -> None:
    process = serve(0)
    assert process.stdout is not None
    printed = dict(process.stdout.readline().strip().split("=", 1) for _line in range(3))
    assert list(printed) == ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TKE_ENDPOINT"]
    assert printed["TENCENTCLOUD_TKE_ENDPOINT"].startswith("http://127.0.0.1:")
    controller.environment.update(printed)
    assert controller.web().result["image_cache"]["status"] == "Ready"
    # An image that the emulator knows not to exist makes a build fail.
    run = controller.web(name="bad", images=["does-not-exist:1"])
    assert run.result["build_failure"]["reason"] == "PullImageFailed"
    process.send_signal(signal.SIGINT)
    assert process.wait(HUNG) == 0


def test_it_answers_as_in_another_world(controller: Controller) -> None:
    process = serve(0, "--world", "oldest event first")
    assert process.stdout is not None
    controller.environment.update(process.stdout.readline().strip().split("=", 1) for _line in range(3))
    reasons = [event["reason"] for event in controller.web().result["image_cache"]["events"]]
    assert (reasons[0], reasons[-1]) == ("DiskCreated", "DiskDeleted")
    process.send_signal(signal.SIGINT)
    assert process.wait(HUNG) == 0


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = serve(port)
        assert process.wait(HUNG) == 1
        assert process.stderr is not None
        assert f"port {port} of 127.0.0.1 is taken" in process.stderr.read()
