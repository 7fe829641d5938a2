# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Keys from the metadata service, for the role that is attached to this instance."""

from __future__ import annotations

import json
from typing import Any, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import fetch_text
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.lease import Lease

__all__ = ["METADATA_ENDPOINT", "METADATA_SECONDS", "NoInstanceRole", "fetch_keys_of_instance", "source_name"]

METADATA_ENDPOINT = "http://metadata.tencentyun.com"
PATH = "latest/meta-data/cam/security-credentials/"
# Outside the cloud there is no response. Inside, the response takes milliseconds.
METADATA_SECONDS = 2.0


class NoInstanceRole(InvalidInput):
    """The machine is not an instance with a role. C(reason) says what was found instead."""

    def __init__(self, endpoint: Endpoint, reason: str) -> None:
        super().__init__(f"no credentials from {source_name(endpoint)}: {reason}.")
        self.reason = reason


def source_name(endpoint: Endpoint) -> str:
    """Return the name of the metadata service for messages."""
    return f"the instance role at the metadata service {endpoint.host}"


def fetch_keys_of_instance(endpoint: Endpoint) -> Lease:
    """Return the keys of the instance role. Raises NoInstanceRole without a role, InvalidInput for invalid answers."""
    role = _get(endpoint, "")
    if role is None or not role.strip():
        raise NoInstanceRole(endpoint, "no role is bound to this instance")
    name = role.split()[0]
    if not name.isascii() or any(character in name for character in "/?#%\\"):
        raise InvalidInput(f"The metadata service {endpoint.host} returned no valid role name.")
    return _read(_get(endpoint, name), endpoint)


def _get(endpoint: Endpoint, name: str) -> Optional[str]:
    try:
        status, text = fetch_text(f"{endpoint.url}{PATH}{name}", METADATA_SECONDS)
    except RequestError as error:
        raise NoInstanceRole(endpoint, error.message) from error
    if status == 404:
        return None
    if status != 200:
        raise NoInstanceRole(endpoint, f"HTTP status {status}")
    return text


def _read(text: Optional[str], endpoint: Endpoint) -> Lease:
    try:
        answer: Any = json.loads(text or "")
        values = [answer[name] for name in ("TmpSecretId", "TmpSecretKey", "Token")]
        ends = float(answer["ExpiredTime"])
        good = answer.get("Code") == "Success" and all(isinstance(value, str) and value for value in values)
    except (ValueError, TypeError, KeyError, AttributeError):
        good = False
    if not good:
        raise InvalidInput(f"The metadata service {endpoint.host} returned no valid credentials for the instance role.")
    return Lease(Keys(*values), ends)
