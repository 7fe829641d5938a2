# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Responses to the challenges of registries: Bearer tokens and Basic.

A password is sent over HTTPS to its registry and to the token service that this registry names. It is sent over plain
HTTP only to the host of a registry that is declared to use plain HTTP. A token is requested only for pulling, because
its token service can serve other registries, too.
Source: distribution.github.io, "Token Authentication Specification".
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Set, Tuple
from urllib.parse import urlencode

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryEndpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.challenges import Challenge
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import (
    CredentialsRefused,
    MalformedRegistryAnswer,
    RegistryError,
    TokenServiceRefused,
    UnsupportedAuthentication,
    status_error,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.targets import (
    Target,
    find_token_service_problem,
    parse_target,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.wire import RegistryRequest, Wire

__all__ = ["Authorizer", "Grant"]

MAX_TOKEN_BYTES = 64 * 1024
# In seconds. The specification sets 60 s for a token without C(expires_in).
DEFAULT_LIFE, LONGEST_LIFE = 60.0, 86400.0
HEADER_TEXT = re.compile(r"[!-~]+")
# A scope of the specification, which can have a resource class: repository(plugin):samalba/my-app:pull,push
SCOPE = re.compile(r"repository(?:\([a-z0-9]+\))?:(?P<path>\S+):[a-z*,]*")


@dataclass(frozen=True)
class Grant:
    """The value of an Authorization header, valid until the monotonic clock reaches C(ends).

    C(has_credentials) is whether it contains the user's password or was obtained with it.
    """

    authorization: str = field(repr=False)
    has_credentials: bool
    ends: float = float("inf")


class TokenKey(NamedTuple):
    """The registry, token service and scope of a token."""

    host: str
    realm: str
    service: str
    scope: str


class Authorizer:
    """Responds to challenges and caches the grants. It is thread-safe, and fetches each token once."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._basic: Set[str] = set()
        self._keys: Dict[Tuple[str, str], TokenKey] = {}
        self._grants: Dict[TokenKey, Grant] = {}
        # By host and realm. A refused password is not sent again for other repositories, to avoid a locked account.
        self._refusals: Dict[Tuple[str, str], RegistryError] = {}
        self._locks: Dict[TokenKey, threading.Lock] = {}
        self._lock = threading.Lock()

    def find_grant(self, endpoint: RegistryEndpoint, path: str) -> Optional[Grant]:
        """Return the grant from an earlier challenge for this repository, None if there is none or it has expired."""
        with self._lock:
            if endpoint.host in self._basic and endpoint.credentials:
                return Grant(endpoint.credentials.basic, True)
            key = self._keys.get((endpoint.host, path))
            return self._living(key) if key else None

    def authorize(
        self,
        endpoint: RegistryEndpoint,
        path: str,
        challenges: Sequence[Challenge],
        refused: Optional[Grant],
        deadline: Deadline,
    ) -> Optional[Grant]:
        """Return a grant for the challenges that differs from the refused one, None if there is none.

        Raises RegistryError.
        """
        by_scheme = {challenge.scheme: challenge.parameters for challenge in reversed(challenges)}
        if "bearer" in by_scheme:
            return self._bearer(endpoint, path, by_scheme["bearer"], refused, deadline)
        if "basic" in by_scheme:
            return self._answer_basic(endpoint, refused)
        if by_scheme:
            raise UnsupportedAuthentication(
                "the registry requires an authentication scheme other than Basic and Bearer"
            )
        return None

    def _answer_basic(self, endpoint: RegistryEndpoint, refused: Optional[Grant]) -> Optional[Grant]:
        if endpoint.credentials is None:
            return None
        grant = Grant(endpoint.credentials.basic, True)
        with self._lock:
            self._basic.add(endpoint.host)
        return None if refused and refused.authorization == grant.authorization else grant

    def _bearer(
        self,
        endpoint: RegistryEndpoint,
        path: str,
        parameters: Mapping[str, str],
        refused: Optional[Grant],
        deadline: Deadline,
    ) -> Grant:
        target = _token_service(endpoint, parameters.get("realm", ""))
        scope = _pull_scope(parameters.get("scope", "")) or f"repository:{path}:pull"
        key = TokenKey(endpoint.host, target.url, parameters.get("service", ""), scope)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
            self._keys[endpoint.host, path] = key
        with lock:
            grant = self._living(key)
            if grant is None or (refused and refused.authorization == grant.authorization):
                grant = self._grants[key] = self._fetch(endpoint, target, key, deadline)
            return grant

    def _living(self, key: TokenKey) -> Optional[Grant]:
        grant = self._grants.get(key)
        return grant if grant and grant.ends > self._wire.clock.monotonic() else None

    def _fetch(self, endpoint: RegistryEndpoint, target: Target, key: TokenKey, deadline: Deadline) -> Grant:
        refusal = self._refusals.get((key.host, key.realm))
        if refusal is not None:
            raise CredentialsRefused(refusal.cause, code=refusal.code, http_status=refusal.http_status)
        asked, credentials = self._wire.clock.monotonic(), endpoint.credentials
        who = f"the token service {target.host}"
        request = RegistryRequest(
            "GET",
            _with_query(target.url, key.service, key.scope),
            {"Accept": "application/json"},
            credentials.basic if credentials else None,
            most=MAX_TOKEN_BYTES,
            who=who,
        )
        response = self._wire.send(endpoint, request, deadline)
        if response.status != 200:
            # Error codes of a token service do not describe the image.
            error = status_error(who, response.status, b"", sent_credentials=credentials is not None)
            if response.status == 401 and credentials:
                self._refusals[key.host, key.realm] = error
            raise error
        token, life = _parse_token(response.body, who)
        return Grant(f"Bearer {token}", credentials is not None, asked + life)


def _token_service(endpoint: RegistryEndpoint, realm: str) -> Target:
    """Return the address of the token service. Raises TokenServiceRefused if it is not allowed."""
    target = parse_target(realm)
    if target is None:
        raise TokenServiceRefused("the registry names a token service with an invalid address")
    problem = find_token_service_problem(target, endpoint)
    is_own = endpoint.is_plain and target.name == endpoint.host_name
    if not problem and endpoint.credentials and target.scheme != "https" and not is_own:
        problem = "it does not use HTTPS, so the password would be sent unencrypted"
    if problem:
        raise TokenServiceRefused(
            f"the registry names the token service {target.host}, which is not allowed because {problem}"
        )
    return target


def _pull_scope(scope: str) -> str:
    """Return the first repository of a challenge with the action C(pull), an empty string if there is none.

    Its name can differ from the one in the reference if the registry is a proxy for another one.
    """
    found = next(filter(None, map(SCOPE.fullmatch, scope.split())), None)
    return f"repository:{found['path']}:pull" if found else ""


def _with_query(realm: str, service: str, scope: str) -> str:
    pairs = ([("service", service)] if service else []) + [("scope", scope)]
    base = realm.partition("#")[0]
    # The header can contain characters that cannot be encoded in UTF-8.
    return base + ("&" if "?" in base else "?") + urlencode(pairs, errors="replace")


def _parse_token(body: bytes, who: str) -> Tuple[str, float]:
    """Return the token in a response, and its lifetime in seconds."""
    try:
        answer = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        answer = None
    fields = answer if isinstance(answer, dict) else {}
    for token in (fields.get("token"), fields.get("access_token")):
        if isinstance(token, str) and HEADER_TEXT.fullmatch(token):
            return token, _life_of(fields.get("expires_in"))
    raise MalformedRegistryAnswer(f"{who} returned no valid token")


def _life_of(seconds: Any) -> float:
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    return float(min(seconds, LONGEST_LIFE)) if is_number and seconds > 0 else DEFAULT_LIFE
