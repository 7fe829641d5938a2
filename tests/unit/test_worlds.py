# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every story in every world: what the API leaves open makes no difference to how a life ends.

Each story also runs once for each call that it makes, killed before or after the service acts on it, and is then run
again as a user would run it: one cache as declared, nothing left over, nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Optional

import pytest
from emulator import BuildFailure, settings_of, worlds
from emulator.service import Cache
from unit.support.world import Killed, World

OMITTED = frozenset(world for world in worlds() if settings_of(world).omitted_fields)
MERGED = frozenset(world for world in worlds() if settings_of(world).merges_tags)


@dataclass(frozen=True)
class Story:
    """What is there, what is declared, and what is there in the end.

    C(kept) says whether the cache that was there keeps its place, C(gapless) that a Ready one is there all the time.
    C(but) are the worlds in which nobody could tell what the story needs to be told.
    """

    there: Callable[[World], Any]
    options: dict[str, Any]
    kept: Optional[bool] = None
    gapless: bool = False
    quiet: bool = True
    but: frozenset[str] = field(default_factory=frozenset)


def nothing(world: World) -> None:
    pass


def ready(world: World) -> Cache:
    return world.create_cache(Tags=[{"Key": "team", "Value": "web"}])


def tracked(world: World) -> Cache:
    result = world.run(track_build_settings=True, security_group_ids=["sg-1"])
    world.clock.now += 60
    return world.service.caches[result["image_cache_id"]]


def building(world: World) -> Cache:
    return world.start_build()


def failed(world: World) -> Cache:
    world.settings.failures = [BuildFailure("nginx")]
    cache = world.create_cache()
    world.settings.failures = []
    return cache


def update_failed(world: World, **parameters: Any) -> Cache:
    cache = world.create_cache(Images=["nginx:0"], **parameters)
    world.settings.failures = [BuildFailure("nginx")]
    world.service.call("UpdateImageCache", {"ImageCacheId": cache.id, "Images": ["nginx:1"]})
    world.clock.now += 60
    world.settings.failures = []
    return cache


def replacement(world: World, **parameters: Any) -> Cache:
    return world.create_cache(ImageCacheName="web-replacement", **parameters)


def beside(**parameters: Any) -> Callable[[World], Cache]:
    """A cache that is Ready, and a replacement that an earlier run has left."""

    def there(world: World) -> Cache:
        cache = ready(world)
        replacement(world, **parameters)
        return cache

    return there


def beside_failed(world: World) -> Cache:
    cache = ready(world)
    world.settings.failures = [BuildFailure("nginx:2")]
    replacement(world, Images=["nginx:2"])
    world.settings.failures = []
    return cache


def beside_building(world: World) -> Cache:
    cache = ready(world)
    world.start_build(ImageCacheName="web-replacement", Images=["nginx:2"])
    world.clock.now += 10
    return cache


ADDED_TAG = {"tags": {"new": "1"}, "purge_tags": False}
REPLACE = {"images": ["nginx:2"], "on_change": "replace"}
STORIES = {
    "create": Story(nothing, {}),
    "unchanged": Story(ready, {}, kept=True, gapless=True),
    "join": Story(building, {}, kept=True),
    "join, then update": Story(building, {"images": ["nginx:2"]}, kept=True),
    "update images": Story(ready, {"images": ["nginx:2", "redis:7"], "size": 50}, kept=True),
    "update in place": Story(ready, {"retention_days": 5, "tags": {"team": "web", "new": "1"}}, kept=True, but=OMITTED),
    "add a tag": Story(ready, ADDED_TAG, kept=True, gapless=True, but=OMITTED),
    "replace": Story(ready, REPLACE, kept=False, gapless=True),
    "replace and add a tag": Story(ready, {**REPLACE, **ADDED_TAG}, kept=False, gapless=True),
    "rebuild": Story(ready, {"force_rebuild": True}, kept=False, gapless=True, quiet=False),
    "too old": Story(ready, {"max_age": "5m"}, kept=False, gapless=True),
    "replace after a failed update": Story(update_failed, {"on_change": "replace"}, kept=False),
    "update after a failed update": Story(update_failed, {}),
    "recreate": Story(failed, {}, kept=False),
    "recreate with other images": Story(failed, {"images": ["nginx:2"], "on_change": "replace"}, kept=False),
    "record": Story(ready, {"track_build_settings": True}, kept=True),
    "tracked groups": Story(tracked, {"track_build_settings": True, "security_group_ids": ["sg-2"]}, kept=True),
    "tracked subnet": Story(
        tracked, {"track_build_settings": True, "subnet_id": "subnet-2"}, kept=False, gapless=True, but=OMITTED
    ),
    "take up a replacement": Story(beside(Images=["nginx:2"]), REPLACE, kept=False, gapless=True),
    "take up one with other tags": Story(
        beside(Images=["nginx:2"]), {**REPLACE, "tags": {"a": "1"}}, kept=False, gapless=True
    ),
    "join a replacement": Story(beside_building, REPLACE, kept=False, gapless=True),
    "a replacement that nobody declares": Story(beside(Images=["nginx:3"]), {}, kept=True, gapless=True),
    "a replacement of other images": Story(beside(Images=["nginx:3"]), REPLACE, kept=False, gapless=True),
    "a replacement that failed": Story(beside_failed, REPLACE, kept=False, gapless=True),
    "a name that is due": Story(lambda w: replacement(w, Images=["nginx:2"]), REPLACE, kept=True),
    "a name that is due, and other images": Story(replacement, REPLACE, kept=False),
    "a name that is due, after a failed update": Story(
        lambda w: update_failed(w, ImageCacheName="web-replacement"), {}, kept=False
    ),
    "absent": Story(ready, {"state": "absent"}),
    "absent while building": Story(building, {"state": "absent"}),
    "absent with a replacement": Story(beside(), {"state": "absent"}),
    "absent with only a replacement": Story(replacement, {"state": "absent"}),
}


class Life:
    """One story in one world."""

    def __init__(self, name: str, world_name: str) -> None:
        self.story, self.world = STORIES[name], World(settings_of(world_name))
        self.cache: Optional[Cache] = self.story.there(self.world)
        # What was there before is listed by now, unless it was begun just now.
        self.world.clock.now += 5
        self.world.calls.clear()
        self.options = dict(self.story.options)
        if self.options.get("state") == "absent":
            self.options["name"] = "web"

    def run(self, **more: Any) -> dict[str, Any]:
        return self.world.run(**{**self.options, **more})

    def ends_well(self) -> None:
        """What holds in the end, however it was reached."""
        if self.options.get("state") == "absent":
            assert self.world.caches == []
            return
        assert len(self.world.caches) == 1, self.world.caches
        cache = self.world.caches[0]
        assert self.world.service.status(cache) == "Ready"
        assert cache.declared["ImageCacheName"] == "web"
        assert set(cache.declared["Images"]) == set(self.options.get("images", ["nginx:1"]))
        assert cache.declared["ImageCacheSize"] == self.options.get("size", 20)
        shown = "Tags" not in self.world.settings.omitted_fields
        tags = {**self.options.get("tags", {}), **({} if self.options.get("purge_tags", True) else {"team": "web"})}
        for tag, value in tags.items() if shown else ():
            assert {"Key": tag, "Value": value} in cache.declared["Tags"]


def told(world: str) -> Iterator[str]:
    """Yield the stories that can be told in a world."""
    return (name for name, story in STORIES.items() if world not in story.but)


@pytest.mark.parametrize("world", worlds())
def test_every_story_ends_well(world: str) -> None:
    for name in STORIES:
        with told_as(name):
            a_story(name, world)


@contextmanager
def told_as(where: str) -> Iterator[None]:
    """Name the story in which an assertion fails."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{where}: {error}") from error


def a_story(name: str, world: str) -> None:
    life = Life(name, world)
    story = life.story
    if world in story.but:
        # Nothing shows it, so nothing is done, and nothing fails.
        assert life.run()["changed"] is False
        return
    gaps: list[int] = []
    if story.gapless:
        life.world.watch = lambda moment, number: None if life.world.ready_caches() else gaps.append(number)
    result = life.run()
    assert "failed" not in result, result["msg"]
    life.ends_well()
    if story.kept is not None and life.cache and not result["replaced"]:
        assert (life.world.caches[0].id == life.cache.id) is story.kept
    if result["replaced"]:
        assert result["replaced"]["new_id"] == result["image_cache_id"] == life.world.caches[0].id
    if result["image_cache"]:
        assert result["image_cache"]["status"] == "Ready"
    # A service that takes a cache out of use to give it its name leaves a gap that nobody can close.
    if not life.world.settings.every_update_builds:
        assert gaps == []
    life.world.clock.now += 5
    if story.quiet:
        again = life.run()
        assert "failed" not in again, again["msg"]
        assert again["changed"] is False, again["actions"]


def points(name: str, world: str) -> Iterator[tuple[int, str]]:
    """Yield where a story can be cut: before and after the service acts on each of its calls."""
    life = Life(name, world)
    life.run()
    for number in range(1, len(life.world.calls) + 1):
        yield from ((number, "before"), (number, "after"))


def cut(life: Life, number: int, moment: str) -> None:
    """Run a story up to this point, where its process is killed."""
    cut_at(life.world, number, moment, life.run)


def cut_at(world: World, number: int, moment: str, run: Callable[[], Any]) -> None:
    """Kill a run at a call, before or after the service acts on it."""

    def kill(at: str, call: int) -> None:
        if (at, call) == (moment, number):
            raise Killed

    world.watch = kill
    with pytest.raises(Killed):
        run()
    world.watch = lambda at, call: None
    # The API dates caches to the second, and the next run does not start within the same one.
    world.clock.now += 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("world", worlds())
def test_a_run_that_was_cut_off_is_picked_up_by_the_next(
    world: str, record_property: Callable[[str, object], None]
) -> None:
    count = 0
    for name in told(world):
        for number, moment in points(name, world):
            life = Life(name, world)
            cut(life, number, moment)
            with told_as(f"{name}, cut {moment} call {number}, {life.world.calls}"):
                result = life.run()
                assert "failed" not in result, result["msg"]
                life.ends_well()
            count += 1
    record_property("points", count)
    assert count > 400


@pytest.mark.exhaustive
@pytest.mark.parametrize("world", worlds())
def test_runs_that_do_not_wait_come_to_the_same_end(world: str) -> None:
    for name in told(world):
        with told_as(name):
            without_waiting(Life(name, world))


def without_waiting(life: Life) -> None:
    force = life.options.pop("force_rebuild", False)
    for number in range(8):
        builds = len(life.world.ready_caches()) < len(life.world.caches)
        result = life.run(wait=False, **({"force_rebuild": True} if force and not number else {}))
        if "failed" in result:
            # Only a delete that the API refuses is tried for no longer than some seconds.
            assert life.world.settings.delete_while_building is False, result["msg"]
            assert result["error"]["action"] == "DeleteImageCaches"
        # By the next run what this one has begun is Ready, and listed.
        life.world.clock.now += 90
        if not (result["changed"] or "failed" in result or builds):
            break
    else:
        raise AssertionError(f"never quiet: {life.world.calls}")
    life.ends_well()


@pytest.mark.parametrize("world_name", ["default", "tags are merged"])
def test_tags_that_stay_are_no_news_where_updates_merge_them(world_name: str) -> None:
    world = World(settings_of(world_name))
    cache = ready(world)
    result = world.run(**ADDED_TAG)
    assert result["image_cache"]["tags"] == {"team": "web", "new": "1"}
    assert [sent["Tags"] for action, sent in world.requests if action == "UpdateImageCache"] == [cache.declared["Tags"]]
    assert world.run(**ADDED_TAG)["changed"] is False
    assert world.warnings == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("web", "the update failed after"),
        ("web-replacement", "the update of its replacement imc-ymqi77j2 failed after"),
    ],
)
def test_of_a_failed_update_that_stays_it_is_said_what_would_mend_it(name: str, what: str) -> None:
    world = World()
    update_failed(world, ImageCacheName=name)
    message = world.run(on_change="fail")["msg"]
    assert what in message
    assert message.endswith(
        "With on_change: fail it stays as it is; with update it is updated again, with replace built anew."
    )
    assert "failed" not in world.run(on_change="update")
