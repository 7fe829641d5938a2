# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of the caches of a probe, in stages. A question waits for the stages that it needs."""

from __future__ import annotations

from enum import Enum
from typing import Callable, Mapping

from .lab import FAILING, MAIN, PINNED, TWIN, CannotTell, Lab, Subject


class Stage(Enum):
    """A moment in the life of the caches, in order. Each concerns one of them."""

    # The main cache has just been created, and nothing was listed yet.
    CREATED = "created"
    # The twin is listed and is being built.
    BUILDING = "building"
    # The failing cache is Failed.
    FAILED = "failed"
    # The failing cache still exists, the twin no longer does.
    GONE = "gone"
    # The main cache is Ready, and was not updated yet.
    READY = "ready"
    # All updates of the usable main cache are done.
    UPDATED = "updated"
    # The main cache has just been updated with an image that does not exist.
    UPDATING = "updating"
    # That update has failed.
    UPDATE_FAILED = "update failed"
    # The cache whose image has a digest is no longer being built.
    PINNED = "pinned"
    # Nothing else needs the last cache, which can be deleted.
    LAST = "last"


def _create_main(lab: Lab) -> Subject:
    return lab.make(MAIN)


def _create_twin(lab: Lab) -> Subject:
    # The question whether names are unique may have made it.
    twin = lab.get(TWIN) or lab.make(TWIN)
    if not lab.is_seen(lambda: lab.look(twin) is not None, 4 * lab.pace.lag):
        raise CannotTell(f"{twin.id} is not listed.")
    return twin


def _await_failure(lab: Lab) -> Subject:
    failing = lab.make(FAILING)
    status = lab.await_settled(failing).get("Status")
    if status != "Failed":
        raise CannotTell(f"The build of an image that does not exist ended as {status}.")
    return failing


def _remove_twin(lab: Lab) -> Subject:
    lab.remove(lab.need(TWIN))
    return lab.need(FAILING)


def _await_main(lab: Lab) -> Subject:
    failing = lab.get(FAILING)
    if failing:
        lab.remove(failing)
    return _await_ready(lab, MAIN)


def _main(lab: Lab) -> Subject:
    return lab.need(MAIN)


def _start_bad_update(lab: Lab) -> Subject:
    main = _await_ready(lab, MAIN)
    lab.send_update(main, Images=[lab.setting.missing_image])
    return main


def _await_bad_update(lab: Lab) -> Subject:
    main = lab.need(MAIN)
    status = lab.await_settled(main).get("Status")
    if status != "UpdateFailed":
        raise CannotTell(f"An update with an image that does not exist ended as {status}.")
    return main


def _await_pinned(lab: Lab) -> Subject:
    return _await_ready(lab, PINNED)


def _choose_last(lab: Lab) -> Subject:
    last = lab.get(PINNED) or lab.need(MAIN)
    lab.await_settled(last)
    return last


def _await_ready(lab: Lab, role: str) -> Subject:
    subject = lab.need(role)
    status = lab.await_settled(subject).get("Status")
    if status != "Ready":
        raise CannotTell(f"The {role} image cache is {status}. Its build needs access to the registry of IMAGE.")
    return subject


# What brings the caches to each stage. It returns the cache that the stage concerns.
REACH: Mapping[Stage, Callable[[Lab], Subject]] = {
    Stage.CREATED: _create_main,
    Stage.BUILDING: _create_twin,
    Stage.FAILED: _await_failure,
    Stage.GONE: _remove_twin,
    Stage.READY: _await_main,
    Stage.UPDATED: _main,
    Stage.UPDATING: _start_bad_update,
    Stage.UPDATE_FAILED: _await_bad_update,
    Stage.PINNED: _await_pinned,
    Stage.LAST: _choose_last,
}
