# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The regions that the emulator serves."""

from __future__ import annotations

from emulator import REGIONS, Emulator

from .caches import LIST, create_cache
from .controller import INFO, MODULE, WEB, Controller


def test_unknown_region_is_refused(emulator: Emulator, controller: Controller) -> None:
    run = controller.play({INFO: {"region": "ap-nowhere"}, "ignore_errors": True}, {INFO: {"region": "sa-saopaulo"}})
    refused, listed = run.results
    assert refused["error"]["code"] == "UnsupportedRegion"
    assert "Check region" in refused["msg"]
    assert listed["image_caches"] == []
    assert emulator.calls() == [LIST, LIST]


def test_cache_ids_differ_between_regions(controller: Controller) -> None:
    run = controller.play(*({MODULE: {**WEB, "region": region, "wait": False}} for region in REGIONS[:4]))
    assert run.status == 0, run.output
    assert len({result["image_cache_id"] for result in run.results}) == 4


def test_cache_ids_are_reproducible(emulator: Emulator) -> None:
    other = Emulator().start()
    ids = [[create_cache(each, region) for region in REGIONS] for each in (emulator, other)]
    other.stop()
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(REGIONS)
