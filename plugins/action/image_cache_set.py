# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ansible_collections.tencentcloud.tke.plugins.plugin_utils._startup  # noqa: F401 # pylint: disable=unused-import
from ansible_collections.tencentcloud.tke.plugins.module_utils._module import Definition
from ansible_collections.tencentcloud.tke.plugins.module_utils._set import image_cache_set, image_cache_set_spec
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._in_process import InProcess


class ActionModule(InProcess):
    """The action of M(tencentcloud.tke.image_cache_set)."""

    definition = Definition(image_cache_set_spec, image_cache_set)
