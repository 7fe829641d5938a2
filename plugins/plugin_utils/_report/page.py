# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The report as one HTML page: data in, text out.

Names, tags and messages are arbitrary texts. Every value is made printable and then escaped by Jinja, and the page
allows only its own style and script, by their hashes. No value becomes part of a style, a script or an address.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.tencentcloud.tke.plugins.module_utils._sanitize import sanitize_line
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._report.texts import texts_in, translate_reason
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

__all__ = ["render_page"]

# Also used to find the files in an installed collection.
TEMPLATES = Path(__file__).resolve().parents[3] / "roles/image_cache_report/templates"
# The headings of the table's columns, by the keys of the texts. A phone shows them as labels of the cells.
COLUMNS = ("name", "status", "id", "region", "images", "size", "age", "match", "expiry", "prune")


def render_page(data: Mapping[str, Any], language: str, title: str = "", currency: str = "") -> str:
    """Return the page. Raises InvalidInput if there are no texts in the language."""
    texts = texts_in(language)
    columns = [name for name in COLUMNS if _is_shown(name, data)]
    style = _read("report.css") + _labels([texts[name] for name in columns])
    script = _read("report.js")
    return _compile_template().render(
        data,
        t=texts,
        language=language,
        currency=currency,
        title=title or texts["title"],
        columns=columns,
        # The files of the collection, which need no escaping.
        style=Markup(style),
        script=Markup(script),
        policy=(
            f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)};"
            " base-uri 'none'; form-action 'none'"
        ),
    )


@cache
def _compile_template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_printable, trim_blocks=True)
    environment.filters["in_language"] = translate_reason
    environment.filters["money"] = lambda amount, currency: f"{currency} {amount:,.2f}".strip()
    return environment.from_string(_read("report.html.j2"))


def _is_shown(column: str, data: Mapping[str, Any]) -> bool:
    return {"region": len(data["regions"]) > 1, "prune": bool(data["rules"])}.get(column, True)


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _labels(headings: Sequence[str]) -> str:
    """Return the style that labels the cells on narrow screens. The headings are texts of the collection."""
    rules = (
        f'.caches tbody>tr>:nth-child({number})::before{{content:"{text}"}}' for number, text in enumerate(headings, 1)
    )
    return f"@media screen and (max-width:48rem){{{''.join(rules)}}}\n"


def _source(text: str) -> str:
    """Return the source expression of the Content-Security-Policy that allows exactly this text."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") + "'"


def _printable(value: Any) -> Any:
    """Return a value for output. Unprintable characters of texts, such as those for the direction, become visible."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return sanitize_line(value)
    return value
