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
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from .controller import HUNG, ROOT, Controller

NAMES = ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_REGION", "TENCENTCLOUD_TKE_ENDPOINT"]
NO_SECONDS = [(option, value) for option in ("--build-seconds", "--latency") for value in ("nan", "-1", "inf")]


def serve(port: int, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "emulator", "--port", str(port), "--build-seconds", "0.2", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def variables(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return what it prints when it serves."""
    assert process.stdout is not None
    return dict(process.stdout.readline().strip().split("=", 1) for _name in NAMES)


def refusal(*arguments: str) -> str:
    """Return the only line that an emulator prints that cannot serve."""
    process = serve(0, *arguments)
    printed, said = process.communicate(timeout=HUNG)
    assert (process.returncode, printed) == (1, "")
    (line,) = said.splitlines()
    return line.removeprefix("emulator: ")


def test_it_prints_what_leads_a_client_there_and_stops_when_interrupted(controller: Controller, tmp_path: Path) -> None:
    process = serve(0)
    printed = variables(process)
    assert list(printed) == NAMES
    assert printed["TENCENTCLOUD_REGION"] == "ap-guangzhou"
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
    controller.environment.update(variables(process))
    reasons = [event["reason"] for event in controller.web().result["image_cache"]["events"]]
    assert (reasons[0], reasons[-1]) == ("DiskCreated", "DiskDeleted")
    process.send_signal(signal.SIGINT)
    assert process.wait(HUNG) == 0


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = f"cannot listen on port {port} of 127.0.0.1: Address already in use; choose another port"
        assert refusal("--port", str(port)) == message


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--port", "99999", "the number must be between 0 and 65535; choose another port"),
        ("--port", "-1", "the number must be between 0 and 65535; choose another port"),
        ("--port", "http", "argument --port: invalid int value: 'http'"),
        *((option, value, f"argument {option}: {value} is not a number of seconds") for option, value in NO_SECONDS),
    ],
)
def test_an_option_that_cannot_be_is_refused_in_one_line(option: str, value: str, words: str) -> None:
    assert words in refusal(option, value)


class TestStop:
    """Each stop has clients: connections that are kept alive, and a request that is not answered yet."""

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    @pytest.mark.parametrize("times", [1, 3])
    def test_it_ends_with_status_0(self, number: signal.Signals, times: int) -> None:
        assert stop(number, times) == 0


def stop(number: signal.Signals, times: int, pause: float = 0.0) -> int:
    """Start an emulator, connect clients, send it the signals, and return its exit status."""
    process = serve(0, "--latency", "30")
    endpoint = variables(process)["TENCENTCLOUD_TKE_ENDPOINT"]
    with ExitStack() as clients:
        for _client in range(3):
            session = clients.enter_context(requests.Session())
            session.trust_env = False
            assert session.get(f"{endpoint}/latest/unknown").status_code == 404
        waiting = socket.create_connection(("127.0.0.1", int(endpoint.rsplit(":", 1)[1])))
        clients.enter_context(waiting)
        waiting.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}")
        for _time in range(times):
            process.send_signal(number)
            threading.Event().wait(pause)
        status = process.wait(HUNG)
    assert process.stderr is not None
    assert process.stderr.read() == ""
    return status
