# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Endpoints that are accepted, and endpoints that are refused."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.endpoint import Endpoint
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "url", "host", "loopback"),
    [
        ("tke.tencentcloudapi.com", "https://tke.tencentcloudapi.com/", "tke.tencentcloudapi.com", False),
        ("TKE.Tencentcloudapi.com:443", "https://tke.tencentcloudapi.com/", "tke.tencentcloudapi.com", False),
        ("https://tke.internal:8443/", "https://tke.internal:8443/", "tke.internal:8443", False),
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400/", "127.0.0.1:8400", True),
        ("http://127.8.9.1", "http://127.8.9.1/", "127.8.9.1", True),
        ("http://localhost:80", "http://localhost/", "localhost", True),
        ("http://[::1]:8400", "http://[::1]:8400/", "[::1]:8400", True),
    ],
)
def test_valid_endpoint_is_parsed(text: str, url: str, host: str, loopback: bool) -> None:
    endpoint = Endpoint.parse(text)
    assert (endpoint.url, endpoint.host, endpoint.loopback) == (url, host, loopback)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("metadata.tencentyun.com", "http://metadata.tencentyun.com/"),
        ("metadata.tencentyun.com:80", "http://metadata.tencentyun.com/"),
        ("http://169.254.0.23:8080/", "http://169.254.0.23:8080/"),
        ("https://metadata.tencentyun.com", "https://metadata.tencentyun.com/"),
    ],
)
def test_service_without_tls_may_be_on_another_machine(text: str, url: str) -> None:
    endpoint = Endpoint.parse(text, "metadata_endpoint", plain=True)
    assert (endpoint.url, endpoint.loopback) == (url, False)


@pytest.mark.parametrize("plain", [False, True])
def test_invalid_endpoint_names_its_option(plain: bool) -> None:
    with pytest.raises(
        InvalidInput, match=r"^Invalid sts_endpoint: 'ftp://a' has a scheme other than https or http\.$"
    ):
        Endpoint.parse("ftp://a", "sts_endpoint", plain=plain)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "a b",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "host:port",
        "host:99999",
        "https://[::1",
        "https://a/?q=1",
        "file:///etc/passwd",
        "tke.例子.com",
    ],
)
def test_invalid_endpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^Invalid endpoint: "):
        Endpoint.parse(text)


@pytest.mark.parametrize(
    "text", [f"{'a' * 64}.com", "a." * 127 + "a", "a..b", ".a", "https://a\nb", "\ud800.com", "a|b"]
)
def test_invalid_host_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Endpoint.parse(text)


def test_longest_host_name_is_accepted() -> None:
    assert Endpoint.parse(f"{'a' * 63}.com.").host == f"{'a' * 63}.com."
