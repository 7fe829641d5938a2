# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What one task asks registries: each image once, however many image caches have it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any, Dict, List, Mapping, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock, Deadline
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryAccess
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import (
    LOOKUP_SECONDS,
    Depth,
    Image,
    look_up_images,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import parse_platform

__all__ = ["PLATFORM", "Registries"]

# What the build instance pulls, and what super nodes run.
PLATFORM = parse_platform("linux/amd64")

# Requests that may be under way at once.
THREADS = 10

# One question: how registries are reached, an image as it is written, and the depth.
Question = Tuple[Tuple[Any, ...], str, Depth]


class Registries:
    """Answers the questions of all image caches of a task. Several threads may ask at once.

    C(facts) are those of RegistryAccess that no image cache declares: C(timeout), C(retries), C(verify), C(user_agent).
    """

    def __init__(self, clock: Clock, threads: int = THREADS, **facts: Any) -> None:
        self._clock, self._threads, self._facts = clock, threads, facts
        self._clients: Dict[Tuple[Any, ...], RegistryClient] = {}
        self._answers: Dict[Question, Future[Image]] = {}
        self._lock = threading.Lock()

    def look_up(
        self, values: Mapping[str, Any], questions: Mapping[str, Depth], deadline: Deadline
    ) -> Dict[str, Image]:
        """Return what registries tell of images, asked to the depth that is given for each.

        C(values) are the options of the image cache that say how its registries are reached. It raises nothing: a
        failure is a fact of the image.
        """
        access = RegistryAccess.from_values(values, **self._facts)
        key = (access.plain_domains, access.unverified_domains, frozenset(access.credentials.items()))
        with self._lock:
            client = self._clients.setdefault(key, RegistryClient(access, self._clock, self._threads))
            wanted = {image: (key, image, depth) for image, depth in questions.items()}
            own = [question for question in wanted.values() if question not in self._answers]
            self._answers.update((question, Future()) for question in own)
        self._ask(client, own, deadline)
        return {image: self._answers[question].result() for image, question in wanted.items()}

    def _ask(self, client: RegistryClient, questions: List[Question], deadline: Deadline) -> None:
        for depth in Depth:
            images = {image: self._answers[key, image, at] for key, image, at in questions if at is depth}
            if not images:
                continue
            try:
                limit = Deadline(self._clock, min(LOOKUP_SECONDS, deadline.remaining))
                found = look_up_images(client, images, depth, PLATFORM, threads=self._threads, deadline=limit)
            except BaseException as error:
                # Nobody waits without end for an answer that does not come.
                for future in images.values():
                    future.set_exception(error)
                raise
            for image, future in images.items():
                future.set_result(found[image])
