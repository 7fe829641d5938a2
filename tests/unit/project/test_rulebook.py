# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook as shipped. `make eda` runs it, with a shorter window, in the real ansible-rulebook."""

from __future__ import annotations

import json
import re
from typing import Any

import jinja2
import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.filter.pushed_images import pushed_images
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._push_events import PUSH_ACTION, PUSH_TYPES
from stories.controller import ROOT
from unit.support.pushes import IMAGE, SENDERS, read_push

(RULEBOOK,) = yaml.safe_load((ROOT / "extensions/eda/rulebooks/refresh_on_push.yml").read_text(encoding="utf-8"))
PLAYBOOK = ROOT / "playbooks/refresh_pushed_images.yml"
(PLAY,) = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))
REFRESH = RULEBOOK["rules"][0]
ACTION = REFRESH["action"]["run_playbook"]


def render(text: str, **variables: Any) -> str:
    """Return the text with its templates evaluated as ansible-rulebook does, with Jinja's own filters only."""
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text).render(variables)


def test_condition_names_the_events_that_the_filter_understands() -> None:
    types = ", ".join(f'"{name}"' for name in PUSH_TYPES)
    assert f"event.payload.type in [{types}]" in REFRESH["condition"]
    assert f'selectattr("action", "==", "{PUSH_ACTION}")' in REFRESH["condition"]
    assert 'selectattr("target.tag", "search", ".")' in REFRESH["condition"]


@pytest.mark.parametrize("sender", SENDERS)
def test_events_reach_the_filter_without_a_template(sender: str) -> None:
    template = "{{ 7 * 7 }}{% raw %}{# #}"
    event = {"payload": read_push(sender), "meta": {"headers": {"User-Agent": template}}}
    for variables in ({"event": event}, {"events": {"m_0": event, "m_1": event}}):
        passed = render(ACTION["extra_vars"]["image_cache_push_events"], **variables)
        assert "{" not in passed
        assert pushed_images(passed) == [IMAGE]


def test_pushes_within_a_minute_cause_one_run_and_none_is_dropped() -> None:
    assert REFRESH["throttle"] == {"once_after": "1 minute", "group_by_attributes": ["event.meta.uuid"]}
    assert RULEBOOK["execution_strategy"] == "sequential"


def test_webhook_demands_a_token_and_listens_on_this_machine_only() -> None:
    webhook = RULEBOOK["sources"][0]["eda.builtin.webhook"]
    assert (render(webhook["host"]), render(webhook["port"])) == ("127.0.0.1", "5050")
    with pytest.raises(jinja2.UndefinedError):
        render(webhook["token"])


def test_playbook_of_the_collection_is_run_with_its_variables() -> None:
    assert ACTION["name"] == f"tencentcloud.tke.{PLAYBOOK.stem}"
    assert set(ACTION["extra_vars"]) <= set(PLAY["vars"])


def test_guide_names_every_variable() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_events.rst").read_text(encoding="utf-8")
    of_webhook = re.findall(r"image_cache_webhook_\w+", json.dumps(RULEBOOK["sources"]))
    of_playbook = [name for name in PLAY["vars"] if "__" not in name]
    assert (len(of_webhook), len(of_playbook)) == (3, 8)
    for name in (*of_webhook, *of_playbook):
        assert f"``{name}``" in guide
