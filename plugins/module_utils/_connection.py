# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The connection options: their argument spec, and the clients that they configure."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, closing
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import TKE_ENDPOINT, Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.rate_limiter import RateLimiter
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import Answer, RetryingClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.transport import (
    ConnectionSettings,
    Service,
    Transport,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.chain import (
    SESSION_NAME,
    SESSION_SECONDS,
    CredentialContext,
    find_credentials,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.metadata import METADATA_ENDPOINT
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.stored import Profile
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.sts import OpenSts, Role
from ansible_collections.tencentcloud.tke.plugins.module_utils._version import COLLECTION, VERSION

if TYPE_CHECKING:
    from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.registries import Registries

__all__ = [
    "CREDENTIAL_OPTIONS",
    "ENVIRONMENT",
    "REQUEST_OPTIONS",
    "RequestSettings",
    "argument_spec",
    "connect",
    "open_registries",
    "region_of",
    "request_settings",
]

# This version has the actions for image caches; 2022-05-01 has not.
TKE = Service("tke", "2018-05-25")
STS = Service("sts", "2018-08-13")
STS_ENDPOINT = "sts.tencentcloudapi.com"
CREDENTIAL_OPTIONS = ("secret_id", "secret_key", "token", "profile")
# The options for requests, to the API and to registries.
REQUEST_OPTIONS = ("api_timeout", "api_retries", "validate_certs", "ca_path")
# The variables for the profile. They are ignored if the option profile is set.
PROFILE_VARIABLES = ("TENCENTCLOUD_PROFILE", "TCCLI_PROFILE")

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "secret_id": {"type": "str"},
    "secret_key": {"type": "str", "no_log": True},
    "token": {"type": "str", "no_log": True},
    "profile": {"type": "str"},
    "role_arn": {"type": "str"},
    "role_session_name": {"type": "str", "default": SESSION_NAME},
    "role_duration": {"type": "int", "default": SESSION_SECONDS},
    "role_external_id": {"type": "str"},
    "region": {"type": "str"},
    "sts_endpoint": {"type": "str"},
    "metadata_endpoint": {"type": "str", "default": METADATA_ENDPOINT},
    "endpoint": {"type": "str", "default": TKE_ENDPOINT},
    "language": {"type": "str", "default": "en-US", "choices": ["en-US", "zh-CN"]},
    "api_timeout": {"type": "float", "default": 30},
    "api_retries": {"type": "int", "default": 5},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}
# The variable that each option falls back to. Keys, token and profile are not included, because the credential chain
# decides which of them belong together.
ENVIRONMENT: Mapping[str, str] = {
    "role_arn": "TENCENTCLOUD_ROLE_ARN",
    "role_session_name": "TENCENTCLOUD_ROLE_SESSION_NAME",
    "role_duration": "TENCENTCLOUD_ROLE_DURATION",
    "role_external_id": "TENCENTCLOUD_ROLE_EXTERNAL_ID",
    "region": "TENCENTCLOUD_REGION",
    "sts_endpoint": "TENCENTCLOUD_STS_ENDPOINT",
    "metadata_endpoint": "TENCENTCLOUD_METADATA_ENDPOINT",
    "endpoint": "TENCENTCLOUD_TKE_ENDPOINT",
    "language": "TENCENTCLOUD_LANGUAGE",
    "api_timeout": "TENCENTCLOUD_API_TIMEOUT",
    "api_retries": "TENCENTCLOUD_API_RETRIES",
    "validate_certs": "TENCENTCLOUD_VALIDATE_CERTS",
    "ca_path": "TENCENTCLOUD_CA_PATH",
}
LONGEST_TIMEOUT = 3600
# "RoleSessionName", "ExternalId" and "DurationSeconds" of AssumeRole, STS API 2018-08-13.
SESSION_NAMES = re.compile(r"[\w+=,.@-]{2,128}", re.ASCII)
EXTERNAL_IDS = re.compile(r"[\w+=,.@:/-]{2,128}", re.ASCII)
LONGEST_SESSION = 43200


class RequestSettings(NamedTuple):
    """How requests are sent. C(timeout) is seconds for one request, C(retries) the number of further attempts.

    C(verify) is whether certificates are verified, or the path of a CA bundle.
    """

    timeout: float
    retries: int
    verify: Union[bool, str]
    user_agent: str


def argument_spec(env_fallback: Any, options: Iterable[str] = tuple(OPTIONS)) -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of connection options; C(env_fallback) is Ansible's function of that name."""
    spec = {option: dict(OPTIONS[option]) for option in options}
    for option, entry in spec.items():
        if option in ENVIRONMENT:
            entry["fallback"] = (env_fallback, [ENVIRONMENT[option]])
    return spec


def connect(
    params: Mapping[str, Any],
    regions: Sequence[str],
    *,
    ansible_version: str,
    check_mode: bool,
    clock: Clock,
    resources: Optional[ExitStack] = None,
    requests_per_second: Optional[float] = None,
    connections: int = 1,
) -> Tuple[Dict[str, Client], List[str]]:
    """Return one client for each region, as the connection options configure them, and the secrets that they use.

    All clients share the same credentials. The list of secrets may grow with each renewal. With C(requests_per_second)
    each client limits the rate of each action. C(connections) threads may use one client at once. Raises InvalidInput.
    No request to the API is sent. Only the metadata service is called, if no other source provides credentials.
    C(resources) close the connections, by default the end of the process does.
    """
    resources = resources or ExitStack()
    role, profile = _role(params), _profile(params)
    settings = {region: _settings(params, region, ansible_version) for region in regions}
    login = CredentialContext(
        options={name: params.get(name) for name in CREDENTIAL_OPTIONS},
        environment=os.environ,
        profile=profile,
        role=role,
        metadata=Endpoint.parse(params["metadata_endpoint"], "metadata_endpoint", plain=True),
        open_sts=_sts(params, settings[regions[0]], profile, clock),
        clock=clock,
    )
    credentials = find_credentials(login)

    def client(region: str) -> Client:
        transport = Transport(settings[region], TKE, credentials.keys, clock, connections)
        resources.callback(transport.close)
        rate_limiter = RateLimiter(requests_per_second, clock) if requests_per_second else None
        return Client(
            transport, retries=params["api_retries"], check_mode=check_mode, clock=clock, rate_limiter=rate_limiter
        )

    return {region: client(region) for region in regions}, credentials.secrets


def open_registries(params: Mapping[str, Any], ansible_version: str, clock: Clock) -> Registries:
    """Return what asks image registries, with the timeout, retries and trust of the options. Raises InvalidInput."""
    # Few runs ask registries. The others do without the import.
    from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.registries import (  # noqa: PLC0415
        Registries,
    )

    return Registries(clock, **request_settings(params, ansible_version)._asdict())


def region_of(params: Mapping[str, Any]) -> str:
    """Return the region of the options, else that of the profile. Raises InvalidInput if neither is set."""
    given: Optional[str] = params["region"]
    if given is not None and not given.strip():
        raise InvalidInput(
            "region is empty. Set it to a region such as ap-guangzhou, or omit it to use TENCENTCLOUD_REGION or the"
            " region of the profile."
        )
    region = given or _profile(params).settings("_sys_param", "region")
    if not region:
        raise InvalidInput(
            "No region is set, and there is no default. Set the option region, for example to ap-guangzhou, set"
            " TENCENTCLOUD_REGION, or configure a region in the profile of tccli."
        )
    if not region.isascii() or not region.replace("-", "").isalnum():
        raise InvalidInput(f"Invalid region: expected a name such as ap-guangzhou, got {region!r}.")
    return str(region)


def _profile(params: Mapping[str, Any]) -> Profile:
    named = params["profile"] or next((os.environ[name] for name in PROFILE_VARIABLES if os.environ.get(name)), None)
    profile = Profile(named or "default", bool(named), Path(os.path.expanduser("~")), Path("/etc"))
    profile.check()
    return profile


def _role(params: Mapping[str, Any]) -> Optional[Role]:
    arn, external_id, seconds = params["role_arn"], params["role_external_id"], params["role_duration"]
    if not SESSION_NAMES.fullmatch(params["role_session_name"]):
        raise InvalidInput("Invalid role_session_name: expected 2 to 128 letters, digits or characters of +=,.@_-")
    if external_id is not None and not EXTERNAL_IDS.fullmatch(external_id):
        raise InvalidInput("Invalid role_external_id: expected 2 to 128 letters, digits or characters of +=,.@:/_-")
    if not 0 < seconds <= LONGEST_SESSION:
        raise InvalidInput(
            f"Invalid role_duration: expected more than 0 and at most {LONGEST_SESSION} s, got {seconds}."
        )
    if not arn:
        return None
    if not arn.startswith("qcs::cam::"):
        raise InvalidInput(f"Invalid role_arn: expected qcs::cam::uin/...:roleName/..., got {arn!r}.")
    return Role(arn, params["role_session_name"], seconds, external_id)


class _Sts:
    """A client of STS. It closes its connection after each call, because the next call is minutes or hours later."""

    def __init__(self, open_transport: Callable[[], Transport], retries: int, clock: Clock) -> None:
        self._open_transport, self._retries, self._clock = open_transport, retries, clock

    def call(self, action: str, parameters: Mapping[str, Any], deadline: Deadline, *, writes: bool = False) -> Answer:
        """Return the answer of the action. Raises RequestError."""
        with closing(self._open_transport()) as transport:
            client = RetryingClient(transport, retries=self._retries, clock=self._clock)
            return client.call(action, parameters, deadline, writes=writes)


def _sts(params: Mapping[str, Any], settings: ConnectionSettings, profile: Profile, clock: Clock) -> OpenSts:
    """Return the function that opens a client of STS, at the endpoint of the options or else of the tccli profile."""
    given = Endpoint.parse(params["sts_endpoint"], "sts_endpoint") if params["sts_endpoint"] else None

    def open_sts(region: Optional[str], keys: Callable[[], Optional[Keys]]) -> _Sts:
        at = settings._replace(endpoint=given or _stored_sts(profile), region=region or settings.region)
        return _Sts(lambda: Transport(at, STS, keys, clock), params["api_retries"], clock)

    return open_sts


def _stored_sts(profile: Profile) -> Endpoint:
    stored = profile.settings("sts", "endpoint")
    return Endpoint.parse(stored or STS_ENDPOINT, f"sts.endpoint in {profile.configuration}")


def _settings(params: Mapping[str, Any], region: str, ansible_version: str) -> ConnectionSettings:
    settings = request_settings(params, ansible_version)
    return ConnectionSettings(
        endpoint=Endpoint.parse(params["endpoint"]),
        region=region,
        language=params["language"],
        timeout=settings.timeout,
        verify=settings.verify,
        # The API accepts letters, digits and -_,;. here, at most 128 of them.
        client_name=f"ansible_{COLLECTION}_{VERSION};ansible-core_{ansible_version}",
        user_agent=settings.user_agent,
    )


def request_settings(params: Mapping[str, Any], ansible_version: str) -> RequestSettings:
    """Return what C(REQUEST_OPTIONS) say. Raises InvalidInput."""
    timeout = params["api_timeout"]
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise InvalidInput(
            f"Invalid api_timeout: expected more than 0 and at most {LONGEST_TIMEOUT} s, got {timeout:g}."
        )
    if params["api_retries"] < 0:
        raise InvalidInput(f"Invalid api_retries: expected 0 or more, got {params['api_retries']}.")
    user_agent = f"{COLLECTION}/{VERSION} ansible-core/{ansible_version}"
    return RequestSettings(timeout, params["api_retries"], _verify(params), user_agent)


def _verify(params: Mapping[str, Any]) -> Union[bool, str]:
    path: Optional[str] = params["ca_path"]
    if not params["validate_certs"]:
        return False
    if path is None:
        return True
    if not os.path.exists(path):
        raise InvalidInput(f"Invalid ca_path: there is no file or directory {path}.")
    return path
