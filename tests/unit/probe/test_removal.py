# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The caches of a probe are removed whatever happens, and nothing else is."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    InvalidInput,
    NoAnswer,
    NotAuthorized,
    api_error,
)
from emulator import worlds
from probe.__main__ import main
from probe.journal import Journal, only_probe
from unit.support.probing import ENDPOINT, REGION, ask_all, clean_up, probed_world
from unit.support.world import CREATE, DELETE, LIST, UPDATE, Killed, World

# Worlds in which a cache is hard to find or to delete.
HARD = ("listed after 4 s", "no delete while building", "names match in part", "all at once")


def ask_until_killed(world: World, folder: Path, number: int, moment: str) -> None:
    """Run a probe that is killed before or after the service executes a call."""

    def kill(now: str, call: int) -> None:
        # A killed process sends no further calls, either.
        if call > number or (now, call) == (moment, number):
            raise Killed

    world.watch = kill
    with pytest.raises(Killed):
        ask_all(world, folder)
    world.watch = lambda _moment, _number: None


def count_calls(world_name: str, folder: Path) -> int:
    world = probed_world(world_name)
    ask_all(world, folder)
    return len(world.calls)


@pytest.mark.parametrize(
    "world_name", ["default", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in HARD)]
)
def test_clean_removes_all_caches_of_a_killed_probe_and_no_other(world_name: str, tmp_path: Path) -> None:
    left = 0
    for number in range(1, count_calls(world_name, tmp_path / "whole") + 1):
        for moment in ("after", "before"):
            world, folder = probed_world(world_name), tmp_path / f"{number}-{moment}"
            other = world.create_cache(ImageCacheName="tke-probe-1")
            ask_until_killed(world, folder, number, moment)
            left = max(left, len(world.caches))
            assert clean_up(world, folder) == 0, (number, moment)
            assert world.caches == [other], (number, moment)
            assert not (folder / "journal.jsonl").exists()
    assert left > 2


def test_cache_with_a_name_that_contains_that_of_the_probe_is_kept(tmp_path: Path) -> None:
    world = probed_world("names match in part")
    ask_until_killed(world, tmp_path, next_call(world, CREATE, tmp_path / "whole"), "after")
    (own,) = world.caches
    other = world.create_cache(ImageCacheName=f"{own.declared['ImageCacheName']}-copy")
    assert clean_up(world, tmp_path) == 0
    assert world.caches == [other]


def next_call(world: World, action: str, folder: Path) -> int:
    """Return the number of the first call of an action in a whole run."""
    whole = probed_world()
    ask_all(whole, folder)
    return whole.calls.index(action) + 1


def test_name_is_in_the_journal_before_its_create_is_sent(tmp_path: Path) -> None:
    world = probed_world()

    def watch(moment: str, _number: int) -> None:
        if moment == "before" and world.calls[-1] == CREATE:
            journal = (tmp_path / "journal.jsonl").read_text(encoding="utf-8")
            assert f'{{"create": "{world.requests[-1][1]["ImageCacheName"]}"}}\n' in journal

    world.watch = watch
    assert ask_all(world, tmp_path) == 0


def test_last_line_of_the_journal_may_be_cut_off(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.start(REGION, ENDPOINT)
    journal.note_create("a")
    journal.note_create("a")
    journal.note_created("a", "imc-1")
    with (tmp_path / "journal.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"create": "b')
    remains = journal.read()
    assert remains is not None
    assert (remains.region, remains.endpoint, dict(remains.unanswered), remains.ids) == (
        REGION,
        ENDPOINT,
        {"a": 1},
        ["imc-1"],
    )


@pytest.mark.parametrize("text", ["no journal\n", '{"region": "a", "endpoint": "b"}\n{"created": "imc-1"}\n', "[]\n"])
def test_damaged_journal_is_reported(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="Invalid journal"):
        Journal(path).read()


def test_create_without_answer_is_found_and_removed(tmp_path: Path) -> None:
    world = probed_world("listed after 4 s")
    send = world.send

    def lose_answer(action: str, parameters: Any) -> dict[str, Any]:
        answer = send(action, parameters)
        if action == CREATE:
            raise NoAnswer("lost", action=action)
        return answer

    world.send = lose_answer  # type: ignore[method-assign]
    with pytest.raises(NoAnswer):
        ask_all(world, tmp_path)
    assert world.calls.count(CREATE) == 1
    assert world.caches == []


@pytest.mark.parametrize("denied", [UPDATE, DELETE, LIST, "GetMostSuitableImageCache"])
def test_credentials_that_may_not_write_are_refused_before_anything_is_created(tmp_path: Path, denied: str) -> None:
    world = probed_world()
    send = world.send

    def deny(action: str, parameters: Any) -> dict[str, Any]:
        if action == denied:
            raise api_error("UnauthorizedOperation.CamNoAuth", "You are not authorized.", action=action)
        return send(action, parameters)

    world.send = deny  # type: ignore[method-assign]
    with pytest.raises(InvalidInput, match=rf"may not use {denied} \(.*not authorized.*Nothing was created"):
        ask_all(world, tmp_path)
    assert CREATE not in world.calls
    assert list(tmp_path.iterdir()) == []


def test_credentials_that_may_not_create_end_the_probe(tmp_path: Path) -> None:
    world = probed_world()
    send = world.send

    def deny(action: str, parameters: Any) -> dict[str, Any]:
        if action == CREATE:
            raise api_error("UnauthorizedOperation.CamNoAuth", "You are not authorized.", action=action)
        return send(action, parameters)

    world.send = deny  # type: ignore[method-assign]
    with pytest.raises(NotAuthorized):
        ask_all(world, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(autouse=True)
def _usual_signals() -> Iterator[None]:
    """Let Ctrl-C and the end of the terminal interrupt the test, whatever the shell or another test has set."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("action", [CREATE, UPDATE, DELETE])
def test_signal_ends_the_questions_and_removes_the_caches(tmp_path: Path, action: str, number: signal.Signals) -> None:
    world = probed_world()

    def watch(moment: str, _number: int) -> None:
        # A second signal must not interrupt the removal.
        if moment == "after" and world.calls[-1] == action and CREATE in world.calls:
            os.kill(os.getpid(), number)

    world.watch = watch
    assert ask_all(world, tmp_path) == 1
    assert world.caches == []
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)


class ClosedPipe:
    """The standard output whose reader has ended, for example C(tee) after Ctrl-C."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    def flush(self) -> None:
        raise BrokenPipeError(32, "Broken pipe")


def test_output_that_nobody_reads_does_not_prevent_the_removal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = probed_world()

    def watch(moment: str, _number: int) -> None:
        if moment == "after" and world.calls[-1] == CREATE:
            monkeypatch.setattr(sys, "stdout", ClosedPipe())

    world.watch = watch
    assert ask_all(world, tmp_path) == 0
    assert world.caches == []


def test_signal_that_nohup_ignores_does_not_end_the_questions(tmp_path: Path) -> None:
    world = probed_world()

    def watch(moment: str, _number: int) -> None:
        if moment == "after" and world.calls[-1] == CREATE:
            os.kill(os.getpid(), signal.SIGHUP)

    world.watch = watch
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert ask_all(world, tmp_path) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert world.calls.count(CREATE) > 1


def test_cache_that_cannot_be_deleted_is_reported_and_stays_in_the_journal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = probed_world()
    send = world.send

    def deny(action: str, parameters: Any) -> dict[str, Any]:
        if action == DELETE and set(parameters["ImageCacheIds"]) & set(world.service.caches):
            raise api_error("UnauthorizedOperation.CamNoAuth", "You are not authorized.", action=action)
        return send(action, parameters)

    world.send = deny  # type: ignore[method-assign]
    assert ask_all(world, tmp_path) == 1
    left = [cache.id for cache in world.caches]
    assert left
    output = capsys.readouterr().out
    assert all(f"{image_cache_id} was not removed: You are not authorized." in output for image_cache_id in left)
    assert "make probe CLEAN=1" in output
    world.send = send  # type: ignore[method-assign]
    assert clean_up(world, tmp_path) == 0
    assert world.caches == []


def test_second_probe_in_the_same_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_probe(tmp_path):
        assert main(["--clean", "--folder", str(tmp_path)]) == 1
    assert "Another probe runs" in capsys.readouterr().err


def test_hard_worlds_exist() -> None:
    assert set(HARD) < set(worlds())


class WriteKilled:
    """Kills the process at one write of the journal: before it, in the middle of the line, or after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, moment: str) -> None:
        self.written, self._number, self._moment = 0, number, moment
        self._append = Journal._append

        def append(journal: Journal, entry: dict[str, Any]) -> None:
            self.append(journal, entry)

        monkeypatch.setattr(Journal, "_append", append)

    def append(self, journal: Journal, entry: dict[str, Any]) -> None:
        self.written += 1
        # A killed process writes nothing further, either.
        if self.written > self._number or (self.written, self._moment) == (self._number, "before"):
            raise Killed
        self._append(journal, entry)
        if self.written == self._number:
            if self._moment == "within":
                data = journal._path.read_bytes()
                journal._path.write_bytes(data[: -len(data.splitlines(keepends=True)[-1]) // 2])
            raise Killed


def count_writes(folder: Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        counter = WriteKilled(patch, 10_000, "before")
        assert ask_all(probed_world(), folder) == 0
    return counter.written


@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_clean_removes_all_caches_of_a_probe_that_is_killed_at_a_write_of_its_journal(
    tmp_path: Path, moment: str
) -> None:
    writes = count_writes(tmp_path / "whole")
    assert writes > 10
    for number in range(1, writes + 1):
        world, folder = probed_world(), tmp_path / str(number)
        with pytest.MonkeyPatch.context() as patch:
            WriteKilled(patch, number, moment)
            with pytest.raises(Killed):
                ask_all(world, folder)
        assert clean_up(world, folder) == 0, number
        assert world.caches == [], number
        assert not (folder / "journal.jsonl").exists()


def kill_clean_up(world: World, folder: Path, number: int, moment: str) -> bool:
    """Clean up until a call, and return whether that call was reached."""

    def kill(now: str, call: int) -> None:
        if call > first + number or (now, call) == (moment, first + number):
            raise Killed

    first, world.watch = len(world.calls), kill
    try:
        clean_up(world, folder)
    except Killed:
        return True
    finally:
        world.watch = lambda _moment, _number: None
    return False


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("cut", [False, True], ids=["whole journal", "last line cut off"])
def test_clean_that_is_killed_is_completed_by_the_next_one(tmp_path: Path, moment: str, cut: bool) -> None:
    whole = probed_world()
    ask_all(whole, tmp_path / "whole")
    last_create = len(whole.calls) - whole.calls[::-1].index(CREATE)
    for number in range(1, 100):
        world, folder = probed_world(), tmp_path / str(number)
        ask_until_killed(world, folder, last_create, "after")
        if cut:
            with (folder / "journal.jsonl").open("a", encoding="utf-8") as file:
                file.write('{"create": "b')
        if not kill_clean_up(world, folder, number, moment):
            break
        assert clean_up(world, folder) == 0, number
        assert world.caches == [], number
        assert not (folder / "journal.jsonl").exists()
    assert number > 3
