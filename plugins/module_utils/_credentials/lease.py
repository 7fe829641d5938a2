# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Keys that stay valid: fetched when they are first needed, and again before they end."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Callable, List, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys

__all__ = ["Credentials", "Lease", "check_keys"]

# Temporary keys are renewed when no more than this many seconds, or a quarter of their life, is left.
MARGIN = 300.0


@dataclass(frozen=True)
class Lease:
    """Keys, and the Unix time at which they end; None for permanent ones."""

    keys: Keys
    ends: Optional[float] = None


class Credentials:
    """The keys of one login. C(secrets) grows by all that must not be shown."""

    def __init__(self, fetch: Callable[[], Lease], clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        self._lease: Optional[Lease] = None
        # When they were fetched, for how long they were good then, and how much of that must be left: in seconds, on
        # the clock that does not jump.
        self._fetched = self._life = self._margin = 0.0
        self.secrets: List[str] = []
        self._lock = threading.Lock()

    def keys(self) -> Keys:
        """Return keys that are good for some time. Raises InvalidInput and RequestError where there are none."""
        with self._lock:
            return self._current_keys()

    def _current_keys(self) -> Keys:
        lease = self._lease
        if lease is None or self._seconds_left <= self._margin:
            try:
                lease = self._renew()
            except (InvalidInput, RequestError):
                # The old ones will do for as long as they live.
                if lease is None or self._seconds_left <= 0:
                    raise
        return lease.keys

    def _renew(self) -> Lease:
        lease = self._lease = self._fetch()
        self._fetched = self._clock.monotonic()
        self._life = float("inf") if lease.ends is None else lease.ends - self._clock.unix()
        self._margin = min(MARGIN, max(0.0, self._life) / 4)
        self.secrets += [secret for secret in (lease.keys.secret_key, lease.keys.token) if secret]
        return lease

    @property
    def _seconds_left(self) -> float:
        return self._life - (self._clock.monotonic() - self._fetched)


def check_keys(place: str, secret_id: Optional[str], secret_key: Optional[str], token: Optional[str]) -> Optional[Keys]:
    """Return the pair that a place holds, None where it holds neither. Raises InvalidInput for half a pair."""
    if not secret_id and not secret_key:
        return None
    if not secret_id or not secret_key:
        missing = "key" if secret_id else "ID"
        raise InvalidInput(f"Incomplete credentials in {place}: the secret {missing} is missing.")
    for name, value in (("secret ID", secret_id), ("secret key", secret_key), ("token", token or "")):
        # Neither is ever part of a key; both come from copying, and a signature with them fails without a reason.
        if not value.isascii() or any(not 32 < ord(character) < 127 for character in value):
            raise InvalidInput(
                f"Invalid {name} in {place}: it contains a space, a line break or another invalid character."
            )
    return Keys(secret_id, secret_key, token or None)
