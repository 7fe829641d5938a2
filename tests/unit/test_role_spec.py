# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's argument specs, held against the modules' documentation that they are written from."""

from __future__ import annotations

import subprocess
import sys

import pytest
from stories.controller import ROOT

TOOL = ROOT / "tools/role_spec.py"


@pytest.mark.skipif(not TOOL.exists(), reason="the package is without tools")
def test_role_spec_says_what_the_modules_say() -> None:
    process = subprocess.run(
        [sys.executable, str(TOOL), "--check"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert process.returncode == 0, process.stdout + process.stderr
