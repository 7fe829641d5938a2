# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules on demand, each in a process forked from this one, which has imported everything.

It reads lines from stdin, each a JSON list of the way to run the module, its name, its arguments and its environment.
It prints the id of the process, and after its end the result that the process printed, or C(null) if it printed none.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible_collections.tencentcloud.tke.plugins.module_utils import _info, _prune, _registry_info, _run, _set
from ansible_collections.tencentcloud.tke.plugins.module_utils._module import Definition, run_in_process
from ansible_collections.tencentcloud.tke.plugins.modules import (
    image_cache,
    image_cache_info,
    image_cache_prune,
    image_cache_set,
    registry_image_info,
)

MODULES = {
    "image_cache": image_cache,
    "image_cache_info": image_cache_info,
    "image_cache_prune": image_cache_prune,
    "image_cache_set": image_cache_set,
    "registry_image_info": registry_image_info,
}
# To run the modules without their main().
DEFINITIONS = {
    "image_cache": Definition(_run.image_cache_spec, _run.image_cache),
    "image_cache_info": Definition(_info.image_cache_info_spec, _info.image_cache_info),
    "image_cache_prune": Definition(_prune.image_cache_prune_spec, _prune.image_cache_prune),
    "image_cache_set": Definition(_set.image_cache_set_spec, _set.image_cache_set),
    "registry_image_info": Definition(_registry_info.registry_image_info_spec, _registry_info.registry_image_info),
}
# The encoder that modules use to print their result.
RESULT = get_module_encoder("legacy", Direction.MODULE_TO_CONTROLLER)


def start(way: str, module: str, arguments: dict[str, Any], environment: dict[str, str]) -> tuple[int, int]:
    """Start a process of a module, and return its id and the read end of the pipe of its output."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.dup2(writing, 1)
    os.environ.clear()
    os.environ.update(environment)
    payload = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = payload, "legacy"
    try:
        if way == "usual":
            MODULES[module].main()
        else:
            result = run_in_process(DEFINITIONS[module], payload, None)
            print(json.dumps(result, cls=RESULT))
            sys.stdout.flush()
    except SystemExit:
        sys.stdout.flush()
    finally:
        os._exit(0)


def main() -> None:
    """Run modules until stdin ends."""
    for line in sys.stdin:
        child, reading = start(*json.loads(line))
        print(child, flush=True)
        with os.fdopen(reading) as pipe:
            printed = pipe.read().strip()
        os.waitpid(child, 0)
        print(printed or "null", flush=True)


if __name__ == "__main__":
    main()
