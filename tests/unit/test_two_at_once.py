# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs at the same time, in every order that a schedule can bring their calls into."""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils import _outcome
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile import context, scheduler
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.reconciliation import Reconciliation
from emulator import BuildFailure, settings_of, worlds
from emulator.errors import ApiProblem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.support.world import CALL_SECONDS, World, check_diff

from .test_worlds import REPLACE, beside_building, failed, nothing, ready, replacement

STORIES: dict[str, Any] = {
    "create": (nothing, {}),
    "replace": (ready, REPLACE),
    "rebuild": (ready, {"force_rebuild": True}),
    "take up a replacement": (beside_building, REPLACE),
    "a name that is due": (lambda world: replacement(world, Images=["nginx:2"]), REPLACE),
    "recreate": (failed, {}),
    "update": (ready, {"images": ["nginx:2"]}),
    "update in place": (ready, {"retention_days": 4}),
    "absent": (ready, {"state": "absent", "name": "web"}),
}


class Run:
    """One of several runs in a world: it goes on when it is told to, and sleeps on a clock that all share."""

    def __init__(self, world: World, options: dict[str, Any]) -> None:
        self.world, self.journal = world, Journal(world)
        self.desired = Desired.from_params(world.params(**options))
        self.deadline = Deadline(world.clock, self.desired.wait_timeout)
        reconciliation = Reconciliation(
            self.desired, self.journal, clock=world.clock, deadline=self.deadline, check_mode=False
        )
        self.steps: Generator[Any, Any, Any] = reconciliation.run()
        self.client = Client(world, retries=3, check_mode=False, clock=world.clock)
        self.result: dict[str, Any] = {}
        self.due = world.clock.now
        self.effect: Any = None
        self._go_on(lambda: next(self.steps))

    def act(self) -> None:
        """Carry out the effect that is due, and hear what the run wants next."""
        try:
            came = self._carried_out()
        except RequestError as error:
            problem = error
            self._go_on(lambda: self.steps.throw(problem))
        else:
            self._go_on(lambda: self.steps.send(came))

    def _carried_out(self) -> Any:
        effect = self.effect
        if isinstance(effect, context.Read):
            return scheduler.part_of(scheduler.list_together(self.client, [effect], self.deadline), effect)
        writes = {"create": self.client.create, "update": self.client.update, "delete": self.client.delete}
        return writes[effect.action](effect.request, self.deadline)

    def _go_on(self, advance: Any) -> None:
        try:
            self.effect = advance()
            self.due = self.world.clock.now + getattr(self.effect, "after", 0.0)
        except StopIteration as end:
            self.effect = None
            self.result = _outcome.success(self.desired, end.value, self.journal, check_mode=False, diff=True)
        except _outcome.FAILURES as error:
            self.effect = None
            self.result = _outcome.failure(error, self.desired, self.journal)


def run_together(world: World, options: dict[str, Any], choose: Any, count: int = 2) -> list[dict[str, Any]]:
    """Run the same task several times at once; C(choose) says which of the runs that could act acts next."""
    runs = [Run(world, options) for _run in range(count)]
    while waiting := [run for run in runs if run.effect is not None]:
        # A run may be late, never early; and none is so late that the others wait for it for ever.
        soonest = min(run.due for run in waiting)
        ready_to_act = [run for run in waiting if run.due <= max(soonest, world.clock.now)]
        run = choose(ready_to_act)
        world.clock.now = max(world.clock.now, run.due)
        run.act()
    return [run.result for run in runs]


def check(world: World, options: dict[str, Any], results: list[dict[str, Any]]) -> None:
    for result in results:
        assert "failed" not in result, result["msg"]
        check_diff(result)
    if options.get("state") == "absent":
        assert world.caches == []
        return
    assert [cache.declared["ImageCacheName"] for cache in world.caches] == ["web"]
    assert world.ready_caches() == world.caches
    reported = {result["image_cache_id"] for result in results}
    # A run that begins when another one has ended rightly builds anew.
    assert world.caches[0].id in reported if options.get("force_rebuild") else reported == {world.caches[0].id}
    assert set(world.caches[0].declared["Images"]) == set(options.get("images", ["nginx:1"]))


@pytest.mark.parametrize("name", STORIES)
@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_two_runs_in_any_order_end_with_one_cache(name: str, data: st.DataObject) -> None:
    there, options = STORIES[name]
    world = World(settings_of(data.draw(st.sampled_from(sorted(worlds())), label="world")))
    there(world)
    world.clock.now += 10
    options = {**options, "wait_interval": 5.0}

    def choose(runs: list[Run]) -> Run:
        return runs[data.draw(st.integers(0, len(runs) - 1))] if len(runs) > 1 else runs[0]

    check(world, options, run_together(world, options, choose))


@pytest.mark.parametrize("name", STORIES)
def test_three_runs_in_random_orders(name: str) -> None:
    there, options = STORIES[name]
    for seed in range(40):
        world, order = World(), random.Random(seed)
        there(world)
        world.clock.now += 10
        results = run_together(world, {**options, "wait_interval": 5.0}, order.choice, count=3)
        # A run that comes upon two caches of one second has nothing to choose by: it is refused after a while.
        refused = [r for r in results if not r["actions"] and "2 image caches are named 'web'" in r.get("msg", "")]
        assert len(refused) < 2
        check(world, options, [result for result in results if result not in refused])


def test_the_older_run_wins_and_both_report_its_cache() -> None:
    world = World()
    first, second = run_together(world, {}, lambda runs: runs[0] if len(world.calls) % 3 else runs[-1])
    assert first["image_cache_id"] == second["image_cache_id"]
    created = [result for result in (first, second) if [a["action"] for a in result["actions"]] == ["create"]]
    assert len(created) == 1


@pytest.mark.parametrize(("ids_before", "later_is_smaller"), [(0, True), (1, False)])
def test_of_two_that_do_not_wait_the_later_one_yields_to_what_the_other_has_left(
    ids_before: int, later_is_smaller: bool
) -> None:
    world = World()
    for _id in range(ids_before):
        world.service._random_suffix()
    first, second = (Run(world, {"wait": False}) for _run in range(2))
    # Both list, one creates and looks, and only then the other creates: within one second.
    for run in (first, second, first, first):
        run.act()
    while second.effect is not None:
        world.clock.now = max(world.clock.now, second.due)
        second.act()
    (cache,) = world.caches
    assert [run.result["image_cache_id"] for run in (first, second)] == [cache.id] * 2
    assert [action["action"] for action in second.result["actions"]] == ["create", "delete"]
    assert second.result.get("failed") is None
    created, deleted = (run.result["actions"][0]["image_cache_id"] for run in (first, second))
    assert (deleted < created) is later_is_smaller


class TestDuplicatesOfOthers:
    """A second cache of the name that another run or a person has created is never deleted by this run."""

    def test_cache_created_by_a_person_during_the_build_is_left_alone_and_both_are_named(self) -> None:
        world = World()
        run = Run(world, {"wait_interval": 5.0})
        for _look_create_look in range(3):
            run.act()
        (own,) = world.caches
        world.clock.now += 30
        other = world.start_build(Images=["somebody:else"])
        while run.effect is not None:
            world.clock.now = max(world.clock.now, run.due)
            run.act()
        assert world.caches == [own, other]
        assert run.result["failed"] is True
        assert run.result["image_cache"]["image_cache_id"] == own.id
        assert run.result["image_cache"]["status"] == "Ready"
        assert run.result["msg"] == (
            f"image cache 'web' ({own.id}): {own.id} is Ready, but {other.id} (Pending) has the same name and was not"
            " created by this run. Nothing was deleted. Delete or rename the image cache that you do not need, then run"
            " again."
        )

    def test_older_cache_created_by_a_person_is_kept_and_declared(self) -> None:
        world = World()
        run = Run(world, {"wait_interval": 5.0})
        run.act()
        older = world.start_build(Images=["somebody:else"])
        world.clock.now += 5
        while run.effect is not None:
            world.clock.now = max(world.clock.now, run.due)
            run.act()
        assert world.caches == [older]
        assert run.result["image_cache_id"] == older.id
        assert older.declared["Images"] == ["nginx:1"]

    def test_cache_of_a_killed_run_of_the_same_second_is_left_alone(self) -> None:
        world = World()
        killed, survivor = (Run(world, {}) for _run in range(2))
        # Both list, both create; then one is killed, and the other has the smaller id.
        for run in (killed, survivor, killed, survivor):
            run.act()
        first, second = world.caches
        assert second.id < first.id
        while survivor.effect is not None:
            world.clock.now = max(world.clock.now, survivor.due)
            survivor.act()
        assert survivor.result["failed"] is True
        assert {cache.id for cache in world.caches} == {first.id, second.id}
        assert first.id in survivor.result["msg"]
        assert second.id in survivor.result["msg"]
        again = world.run()
        assert "2 image caches are named 'web'" in again["msg"]
        del world.service.caches[first.id]
        assert world.run()["changed"] is False

    def test_cache_of_the_name_created_during_a_replace_stops_the_replace(self) -> None:
        world = World()
        old = world.create_cache()
        run = Run(world, {**REPLACE, "wait_interval": 5.0})
        for _look_create_look in range(3):
            run.act()
        new = world.caches[-1]
        other = world.start_build(Images=["somebody:else"])
        while run.effect is not None:
            world.clock.now = max(world.clock.now, run.due)
            run.act()
        assert world.caches == [old, new, other]
        assert run.result["msg"] == (
            f"image cache 'web' ({old.id}): its replacement {new.id} is Ready, but {old.id} (Ready) and {other.id}"
            " (Ready) have the same name. Nothing was deleted. Delete or rename the image cache that you do not"
            " need, then run again."
        )
        del world.service.caches[other.id]
        again = world.run(**REPLACE)
        assert again["replaced"] == {"old_id": old.id, "new_id": new.id}
        assert world.caches == [new]


def test_a_failure_of_the_build_is_said_by_both() -> None:
    world = World()
    world.settings.failures = [BuildFailure("nginx")]
    results = run_together(world, {"recreate_failed": False}, lambda runs: runs[0])
    assert all(result["build_failure"]["reason"] == "PullImageFailed" for result in results)


def test_a_replacement_that_its_run_removes_before_it_gets_the_name() -> None:
    """Another run may yield to a third one just then; this run, which relied on its cache, plans anew."""
    world = World()
    world.create_cache()
    removed = world.create_cache(ImageCacheName="web-replacement", Images=["nginx:2"])

    def yielding(moment: str, number: int) -> None:
        if moment == "before" and world.calls[number - 1] == "UpdateImageCache":
            world.service.caches.pop(removed.id, None)

    world.watch = yielding
    result = world.run(images=["nginx:2"], on_change="replace")
    assert not result.get("failed"), result["msg"]
    (cache,) = world.ready_caches()
    assert (cache.declared["ImageCacheName"], cache.declared["Images"]) == ("web", ["nginx:2"])
    assert result["image_cache_id"] == cache.id != removed.id


def test_a_replacement_that_is_refused_is_asked_for_once() -> None:
    """What is not found then is what the request names, and no cache of another run."""
    world = World()
    world.create_cache()
    call = world.service.call

    def without_subnet(action: str, parameters: Any) -> Any:
        if action == "CreateImageCache":
            raise ApiProblem("ResourceNotFound.SubnetNotFound", "The subnet does not exist.")
        return call(action, parameters)

    world.service.call = without_subnet  # type: ignore[method-assign]
    result = world.run(images=["nginx:2"], on_change="replace")
    assert result["error"]["code"] == "ResourceNotFound.SubnetNotFound"
    assert "Check subnet_id" in result["msg"]
    assert world.calls.count("CreateImageCache") == 1


def test_a_replacement_that_vanishes_while_it_is_built_is_said() -> None:
    world = World()
    old = world.create_cache()

    def removing(moment: str, number: int) -> None:
        if moment == "before" and number == 5:
            world.service.caches = {old.id: old}

    world.watch = removing
    result = world.run(images=["nginx:2"], on_change="replace")
    assert "is no longer listed. It was deleted by somebody else" in result["msg"]
    assert world.calls.count("CreateImageCache") == 1
    assert world.caches == [old]


def test_a_cache_of_an_id_that_is_removed_meanwhile_is_not_built_anew() -> None:
    world = World()
    cache = world.create_cache()

    def removing(moment: str, number: int) -> None:
        if moment == "before" and world.calls[number - 1] == "UpdateImageCache":
            world.service.caches.pop(cache.id, None)

    world.watch = removing
    result = world.run(image_cache_id=cache.id, name=None, retention_days=3)
    assert result["error"]["code"] == "ResourceNotFound"
    assert world.caches == []


@pytest.mark.parametrize("options", [{}, {"wait": False}], ids=str)
@pytest.mark.parametrize("others", [{}, {"wait": False}], ids=str)
def test_one_that_is_not_listed_yet_yields_all_the_same(options: dict[str, Any], others: dict[str, Any]) -> None:
    world = World()
    world.settings.listed_after = 4.0
    other = Run(world, others)
    while other.effect is not None and not isinstance(other.effect, context.Write):
        other.act()
    other.act()
    # This one looks just before the other's cache is listed, and creates; then it sees that one, and its own not yet.
    world.clock.now = world.caches[0].created + 4.0 - CALL_SECONDS - 0.01
    run = Run(world, options)
    for _look_create_look in range(3):
        run.act()
    while waiting := [one for one in (run, other) if one.effect is not None]:
        soonest = min(waiting, key=lambda one: one.due)
        world.clock.now = max(world.clock.now, soonest.due)
        soonest.act()
    world.clock.now += 60
    check(world, {}, [run.result, other.result])


def test_one_that_is_never_listed_beside_another_is_removed_by_its_id() -> None:
    """A service may show a name to one and not to the other: the run that sees only the other one goes."""
    world = World()

    def watch(moment: str, number: int) -> None:
        if (moment, world.calls[number - 1]) == ("after", "CreateImageCache") and len(world.caches) == 1:
            world.clock.now += 5
            world.settings.listed_after = 1e9
            (own,) = world.caches
            other = world.start_build()
            other.created = own.created - 1e9

    world.watch = watch
    result = world.run(wait=False)
    (left,) = world.caches
    assert result["image_cache_id"] == left.id
    assert [action["action"] for action in result["actions"]] == ["create", "delete"]
