# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of the guides have every variable, every cause and every piece of advice of the code."""

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
from stories.controller import ROOT
from stories.examples import GUIDES, documentation
from stories.guides import read, table
from unit.support.world import World


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_guide_is_well_formed_and_in_the_index(guide: Path) -> None:
    images = read(guide).findall(docutils.nodes.image)
    assert all((guide.parent / image["uri"]).is_file() for image in images)
    assert f"      - {guide.stem}\n" in (ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8")


def test_guide_names_every_variable_and_option() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_authentication.rst").read_text(encoding="utf-8")
    for variable in (*_connection.ENVIRONMENT.values(), *_connection.PROFILE_VARIABLES, *TOKEN_VARIABLES):
        assert f"``{variable}``" in guide
    for option in _connection.OPTIONS:
        assert f"``{option}``" in guide


def test_guide_on_workloads_names_every_variable_of_its_playbook() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_workloads.rst").read_text(encoding="utf-8")
    (play,) = yaml.safe_load((ROOT / "playbooks/cache_workloads.yml").read_text(encoding="utf-8"))
    documented = set(re.findall("``([a-z_]+)``", guide))
    assert set(play["vars"]) <= documented
    internal = yaml.safe_load((ROOT / "playbooks/vars/cache_workloads.yml").read_text(encoding="utf-8"))
    assert all("__" in name for name in internal)


def test_event_messages_have_the_documented_cause() -> None:
    documented = set()
    for words, cause, action in table("By the words of an event"):
        for example in words.split(", "):
            found = causes.cause_of_words(example)
            assert found is not None
            assert (cause, action) == (found.cause, found.action), example
            assert f"{cause} {action}" == found.hint
            documented.add(found)
    assert documented == {cause for _pattern, cause in causes.WORDS}


def test_last_steps_have_the_documented_cause() -> None:
    rows = {message: f"{cause} {action}" for message, cause, action in table("By the last step")}
    messages = {step: f"failed after {step}" if step else "failed, and no event" for step in causes.AFTER}
    assert rows == {messages[step]: cause.hint for step, cause in causes.AFTER.items()}


def test_api_codes_have_the_documented_advice() -> None:
    documented, kinds = set(), set()
    for codes, cause, action in table("By the code of the API"):
        for code in codes.split(", "):
            # Some advice applies to updates only.
            error = errors.api_error(code, "No.", action="UpdateImageCache")
            assert without_code_marks(advice.advice(error)) == f"{cause} {action}", code
            documented.add(advice.advice(error))
            kinds.add(type(error))
    assert {found.hint for _pattern, found in advice.BY_CODE} <= documented
    assert {kind for kind in advice.BY_KIND if issubclass(kind, errors.ApiError)} <= kinds


def test_failures_without_response_have_the_documented_advice() -> None:
    rows = {kind: (cause, action) for _message, kind, cause, action in table("Without a response of the API")}
    others = {kind: found for kind, found in advice.BY_KIND.items() if not issubclass(kind, errors.ApiError)}
    assert rows == {kind.__name__: (found.cause, found.action) for kind, found in others.items()}


@pytest.mark.parametrize("module", ["image_cache", "image_cache_info"])
def test_states_have_the_documented_meaning(module: str) -> None:
    assert dict(table("States of an image cache")) == STATUSES
    returned = documentation(ROOT / f"plugins/modules/{module}.py", "RETURN")
    (listed,) = re.findall(r"V\(Pending\), .*?(?=\. )", returned)
    assert re.findall(r"V\((\w+)\)", listed) == list(STATUSES)


def texts_of_picture(name: str) -> list[tuple[str, str]]:
    """Return class and text of each text element of a picture."""
    text = (ROOT / f"docs/docsite/rst/images/{name}.svg").read_text(encoding="utf-8")
    return re.findall(r"<text(?: class=\"(\w+)\")? [^>]*>([^<]+)</text>", text)


def test_life_cycle_picture_has_every_state() -> None:
    documented = documentation(ROOT / "plugins/modules/image_cache_info.py", "DOCUMENTATION")
    states = yaml.safe_load(documented)["options"]["statuses"]["choices"]
    assert sorted(words for kind, words in texts_of_picture("life") if kind == "name") == sorted(states)


def test_replace_picture_has_the_calls_of_a_replace() -> None:
    world = World()
    world.create_cache()
    result = world.run(images=["nginx:2"], on_change="replace")
    assert result["replaced"]
    calls = [(action, sorted(request) if action == "DescribeImageCaches" else []) for action, request in world.requests]
    # One arrow stands for all polls of a build or of a deletion.
    expected = [call[0] for call, _repeated in itertools.groupby(calls)]
    drawn = [words.split(":")[0].split(",")[0] for kind, words in texts_of_picture("replace") if not kind]
    assert drawn == expected


def without_code_marks(words: str) -> str:
    """Return the text without backticks."""
    return re.sub("`", "", words)
