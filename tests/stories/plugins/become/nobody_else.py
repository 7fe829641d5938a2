# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: nobody_else
short_description: Become who you are
version_added: 0.1.0
description:
  - A way to become another user that changes nobody.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
options: {}
"""

from ansible.plugins.become import BecomeBase


class BecomeModule(BecomeBase):
    """A become plugin that runs the command as who runs it already."""

    name = "nobody_else"

    def build_become_command(self, cmd, shell):
        """Return the command."""
        super().build_become_command(cmd, shell)
        return self._build_success_command(cmd, shell)

    def get_option(self, option, hostvars=None, playcontext=None):
        """There are no options."""
        return
