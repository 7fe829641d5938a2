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


def test_messages_of_a_result_and_its_entries_are_sanitized() -> None:
    failed = {"msg": "a\x1bb", "error": {"code": "X", "message": "y" * 5000}}
    expected = {"msg": "a\\x1bb", "error": {"code": "X", "message": f"{'y' * 2000} ... {'y' * 2000}"}}
    entries = [{"image": "nginx:1", **failed}, {"image": "redis:7", "error": None}, "nginx:1"]
    for key in ("image_caches", "images"):
        result = sanitize_result({**failed, "changed": False, key: entries})
        assert result == {
            **expected,
            "changed": False,
            key: [{"image": "nginx:1", **expected}, {"image": "redis:7", "error": None}, "nginx:1"],
        }
    # The given result is not changed.
    assert failed["msg"] == "a\x1bb"


def test_long_texts_keep_their_beginning_and_their_end() -> None:
    assert sanitize_line("x" * 4000) == "x" * 4000
    assert sanitize_line("a" * 2000 + "b" + "c" * 2000) == f"{'a' * 2000} ... {'c' * 2000}"
    assert sanitize_line("abcdef", 4) == "ab ... ef"
    assert sanitize_lines("x\n" * 50000) == "x\n" * 50000
    half = "x\n" * 25000
    assert sanitize_lines("x\n" * 50001) == f"{half} ... {half}"
