# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds that are joined or left alone, and declarations that are refused."""

from __future__ import annotations

import contextlib
import sys

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed, Refused
from unit.support.conversation import Conversation, actions_of, listed_cache, repeat

APPLYING = "ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.applying"


def test_failure_of_joined_build_is_reported() -> None:
    conversation = Conversation(
        ("list", [listed_cache(status="Pending")]), *[("list", [listed_cache(status="Failed")])] * 2
    )
    with pytest.raises(BuildFailed):
        conversation.run(recreate_failed=False)


def test_unknown_status_is_awaited() -> None:
    conversation = Conversation(
        ("list", [listed_cache(status="Archiving")]), ("list", [listed_cache()]), ("list", [listed_cache()])
    )
    assert actions_of(conversation.run()) == []


def test_duplicates_that_remain_for_15_s_are_refused() -> None:
    conversation = Conversation(("list", repeat([listed_cache("imc-1", "Pending"), listed_cache("imc-2")])))
    with pytest.raises(Refused, match=r"imc-1 \(Pending\), imc-2 \(Ready\)"):
        conversation.run()
    assert sum(conversation.clock.slept) == 15


@pytest.mark.parametrize(("image", "loads"), [("nginx:1", False), ("nginx:2", True)])
def test_only_run_with_steps_loads_the_actions(image: str, loads: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, APPLYING, raising=False)
    run_until_written = Conversation(("list", repeat([listed_cache(Images=["nginx:1"])])))
    with contextlib.suppress(AssertionError):
        run_until_written.run(images=[image])
    assert (APPLYING in sys.modules) == loads


class TestRefusalById:
    """A cache that was listed is in the result of every refusal."""

    def test_name_of_another_cache_is_refused_and_own_cache_reported(self) -> None:
        taken = listed_cache("imc-9", ImageCacheName="shop")
        conversation = Conversation(("list", [listed_cache()]), ("list", [taken]))
        with pytest.raises(Refused, match="imc-1 cannot be renamed to 'shop', because imc-9 has that name"):
            conversation.run(image_cache_id="imc-1", image_cache_name="shop")
        assert conversation.journal.image_cache_id == "imc-1"
        assert conversation.journal.seen is not None

    def test_rebuild_of_cache_without_name_is_refused_and_cache_reported(self) -> None:
        conversation = Conversation(("list", [listed_cache(ImageCacheName="")]))
        with pytest.raises(Refused, match="has no name"):
            conversation.run(image_cache_id="imc-1", image_cache_name=None, images=["nginx:2"], on_change="replace")
        assert conversation.journal.seen is not None


def test_without_waiting_pending_cache_causes_a_matching_warning() -> None:
    for options, words in (
        (
            {"images": ["nginx:2"], "force_rebuild": True},
            "it is being built. With wait: false, the change of images is deferred",
        ),
        ({"force_rebuild": True}, "it is being built. With wait: false, the rebuild for force_rebuild is deferred"),
    ):
        conversation = Conversation(("list", [listed_cache(status="Pending")]))
        conversation.run(wait=False, on_change="replace", **options)
        assert words in conversation.warnings[0]
    left = listed_cache("imc-2", ImageCacheName="web-replacement", Images=["nginx:9"])
    conversation = Conversation(("list", [listed_cache(status="Pending"), left]))
    conversation.run(wait=False)
    assert conversation.warnings == []
    replacement = listed_cache("imc-2", ImageCacheName="web-replacement", Images=["nginx:2"])
    conversation = Conversation(("list", [listed_cache(status="Updating"), replacement]))
    conversation.run(wait=False, on_change="replace", images=["nginx:2"])
    assert "it is being built, and a later run replaces it with imc-2" in conversation.warnings[0]


def test_building_replacement_is_left_to_a_later_run_without_waiting() -> None:
    replacement = listed_cache("imc-2", "Pending", ImageCacheName="web-replacement", Images=["nginx:2"])
    conversation = Conversation(("list", [listed_cache(), replacement]))
    conversation.run(wait=False, on_change="replace", images=["nginx:2"])
    assert conversation.warnings == [
        "image cache web (imc-1): its replacement imc-2 is being built, and a later run completes it."
    ]


def test_three_duplicates_get_15_s_to_disappear_like_two() -> None:
    three = [listed_cache("imc-1", "Pending"), listed_cache("imc-2"), listed_cache("imc-3")]
    conversation = Conversation(("list", repeat(three)))
    with pytest.raises(Refused):
        conversation.run()
    assert sum(conversation.clock.slept) == 15


def test_missing_id_whose_name_another_cache_has_is_refused_with_its_id() -> None:
    conversation = Conversation(("list", []), ("list", [listed_cache("imc-9")]))
    with pytest.raises(Refused) as refused:
        conversation.run(image_cache_id="imc-1")
    assert str(refused.value) == (
        "there is no image cache imc-1, but imc-9 has the name 'web'. The ID changes when a cache is rebuilt. Set"
        " image_cache_id to imc-9, or omit it."
    )


def test_cache_as_first_found_is_kept_for_the_diff() -> None:
    conversation = Conversation(
        ("list", [listed_cache()]), ("update", None), ("list", [listed_cache(Images=["nginx:2"])])
    )
    journal = conversation.run(images=["nginx:2"])
    assert journal.before is not None
    assert journal.seen is not None
    assert (journal.before.value_of("images"), journal.seen.value_of("images")) == (["nginx:1"], ["nginx:2"])
