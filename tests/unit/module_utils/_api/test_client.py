# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions of the client, in check mode and with an unclear response."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import WRITES, Client, describe_selected
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.rate_limiter import RateLimiter
from unit.support.clock import FakeClock, distant_deadline
from unit.support.transport import ScriptedTransport, create_client

MATCH = "GetMostSuitableImageCache"


@pytest.mark.parametrize("call", ["create", "update", "delete"])
def test_write_in_check_mode_is_refused_without_request(call: str) -> None:
    script = ScriptedTransport()
    with pytest.raises(errors.WriteRefused):
        getattr(create_client(script, check_mode=True), call)({}, distant_deadline())
    assert script.calls == []


def test_rate_limit_delays_requests_of_one_action() -> None:
    clock, page = FakeClock(), {"TotalCount": 0, "ImageCaches": []}
    script = ScriptedTransport(page, page, {"Found": False}, page)
    client = Client(script, retries=0, check_mode=False, clock=clock, rate_limiter=RateLimiter(2, clock))
    deadline = distant_deadline(clock)
    client.describe(deadline)
    client.describe(deadline)
    client.most_suitable(["nginx:1"], None, deadline)
    assert clock.slept == []
    client.describe(deadline)
    assert clock.slept == pytest.approx([1.03])


def test_actions_that_change_something_are_those_that_check_mode_refuses() -> None:
    assert {"CreateImageCache", "UpdateImageCache", "DeleteImageCaches"} == WRITES


def test_reads_are_sent_in_check_mode() -> None:
    script = ScriptedTransport({"TotalCount": 0, "ImageCaches": []}, {"Found": False})
    client = create_client(script, check_mode=True)
    client.describe(distant_deadline())
    client.most_suitable(["nginx:1"], None, distant_deadline())
    assert [action for action, _parameters in script.calls] == ["DescribeImageCaches", MATCH]


class TestMostSuitable:
    @pytest.mark.parametrize("snapshotter", [None, "overlayfs"])
    def test_images_and_snapshotter_are_sent(self, snapshotter: Any) -> None:
        script = ScriptedTransport({"Found": True, "ImageCache": {"ImageCacheId": "imc-1"}})
        found = create_client(script).most_suitable(("nginx:1", "redis:7"), snapshotter, distant_deadline())
        assert found == {"ImageCacheId": "imc-1"}
        expected = {"Images": ["nginx:1", "redis:7"], **({"Snapshotter": snapshotter} if snapshotter else {})}
        assert script.calls == [(MATCH, expected)]

    @pytest.mark.parametrize(
        "answer", [{"Found": False}, {"Found": False, "ImageCache": None}, {"Found": False, "ImageCache": {}}], ids=str
    )
    def test_cache_that_is_not_found_is_none(self, answer: Any) -> None:
        assert create_client(ScriptedTransport(answer)).most_suitable(["a"], None, distant_deadline()) is None

    @pytest.mark.parametrize(
        "answer",
        [{}, {"Found": "yes"}, {"Found": 1, "ImageCache": {"ImageCacheId": "imc-1"}}, {"Found": True}]
        + [{"Found": True, "ImageCache": cache} for cache in (None, {}, {"ImageCacheId": ""}, "imc-1")],
        ids=str,
    )
    def test_response_without_a_cache_is_malformed(self, answer: Any) -> None:
        client = create_client(ScriptedTransport({**answer, "RequestId": "r-7"}), retries=0)
        with pytest.raises(errors.MalformedAnswer, match="has no valid Found or ImageCache") as raised:
            client.most_suitable(["a"], None, distant_deadline())
        assert (raised.value.action, raised.value.request_id) == (MATCH, "r-7")


@pytest.mark.parametrize(
    ("call", "action"),
    [("create", "CreateImageCache"), ("update", "UpdateImageCache"), ("delete", "DeleteImageCaches")],
)
def test_write_is_sent_with_its_action_and_never_repeated(call: str, action: str) -> None:
    script = ScriptedTransport({"ImageCacheId": "imc-1"}, errors.NoAnswer("lost"))
    client = create_client(script)
    assert getattr(client, call)({"a": 1}, distant_deadline()).fields["ImageCacheId"] == "imc-1"
    assert script.calls == [(action, {"a": 1})]
    with pytest.raises(errors.NoAnswer):
        getattr(client, call)({"a": 1}, distant_deadline())
    assert script.lines == []


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
        create_client(ScriptedTransport({**answer, "RequestId": "r-7"})).create({}, distant_deadline())
    assert not raised.value.not_executed
    assert (raised.value.action, raised.value.request_id) == ("CreateImageCache", "r-7")
