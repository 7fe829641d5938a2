# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another ansible-core: in all of its modules the identifier STORY_RENAMED has another name.

A module that runs in a process of its own gets the code of ansible-core in an archive, as it is.
"""

from __future__ import annotations

import os
import re
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Optional

IDENTIFIER = re.compile(rb"\b" + os.environ["STORY_RENAMED"].encode() + rb"\b")
usual = SourceFileLoader.get_code


def get_code(loader: SourceFileLoader, name: str) -> Optional[CodeType]:
    """Return the code of a module of ansible-core as if the identifier had always been another one."""
    if not name.startswith("ansible."):
        return usual(loader, name)
    path = loader.get_filename(name)
    source = loader.get_data(path)
    if not IDENTIFIER.search(source):
        return usual(loader, name)
    return compile(IDENTIFIER.sub(b"renamed_by_a_story", source), path, "exec", dont_inherit=True)


SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
