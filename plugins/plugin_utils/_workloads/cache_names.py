# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Names of the image caches of workloads.

A name depends on the namespace, the kind and the name of one workload, and never on its images. So a second run finds
the same cache, and a new release updates it.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import REPLACEMENT_SUFFIX
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import InvalidManifest

__all__ = ["DEFAULT_NAMESPACE", "check_prefix", "name_all", "name_namespace", "name_workload"]

# Where kubectl creates resources without a namespace.
DEFAULT_NAMESPACE = "default"
# The documentation of the API gives no limit. A name of 63 characters is valid wherever Kubernetes accepts names, and a
# replacement is built under a longer name.
LONGEST_NAME = 63 - len(REPLACEMENT_SUFFIX)
LONGEST_PREFIX = 30
PREFIX = re.compile(r"(?:[a-z0-9][a-z0-9-]*)?")
DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
# In a name without a digest, one of these words separates the namespace from the name.
KINDS = frozenset(
    ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"]
)
WORDS = frozenset(kind.lower() for kind in KINDS)
# Ten hexadecimal digits: among 10,000 workloads, two have the same with a probability of 1 in 20,000.
DIGITS = 10


def check_prefix(prefix: Any) -> None:
    """Raise InvalidManifest unless names can begin with C(prefix)."""
    if not isinstance(prefix, str) or not PREFIX.fullmatch(prefix) or len(prefix) > LONGEST_PREFIX:
        raise InvalidManifest(
            f"invalid prefix {prefix!r}: expected at most {LONGEST_PREFIX} lower-case letters, digits and hyphens, with"
            " a letter or digit first."
        )


def name_workload(prefix: str, namespace: str, kind: str, name: str) -> str:
    """Return the name for a workload: C(shop-deployment-web).

    It ends in a digest if it would otherwise be too long, contain other characters, or could be that of another
    workload.
    """
    plain = f"{namespace}-{kind.lower()}-{name}"
    # With exactly one word of a kind between other words, only one namespace and one name lead to the text.
    inner = plain.split("-")[1:-1]
    is_unique = kind in KINDS and sum(word in WORDS for word in inner) == 1
    return _fit(prefix, plain, is_unique, [namespace, kind, name])


def name_namespace(prefix: str, namespace: str) -> str:
    """Return the name for all workloads of a namespace."""
    return _fit(prefix, namespace, True, [namespace])


def name_all(prefix: str) -> str:
    """Return the name for all workloads."""
    return f"{prefix}all"


def _fit(prefix: str, plain: str, is_unique: bool, identity: Any) -> str:
    whole = prefix + plain
    is_valid = DNS_LABEL.fullmatch(plain) and len(whole) <= LONGEST_NAME and not whole.endswith(REPLACEMENT_SUFFIX)
    if is_valid and is_unique:
        return whole
    digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:DIGITS]
    readable = re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-")
    room = LONGEST_NAME - len(prefix) - len(digest) - 1
    return f"{prefix}{readable[:room].strip('-') or 'workload'}-{digest}"
