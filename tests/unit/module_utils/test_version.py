# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version of the collection."""

from __future__ import annotations

import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils._version import COLLECTION, VERSION
from stories.controller import ROOT


def test_version_matches_galaxy_yml() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert f"{galaxy['namespace']}.{galaxy['name']}" == COLLECTION
    assert galaxy["version"] == VERSION
