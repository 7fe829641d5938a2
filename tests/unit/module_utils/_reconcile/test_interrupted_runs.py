# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Complete runs in every world: the open questions about the API do not change the caches after a run.

Each story also runs once for each of its calls, is killed before or after the service executes the call, and is then
run again as a user would: the result is one cache as declared, without leftovers and duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Optional

import pytest
from emulator import settings_of, worlds
from emulator.service import Cache
from unit.support.scenarios import (
    ADD_TAG,
    RENEW,
    REPLACE,
    cache_with_replacement,
    create_cache_with_failed_replacement,
    create_cache_with_failed_update,
    create_cache_with_pending_replacement,
    create_expiring_cache,
    create_failed_cache,
    create_nothing,
    create_pending_cache,
    create_ready_cache,
    create_replacement,
    create_tracked_cache,
    interrupt_at,
)
from unit.support.world import World

OMITTED = frozenset(world for world in worlds() if settings_of(world).omitted_fields)


@dataclass(frozen=True)
class Story:
    """The caches before a run, the declared options, and the expected end.

    C(keeps_cache) says whether the cache is kept, C(gapless) that a Ready cache exists all the time, and C(idempotent)
    that a second run changes nothing. C(except_in) names the worlds in which the API does not show the change.
    """

    set_up: Callable[[World], Any]
    options: dict[str, Any]
    keeps_cache: Optional[bool] = None
    gapless: bool = False
    idempotent: bool = True
    except_in: frozenset[str] = field(default_factory=frozenset)


STORIES = {
    "create": Story(create_nothing, {}),
    "unchanged": Story(create_ready_cache, {}, keeps_cache=True, gapless=True),
    "join a build": Story(create_pending_cache, {}, keeps_cache=True),
    "join a build, then update": Story(create_pending_cache, {"images": ["nginx:2"]}, keeps_cache=True),
    "update images": Story(create_ready_cache, {"images": ["nginx:2", "redis:7"], "size": 50}, keeps_cache=True),
    "update in place": Story(
        create_ready_cache,
        {"retention_days": 5, "tags": {"team": "web", "new": "1"}},
        keeps_cache=True,
        except_in=OMITTED,
    ),
    "add a tag": Story(create_ready_cache, ADD_TAG, keeps_cache=True, gapless=True, except_in=OMITTED),
    "renew": Story(create_expiring_cache, RENEW, keeps_cache=True, gapless=True),
    "renew and update images": Story(create_expiring_cache, {**RENEW, "images": ["nginx:2"]}, keeps_cache=True),
    "replace instead of renewing": Story(create_expiring_cache, {**RENEW, **REPLACE}, keeps_cache=False, gapless=True),
    "replace": Story(create_ready_cache, REPLACE, keeps_cache=False, gapless=True),
    "replace and add a tag": Story(create_ready_cache, {**REPLACE, **ADD_TAG}, keeps_cache=False, gapless=True),
    "rebuild": Story(create_ready_cache, {"force_rebuild": True}, keeps_cache=False, gapless=True, idempotent=False),
    "rebuild by max_age": Story(create_ready_cache, {"max_age": "5m"}, keeps_cache=False, gapless=True),
    "replace after a failed update": Story(
        create_cache_with_failed_update, {"on_change": "replace"}, keeps_cache=False
    ),
    "update after a failed update": Story(create_cache_with_failed_update, {}),
    "recreate": Story(create_failed_cache, {}, keeps_cache=False),
    "recreate with other images": Story(
        create_failed_cache, {"images": ["nginx:2"], "on_change": "replace"}, keeps_cache=False
    ),
    "record build settings": Story(create_ready_cache, {"track_build_settings": True}, keeps_cache=True),
    "change tracked security groups": Story(
        create_tracked_cache, {"track_build_settings": True, "security_group_ids": ["sg-2"]}, keeps_cache=True
    ),
    "change tracked subnet": Story(
        create_tracked_cache,
        {"track_build_settings": True, "subnet_id": "subnet-2"},
        keeps_cache=False,
        gapless=True,
        except_in=OMITTED,
    ),
    "use an existing replacement": Story(
        cache_with_replacement(Images=["nginx:2"]), REPLACE, keeps_cache=False, gapless=True
    ),
    "use an existing replacement with other tags": Story(
        cache_with_replacement(Images=["nginx:2"]), {**REPLACE, "tags": {"a": "1"}}, keeps_cache=False, gapless=True
    ),
    "join a replacement": Story(create_cache_with_pending_replacement, REPLACE, keeps_cache=False, gapless=True),
    "undeclared replacement": Story(cache_with_replacement(Images=["nginx:3"]), {}, keeps_cache=True, gapless=True),
    "replacement with other images": Story(
        cache_with_replacement(Images=["nginx:3"]), REPLACE, keeps_cache=False, gapless=True
    ),
    "failed replacement": Story(create_cache_with_failed_replacement, REPLACE, keeps_cache=False, gapless=True),
    "replacement without its cache": Story(
        lambda world: create_replacement(world, Images=["nginx:2"]), REPLACE, keeps_cache=True
    ),
    "replacement without its cache, other images": Story(create_replacement, REPLACE, keeps_cache=False),
    "replacement without its cache, failed update": Story(
        lambda world: create_cache_with_failed_update(world, ImageCacheName="web-replacement"), {}, keeps_cache=False
    ),
    "absent": Story(create_ready_cache, {"state": "absent"}),
    "absent while building": Story(create_pending_cache, {"state": "absent"}),
    "absent with a replacement": Story(cache_with_replacement(), {"state": "absent"}),
    "absent with only a replacement": Story(create_replacement, {"state": "absent"}),
}


class StoryRun:
    """A run of one story in one world."""

    def __init__(self, name: str, world_name: str) -> None:
        self.story, self.world = STORIES[name], World(settings_of(world_name))
        self.cache: Optional[Cache] = self.story.set_up(self.world)
        # Caches created before the run are listed now, unless their build has just started.
        self.world.clock.now += 5
        self.world.calls.clear()
        self.options = dict(self.story.options)
        if self.options.get("state") == "absent":
            self.options["name"] = "web"

    def run(self, **more: Any) -> dict[str, Any]:
        return self.world.run(**{**self.options, **more})

    def check_end(self) -> None:
        """Check the caches that exist after the story."""
        if self.options.get("state") == "absent":
            assert self.world.caches == []
            return
        assert len(self.world.caches) == 1, self.world.caches
        cache = self.world.caches[0]
        assert self.world.service.status(cache) == "Ready"
        assert cache.declared["ImageCacheName"] == "web"
        assert set(cache.declared["Images"]) == set(self.options.get("images", ["nginx:1"]))
        assert cache.declared["ImageCacheSize"] == self.options.get("size", 20)
        if "min_days_left" in self.options:
            days = (self.world.service.expires_at(cache) - self.world.clock.now) / 86400
            assert days >= self.options["min_days_left"]
        shown = "Tags" not in self.world.settings.omitted_fields
        tags = {**self.options.get("tags", {}), **({} if self.options.get("purge_tags", True) else {"team": "web"})}
        for tag, value in tags.items() if shown else ():
            assert {"Key": tag, "Value": value} in cache.declared["Tags"]


def supported_stories(world: str) -> Iterator[str]:
    """Return the names of the stories that a world supports."""
    return (name for name, story in STORIES.items() if world not in story.except_in)


@pytest.mark.parametrize("world", worlds())
def test_every_story_ends_as_declared(world: str) -> None:
    for name in STORIES:
        with name_story(name):
            run_story(name, world)


@contextmanager
def name_story(story: str) -> Iterator[None]:
    """Add the name of the story to a failed assertion."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{story}: {error}") from error


def run_story(name: str, world: str) -> None:
    story_run = StoryRun(name, world)
    story = story_run.story
    if world in story.except_in:
        # The API does not show a difference, so the run changes nothing.
        assert story_run.run()["changed"] is False
        return
    gaps: list[int] = []
    if story.gapless:
        story_run.world.watch = lambda moment, number: None if story_run.world.ready_caches() else gaps.append(number)
    result = story_run.run()
    assert "failed" not in result, result["msg"]
    story_run.check_end()
    if story.keeps_cache is not None and story_run.cache and not result["replaced"]:
        assert (story_run.world.caches[0].id == story_run.cache.id) is story.keeps_cache
    if result["replaced"]:
        assert result["replaced"]["new_id"] == result["image_cache_id"] == story_run.world.caches[0].id
    if result["image_cache"]:
        assert result["image_cache"]["status"] == "Ready"
    # A service that rebuilds a cache for a new name leaves an unavoidable gap.
    if not story_run.world.settings.every_update_builds:
        assert gaps == []
    story_run.world.clock.now += 5
    if story.idempotent:
        again = story_run.run()
        assert "failed" not in again, again["msg"]
        assert again["changed"] is False, again["actions"]


def interruption_points(name: str, world: str) -> Iterator[tuple[int, str]]:
    """Yield the points of interruption: before and after the service executes each call."""
    story_run = StoryRun(name, world)
    story_run.run()
    for number in range(1, len(story_run.world.calls) + 1):
        yield from ((number, "before"), (number, "after"))


def interrupt(story_run: StoryRun, number: int, moment: str) -> None:
    """Kill the run of a story at this point."""
    interrupt_at(story_run.world, number, moment, story_run.run)


@pytest.mark.exhaustive
@pytest.mark.parametrize("world", worlds())
def test_next_run_completes_an_interrupted_run(world: str, record_property: Callable[[str, object], None]) -> None:
    count = 0
    for name in supported_stories(world):
        for number, moment in interruption_points(name, world):
            story_run = StoryRun(name, world)
            interrupt(story_run, number, moment)
            with name_story(f"{name}, interrupted {moment} call {number}, {story_run.world.calls}"):
                result = story_run.run()
                assert "failed" not in result, result["msg"]
                story_run.check_end()
            count += 1
    record_property("points", count)
    assert count > 400


@pytest.mark.exhaustive
@pytest.mark.parametrize("world", worlds())
def test_runs_without_waiting_reach_the_same_end(world: str) -> None:
    for name in supported_stories(world):
        with name_story(name):
            run_without_waiting(StoryRun(name, world))


def run_without_waiting(story_run: StoryRun) -> None:
    force = story_run.options.pop("force_rebuild", False)
    for number in range(8):
        builds = len(story_run.world.ready_caches()) < len(story_run.world.caches)
        result = story_run.run(wait=False, **({"force_rebuild": True} if force and not number else {}))
        if "failed" in result:
            # Only a refused delete is retried for some seconds and then fails.
            assert story_run.world.settings.delete_while_building is False, result["msg"]
            assert result["error"]["action"] == "DeleteImageCaches"
        # Builds of this run are Ready and listed before the next run.
        story_run.world.clock.now += 90
        if not (result["changed"] or "failed" in result or builds):
            break
    else:
        raise AssertionError(f"changed by every run: {story_run.world.calls}")
    story_run.check_end()


@pytest.mark.parametrize("world_name", ["default", "tags are merged"])
def test_kept_tags_are_no_change_where_updates_merge_tags(world_name: str) -> None:
    world = World(settings_of(world_name))
    cache = create_ready_cache(world)
    result = world.run(**ADD_TAG)
    assert result["image_cache"]["tags"] == {"team": "web", "new": "1"}
    assert [sent["Tags"] for action, sent in world.requests if action == "UpdateImageCache"] == [cache.declared["Tags"]]
    assert world.run(**ADD_TAG)["changed"] is False
    assert world.warnings == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("web", "the update failed after"),
        ("web-replacement", "the update of its replacement imc-ymqi77j2 failed after"),
    ],
)
def test_failed_update_with_on_change_fail_reports_the_remedies(name: str, what: str) -> None:
    world = World()
    create_cache_with_failed_update(world, ImageCacheName=name)
    message = world.run(on_change="fail")["msg"]
    assert what in message
    assert message.endswith(
        "With on_change: fail, the cache is not changed. Set on_change: update to repeat the update, or on_change:"
        " replace to build a new cache."
    )
    assert "failed" not in world.run(on_change="update")
