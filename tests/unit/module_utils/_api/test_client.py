# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions of the client, in check mode and with an unclear response."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import READS, WRITES, describe_selected
from unit.support.clock import distant_deadline
from unit.support.transport import ScriptedTransport, create_client


@pytest.mark.parametrize("call", ["create", "update", "delete"])
def test_write_in_check_mode_is_refused_without_request(call: str) -> None:
    script = ScriptedTransport()
    with pytest.raises(errors.WriteRefused):
        getattr(create_client(script, check_mode=True), call)({}, distant_deadline())
    assert script.calls == []


def test_each_action_is_either_read_or_write() -> None:
    assert len(READS | WRITES) == 5
    assert not READS & WRITES


class TestDescribeSelected:
    """A selection that the API refuses is divided, if it is long enough to be the cause."""

    NAMES = [f"cache-{number}" for number in range(25)]
    REFUSED = errors.api_error("InvalidParameter", "Too many names.", action="DescribeImageCaches")

    @staticmethod
    def page(*ids: str) -> dict[str, Any]:
        return {"TotalCount": len(ids), "ImageCaches": [{"ImageCacheId": image_cache_id} for image_cache_id in ids]}

    def test_accepted_selection_is_one_request(self) -> None:
        script = ScriptedTransport(self.page("imc-1"))
        twice = [*self.NAMES, "cache-1"]
        listing = describe_selected(create_client(script), distant_deadline(), "ImageCacheNames", twice)
        assert [cache["ImageCacheId"] for cache in listing.image_caches] == ["imc-1"]
        assert [sent["ImageCacheNames"] for _action, sent in script.calls] == [self.NAMES]

    def test_refused_selection_is_repeated_in_parts_of_ten(self) -> None:
        script = ScriptedTransport(self.REFUSED, self.page("imc-1"), self.page("imc-2", "imc-1"), self.page())
        listing = describe_selected(create_client(script), distant_deadline(), "ImageCacheNames", self.NAMES)
        assert [cache["ImageCacheId"] for cache in listing.image_caches] == ["imc-1", "imc-2"]
        assert [len(sent["ImageCacheNames"]) for _action, sent in script.calls] == [25, 10, 10, 5]

    @pytest.mark.parametrize("count", [1, 10])
    def test_refused_short_selection_is_an_error(self, count: int) -> None:
        script = ScriptedTransport(self.REFUSED)
        with pytest.raises(errors.InvalidRequest):
            describe_selected(create_client(script), distant_deadline(), "ImageCacheIds", self.NAMES[:count])


@pytest.mark.parametrize("answer", [{}, {"ImageCacheId": ""}, {"ImageCacheId": ["imc-1"]}])
def test_create_response_without_id_has_unclear_outcome(answer: Any) -> None:
    with pytest.raises(errors.MalformedAnswer) as raised:
        create_client(ScriptedTransport(answer)).create({}, distant_deadline())
    assert not raised.value.not_executed
