# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The fifteen parameters of CreateImageCache, one row each.

The argument spec, the request, the parsing of Describe, the comparison, the result and the diff all read this table.
An option added here appears in all of them. Sources: CreateImageCache, UpdateImageCache and ImageCache, TKE API
2018-05-25.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.readers import (
    CREDENTIAL_FIELDS,
    RECORD_TAG,
    read_credentials,
    read_number,
    read_string,
    read_strings,
    read_tags,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import is_listing_of

__all__ = ["FIELDS", "SHOWN", "Change", "Field", "argument_spec", "conceal", "is_masked", "to_request"]

EIP_OPTIONS = {
    "delete_policy": "DeletePolicy",
    "internet_service_provider": "InternetServiceProvider",
    "internet_max_bandwidth_out": "InternetMaxBandwidthOut",
}


class Change(Enum):
    """How a new value of an option is applied to an existing cache."""

    RENAME = "rename"
    ON_CHANGE = "on_change"
    IN_PLACE = "in place"
    # UpdateImageCache accepts it, but DescribeImageCaches never shows it, so it is sent with every other update.
    ALONGSIDE = "alongside"
    # It can neither be updated nor read. A new value requires a new cache.
    NEW_CACHE = "new cache"


def _as_is(value: Any) -> Any:
    return value


def _equal(declared: Any, shown: Any) -> bool:
    return bool(declared == shown)


def _equal_images(declared: Iterable[str], shown: Iterable[str]) -> bool:
    return is_listing_of(shown, declared)


def _struct(value: Mapping[str, Any], names: Mapping[str, str]) -> Dict[str, Any]:
    # Ansible sets omitted options to None, and the API does not accept null.
    return {names[option]: item for option, item in value.items() if item is not None}


def _api_credentials(value: Iterable[Mapping[str, Any]]) -> Any:
    return [_struct(credential, CREDENTIAL_FIELDS) for credential in value]


def _api_eip(value: Mapping[str, Any]) -> Any:
    return _struct(value, EIP_OPTIONS)


def _api_tags(value: Mapping[str, str]) -> Any:
    return [{"Key": key, "Value": item} for key, item in value.items()]


def is_masked(password: Optional[str]) -> bool:
    """Return whether Describe hides a password: it is missing, empty or consists of asterisks."""
    return not password or set(password) <= {"*"}


def _equal_credentials(declared: Iterable[Mapping[str, Any]], shown: Iterable[Mapping[str, Any]]) -> bool:
    """Compare credentials as sets. Parts that are not declared are not compared; a masked password counts as equal."""
    left = list(shown)
    for credential in declared:
        match = next((other for other in left if _equal_credential(credential, other)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _equal_credential(declared: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    return all(
        value is None or value == shown.get(part) or (part == "password" and is_masked(shown.get(part)))
        for part, value in declared.items()
    )


def _without_passwords(value: Iterable[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    return [{key: item for key, item in credential.items() if key != "password"} for credential in value]


# Each row is one object, so rows are compared by identity.
@dataclass(frozen=True, eq=False)
class Field:
    """One option: C(api) is the name of its field in requests, C(spec) its entry in the argument spec.

    C(encode) converts the value of the option into that of the field. C(same) compares a declared value with the one
    that Describe shows, both in the form of the option.
    """

    option: str
    api: str
    change: Change
    spec: Mapping[str, Any]
    encode: Callable[[Any], Any] = _as_is
    same: Callable[[Any, Any], bool] = _equal
    # Converts what Describe shows into the form of the option. Only for rows that it shows.
    read: Callable[[Any], Any] = _as_is
    # Removes what results must not contain.
    conceal: Callable[[Any], Any] = _as_is
    needed_to_create: bool = False
    # The key of the option in the record of tracking.py, if Describe never shows it.
    mark: str = ""
    # The default of the API for this parameter.
    default: Any = None

    @property
    def is_shown(self) -> bool:
        """Whether DescribeImageCaches returns it."""
        return self.change in (Change.RENAME, Change.ON_CHANGE, Change.IN_PLACE)

    @property
    def holds_secrets(self) -> bool:
        """Whether results contain less of it than Describe shows."""
        return self.conceal is not _as_is


TEXT: Mapping[str, Any] = {"type": "str"}
NUMBER: Mapping[str, Any] = {"type": "int"}
SIZE: Mapping[str, Any] = {"type": "int", "aliases": ["size"]}
TEXTS: Mapping[str, Any] = {"type": "list", "elements": "str"}

FIELDS: Tuple[Field, ...] = (
    Field("image_cache_name", "ImageCacheName", Change.RENAME, {"type": "str", "aliases": ["name"]}, read=read_string),
    Field("images", "Images", Change.ON_CHANGE, TEXTS, same=_equal_images, read=read_strings, needed_to_create=True),
    Field("vpc_id", "VpcId", Change.NEW_CACHE, TEXT, needed_to_create=True, mark="vpc"),
    Field("subnet_id", "SubnetId", Change.NEW_CACHE, TEXT, needed_to_create=True, mark="subnet"),
    Field("security_group_ids", "SecurityGroupIds", Change.ALONGSIDE, TEXTS, mark="groups"),
    Field(
        "image_registry_credentials",
        "ImageRegistryCredentials",
        Change.IN_PLACE,
        {
            "type": "list",
            "elements": "dict",
            "options": {
                "server": {"type": "str"},
                "username": {"type": "str"},
                "password": {"type": "str", "no_log": True},
                "name": {"type": "str"},
            },
        },
        encode=_api_credentials,
        same=_equal_credentials,
        read=read_credentials,
        conceal=_without_passwords,
    ),
    Field("existed_eip_id", "ExistedEipId", Change.NEW_CACHE, TEXT, mark="eip"),
    Field("auto_create_eip", "AutoCreateEip", Change.NEW_CACHE, {"type": "bool"}, mark="auto"),
    Field(
        "auto_create_eip_attribute",
        "AutoCreateEipAttribute",
        Change.NEW_CACHE,
        {
            "type": "dict",
            "options": {
                "delete_policy": {"type": "str", "required": True},
                "internet_service_provider": {"type": "str"},
                "internet_max_bandwidth_out": {"type": "int"},
            },
        },
        encode=_api_eip,
        mark="line",
    ),
    Field("image_cache_size", "ImageCacheSize", Change.ON_CHANGE, SIZE, read=read_number, default=20),
    Field("retention_days", "RetentionDays", Change.IN_PLACE, NUMBER, read=read_number, default=0),
    Field("registry_skip_verify_list", "RegistrySkipVerifyList", Change.NEW_CACHE, TEXTS, mark="skip"),
    Field("registry_http_end_point_list", "RegistryHttpEndPointList", Change.NEW_CACHE, TEXTS, mark="http"),
    Field("resolve_config", "ResolveConfig", Change.NEW_CACHE, TEXT, mark="dns"),
    Field("tags", "Tags", Change.IN_PLACE, {"type": "dict"}, encode=_api_tags, read=read_tags),
)
# The rows that DescribeImageCaches returns, by option.
SHOWN: Mapping[str, Field] = {row.option: row for row in FIELDS if row.is_shown}


def conceal(values: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the values of options without passwords, as results show them."""
    return {option: _conceal(SHOWN.get(option), value) for option, value in values.items()}


def _conceal(row: Optional[Field], value: Any) -> Any:
    return value if row is None or value is None else row.conceal(value)


def argument_spec() -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the fifteen options."""
    return {row.option: dict(row.spec) for row in FIELDS}


def to_request(values: Mapping[str, Any], record: str = "") -> Dict[str, Any]:
    """Return the fields of the request for these options. Options that are not in C(values) are not sent.

    C(record) is sent as a tag in addition to those in C(values).
    """
    if record:
        values = {**values, "tags": {**values.get("tags", {}), RECORD_TAG: record}}
    return {row.api: row.encode(values[row.option]) for row in FIELDS if row.option in values}
