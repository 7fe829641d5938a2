# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A transport for unit tests that replays a script, and a client that uses it."""

from __future__ import annotations

from typing import Any, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from unit.support.clock import FakeClock


class ScriptedTransport:
    """Answers each call with the next line of its script: raises an error, returns anything else."""

    def __init__(self, *lines: Any) -> None:
        self.lines, self.calls = list(lines), []  # type: ignore[var-annotated]

    def send(self, action: str, parameters: Any) -> dict[str, Any]:
        self.calls.append((action, parameters))
        line = self.lines.pop(0)
        if isinstance(line, Exception):
            raise line
        return dict(line)


def create_client(script: Any, clock: Optional[FakeClock] = None, retries: int = 5, check_mode: bool = False) -> Client:
    """Return a client whose requests the script answers."""
    return Client(script, retries=retries, check_mode=check_mode, clock=clock or FakeClock())
