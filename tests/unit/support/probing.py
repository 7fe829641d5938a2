# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probe of the real service, run against a world in virtual time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.client import Client
from emulator import BuildFailure, settings_of
from probe.__main__ import IMAGE, Probe
from probe.lab import Setting
from probe.pace import Pace
from unit.support.world import World

SETTING = Setting.parse("vpc-508ctkfb", "subnet-8ah75lo8", IMAGE)
REGION, ENDPOINT = "ap-guangzhou", "tke.example.com"


def probed_world(name: str = "default") -> World:
    """Return a world in which the builds of images that do not exist fail."""
    world = World(settings_of(name))
    world.settings.failures = [BuildFailure("does-not-exist")]
    return world


def client_of(world: World) -> Client:
    return Client(world, retries=3, check_mode=False, clock=world.clock)


def make_probe(world: World, folder: Path) -> Probe:
    return Probe(folder, Pace(), world.clock, [])


def ask_all(world: World, folder: Path, setting: Setting = SETTING) -> int:
    """Run a probe as C(make probe YES=1) does, and return its exit status."""
    return make_probe(world, folder).ask(client_of(world), setting, REGION, ENDPOINT)


def clean_up(world: World, folder: Path) -> int:
    """Remove the remains of a probe as C(make probe CLEAN=1) does, and return the exit status."""
    return make_probe(world, folder).remove(client_of(world))


def read_answers(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of the report by question."""
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {entry["question"]: entry for entry in report["answers"]}


def answered_worlds(folder: Path) -> dict[str, Optional[str]]:
    """Return the world of each answer in the report."""
    return {question: entry["world"] for question, entry in read_answers(folder).items()}
