# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The envelope of an API 3.0 response: C({"Response": {..., "RequestId": ...}}).

Only the body is evaluated. The Content-Type is not reliable: the API sends text/plain as well as application/json,
with and without a charset. Errors have HTTP status 200.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Optional, Type

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    GatewayError,
    GatewayFailure,
    GatewayThrottled,
    MalformedAnswer,
    RequestError,
    api_error,
)

__all__ = ["open_envelope", "request_id_of"]

# Maximum number of characters of a code or request id. Real ones are shorter.
LONGEST_WORD = 200
# For an invalid body: the number of bytes to read, and the number of characters to show.
LONGEST_LOOK, LONGEST_EXCERPT = 2000, 200


def open_envelope(action: str, status: int, body: bytes, retry_after: Optional[float]) -> Dict[str, Any]:
    """Return the members of C(Response) of a successful response, including C(RequestId).

    Raises the typed ApiError for an error response, GatewayError for an HTTP status other than 200 without one, and
    MalformedAnswer for anything that is not an envelope.
    """
    response = _response(body)
    error = _api_error(response, body, action=action, http_status=status, retry_after=retry_after)
    if error is not None:
        raise error
    if status != 200:
        raise _gateway_error(status)(
            f"HTTP status {status} instead of an API response: {_excerpt(body)}",
            action=action,
            http_status=status,
            retry_after=retry_after,
        )
    if response is None:
        raise MalformedAnswer(f"not an API response: {_excerpt(body)}", action=action, http_status=status)
    return response


def _response(body: bytes) -> Optional[Dict[str, Any]]:
    """Return the content of the envelope, or None if the body is not an envelope."""
    try:
        answer = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\ud" in body.lower():
            # Ansible rejects module results that contain half of a surrogate pair.
            answer = json.loads(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    response = answer.get("Response")
    if isinstance(response, dict):
        return response
    if isinstance(answer.get("code"), (int, str)) and answer["code"] != 0 and "message" in answer:
        # The flat format of API 2.0, which some gateways still use.
        code = answer.get("codeDesc") or answer["code"]
        return {"Error": {"Code": str(code), "Message": answer["message"]}}
    return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _api_error(response: Optional[Mapping[str, Any]], body: bytes, **facts: Any) -> Optional[RequestError]:
    if response is None or response.get("Error") is None:
        return None
    error, request_id = response["Error"], request_id_of(response)
    if isinstance(error, dict) and isinstance(error.get("Code"), str):
        message = error.get("Message")
        words = "" if message is None else str(message)
        return api_error(error["Code"][:LONGEST_WORD], words, request_id=request_id, **facts)
    # An error without a code is still an error, but it does not prove that the request was not executed.
    unclear: Type[RequestError] = MalformedAnswer
    return unclear(f"the response has an error without a code: {_excerpt(body)}", request_id=request_id, **facts)


def request_id_of(response: Mapping[str, Any]) -> Optional[str]:
    """Return the C(RequestId) of a response, or None if it has none."""
    request_id = response.get("RequestId")
    return request_id[:LONGEST_WORD] if isinstance(request_id, str) else None


def _gateway_error(status: int) -> Type[GatewayError]:
    if status == 429:
        return GatewayThrottled
    return GatewayFailure if status >= 500 else GatewayError


def _excerpt(body: bytes) -> str:
    text = " ".join(body[:LONGEST_LOOK].decode("utf-8", "replace").split())
    return _shorten(text, len(body) > LONGEST_LOOK) if text else "an empty body"


def _shorten(text: str, already: bool = False) -> str:
    # Mark the cut: it may split a secret, and scrubbing looks for the start of a secret before such a mark.
    return text[:LONGEST_EXCERPT] + ("..." if already or len(text) > LONGEST_EXCERPT else "")
