# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal of a probe on disk: which image caches it may have made, so that a later run can remove them.

The name of a cache is on disk before its create is sent, and its id as soon as it is known.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput


@dataclass
class Remains:
    """What a journal says: the names of creates without an answer, and the ids of caches that may still exist."""

    region: str
    endpoint: str
    unanswered: Counter[str] = field(default_factory=Counter)
    ids: List[str] = field(default_factory=list)


class Journal:
    """The journal of one probe. It begins with the place of the caches: their region and the endpoint of the API."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def start(self, region: str, endpoint: str) -> None:
        """Begin the journal."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._append({"region": region, "endpoint": endpoint})

    def note_create(self, name: str) -> None:
        """Record that a create of this name is about to be sent."""
        self._append({"create": name})

    def note_created(self, name: str, image_cache_id: str) -> None:
        """Record the id of a cache that was made by a recorded create."""
        self._append({"created": image_cache_id, "name": name})

    def note_gone(self, image_cache_id: str) -> None:
        """Record that a cache no longer exists."""
        self._append({"gone": image_cache_id})

    def close(self) -> None:
        """Delete the journal: nothing remains."""
        self._path.unlink(missing_ok=True)

    def read(self) -> Optional[Remains]:
        """Return what remains, or None without a journal. Raises InvalidInput if it is damaged."""
        if not self._path.exists():
            return None
        try:
            head, *entries = list(_entries(self._path.read_text(encoding="utf-8"))) or [{}]
            remains = Remains(head.get("region", ""), head.get("endpoint", ""))
            for entry in entries:
                _apply(remains, entry)
        except (ValueError, KeyError, AttributeError) as error:
            raise InvalidInput(
                f"Invalid journal {self._path}: {error}. Delete the image caches in it yourself."
            ) from None
        return remains

    def _append(self, entry: Dict[str, Any]) -> None:
        with self._path.open("a+b") as file:
            file.seek(0)
            # The end of a line that a killed probe has begun. After it, this line could not be read.
            file.truncate(file.read().rfind(b"\n") + 1)
            file.write(json.dumps(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _entries(text: str) -> Iterator[Dict[str, Any]]:
    # A last line without its end was cut off. What it announces was not sent.
    return (json.loads(line) for line in text.split("\n")[:-1])


def _apply(remains: Remains, entry: Dict[str, Any]) -> None:
    if "create" in entry:
        remains.unanswered[entry["create"]] += 1
    elif "created" in entry:
        remains.unanswered[entry["name"]] -= 1
        remains.ids.append(entry["created"])
    elif entry["gone"] in remains.ids:
        remains.ids.remove(entry["gone"])
    remains.unanswered = +remains.unanswered


@contextmanager
def only_probe(folder: Path) -> Iterator[None]:
    """Allow only one probe at a time in a folder: another one would remove the caches of this one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InvalidInput(f"Another probe runs in {folder}. Wait for its end.") from None
        yield
