# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-playbook on demand, each time in a process forked from this one, which has imported everything.

C(python warm_ansible.py DESCRIPTOR) reads lines from the socket DESCRIPTOR. Each is a JSON dictionary with the
C(command), its C(environment) and its working C(folder), and comes with the descriptors of stdin, stdout and stderr.
The answer is the id of the process, and after its end its exit status.
"""

from __future__ import annotations

import ast
import atexit
import gc
import json
import os
import re
import socket
import sys
import tempfile
import threading
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Optional

from ansible import constants
from ansible.cli import playbook
from ansible.config import manager
from ansible.executor import module_common
from ansible.plugins import action, loader
from ansible.utils.collection_loader import AnsibleCollectionConfig
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
# The setting that each plugin loader got its folders from.
FOLDERS = {
    plugin_loader: name
    for _name, plugin_loader in loader.get_all_plugin_loaders()
    for name, value in vars(constants).items()
    if value is plugin_loader.config
}
PATHS = [
    name
    for name, definition in constants.config.get_configuration_definitions().items()
    if "path" in str(definition.get("type"))
]


def warm_up() -> None:
    """Import the plugins that every run needs, with their documentation, and the collection."""
    loader.init_plugin_loader()
    kinds = ("become", "cache", "callback", "connection", "filter", "inventory", "shell", "strategy", "test", "vars")
    for kind in kinds:
        list(getattr(loader, f"{kind}_loader").all(class_only=True))
    import_module("multiprocessing.popen_fork")
    import_module("multiprocessing.synchronize")
    for path in Path(action.__file__).parent.glob("*.py"):
        import_module(f"ansible_collections.ansible.builtin.plugins.action.{path.stem}")
    for folder in ("action", "filter", "modules", "module_utils", "plugin_utils"):
        for path in PLUGINS.glob(f"{folder}/**/*.py"):
            name = ".".join(path.relative_to(PLUGINS).with_suffix("").parts)
            import_module(f"ansible_collections.tencentcloud.tke.plugins.{name}")
    compile_once()
    parse_once()
    # Each run configures the search for collections itself. Modules that are imported already stay.
    _AnsibleCollectionFinder._remove()
    AnsibleCollectionConfig.on_collection_load -= loader._on_collection_load_handler
    # The packages above the collections have the paths of this search.
    for name in [name for name in sys.modules if re.fullmatch(r"ansible_collections(\.\w+)?", name)]:
        del sys.modules[name]


def compile_once() -> None:
    """Compile the templates in the defaults of settings now, instead of in each run."""
    environment = manager.NativeEnvironment()
    environment.from_string = cache(environment.from_string)  # type: ignore[method-assign]
    manager.NativeEnvironment = lambda: environment  # type: ignore[assignment,misc]
    read_settings()


def parse_once() -> None:
    """Parse the files that modules import now, instead of in each run that sends a module."""
    parse = module_common._compile_module_ast
    trees: dict[bytes, ast.Module] = {}

    def parsed(name: str, source: str | bytes) -> ast.Module:
        known = trees.get(bytes(source)) if isinstance(source, bytes) else None
        return known or parse(name, source)

    for name, module in list(sys.modules.items()):
        if ".module_utils." in name and getattr(module, "__file__", None):
            source = Path(str(module.__file__)).read_bytes()
            trees[source] = imports_of(parse(name, source))
    module_common._compile_module_ast = parsed


def imports_of(tree: ast.Module) -> ast.Module:
    """Return a tree with the imports alone, because that is all that Ansible looks for, and a fork copies less memory.

    An import that is not at the top of the file is optional to Ansible.
    """
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    top = [node for node in imports if node in tree.body]
    nested = [node for node in imports if node not in tree.body]
    return ast.Module([*top, ast.If(ast.Constant(value=True), nested, [])], [])


def read_settings() -> None:
    """Read the paths in Ansible's settings again, because they depend on HOME and on other variables of the run."""
    tempfile.tempdir = None
    for name in PATHS:
        constants.set_constant(name, constants.config.get_config_value(name, variables=vars(constants)))
    for _name, plugin_loader in loader.get_all_plugin_loaders():
        plugin_loader._clear_caches()
        if plugin_loader in FOLDERS:
            plugin_loader.config = getattr(constants, FOLDERS[plugin_loader])


def receive(client: socket.socket) -> Optional[tuple[dict[str, Any], list[int]]]:
    """Return the next request and its descriptors, or None after the last one."""
    data, descriptors, _flags, _address = socket.recv_fds(client, 65536, 3)
    while data and not data.endswith(b"\n"):
        data += client.recv(65536)
    return (json.loads(data), descriptors) if data else None


def wait_for_request(client: socket.socket) -> Optional[tuple[dict[str, Any], list[int]]]:
    """Return in a new process with each request, and in this one without any after the last request."""
    while request := receive(client):
        child = os.fork()
        if not child:
            return request
        for descriptor in request[1]:
            os.close(descriptor)
        client.sendall(f"{child}\n".encode())
        _child, status = os.waitpid(child, 0)
        client.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    return None


def main() -> None:
    """Serve requests until the socket is closed. In the process of a request, run its command instead."""
    client = socket.socket(fileno=int(sys.argv[1]))
    warm_up()
    # Garbage collection would copy the memory that the processes share.
    gc.freeze()
    request = wait_for_request(client)
    if request is None:
        return
    client.close()
    run, descriptors = request
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.chdir(run["folder"])
    os.environ.clear()
    os.environ.update(run["environment"])
    sys.argv[:] = run["command"]
    sys.path[0] = os.path.dirname(sys.argv[0])
    read_settings()
    # In seconds. Many runs wait at the same time, and each looks for results a thousand times a second by default.
    constants.DEFAULT_INTERNAL_POLL_INTERVAL = 0.005
    try:
        playbook.main()
    except SystemExit as ending:
        leave(ending.code)


def leave(status: Any) -> None:
    """End this process without releasing each object, because that would copy the memory that the processes share."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
