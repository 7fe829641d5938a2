# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The lookups of one task. Each image is looked up once."""

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
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import (
    DEFAULT_PLATFORM,
    parse_platform,
)

__all__ = ["PLATFORM", "Registries"]

# The platform of build instances and super nodes.
PLATFORM = parse_platform(DEFAULT_PLATFORM)

# Maximum number of concurrent lookups.
THREADS = 10

# The access to registries, the image as given, and the depth.
Question = Tuple[Tuple[Any, ...], str, Depth]


class Registries:
    """Looks up the images of all caches of a task. It is thread-safe.

    C(facts) are the settings of RegistryAccess that are not options of a cache: C(timeout), C(retries), C(verify) and
    C(user_agent).
    """

    def __init__(self, clock: Clock, threads: int = THREADS, **facts: Any) -> None:
        self._clock, self._threads, self._facts = clock, threads, facts
        self._clients: Dict[Tuple[Any, ...], RegistryClient] = {}
        self._answers: Dict[Question, Future[Image]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections to all registries."""
        for client in self._clients.values():
            client.close()

    def look_up(
        self, values: Mapping[str, Any], questions: Mapping[str, Depth], deadline: Deadline
    ) -> Dict[str, Image]:
        """Return the results of lookups by image, each to the given depth.

        C(values) are the options of the image cache, including those for registries. A failed lookup is returned as an
        error, not raised.
        """
        access = RegistryAccess.from_values(values, **self._facts)
        key = (access.plain_domains, access.unverified_domains, frozenset(access.credentials.items()))
        with self._lock:
            if key not in self._clients:
                self._clients[key] = RegistryClient(access, self._clock, self._threads)
            client = self._clients[key]
            wanted = {image: (key, image, depth) for image, depth in questions.items()}
            own = [question for question in wanted.values() if question not in self._answers]
            self._answers.update((question, Future()) for question in own)
        self._ask(client, own, deadline)
        return {image: self._answers[question].result() for image, question in wanted.items()}

    def _ask(self, client: RegistryClient, questions: List[Question], deadline: Deadline) -> None:
        try:
            for depth in Depth:
                self._ask_at(depth, client, [question for question in questions if question[2] is depth], deadline)
        except BaseException as error:
            # Otherwise, other threads would wait for these results without end.
            for future in (self._answers[question] for question in questions):
                if not future.done():
                    future.set_exception(error)
            raise

    def _ask_at(self, depth: Depth, client: RegistryClient, questions: List[Question], deadline: Deadline) -> None:
        if not questions:
            return
        images = [image for _access, image, _depth in questions]
        limit = Deadline(self._clock, min(LOOKUP_SECONDS, deadline.remaining))
        found = look_up_images(client, images, depth, PLATFORM, threads=self._threads, deadline=limit)
        for question, image in zip(questions, images):
            self._answers[question].set_result(found[image])
