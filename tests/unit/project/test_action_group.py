# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action group of the collection."""

from __future__ import annotations

import yaml
from stories.controller import ROOT


def test_action_group_has_every_module() -> None:
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    assert set(groups["all"]) == modules
