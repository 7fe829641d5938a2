# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of one declared cache: its warnings, its registries, its clients and its threads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection, _run
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    InvalidInput,
    NoAnswer,
    api_error,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed, Refused
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    Duplicates,
    OutageAtDeadline,
    TimedOut,
    Vanished,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime
from unit.support.conversation import listed_cache
from unit.support.registries import ScriptedRegistries
from unit.support.world import LIST, World, web_params


class Opened:
    """The world whose clients and registries a run opens, and how."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.registries = World(), ScriptedRegistries()
        self.asked: list[Any] = []
        self.threads: list[int] = []
        monkeypatch.setattr(_connection, "connect", self.connect)
        monkeypatch.setattr(_connection, "open_registries", self.open_registries)

    def connect(self, _params: Any, regions: list[str], **settings: Any) -> Any:
        client = Client(self.world, retries=0, check_mode=settings["check_mode"], clock=self.world.clock)
        return dict.fromkeys(regions, client), []

    def open_registries(self, params: Any, ansible_version: str, clock: Any) -> ScriptedRegistries:
        self.asked.append((params["api_retries"], ansible_version, clock))
        return self.registries

    def run(self, *, check_mode: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        """Return the result of a run of image_cache."""
        clock = self.world.clock
        runtime = Runtime(self.world, ansible_version="2.19", check_mode=check_mode, diff=diff, clock=clock)
        return _run.image_cache(web_params(region="ap-tokyo", **options), runtime)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """A run that opens its clients and registries."""
    return Opened(monkeypatch)


def test_cache_is_created_and_the_next_run_changes_nothing(opened: Opened) -> None:
    assert opened.run()["changed"] is True
    assert [cache.declared["ImageCacheName"] for cache in opened.world.caches] == ["web"]
    assert opened.run()["changed"] is False


@pytest.mark.parametrize("diff", [True, False])
def test_diff_is_part_of_the_result_if_it_is_shown(opened: Opened, diff: bool) -> None:
    assert ("diff" in opened.run(diff=diff)) is diff


def test_check_mode_writes_nothing(opened: Opened) -> None:
    result = opened.run(check_mode=True)
    assert result["changed"] is True
    assert opened.world.calls == [LIST]


def test_image_without_a_fixed_tag_causes_a_warning(opened: Opened) -> None:
    opened.run(images=["nginx:latest", "redis:7"], check_mode=True)
    (warning,) = opened.world.warnings
    assert warning.startswith("image cache web: image 'nginx:latest' has no fixed tag.")


@pytest.mark.parametrize(
    ("options", "asks"), [({}, False), ({"verify_images": True}, True), ({"follow_tags": True}, True)], ids=str
)
def test_registries_are_opened_only_if_they_are_asked(opened: Opened, options: dict[str, Any], asks: bool) -> None:
    opened.run(**options)
    assert opened.asked == ([(5, "2.19", opened.world.clock)] if asks else [])
    assert bool(opened.registries.asked) is asks


def test_failed_request_is_the_failure_of_the_cache(opened: Opened) -> None:
    def refuse(action: str, _parameters: Any) -> Any:
        raise api_error("UnauthorizedOperation", "No.", action=action, request_id="r-1")

    opened.world.send = refuse  # type: ignore[method-assign]
    result = opened.run()
    assert (result["failed"], result["error"]["code"]) == (True, "UnauthorizedOperation")
    assert result["msg"].startswith("image cache web: DescribeImageCaches failed: No ")
    assert "exception" not in result


def test_defect_is_an_internal_error(opened: Opened) -> None:
    def fail(_action: str, _parameters: Any) -> Any:
        raise ZeroDivisionError("division by zero")

    opened.world.send = fail  # type: ignore[method-assign]
    result = opened.run()
    assert result["msg"].startswith("Internal error in tencentcloud.tke (please report it): ZeroDivisionError")


@pytest.mark.parametrize(
    "error",
    [
        BuildFailed(ImageCache(listed_cache("imc-1", "Failed"))),
        Duplicates("imc-1", [ImageCache(listed_cache("imc-2", "Ready"))], replaces=False),
        InvalidInput("images is empty."),
        NoAnswer("no answer", action=LIST),
        OutageAtDeadline(NoAnswer("no answer", action=LIST), 600),
        Refused("on_change is fail."),
        TimedOut(None, "imc-1", 600, "Ready"),
        Vanished("imc-1"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_expected_end_of_a_run_is_a_failed_result(error: Exception) -> None:
    world = World()
    runtime = Runtime(world, ansible_version="2.19", check_mode=False, diff=False, clock=world.clock)
    ended: Any = SimpleNamespace(error=error, result=None)
    result = _run.result_of(ended, Desired.from_params(web_params()), Journal(world), runtime)
    assert result["failed"] is True
    assert result["msg"].startswith("image cache web: ")


class TestThreads:
    @pytest.fixture(autouse=True)
    def count_threads(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        """Record the executors that use threads."""
        real = _run.ThreadExecutor

        class Recorded(real):  # type: ignore[misc, valid-type]
            def __init__(self, max_writes: int) -> None:
                opened.threads.append(max_writes)
                super().__init__(max_writes)

            def stop(self) -> None:
                opened.threads.append(-1)
                super().stop()

        monkeypatch.setattr(_run, "ThreadExecutor", Recorded)

    def test_run_without_progress_needs_none(self, opened: Opened) -> None:
        opened.run()
        assert opened.threads == []

    def test_run_with_progress_uses_one_and_stops_it(self, opened: Opened) -> None:
        opened.world.create_cache()
        opened.world.speaks = True
        opened.run()
        assert opened.threads == [1, -1]

    def test_thread_is_stopped_after_a_defect(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_args: Any) -> None:
            raise ZeroDivisionError

        opened.world.speaks = True
        monkeypatch.setattr(_run, "drive_runs", fail)
        assert opened.run()["failed"] is True
        assert opened.threads == [1, -1]
