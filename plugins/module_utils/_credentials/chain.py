# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The sources of credentials, an ordered list: the first match wins.

A new source needs a function that returns credentials or raises NoCredentials, and a row in C(SOURCES).
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.lease import (
    Credentials,
    Lease,
    check_keys,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.metadata import (
    NoInstanceRole,
    fetch_keys_of_instance,
    source_name,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.stored import Profile
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.sts import (
    OpenSts,
    Pod,
    Role,
    assume_role,
    assume_role_of_pod,
)

__all__ = ["SESSION_NAME", "SESSION_SECONDS", "SOURCES", "TOKEN_VARIABLES", "CredentialContext", "find_credentials"]

# tccli, the Terraform provider and other tools use different variables for the token. The first that is set counts.
TOKEN_VARIABLES = ("TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_SESSION_TOKEN")
POD_VARIABLES = ("TKE_REGION", "TKE_PROVIDER_ID", "TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_ROLE_ARN")
SESSION_NAME, SESSION_SECONDS = "ansible-tencentcloud-tke", 7200


class NoCredentials(Exception):
    """A source has no credentials. The message says what it has instead, or is empty."""


class CredentialContext(NamedTuple):
    """The inputs of the sources. C(role) is the role to assume with the credentials that are found."""

    options: Mapping[str, Optional[str]]
    environment: Mapping[str, str]
    profile: Profile
    role: Optional[Role]
    metadata: Endpoint
    open_sts: OpenSts
    clock: Clock

    def from_keys(self, keys: Optional[Keys], otherwise: str) -> Credentials:
        """Return credentials with permanent keys. Raises NoCredentials with the message C(otherwise) without keys."""
        if keys is None:
            raise NoCredentials(otherwise)
        lease = Lease(keys)
        return Credentials(lambda: lease, self.clock)

    def with_role(self, base: Credentials, role: Role) -> Credentials:
        """Return the credentials of a role, assumed with C(base)."""
        credentials = Credentials(lambda: assume_role(role, base.keys, self.open_sts, self.clock), self.clock)
        credentials.secrets = base.secrets
        return credentials


class Source(NamedTuple):
    """A place that may have credentials. C(place) returns its name for messages."""

    place: Callable[[CredentialContext], str]
    find: Callable[[CredentialContext], Credentials]


def _options_place(_login: CredentialContext) -> str:
    return "the options secret_id and secret_key"


def _from_options(login: CredentialContext) -> Credentials:
    secret_id, secret_key, token = (login.options.get(name) for name in ("secret_id", "secret_key", "token"))
    keys = check_keys(_options_place(login), secret_id, secret_key, token)
    return login.from_keys(keys, "not set")


def _environment_place(_login: CredentialContext) -> str:
    return "the environment variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY"


def _from_environment(login: CredentialContext) -> Credentials:
    if login.options.get("profile"):
        raise NoCredentials("not used, because the option profile is set")
    environment = login.environment
    token = next((environment[name] for name in TOKEN_VARIABLES if environment.get(name)), None)
    secret_id, secret_key = environment.get("TENCENTCLOUD_SECRET_ID"), environment.get("TENCENTCLOUD_SECRET_KEY")
    keys = check_keys(_environment_place(login), secret_id, secret_key, token)
    return login.from_keys(keys, "not set")


def _tccli_place(login: CredentialContext) -> str:
    return f"the credentials of tccli in {login.profile.tccli}"


def _from_tccli(login: CredentialContext) -> Credentials:
    profile = login.profile
    stored = profile.read_tccli()
    if stored is None:
        raise NoCredentials("no such file")
    if stored.kind == "cvm-role":
        try:
            return _find_keys_of_instance(login)
        except NoInstanceRole as error:
            raise InvalidInput(f"{stored.path} has the type cvm-role, but there are {error}") from None
    if stored.keys is None and not profile.chosen and stored.kind == "default":
        raise NoCredentials("the file contains no credentials")

    def fetch() -> Lease:
        # Read the file again, because tccli may have renewed the credentials meanwhile.
        return (profile.read_tccli() or stored).lease(login.clock.unix(), profile.name)

    credentials = Credentials(fetch, login.clock)
    credentials.keys()
    if stored.role_arn and login.role is None:
        return login.with_role(credentials, Role(stored.role_arn, str(stored.role_session_name), SESSION_SECONDS))
    return credentials


def _ini_place(login: CredentialContext) -> str:
    return f"section [{login.profile.name}] in {' or '.join(str(path) for path in login.profile.ini)}"


def _from_ini(login: CredentialContext) -> Credentials:
    return login.from_keys(login.profile.ini_keys(), "no such file")


def _pod_place(_login: CredentialContext) -> str:
    return f"the identity of the Pod in the variables {', '.join(POD_VARIABLES)}"


def _from_pod(login: CredentialContext) -> Credentials:
    missing = [name for name in POD_VARIABLES if not login.environment.get(name)]
    if missing:
        raise NoCredentials("not set" if len(missing) == len(POD_VARIABLES) else f"{', '.join(missing)} not set")
    region, provider, path, arn = (login.environment[name] for name in POD_VARIABLES)
    role = Role(arn, SESSION_NAME, SESSION_SECONDS)

    def fetch() -> Lease:
        # Read the file again, because the token is rotated.
        identity = _identity(path)
        credentials.secrets.append(identity)
        return assume_role_of_pod(role, Pod(region, provider, identity), login.open_sts, login.clock)

    credentials = Credentials(fetch, login.clock)
    return credentials


def _identity(path: str) -> str:
    try:
        token = Path(path).read_text(encoding="ascii").strip()
    except OSError as error:
        raise InvalidInput(f"TKE_WEB_IDENTITY_TOKEN_FILE: {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        token = ""
    if not token or any(character.isspace() for character in token):
        raise InvalidInput(f"TKE_WEB_IDENTITY_TOKEN_FILE: {path} contains no valid token.")
    return token


def _instance_place(login: CredentialContext) -> str:
    return source_name(login.metadata)


def _from_instance(login: CredentialContext) -> Credentials:
    try:
        return _find_keys_of_instance(login)
    except NoInstanceRole as error:
        raise NoCredentials(error.reason) from error


def _find_keys_of_instance(login: CredentialContext) -> Credentials:
    credentials = Credentials(lambda: fetch_keys_of_instance(login.metadata), login.clock)
    credentials.keys()
    return credentials


SOURCES: Tuple[Source, ...] = (
    Source(_options_place, _from_options),
    Source(_environment_place, _from_environment),
    Source(_tccli_place, _from_tccli),
    Source(_ini_place, _from_ini),
    Source(_pod_place, _from_pod),
    Source(_instance_place, _from_instance),
)
# The sources of a profile that the user has named. If neither has it, the profile is unknown.
PROFILES = (_from_tccli, _from_ini)


def find_credentials(login: CredentialContext) -> Credentials:
    """Return the credentials of the first source that has some, or those of the role assumed with them.

    Raises InvalidInput for an incomplete key pair, malformed keys, unreadable files and an unknown profile, and, with a
    list of all places, if there are no credentials.
    """
    login.profile.check()
    tried: List[str] = []
    for source in SOURCES:
        try:
            found = source.find(login)
        except NoCredentials as error:
            tried.append(f"- {source.place(login)}: {error}")
        else:
            return login.with_role(found, login.role) if login.role else found
        if source.find is PROFILES[-1] and login.profile.chosen:
            places = "\n".join(tried[-len(PROFILES) :])
            raise InvalidInput(f"Profile {login.profile.name!r} was not found. These sources were tried:\n{places}")
    places = "\n".join(tried)
    raise InvalidInput(f"No credentials were found. Set them in one of these sources, which were tried:\n{places}")
