# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How registries are reached, and which addresses they may name."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryAccess
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.targets import (
    find_peer_problem,
    find_redirect_problem,
    find_token_service_problem,
    parse_target,
)

PASSWORD = "s3cret:w\u00f6rd"


def entry(server: Any, password: str = PASSWORD) -> dict[str, Any]:
    return {"server": server, "username": "user", "password": password}


@pytest.mark.parametrize(
    "server",
    ["docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/", "", None, "Docker.IO"],
)
def test_docker_hub_is_one_registry_by_all_its_names(server: Any) -> None:
    endpoint = RegistryAccess.from_options([entry(server)]).endpoint("docker.io")
    assert (endpoint.url, endpoint.domain) == ("https://registry-1.docker.io", "docker.io")
    assert endpoint.credentials
    assert base64.b64decode(endpoint.credentials.basic.split()[1]).decode() == f"user:{PASSWORD}"


def test_credentials_are_for_their_own_registry_alone() -> None:
    access = RegistryAccess.from_options([entry("a.example"), entry("b.example:5000", "other")])
    for domain in ("docker.io", "b.example", "a.example:5000", "c.a.example", "example"):
        assert access.endpoint(domain).credentials is None
    other = access.endpoint("B.example:5000").credentials
    assert other
    assert other.password == "other"


def test_first_entry_of_a_server_counts() -> None:
    access = RegistryAccess.from_options([entry("a.example"), entry("a.example", "other")])
    login = access.endpoint("a.example").credentials
    assert login
    assert login.password == PASSWORD


@pytest.mark.parametrize("given", [{"username": None}, {"password": None}, {"password": ""}])
def test_half_credentials_are_none(given: Any) -> None:
    assert not RegistryAccess.from_options([{**entry("a.example"), **given}]).credentials


def test_trust_is_declared_for_each_host() -> None:
    access = RegistryAccess.from_options((), ["http://plain.example:5000/"], ["own.example"], verify="/ca.pem")
    plain, own, other = map(access.endpoint, ("plain.example:5000", "own.example", "other.example"))
    assert (plain.url, plain.verify, plain.is_insecure) == ("http://plain.example:5000", "/ca.pem", True)
    assert (own.url, own.verify, own.is_insecure) == ("https://own.example", False, True)
    assert (other.url, other.verify, other.is_insecure) == ("https://other.example", "/ca.pem", False)


def test_no_repr_shows_a_password() -> None:
    access = RegistryAccess.from_options([entry("a.example")])
    for shown in (access, access.endpoint("a.example"), access.endpoint("a.example").credentials):
        assert PASSWORD not in repr(shown)
        assert "user" not in repr(shown).replace("user_agent", "")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/token",
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://",
        "https://user@a.example/",
        "https://user:word@a.example/",
        "https://a.example:99999/",
        "https://a.example:x/",
        "https://a b/",
        "https://a.example/a b",
        "https://a.example/a\\b",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://a.example\\@b.example/",
        "https://a.example/\n",
        "https://\u00e4.example/",
        "https://a..example/",
    ],
)
def test_text_that_is_no_plain_address_is_none(url: str) -> None:
    assert parse_target(url) is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example/token", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("http://a.example:80/", "a.example"),
        ("https://a.example:80/", "a.example:80"),
        ("http://a.example:443/", "a.example:443"),
        ("https://a.example:8443/", "a.example:8443"),
        ("https://[fd00::1]/", "[fd00::1]"),
        ("https://[fd00::1]:8443/", "[fd00::1]:8443"),
    ],
)
def test_messages_name_the_host_with_its_unusual_port(url: str, host: str) -> None:
    target = parse_target(url)
    assert target
    assert target.host == host


LOCAL = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "0177.0.0.1",
    "localhost",
    "localhost.",
    "a.localhost",
    "127.0.0.1.",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",
    "169.254.0.23",
    "169.254.169.254",
    "[fe80::1]",
]
PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fd00::1]"]


@pytest.mark.parametrize("host", [*LOCAL, *PRIVATE])
def test_token_service_at_a_local_or_private_address_is_refused(host: str) -> None:
    target, own = parse_target(f"https://{host}:8443/token"), RegistryAccess().endpoint("a.example")
    assert target
    assert find_token_service_problem(target, own)


@pytest.mark.parametrize("host", LOCAL)
def test_redirect_to_a_local_address_is_refused(host: str) -> None:
    target, own = parse_target(f"https://{host}/blob"), RegistryAccess().endpoint("a.example")
    assert target
    assert find_redirect_problem(target, own)


@pytest.mark.parametrize("host", [*PRIVATE, "storage.example", "8.8.8.8"])
def test_redirect_to_storage_is_followed(host: str) -> None:
    target, own = parse_target(f"https://{host}/blob"), RegistryAccess().endpoint("a.example")
    assert target
    assert not find_redirect_problem(target, own)


@pytest.mark.parametrize("domain", ["10.0.0.1:5000", "169.254.1.2", "[fd00::1]:5000"])
def test_private_registry_may_be_its_own_token_service(domain: str) -> None:
    own = RegistryAccess().endpoint(domain)
    target = parse_target(f"https://{own.host}/token")
    assert target
    assert not find_token_service_problem(target, own)
    other = parse_target("https://10.0.0.9/token")
    assert other
    assert find_token_service_problem(other, own)


def test_plain_http_is_for_insecure_registries() -> None:
    target = parse_target("http://auth.example/token")
    assert target
    access = RegistryAccess.from_options((), ["plain.example"], ["own.example"])
    for find_problem in (find_token_service_problem, find_redirect_problem):
        assert find_problem(target, access.endpoint("other.example"))
        assert not find_problem(target, access.endpoint("plain.example"))
        assert not find_problem(target, access.endpoint("own.example"))


@pytest.mark.parametrize(
    ("host", "address", "problem"),
    [
        ("storage.example", "169.254.0.23", "its address 169.254.0.23 is link-local"),
        ("a.example", "169.254.0.23", "its address 169.254.0.23 is link-local"),
        ("a.example", "::ffff:169.254.0.23", "its address ::ffff:169.254.0.23 is link-local"),
        ("[fd00::1]", "fe80::1%eth0", "its address fe80::1%eth0 is link-local"),
        ("r.example", "169.254.0.23", ""),
        ("R.example", "fe80::1", ""),
        ("a.example", "10.0.0.1", ""),
        ("a.example", "127.0.0.1", ""),
        ("a.example", "nonsense", ""),
    ],
)
def test_link_local_address_is_for_the_registry_itself(host: str, address: str, problem: str) -> None:
    assert find_peer_problem(RegistryAccess().endpoint("r.example:5000"), host, address) == problem


@pytest.mark.parametrize("host", ["metadata.tencentyun.com", "METADATA.tencentyun.com."])
def test_metadata_service_is_refused_by_its_name(host: str) -> None:
    target, own = parse_target(f"https://{host}/latest/meta-data/"), RegistryAccess().endpoint("r.example")
    assert target
    assert find_redirect_problem(target, own) == "the target is the metadata service"
    assert find_token_service_problem(target, own) == "it is the metadata service"
    assert find_redirect_problem(target, RegistryAccess().endpoint("metadata.tencentyun.com"))
