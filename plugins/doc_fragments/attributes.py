# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What holds for every module of the collection."""

    DOCUMENTATION = r"""
attributes:
  action:
    description: Has an action plugin of its own, which runs the module in the controller's process where that is right.
    support: full
  async:
    description: Can be used with C(async), in a process of its own.
    support: full
  action_group:
    description: Is in the action group C(group/tencentcloud.tke.all), for C(module_defaults).
    support: full
    membership:
      - tencentcloud.tke.all
  platform:
    description: Where the module runs.
    support: full
    platforms: posix
"""
