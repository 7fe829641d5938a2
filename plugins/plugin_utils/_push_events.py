# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The images whose tags were pushed, from the events that registries send.

Sources: "Managing Triggers" of the TCR documentation and "Configure Webhook Notifications" of the Harbor documentation,
which have the same structure, and "Work with notifications" of the distribution documentation. Anyone who can push can
choose parts of an event, so each part is checked. Everything that does not report the push of a tag is ignored.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterator, List, Mapping, Tuple
from urllib.parse import unquote

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.reference import (
    InvalidReference,
    parse_reference,
)

__all__ = ["find_pushed_images"]

# The types of push events in webhooks of TCR and Harbor.
PUSH_TYPES = ("pushImage", "PUSH_ARTIFACT")
# The action of push events in notifications of Docker's distribution. It reports each HEAD and GET request as "pull".
PUSH_ACTION = "push"
# The names that ansible-rulebook gives to the events that matched a rule.
MATCH = re.compile(r"m(_\d+)?")

# The host of a registry, a repository and a tag. Each may be empty or invalid.
Push = Tuple[str, str, str]


def find_pushed_images(events: Any, registry_hosts: Mapping[str, str]) -> List[str]:
    """Return C(host/repository:tag) for each tag whose push the events report, each once, in their order.

    C(registry_hosts) replaces hosts by those that image caches use. Events that are not understood are ignored.
    """
    pushes = [push for payload in _find_payloads(_decode(events)) for push in _find_pushes(payload)]
    images = (f"{registry_hosts.get(host, host)}/{repository}:{tag}" for host, repository, tag in pushes)
    return list(dict.fromkeys(filter(_is_tagged, images)))


def _decode(events: Any) -> Any:
    """Return the value of a text with percent-encoded JSON, and any other value unchanged."""
    if not isinstance(events, str):
        return events
    try:
        return json.loads(unquote(events))
    except (ValueError, RecursionError):
        return None


def _find_payloads(events: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the requests of registries from one or several events of ansible-rulebook, or from such a request."""
    for event in _mappings(events if isinstance(events, list) else [events]):
        is_group = bool(event) and all(MATCH.fullmatch(str(name)) for name in event)
        for match in _mappings(list(event.values()) if is_group else [event]):
            yield from _mappings([match.get("payload", match)])


def _find_pushes(payload: Mapping[str, Any]) -> Iterator[Push]:
    """Yield the tags whose push a request reports."""
    if payload.get("type") in PUSH_TYPES:
        yield from map(_push_of_resource, _mappings(_part(payload, "event_data").get("resources")))
    for event in _mappings(payload.get("events")):
        if event.get("action") == PUSH_ACTION:
            yield _push_of_event(event)


def _push_of_resource(resource: Mapping[str, Any]) -> Push:
    """Return the push of a resource in a webhook of TCR or Harbor. For a push by digest, C(tag) is the digest."""
    try:
        reference = parse_reference(_text(resource, "resource_url"))
    except InvalidReference:
        return "", "", ""
    return reference.domain, reference.path, _text(resource, "tag")


def _push_of_event(event: Mapping[str, Any]) -> Push:
    """Return the push of an event of Docker's distribution. It has no tag for a layer and for a push by digest."""
    target = _part(event, "target")
    host = _text(target, "url").partition("://")[2].partition("/")[0]
    return host or _text(_part(event, "request"), "host"), _text(target, "repository"), _text(target, "tag")


def _is_tagged(image: str) -> bool:
    """Return whether an image has a valid name, a tag and no digest."""
    try:
        reference = parse_reference(image)
    except InvalidReference:
        return False
    return reference.tag is not None and reference.digest is None


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (element for element in value if isinstance(element, Mapping))


def _part(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next(_mappings([event.get(name)]), {})


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""
