# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures what Ansible's workers run, and them alone: to trace all of Ansible would take longer than the stories.

A worker is forked for each task, and ends by os._exit().
"""

from __future__ import annotations

import os
from typing import NoReturn

CONFIG = os.environ.get("STORY_COVERAGE")

if CONFIG:
    import coverage

    def measure() -> None:
        """Begin in a process that has just been forked; keep what was seen when it ends."""
        measured, leave = coverage.Coverage(config_file=CONFIG, data_suffix=True), os._exit

        def keep_and_leave(status: int) -> NoReturn:
            measured.stop()
            measured.save()
            leave(status)

        os._exit = keep_and_leave
        measured.start()

    os.register_at_fork(after_in_child=measure)
