# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests by which registries report the push of C(registry.example.com/shop/web:nightly).

Those of TCR and Harbor are written after their documentation. That of Docker's distribution has the events that
docker-registry 2.8.2 has sent, here in one request: a layer, a manifest by its digest, the tag, and a HEAD request for
another tag.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

SENDERS = ("tcr", "harbor", "distribution")
HOST, REPOSITORY, TAG = "registry.example.com", "shop/web", "nightly"
IMAGE = f"{HOST}/{REPOSITORY}:{TAG}"
FOLDER = Path(__file__).parent / "push_events"


def read_push(sender: str, host: str = HOST) -> Any:
    """Return the request of a sender, from a registry with this host."""
    return json.loads((FOLDER / f"{sender}.json").read_text(encoding="utf-8").replace(HOST, host))


def encode_events(events: Any) -> str:
    """Return events as the rulebook passes them."""
    return quote(json.dumps(events))
