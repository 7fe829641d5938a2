# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Why a build failed, and which options to check: a table.

The service does not document its failure events, so the patterns are loose, and they never replace the original
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
    """The likely cause of a failure, the action to take, and the module's options to check.

    C(examples) are messages or codes with this cause, as they are printed. Only the documentation shows them.
    """

    cause: str
    action: str
    options: Tuple[str, ...] = ()
    examples: Tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        """The cause, then the action."""
        return f"{self.cause} {self.action}"


NO_ROUTE = Cause(
    "The build may have no route to the registry.",
    "Set auto_create_eip: true or existed_eip_id, or add a NAT gateway for the subnet. Allow outbound TCP 443 in the"
    " security groups. Alternatively, use a registry inside the VPC.",
    ("auto_create_eip", "existed_eip_id", "security_group_ids", "subnet_id", "images"),
    ("i/o timeout", "connection refused"),
)
NO_CAPACITY = Cause(
    "The zone of the subnet has no capacity, or the subnet has no free IP address.",
    "Choose a subnet in another zone, or retry later.",
    ("subnet_id", "vpc_id"),
    ("NoStock", "ResourceInsufficient", "insufficient IP address"),
)
NO_MONEY_OR_QUOTA = Cause(
    "The account balance is too low, or a quota of disks, snapshots or image caches is used up.",
    "Top up the account, request a higher quota, or delete unused image caches.",
    examples=("insufficient balance", "LimitExceeded"),
)
NO_SNAPSHOT = Cause(
    "The images were pulled, but the snapshot was not created.",
    "Check the snapshot quota. Do not delete the eksci instance or the disk of a running build.",
    examples=("snapshot failed",),
)

# The first row that matches a warning counts. Specific words come before the general words that accompany them.
WORDS: Sequence[Tuple[str, Cause]] = (
    (
        r"no space left|disk quota exceeded|insufficient disk|DiskPressure",
        Cause(
            "The cache is too small for the unpacked images.",
            "Raise image_cache_size to at least 3 times the size of the images in the registry.",
            ("image_cache_size",),
            ("no space left on device",),
        ),
    ),
    (
        r"\b429\b|toomanyrequests|too many requests|rate limit",
        Cause(
            "The pulls exceed the rate limit of the registry.",
            "Set image_registry_credentials to pull with an account, pull from a mirror in TCR, or retry later.",
            ("image_registry_credentials", "images"),
            ("429 Too Many Requests", "toomanyrequests"),
        ),
    ),
    (
        r"gave HTTP response to HTTPS client",
        Cause(
            "The registry uses plain HTTP.",
            "Add its host to registry_http_end_point_list.",
            ("registry_http_end_point_list",),
            ("server gave HTTP response to HTTPS client",),
        ),
    ),
    (
        r"x509|unknown authority|certificate (?:has expired|is not trusted|verify failed|is valid for)",
        Cause(
            "The build does not trust the certificate of the registry.",
            "Add the host of the registry to registry_skip_verify_list, or install a certificate of a public authority"
            " on the registry.",
            ("registry_skip_verify_list",),
            ("x509: certificate signed by unknown authority",),
        ),
    ),
    (
        r"no such host|lookup \S+(?: on \S+)?|server misbehaving|name resolution",
        Cause(
            "The host name of the registry cannot be resolved.",
            "Set resolve_config to a DNS server that knows the host. Check the DNS of the VPC and the spelling of the"
            " host.",
            ("resolve_config", "images", "vpc_id"),
            ("dial tcp: lookup harbor.example.com on 183.60.83.19:53: no such host",),
        ),
    ),
    (
        r"\b40[13]\b|unauthorized|authentication required|access denied|denied:|authorization failed|no basic auth",
        Cause(
            "The registry denies the pull. Some registries also do this if the image does not exist.",
            "Check image_registry_credentials: server must be the host of the registry as in the image name, without a"
            " scheme, and the password must not have expired.",
            ("image_registry_credentials", "images"),
            ("401 Unauthorized", "pull access denied"),
        ),
    ),
    (
        r"not found|manifest unknown|name unknown|does not exist|invalid reference|\b404\b",
        Cause(
            "The registry has no such image or tag.",
            "Check the spelling of the image and its tag.",
            ("images",),
            ("manifest unknown", "not found"),
        ),
    ),
    (
        r"no match(?:ing manifest)? for platform",
        Cause(
            "The image does not support linux/amd64.",
            "Use an image that does.",
            ("images",),
            ("no match for platform in manifest",),
        ),
    ),
    (r"NoStock|SoldOut|ResourceInsufficient|insufficient (?:resource|ip|address)|no available ip", NO_CAPACITY),
    (r"balance|arrears|payment|quota|LimitExceeded", NO_MONEY_OR_QUOTA),
    (
        r"timed? ?out|deadline exceeded|connection (?:refused|reset)|no route to host|unreachable|\bEOF\b",
        NO_ROUTE,
    ),
    (r"\bsnap", NO_SNAPSHOT),
)
# The cause by the last step that a build reached, if no warning names a cause: the needs of the next step.
AFTER: Mapping[Optional[str], Cause] = {
    None: NO_MONEY_OR_QUOTA,
    "DiskCreated": NO_CAPACITY,
    "EksCiCreated": NO_ROUTE,
    "SnapCreated": NO_SNAPSHOT,
}


def cause_of_words(words: str) -> Optional[Cause]:
    """Return the cause for the reason and the message of a warning, or None if they match no row."""
    return next((cause for pattern, cause in WORDS if re.search(pattern, words, re.IGNORECASE | re.ASCII)), None)


def cause_of_phase(phase: Optional[str]) -> Optional[Cause]:
    """Return the likely cause of a failure after C(phase), or None if the step does not indicate one."""
    return AFTER.get(phase)
