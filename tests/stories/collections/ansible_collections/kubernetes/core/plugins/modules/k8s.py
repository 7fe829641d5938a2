# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for kubernetes.core.k8s: it checks definitions by the schemas of Kubernetes, and can patch a cluster."""

from __future__ import annotations

import os
from typing import Any

import kubernetes_validate
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kubernetes.core.plugins.module_utils.api_server import request


def patch(definition: Any) -> bool:
    """Patch a resource of the cluster, and return whether it has changed."""
    place = (definition["apiVersion"], definition["kind"], definition["metadata"]["namespace"])
    name = definition["metadata"]["name"]
    return bool(request("GET", *place, name) != request("PATCH", *place, name, definition))


def main() -> None:
    """Return the definition as it would be applied, or fail where Kubernetes would not take it."""
    spec = {"state": {"choices": ["present", "absent"]}, "definition": {"type": "raw", "required": True}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    definition = module.params["definition"]
    definitions = definition if isinstance(definition, list) else [definition]
    try:
        for one in definitions:
            kubernetes_validate.validate(one, "1.31", strict=True)
    except kubernetes_validate.ValidationError as error:
        module.fail_json(msg=f"{list(error.path)}: {error.message}")
    changed = True
    if "K8S_AUTH_KUBECONFIG" in os.environ and not module.check_mode:
        changes = [patch(one) for one in definitions]
        changed = any(changes)
    module.exit_json(changed=changed, result=definition)


if __name__ == "__main__":
    main()
