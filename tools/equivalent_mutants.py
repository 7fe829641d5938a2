# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mutants that no test can tell from the code, each with the reason why: file, line, mutated line -> reason."""

from __future__ import annotations

EQUIVALENT: dict[tuple[str, str, str], str] = {}
