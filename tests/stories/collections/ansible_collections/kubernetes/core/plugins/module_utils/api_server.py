# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests of the stand-ins to the server that K8S_AUTH_KUBECONFIG names."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any, Optional

import yaml


def request(
    method: str, api_version: str, kind: str, namespace: str, name: str = "", body: Optional[Any] = None
) -> Any:
    """Return the answer to a request about workloads of a namespace."""
    with open(os.environ["K8S_AUTH_KUBECONFIG"], encoding="utf-8") as file:
        config = yaml.safe_load(file)
    server, token = config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"]
    path = "/".join(filter(None, [api_version, "namespaces", namespace, f"{kind.lower()}s", name]))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(
        urllib.request.Request(f"{server}/apis/{path}", data, headers, method=method)
    ) as answer:
        return json.load(answer)
