# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probe in every world of the emulator: it names that world's answers and no other, and leaves nothing behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import api_error
from emulator import Settings, answers_of, worlds
from probe.questions import DEFAULT, QUESTIONS
from probe.report import clean
from unit.support.probing import SETTING, answered_worlds, ask_all, probed_world, read_answers
from unit.support.world import CREATE, DELETE, LIST, UPDATE, World

MATCH = "GetMostSuitableImageCache"
NEEDS = {question.text: set(question.needs) for question in QUESTIONS}
# Maximum number of characters of an issue on GitHub.
LONGEST_ISSUE = 65536


def expected_worlds(settings: Settings) -> dict[str, Optional[str]]:
    """Return the world of the answer to each question, None if the listing does not show it."""
    omitted = set(settings.omitted_fields)
    return {question: None if NEEDS[question] & omitted else name for question, name in answers_of(settings).items()}


@pytest.mark.parametrize("name", worlds())
def test_probe_names_the_answers_of_the_world_and_no_other(name: str, tmp_path: Path) -> None:
    world = probed_world(name)
    most = count_caches(world)
    assert ask_all(world, tmp_path) == 0
    assert answered_worlds(tmp_path) == expected_worlds(world.settings)
    assert world.caches == []
    assert max(most) <= 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "report.md"]
    for question, entry in read_answers(tmp_path).items():
        assert entry["evidence"], question
        assert (entry["answer"] is None) is (entry["world"] is None) is bool(entry["reason"]), question


def count_caches(world: World) -> list[int]:
    """Return a list that grows by the number of existing caches after each call."""
    counts = [0]
    world.watch = lambda moment, _number: counts.append(len(world.caches)) if moment == "after" else None
    return counts


def test_caches_are_small_and_expire_in_a_day(tmp_path: Path) -> None:
    world = probed_world()
    ask_all(world, tmp_path)
    creates = [request for action, request in world.requests if action == CREATE]
    assert {(create["RetentionDays"], create["ImageCacheSize"]) for create in creates} == {(1, 20)}
    names = {create["ImageCacheName"] for create in creates}
    assert len({name.rpartition("-")[0] for name in names}) == 1
    assert all(name.startswith("tke-probe-") for name in names)


def test_only_caches_of_the_probe_are_changed(tmp_path: Path) -> None:
    world = probed_world()
    own = set()

    def watch(moment: str, _number: int) -> None:
        if moment == "after" and world.calls[-1] == CREATE:
            own.update(set(world.service.caches) - {other.id})
        elif moment == "before" and world.calls[-1] in (UPDATE, DELETE):
            sent = world.requests[-1][1]
            # Ids of no cache show which requests are refused.
            named = set(sent.get("ImageCacheIds", [sent.get("ImageCacheId")])) & set(world.service.caches)
            assert named <= own

    other = world.create_cache(ImageCacheName="tke-probe-1", Images=[SETTING.image], ImageCacheSize=30)
    declared = dict(other.declared)
    world.watch = watch
    assert ask_all(world, tmp_path) == 0
    assert (world.caches, other.declared) == ([other], declared)
    assert answered_worlds(tmp_path) == expected_worlds(world.settings)


def test_other_cache_that_matches_instead_makes_the_answer_unknown(tmp_path: Path) -> None:
    world = probed_world()
    other = world.create_cache(ImageCacheName="production", Images=[SETTING.image], ImageCacheSize=10)
    ask_all(world, tmp_path)
    entry = read_answers(tmp_path)["Does a request for the most suitable cache count as a match?"]
    assert (entry["answer"], entry["world"]) == (None, None)
    assert entry["reason"].startswith("Another image cache of the account matches.")
    # The report says nothing about the caches of the account.
    assert other.id not in json.dumps(entry)
    assert "production" not in (tmp_path / "report.json").read_text(encoding="utf-8")


def test_without_digest_the_question_about_digests_says_why_it_is_not_asked(tmp_path: Path) -> None:
    ask_all(probed_world(), tmp_path, replace(SETTING, pinned_image=None))
    entry = read_answers(tmp_path)["Can images have a digest, and is it matched?"]
    assert (entry["answer"], entry["world"], entry["reason"]) == (None, None, "IMAGE has no digest.")


def test_build_without_access_to_the_registry_leaves_the_other_answers(tmp_path: Path) -> None:
    world = probed_world()
    world.settings.failures[0].image = "busybox:"
    assert ask_all(world, tmp_path) == 0
    found = answered_worlds(tmp_path)
    assert found["Are names unique?"] == found["How does a listing show registry passwords?"] == DEFAULT
    entry = read_answers(tmp_path)["Which format do times have?"]
    assert entry["reason"].startswith(
        "The main image cache is Failed. Its build needs access to the registry of IMAGE."
    )
    assert world.caches == []
    assert entry["evidence"][-1]["answer"]["ImageCaches"][0]["Status"] == "Failed"


class TestUnknownAnswers:
    """A service that behaves as no switch does is reported with the evidence, and without a world."""

    @staticmethod
    def ask(folder: Path, question: str, change: Any) -> dict[str, Any]:
        """Return the entry of a question to a service whose answers C(change) modifies."""
        world = probed_world()
        send = world.send

        def send_changed(action: str, parameters: Any) -> dict[str, Any]:
            return change(action, parameters, lambda: send(action, parameters))  # type: ignore[no-any-return]

        world.send = send_changed  # type: ignore[method-assign]
        assert ask_all(world, folder) == 0
        assert world.caches == []
        return read_answers(folder)[question]

    @staticmethod
    def changed_field(field: str, value: Any) -> Any:
        def change(action: str, _parameters: Any, answer: Any) -> dict[str, Any]:
            result: dict[str, Any] = answer()
            for raw in result.get("ImageCaches", []) if action == LIST else ():
                raw[field] = value
            return result

        return change

    @pytest.mark.parametrize(
        ("question", "field", "value", "answer"),
        [
            ("Which format do times have?", "CreationTime", "30.03.2026", "several"),
            ("How does a listing show images?", "Images", ["index.docker.io/busybox"], "otherwise"),
            ("Are the optional fields of a cache always shown?", "Snapshotter", None, "yes"),
            ("In which order are events listed?", "Events", "none", None),
            (
                "How does a listing show registry passwords?",
                "ImageRegistryCredentials",
                [{"Password": "x"}],
                "otherwise",
            ),
            ("Does another retention count from the creation?", "ExpireDateTime", "soon", None),
        ],
    )
    def test_other_values_have_no_world(
        self, tmp_path: Path, question: str, field: str, value: Any, answer: Optional[str]
    ) -> None:
        entry = self.ask(tmp_path, question, self.changed_field(field, value))
        assert (entry["answer"] or "").split(" (")[0] == (answer or "")
        assert entry["world"] == (DEFAULT if answer == "yes" else None)
        assert entry["evidence"]

    def test_unknown_refusal_is_reported_with_its_code(self, tmp_path: Path) -> None:
        def change(action: str, parameters: Any, answer: Any) -> Any:
            if action == UPDATE and "Tags" in parameters and parameters["Tags"][0]["Key"] == "b":
                raise api_error("FailedOperation.Locked", "No, 100012345678.", action=action, request_id="r-1")
            return answer()

        entry = self.ask(tmp_path, "Do the tags of an update replace all tags?", change)
        assert (entry["answer"], entry["world"], entry["reason"]) == (None, None, "No, ********.")
        assert entry["evidence"][-1]["answer"] == {"Code": "FailedOperation.Locked", "Message": "No, ********."}

    @pytest.mark.parametrize("action", [UPDATE, DELETE, MATCH])
    def test_action_that_fails_leaves_answers_unknown_and_no_cache(self, tmp_path: Path, action: str) -> None:
        def change(asked: str, parameters: Any, answer: Any) -> Any:
            created.append(asked == CREATE)
            # The action fails from the first create to the fourth, if it concerns caches that exist.
            if asked == action and sum(created) in failing and "imc-00000000" not in str(parameters):
                raise api_error("FailedOperation", "No.", action=asked, request_id="r-1")
            return answer()

        failing = range(1, 5) if action == MATCH else range(1, 3)
        created: list[bool] = []
        self.ask(tmp_path, QUESTIONS[0].text, change)
        found = answered_worlds(tmp_path)
        assert found["Is a new cache listed at once?"] == DEFAULT
        assert None in found.values()


def test_report_fits_into_an_issue_and_shows_no_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = probed_world()
    ask_all(world, tmp_path)
    sent = json.dumps(world.requests)
    texts = [(tmp_path / name).read_text(encoding="utf-8") for name in ("report.md", "report.json")]
    assert all(len(text) < LONGEST_ISSUE for text in texts)
    credentials = [request.get("ImageRegistryCredentials") for action, request in world.requests if action == CREATE]
    password = next(found[0]["Password"] for found in credentials if found)
    for secret in (password, SETTING.vpc_id, SETTING.subnet_id):
        assert secret in sent
        assert not any(secret in text for text in (*texts, capsys.readouterr().out))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("qcs::cam::uin/100012345678:uin/1250000000", "qcs::cam::uin/********:uin/********"),
        ("ccr.example.com/100012345678/web", "ccr.example.com/********/web"),
        ("2026-03-30 17:07:11.389402882 +0800 CST m=+893.262707991", None),
        ("1774828800000", None),
        ("imc-00000012", None),
    ],
)
def test_account_ids_are_masked_and_times_are_not(text: str, shown: Optional[str]) -> None:
    assert clean({"a": [text]}, []) == {"a": [shown or text]}
