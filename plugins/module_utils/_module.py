# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The only file that knows AnsibleModule: from a module process to a run and back."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import REQUESTS_IMPORT_ERROR
from ansible_collections.tencentcloud.tke.plugins.module_utils._caller import Caller

__all__ = ["run_module"]


class ModuleReporter:
    speaks = False

    """Warnings go into the module's result; a module process has no way to tell how far it is."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module

    def warn(self, message: str) -> None:
        """Put a warning into the result."""
        self._module.warn(message)

    def progress(self, message: str) -> None:
        """Say nothing."""


class Module(AnsibleModule):  # type: ignore[misc] # ansible-core has no type information
    """An AnsibleModule that says which entry of a list is not as the argument spec wants it."""

    def __init__(self, **kwargs: Any) -> None:
        self._validates = True
        super().__init__(**kwargs)
        self._validates = False

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """End the process with a failure."""
        super().fail_json(msg=f"{self._place(msg)}{msg}" if self._validates else msg, **kwargs)

    def _place(self, msg: str) -> str:
        for option, entry in self.argument_spec.items():
            given = self.params.get(option)
            if "options" not in entry or not isinstance(given, list):
                continue
            validator = ArgumentSpecValidator({option: {**entry, "required": False}})
            for number, element in enumerate(given):
                if any(said in msg for said in validator.validate({option: [element]}).error_messages):
                    return f"{option}[{number}]: "
        return ""


def run_module(
    spec: Callable[[Callable[..., Any]], Dict[str, Dict[str, Any]]],
    run: Callable[[Mapping[str, Any], Caller], Dict[str, Any]],
) -> None:
    """Validate the module's arguments by its spec, run it, and exit with the result."""
    module = Module(argument_spec=spec(env_fallback), supports_check_mode=True)
    if REQUESTS_IMPORT_ERROR is not None:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    caller = Caller(
        ModuleReporter(module),
        ansible_version=module.ansible_version,
        check_mode=module.check_mode,
        diff=module._diff,
        clock=Clock(),
    )
    result = run(module.params, caller)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
