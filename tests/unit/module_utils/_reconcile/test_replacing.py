# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replaces that fail after they have started."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._failure import failure
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    TimedOut,
)
from unit.support.conversation import Conversation, actions_of, listed_cache, repeat
from unit.support.world import web_params


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
