# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints one JSON document to stdout, like C(ansible.posix.json)."""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: json_document
type: stdout
short_description: Prints the results of a run as one JSON document
description:
  - Prints each result with the name of its task, and the statistics of the hosts.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc] # ansible-core has no type information
    """Prints the document at the end of the run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "json_document"

    def __init__(self) -> None:
        super().__init__()
        self._results: list[dict[str, Any]] = []

    def v2_runner_on_ok(self, result: Any) -> None:
        """Store the result of a task."""
        self._results.append({"task": result.task.get_name(), "changed": result.is_changed()})

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Print the document."""
        hosts = {host: stats.summarize(host) for host in stats.processed}
        self._display.display(json.dumps({"results": self._results, "stats": hosts}))
