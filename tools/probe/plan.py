# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a probe does and what it can cost, for the user to agree to."""

from __future__ import annotations

from .cleanup import PATIENCE
from .lab import LONGEST, MOST_CACHES, SIZE_GIB

BUILDS = 6
USUAL_MINUTES = 7
DAY_HOURS = 24

TEXT = """\
make probe asks the real service the {questions} open questions of docs/unknowns.md. It takes about 20 minutes.

It creates image caches, at most {caches} at a time:
  - their names begin with tke-probe- and a random number; size {size} GiB, retention_days 1
  - usually {builds} builds of about {minutes} minutes, of {image}
    (set IMAGE to another small image with tag and digest)
  - some of the builds fail on purpose
  - one cache has no expiry date for a moment; after a kill in this moment it never expires
It changes and deletes only these caches. At the end, or after Ctrl-C, it deletes all of them. After a kill,
make probe CLEAN=1 deletes them.

It needs in the VPC and the subnet: free IP addresses. Each build gets a new EIP to reach the registry.
It needs these permissions: tke:DescribeImageCaches, tke:GetMostSuitableImageCache, tke:CreateImageCache,
tke:UpdateImageCache, tke:DeleteImageCaches. It checks all except tke:CreateImageCache before it creates anything.

Costs, for you to multiply with the prices of your region:
  - instances of 2 vCPU and 4 GiB with a disk of {size} GiB and an EIP:
      usually {usual_instance} minutes, at most {most_instance} minutes  x ____ per minute
  - snapshots:
      usually {usual_snapshot} GiB-hours, at most {most_snapshot} GiB-hours  x ____ per GiB and hour
  - if nothing deletes the caches after a kill, snapshots until they expire:
      at most {killed_snapshot} GiB-hours  x ____ per GiB and hour

Keys, region and endpoint come from the environment and the files that the modules read.
To start: make probe VPC=vpc-... SUBNET=subnet-... YES=1
"""


def describe_plan(questions: int, image: str) -> str:
    """Return what a probe does, and what that can cost at most."""
    hours = (LONGEST + PATIENCE) / 3600
    gib = MOST_CACHES * SIZE_GIB
    return TEXT.format(
        questions=questions,
        image=image,
        caches=MOST_CACHES,
        size=SIZE_GIB,
        builds=BUILDS,
        minutes=USUAL_MINUTES,
        usual_instance=BUILDS * USUAL_MINUTES,
        most_instance=round(MOST_CACHES * hours * 60),
        usual_snapshot=round(gib / 3),
        most_snapshot=round(gib * hours),
        killed_snapshot=gib * DAY_HOURS,
    )
