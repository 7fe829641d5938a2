# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for kubernetes.core.k8s, where there is no cluster: it checks a definition by the schemas of Kubernetes."""

from __future__ import annotations

import kubernetes_validate
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Return the definition as it would be applied, or fail where Kubernetes would not take it."""
    spec = {"state": {"choices": ["present", "absent"]}, "definition": {"type": "dict", "required": True}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    try:
        kubernetes_validate.validate(module.params["definition"], "1.31", strict=True)
    except kubernetes_validate.ValidationError as error:
        module.fail_json(msg=f"{list(error.path)}: {error.message}")
    module.exit_json(changed=True, result=module.params["definition"])


if __name__ == "__main__":
    main()
