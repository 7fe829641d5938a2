# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for kubernetes.core.k8s_info: it lists workloads of a namespace."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kubernetes.core.plugins.module_utils.api_server import request


def hide(resource: Any, field: str) -> None:
    """Remove a field from a resource."""
    *path, last = field.split(".")
    for key in path:
        resource = resource.get(key, {})
    resource.pop(last, None)


def main() -> None:
    """Return the workloads with their kind, which the server leaves out of lists."""
    spec = {key: {"required": True} for key in ("api_version", "kind", "namespace")}
    module = AnsibleModule(
        argument_spec={**spec, "hidden_fields": {"type": "list", "elements": "str"}}, supports_check_mode=True
    )
    api_version, kind, namespace = (module.params[key] for key in spec)
    items = request("GET", api_version, kind, namespace)["items"]
    for item in items:
        item.update(apiVersion=api_version, kind=kind)
        for field in module.params["hidden_fields"] or ():
            hide(item, field)
    module.exit_json(resources=items, api_found=True)


if __name__ == "__main__":
    main()
