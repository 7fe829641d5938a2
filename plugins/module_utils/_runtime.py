# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The parts that the runs of all modules share: plain parameters in, a plain result out.

This file and the layers below do not use AnsibleModule. The caller passes parameters that the argument spec has
validated, and a reporter for warnings and progress.
"""

from __future__ import annotations

import traceback
from contextlib import ExitStack
from typing import Any, Callable, Dict, List, Mapping, TypeVar

from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._outcome import refusal
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Reporter
from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import (
    sanitize_line,
    sanitize_lines,
    sanitize_result,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._secrets import collect_secrets, scrub

__all__ = ["RETRY_BUDGET", "Runtime", "ScrubbingReporter", "list_all", "run_guarded", "run_in_region", "no_fallback"]

T = TypeVar("T")

# Seconds for retries in a run without its own wait_timeout.
RETRY_BUDGET = 600.0


class Runtime:
    """The environment of a run. C(ansible_version) is sent to the API as part of the client name.

    C(resources) are closed at the end of the run: its connections.
    """

    def __init__(self, reporter: Reporter, *, ansible_version: str, check_mode: bool, diff: bool, clock: Clock) -> None:
        self.reporter, self.ansible_version, self.clock = reporter, ansible_version, clock
        self.check_mode, self.diff = check_mode, diff
        self.resources = ExitStack()


def run_in_region(
    params: Mapping[str, Any],
    spec: Callable[[Callable[..., Any]], Mapping[str, Any]],
    runtime: Runtime,
    read: Callable[[Mapping[str, Any]], T],
    run: Callable[[T, Client, Reporter], Dict[str, Any]],
) -> Dict[str, Any]:
    """Return the scrubbed result of a run in the region of the parameters.

    C(read) converts the parameters to the input of C(run), and raises InvalidInput if they are invalid. The result is
    then that failure, and no request is sent.
    """

    def run_with_client(reporter: ScrubbingReporter) -> Dict[str, Any]:
        declared, region = read(params), _connection.region_of(params)
        clients, secrets = _connection.connect(
            params,
            [region],
            ansible_version=runtime.ansible_version,
            check_mode=runtime.check_mode,
            clock=runtime.clock,
            resources=runtime.resources,
        )
        reporter.add_secrets(secrets)
        return run(declared, clients[region], reporter)

    return run_guarded(params, spec, runtime, run_with_client)


def list_all(client: Client, deadline: Deadline, reporter: Reporter) -> List[ImageCache]:
    """Return every image cache of the region. Warn if the pages are inconsistent. Raises RequestError."""
    listing = client.describe_all(deadline)
    if not listing.whole:
        reporter.warn(
            f"The listing changed while it was read: it returned {len(listing.image_caches)} image caches, but its"
            f" total is {listing.total}. Run again if an image cache is missing."
        )
    return [ImageCache(raw) for raw in listing.image_caches]


def run_guarded(
    params: Mapping[str, Any],
    spec: Callable[[Callable[..., Any]], Mapping[str, Any]],
    runtime: Runtime,
    run: Callable[[ScrubbingReporter], Dict[str, Any]],
) -> Dict[str, Any]:
    """Return the scrubbed result of a run, also if it is refused or fails with an internal error.

    A traceback locates an internal error, but the text of the exception is unpredictable, so it is scrubbed as well.
    """
    reporter = ScrubbingReporter(runtime.reporter, collect_secrets(params, spec(no_fallback)))
    try:
        with runtime.resources:
            result = run(reporter)
    except InvalidInput as error:
        result = refusal(error)
    except Exception as error:  # pylint: disable=broad-except
        result = {
            "failed": True,
            "changed": False,
            "msg": (
                f"Internal error in tencentcloud.tke (please report it): {type(error).__name__}: {error}."
                " Actions that were started may continue; the next run starts from the current state. Set"
                " ANSIBLE_DISPLAY_TRACEBACK=error to see the traceback."
            ),
            "exception": traceback.format_exc(),
        }
    # Scrub the secrets first, because sanitizing changes the text.
    return sanitize_result(scrub(result, reporter.secrets()))


class ScrubbingReporter:
    """Passes on the messages of a run without its secrets, which grow with each renewal of the keys."""

    def __init__(self, reporter: Reporter, secrets: List[str]) -> None:
        self._reporter, self._secrets = reporter, [secrets]
        self.speaks = reporter.speaks

    def add_secrets(self, secrets: List[str]) -> None:
        """Also scrub these secrets, and those that are added to this list later."""
        self._secrets.append(secrets)

    def secrets(self) -> List[str]:
        """Return all secrets."""
        return [secret for secrets in self._secrets for secret in secrets]

    def warn(self, message: str) -> None:
        """Pass on a warning."""
        self._reporter.warn(sanitize_lines(scrub(message, self.secrets())))

    def progress(self, message: str) -> None:
        """Pass on the progress of the run."""
        self._reporter.progress(sanitize_line(scrub(message, self.secrets())))


def no_fallback(*_args: Any) -> None:
    """Replace env_fallback if only the C(no_log) marks of the spec are read."""
