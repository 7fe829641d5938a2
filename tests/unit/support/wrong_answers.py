# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service whose correct answers are changed before the transport reads their bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.envelope import open_envelope
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError
from hypothesis import strategies as st
from unit.support.world import CREATE, DELETE, LIST, UPDATE, World

# Values that json.dumps() does not write; each is a separate string in an answer.
TOKENS = {
    "@deep": b"[" * 300 + b"]" * 300,
    "@deeper": b'{"a":' * 900 + b"1" + b"}" * 900,
    "@deepest": b"[" * 100000 + b"]" * 100000,
    "@integer": b"9" * 4000,
    "@beyond": b"9" * 6000,
    "@infinite": b"1e999",
    "@nan": b"NaN",
}
HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07",
    "\x00",
    "web\r\nFAILED! => {}",
    "\ud800",
    "\u202egnp.exe",
    "{{ lookup('pipe', 'id') }}",
    "'\"`$(id)",
    "x" * 70000,
    "\u0085\u2028",
    "",
    " ",
)
TIMES = (
    "2026-03-29 23:59:59",
    "2026-02-30 00:00:00",
    "0001-01-01 00:00:00 +0000 UTC",
    "9999-12-31 23:59:59 -1200 X",
    "2026-03-30 07:03:35 +9999 UTC",
    "1774828800000",
    "99999999999999",
    "2026-03-30T07:03:35.123456789Z",
    "\uff12026-03-30 07:03:35",
    "yesterday",
    "1969-12-31 23:59:59",
)
STATUSES = ("Ready", "Failed", "UpdateFailed", "Pending", "Updating", "Frozen", "ready", "")
NAMES = ("web", "web-replacement", "other", "WEB", "web ", None, "")
NUMBERS = (-1, 0, 1, 3, 49, 50, 51, 10**6, 2**63, -(2**63), 1.5, True)
arbitrary_values = st.one_of(
    st.sampled_from((None, True, False, *NUMBERS, *HOSTILE, *TIMES, *TOKENS, [], {}, [[]], [None], [{}], {"a": {}})),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    ),
)
Change = Callable[[str, Any], Any]


def places(answer: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container in an answer with each of its keys."""
    if isinstance(answer, (dict, list)):
        for key in list(answer) if isinstance(answer, dict) else range(len(answer)):
            yield answer, key
            yield from places(answer[key])


def remove_field(position: int) -> Change:
    """Return a change that removes a field or an entry of a list."""

    def change(_action: str, answer: Any) -> Any:
        container, key = item_at(places(answer), position)
        if container is not None:
            del container[key]
        return answer

    return change


def set_value(position: int, value: Any) -> Change:
    """Return a change that sets a field or an entry of a list to another value."""

    def change(_action: str, answer: Any) -> Any:
        container, key = item_at(places(answer), position)
        if container is not None:
            container[key] = deepcopy(value)
        return answer

    return change


def add_field(position: int, key: str, value: Any) -> Change:
    """Return a change that adds an unknown field or entry."""

    def change(_action: str, answer: Any) -> Any:
        container, _key = item_at(places(answer), position)
        if isinstance(container, dict):
            container[key] = deepcopy(value)
        elif isinstance(container, list):
            container.append(deepcopy(value))
        return answer

    return change


def item_at(found: Iterator[Any], position: int) -> Any:
    items = list(found)
    return items[position % len(items)] if items else (None, None)


def set_cache_field(position: int, field: str, value: Any) -> Change:
    """Return a change that sets a field of a cache in a listing."""

    def change(_action: str, answer: Any) -> Any:
        caches = caches_of(answer)
        if caches:
            caches[position % len(caches)][field] = deepcopy(value)
        return answer

    return change


def set_total(total: Any) -> Change:
    """Return a change that sets the total number of caches."""
    return lambda action, answer: {**answer, "TotalCount": deepcopy(total)} if action == LIST else answer


def rearrange_caches(rearrange: Callable[[list[Any]], list[Any]]) -> Change:
    """Return a change that replaces or reorders the caches of a listing and keeps its total number."""

    def change(_action: str, answer: Any) -> Any:
        caches = answer.get("ImageCaches")
        return {**answer, "ImageCaches": rearrange(caches)} if isinstance(caches, list) else answer

    return change


def reverse_ids(caches: list[Any]) -> list[Any]:
    """Return the caches with the ids in reverse order."""
    return [
        {**cache, "ImageCacheId": other.get("ImageCacheId")}
        if isinstance(cache, dict) and isinstance(other, dict)
        else 1
        for cache, other in zip(caches, caches[::-1])
    ]


def add_foreign_cache(image_cache_id: str, name: Any, status: str) -> Change:
    """Return a change that adds a cache of another owner, or one that does not exist, to a listing."""
    cache = {"ImageCacheId": image_cache_id, "ImageCacheName": name, "Status": status, "CreationTime": TIMES[0]}
    return rearrange_caches(lambda caches: [*caches, {"Images": ["nginx:1"], "LastMatchedTime": "", **cache}])


def answer_with_error(error: Any) -> Change:
    """Return a change that makes the answer an error of any form."""
    return lambda _action, answer: {**answer, "Error": deepcopy(error)}


def caches_of(answer: Any) -> list[dict[str, Any]]:
    """Return the entries of an answer that have the form of a cache."""
    caches = answer.get("ImageCaches") if isinstance(answer, dict) else None
    return [cache for cache in caches if isinstance(cache, dict)] if isinstance(caches, list) else []


position = st.integers(0, 400)
fields = st.sampled_from(
    [
        "ImageCacheId",
        "ImageCacheName",
        "Status",
        "CreationTime",
        "LastMatchedTime",
        "ExpireDateTime",
        "Events",
        "Tags",
        "Images",
        "ImageCacheSize",
        "RetentionDays",
        "ImageRegistryCredentials",
        "ImageCacheType",
        "Snapshotter",
    ]
)
codes = st.sampled_from(
    [
        *("ResourceNotFound", "ResourceInUse", "InternalError", "RequestLimitExceeded", "LimitExceeded"),
        *("InvalidParameter", "UnsupportedOperation", "AuthFailure.SignatureExpire", "FailedOperation"),
        *("", "\x1b[31m", "x" * 70000),
    ]
)
changes = st.one_of(
    st.builds(remove_field, position),
    st.builds(set_value, position, arbitrary_values),
    st.builds(
        add_field,
        position,
        st.sampled_from(["Shiny", "Error", "ImageCaches", "TotalCount", "Status"]),
        arbitrary_values,
    ),
    st.builds(set_cache_field, position, fields, arbitrary_values),
    st.builds(set_cache_field, position, st.just("Status"), st.sampled_from(STATUSES)),
    st.builds(set_cache_field, position, st.just("ImageCacheName"), st.sampled_from(NAMES)),
    st.builds(set_cache_field, position, st.sampled_from(["CreationTime", "LastMatchedTime"]), st.sampled_from(TIMES)),
    st.builds(
        set_cache_field, position, st.just("ImageCacheId"), st.sampled_from(["imc-other", "", "imc-\x1b[2J", "../x"])
    ),
    st.builds(
        set_cache_field,
        position,
        st.just("Events"),
        st.lists(
            st.dictionaries(
                st.sampled_from(["Type", "Reason", "Message", "LastTimestamp", "Shiny"]),
                st.sampled_from(["Warning", "Normal", "DiskCreated", "no space left", *TIMES]) | arbitrary_values,
            )
            | arbitrary_values,
            max_size=4,
        ),
    ),
    st.builds(set_total, st.sampled_from([*NUMBERS, "1", None, *TOKENS]) | arbitrary_values),
    st.sampled_from(
        [
            rearrange_caches(lambda caches: []),
            rearrange_caches(lambda caches: caches[::-1]),
            rearrange_caches(lambda caches: caches + caches),
            rearrange_caches(lambda caches: caches[1:]),
            rearrange_caches(lambda caches: deepcopy(caches[:1]) * 50),
            rearrange_caches(
                lambda caches: [{**c, "ImageCacheId": o.get("ImageCacheId")} for c, o in zip(caches, caches[::-1])]
            ),
        ]
    ),
    st.builds(
        add_foreign_cache,
        st.sampled_from(["imc-other", "imc-ghost"]),
        st.sampled_from(NAMES + HOSTILE),
        st.sampled_from(STATUSES),
    ),
    st.builds(
        answer_with_error, st.builds(lambda code, message: {"Code": code, "Message": message}, codes, arbitrary_values)
    ),
    st.builds(answer_with_error, arbitrary_values),
    st.builds(lambda value: lambda _action, _answer: deepcopy(value), arbitrary_values),
)
# Changes of the bytes.
body_changes = st.one_of(
    st.integers(0, 300).map(lambda length: lambda body: body[:length]),
    st.sampled_from([b"", b"null", b"[]", b"\xff\xfe\x00", b"[" * 50000, b"<html/>", b'{"Response": 1}']).map(
        lambda other: lambda body: other
    ),
    st.sampled_from(
        [
            lambda body: b"\xef\xbb\xbf" + body,
            lambda body: body + b"}",
            lambda body: body.decode("utf-8", "replace").encode("utf-16"),
            lambda body: b'{"code": 4000, "message": {"a": ' + body + b"}}",
            lambda body: b'{"code": "x", "codeDesc": [1], "message": null}',
        ]
    ),
)


@dataclass
class WrongAnswer:
    """Which calls of an action, or of all actions, get a wrong answer, and how it is changed."""

    action: Any
    first: int
    times: int
    change: Change
    change_body: Callable[[bytes], bytes] = bytes
    status: int = 200
    seen: int = 0

    def applies_to(self, action: str) -> bool:
        """Count a call and return whether this applies to it."""
        if self.action not in (None, action):
            return False
        self.seen += 1
        return self.first <= self.seen < self.first + self.times


def keep_answer(_action: str, answer: Any) -> Any:
    return answer


actions = st.sampled_from([None, None, None, None, None, None, None, None, LIST, LIST, CREATE, UPDATE, DELETE])
first = st.sampled_from([1, 1, 1, 1, 1, 2, 2, 3, 4])
times = st.sampled_from([1, 1, 2, 5, 10**6])
wrong_answers = st.one_of(
    st.builds(WrongAnswer, actions, first, times, changes),
    st.builds(WrongAnswer, actions, first, times, changes),
    st.builds(WrongAnswer, actions, first, times, changes),
    st.builds(
        WrongAnswer,
        actions,
        first,
        times,
        st.just(keep_answer),
        body_changes,
        st.sampled_from([200, 200, 400, 429, 502]),
    ),
)


class TooManyCalls(BaseException):
    """Ends a run that makes too many calls: the collection must not catch it."""


class WrongAnswerWorld(World):
    """A world whose answers are changed and then read by the parser of envelopes."""

    MAX_CALLS = 2000

    def __init__(self, *wrong_answers: WrongAnswer) -> None:
        super().__init__()
        self.wrong_answers: list[WrongAnswer] = list(wrong_answers)
        self.received = 0
        self.has_wrong_answers = False
        # The entries of all listings, and the ids that creates have returned.
        self.listed: list[dict[str, Any]] = []
        self.created: list[Any] = []
        self.messages: list[str] = []
        self.speaks = False

    def send(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if len(self.calls) >= self.MAX_CALLS:
            raise TooManyCalls
        try:
            answer = super().send(action, parameters)
        except RequestError as error:
            answer = {"Error": {"Code": error.code, "Message": error.message}, "RequestId": "r-error"}
        body, status = self._change_answer(action, answer)
        self.received += len(body)
        response = open_envelope(action, status, body, None)
        self.listed += caches_of(response)
        if action == CREATE:
            self.created.append(response.get("ImageCacheId"))
        return response

    def _change_answer(self, action: str, answer: Any) -> tuple[bytes, int]:
        applicable = [wrong_answer for wrong_answer in self.wrong_answers if wrong_answer.applies_to(action)]
        before = json.dumps(answer)
        for wrong_answer in applicable:
            if isinstance(answer, dict):
                answer = wrong_answer.change(action, answer)
        written = json.dumps(answer)
        for token, raw in TOKENS.items():
            written = written.replace(json.dumps(token), raw.decode())
        body, status = b'{"Response": ' + written.encode() + b"}", 200
        for wrong_answer in applicable:
            body, status = wrong_answer.change_body(body), wrong_answer.status
        self.has_wrong_answers = (
            self.has_wrong_answers
            or written != before
            or status != 200
            or body != b'{"Response": ' + before.encode() + b"}"
        )
        return body, status

    def progress(self, message: str) -> None:
        self.messages.append(message)
