# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The version that every request sends to the API."""

from __future__ import annotations

__all__ = ["COLLECTION", "VERSION"]

COLLECTION = "tencentcloud.tke"
VERSION = "1.0.0"
