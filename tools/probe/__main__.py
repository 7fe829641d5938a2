# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command C(make probe): C(python -m probe --vpc ID --subnet ID [--yes] [--clean])."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, TextIO

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.release import __version__ as ansible_version
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._failure import describe_request_error
from ansible_collections.tencentcloud.tke.plugins.module_utils._module import read_variable
from ansible_collections.tencentcloud.tke.plugins.module_utils._permissions import find_permissions
from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import sanitize_lines

from .cleanup import remove_remains
from .journal import Journal, Remains, only_probe
from .lab import Lab, Setting
from .pace import Pace
from .plan import describe_plan
from .probing import Finding, ask_all
from .questions import QUESTIONS
from .report import clean, write_report

# The multi-platform digest of this small image in Docker Hub.
IMAGE = "busybox:1.36.1@sha256:73aaf090f3d85aa34ee199857f03fa3a95c8ede2ffd4cc2cdb5b94e566b11662"
# The last one is that of a terminal that is closed.
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
UNCONFIRMED, FAILURE = 2, 1


class Interrupted(BaseException):
    """A signal ends the questions. The caches are removed nevertheless."""


@dataclass
class Probe:
    """The probe of one command. C(secrets) grows with each renewal of the keys."""

    folder: Path
    pace: Pace
    clock: Clock
    secrets: List[str]

    @property
    def journal(self) -> Journal:
        """The journal on disk."""
        return Journal(self.folder / "journal.jsonl")

    def say(self, text: str, file: Optional[TextIO] = None) -> None:
        """Print a text without secrets, if anybody still reads it: the caches are removed nevertheless."""
        with suppress(OSError):
            print(sanitize_lines(clean(text, self.secrets)), flush=True, file=file)

    def ask(self, client: Client, setting: Setting, region: str, endpoint: str) -> int:
        """Ask all questions, remove all caches, write the report, and return the exit status."""
        check_permissions(client, self.clock)
        self.journal.start(region, endpoint)
        lab = Lab(client, self.clock, self.journal, setting, self.pace)
        self.secrets += [lab.password, setting.vpc_id, setting.subnet_id]
        findings: List[Finding] = []
        with interrupt_once():
            try:
                findings = ask_all(lab, self._say_finding)
            except Interrupted:
                self.say("Interrupted.")
            finally:
                status = self.remove(client)
        if findings:
            about = {"date": self.clock.utc().date().isoformat(), "region": region}
            write_report(self.folder, findings, about, self.secrets)
            self.say(f"The report is in {self.folder / 'report.md'}. docs/unknowns.md says how to send it.")
        return status if findings else FAILURE

    def remove(self, client: Client) -> int:
        """Remove the caches in the journal, even if a signal arrives, and return the exit status."""
        with _handle_signals(signal.SIG_IGN):
            self.say("Removing the image caches of the probe. Signals are ignored meanwhile.")
            left = remove_remains(client, self.clock, self.journal, self.pace)
        if not left:
            return 0
        for image_cache, reason in left.items():
            self.say(f"{image_cache} was not removed: {reason}.")
        self.say("Run make probe CLEAN=1 with the same credentials to try again.")
        return FAILURE

    def _say_finding(self, finding: Finding) -> None:
        self.say(f"{finding.question.text} {finding.text or f'Could not be told: {finding.reason}'}")


def check_permissions(client: Client, clock: Clock) -> None:
    """Raise InvalidInput if the credentials may not use an action, before anything is created."""
    permissions = find_permissions(client, Deadline(clock, 60))
    denied = [f"{found['action']} ({found['reason']})" for found in permissions if found["allowed"] is False]
    if denied:
        raise InvalidInput(
            f"The credentials may not use {', '.join(denied)}. Nothing was created."
            " Attach the policies in docs/policies."
        )


@contextmanager
def interrupt_once() -> Iterator[None]:
    """Let the first signal raise Interrupted, and ignore the others."""

    def interrupt(*_args: Any) -> None:
        for number in ENDS:
            signal.signal(number, signal.SIG_IGN)
        raise Interrupted

    with _handle_signals(interrupt):
        yield


@contextmanager
def _handle_signals(handler: Any) -> Iterator[None]:
    # nohup has the signal of the terminal ignored.
    heeded = [number for number in ENDS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def read_parameters() -> Dict[str, Any]:
    """Return the connection options as the modules read them from the environment. Raises InvalidInput."""
    read = ArgumentSpecValidator(_connection.argument_spec(read_variable)).validate({})
    if read.error_messages:
        raise InvalidInput(" ".join(read.error_messages))
    return dict(read.validated_parameters)


def connect(probe: Probe, params: Mapping[str, Any], region: str) -> Client:
    """Return a client for a region. Raises InvalidInput."""
    clients, secrets = _connection.connect(
        params, [region], ansible_version=ansible_version, check_mode=False, clock=probe.clock
    )
    probe.secrets = secrets
    return clients[region]


def remove_earlier(probe: Probe, params: Mapping[str, Any], remains: Optional[Remains]) -> int:
    """Remove what an earlier probe has left, and return the exit status. Raises InvalidInput."""
    if remains is None:
        probe.say("There is no journal of an earlier probe, so nothing has to be removed.")
        return 0
    if remains.endpoint != params["endpoint"]:
        raise InvalidInput(f"The journal is of a probe at {remains.endpoint}. Set TENCENTCLOUD_TKE_ENDPOINT to it.")
    return probe.remove(connect(probe, params, remains.region))


def run(probe: Probe, options: argparse.Namespace) -> int:
    """Run the command and return the exit status. Raises InvalidInput and RequestError."""
    with only_probe(probe.folder):
        params = read_parameters()
        remains = probe.journal.read()
        if options.clean or remains:
            status = remove_earlier(probe, params, remains)
            if options.clean or status:
                return status
        setting = Setting.parse(options.vpc, options.subnet, options.image)
        region = _connection.region_of(params)
        return probe.ask(connect(probe, params, region), setting, region, params["endpoint"])


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="probe", description=__doc__)
    parser.add_argument("--vpc", default="", help="ID of the VPC")
    parser.add_argument("--subnet", default="", help="ID of the subnet")
    parser.add_argument("--image", default=IMAGE, help="a small image, with tag and digest")
    parser.add_argument("--yes", action="store_true", help="create image caches, which costs money")
    parser.add_argument("--clean", action="store_true", help="only remove what an earlier probe has left")
    parser.add_argument("--interval", type=float, default=10.0, help="polling interval in seconds")
    parser.add_argument("--folder", type=Path, default=Path(".cache/probe"), help="folder of journal and report")
    return parser


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the command, and report errors in one line."""
    options = make_parser().parse_args(arguments)
    if not (options.yes or options.clean):
        print(describe_plan(len(QUESTIONS), options.image))
        return UNCONFIRMED
    probe = Probe(options.folder, Pace(options.interval), Clock(), [])
    try:
        return run(probe, options)
    except KeyboardInterrupt:
        # Signals while caches may exist are handled elsewhere.
        probe.say("probe: Interrupted.", sys.stderr)
    except InvalidInput as error:
        probe.say(f"probe: {error}", sys.stderr)
    except RequestError as error:
        probe.say(f"probe: {describe_request_error(error)}", sys.stderr)
    return FAILURE


if __name__ == "__main__":
    sys.exit(main())
