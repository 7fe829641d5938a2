# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page about image caches in a real browser: what is seen, sorting, requests, accessibility, printing."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tencentcloud.tke.plugins.filter.image_cache_report import image_cache_report
from unit.support.pruning import old_cache
from unit.support.reports import UNUSED, listing_of

from .browser import CHROMIUM, DESKTOP, PHONE, View, open_browser
from .controller import ROOT

if not CHROMIUM:
    pytest.skip("no browser: make browser runs the tests of the page in Chromium", allow_module_level=True)

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\" onclick='alert(3)' \u202e\u2028</style>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests; each test has a context of its own."""
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that C(make report) draws."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    subprocess.run(["sh", "tools/report", str(path)], cwd=ROOT, env=dict(os.environ), check=True, capture_output=True)
    return path


def write_page(folder: Path, *caches: Any, **options: Any) -> Path:
    """Write a page about caches of two regions."""
    path = folder / "page.html"
    listings = [listing_of(*caches), listing_of(old_cache("imc-tokyo"), region="ap-tokyo")]
    page = image_cache_report(listings, **{"prune_rules": [UNUSED], "owner_tag": "team", **options})
    path.write_text(page, encoding="utf-8")
    return path


def test_sections_and_rows_are_seen(browser: Any, example: Path) -> None:
    with View(browser, example) as view:
        assert view.texts("h2") == [
            *("Needs attention", "Totals", "Pruning rules", "All image caches", "By tag team", "Timeline"),
        ]
        assert len(view.column(1)) == 13
        assert set(view.column(2)) == {"Ready", "Failed", "Pending"}
        assert view.texts("h3") == [
            "Failed builds",
            "Image caches that expire within 7 days",
            "Duplicate names",
            "Left-over replacements",
        ]
        assert "支付网关" in view.column(1)
        assert view.page.locator("svg rect").count() > 10


def test_columns_are_sorted_by_mouse_and_keyboard(browser: Any, example: Path) -> None:
    with View(browser, example) as view:
        view.page.get_by_role("button", name="Size").click()
        sizes = [int(re.sub(r"\D", "", text)) for text in view.column(6)]
        assert sizes == sorted(sizes)
        heading = view.page.locator(".caches thead th").nth(5)
        assert heading.get_attribute("aria-sort") == "ascending"
        view.page.get_by_role("button", name="Size").press("Enter")
        assert [int(re.sub(r"\D", "", text)) for text in view.column(6)] == sorted(sizes, reverse=True)
        assert heading.get_attribute("aria-sort") == "descending"
        view.page.get_by_role("button", name="Last match").press("Space")
        matches = [text for text in view.column(8) if text != "never"]
        assert matches == sorted(matches)
        assert heading.get_attribute("aria-sort") is None


def test_link_leads_to_the_row(browser: Any, example: Path) -> None:
    with View(browser, example) as view:
        view.page.get_by_role("link", name=re.compile("shop-search")).click()
        assert view.texts("tr:target th") == ["shop-search"]


def test_page_is_complete_without_scripts(browser: Any, example: Path) -> None:
    with View(browser, example, java_script_enabled=False) as view:
        assert len(view.column(1)) == 13
        assert view.page.locator("button").count() == 0
        assert not view.page.get_by_text("Select a column heading").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_has_no_serious_findings(browser: Any, example: Path, tmp_path: Path, scheme: str, size: Any) -> None:
    healthy = write_page(tmp_path, old_cache(LastMatchedTime=""), language="zh-CN")
    for path in (example, healthy):
        with View(browser, path, size, color_scheme=scheme) as view:
            view.page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
            assert view.findings() == []


def test_axe_finds_a_text_without_contrast(browser: Any, example: Path) -> None:
    with View(browser, example) as view:
        view.page.evaluate("document.querySelector('h1').attributeStyleMap.set('color', '#eeeeee')")
        assert [finding.partition(":")[0] for finding in view.findings()] == ["color-contrast"]


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_phone_shows_cells_with_labels_and_scrolls_only_down(browser: Any, tmp_path: Path, language: str) -> None:
    images = [f"registry.example.com/{'long' * 30}/app:{number}" for number in range(3)]
    caches = [old_cache("imc-1", Images=images), old_cache("imc-2", ImageCacheName="x" * 200)]
    path = write_page(tmp_path, *caches, language=language)
    with View(browser, path, PHONE) as view:
        assert view.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        label = "getComputedStyle(document.querySelector('.caches tbody td'), '::before').content"
        assert view.page.evaluate(label) == {"en-US": '"Status"', "zh-CN": '"状态"'}[language]
        assert view.page.locator(".caches button").first.is_visible()


def test_paper_is_white_in_dark_mode_and_has_no_hints(browser: Any, example: Path) -> None:
    with View(browser, example, color_scheme="dark") as view:
        background = "getComputedStyle(document.body).backgroundColor"
        assert view.page.evaluate(background) == "rgb(18, 23, 29)"
        view.page.emulate_media(media="print")
        assert view.page.evaluate(background) == "rgb(255, 255, 255)"
        assert not view.page.get_by_text("Select a column heading").is_visible()
        assert view.page.pdf().startswith(b"%PDF")


def test_texts_of_others_run_nothing_and_request_nothing(browser: Any, tmp_path: Path) -> None:
    texts = {"ImageCacheName": HOSTILE, "Images": [HOSTILE], "Tags": [{"Key": "team", "Value": HOSTILE}]}
    hostile = old_cache(HOSTILE, Status="Failed", **texts)
    with View(browser, write_page(tmp_path, hostile, title=HOSTILE)) as view:
        (name, _other) = view.column(1)
        assert name == HOSTILE.replace("\u202e", "\\u202e").replace("\u2028", "\\u2028")
        view.page.locator("h1").click()
        view.page.get_by_role("button", name="Name").click()


def test_empty_account_is_readable(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(image_cache_report(listing_of(), prune_rules=[UNUSED], owner_tag="team"), encoding="utf-8")
    with View(browser, path) as view:
        assert view.texts(".attention p") == ["Nothing needs attention."]
        assert "There are no image caches." in view.texts("section > p")
        assert view.findings() == []


def test_two_thousand_caches_are_sorted(browser: Any, tmp_path: Path) -> None:
    caches = [old_cache(f"imc-{n}", ImageCacheName=f"ci-{n}", Images=[f"ci:{n}"]) for n in range(2000)]
    with View(browser, write_page(tmp_path, *caches)) as view:
        assert view.page.evaluate("document.querySelectorAll('*').length") < 60_000
        view.page.get_by_role("button", name="ID").click()
        assert view.page.locator(".caches tbody tr").nth(10).locator("th").inner_text() == "ci-10"
