# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. What the words of a failed build mean, and which options to look at: a table.

The service publishes no list of its failure events, so the patterns are loose, and they never replace the original
words. Sources: the causes of ImagePullBackOff and of large images in the TKE documentation, the messages of
containerd, of Go's net and crypto/x509, and of registries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence, Tuple

__all__ = ["Cause", "cause_of_phase", "cause_of_words"]


@dataclass(frozen=True)
class Cause:
    """What is likely wrong and what to do, and the module's options that have to do with it."""

    hint: str
    options: Tuple[str, ...] = ()


NO_ROUTE = Cause(
    "The build may have no way to the registry. Give it one with auto_create_eip: true or existed_eip_id, or a NAT"
    " gateway for the subnet; see that its security groups let TCP 443 out; or name the image at a registry inside the"
    " VPC.",
    ("auto_create_eip", "existed_eip_id", "security_group_ids", "subnet_id", "images"),
)
NO_CAPACITY = Cause(
    "The subnet's zone has no capacity left, or the subnet no free address. Choose a subnet in another zone, or try"
    " again later.",
    ("subnet_id", "vpc_id"),
)
NO_MONEY_OR_QUOTA = Cause(
    "The account's balance, or a quota of disks, snapshots or image caches, does not allow it. Top up, raise the quota,"
    " or delete image caches that are not needed any more.",
)
NO_SNAPSHOT = Cause(
    "The images were pulled, but no snapshot was made of them. Check the quota of snapshots, and do not delete the"
    " eksci instance or the disk of a build.",
)

# The first row that matches a warning counts: the more telling words stand before those that go along with them.
WORDS: Sequence[Tuple[str, Cause]] = (
    (
        r"no space left|disk quota exceeded|insufficient disk|DiskPressure",
        Cause(
            "The cache is too small for the unpacked images. Raise image_cache_size: at least 3 times what the"
            " images take in the registry.",
            ("image_cache_size",),
        ),
    ),
    (
        r"\b429\b|toomanyrequests|too many requests|rate limit",
        Cause(
            "The registry lets no more pulls through for now. Pull with an account (image_registry_credentials),"
            " from a mirror in TCR, or later.",
            ("image_registry_credentials", "images"),
        ),
    ),
    (
        r"gave HTTP response to HTTPS client",
        Cause(
            "The registry speaks plain HTTP. Name its host in registry_http_end_point_list.",
            ("registry_http_end_point_list",),
        ),
    ),
    (
        r"x509|unknown authority|certificate (?:has expired|is not trusted|verify failed|is valid for)",
        Cause(
            "The build does not trust the registry's certificate. Name its host in registry_skip_verify_list, or"
            " give the registry a certificate of a public authority.",
            ("registry_skip_verify_list",),
        ),
    ),
    (
        r"no such host|lookup \S+(?: on \S+)?|server misbehaving|name resolution",
        Cause(
            "The registry's name is not resolved. Set resolve_config to a DNS server that knows it, and check the"
            " VPC's DNS and the spelling of the host.",
            ("resolve_config", "images", "vpc_id"),
        ),
    ),
    (
        r"\b40[13]\b|unauthorized|authentication required|access denied|denied:|authorization failed|no basic auth",
        Cause(
            "The registry refuses the pull. Check image_registry_credentials: the server is the registry's host as"
            " in the image's name, without a scheme, and the password has not expired. Some registries say this of"
            " an image that does not exist, too.",
            ("image_registry_credentials", "images"),
        ),
    ),
    (
        r"not found|manifest unknown|name unknown|does not exist|invalid reference|\b404\b",
        Cause(
            "The registry has no such image or tag. Check the spelling of the image and its tag.",
            ("images",),
        ),
    ),
    (
        r"no match(?:ing manifest)? for platform",
        Cause("The image has no build for linux/amd64. Name one that has.", ("images",)),
    ),
    (r"NoStock|SoldOut|ResourceInsufficient|insufficient (?:resource|ip|address)|no available ip", NO_CAPACITY),
    (r"balance|arrears|payment|quota|LimitExceeded", NO_MONEY_OR_QUOTA),
    (
        r"timed? ?out|deadline exceeded|connection (?:refused|reset)|no route to host|unreachable|\bEOF\b",
        NO_ROUTE,
    ),
    (r"\bsnap", NO_SNAPSHOT),
)
# By the last step that was reached, where no warning tells: what the step after it needs.
AFTER: Mapping[Optional[str], Cause] = {
    None: NO_MONEY_OR_QUOTA,
    "DiskCreated": NO_CAPACITY,
    "EksCiCreated": NO_ROUTE,
    "SnapCreated": NO_SNAPSHOT,
}


def cause_of_words(words: str) -> Optional[Cause]:
    """Return what the reason and the message of a warning point to, None where they point to nothing known."""
    return next((cause for pattern, cause in WORDS if re.search(pattern, words, re.IGNORECASE | re.ASCII)), None)


def cause_of_phase(phase: Optional[str]) -> Optional[Cause]:
    """Return what a build that got no further than C(phase) most likely lacks."""
    return AFTER.get(phase)
