# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The envelope of an API 3.0 answer: C({"Response": {..., "RequestId": ...}}).

It is judged by its body alone. The Content-Type says nothing: the API sends text/plain as well as
application/json, with and without a charset, and errors come with HTTP status 200.
"""

from __future__ import annotations

import json
import math
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

# More than any answer of the API has: levels of lists and objects, digits of a number, characters of a code or an id.
MOST_LEVELS, MOST_DIGITS, LONGEST_WORD = 50, 100, 200
# Of a body that is no answer: how many bytes are looked at, and how many characters are shown.
LONGEST_LOOK, LONGEST_EXCERPT = 2000, 200


def open_envelope(action: str, status: int, body: bytes, retry_after: Optional[float]) -> Dict[str, Any]:
    """Return the members of C(Response) of a successful answer, C(RequestId) included.

    Raises the typed ApiError of an error answer, GatewayError for an HTTP status other than 200 without one,
    MalformedAnswer for anything that is no envelope.
    """
    response = _response(body)
    error = _api_error(response, body, action=action, http_status=status, retry_after=retry_after)
    if error is not None:
        raise error
    if status != 200:
        raise _gateway_error(status)(
            f"HTTP status {status} instead of an answer of the API: {_excerpt(body)}",
            action=action,
            http_status=status,
            retry_after=retry_after,
        )
    if response is None:
        raise MalformedAnswer(f"no answer of the API: {_excerpt(body)}", action=action, http_status=status)
    return response


def _response(body: bytes) -> Optional[Dict[str, Any]]:
    try:
        # RecursionError: a body of nothing but brackets is still only a bad answer.
        answer = json.loads(body.decode("utf-8"), parse_int=_integer, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or _is_deep(answer):
        return None
    if b"\\ud" in body.lower():
        answer = _whole_characters(answer)
    response = answer.get("Response")
    if isinstance(response, dict):
        return response
    if isinstance(answer.get("code"), (int, str)) and answer["code"] != 0 and "message" in answer:
        # The flat shape of API 2.0, which some gateways still answer with.
        code = answer.get("codeDesc") or answer["code"]
        return {"Error": {"Code": str(code), "Message": answer["message"]}}
    return None


def _integer(digits: str) -> int:
    # To read millions of digits would take for ever.
    if len(digits) > MOST_DIGITS:
        raise ValueError("an integer of too many digits")
    return int(digits)


def _finite(number: str) -> float:
    # JSON has neither NaN nor Infinity, and whoever reads a result of this collection need not understand them.
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is no number")
    return value


def _whole_characters(answer: Any) -> Any:
    """Return an answer without halves of surrogate pairs, which Ansible takes from no module."""
    return json.loads(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))


def _is_deep(answer: Any) -> bool:
    """Return whether an answer has more levels than whatever walks through it can bear."""
    level = [answer]
    for _level in range(MOST_LEVELS):
        parts = (part.values() if isinstance(part, dict) else part for part in level)
        level = [item for items in parts for item in items if isinstance(item, (dict, list))]
        if not level:
            return False
    return True


def _api_error(response: Optional[Mapping[str, Any]], body: bytes, **facts: Any) -> Optional[RequestError]:
    if response is None or response.get("Error") is None:
        return None
    error, request_id = response["Error"], request_id_of(response)
    if isinstance(error, dict) and isinstance(error.get("Code"), str):
        message = error.get("Message")
        words = "" if message is None else str(message)
        return api_error(error["Code"][:LONGEST_WORD], words, request_id=request_id, **facts)
    # An Error without a code is an error all the same; that nothing was done is not said by anything.
    unclear: Type[RequestError] = MalformedAnswer
    return unclear(f"an error without a code: {_excerpt(body)}", request_id=request_id, **facts)


def request_id_of(response: Mapping[str, Any]) -> Optional[str]:
    """Return the C(RequestId) of an answer, None where it has none."""
    request_id = response.get("RequestId")
    return request_id[:LONGEST_WORD] if isinstance(request_id, str) else None


def _gateway_error(status: int) -> Type[GatewayError]:
    if status == 429:
        return GatewayThrottled
    return GatewayFailure if status >= 500 else GatewayError


def _excerpt(body: bytes) -> str:
    text = " ".join(body[:LONGEST_LOOK].decode("utf-8", "replace").split())
    return _shortened(text, len(body) > LONGEST_LOOK) if text else "an empty body"


def _shortened(text: str, already: bool = False) -> str:
    # That it was cut is said: a secret may have been cut with it, and is looked for there too.
    return text[:LONGEST_EXCERPT] + ("..." if already or len(text) > LONGEST_EXCERPT else "")
