# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Where keys come from: an ordered list of sources, the first match wins.

A new source is a function that returns keys, or None where it has none, and a row in C(SOURCES).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping, Optional, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.tc3 import Keys

__all__ = ["SOURCES", "TOKEN_VARIABLES", "Login", "Source", "find_keys"]

# tccli, the Terraform provider and other tools each have their own name for it; the first that is set counts.
TOKEN_VARIABLES = ("TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_SESSION_TOKEN")
# How errors name the places.
OPTIONS = "the options secret_id and secret_key"
ENVIRONMENT = "the environment variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY"


@dataclass(frozen=True)
class Login:
    """What the sources may look at: the options that were given, and the environment."""

    options: Mapping[str, Optional[str]]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """One place where keys may be. C(place) is how an error names it."""

    place: str
    find: Callable[[Login], Optional[Keys]]


def _from_options(login: Login) -> Optional[Keys]:
    values = [login.options.get(name) for name in ("secret_id", "secret_key", "token")]
    return _pair(OPTIONS, *values)


def _from_environment(login: Login) -> Optional[Keys]:
    environment = login.environment
    token = next((environment[name] for name in TOKEN_VARIABLES if environment.get(name)), None)
    return _pair(
        ENVIRONMENT,
        environment.get("TENCENTCLOUD_SECRET_ID"),
        environment.get("TENCENTCLOUD_SECRET_KEY"),
        token,
    )


SOURCES: Tuple[Source, ...] = (
    Source(OPTIONS, _from_options),
    Source(ENVIRONMENT, _from_environment),
)


def find_keys(login: Login) -> Keys:
    """Return the keys of the first source that has some.

    Raises InvalidInput for half a pair and for malformed keys, and, listing every place, where there are none.
    """
    for source in SOURCES:
        keys = source.find(login)
        if keys is not None:
            return keys
    places = "\n".join(f"- {source.place}" for source in SOURCES)
    raise InvalidInput(f"no API keys found. These places were tried:\n{places}")


def _pair(place: str, secret_id: Optional[str], secret_key: Optional[str], token: Optional[str]) -> Optional[Keys]:
    if not secret_id and not secret_key:
        return None
    if not secret_id or not secret_key:
        missing = "key" if secret_id else "id"
        raise InvalidInput(f"{place} hold only half a pair: the secret {missing} is missing.")
    for name, value in (("secret id", secret_id), ("secret key", secret_key), ("token", token or "")):
        # Neither is ever part of a key; both come from copying, and a signature with them fails without a reason.
        if not value.isascii() or any(not 32 < ord(character) < 127 for character in value):
            raise InvalidInput(f"the {name} in {place} contains a blank, a line break or another stray character.")
    return Keys(secret_id, secret_key, token or None)
