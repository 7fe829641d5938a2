# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages in headless Chromium. C(make browser) provides it; without it, tests that need it are skipped.

C(python -m stories.browser PAGE PICTURE) takes a screenshot of a page.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stories.controller import ROOT

# Only make browser has this package on its path.
with suppress(ImportError):
    from playwright.sync_api import sync_playwright

AXE = ROOT / ".cache/browser/axe.min.js"
CHROMIUM = os.environ.get("REPORT_CHROMIUM", "")
DESKTOP, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}
PICTURE = {"width": 1040, "height": 1000}
# Findings of these impacts are failures.
SERIOUS = ("serious", "critical")


@contextmanager
def open_browser() -> Iterator[Any]:
    """Start Chromium, and stop it at the end."""
    # As root, Chromium runs only without its sandbox.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class View:
    """A page in a window, with everything that it requested and reported."""

    def __init__(self, browser: Any, path: Path, size: Any = None, **options: Any) -> None:
        self.context = browser.new_context(viewport=size or DESKTOP, **options)
        self.page = self.context.new_page()
        self.address, self.requests, self.reports = path.as_uri(), [], []  # type: ignore[var-annotated]
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.reports.append(message.text))
        self.page.on("pageerror", lambda error: self.reports.append(str(error)))
        self.page.on("dialog", lambda dialog: self.reports.append(dialog.message))
        self.page.goto(self.address)

    def __enter__(self) -> View:
        return self

    def __exit__(self, kind: Any, *_exception: Any) -> None:
        self.context.close()
        if kind is None:
            assert self.requests == [self.address]
            assert self.reports == []

    def texts(self, selector: str) -> list[str]:
        """Return the visible texts of elements."""
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def column(self, number: int) -> list[str]:
        """Return the texts of a column of the table, counted from 1."""
        return self.texts(f".caches tbody > tr > :nth-child({number})")

    def findings(self) -> list[str]:
        """Return the serious findings of axe, one line each."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        violations = self.page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{finding['id']}: {node['html'][:200]}"
            for finding in violations
            if finding["impact"] in SERIOUS
            for node in finding["nodes"]
        ]


def main(page: str, picture: str) -> None:
    """Take a screenshot of the first part of a page."""
    with open_browser() as browser, View(browser, Path(page).resolve(), PICTURE, color_scheme="light") as view:
        view.page.screenshot(path=picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
