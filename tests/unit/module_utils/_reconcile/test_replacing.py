# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a replace, and replaces that fail after they have started."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._failure import failure
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    TimedOut,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from unit.support.conversation import Conversation, actions_of, listed_cache, repeat
from unit.support.world import web_params

NEW = listed_cache("imc-2", ImageCacheName="web-replacement", Images=["nginx:2"])
REPLACE: dict[str, Any] = {"images": ["nginx:2"], "on_change": "replace"}


class TestWithoutWaiting:
    def test_old_cache_that_is_still_listed_leaves_the_rename_to_the_next_run(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache(), NEW]),
            ("delete", None),
            ("list", [listed_cache(status="Deleting")]),
        )
        journal = conversation.run(**REPLACE, wait=False)
        assert conversation.warnings == [
            "image cache web (imc-2): imc-2 replaces it, but imc-1 is still listed. The next run renames imc-2."
        ]
        assert journal.replaced == {"old_id": "imc-1", "new_id": "imc-2"}

    def test_old_cache_that_is_gone_is_followed_by_the_rename(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache(), NEW]),
            ("delete", None),
            ("list", []),
            ("update", None),
            ("list", [{**NEW, "ImageCacheName": "web"}]),
        )
        conversation.run(**REPLACE, wait=False)
        assert conversation.warnings == []
        assert ("update", {"ImageCacheId": "imc-2", "ImageCacheName": "web"}) in conversation.requests

    def test_new_replacement_is_only_started(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache()]),
            ("create", "imc-2"),
            ("list", [listed_cache(), {**NEW, "Status": "Pending"}]),
        )
        journal = conversation.run(**REPLACE, wait=False)
        assert actions_of(journal) == [("replace", "imc-2")]
        (warning,) = conversation.warnings
        assert "it is not replaced yet. With wait: false, this run only starts the replacement" in warning


class TestWithWaiting:
    def test_rename_follows_when_the_old_cache_is_no_longer_listed(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache(), NEW]),
            ("delete", None),
            *[("list", [listed_cache(status="Deleting")])] * 3,
            ("list", []),
            ("update", None),
            ("list", [{**NEW, "ImageCacheName": "web"}]),
        )
        journal = conversation.run(**REPLACE)
        assert conversation.warnings == []
        assert actions_of(journal) == [("replace", "imc-2")]
        assert journal.replaced == {"old_id": "imc-1", "new_id": "imc-2"}

    @pytest.mark.parametrize(
        "lost", [errors.NotFound("gone", code="ResourceNotFound"), errors.NotFound("gone", code="InvalidParameter")]
    )
    def test_replacement_that_is_gone_before_the_rename_is_planned_again(self, lost: Exception) -> None:
        # Another run has found an older cache and deleted its own, which this run was about to rename.
        older = listed_cache("imc-9", Images=["nginx:2"], CreationTime="2025-12-31T00:00:00Z")
        conversation = Conversation(
            ("list", [listed_cache(), NEW]), ("delete", None), ("list", []), ("update", lost), ("list", [older])
        )
        journal = conversation.run(**REPLACE)
        assert journal.image_cache_id == "imc-9"

    def test_replacement_of_a_cache_declared_by_id_that_is_gone_fails_the_run(self) -> None:
        lost = errors.NotFound("gone", code="ResourceNotFound")
        conversation = Conversation(
            ("list", [listed_cache()]),
            ("list", [listed_cache(), NEW]),
            ("delete", None),
            ("list", []),
            ("update", lost),
        )
        with pytest.raises(errors.NotFound):
            conversation.run(**REPLACE, image_cache_id="imc-1")

    def test_steps_are_reported_with_both_ids(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache()]),
            ("create", "imc-2"),
            ("list", [listed_cache(), {**NEW, "Status": "Pending"}]),
            ("list", [NEW]),
            ("list", [listed_cache(), NEW]),
            ("delete", None),
            ("list", []),
            ("update", None),
            ("list", [{**NEW, "ImageCacheName": "web"}]),
        )
        steps: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Journal, "begin_step", lambda _self, message, _now: steps.append(message))
            conversation.run(**REPLACE)
        for step in (
            "building the replacement web-replacement of imc-1",
            "imc-2 is being built",
            "the replacement imc-2 is Ready; deleting imc-1",
            "imc-1 is deleted; renaming imc-2",
        ):
            assert step in steps


def test_own_replacement_that_is_not_listed_beside_another_is_deleted_without_an_action() -> None:
    old, other = listed_cache(), listed_cache("imc-3", ImageCacheName="web-replacement", Images=["nginx:2"])
    conversation = Conversation(
        ("list", [old]),
        ("create", "imc-2"),
        *[("list", [old, {**other, "Status": "Pending"}])] * 5,
        ("delete", None),
        ("list", []),
        ("list", [other]),
        ("list", [old, other]),
        ("delete", None),
        ("list", []),
        ("update", None),
        ("list", [{**other, "ImageCacheName": "web"}]),
    )
    journal = conversation.run(**REPLACE)
    deleted = [request["ImageCacheIds"] for call, request in conversation.requests if call == "delete"]
    assert deleted == [["imc-2"], ["imc-1"]]
    # The result shows one replace, and not that this run has deleted its own replacement.
    assert actions_of(journal) == [("replace", "imc-3")]
    assert journal.replaced == {"old_id": "imc-1", "new_id": "imc-3"}


def test_replace_that_joins_the_failed_build_of_another_run_names_its_cache() -> None:
    other = listed_cache("imc-0", ImageCacheName="web-replacement", CreationTime="2025-12-31T00:00:00Z")
    other = {**other, "Images": ["nginx:2"]}
    building = {**other, "Status": "Pending"}
    conversation = Conversation(
        ("list", [listed_cache()]),
        ("create", "imc-2"),
        ("list", [listed_cache(), building, {**NEW, "Status": "Pending"}]),
        ("delete", None),
        ("list", []),
        ("list", repeat([{**other, "Status": "Failed"}, listed_cache()])),
    )
    with pytest.raises(BuildFailed):
        conversation.run(**REPLACE, recreate_failed=False)
    assert actions_of(conversation.journal) == [("replace", "imc-0")]


def test_replace_that_times_out_on_the_delete_reports_both_ids() -> None:
    new = listed_cache("imc-2", ImageCacheName="web-replacement", Images=["nginx:2"])
    conversation = Conversation(("list", [listed_cache(), new]), ("delete", None), ("list", repeat([listed_cache()])))
    with pytest.raises(TimedOut):
        conversation.run(images=["nginx:2"], on_change="replace", wait_timeout=30)
    assert actions_of(conversation.journal) == [("replace", "imc-2")]
    assert conversation.journal.replaced == {"old_id": "imc-1", "new_id": "imc-2"}


@pytest.mark.parametrize(
    ("status", "words"), [("Ready", "unchanged and usable"), ("UpdateFailed", "still UpdateFailed")]
)
def test_failed_replacement_reports_the_state_of_the_old_cache(status: str, words: str) -> None:
    replacement = listed_cache("imc-2", ImageCacheName="web-replacement")
    conversation = Conversation(
        ("list", [listed_cache(status=status)]),
        ("create", "imc-2"),
        ("list", [listed_cache(status=status), {**replacement, "Status": "Pending"}]),
        ("list", [{**replacement, "Status": "Failed"}]),
    )
    options = web_params(images=["nginx:2"], on_change="replace")
    with pytest.raises(BuildFailed) as raised:
        conversation.run(images=["nginx:2"], on_change="replace")
    result = failure(raised.value, Desired.from_params(options), conversation.journal)
    assert words in result["msg"]
