# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of failed requests."""

from __future__ import annotations

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import api_error
from ansible_collections.tencentcloud.tke.plugins.module_utils._failure import describe_request_error


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Out of order.", "CreateImageCache failed: Out of order (InternalError, request r-1). "),
        ("", "CreateImageCache failed: (InternalError, request r-1). "),
    ],
)
def test_request_error_shows_message_code_and_request(message: str, words: str) -> None:
    error = api_error("InternalError", message, request_id="r-1", action="CreateImageCache", http_status=200)
    assert describe_request_error(error).startswith(words)
