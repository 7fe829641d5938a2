# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The connection options: one argument spec, and the client that they describe."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import TKE_ENDPOINT, Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import (
    ConnectionSettings,
    Service,
    Transport,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.chain import Login, find_keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._version import COLLECTION, VERSION

__all__ = ["CREDENTIAL_OPTIONS", "ENVIRONMENT", "argument_spec", "connect"]

# Image caches are actions of this version; 2022-05-01 has none.
TKE = Service("tke", "2018-05-25")
CREDENTIAL_OPTIONS = ("secret_id", "secret_key", "token")

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "secret_id": {"type": "str"},
    "secret_key": {"type": "str", "no_log": True},
    "token": {"type": "str", "no_log": True},
    "region": {"type": "str"},
    "endpoint": {"type": "str", "default": TKE_ENDPOINT},
    "language": {"type": "str", "default": "en-US", "choices": ["en-US", "zh-CN"]},
    "api_timeout": {"type": "float", "default": 30},
    "api_retries": {"type": "int", "default": 5},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}
# The variable that each option falls back to. Keys and token are not among them: which of those belong together
# is for the credential chain to say.
ENVIRONMENT: Mapping[str, str] = {
    "region": "TENCENTCLOUD_REGION",
    "endpoint": "TENCENTCLOUD_TKE_ENDPOINT",
    "language": "TENCENTCLOUD_LANGUAGE",
    "api_timeout": "TENCENTCLOUD_API_TIMEOUT",
    "api_retries": "TENCENTCLOUD_API_RETRIES",
    "validate_certs": "TENCENTCLOUD_VALIDATE_CERTS",
    "ca_path": "TENCENTCLOUD_CA_PATH",
}
LONGEST_TIMEOUT = 3600


def argument_spec(env_fallback: Any) -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the connection options; C(env_fallback) is Ansible's function of that name."""
    spec = {option: dict(entry) for option, entry in OPTIONS.items()}
    for option, variable in ENVIRONMENT.items():
        spec[option]["fallback"] = (env_fallback, [variable])
    return spec


def connect(
    params: Mapping[str, Any], *, ansible_version: str, check_mode: bool, clock: Clock
) -> Tuple[Client, List[Optional[str]]]:
    """Return the client that the connection options describe, and the secrets that it holds.

    Raises InvalidInput, and sends nothing yet.
    """
    settings = _settings(params, ansible_version)
    keys: Keys = find_keys(Login({name: params.get(name) for name in CREDENTIAL_OPTIONS}, os.environ))
    transport = Transport(settings, TKE, lambda: keys, clock)
    client = Client(transport, retries=params["api_retries"], check_mode=check_mode, clock=clock)
    return client, [keys.secret_key, keys.token]


def _settings(params: Mapping[str, Any], ansible_version: str) -> ConnectionSettings:
    timeout = params["api_timeout"]
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise InvalidInput(f"api_timeout is {timeout:g}; it must be above 0 and at most {LONGEST_TIMEOUT} s.")
    if params["api_retries"] < 0:
        raise InvalidInput("api_retries is below 0.")
    return ConnectionSettings(
        endpoint=Endpoint.parse(params["endpoint"]),
        region=_region(params["region"]),
        language=params["language"],
        timeout=timeout,
        verify=_verify(params),
        # The API accepts letters, digits and -_,;. here, at most 128 of them.
        client_name=f"ansible_{COLLECTION}_{VERSION};ansible-core_{ansible_version}",
        user_agent=f"{COLLECTION}/{VERSION} ansible-core/{ansible_version}",
    )


def _region(region: Optional[str]) -> str:
    if not region:
        raise InvalidInput(
            "no region: give the option region, ap-guangzhou for instance, or set TENCENTCLOUD_REGION. It is never"
            " guessed."
        )
    if not region.isascii() or not region.replace("-", "").isalnum():
        raise InvalidInput(f"region {region!r} is no region's name; ap-guangzhou, for instance, is one.")
    return region


def _verify(params: Mapping[str, Any]) -> Union[bool, str]:
    path: Optional[str] = params["ca_path"]
    if not params["validate_certs"]:
        return False
    if path is None:
        return True
    if not os.path.exists(path):
        raise InvalidInput(f"ca_path: there is no file or directory {path}.")
    return path
