# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For any cache and any declaration: check mode predicts what the run does, and the next run changes nothing."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._diff import UNKNOWN_ID
from emulator import settings_of, worlds
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from unit.support.random_caches import cache_states, create_cache_in_state, present_options
from unit.support.world import World

# In these worlds the API refuses a request, executes it only in part, or shows images in another form than it received,
# which check mode cannot predict.
UNPREDICTABLE = {"no update after a failed one", "no delete while building", "tags are merged"}
UNPREDICTABLE |= {"images are shown with a tag", "images are shown in full"}
UNPREDICTABLE.update(world for world in worlds() if "all at once" in world)
CASES = 1000


def hide_unpredictable(predicted: Any, real: Any) -> Any:
    """Return a real value without request ids and ids of new caches, which check mode cannot predict."""
    if isinstance(predicted, dict) and isinstance(real, dict) and set(predicted) == set(real):
        return {key: None if key == "request_id" else hide_unpredictable(predicted[key], real[key]) for key in real}
    if isinstance(predicted, list) and isinstance(real, list) and len(predicted) == len(real):
        return [hide_unpredictable(*pair) for pair in zip(predicted, real)]
    unknown = predicted in (None, UNKNOWN_ID) and isinstance(real, str) and real.startswith("imc-")
    return predicted if unknown else real


@pytest.mark.exhaustive
@given(
    world_name=st.sampled_from(sorted(set(worlds()) - UNPREDICTABLE)),
    named=st.none() | cache_states,
    replacements=st.lists(cache_states, max_size=2),
    declared=st.fixed_dictionaries({"state": st.just("absent")}, optional={"wait": st.booleans()}) | present_options,
    by_id=st.booleans(),
)
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_run_does_as_predicted_and_next_run_changes_nothing(
    world_name: str,
    named: Optional[dict[str, Any]],
    replacements: list[dict[str, Any]],
    declared: dict[str, Any],
    by_id: bool,
) -> None:
    world = World(settings_of(world_name))
    unique, world.settings.unique_names = world.settings.unique_names, False
    image_cache_id = create_cache_in_state(world, "web", named) if named else None
    for replacement in replacements:
        create_cache_in_state(world, "web-replacement", replacement)
    world.settings.unique_names = unique
    world.clock.now += 5
    address = {"id": image_cache_id} if by_id and image_cache_id else {"name": "web"}
    # Only the drawn options are declared, without the defaults of other tests.
    params = {**dict.fromkeys(["name", "images", "vpc_id", "subnet_id"]), **declared, **address}

    before = [(cache.id, dict(cache.declared)) for cache in world.caches]
    predicted = world.run(check_mode=True, **params)
    assert [(cache.id, dict(cache.declared)) for cache in world.caches] == before
    assert not set(world.calls) - {"DescribeImageCaches"}
    real = world.run(**params)
    event(" ".join(action["action"] for action in real["actions"]) or real.get("msg", "unchanged")[:40])

    assert real.get("msg") == predicted.get("msg")
    for key in ("changed", "actions", "replaced", "recovered_failure", "diff", "image_cache_id"):
        assert hide_unpredictable(predicted.get(key), real.get(key)) == predicted.get(key), key
    if "failed" in real or params.get("wait") is False:
        return
    world.clock.now += 90
    if params.get("state") == "absent":
        assert world.caches == []
    else:
        names = [cache.declared["ImageCacheName"] for cache in world.caches]
        # An unchanged cache is found by its id in one call, which does not list a replacement.
        assert names == ["web"] or (by_id and not real["changed"] and names.count("web") == 1)
        assert real["image_cache_id"] in [cache.id for cache in world.ready_caches()]
    if "id" in params and real["image_cache"]:
        params = {**params, "id": real["image_cache_id"]}
    again = world.run(**params)
    if not params.get("force_rebuild") and params.get("update_password") != "always":
        assert "failed" not in again, again["msg"]
        assert again["changed"] is False, again["actions"]
        assert world.calls[-1] == "DescribeImageCaches"
