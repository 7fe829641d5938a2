# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emulator of the image cache actions of TKE, which serves the real protocol over HTTP on this machine."""

from __future__ import annotations

from .faults import Fault
from .server import Emulator, ReceivedRequest
from .service import BuildFailure, Settings
from .switches import OPTIONAL_FIELDS, SWITCHES, answers_of, settings_of, worlds
from .vendor import REGIONS

__all__ = [
    "OPTIONAL_FIELDS",
    "REGIONS",
    "SWITCHES",
    "BuildFailure",
    "Emulator",
    "Fault",
    "ReceivedRequest",
    "Settings",
    "answers_of",
    "settings_of",
    "worlds",
]
