# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The only file that uses AnsibleModule: it converts arguments to a run and back."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleFallbackNotFound, AnsibleModule, env_fallback, missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import REQUESTS_IMPORT_ERROR
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime

__all__ = ["PROFILE", "Definition", "missing_hooks", "read_variable", "run_in_process", "run_module"]

# The serialization of the arguments and the result of a module that is written in Python.
PROFILE = "legacy"
Spec = Callable[[Callable[..., Any]], Dict[str, Dict[str, Any]]]
Run = Callable[[Mapping[str, Any], Runtime], Dict[str, Any]]
# The parts of ansible-core that InProcessModule uses and that are not part of the public interface.
HOOKS = (
    (AnsibleModule, "_load_params"),
    (AnsibleModule, "_record_module_result"),
    (basic, "_ANSIBLE_ARGS"),
    (basic, "_ANSIBLE_PROFILE"),
)


class Definition(NamedTuple):
    """A module: a function that returns its argument spec for env_fallback, and its run."""

    spec: Spec
    run: Run


class ModuleReporter:
    """Puts warnings into the result of the module, and passes progress to C(say), if set."""

    def __init__(self, module: AnsibleModule, say: Optional[Callable[[str], None]]) -> None:
        self._module, self._say = module, say
        self.speaks = say is not None

    def warn(self, message: str) -> None:
        """Put a warning into the result."""
        self._module.warn(message)

    def progress(self, message: str) -> None:
        """Show the progress of the run. A module in its own process cannot."""
        if self._say is not None:
            self._say(message)


class Module(AnsibleModule):  # type: ignore[misc] # ansible-core has no type information
    """An AnsibleModule whose errors name the list entry that violates the argument spec."""

    def __init__(self, **kwargs: Any) -> None:
        self._validates = True
        super().__init__(**kwargs)
        self._validates = False

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """Exit with a failure."""
        super().fail_json(msg=f"{self._place(msg)}{msg}" if self._validates else msg, **kwargs)

    def _place(self, msg: str) -> str:
        for option, entry in self.argument_spec.items():
            given = self.params.get(option)
            if "options" not in entry or not isinstance(given, list):
                continue
            validator = ArgumentSpecValidator({option: {**entry, "required": False}})
            for number, element in enumerate(given):
                given_again = {option: [_without_aliases(element, entry["options"])]}
                if any(said in msg for said in validator.validate(given_again).error_messages):
                    return f"{option}[{number}]: "
        return ""


def _without_aliases(element: Any, options: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return a validated entry without the aliases, which validation has copied to their options.

    A second validation would otherwise warn about both, although only one of them is set.
    """
    if not isinstance(element, dict):
        return element
    aliases = {alias for row in options.values() for alias in row.get("aliases", ())}
    return {key: value for key, value in element.items() if key not in aliases}


class InProcessModule(Module):
    """A module without its own process: the caller passes its arguments and receives its result.

    AnsibleModule has a hook for each of the two.
    """

    def __init__(self, arguments: bytes, hand_out: Callable[[Dict[str, Any]], None], **kwargs: Any) -> None:
        self._arguments, self._hand_out = arguments, hand_out
        super().__init__(**kwargs)

    def _load_params(self) -> None:
        basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = self._arguments, PROFILE
        try:
            super()._load_params()
        finally:
            basic._ANSIBLE_ARGS = basic._ANSIBLE_PROFILE = None

    def _record_module_result(self, o: Dict[str, Any]) -> None:
        self._hand_out(o)


def read_variable(*names: str) -> str:
    """Return the value of an environment variable, as env_fallback does, but treat an empty variable as not set.

    An empty option therefore comes from the task.
    """
    value = str(env_fallback(*names))
    if not value:
        raise AnsibleFallbackNotFound
    return value


def missing_hooks() -> List[str]:
    """Return the names in HOOKS that this ansible-core does not have."""
    return [name for owner, name in HOOKS if not hasattr(owner, name)]


def run_module(spec: Spec, run: Run) -> None:
    """Validate the arguments of the module with its spec, run it, and exit with the result."""
    _run(Module(argument_spec=spec(read_variable), supports_check_mode=True), run, None)


def run_in_process(definition: Definition, arguments: bytes, say: Optional[Callable[[str], None]]) -> Dict[str, Any]:
    """Run a module with C(arguments) like run_module(), and return its result. C(say) receives the progress.

    C(arguments) is what Ansible writes into the payload of a module: JSON in the profile C(PROFILE).
    """
    results: List[Dict[str, Any]] = []
    spec = definition.spec(read_variable)
    try:
        module = InProcessModule(arguments, results.append, argument_spec=spec, supports_check_mode=True)
        _run(module, definition.run, say)
    except SystemExit:
        return results[-1]
    raise AssertionError("The module did not exit.")


def _run(module: Module, run: Run, say: Optional[Callable[[str], None]]) -> None:
    if REQUESTS_IMPORT_ERROR is not None:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    runtime = Runtime(
        ModuleReporter(module, say),
        ansible_version=module.ansible_version,
        check_mode=module.check_mode,
        diff=module._diff,
        clock=Clock(),
    )
    result = run(module.params, runtime)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
