# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Import the layers faster in the controller's process. Action plugins import it first.

Ansible has more than 40,000 objects when it loads a plugin, and nearly all of them live until it ends. Python would
search them for garbage while it imports the layers, in workers, and when the process ends: about 20 ms each time.
Frozen objects are still freed as soon as nothing refers to them. Only garbage that consists of frozen objects which
refer to each other stays until the process ends.

Loading the bundle of CA certificates takes 15 to 20 ms, during which Python can import the other layers. _in_process.py
waits for it, because a process must not be forked while it has threads.
"""

from __future__ import annotations

import gc
import os
from threading import Thread

gc.freeze()

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.certificates import (  # noqa: E402
    load_usual_bundle,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import (  # noqa: E402
    REQUESTS_IMPORT_ERROR,
)

__all__ = ["bundle_loading"]

bundle_loading = Thread(target=load_usual_bundle, args=(os.environ,))
if REQUESTS_IMPORT_ERROR is None:
    bundle_loading.start()
