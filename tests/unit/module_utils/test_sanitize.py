# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts without characters that a terminal interprets."""

from __future__ import annotations

from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import (
    sanitize_line,
    sanitize_lines,
    sanitize_result,
)


def test_unprintable_characters_are_escaped_and_long_texts_cut() -> None:
    assert sanitize_line("a\x1b[2J\n\x9b\u202e\ud800") == "a\\x1b[2J\\n\\x9b\\u202e\\ud800"
    assert sanitize_line("镜像　é 🎉") == "镜像　é 🎉"
    assert sanitize_lines("a\r\nb\x00") == "a\\r\nb\\x00"
    assert len(sanitize_line("x" * 10**6)) < 5000
    assert len(sanitize_lines("x\n" * 10**6)) < 110000


def test_image_caches_with_unknown_images_are_kept() -> None:
    result = {"image_caches": [{"image_cache_id": "imc-1", "images": None}, {"images": ["nginx:1"]}]}
    assert sanitize_result(result) == result
