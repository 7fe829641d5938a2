# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import all layers before the first test.

A run imports some modules only when it needs them. A module that is first imported while a test replaces a function
would keep the replacement after that test.
"""

from __future__ import annotations

import importlib

from stories.controller import ROOT

UTILS = ROOT / "plugins/module_utils"
PACKAGE = "ansible_collections.tencentcloud.tke.plugins.module_utils"

for path in sorted(UTILS.rglob("*.py")):
    if path.stem != "__init__":
        importlib.import_module(".".join((PACKAGE, *path.relative_to(UTILS).with_suffix("").parts)))
