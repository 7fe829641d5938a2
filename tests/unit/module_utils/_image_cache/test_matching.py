# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which caches supersede others, and which images a cache has."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.matching import find_held, supersedes
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import add_default_tag
from unit.support.pruning import ago, old_cache, plan_prune

DIGEST = f"sha256:{'0f' * 32}"


class TestSupersedes:
    OLD = old_cache("imc-old")

    @pytest.mark.parametrize(
        ("fields", "supersedes_old"),
        [
            ({}, True),
            ({"ImageCacheSize": 10}, True),
            ({"Images": ["redis:7", "nginx:1"]}, True),
            # The platform prefers the smaller cache regardless of age.
            ({"ImageCacheSize": 30}, False),
            ({"CreationTime": ago(days=41)}, False),
            ({"CreationTime": ago(days=40)}, False),
            ({"CreationTime": "?"}, False),
            ({"Images": ["nginx:2"]}, False),
            ({"Images": []}, False),
            ({"Status": "Pending"}, False),
            ({"Status": "Updating"}, False),
            ({"Snapshotter": "nydus"}, False),
            ({"Snapshotter": "stargz"}, False),
            ({"Snapshotter": None}, False),
            ({"ImageCacheSize": None}, False),
        ],
    )
    def test_newer_cache_supersedes_if_it_would_be_matched_first(
        self, fields: dict[str, Any], supersedes_old: bool
    ) -> None:
        newer = old_cache("imc-new", **{"CreationTime": ago(days=3), **fields})
        assert supersedes(newer, self.OLD) is supersedes_old
        assert (self.OLD in plan_prune(newer, self.OLD, superseded=True).candidates) is supersedes_old

    def test_cache_without_known_images_is_not_superseded(self) -> None:
        newer = old_cache("imc-new", CreationTime=ago(days=3))
        for images in ([], None):
            assert not supersedes(newer, old_cache("imc-old", Images=images))

    def test_image_without_tag_is_not_compared_as_latest(self) -> None:
        assert not supersedes(old_cache(Images=["nginx:latest"], CreationTime=ago(days=1)), old_cache(Images=["nginx"]))

    def test_newest_of_a_chain_is_kept(self) -> None:
        chain = [old_cache(f"imc-{days}", CreationTime=ago(days=days)) for days in (9, 8, 7, 6)]
        assert [c.id for c in plan_prune(*chain, superseded=True).candidates] == ["imc-9", "imc-8", "imc-7"]

    def test_identical_caches_are_both_kept(self) -> None:
        assert plan_prune(old_cache("imc-a"), old_cache("imc-b"), superseded=True).candidates == []

    @pytest.mark.parametrize(
        ("image", "completed"),
        [
            ("nginx", "nginx:latest"),
            ("nginx:1", "nginx:1"),
            ("harbor.example.com:5000/team/nginx", "harbor.example.com:5000/team/nginx:latest"),
            ("harbor.example.com:5000/nginx:1", "harbor.example.com:5000/nginx:1"),
            ("nginx@sha256:00", "nginx@sha256:00"),
        ],
    )
    def test_missing_tag_is_completed(self, image: str, completed: str) -> None:
        assert add_default_tag(image) == completed

    def test_held_images_are_found(self) -> None:
        assert find_held(["nginx", "redis:7", "a:1"], ["nginx:latest", "a:1", "b:1"]) == ["nginx", "a:1"]

    def test_held_images_are_found_in_a_listing_with_domains(self) -> None:
        held = ["docker.io/library/nginx:latest", "docker.io/team/a:1"]
        assert find_held(["nginx", "team/a:1", "a:1"], held) == ["nginx", "team/a:1"]


@pytest.mark.parametrize(
    ("image", "completed"),
    [
        ("nginx", "nginx:latest"),
        ("h.example.com:5000/web", "h.example.com:5000/web:latest"),
        ("nginx:1", "nginx:1"),
        (f"nginx@{DIGEST}", f"nginx@{DIGEST}"),
        # A listing may contain any text.
        ("nginx:", "nginx:"),
        ("NGINX", "NGINX"),
    ],
)
def test_missing_tag_is_completed_and_other_text_is_unchanged(image: str, completed: str) -> None:
    assert add_default_tag(image) == completed
    assert find_held([image], [completed]) == [image]
