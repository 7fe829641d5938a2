# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which requests are sent, and how few."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import Depth
from emulator.registry import STORAGE, TOKEN_SERVICE, Registry
from emulator.registry_faults import close_head, hide_content_type, hide_digest, redirect
from unit.support.registry_access import QuickClock, client_of, look_up, pusher_to
from unit.support.registry_images import gzip_layer

SHARED, OWN = gzip_layer(300000), gzip_layer(5000, b"y")


def asked(server: Registry) -> list[tuple[str, str]]:
    return [(method, path.removeprefix("/v2/")) for method, path in server.requests()]


@pytest.mark.parametrize(("depth", "gets"), [(Depth.DIGEST, 0), (Depth.PLATFORM, 0), (Depth.SIZES, 1)])
def test_single_manifest_is_read_for_sizes_alone(emulated: Registry, depth: Depth, gets: int) -> None:
    pusher_to(emulated).push_image("app", "1.0", [OWN])
    emulated.received.clear()
    look_up(client_of(emulated), f"{emulated.host}/app:1.0", depth)
    methods = [method for method, path in asked(emulated) if "/manifests/" in path]
    assert methods == ["HEAD"] + ["GET"] * gets


@pytest.mark.parametrize(("depth", "gets"), [(Depth.DIGEST, 0), (Depth.PLATFORM, 1), (Depth.SIZES, 2)])
def test_index_is_read_from_platforms_on(emulated: Registry, depth: Depth, gets: int) -> None:
    digest = pusher_to(emulated).push_index("app", "1.0", {"linux/arm64": [SHARED], "linux/amd64": [OWN]})
    emulated.received.clear()
    found = look_up(client_of(emulated), f"{emulated.host}/app:1.0", depth)
    manifests = [f"app/manifests/{name}" for name in ("1.0", digest, found.platform_digest)]
    assert [path for _method, path in asked(emulated) if "/manifests/" in path] == manifests[: gets + 1]


def test_layer_and_image_are_asked_for_once_however_often_they_are_named(emulated: Registry) -> None:
    pusher = pusher_to(emulated)
    for tag in ("1", "2", "3"):
        pusher.push_image("app", tag, [SHARED, gzip_layer(5000, tag.encode())])
    emulated.received.clear()
    names = [f"{emulated.host}/app:{tag}" for tag in ("1", "2", "3", "1")]
    look_up(client_of(emulated), [*names, *names])
    ranges = [request for request in emulated.received if "Range" in request.headers]
    assert len(ranges) == 4
    assert len([method for method, _path in asked(emulated) if method == "HEAD"]) == 3


def test_what_a_get_was_needed_for_is_not_read_again(emulated: Registry) -> None:
    digest = pusher_to(emulated).push_image("app", "1.0", [OWN])
    for fault in (hide_digest(), hide_digest(("HEAD",)), close_head(404), close_head(405)):
        emulated.faults[:] = [fault]
        emulated.received.clear()
        found = look_up(client_of(emulated, retries=0), f"{emulated.host}/app:1.0")
        assert (found.error, found.digest) == (None, digest)
        assert [method for method, path in asked(emulated) if "/manifests/" in path] == ["HEAD", "GET"]


def test_manifest_without_a_content_type_is_read_by_its_shape(emulated: Registry) -> None:
    digest = pusher_to(emulated).push_index("app", "1.0", {"linux/amd64": [OWN]})
    emulated.faults.append(hide_content_type())
    found = look_up(client_of(emulated), f"{emulated.host}/app:1.0")
    assert (found.error, found.digest, found.platforms) == (None, digest, ("linux/amd64",))


def test_requests_say_who_asks_and_take_all_kinds(emulated: Registry) -> None:
    look_up(client_of(emulated, user_agent="collection/1"), f"{emulated.host}/app:1.0")
    for request in emulated.received:
        assert request.headers["User-Agent"] == "collection/1"
        assert request.headers["Accept"].count("application/vnd.") == 4
        assert "Cookie" not in request.headers


def test_token_serves_all_requests_to_a_repository(guarded: Registry) -> None:
    pusher = pusher_to(guarded)
    for tag in ("1", "2"):
        pusher.push_image("app", tag, [SHARED, OWN])
    guarded.received.clear()
    client = client_of(guarded)
    for _time in range(2):
        for found in look_up(client, [f"{guarded.host}/app:{tag}" for tag in ("1", "2")]):
            assert found.error is None
    token_requests = [request for request in guarded.received if request.service == TOKEN_SERVICE]
    assert [request.query for request in token_requests] == ["service=registry.example&scope=repository%3Aapp%3Apull"]


@pytest.mark.parametrize(
    ("stated", "life"), [(300, 300), (20.5, 20), (None, 60), ("soon", 60), (True, 60), (-5, 60), (0, 60), (1e9, 86400)]
)
def test_token_is_renewed_when_its_life_is_over(guarded: Registry, stated: Any, life: int) -> None:
    # Each look needs a tag of its own: no tag is asked for twice.
    tags = ("1.0", "1.1", "1.2")
    for tag in tags:
        pusher_to(guarded).push_image("app", tag, [OWN])
    guarded.received.clear()
    guarded.token_life = stated
    clock = QuickClock()
    client = client_of(guarded, clock)
    counts = []
    # Minus a second or two for what the test itself takes.
    for tag, pause in zip(tags, (0, life - 15, 16)):
        clock.sleep(pause)
        # However long the registry itself would take them.
        guarded.tokens = {token: (scopes, float("inf")) for token, (scopes, _ends) in guarded.tokens.items()}
        assert look_up(client, f"{guarded.host}/app:{tag}", Depth.DIGEST).error is None
        counts.append(len(guarded.requests(TOKEN_SERVICE)))
    assert counts == [1, 1, 2]


def test_token_that_ended_early_is_renewed(guarded: Registry) -> None:
    pusher_to(guarded).push_image("app", "1.0", [OWN])
    client = client_of(guarded)
    for _time in range(2):
        guarded.tokens.clear()
        assert look_up(client, f"{guarded.host}/app:1.0").error is None


def test_blob_at_a_storage_is_measured_there(guarded: Registry) -> None:
    pusher_to(guarded).push_image("app", "1.0", [SHARED, OWN])
    guarded.faults.append(redirect(lambda path: f"{guarded.url(STORAGE)}/{path.rpartition('/')[2]}"))
    guarded.received.clear()
    found = look_up(client_of(guarded), f"{guarded.host}/app:1.0")
    assert [layer.unpacked_bytes for layer in found.layers] == [SHARED.unpacked, OWN.unpacked]
    at_storage = [request for request in guarded.received if request.service == STORAGE]
    assert len(at_storage) == 3
    assert not any("Authorization" in request.headers for request in at_storage)
    assert sum("Range" in request.headers for request in at_storage) == 2
