# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Requests to registries, their token services and their storage, one at a time.

An Authorization header is sent only to its own origin. The size of a response is limited, and no body is decompressed.
Every failure is raised as a RegistryError. Requests are retried according to the policy in retry.py.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional
from urllib.parse import urljoin

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import MalformedAnswer, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import (
    HttpResponse,
    exchange,
    open_session,
    read_body,
    retry_after_seconds,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.retry import retry
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import (
    RegistryAccess,
    RegistryEndpoint,
    is_loopback,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import (
    MalformedRegistryAnswer,
    RedirectRefused,
    RegistryUnreachable,
    status_error,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.targets import (
    Target,
    find_peer_problem,
    find_redirect_problem,
    parse_target,
)

__all__ = ["RegistryRequest", "Wire"]

ERROR_BYTES = 64 * 1024
# Twice the largest body, a manifest.
MOST_BYTES = 8 * 1024 * 1024
REDIRECTS = frozenset([301, 302, 303, 307, 308])
# Hosts per registry: the registry, its token service, its storage, and one to spare.
HOSTS = 4


@dataclass(frozen=True)
class RegistryRequest:
    """A request. The body of a response with C(status) has at most C(most) bytes. C(who) is the service in messages."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: Optional[str] = field(default=None, repr=False)
    status: int = 200
    most: int = 0
    redirects: int = 0
    who: str = "the registry"


class Authorization:
    """Sets the Authorization header. Without a value, it only prevents C(requests) from using a C(.netrc) entry."""

    def __init__(self, value: Optional[str]) -> None:
        self._value = value

    def __call__(self, request: Any) -> Any:
        """Return the prepared request with its Authorization header."""
        if self._value is not None:
            request.headers["Authorization"] = self._value
        return request


class Wire:
    """Sends requests. It is thread-safe. Each registry has its own session, with its own TLS settings."""

    def __init__(self, access: RegistryAccess, clock: Clock, connections: int) -> None:
        self.clock = clock
        self._access, self._connections = access, connections
        self._sessions: Dict[str, Any] = {}
        self._lock = threading.Lock()

    def send(self, endpoint: RegistryEndpoint, request: RegistryRequest, deadline: Deadline) -> HttpResponse:
        """Return the response. Raises RegistryError for a failed request and for status 429 and 5xx."""
        return retry(
            lambda: self._attempt(endpoint, request, deadline),
            retries=self._access.retries,
            clock=self.clock,
            deadline=deadline,
        )

    def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            session.close()

    def _attempt(self, endpoint: RegistryEndpoint, request: RegistryRequest, deadline: Deadline) -> HttpResponse:
        response = self._follow(endpoint, request, deadline)
        if response.status == 429 or response.status >= 500:
            pause = retry_after_seconds(response.headers.get("Retry-After"), self.clock)
            raise status_error(request.who, response.status, response.body, retry_after=pause)
        return response

    def _follow(self, endpoint: RegistryEndpoint, request: RegistryRequest, deadline: Deadline) -> HttpResponse:
        """Return the response after following the redirects that the request allows."""
        origin = target = parse_target(request.url)
        authorization = request.authorization
        for _redirect in range(request.redirects + 1):
            if origin is None or target is None:
                raise RedirectRefused(f"{request.who} has an invalid address or redirects to one")
            if not target.has_origin_of(origin):
                # It is not sent again if the storage redirects back.
                authorization = None
            response = self._exchange(endpoint, request, target, authorization, deadline)
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or not location or not request.redirects:
                if response.status in (401, 403) and not target.has_origin_of(origin):
                    raise RedirectRefused(
                        f"{request.who} redirects to {target.host}, which returned HTTP status {response.status}"
                    )
                return response
            target = _redirect_target(endpoint, target, location)
        raise RedirectRefused(f"{request.who} redirects more than {request.redirects} times")

    def _exchange(
        self,
        endpoint: RegistryEndpoint,
        request: RegistryRequest,
        target: Target,
        authorization: Optional[str],
        deadline: Deadline,
    ) -> HttpResponse:
        if deadline.passed:
            raise RegistryUnreachable(f"the time limit expired before the request to {target.host}", code="NoAnswer")
        try:
            return exchange(
                self._session(endpoint),
                request.method,
                target.url,
                _reader(request),
                host=target.host,
                timeout=min(self._access.timeout, max(1.0, deadline.remaining)),
                headers={"User-Agent": self._access.user_agent, "Accept-Encoding": "identity", **request.headers},
                auth=Authorization(authorization),
                verify=endpoint.verify,
            )
        except MalformedAnswer as error:
            raise MalformedRegistryAnswer(f"invalid response from {request.who}: {error.message}") from error
        except RequestError as error:
            raise RegistryUnreachable.from_cause(error) from error

    def _session(self, endpoint: RegistryEndpoint) -> Any:
        with self._lock:
            if endpoint.domain not in self._sessions:
                self._sessions[endpoint.domain] = open_session(
                    self._connections,
                    verify=endpoint.verify,
                    direct=is_loopback(endpoint.host_name),
                    most=MOST_BYTES,
                    hosts=HOSTS,
                    find_peer_problem=functools.partial(find_peer_problem, endpoint),
                )
            return self._sessions[endpoint.domain]


def _redirect_target(endpoint: RegistryEndpoint, target: Target, location: str) -> Optional[Target]:
    try:
        redirected = parse_target(urljoin(target.url, location))
    except ValueError:
        return None
    problem = find_redirect_problem(redirected, endpoint) if redirected else ""
    if redirected and problem:
        raise RedirectRefused(f"{target.host} redirects to {redirected.host}, which is not allowed because {problem}")
    return redirected


def _reader(request: RegistryRequest) -> Callable[[Any], bytes]:
    def read(response: Any) -> bytes:
        if request.method == "HEAD":
            return b""
        if response.status_code == request.status:
            return _read_as_sent(response, request)
        return _read_error(response) if response.status_code >= 400 else b""

    return read


def _read_as_sent(response: Any, request: RegistryRequest) -> bytes:
    """Return the body without decompressing it. A part of a blob stays as it is stored."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if request.status == 200 and request.most and encoding not in ("", "identity"):
        raise MalformedAnswer("the response is compressed, which the request does not allow")
    return read_body(response, request.most, decompresses=False)


def _read_error(response: Any) -> bytes:
    try:
        return read_body(response, ERROR_BYTES, decompresses=False)
    except MalformedAnswer:
        return b""
