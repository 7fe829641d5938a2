# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The run of M(tencentcloud.tke.registry_image_info)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils import _connection
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.clock import Clock
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache import fields
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.options import (
    credential_problems,
    value_problems,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Reporter
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.progress import format_seconds
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.access import RegistryAccess
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.client import RegistryClient
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.errors import RegistryError
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.images import (
    Depth,
    Image,
    Report,
    look_up_images,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.manifests import (
    DEFAULT_PLATFORM,
    Platform,
    parse_platform,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._registry.sizes import sum_sizes
from ansible_collections.tencentcloud.tke.plugins.module_utils._runtime import Runtime, run_guarded

__all__ = ["registry_image_info", "registry_image_info_spec"]

# The options of an image cache that are also options of this module.
PULL_OPTIONS = (
    "images",
    "image_registry_credentials",
    "registry_skip_verify_list",
    "registry_http_end_point_list",
)


@dataclass(frozen=True)
class Question:
    """The images to look up, their platform, and the access to their registries."""

    images: Sequence[str]
    platform: Platform
    access: RegistryAccess

    @classmethod
    def from_params(cls, params: Mapping[str, Any], ansible_version: str) -> Question:
        """Return the question for the module's parameters. Raises InvalidInput."""
        problems = list(_problems(params))
        if problems:
            raise InvalidInput(" ".join(problems))
        settings = _connection.request_settings(params, ansible_version)._asdict()
        access = RegistryAccess.from_values(params, **settings)
        return cls(params["images"], parse_platform(params["platform"]), access)


def registry_image_info_spec(env_fallback: Callable[..., Any]) -> Dict[str, Dict[str, Any]]:
    """Return the argument spec of the module M(tencentcloud.tke.registry_image_info)."""
    declared = fields.argument_spec()
    return {
        **{option: declared[option] for option in PULL_OPTIONS},
        "images": {**declared["images"], "required": True},
        "platform": {"type": "str", "default": DEFAULT_PLATFORM},
        **_connection.argument_spec(env_fallback, _connection.REQUEST_OPTIONS),
    }


def registry_image_info(params: Mapping[str, Any], runtime: Runtime) -> Dict[str, Any]:
    """Return the result of one run of M(tencentcloud.tke.registry_image_info)."""

    def run(reporter: Reporter) -> Dict[str, Any]:
        question = Question.from_params(params, runtime.ansible_version)
        client = RegistryClient(question.access, runtime.clock)
        runtime.resources.callback(client.close)
        return _ask(question, client, _progress(reporter, runtime.clock))

    return run_guarded(params, registry_image_info_spec, runtime, run)


def _problems(params: Mapping[str, Any]) -> Iterator[str]:
    given = {option: params[option] for option in PULL_OPTIONS if params[option] is not None}
    if not params["images"]:
        yield "images is an empty list. Set at least one image."
    yield from value_problems(given)
    yield from credential_problems(given)
    try:
        parse_platform(params["platform"])
    except ValueError:
        yield (
            "Invalid platform: expected os/architecture or os/architecture/variant, for example linux/amd64, got"
            f" {params['platform']!r}."
        )


def _progress(reporter: Reporter, clock: Clock) -> Report:
    began = clock.monotonic()

    def report(what: str, done: int, total: int) -> None:
        if total:
            elapsed = format_seconds(clock.monotonic() - began)
            reporter.progress(f"registries, {elapsed}: {done} of {total} {what} looked up")

    return report


def _ask(question: Question, client: RegistryClient, report: Report) -> Dict[str, Any]:
    found = look_up_images(client, question.images, Depth.SIZES, question.platform, report=report)
    return {
        "changed": False,
        "images": [_image_result(found[image]) for image in question.images],
        **asdict(sum_sizes(found.values())),
    }


def _image_result(image: Image) -> Dict[str, Any]:
    sizes = sum_sizes([image])
    return {
        "image": image.image,
        "registry": image.registry,
        "repository": image.repository,
        "tag": image.tag,
        "digest": image.digest,
        "platform_digest": image.platform_digest,
        "pinned": image.pinned,
        "platforms": list(image.platforms),
        "compressed_bytes": sizes.compressed_bytes,
        "unpacked_bytes": sizes.unpacked_bytes,
        "exists": image.exists,
        "error": _error_result(image.error),
    }


def _error_result(error: Optional[RegistryError]) -> Optional[Dict[str, Any]]:
    if error is None:
        return None
    return {"code": error.code, "message": error.message, "retryable": error.retryable}
