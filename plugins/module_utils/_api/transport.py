# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Send one signed request, and return the content of the response envelope.

TLS is verified, redirects are not followed, responses are limited in size and time, and every attempt is signed
separately. Proxies come from the environment. A C(.netrc) entry does not replace the signature.
"""

from __future__ import annotations

import http.cookiejar
import json
import queue
import threading
import traceback
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple, Union

from ansible_collections.tencentcloud.tke.plugins.module_utils._api import tc3
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.connections import NotConnected, make_adapter
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.envelope import open_envelope
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    AuthenticationError,
    ConnectionFailed,
    GatewayError,
    MalformedAnswer,
    NoAnswer,
    RequestError,
    TlsMissing,
    UntrustedCertificate,
)

REQUESTS_IMPORT_ERROR: Optional[str]
try:
    import requests
    import urllib3
    import urllib3.exceptions
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

__all__ = ["REQUESTS_IMPORT_ERROR", "ConnectionSettings", "Service", "Transport", "fetch_text"]

CONTENT_TYPE = "application/json"
# A page of 50 caches with long event lists is much smaller than this.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
CONNECT_TIMEOUT = 10.0
# Replaces the signature for the actions that provide keys.
UNSIGNED = "SKIP"
# OpenSSL's names for a response that is not TLS.
NOT_TLS = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")
MAX_TEXT_BYTES = 64 * 1024
CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Service:
    """A product of the API: its name in the signature, and the version of its actions."""

    name: str
    version: str


@dataclass(frozen=True)
class ConnectionSettings:
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
        self._session = requests.Session()
        bounded = make_adapter(connections)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, bounded)
        # A proxy cannot reach this machine, and must not see unencrypted requests.
        self._session.trust_env = not settings.endpoint.loopback
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        if settings.verify is False:
            # The user has disabled the verification, so urllib3 does not need to warn at each request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def send(self, action: str, parameters: Mapping[str, Any]) -> Dict[str, Any]:
        """Post one action once, and return the members of its C(Response).

        Raises a RequestError that says whether the server may have executed the action.
        """
        keys = self._keys()
        body, timestamp = json.dumps(parameters, allow_nan=False).encode("ascii"), self._clock.unix()
        signature = Signature(keys, self._service.name, timestamp)
        try:
            status, headers, answer = self._exchange(self._headers(action, keys), body, signature)
        except RequestError as error:
            error.action = action
            raise
        try:
            return open_envelope(action, status, answer, _retry_after_seconds(headers.get("Retry-After"), self._clock))
        except AuthenticationError as error:
            error.clock_offset = _clock_offset(headers.get("Date"), timestamp)
            raise

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

    def _exchange(self, headers: Dict[str, str], body: bytes, signature: Signature) -> Any:
        timeout = self._settings.timeout
        try:
            response = self._session.post(
                self._settings.endpoint.url,
                data=body,
                headers=headers,
                auth=signature,
                timeout=(min(CONNECT_TIMEOUT, timeout), timeout),
                allow_redirects=False,
                stream=True,
                verify=self._settings.verify,
            )
            with response:
                if response.is_redirect:
                    raise GatewayError(
                        f"HTTP status {response.status_code} is a redirect, which signed requests do not follow",
                        http_status=response.status_code,
                    )
                return response.status_code, response.headers, _read(response)
        except (NotConnected, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _transport_error(error, self._settings) from error


def _read(response: Any) -> bytes:
    """Return the body. Raises MalformedAnswer if it is too large."""
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise MalformedAnswer(f"the response is larger than {MAX_ANSWER_BYTES >> 20} MiB")
    return bytes(body)


def _transport_error(error: BaseException, settings: ConnectionSettings) -> RequestError:
    host = settings.endpoint.host
    causes = list(_causes(error))
    why = _describe_cause(causes)
    if any(_is_distrust(cause) for cause in causes):
        return UntrustedCertificate(f"certificate verification failed for {host}: {why}")
    if any(getattr(cause, "reason", None) in NOT_TLS for cause in causes):
        return _tls_missing(settings.endpoint)
    if isinstance(error, NotConnected):
        return ConnectionFailed(f"cannot connect to {host}: {why}")
    if any(isinstance(cause, (requests.Timeout, urllib3.exceptions.TimeoutError)) for cause in causes):
        return NoAnswer(f"{host} did not answer within {settings.timeout:g} s")
    return NoAnswer(f"the connection to {host} was lost before the response was complete: {why}")


def _tls_missing(endpoint: Endpoint) -> TlsMissing:
    error = TlsMissing(f"no TLS connection to {endpoint.host}: the response was not TLS")
    if endpoint.loopback:
        error.plain_url = f"http://{endpoint.host}"
    return error


def _is_distrust(cause: BaseException) -> bool:
    # Before version 2, urllib3 compares the host name itself and has a separate error for it.
    return "CERTIFICATE_VERIFY_FAILED" in str(cause) or type(cause).__name__ == "CertificateError"


def _causes(error: Optional[BaseException]) -> Iterator[BaseException]:
    """Yield an exception and all nested exceptions. urllib3 stores them in attributes and arguments."""
    queue, seen = [error], set()
    while queue:
        cause = queue.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        queue += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def _describe_cause(causes: Any) -> str:
    """Return the text of the system for the cause if there is one, without the addresses in the wrappers."""
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return str(cause.strerror)
    innermost = causes[-1]
    return str(innermost) or type(innermost).__name__


def _retry_after_seconds(retry_after: Optional[str], clock: Clock) -> Optional[float]:
    """Return the seconds that a Retry-After header requests, as a number or an HTTP date."""
    if not retry_after:
        return None
    try:
        if retry_after.strip().isdigit():
            return float(retry_after)
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - clock.unix())
    except (TypeError, ValueError, OverflowError):
        return None


def _clock_offset(date: Optional[str], timestamp: int) -> Optional[int]:
    """Return the seconds that the local clock is ahead of the server's, or None if the server sends no valid date."""
    try:
        return timestamp - int(parsedate_to_datetime(date).timestamp()) if date else None
    except (TypeError, ValueError, OverflowError):
        return None


def fetch_text(url: str, seconds: float) -> Tuple[int, str]:
    """Return the HTTP status and the text of a small local document, such as one of the metadata service.

    It uses no proxy, C(.netrc) entry, redirect or signature. Raises ConnectionFailed if there is no complete response
    within C(seconds), including the name lookup.
    """
    answers: queue.Queue[Any] = queue.Queue()
    # A name lookup has no timeout, so it runs in a thread and the wait for the thread has one.
    threading.Thread(target=_fetch, args=(url, seconds, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        answer = ConnectionFailed(f"no answer within {seconds:g} s")
    if isinstance(answer, RequestError):
        raise answer
    status, text = answer
    return status, text


def _fetch(url: str, seconds: float, answers: Any) -> None:
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, timeout=seconds, allow_redirects=False, stream=True) as response:
                body = response.raw.read(MAX_TEXT_BYTES, decode_content=True)
        answers.put((response.status_code, body.decode("utf-8", "replace")))
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        answers.put(ConnectionFailed(f"cannot connect: {_describe_cause(list(_causes(error)))}"))
