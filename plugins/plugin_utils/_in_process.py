# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The action of every module: it runs the module in the controller's own process.

It is the module itself that runs here, from its argument spec to the shape of its result; only the process around it is
spared. Where that process is needed it is made, as by any other module: with become, async, a connection that is not
local, without requests on the controller, and where the variable tencentcloud_tke_in_process says so.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Mapping, Optional

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import REQUESTS_IMPORT_ERROR
from ansible_collections.tencentcloud.tke.plugins.module_utils._module import PROFILE, Definition, run_handed_over

__all__ = ["InProcess"]

IN_PROCESS = "tencentcloud_tke_in_process"
PROGRESS = "tencentcloud_tke_progress"
# Loaded once, and not in each worker.
ARGUMENTS = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
RESULT = get_module_encoder(PROFILE, Direction.MODULE_TO_CONTROLLER)
get_module_decoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
get_module_decoder(PROFILE, Direction.MODULE_TO_CONTROLLER)


class InProcess(ActionBase):  # type: ignore[misc] # ansible-core has no type information
    """Runs a module here, or in a process of its own. Subclasses say which module it is."""

    _supports_check_mode = True
    _supports_async = True
    _supports_diff = True
    definition: Definition

    def run(self, tmp: Any = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """Return the module's result."""
        task_vars = task_vars or {}
        result: Dict[str, Any] = super().run(tmp, task_vars)
        if self._belongs_here(task_vars):
            return dict(merge_hash(result, self._here(task_vars)))
        wrap_async = self._task.async_val
        result = merge_hash(result, self._execute_module(task_vars=task_vars, wrap_async=wrap_async))
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _belongs_here(self, task_vars: Mapping[str, Any]) -> bool:
        return (
            self._connection.transport == "local"
            and not self._play_context.become
            and not self._task.async_val
            and REQUESTS_IMPORT_ERROR is None
            and self._flag(IN_PROCESS, task_vars)
        )

    def _flag(self, variable: str, task_vars: Mapping[str, Any]) -> bool:
        """Return a variable that is true unless it is said to be false."""
        try:
            return bool(boolean(self._templar.template(task_vars.get(variable, True)), strict=True))
        except TypeError as error:
            raise AnsibleActionFail(f"the variable {variable}: {error}") from None

    def _here(self, task_vars: Dict[str, Any]) -> Dict[str, Any]:
        arguments = dict(self._task.args)
        self._update_module_args(self._task.action, arguments, task_vars)
        payload = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=ARGUMENTS).encode()
        with self._environment():
            result = run_handed_over(self.definition, payload, self._say(task_vars))
        return self._returned(json.dumps(result, cls=RESULT))

    def _returned(self, printed: str) -> Dict[str, Any]:
        """Return what Ansible's own code makes of what a module prints."""
        streams = {"rc": 0, "stdout": printed, "stdout_lines": [], "stderr": "", "stderr_lines": []}
        returned = self._parse_returned_data(streams, PROFILE)
        if isinstance(returned, dict):
            returned.pop("_ansible_parsed", None)
            return returned
        # From ansible-core 2.21 on.
        returned.remove_internal_keys()
        return dict(returned.as_result_dict(for_round_trip=True))

    def _say(self, task_vars: Mapping[str, Any]) -> Optional[Callable[[str], None]]:
        """Return what shows a line of progress at once; None where nobody wants to read it."""
        if self._task.no_log or not self._flag(PROGRESS, task_vars):
            return None
        host, display = task_vars.get("inventory_hostname", "localhost"), Display()
        # What a stdout callback prints stays what it is: JSON, or one line for each host.
        return lambda line: display.display(f"[{host}] {line}", stderr=True)

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """Have the task's environment in place; a loop's next item has its own."""
        before, own = dict(os.environ), {}  # type: Dict[str, str], Dict[str, Any]
        self._compute_environment_string(own)
        os.environ.update({name: str(value) for name, value in own.items()})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
