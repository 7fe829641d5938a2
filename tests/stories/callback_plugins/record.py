# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the host and the result of every task as one JSON list per line into the file named by STORY_RESULTS."""

from __future__ import annotations

DOCUMENTATION = r"""
name: record
type: notification
short_description: Writes results to a file
version_added: 0.1.0
description:
  - Writes the host and the result of every task as one JSON list per line into the file named by E(STORY_RESULTS).
author:
  - The tencentcloud.tke contributors (@tencentcloud)
"""

import json
import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Writes one line for each result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result):
        """Record a task that succeeded."""
        self._record(result, False)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """Record a task that failed."""
        self._record(result, True)

    def _record(self, result, failed):
        line = [result._host.get_name(), {"task": result._task.get_name(), **result._result, "failed": failed}]
        with open(os.environ["STORY_RESULTS"], "a", encoding="utf-8") as record:
            record.write(json.dumps(line, default=str) + "\n")
