# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that lies: its true answers, spoilt where it hurts, as the bytes that a transport would read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.envelope import open_envelope
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError
from hypothesis import strategies as st

from .world import World

LIST, CREATE, UPDATE, DELETE, MATCH = (
    "DescribeImageCaches",
    "CreateImageCache",
    "UpdateImageCache",
    "DeleteImageCaches",
    "GetMostSuitableImageCache",
)
# What json.dumps() does not write; each stands in an answer as a string of its own.
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
junk = st.one_of(
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
Lie = Callable[[str, Any], Any]


def places(answer: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container in an answer with each key that it has."""
    if isinstance(answer, (dict, list)):
        for key in list(answer) if isinstance(answer, dict) else range(len(answer)):
            yield answer, key
            yield from places(answer[key])


def removed(position: int) -> Lie:
    """A field, or an entry of a list, is not there."""

    def lie(_action: str, answer: Any) -> Any:
        container, key = nth(places(answer), position)
        if container is not None:
            del container[key]
        return answer

    return lie


def put(position: int, value: Any) -> Lie:
    """There is something else in a field, or in an entry of a list."""

    def lie(_action: str, answer: Any) -> Any:
        container, key = nth(places(answer), position)
        if container is not None:
            container[key] = deepcopy(value)
        return answer

    return lie


def added(position: int, key: str, value: Any) -> Lie:
    """There is a field, or an entry, that nobody has heard of."""

    def lie(_action: str, answer: Any) -> Any:
        container, _key = nth(places(answer), position)
        if isinstance(container, dict):
            container[key] = deepcopy(value)
        elif isinstance(container, list):
            container.append(deepcopy(value))
        return answer

    return lie


def nth(found: Iterator[Any], position: int) -> Any:
    every = list(found)
    return every[position % len(every)] if every else (None, None)


def shown(position: int, field: str, value: Any) -> Lie:
    """A listing shows something else of a cache."""

    def lie(_action: str, answer: Any) -> Any:
        caches = caches_of(answer)
        if caches:
            caches[position % len(caches)][field] = deepcopy(value)
        return answer

    return lie


def counted(total: Any) -> Lie:
    """The number of caches is another one."""
    return lambda action, answer: {**answer, "TotalCount": deepcopy(total)} if action == LIST else answer


def arranged(arrange: Callable[[list[Any]], list[Any]]) -> Lie:
    """A listing has other caches, or in another order; its number stays what it was."""

    def lie(_action: str, answer: Any) -> Any:
        caches = answer.get("ImageCaches")
        return {**answer, "ImageCaches": arrange(caches)} if isinstance(caches, list) else answer

    return lie


def exchanged(caches: list[Any]) -> list[Any]:
    """Return caches of which each has the id of another one."""
    return [
        {**cache, "ImageCacheId": other.get("ImageCacheId")}
        if isinstance(cache, dict) and isinstance(other, dict)
        else 1
        for cache, other in zip(caches, caches[::-1])
    ]


def ghost(image_cache_id: str, name: Any, status: str) -> Lie:
    """A listing shows one cache more, which is another one's, or nobody's."""
    cache = {"ImageCacheId": image_cache_id, "ImageCacheName": name, "Status": status, "CreationTime": TIMES[0]}
    return arranged(lambda caches: [*caches, {"Images": ["nginx:1"], "LastMatchedTime": "", **cache}])


def refused(error: Any) -> Lie:
    """The answer is an error, of whatever shape."""
    return lambda _action, answer: {**answer, "Error": deepcopy(error)}


def caches_of(answer: Any) -> list[dict[str, Any]]:
    """Return the caches that an answer shows, as far as they can be told."""
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
lies = st.one_of(
    st.builds(removed, position),
    st.builds(put, position, junk),
    st.builds(added, position, st.sampled_from(["Shiny", "Error", "ImageCaches", "TotalCount", "Status"]), junk),
    st.builds(shown, position, fields, junk),
    st.builds(shown, position, st.just("Status"), st.sampled_from(STATUSES)),
    st.builds(shown, position, st.just("ImageCacheName"), st.sampled_from(NAMES)),
    st.builds(shown, position, st.sampled_from(["CreationTime", "LastMatchedTime"]), st.sampled_from(TIMES)),
    st.builds(shown, position, st.just("ImageCacheId"), st.sampled_from(["imc-other", "", "imc-\x1b[2J", "../x"])),
    st.builds(
        shown,
        position,
        st.just("Events"),
        st.lists(
            st.dictionaries(
                st.sampled_from(["Type", "Reason", "Message", "LastTimestamp", "Shiny"]),
                st.sampled_from(["Warning", "Normal", "DiskCreated", "no space left", *TIMES]) | junk,
            )
            | junk,
            max_size=4,
        ),
    ),
    st.builds(counted, st.sampled_from([*NUMBERS, "1", None, *TOKENS]) | junk),
    st.sampled_from(
        [
            arranged(lambda caches: []),
            arranged(lambda caches: caches[::-1]),
            arranged(lambda caches: caches + caches),
            arranged(lambda caches: caches[1:]),
            arranged(lambda caches: deepcopy(caches[:1]) * 50),
            arranged(
                lambda caches: [{**c, "ImageCacheId": o.get("ImageCacheId")} for c, o in zip(caches, caches[::-1])]
            ),
        ]
    ),
    st.builds(
        ghost, st.sampled_from(["imc-other", "imc-ghost"]), st.sampled_from(NAMES + HOSTILE), st.sampled_from(STATUSES)
    ),
    st.builds(refused, st.builds(lambda code, message: {"Code": code, "Message": message}, codes, junk)),
    st.builds(refused, junk),
    st.builds(lambda value: lambda _action, _answer: deepcopy(value), junk),
)
# What becomes of the bytes.
garblings = st.one_of(
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
class Spoilt:
    """What befalls some calls of an action, of any without one: which of them, and what it makes of each."""

    action: Any
    first: int
    times: int
    lie: Lie
    garble: Callable[[bytes], bytes] = bytes
    status: int = 200
    seen: int = 0

    def befalls(self, action: str) -> bool:
        """Count a call, and say whether this befalls it."""
        if self.action not in (None, action):
            return False
        self.seen += 1
        return self.first <= self.seen < self.first + self.times


def truth(_action: str, answer: Any) -> Any:
    return answer


actions = st.sampled_from([None, None, None, None, None, None, None, None, LIST, LIST, CREATE, UPDATE, DELETE])
first = st.sampled_from([1, 1, 1, 1, 1, 2, 2, 3, 4])
times = st.sampled_from([1, 1, 2, 5, 10**6])
spoilt = st.one_of(
    st.builds(Spoilt, actions, first, times, lies),
    st.builds(Spoilt, actions, first, times, lies),
    st.builds(Spoilt, actions, first, times, lies),
    st.builds(Spoilt, actions, first, times, st.just(truth), garblings, st.sampled_from([200, 200, 400, 429, 502])),
)


class Endless(BaseException):
    """More calls than anything is worth: nothing of the collection's may catch it."""


class LyingWorld(World):
    """A world whose answers are spoilt on their way, and pass through the parser of envelopes."""

    MOST_CALLS = 2000

    def __init__(self, *faults: Spoilt) -> None:
        super().__init__()
        self.faults: list[Spoilt] = list(faults)
        self.received = 0
        self.lied = False
        # The entries that any listing has shown, and the ids that creates have answered with.
        self.listed: list[dict[str, Any]] = []
        self.created: list[Any] = []
        self.said: list[str] = []
        self.speaks = False

    def send(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if len(self.calls) >= self.MOST_CALLS:
            raise Endless
        try:
            answer = super().send(action, parameters)
        except RequestError as error:
            answer = {"Error": {"Code": error.code, "Message": error.message}, "RequestId": "r-error"}
        body, status = self._spoilt(action, answer)
        self.received += len(body)
        response = open_envelope(action, status, body, None)
        self.listed += caches_of(response)
        if action == CREATE:
            self.created.append(response.get("ImageCacheId"))
        return response

    def _spoilt(self, action: str, answer: Any) -> tuple[bytes, int]:
        befalling = [fault for fault in self.faults if fault.befalls(action)]
        before = json.dumps(answer)
        for fault in befalling:
            if isinstance(answer, dict):
                answer = fault.lie(action, answer)
        written = json.dumps(answer)
        for token, raw in TOKENS.items():
            written = written.replace(json.dumps(token), raw.decode())
        body, status = b'{"Response": ' + written.encode() + b"}", 200
        for fault in befalling:
            body, status = fault.garble(body), fault.status
        self.lied = self.lied or written != before or status != 200 or body != b'{"Response": ' + before.encode() + b"}"
        return body, status

    def progress(self, message: str) -> None:
        self.said.append(message)
