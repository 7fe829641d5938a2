# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The actions and findings that a run records."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import Step
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from unit.support.conversation import listed_cache
from unit.support.world import World

REPLACE = Step("replace", None, ("images",), old="imc-1")


def actions_of(journal: Journal) -> list[tuple[Any, ...]]:
    return [(entry["action"], entry["image_cache_id"], entry["request_id"]) for entry in journal.actions]


@pytest.mark.parametrize(("renamed", "is_recorded"), [("imc-0", True), ("imc-2", False), ("imc-9", True)])
def test_rename_of_the_own_replacement_completes_the_replace(renamed: str, is_recorded: bool) -> None:
    journal = Journal(World())
    journal.note_replace("imc-2", "r-1", REPLACE)
    journal.note_action("rename", renamed, "r-2", ("image_cache_name",))
    assert actions_of(journal)[0] == ("replace", "imc-2", "r-1")
    assert actions_of(journal)[1:] == ([("rename", renamed, "r-2")] if is_recorded else [])


def test_replace_is_one_action_whichever_cache_takes_the_place() -> None:
    journal = Journal(World())
    journal.note_replace("imc-2", "r-1", REPLACE)
    journal.note_replace("imc-3", "r-2", REPLACE)
    assert actions_of(journal) == [("replace", "imc-3", "r-1")]
    assert journal.actions[0]["fields"] == ["images"]


def test_replace_that_another_run_has_completed_is_reported() -> None:
    journal = Journal(World())
    journal.note_replace("imc-2", "r-1", REPLACE)
    journal.note_found(ImageCache(listed_cache("imc-9")))
    assert journal.replaced is None
    journal.note_found(ImageCache(listed_cache("imc-2")))
    assert journal.replaced == {"old_id": "imc-1", "new_id": "imc-2"}


def test_only_the_managed_cache_updates_the_view() -> None:
    journal = Journal(World())
    journal.note_found(ImageCache(listed_cache("imc-1", "Pending")))
    journal.update_view(ImageCache(listed_cache("imc-2")))
    assert journal.seen is not None
    assert journal.seen.status == "Pending"
    journal.update_view(ImageCache(listed_cache("imc-1")))
    assert journal.seen.status == "Ready"


@pytest.mark.parametrize(("deleted", "is_seen"), [("imc-1", False), ("imc-2", True)])
def test_deleted_cache_is_no_longer_seen(deleted: str, is_seen: bool) -> None:
    journal = Journal(World())
    journal.note_found(ImageCache(listed_cache("imc-1")))
    journal.note_deletion(deleted, "r-1")
    assert (journal.seen is not None) is is_seen
    assert actions_of(journal) == [("delete", deleted, "r-1")]


def test_step_that_continues_is_no_news() -> None:
    journal = Journal(World())
    assert (journal.doing, journal.news) == (None, False)
    journal.begin_step("waiting", 5.0)
    assert (journal.doing, journal.since, journal.news) == ("waiting", 5.0, True)
    journal.news = False
    journal.begin_step("waiting", 9.0)
    assert (journal.since, journal.news) == (5.0, False)
    journal.begin_step("deleting", 9.0)
    assert (journal.doing, journal.since, journal.news) == ("deleting", 9.0, True)
