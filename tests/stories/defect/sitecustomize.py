# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A defect where nothing is prepared for one: whatever is sent raises what no request raises, with a secret in it."""

from __future__ import annotations

import requests


def send(*_args: object, **_options: object) -> None:
    """Fail."""
    raise ZeroDivisionError("canary-secret-key-Zq8 by zero")


requests.Session.send = send  # type: ignore[assignment]
