# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of every module."""

    DOCUMENTATION = r"""
attributes:
  action:
    description: Has an action plugin, which runs the module in the controller's process when possible.
    support: full
  async:
    description: Supports the C(async) keyword. The task then runs in a separate process.
    support: full
  action_group:
    description: Use C(group/tencentcloud.tke.all) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - tencentcloud.tke.all
  platform:
    description: Target OS families that the module supports.
    support: full
    platforms: posix
"""
