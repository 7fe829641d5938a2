# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Keys that are fetched on first use, and renewed before they expire."""

from __future__ import annotations

import threading
from typing import Callable, List, NamedTuple, Optional

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput, RequestError
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys

__all__ = ["Credentials", "Lease", "check_keys"]

# Temporary keys are renewed when this number of seconds, or a quarter of their lifetime if that is less, is left.
MARGIN = 300.0


class Lease(NamedTuple):
    """Keys with the Unix time at which they expire, None for permanent ones."""

    keys: Keys
    ends: Optional[float] = None


class Credentials:
    """Credentials that renew themselves. C(secrets) collects the values that must not be shown."""

    def __init__(self, fetch: Callable[[], Lease], clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        self._lease: Optional[Lease] = None
        # The time of the fetch, the lifetime at that time, and the minimum that must be left: in seconds, on the
        # monotonic clock.
        self._fetched = self._life = self._margin = 0.0
        self.secrets: List[str] = []
        self._lock = threading.Lock()

    def keys(self) -> Keys:
        """Return valid keys, renewed if needed. Raises InvalidInput and RequestError if there are none."""
        with self._lock:
            return self._current_keys()

    def _current_keys(self) -> Keys:
        lease = self._lease
        if lease is None or self._seconds_left <= self._margin:
            try:
                lease = self._renew()
            except (InvalidInput, RequestError):
                # The old keys can be used until they expire.
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
    """Return the keys of a place, or None if it has none. Raises InvalidInput for an incomplete or malformed pair."""
    if not secret_id and not secret_key:
        return None
    if not secret_id or not secret_key:
        missing = "key" if secret_id else "ID"
        raise InvalidInput(f"Incomplete credentials in {place}: the secret {missing} is missing.")
    for name, value in (("secret ID", secret_id), ("secret key", secret_key), ("token", token or "")):
        # Copied keys may contain spaces or line breaks, which make the signature fail without a clear reason.
        if not value.isascii() or any(not 32 < ord(character) < 127 for character in value):
            raise InvalidInput(
                f"Invalid {name} in {place}: it contains a space, a line break or another invalid character."
            )
    return Keys(secret_id, secret_key, token or None)
