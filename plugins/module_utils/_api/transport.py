# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Send one signed request, and return the content of the response envelope.

TLS is verified, redirects are not followed, responses are limited in size and time, and every attempt is signed
separately. Proxies come from the environment. A C(.netrc) entry does not replace the signature.
"""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._api import tc3
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.envelope import open_envelope
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    AuthenticationError,
    GatewayError,
    RequestError,
    TlsMissing,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import (
    REQUESTS_IMPORT_ERROR,
    HttpResponse,
    exchange,
    open_session,
    read_body,
    retry_after_seconds,
)

__all__ = ["REQUESTS_IMPORT_ERROR", "ConnectionSettings", "Service", "Transport"]

CONTENT_TYPE = "application/json"
# A page of 50 caches with long event lists is much smaller than this.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
# Replaces the signature for the actions that provide keys.
UNSIGNED = "SKIP"


class Service(NamedTuple):
    """A product of the API: its name in the signature, and the version of its actions."""

    name: str
    version: str


class ConnectionSettings(NamedTuple):
    """How to reach the API. C(timeout) is the seconds for one request, C(client_name) identifies the client."""

    endpoint: Endpoint
    region: str
    language: str
    timeout: float
    verify: Union[bool, str]
    client_name: str
    user_agent: str


class Signature:
    """Signs a request immediately before it is sent, over exactly the bytes that are sent.

    As the authentication of the request, it also prevents C(requests) from using a C(.netrc) entry instead.
    """

    def __init__(self, keys: Optional[tc3.Keys], service: str, timestamp: int) -> None:
        self._keys, self._service, self._timestamp = keys, service, timestamp

    def __call__(self, request: Any) -> Any:
        """Return the prepared request with a time stamp and an Authorization header."""
        request.headers["X-TC-Timestamp"] = str(self._timestamp)
        if self._keys is None:
            request.headers["Authorization"] = UNSIGNED
            return request
        signed = {"Content-Type": request.headers["Content-Type"], "Host": request.headers["Host"]}
        request.headers["Authorization"] = tc3.authorization(
            self._keys, self._timestamp, self._service, signed, request.body
        )
        return request


class Transport:
    """A session with one region of one service. If C(keys) returns None, requests are not signed.

    As many threads as there are C(connections) may send at once, because requests do not modify the session.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        service: Service,
        keys: Callable[[], Optional[tc3.Keys]],
        clock: Clock,
        connections: int = 1,
    ) -> None:
        self._settings, self._service, self._keys, self._clock = settings, service, keys, clock
        # A proxy cannot reach this machine, and must not see unencrypted requests.
        self._session = open_session(
            connections, verify=settings.verify, direct=settings.endpoint.loopback, most=2 * MAX_ANSWER_BYTES
        )

    def send(self, action: str, parameters: Mapping[str, Any]) -> Dict[str, Any]:
        """Post one action once, and return the members of its C(Response).

        Raises a RequestError that says whether the server may have executed the action.
        """
        keys = self._keys()
        body, timestamp = json.dumps(parameters, allow_nan=False).encode("ascii"), self._clock.unix()
        signature = Signature(keys, self._service.name, timestamp)
        try:
            response = self._exchange(self._headers(action, keys), body, signature)
        except RequestError as error:
            error.action = action
            raise
        try:
            pause = retry_after_seconds(response.headers.get("Retry-After"), self._clock)
            return open_envelope(action, response.status, response.body, pause)
        except AuthenticationError as error:
            error.clock_offset = _clock_offset(response.headers.get("Date"), timestamp)
            raise

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _headers(self, action: str, keys: Optional[tc3.Keys]) -> Dict[str, str]:
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Host": self._settings.endpoint.host,
            "User-Agent": self._settings.user_agent,
            "X-TC-Action": action,
            "X-TC-Language": self._settings.language,
            "X-TC-Region": self._settings.region,
            "X-TC-RequestClient": self._settings.client_name,
            "X-TC-Version": self._service.version,
        }
        if keys is not None and keys.token:
            headers["X-TC-Token"] = keys.token
        return headers

    def _exchange(self, headers: Dict[str, str], body: bytes, signature: Signature) -> HttpResponse:
        endpoint, settings = self._settings.endpoint, self._settings
        request = {"data": body, "headers": headers, "auth": signature, "verify": settings.verify}
        try:
            return exchange(
                self._session, "POST", endpoint.url, _read, host=endpoint.host, timeout=settings.timeout, **request
            )
        except TlsMissing as error:
            if endpoint.loopback:
                error.plain_url = f"http://{endpoint.host}"
            raise


def _read(response: Any) -> bytes:
    """Return the body of a response. Raises GatewayError if it is a redirect."""
    if response.is_redirect:
        raise GatewayError(
            f"HTTP status {response.status_code} is a redirect, which signed requests do not follow",
            http_status=response.status_code,
        )
    return read_body(response, MAX_ANSWER_BYTES)


def _clock_offset(date: Optional[str], timestamp: int) -> Optional[int]:
    """Return the seconds that the local clock is ahead of the server's, or None if the server sends no valid date."""
    try:
        return timestamp - int(parsedate_to_datetime(date).timestamp()) if date else None
    except (TypeError, ValueError, OverflowError):
        return None
