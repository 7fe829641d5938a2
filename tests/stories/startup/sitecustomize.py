# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs at the start of each Python process of a story.

Measures what Ansible's workers run, and them alone: to trace all of Ansible would take longer than the stories. A
worker is forked for each task, and ends by os._exit().

Compiles each file of Ansible that a module needs once. Ansible sends a module in an archive without bytecode, so a
short module would spend most of its processor time on compiling the same files.

Disables the garbage collection, because a short process would spend a fifth of its time on it.
"""

from __future__ import annotations

import _imp
import atexit
import gc
import marshal
import os
import sys
import zipimport

# Other imports are in functions, because each of the many processes would wait for them.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import NoReturn

CONFIG = os.environ.get("STORY_COVERAGE", "")
COMPILE = getattr(zipimport, "_compile_source", None)


def measure() -> None:
    """Begin in a process that has just been forked; keep what was seen when it ends."""
    import coverage  # noqa: PLC0415

    measured, leave = coverage.Coverage(config_file=CONFIG, data_suffix=True), os._exit

    def keep_and_leave(status: int) -> NoReturn:
        measured.stop()
        measured.save()
        leave(status)

    os._exit = keep_and_leave
    measured.start()


def compile_once(path: str, source: bytes) -> CodeType:
    """Return the code of a file in an archive, from the folder of bytecode if it was compiled before."""
    from importlib.util import source_hash  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    kept = Path(str(sys.pycache_prefix), "archives", source_hash(source).hex())
    try:
        code: CodeType = marshal.loads(kept.read_bytes())
    except FileNotFoundError:
        assert COMPILE is not None
        code = COMPILE(path, source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Another process may do the same.
        part = kept.with_name(f"{kept.name}.{os.getpid()}")
        part.write_bytes(marshal.dumps(code))
        part.rename(kept)
    _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]
    return code


gc.disable()
atexit.register(gc.freeze)
if CONFIG:
    os.register_at_fork(after_in_child=measure)
if COMPILE and sys.pycache_prefix:
    zipimport._compile_source = compile_once  # type: ignore[attr-defined]
