# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The action plugin of every module, which runs the module in the controller's process.

It runs the module itself, from the argument spec to the result. Only the separate process is omitted. The module runs
in its own process, like any other module, with become, with async, with a connection that is not local, if requests
is missing on the controller, if the variable tencentcloud_tke_in_process is false, and if the internals of this
ansible-core differ from those used here.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Type

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import REQUESTS_IMPORT_ERROR
from ansible_collections.tencentcloud.tke.plugins.module_utils._module import (
    PROFILE,
    Definition,
    missing_hooks,
    run_in_process,
)
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._startup import bundle_loading

CODECS_IMPORT_ERROR: str
try:
    from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder

    # Load the encoder once instead of in each worker.
    ARGUMENTS = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
    RESULT = get_module_encoder(PROFILE, Direction.MODULE_TO_CONTROLLER)
    get_module_decoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
    get_module_decoder(PROFILE, Direction.MODULE_TO_CONTROLLER)
except (AttributeError, ImportError, TypeError, ValueError) as import_error:
    CODECS_IMPORT_ERROR = str(import_error)
else:
    CODECS_IMPORT_ERROR = ""

__all__ = ["InProcess"]

IN_PROCESS = "tencentcloud_tke_in_process"
PROGRESS = "tencentcloud_tke_progress"
# Objects that are created and not released before garbage is searched for. By default, Python allows 700 to 2,000.
MOST_UNCOLLECTED = 50000
# Methods of ActionBase that are not part of its public interface, with the number of arguments passed here.
METHODS = {"_compute_environment_string": 1, "_parse_returned_data": 2, "_update_module_args": 3}


class InProcess(ActionBase):  # type: ignore[misc] # ansible-core has no type information
    """Runs a module in this process or in its own process. Subclasses define the module."""

    _supports_check_mode = True
    _supports_async = True
    _supports_diff = True
    definition: Definition

    def run(self, tmp: Any = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """Return the result of the module."""
        task_vars = task_vars or {}
        result: Dict[str, Any] = super().run(tmp, task_vars)
        if self._can_run_here(task_vars):
            return dict(merge_hash(result, self._run_here(task_vars)))
        wrap_async = self._task.async_val
        result = merge_hash(result, self._execute_module(task_vars=task_vars, wrap_async=wrap_async))
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _can_run_here(self, task_vars: Mapping[str, Any]) -> bool:
        return (
            self._connection.transport == "local"
            and not self._play_context.become
            and not self._task.async_val
            and REQUESTS_IMPORT_ERROR is None
            and not self._is_unsupported_core()
            and self._flag(IN_PROCESS, task_vars)
        )

    def _is_unsupported_core(self) -> bool:
        if UNSUPPORTED_CORE:
            Display().vvv(f"The task runs as an ordinary module: {UNSUPPORTED_CORE}.")
        return bool(UNSUPPORTED_CORE)

    def _flag(self, variable: str, task_vars: Mapping[str, Any]) -> bool:
        """Return the value of a boolean variable, which is true by default."""
        try:
            return bool(boolean(self._templar.template(task_vars.get(variable, True)), strict=True))
        except TypeError as error:
            raise AnsibleActionFail(f"Invalid variable {variable}: {error}") from None

    def _run_here(self, task_vars: Dict[str, Any]) -> Dict[str, Any]:
        arguments = dict(self._task.args)
        self._update_module_args(self._task.action, arguments, task_vars)
        payload = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=ARGUMENTS).encode()
        with self._environment(), rare_garbage_collection():
            say = self._progress_printer(task_vars)
            # The result of a large set is released before it is parsed again.
            printed = json.dumps(run_in_process(self.definition, payload, say), cls=RESULT)
        result = self._parse_result(printed)
        share_strings(result, {})
        return result

    def _parse_result(self, printed: str) -> Dict[str, Any]:
        """Return the result that Ansible parses from the output of a module."""
        streams = {"rc": 0, "stdout": printed, "stdout_lines": [], "stderr": "", "stderr_lines": []}
        returned = self._parse_returned_data(streams, PROFILE)
        if isinstance(returned, dict):
            returned.pop("_ansible_parsed", None)
            return returned
        # ansible-core 2.21 and later.
        returned.remove_internal_keys()
        return dict(returned.as_result_dict(for_round_trip=True))

    def _progress_printer(self, task_vars: Mapping[str, Any]) -> Optional[Callable[[str], None]]:
        """Return the function that shows a line of progress at once, or None if progress is not shown."""
        if self._task.no_log or not self._flag(PROGRESS, task_vars):
            return None
        host, display = task_vars.get("inventory_hostname", "localhost"), Display()
        # Stderr leaves the output of the stdout callback intact, for example JSON or one line for each host.
        return lambda line: display.display(f"[{host}] {line}", stderr=True)

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """Set the environment of the task, and restore it afterwards, because the next loop item has its own."""
        before, own = dict(os.environ), {}  # type: Dict[str, str], Dict[str, Any]
        self._compute_environment_string(own)
        os.environ.update({name: str(value) for name, value in own.items()})
        try:
            yield
        finally:
            # Most tasks have none. Setting every variable again takes a millisecond.
            if os.environ != before:
                os.environ.clear()
                os.environ.update(before)


@contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """Search for garbage less often, because a large set keeps most of its objects until its end.

    A run with 2,000 unchanged caches takes 5 % less processor time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(MOST_UNCOLLECTED, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def share_strings(value: Any, known: Dict[str, str]) -> None:
    """Make equal strings in a result the same object, in place. C(known) has the strings so far.

    Ansible copies a result to its main process, and there again for callbacks. A large one takes 10 % less memory.
    """
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for place, item in items:
        # Texts with tags of Ansible are of a subclass, and stay as they are.
        if item.__class__ is str:
            value[place] = known.setdefault(item, item)
        elif isinstance(item, (dict, list)):
            share_strings(item, known)


def find_unsupported_internals(action: Type[InProcess]) -> str:
    """Return how the internals of this ansible-core differ from those used here, or an empty string."""
    methods = [name for name, count in METHODS.items() if not _accepts(getattr(action, name, None), 1 + count)]
    missing = [*missing_hooks(), *methods]
    if missing or CODECS_IMPORT_ERROR:
        return CODECS_IMPORT_ERROR or f"this ansible-core does not have {', '.join(missing)} as expected"
    try:
        action.__new__(action)._parse_result("{}")
    except Exception as error:  # pylint: disable=broad-except
        # Any error here would also occur for the result of a task.
        return f"this ansible-core parses results differently: {type(error).__name__}: {error}"
    return ""


def _accepts(method: Any, count: int) -> bool:
    """Return whether a function can be called with this number of positional arguments."""
    try:
        inspect.signature(method).bind(*range(count))
    except TypeError:
        return False
    return True


# Computed once, when Ansible loads the plugin, before it forks a worker for a task.
UNSUPPORTED_CORE = find_unsupported_internals(InProcess)
if REQUESTS_IMPORT_ERROR is None:
    bundle_loading.join()
# The layers, which are loaded now, also live until the end; see _startup.py.
gc.freeze()
