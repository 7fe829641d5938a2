# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a probe, in Markdown and JSON, without secrets and account ids."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import sanitize_line
from ansible_collections.tencentcloud.tke.plugins.module_utils._secrets import MASK, scrub
from ansible_collections.tencentcloud.tke.plugins.module_utils._version import VERSION

from .lab import Exchange
from .probing import Finding

# Account ids have 8 to 12 digits. Fractions of seconds and ids of image caches have so many, too.
ACCOUNT = re.compile(r"(?<![\d.])(?<!imc-)\d{8,12}(?!\d)")
HIDDEN = ("VpcId", "SubnetId", "RequestId")
LONGEST_LIST, LONGEST_TEXT = 5, 300


def write_report(folder: Path, findings: Sequence[Finding], about: Mapping[str, str], secrets: List[str]) -> None:
    """Write report.json and report.md. C(about) says when and where the questions were asked."""
    report = clean({"collection": VERSION, **about, "answers": [_entry(finding) for finding in findings]}, secrets)
    texts = {"report.json": json.dumps(report, indent=1, ensure_ascii=False), "report.md": _markdown(report)}
    for name, text in texts.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")


def clean(value: Any, secrets: List[str]) -> Any:
    """Return a copy without secrets and account ids."""
    return _without_accounts(scrub(value, secrets))


def _without_accounts(value: Any) -> Any:
    if isinstance(value, str):
        return ACCOUNT.sub(MASK, value)
    if isinstance(value, Mapping):
        return {key: _without_accounts(item) for key, item in value.items()}
    return [_without_accounts(item) for item in value] if isinstance(value, list) else value


def _entry(finding: Finding) -> Dict[str, Any]:
    return {
        "question": finding.question.text,
        "answer": finding.text,
        "world": finding.world,
        "reason": finding.reason or None,
        "evidence": _evidence(finding.exchanges, finding.question.shows),
    }


def _evidence(exchanges: Sequence[Exchange], shows: Sequence[str]) -> List[Dict[str, Any]]:
    """Return the exchanges, short: with some fields of the caches, and equal ones in a row only once."""
    entries: List[Dict[str, Any]] = []
    for exchange in exchanges:
        entry = {
            "action": exchange.action,
            "request": _shorten(exchange.request),
            "answer": _shorten(_show(exchange.answer, shows)),
        }
        if entries and {**entries[-1], "times": 1} == {**entry, "times": 1}:
            entries[-1]["times"] = entries[-1].get("times", 1) + 1
        else:
            entries.append(entry)
    return entries


def _show(answer: Mapping[str, Any], shows: Sequence[str]) -> Mapping[str, Any]:
    if "ImageCaches" in answer:
        return {**answer, "ImageCaches": [_show_cache(raw, shows) for raw in answer["ImageCaches"]]}
    if answer.get("ImageCache"):
        return {**answer, "ImageCache": _show_cache(answer["ImageCache"], shows)}
    return answer


def _show_cache(raw: Mapping[str, Any], shows: Sequence[str]) -> Dict[str, Any]:
    shown = {name: raw[name] for name in ("ImageCacheId", "Status", *shows) if name in raw}
    if isinstance(shown.get("Events"), list):
        shown["Events"] = [_show_event(event) for event in shown["Events"]]
    return shown


def _show_event(event: Any) -> Any:
    return f"{event.get('LastTimestamp')} {event.get('Reason')}" if isinstance(event, dict) else event


def _shorten(value: Any) -> Any:
    if isinstance(value, str):
        return sanitize_line(value, LONGEST_TEXT)
    if isinstance(value, Mapping):
        return {key: _shorten(item) for key, item in value.items() if key not in HIDDEN}
    if isinstance(value, (list, tuple)):
        more = len(value) - LONGEST_LIST
        return [*map(_shorten, value[:LONGEST_LIST]), *([f"and {more} more"] if more > 0 else [])]
    return value


def _markdown(report: Mapping[str, Any]) -> str:
    head = {name: value for name, value in report.items() if name != "answers"}
    lines = ["# Answers of the real service", "", ", ".join(f"{name}: {value}" for name, value in head.items()), ""]
    lines += ["| question | answer | world of the emulator |", "|---|---|---|"]
    for entry in report["answers"]:
        answer = entry["answer"] or f"could not be told: {entry['reason']}"
        cells = (entry["question"], answer, entry["world"] or "none")
        lines.append("| " + " | ".join(_cell(text) for text in cells) + " |")
    lines += ["", "<details><summary>Evidence</summary>", ""]
    for entry in report["answers"]:
        lines += [entry["question"], "", "```json", *(json.dumps(e, ensure_ascii=False) for e in entry["evidence"])]
        lines += ["```", ""]
    return "\n".join([*lines, "</details>"])


def _cell(text: str) -> str:
    return sanitize_line(text, LONGEST_TEXT).replace("|", r"\|")
