# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Exempt the objects of Ansible from garbage collection. Action plugins import it first.

Ansible has more than 40,000 objects when it loads a plugin, and nearly all of them live until it ends. Python would
search them for garbage while it imports the layers, in workers, and when the process ends: about 20 ms each time.
Frozen objects are still freed as soon as nothing refers to them. Only garbage that consists of frozen objects which
refer to each other stays until the process ends.
"""

from __future__ import annotations

import gc

gc.freeze()
