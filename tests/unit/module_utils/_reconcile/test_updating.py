# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Updates whose outcome is unclear or is listed late."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    Vanished,
)
from unit.support.conversation import Conversation, actions_of, listed_cache, repeat


class TestUpdate:
    def test_unclear_update_that_is_listed_is_not_repeated(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache()]),
            ("update", errors.NoAnswer("lost")),
            ("list", [listed_cache(status="Updating", Images=["nginx:2"])]),
            ("list", [listed_cache(status="Updating", Images=["nginx:2"])]),
            ("list", [listed_cache(Images=["nginx:2"])]),
        )
        journal = conversation.run(images=["nginx:2"])
        assert journal.actions[0]["request_id"] is None

    def test_cache_deleted_during_update_is_reported(self) -> None:
        conversation = Conversation(("list", [listed_cache()]), ("update", errors.NoAnswer("lost")), ("list", []))
        with pytest.raises(Vanished):
            conversation.run(images=["nginx:2"])

    def test_unclear_update_is_repeated_at_most_twice(self) -> None:
        lost = ("update", errors.ServerError("broken", code="InternalError"))
        conversation = Conversation(
            ("list", [listed_cache()]), lost, ("list", [listed_cache()]), lost, ("list", [listed_cache()]), lost
        )
        with pytest.raises(errors.ServerError):
            conversation.run(images=["nginx:2"])

    def test_late_listing_of_update_is_awaited(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache()]),
            ("update", None),
            ("list", [listed_cache()]),
            ("list", [listed_cache()]),
            ("list", [listed_cache(Images=["nginx:2"])]),
        )
        assert actions_of(conversation.run(images=["nginx:2"])) == [("update", "imc-1")]
        assert conversation.warnings == []

    @pytest.mark.parametrize(("interval", "seconds"), [(4, 16), (5, 20)])
    def test_accepted_update_that_is_not_listed_for_15_s_causes_a_warning(self, interval: int, seconds: int) -> None:
        merged = listed_cache(Tags=[{"Key": "old", "Value": "1"}, {"Key": "new", "Value": "2"}])
        conversation = Conversation(
            ("list", [listed_cache(Tags=[{"Key": "old", "Value": "1"}])]), ("update", None), ("list", repeat([merged]))
        )
        conversation.run(tags={"new": "2"}, wait_interval=interval)
        assert conversation.warnings == [
            "image cache web (imc-1): the API accepted the update but shows tags as {'old': '1', 'new': '2'}."
        ]
        # The first poll after 15 s.
        assert sum(conversation.clock.slept) == seconds

    def test_status_of_earlier_failed_update_is_no_new_failure(self) -> None:
        failed = listed_cache(status="UpdateFailed")
        conversation = Conversation(
            ("list", [failed]), ("update", None), ("list", [failed]), ("list", [listed_cache()])
        )
        assert actions_of(conversation.run()) == [("update", "imc-1")]

    def test_failed_update_without_declared_images_repeats_the_listed_images(self) -> None:
        failed = listed_cache(status="UpdateFailed")
        conversation = Conversation(
            ("list", [failed]), ("list", [failed]), ("update", None), ("list", [listed_cache()])
        )
        conversation.run(image_cache_id="imc-1", images=None)
        assert conversation.requests[2] == ("update", {"ImageCacheId": "imc-1", "Images": ["nginx:1"]})

    def test_field_missing_from_listing_is_no_difference(self) -> None:
        listing = listed_cache()
        del listing["Tags"]
        assert actions_of(Conversation(("list", [listing])).run(tags={"a": "1"}, retention_days=5)) == []


class TestUpdateOfFieldsThatAreNotListed:
    """The listing does not show whether such an update was executed, so it is repeated."""

    CREDENTIAL = {"server": "h.example.com", "username": "u", "password": "new", "name": None}
    LISTED_CREDENTIALS = [{"Server": "h.example.com", "Username": "u", "Password": "****"}]

    def listing(self, matched: str = "", **fields: Any) -> list[dict[str, Any]]:
        return [listed_cache(ImageRegistryCredentials=self.LISTED_CREDENTIALS, LastMatchedTime=matched, **fields)]

    @pytest.mark.parametrize(
        "failure", [errors.NoAnswer("lost"), errors.StateRefused("busy", code="UnsupportedOperation")], ids=repr
    )
    def test_unclear_update_of_masked_password_is_repeated(self, failure: Exception) -> None:
        conversation = Conversation(
            ("list", self.listing()),
            ("update", failure),
            # A Pod has matched the cache in the meantime, which changes the listing.
            ("list", self.listing("2026-01-02T00:00:00Z")),
            ("update", None),
            ("list", self.listing("2026-01-02T00:00:00Z")),
        )
        journal = conversation.run(image_registry_credentials=[self.CREDENTIAL], update_password="always")
        assert actions_of(journal) == [("update", "imc-1")]

    def test_unclear_update_with_security_groups_is_repeated(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache(RetentionDays=0)]),
            ("update", errors.NoAnswer("lost")),
            ("list", [listed_cache(RetentionDays=5)]),
            ("update", None),
            ("list", [listed_cache(RetentionDays=5)]),
        )
        conversation.run(retention_days=5, security_group_ids=["sg-1"])

    def test_unclear_update_of_listed_field_is_not_repeated(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache(RetentionDays=0)]),
            ("update", errors.NoAnswer("lost")),
            ("list", [listed_cache(RetentionDays=5)]),
            ("list", [listed_cache(RetentionDays=5)]),
        )
        assert actions_of(conversation.run(retention_days=5)) == [("update", "imc-1")]

    def test_unclear_update_after_failed_one_is_not_repeated_when_ready(self) -> None:
        conversation = Conversation(
            ("list", [listed_cache(status="UpdateFailed")]),
            ("update", errors.NoAnswer("lost")),
            ("list", [listed_cache()]),
            ("list", [listed_cache()]),
        )
        assert actions_of(conversation.run()) == [("update", "imc-1")]
