# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides say what is so: their tables have every variable, every cause and every piece of advice."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import docutils.nodes
import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api import errors
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.chain import TOKEN_VARIABLES
from ansible_collections.tencentcloud.tke.plugins.module_utils._diagnosis import advice, causes
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.selection import STATUSES
from stories.caches import LIST, UPDATE
from stories.controller import ROOT
from stories.examples import GUIDES, documentation
from stories.guides import read, table

from .world import World


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_it_is_well_formed_and_in_the_index(guide: Path) -> None:
    images = read(guide).findall(docutils.nodes.image)
    assert all((guide.parent / image["uri"]).is_file() for image in images)
    assert f"      - {guide.stem}\n" in (ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8")


def test_every_variable_is_in_the_guide() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_authentication.rst").read_text(encoding="utf-8")
    for variable in (*_connection.ENVIRONMENT.values(), *_connection.PROFILE_VARIABLES, *TOKEN_VARIABLES):
        assert f"``{variable}``" in guide
    for option in _connection.OPTIONS:
        assert f"``{option}``" in guide


def test_the_words_of_an_event_have_the_cause_that_the_guide_says() -> None:
    shown = set()
    for words, cause, action in table("By the words of an event"):
        for example in words.split(", "):
            found = causes.cause_of_words(example)
            assert found is not None
            assert (cause, action) == (found.cause, found.action), example
            assert f"{cause} {action}" == found.hint
            shown.add(found)
    assert shown == {cause for _pattern, cause in causes.WORDS}


def test_the_last_step_has_the_cause_that_the_guide_says() -> None:
    rows = {message: f"{cause} {action}" for message, cause, action in table("By the last step")}
    printed = {step: f"failed after {step}" if step else "failed, and no event" for step in causes.AFTER}
    assert rows == {printed[step]: cause.hint for step, cause in causes.AFTER.items()}


def test_the_codes_have_the_advice_that_the_guide_says() -> None:
    shown, kinds = set(), set()
    for codes, cause, action in table("By the code of the API"):
        for code in codes.split(", "):
            # Of an update more can be said.
            error = errors.api_error(code, "No.", action=UPDATE)
            assert plain(advice.advice(error)) == f"{cause} {action}", code
            shown.add(advice.advice(error))
            kinds.add(type(error))
    assert {found.hint for _pattern, found in advice.BY_CODE} <= shown
    assert {kind for kind in advice.BY_KIND if issubclass(kind, errors.ApiError)} <= kinds


def test_the_kinds_of_failure_have_the_advice_that_the_guide_says() -> None:
    rows = {kind: (cause, action) for _message, kind, cause, action in table("Without a response of the API")}
    others = {kind: found for kind, found in advice.BY_KIND.items() if not issubclass(kind, errors.ApiError)}
    assert rows == {kind.__name__: (found.cause, found.action) for kind, found in others.items()}


@pytest.mark.parametrize("module", ["image_cache", "image_cache_info"])
def test_states_have_the_meaning_that_the_guide_says(module: str) -> None:
    assert dict(table("States of an image cache")) == STATUSES
    returned = documentation(ROOT / f"plugins/modules/{module}.py", "RETURN")
    (listed,) = re.findall(r"V\(Pending\), .*?(?=\. )", returned)
    assert re.findall(r"V\((\w+)\)", listed) == list(STATUSES)


def picture(name: str) -> list[tuple[str, str]]:
    """Return class and words of each text of a picture."""
    text = (ROOT / f"docs/docsite/rst/images/{name}.svg").read_text(encoding="utf-8")
    return re.findall(r"<text(?: class=\"(\w+)\")? [^>]*>([^<]+)</text>", text)


def test_the_picture_of_a_life_has_every_state() -> None:
    documented = documentation(ROOT / "plugins/modules/image_cache_info.py", "DOCUMENTATION")
    states = yaml.safe_load(documented)["options"]["statuses"]["choices"]
    assert sorted(words for kind, words in picture("life") if kind == "name") == sorted(states)


def test_the_picture_of_a_replace_has_the_calls_of_one() -> None:
    world = World()
    world.settled()
    result = world.run(images=["nginx:2"], on_change="replace")
    assert result["replaced"]
    made = [(action, sorted(request) if action == LIST else []) for action, request in world.requests]
    # Looks at a build, and at a deletion, go on until it has ended: one arrow each.
    once = [call[0] for call, _repeated in itertools.groupby(made)]
    drawn = [words.split(":")[0].split(",")[0] for kind, words in picture("replace") if not kind]
    assert drawn == once


def plain(words: str) -> str:
    """Return words without the marks for code."""
    return re.sub("`", "", words)
