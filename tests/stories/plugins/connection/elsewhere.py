# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: elsewhere
short_description: Another machine, where there is none
version_added: 0.1.0
description:
  - Does what the connection plugin P(ansible.builtin.local#connection) does, but is not local by its name.
author:
  - The tencentcloud.tke contributors (@tencentcloud)
"""

from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    """A connection that is not local."""

    transport = "elsewhere"
