# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that C(make emulator) runs in a shell."""

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
INVALID_SECONDS = [(option, value) for option in ("--build-seconds", "--latency") for value in ("nan", "-1", "inf")]


def start_emulator(port: int, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "emulator", "--port", str(port), "--build-seconds", "0.2", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_variables(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the environment variables that the emulator prints when it is ready."""
    assert process.stdout is not None
    return dict(process.stdout.readline().strip().split("=", 1) for _name in NAMES)


def read_error(*arguments: str) -> str:
    """Start an emulator that cannot start, and return the only line that it prints."""
    process = start_emulator(0, *arguments)
    printed, errors = process.communicate(timeout=HUNG)
    assert (process.returncode, printed) == (1, "")
    (line,) = errors.splitlines()
    return line.removeprefix("emulator: ")


def test_emulator_prints_its_environment_and_stops_on_sigint(controller: Controller, tmp_path: Path) -> None:
    process = start_emulator(0)
    printed = read_variables(process)
    assert list(printed) == NAMES
    assert printed["TENCENTCLOUD_REGION"] == "ap-guangzhou"
    assert printed["TENCENTCLOUD_TKE_ENDPOINT"].startswith("http://127.0.0.1:")
    controller.environment.update(printed)
    assert controller.web().result["image_cache"]["status"] == "Ready"
    # The build of an image that does not exist in the emulator fails.
    run = controller.web(name="bad", images=["does-not-exist:1"])
    assert run.result["build_failure"]["reason"] == "PullImageFailed"
    process.send_signal(signal.SIGINT)
    assert process.wait(HUNG) == 0


def test_world_option_changes_the_answers(controller: Controller) -> None:
    process = start_emulator(0, "--world", "oldest event first")
    controller.environment.update(read_variables(process))
    reasons = [event["reason"] for event in controller.web().result["image_cache"]["events"]]
    assert (reasons[0], reasons[-1]) == ("DiskCreated", "DiskDeleted")
    process.send_signal(signal.SIGINT)
    assert process.wait(HUNG) == 0


def test_port_in_use_is_reported(tmp_path: Path) -> None:
    with socket.socket() as other_socket:
        other_socket.bind(("127.0.0.1", 0))
        other_socket.listen()
        port = other_socket.getsockname()[1]
        message = f"cannot listen on port {port} of 127.0.0.1: Address already in use. Choose another port."
        assert read_error("--port", str(port)) == message


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--port", "99999", "the number must be between 0 and 65535. Choose another port."),
        ("--port", "-1", "the number must be between 0 and 65535. Choose another port."),
        ("--port", "http", "argument --port: invalid int value: 'http'"),
        *(
            (option, value, f"argument {option}: {value} is not a number of seconds")
            for option, value in INVALID_SECONDS
        ),
    ],
)
def test_invalid_option_is_reported_in_one_line(option: str, value: str, message: str) -> None:
    assert message in read_error(option, value)


class TestStop:
    """The emulator is stopped while connections are kept alive and one request is not answered yet."""

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    @pytest.mark.parametrize("times", [1, 3])
    def test_emulator_exits_with_status_0(self, number: signal.Signals, times: int) -> None:
        assert run_and_stop_emulator(number, times) == 0


def run_and_stop_emulator(number: signal.Signals, times: int, pause: float = 0.0) -> int:
    """Start an emulator, connect clients, send the signals, and return the exit status."""
    process = start_emulator(0, "--latency", "30")
    endpoint = read_variables(process)["TENCENTCLOUD_TKE_ENDPOINT"]
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
