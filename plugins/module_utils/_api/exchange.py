# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. HTTP exchanges: one request, and one limited response or a typed error.

Redirects are not followed and cookies are not stored. The size and time of a response are limited. Every failure is
raised as an error of errors.py. Proxies are read from the environment. A caller passes its own C(auth) with each
request, so that C(requests) does not use a C(.netrc) entry.
"""

from __future__ import annotations

import http.cookiejar
import queue
import threading
import traceback
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.connections import (
    AnswerTooLarge,
    FindPeerProblem,
    NotConnected,
    make_adapter,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    ConnectionFailed,
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

__all__ = [
    "REQUESTS_IMPORT_ERROR",
    "HttpResponse",
    "exchange",
    "fetch_text",
    "open_session",
    "read_body",
    "retry_after_seconds",
]

CONNECT_TIMEOUT = 10.0
# Reasons that OpenSSL reports for a response that is not TLS.
NOT_TLS = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")
CHUNK_BYTES = 64 * 1024
MAX_TEXT_BYTES = 64 * 1024


class HttpResponse(NamedTuple):
    """An HTTP response. The names of C(headers) are case-insensitive. C(body) is the part that the caller read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def open_session(
    connections: int,
    *,
    verify: Any,
    direct: bool,
    most: int,
    hosts: int = 1,
    find_peer_problem: Optional[FindPeerProblem] = None,
) -> Any:
    """Return a session for C(connections) concurrent threads. With C(direct), no proxies are used.

    The session keeps connections to at most C(hosts) hosts. A response has at most C(most) bytes, including its
    headers. C(find_peer_problem) returns the reason to send nothing to the address of a host, empty if it is allowed.
    It is not called for proxies, which decide themselves which addresses they connect to.
    """
    session = _session_class()()
    bounded = make_adapter(connections, hosts, most, find_peer_problem)
    for scheme in ("https://", "http://"):
        session.mount(scheme, bounded)
    session.trust_env = not direct
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    if verify is False:
        # The user disabled verification, so a warning of urllib3 for each request is not useful.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return session


def _session_class() -> Any:
    class Session(requests.Session):
        """A session without redirects. The default one reads their whole bodies and parses their locations."""

        def get_redirect_target(self, resp: Any) -> Optional[str]:
            return None

    return Session


def exchange(
    session: Any, method: str, url: str, read: Callable[[Any], bytes], *, host: str, timeout: float, **request: Any
) -> HttpResponse:
    """Send one request, and return the response with the body that C(read) returns.

    C(timeout) is in seconds for the whole response. Raises ConnectionFailed, NoAnswer, UntrustedCertificate or
    TlsMissing, which name the C(host), MalformedAnswer if the response is too large, and the errors of C(read).
    """
    try:
        response = session.request(
            method,
            url,
            timeout=(min(CONNECT_TIMEOUT, timeout), timeout),
            allow_redirects=False,
            stream=True,
            **request,
        )
        with response:
            return HttpResponse(response.status_code, response.headers, read(response))
    except _failures() as error:
        raise _exchange_error(error, host, timeout) from error


def _failures() -> Any:
    """Return the exceptions that C(requests) raises for a failed exchange."""
    return NotConnected, requests.RequestException, urllib3.exceptions.HTTPError, OSError


def read_body(response: Any, most: int, *, decompresses: bool = True) -> bytes:
    """Return the body, as it was sent if C(decompresses) is false.

    Raises MalformedAnswer if it has more than C(most) bytes.
    """
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES) if decompresses else response.raw.stream(CHUNK_BYTES, False):
        body += chunk
        if len(body) > most:
            raise MalformedAnswer(f"the response is larger than {_size(most)}")
    return bytes(body)


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"


def _exchange_error(error: BaseException, host: str, timeout: float) -> RequestError:
    causes = list(_causes(error))
    why = _describe_cause(error)
    if any(_is_distrust(cause) for cause in causes):
        return UntrustedCertificate(f"certificate verification failed for {host}: {why}")
    if any(getattr(cause, "reason", None) in NOT_TLS for cause in causes):
        return TlsMissing(f"no TLS connection to {host}: the response was not TLS")
    if any(isinstance(cause, AnswerTooLarge) for cause in causes):
        return MalformedAnswer("the response is too large")
    if isinstance(error, NotConnected):
        return ConnectionFailed(f"cannot connect to {host}: {why}")
    if any(isinstance(cause, (requests.Timeout, urllib3.exceptions.TimeoutError)) for cause in causes):
        return NoAnswer(f"{host} did not answer within {timeout:g} s")
    return NoAnswer(f"the connection to {host} was lost before the response was complete: {why}")


def _is_distrust(cause: BaseException) -> bool:
    # urllib3 before version 2 compares the host name itself and raises its own error.
    return "CERTIFICATE_VERIFY_FAILED" in str(cause) or type(cause).__name__ == "CertificateError"


def _causes(error: Optional[BaseException]) -> Iterator[BaseException]:
    """Yield an exception and its causes, which urllib3 also stores in attributes and arguments."""
    waiting, seen = [error], set()
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def _describe_cause(error: BaseException) -> str:
    """Return the system's message for a failure if there is one, without the text of the wrapping exceptions."""
    causes: List[BaseException] = list(_causes(error))
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return str(cause.strerror)
    innermost = causes[-1]
    return str(innermost) or type(innermost).__name__


def retry_after_seconds(retry_after: Optional[str], clock: Clock) -> Optional[float]:
    """Return the seconds of a Retry-After header, which is a number or an HTTP date. None if missing or invalid."""
    if not retry_after:
        return None
    try:
        if retry_after.strip().isdigit():
            return float(retry_after)
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - clock.unix())
    except (TypeError, ValueError, OverflowError):
        return None


def fetch_text(url: str, seconds: float) -> Tuple[int, str]:
    """Return the HTTP status and the text of a small document from a local service, such as instance metadata.

    Proxies, C(.netrc) files, redirects and signatures are not used. Raises ConnectionFailed if there is no complete
    response within C(seconds), including the name resolution.
    """
    answers: queue.Queue[Any] = queue.Queue()
    # Name resolution has no timeout, so the caller waits for a thread with a timeout.
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
    except _failures() as error:
        answers.put(ConnectionFailed(f"cannot connect: {_describe_cause(error)}"))
