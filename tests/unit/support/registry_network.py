# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A network in memory for requests to registries, for tests in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Union
from unittest import mock

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import HttpResponse
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry import wire
from requests.structures import CaseInsensitiveDict

__all__ = ["Answer", "Sent", "registry_network"]

Answer = Union[tuple[int, Mapping[str, str], bytes], Exception]


@dataclass(frozen=True)
class Sent:
    """One request as it was sent, and the facts of the exchange."""

    method: str
    url: str
    headers: Mapping[str, str]
    timeout: float
    verify: Any
    host: str


@contextmanager
def registry_network(answer: Callable[[Sent], Answer]) -> Iterator[list[Sent]]:
    """Answer requests by a function inside the context. The list contains the requests that were sent."""
    sent: list[Sent] = []

    def exchange(
        _session: Any, method: str, url: str, _read: Any, *, auth: Any, headers: Mapping[str, str], **facts: Any
    ) -> HttpResponse:
        request = mock.Mock(headers=dict(headers))
        auth(request)
        sent.append(Sent(method, url, request.headers, **facts))
        answered = answer(sent[-1])
        if isinstance(answered, Exception):
            raise answered
        status, given, body = answered
        return HttpResponse(status, CaseInsensitiveDict(given), b"" if method == "HEAD" else body)

    with mock.patch.object(wire, "exchange", exchange):
        yield sent
