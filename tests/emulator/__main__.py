# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serves the emulator in the foreground until interrupted: C(python -m emulator --port 8400)."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from .server import Emulator
from .service import BuildFailure
from .switches import settings_of, worlds


def main() -> int:
    """Serve, and return the exit status."""
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8400, help="0 takes a free one (default: 8400)")
    parser.add_argument("--build-seconds", type=float, default=5.0, help="how long a build takes (default: 5)")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer (default: 0)")
    parser.add_argument(
        "--world",
        default="default",
        choices=worlds(),
        metavar="NAME",
        help="how to answer where the documentation of the API is silent: %(choices)s",
    )
    options = parser.parse_args()
    settings = settings_of(
        options.world,
        build_seconds=options.build_seconds,
        latency=options.latency,
        failures=[BuildFailure("does-not-exist")],
    )
    emulator = Emulator(settings, options.port)
    try:
        emulator.start()
    except OSError:
        print(f"emulator: port {options.port} of 127.0.0.1 is taken; choose another one", file=sys.stderr)
        return 1
    for name, value in emulator.environment().items():
        print(f"{name}={value}", flush=True)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    done.wait()
    emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
