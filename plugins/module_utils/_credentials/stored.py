# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Credentials stored by other tools: the files of tccli and of the vendor's SDKs.

Errors contain the name of a file, but never its contents.
"""

from __future__ import annotations

import configparser
import json
import os
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys
from ansible_collections.tencentcloud.tke.plugins.module_utils._credentials.lease import Lease, check_keys

__all__ = ["Profile", "StoredCredentials"]

# In bytes. File systems accept 255, and tccli appends its suffixes.
LONGEST_NAME = 200
# The commands of tccli that renew credentials of each kind.
RENEWAL = {"oauth": "tccli auth login", "sso": "tccli sso login"}


class StoredCredentials(NamedTuple):
    """Credentials in the file of tccli. C(role_arn) and C(role_session_name) only count together."""

    path: Path
    kind: str
    keys: Optional[Keys]
    ends: Optional[float]
    role_arn: Optional[str]
    role_session_name: Optional[str]

    def lease(self, now: float, profile: str) -> Lease:
        """Return the keys. Raises InvalidInput if there are none or they have expired."""
        if self.keys is None:
            raise InvalidInput(f"{self.path} contains no credentials. Log in again with `{self._renewal(profile)}`.")
        if self.ends is not None and self.ends <= now:
            raise InvalidInput(
                f"The temporary credentials in {self.path} expired {now - self.ends:.0f} s ago. Renew them with"
                f" `{self._renewal(profile)}`, or run any other tccli command with this profile."
            )
        return Lease(self.keys, self.ends)

    def _renewal(self, profile: str) -> str:
        return f"{RENEWAL.get(self.kind, 'tccli configure')} --profile {profile}"


class Profile(NamedTuple):
    """A name, and the folders that may hold its credentials. C(chosen) says that the user set the name."""

    name: str
    chosen: bool
    home: Path
    system: Path

    def check(self) -> None:
        """Raise InvalidInput for a name that would refer to files in other folders."""
        name = self.name
        stray = any(c in "/\\:" or not c.isprintable() for c in name)
        if not name or name.startswith(".") or stray or len(name.encode("utf-8", "replace")) > LONGEST_NAME:
            raise InvalidInput(f"Invalid profile: expected the name of a profile, not a path, got {name!r}.")

    @property
    def tccli(self) -> Path:
        """The file in which tccli stores the credentials."""
        return self.home / ".tccli" / f"{self.name}.credential"

    @property
    def configuration(self) -> Path:
        """The file in which tccli stores the settings."""
        return self.home / ".tccli" / f"{self.name}.configure"

    @property
    def ini(self) -> Tuple[Path, ...]:
        """The credential files of the SDKs. The first that exists counts."""
        return (self.home / ".tencentcloud" / "credentials", self.system / "tencentcloud" / "credentials")

    def read_tccli(self) -> Optional[StoredCredentials]:
        """Return the credentials of tccli, or None if the file does not exist."""
        content = _json(self.tccli)
        if content is None:
            return None
        kind = str(content.get("type") or "default")
        keys = check_keys(str(self.tccli), *(_text(content, n) for n in ("secretId", "secretKey", "token")))
        ends = content.get("expiresAt") if kind in RENEWAL else None
        if ends is not None and not isinstance(ends, (int, float)):
            raise InvalidInput(f"{self.tccli}: expiresAt is not a Unix time.")
        role = _text(content, "role-arn"), _text(content, "role-session-name")
        return StoredCredentials(self.tccli, kind, keys, ends, *(role if all(role) else (None, None)))

    def settings(self, *names: str) -> Optional[str]:
        """Return a setting of tccli by its path of C(names), or None if it is not set."""
        value: Any = _json(self.configuration)
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, str) and value else None

    def ini_keys(self) -> Optional[Keys]:
        """Return the keys in the file of the SDKs, or None if there is no such file."""
        path = next((path for path in self.ini if os.path.exists(path)), None)
        if path is None:
            return None
        parser = configparser.ConfigParser(interpolation=None, default_section="")
        try:
            parser.read_string(_read(path))
        except configparser.Error:
            raise InvalidInput(f"{path} is not a valid INI file.") from None
        if not parser.has_section(self.name):
            raise InvalidInput(f"{path} has no section [{self.name}]. Add it, or set another profile.")
        section = parser[self.name]
        keys = check_keys(
            f"section [{self.name}] of {path}", *(section.get(n) for n in ("secret_id", "secret_key", "token"))
        )
        if keys is None:
            raise InvalidInput(f"{path}: section [{self.name}] contains no credentials.")
        return keys


def _json(path: Path) -> Optional[Mapping[str, Any]]:
    # A folder without access counts as empty. Path.exists() would raise an error for it.
    if not os.path.exists(path):
        return None
    try:
        content = json.loads(_read(path))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise InvalidInput(f"{path} is not a JSON object.")
    return content


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not valid UTF-8.") from None


def _text(content: Mapping[str, Any], name: str) -> Optional[str]:
    value = content.get(name)
    return value if isinstance(value, str) and value else None
