# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Threads that carry out the work of many reconciliations; one alone needs none."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from typing import Any, List, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.together import Work

__all__ = ["Threads"]


class Threads:
    """Does up to C(room) writes at once, and some looks beside them."""

    def __init__(self, room: int) -> None:
        self.room, self._done = room, queue.Queue()  # type: int, queue.Queue[Any]
        self._executor = ThreadPoolExecutor(max_workers=room + 2, thread_name_prefix="tencentcloud.tke")

    def submit(self, work: Work) -> None:
        """Have it done by a thread."""
        self._executor.submit(work).add_done_callback(self._done.put)

    def wait(self, seconds: Optional[float]) -> List[Any]:
        """Return what has been done. What went wrong in a thread is raised here: nobody else would ever hear of it."""
        done = []
        try:
            done.append(self._done.get(timeout=seconds))
            while True:
                done.append(self._done.get_nowait())
        except queue.Empty:
            return [future.result() for future in done]

    def stop(self) -> None:
        """End the threads."""
        self._executor.shutdown(wait=True)
