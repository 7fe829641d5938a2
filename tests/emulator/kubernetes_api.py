# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a Kubernetes API server that the modules of kubernetes.core use to list and patch workloads, over HTTP.

Sources: the API reference of Kubernetes 1.31, and the pages "API Concepts" and "The Kubernetes API".
"""

from __future__ import annotations

import copy
import json
import threading
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Optional
from urllib.parse import parse_qs, urlsplit

import yaml

__all__ = ["KubernetesApi"]

# The kinds of each API, by the name in paths.
APIS: Mapping[str, Mapping[str, str]] = {
    "v1": {"pods": "Pod"},
    "apps/v1": {"daemonsets": "DaemonSet", "deployments": "Deployment", "statefulsets": "StatefulSet"},
    "batch/v1": {"cronjobs": "CronJob", "jobs": "Job"},
}
MERGES = ("application/merge-patch+json", "application/strategic-merge-patch+json")


class Refusal(Exception):
    """A request that is answered with a Status of this code and reason."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
        }


class KubernetesApi:
    """An API server on the loopback address, with the objects of a cluster.

    C(forbidden) contains the names in paths of the kinds that the user may not list, for example C(cronjobs).
    """

    def __init__(self) -> None:
        self.token = f"token-{uuid.uuid4()}"
        self.forbidden: set[str] = set()
        # Method and path of each request, in order.
        self.received: list[tuple[str, str]] = []
        self._objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._versions = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="kubernetes-api", daemon=True
        )

    def start(self) -> KubernetesApi:
        """Start to answer requests."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, and wait for the end of the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    def write_kubeconfig(self, path: Path, token: Optional[str] = None) -> None:
        """Write the file with the address and the token, or with another token."""
        server = f"http://127.0.0.1:{self._server.server_address[1]}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "shop", "cluster": {"server": server}}],
            "users": [{"name": "shop", "user": {"token": token or self.token}}],
            "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "shop"}}],
            "current-context": "shop",
        }
        path.write_text(yaml.safe_dump(config), encoding="utf-8")

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Create or replace objects as C(kubectl apply) does. The server adds its own metadata and a status."""
        for manifest in manifests:
            added = copy.deepcopy(dict(manifest))
            metadata = added["metadata"]
            metadata.update(uid=str(uuid.uuid4()), creationTimestamp="2026-11-25T08:00:00Z", generation=1)
            metadata["managedFields"] = [{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {}}}]
            applied = json.dumps({**manifest, "metadata": {**manifest["metadata"]}})
            annotations = metadata.setdefault("annotations", {})
            annotations["kubectl.kubernetes.io/last-applied-configuration"] = applied
            added["status"] = {"observedGeneration": 1}
            self._store(added)

    def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object."""
        del self._objects[kind, namespace, name]

    def read(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        """Return an object as it is stored."""
        return self._objects[kind, namespace, name]

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        """Return the code and the body of a response."""
        url = urlsplit(target)
        self.received.append((method, url.path))
        try:
            if headers.get("Authorization") != f"Bearer {self.token}":
                raise Refusal(401, "Unauthorized", "Unauthorized")
            return 200, self._find_answer(method, url.path, parse_qs(url.query), headers, body)
        except Refusal as refusal:
            return refusal.status["code"], refusal.status

    def _find_answer(
        self, method: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str], body: bytes
    ) -> Any:
        if path in DISCOVERY:
            return DISCOVERY[path]
        prefix, _namespaces, rest = path.partition("/namespaces/")
        kinds = APIS.get(prefix.removeprefix("/apis/").removeprefix("/api/"), {})
        namespace, plural, *name = rest.split("/")
        if plural not in kinds or len(name) > 1:
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        if not name:
            return self._list(kinds[plural], plural, namespace, query)
        key = (kinds[plural], namespace, name[0])
        if key not in self._objects:
            raise Refusal(404, "NotFound", f'{plural} "{name[0]}" not found')
        return self._patch(key, query, headers, body) if method == "PATCH" else self._objects[key]

    def _list(self, kind: str, plural: str, namespace: str, query: Mapping[str, list[str]]) -> Any:
        if plural in self.forbidden:
            message = (
                f'{plural} is forbidden: User "shop" cannot list resource "{plural}" in the namespace "{namespace}"'
            )
            raise Refusal(403, "Forbidden", message)
        found = [self._objects[key] for key in sorted(self._objects) if key[:2] == (kind, namespace)]
        # Without a limit, the server returns all of them.
        first, limit = int(query.get("continue", ["0"])[0]), int(query.get("limit", ["0"])[0]) or len(found)
        metadata = {"resourceVersion": str(self._versions)}
        if first + limit < len(found):
            metadata["continue"] = str(first + limit)
        # The elements of a list have neither a kind nor an apiVersion.
        items = [{key: value for key, value in one.items() if key not in ("kind", "apiVersion")} for one in found]
        api_version = next(api for api, kinds in APIS.items() if plural in kinds)
        return {
            "kind": f"{kind}List",
            "apiVersion": api_version,
            "metadata": metadata,
            "items": items[first : first + limit],
        }

    def _patch(
        self, key: tuple[str, str, str], query: Mapping[str, list[str]], headers: Mapping[str, str], body: bytes
    ) -> Any:
        if headers.get("Content-Type") not in MERGES:
            raise Refusal(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
        present, patch = self._objects[key], json.loads(body)
        version = patch.get("metadata", {}).get("resourceVersion", present["metadata"]["resourceVersion"])
        if version != present["metadata"]["resourceVersion"]:
            raise Refusal(
                409, "Conflict", "the object has been modified; please apply your changes to the latest version"
            )
        patched = _merge(present, patch)
        if patched != present and "dryRun" not in query:
            self._store(patched)
        return patched

    def _store(self, manifest: dict[str, Any]) -> None:
        self._versions += 1
        metadata = manifest["metadata"]
        metadata["resourceVersion"] = str(self._versions)
        self._objects[manifest["kind"], metadata["namespace"], metadata["name"]] = manifest

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                code, answer = api.answer(self.command, self.path, self.headers, body)
                content = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_PATCH = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Print nothing."""

        return Handler


def _merge(value: Any, patch: Any) -> Any:
    """Apply a merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(value) if isinstance(value, dict) else {}
    for key, change in patch.items():
        if change is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), change)
    return merged


def _resources(api_version: str) -> dict[str, Any]:
    """Return the kinds of an API as discovery returns them."""
    verbs = ["get", "list", "patch"]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version,
        "resources": [
            {"name": name, "singularName": kind.lower(), "namespaced": True, "kind": kind, "verbs": verbs}
            for name, kind in APIS[api_version].items()
        ],
    }


def _group(name: str) -> dict[str, Any]:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


DISCOVERY: Mapping[str, Any] = {
    "/version": {"major": "1", "minor": "31", "gitVersion": "v1.31.0", "platform": "linux/amd64"},
    "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group("apps"), _group("batch")]},
    "/api/v1": _resources("v1"),
    "/apis/apps/v1": _resources("apps/v1"),
    "/apis/batch/v1": _resources("batch/v1"),
}
