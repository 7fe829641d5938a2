# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks requests with the vendor's packages: signatures with its SDK, parameters with its API definition."""

from __future__ import annotations

import importlib.resources
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Iterator, Mapping

from tencentcloud.common.abstract_client import AbstractClient

from .errors import ApiProblem


@dataclass(frozen=True)
class Product:
    """A product of the API: its version, the actions that are emulated, and the vendor's definition of them."""

    name: str
    version: str
    actions: frozenset[str]

    @cached_property
    def definition(self) -> Any:
        """The API definition in the package tccli."""
        folder = f"services/{self.name}/v{self.version.replace('-', '')}"
        text = importlib.resources.files("tccli").joinpath(f"{folder}/api.json").read_text(encoding="utf-8")
        return json.loads(text)


TKE = Product(
    "tke",
    "2018-05-25",
    frozenset(
        [
            "CreateImageCache",
            "DescribeImageCaches",
            "UpdateImageCache",
            "DeleteImageCaches",
            "GetMostSuitableImageCache",
        ]
    ),
)
STS = Product("sts", "2018-08-13", frozenset(["AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"]))
PRODUCTS = (TKE, STS)
# Clients call these actions before they have keys.
UNSIGNED_ACTIONS = frozenset(["AssumeRoleWithWebIdentity"])
# From the page of the TKE API, the page on regions of TKE Serverless, and the constants of the vendor's SDK for Go.
REGIONS = (
    "ap-bangkok",
    "ap-beijing",
    "ap-chengdu",
    "ap-chongqing",
    "ap-guangzhou",
    "ap-guangzhou-open",
    "ap-hongkong",
    "ap-jakarta",
    "ap-mumbai",
    "ap-nanjing",
    "ap-seoul",
    "ap-shanghai",
    "ap-shanghai-fsi",
    "ap-shenzhen-fsi",
    "ap-singapore",
    "ap-tokyo",
    "eu-frankfurt",
    "eu-moscow",
    "na-ashburn",
    "na-siliconvalley",
    "na-toronto",
    "sa-saopaulo",
)
# A clock that is more than 5 minutes off gives AuthFailure.SignatureExpire.
CLOCK_TOLERANCE = 300
SCALARS: Mapping[str, Any] = {"string": str, "int": int, "bool": bool, "float": (int, float)}


def check_signature(headers: Mapping[str, str], body: bytes, secret_key: str, service: str, now: float) -> None:
    """Raise ApiProblem if the Authorization header differs from the one that the vendor's SDK computes."""
    timestamp = headers.get("X-TC-Timestamp", "")
    if not timestamp.isdigit():
        raise ApiProblem("MissingParameter", "The request is missing the parameter `X-TC-Timestamp`.")
    if abs(now - int(timestamp)) > CLOCK_TOLERANCE:
        raise ApiProblem("AuthFailure.SignatureExpire", "The signature expired: the time stamp is too far off.")
    date = datetime.fromtimestamp(int(timestamp), timezone.utc).strftime("%Y-%m-%d")
    secret_id, scope, signed_headers, signature = split_authorization(headers.get("Authorization", ""))
    if scope != f"{date}/{service}/tc3_request" or signed_headers != "content-type;host":
        raise ApiProblem("AuthFailure.SignatureFailure", f"The credential scope of {secret_id} is wrong.")
    if signature != vendor_signature(headers, body, secret_key, service, date):
        raise ApiProblem("AuthFailure.SignatureFailure", "The provided credentials could not be validated.")


def vendor_signature(headers: Mapping[str, str], body: bytes, secret_key: str, service: str, date: str) -> str:
    """Return the signature of a POST request as the vendor's SDK computes it."""
    request = SimpleNamespace(method="POST", uri="/", data=body, header=headers)
    sign = AbstractClient._get_tc3_signature
    return str(sign(None, None, request, date, service, secret_key))


def split_authorization(header: str) -> tuple[str, str, str, str]:
    """Return secret id, credential scope, signed headers and signature of an Authorization header."""
    algorithm, _blank, rest = header.partition(" ")
    parts = dict(part.partition("=")[::2] for part in rest.replace(" ", "").split(","))
    secret_id, _slash, scope = parts.get("Credential", "").partition("/")
    if algorithm != "TC3-HMAC-SHA256" or not secret_id or set(parts) != {"Credential", "SignedHeaders", "Signature"}:
        raise ApiProblem("AuthFailure.InvalidAuthorization", "The Authorization header is malformed.")
    return secret_id, scope, parts["SignedHeaders"], parts["Signature"]


def secret_id_of(headers: Mapping[str, str]) -> str:
    """Return the secret id of a signed request, or an empty string for an unsigned one."""
    header = headers.get("Authorization", "")
    return "" if header == "SKIP" else split_authorization(header)[0]


def product_of(action: str) -> Product:
    """Return the product of an action. Raises ApiProblem for an unknown action."""
    for product in PRODUCTS:
        if action in product.actions:
            return product
    raise ApiProblem("InvalidAction", f"The action {action} does not exist.")


def check_parameters(action: str, parameters: Any) -> None:
    """Raise ApiProblem for the first parameter that the vendor's definition of the action does not allow."""
    definition = product_of(action).definition
    check = Check(definition["objects"])
    problem = next(check.problems(definition["actions"][action]["input"], parameters, ""), None)
    if problem is not None:
        raise problem


@dataclass(frozen=True)
class Check:
    """Checks values against the structures of a definition."""

    objects: Mapping[str, Any]

    def problems(self, structure: str, value: Any, place: str) -> Iterator[ApiProblem]:
        """Yield a problem for each part of the value that the structure does not allow."""
        if not isinstance(value, dict):
            yield ApiProblem("InvalidParameter", f"The type of `{place or 'the body'}` is not an object.")
            return
        members = {member["name"]: member for member in self.objects[structure]["members"]}
        for name in value:
            if name not in members:
                yield ApiProblem("UnknownParameter", f"The parameter `{place}{name}` is not recognized.")
                return
        for name, member in members.items():
            if name in value:
                yield from self._member_problems(member, value[name], f"{place}{name}")
            elif member["required"]:
                yield ApiProblem("MissingParameter", f"The request is missing the parameter `{place}{name}`.")

    def _member_problems(self, member: Mapping[str, Any], value: Any, place: str) -> Iterator[ApiProblem]:
        if member["type"] == "list":
            if not isinstance(value, list):
                yield ApiProblem("InvalidParameter", f"The type of `{place}` is not a list.")
                return
            for number, item in enumerate(value):
                yield from self._value_problems("object", member["member"], item, f"{place}.{number}")
        else:
            yield from self._value_problems(member["type"], member["member"], value, place)

    def _value_problems(self, kind: str, member: str, value: Any, place: str) -> Iterator[ApiProblem]:
        if member in self.objects:
            yield from self.problems(member, value, f"{place}.")
            return
        wanted = SCALARS[{"uint64": "int", "int64": "int"}.get(member, member if kind == "object" else kind)]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            yield ApiProblem("InvalidParameter", f"The type of `{place}` is not {member}.")
        elif member == "uint64" and value < 0:
            yield ApiProblem("InvalidParameter", f"The value of `{place}` is below 0.")
