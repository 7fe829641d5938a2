# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serves the emulator in the foreground until interrupted: C(python -m emulator --port 8400)."""

from __future__ import annotations

import argparse
import math
import signal
import sys
from typing import NoReturn

from .example_account import fill
from .server import Emulator
from .service import BuildFailure
from .switches import settings_of, worlds

ENDS = (signal.SIGINT, signal.SIGTERM)


class Parser(argparse.ArgumentParser):
    """Reports an invalid argument in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with status 1."""
        self.exit(1, f"{self.prog}: {message}\n")


def seconds(text: str) -> float:
    """Parse a number of seconds."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds of 0 or more")
    return value


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(prog="emulator", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=8400, help="port to listen on; 0 selects a free port (default: 8400)"
    )
    parser.add_argument(
        "--build-seconds", type=seconds, default=5.0, help="duration of a build in seconds (default: 5)"
    )
    parser.add_argument("--latency", type=seconds, default=0.0, help="delay of each response in seconds (default: 0)")
    parser.add_argument(
        "--world",
        default="default",
        choices=worlds(),
        metavar="NAME",
        help="behavior that the API documentation does not define: %(choices)s",
    )
    parser.add_argument("--example-account", action="store_true", help="start with image caches of an example account")
    return parser


def main() -> int:
    """Serve until a signal, and return the exit status."""
    options = make_parser().parse_args()
    settings = settings_of(
        options.world,
        build_seconds=options.build_seconds,
        latency=options.latency,
        failures=[BuildFailure("does-not-exist")],
    )
    # The signals are blocked in every thread and awaited in this one, so a repeated signal cannot interrupt the stop.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    emulator = Emulator(settings, options.port)
    try:
        emulator.start()
        if options.example_account:
            fill(emulator)
    except OSError as error:
        print(f"emulator: {error}. Choose another port.", file=sys.stderr)
        return 1
    for name, value in emulator.environment().items():
        print(f"{name}={value}", flush=True)
    signal.sigwait(ENDS)
    emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
