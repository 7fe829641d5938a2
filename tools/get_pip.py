# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Install pip into an environment without it, from the wheel in Python's ensurepip."""

from __future__ import annotations

import ensurepip
import runpy
import sys
from pathlib import Path

WHEELS = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
# Options of the bootstrap script that this script replaces. pip itself does not support them.
UNKNOWN = ("--no-setuptools", "--no-wheel")

sys.path.insert(0, str(WHEELS[-1]))
arguments = [argument for argument in sys.argv[1:] if argument not in UNKNOWN]
sys.argv = ["pip", "install", *arguments]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
