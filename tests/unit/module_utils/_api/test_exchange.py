# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Retry-After header, and requests for plain text."""

from __future__ import annotations

import socket
from typing import Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.exchange import fetch_text, retry_after_seconds
from unit.support.clock import FakeClock


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2015 00:00:30 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("", None),
        (None, None),
        ("²", None),
    ],
)
def test_retry_after_is_parsed_as_number_or_date(header: Optional[str], seconds: Optional[float]) -> None:
    assert retry_after_seconds(header, FakeClock()) == seconds


def test_fetch_text_ignores_proxies_and_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(errors.ConnectionFailed):
            fetch_text(url, 0.3)
        connection = server.accept()[0]
        assert connection.recv(4096).startswith(b"GET / HTTP/1.1")
        connection.close()
